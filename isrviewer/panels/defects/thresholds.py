"""What counts as a defect when the frames are searched: every threshold with its unit, none hidden."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFont, QPalette, QShowEvent
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from isrviewer.audit.thresholds import ThresholdText, set_threshold, threshold_texts
from isrviewer.session import Session, SessionModel
from isrviewer.theme import GRID, number_font

__all__ = ["ThresholdsPanel"]

_LARGEST = 1e6
_ACTIONS = ("maps.detect", "maps.reset_thresholds")


class ThresholdsPanel(QWidget):
    """One line per threshold; made when it is first looked at.

    Parameters
    ----------
    model : `SessionModel`

    Attributes
    ----------
    fields : dict of str to `QDoubleSpinBox`
        By the names of `isrcore.audit.settings.DetectionSettings`.
    """

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._texts: dict[str, ThresholdText] = {}
        self._labels: dict[str, QLabel] = {}
        self.fields: dict[str, QDoubleSpinBox] = {}
        self.buttons = {action: QToolButton() for action in _ACTIONS}
        about = QLabel("A pixel or column must pass its significance and, where there is one, its size.")
        about.setWordWrap(True)
        about.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._form = QGridLayout()
        self._form.setContentsMargins(0, 0, GRID, 0)
        self._form.setHorizontalSpacing(2 * GRID)
        self._form.setVerticalSpacing(GRID)
        self._form.setColumnStretch(0, 1)
        inner, area = QWidget(), QScrollArea()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._form)
        column.addStretch(1)
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(about)
        layout.addWidget(area, 1)
        for button in self.buttons.values():
            layout.addWidget(button)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.observe(self._session_changed)

    def sizeHint(self) -> QSize:
        return QSize(380, 500)

    def use_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let the buttons be actions of the table: their words, keys and states."""
        for action, button in self.buttons.items():
            button.setDefaultAction(actions[action])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._build()

    def _build(self) -> None:
        if self.fields:
            return
        for row, text in enumerate(threshold_texts()):
            label, field = QLabel(text.label), QDoubleSpinBox()
            decimals = 0 if text.is_whole else 4 if text.default < 0.1 else 2
            field.setDecimals(decimals)
            # Positive as the field shows it: a smaller limit would be rounded to nothing.
            field.setRange(10.0**-decimals, _LARGEST)
            field.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
            field.setKeyboardTracking(False)
            field.setFont(number_font(0.5))
            field.setFixedWidth(13 * field.fontMetrics().averageCharWidth())
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            unit = f" {text.unit}" if text.unit else ""
            tip = f"{text.tip}\nDefault: {text.default:g}{unit}"
            for widget in (label, field):
                widget.setToolTip(f"<p>{tip.replace(chr(10), '<br>')}</p>")
            field.setAccessibleName(f"{text.label}{unit}")
            field.valueChanged.connect(lambda value, name=text.name: self._set(name, value))
            self._texts[text.name], self._labels[text.name], self.fields[text.name] = text, label, field
            self._form.addWidget(label, row, 0)
            self._form.addWidget(field, row, 1)
            self._form.addWidget(QLabel(text.unit), row, 2)
        self.setFocusProxy(next(iter(self.fields.values())))
        self._show(self._model.session)

    def _show(self, session: Session) -> None:
        changed = {one.name: one.value for one in session.audit_thresholds}
        for name, field in self.fields.items():
            field.blockSignals(True)
            field.setValue(changed.get(name, self._texts[name].default))
            field.blockSignals(False)
            font = QFont(self._labels[name].font())
            font.setBold(name in changed)
            self._labels[name].setFont(font)

    def _set(self, name: str, value: float) -> None:
        session = set_threshold(self._model.session, name, value)
        self._model.change(session, f"{self._texts[name].label.lower()} {value:g}")

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.audit_thresholds != new.audit_thresholds and self.fields:
            self._show(new)
