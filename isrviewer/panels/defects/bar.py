"""The upper edge of the audit: how far it is, which queue, and the decisions as buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QLabel, QToolButton, QWidget

from isrviewer.audit.style import STATUS_MARKS, status_colour, status_text
from isrviewer.plots.controls import ControlRow
from isrviewer.plots.number_table import count_text
from isrviewer.theme import GRID, soft

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

__all__ = ["AuditBar", "Buttons", "StatusLine"]

_WALK = ("audit.previous", "audit.next")
_DECIDE = ("audit.confirm", "audit.reject", "audit.skip")
_CHANGE = ("audit.grow", "audit.shrink", "audit.note")
_AGAIN = ("audit.undo", "audit.redo")
_OPEN = ("candidate", "unseen", "new")

_SHORT = {
    "audit.previous": "Previous",
    "audit.next": "Next",
    "audit.undo": "Undo",
    "audit.redo": "Redo",
    "maps.measure": "Measure",
}
"""Words on buttons where those of the menu are longer."""


class Buttons(Protocol):
    """The table of actions, as far as buttons are made from it."""

    @property
    def by_id(self) -> Mapping[str, QAction]: ...

    def button(self, handlers: Sequence[str], tip: str) -> QToolButton:
        """A drop-down button for families of exclusive actions."""

    def trigger(self, action_id: str) -> None:
        """Do an action as if its menu entry were chosen."""


class StatusLine(QWidget):
    """A thin bar: how many defects of the queue have which status."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts: Mapping[str, int] = {}
        self.setAccessibleName("Progress of the audit")

    def sizeHint(self) -> QSize:
        return QSize(96, 2 * GRID)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Count by status, decided ones first."""
        self.counts = counts
        parts = [f"{status_text(status)}: {count_text(count)}" for status, count in counts.items() if count]
        self.setToolTip("In this queue\n" + "\n".join(parts) if parts else "The queue is empty")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            total, x = sum(self.counts.values()), 0.0
            height = 1.5 * GRID
            y = (self.height() - height) / 2
            painter.fillRect(QRectF(0, y, self.width(), height), soft(self.palette(), 0.2))
            for status, count in self.counts.items():
                width = self.width() * count / total if total else 0.0
                # What is not decided is what the bar has not reached yet.
                if count and status not in _OPEN:
                    painter.fillRect(QRectF(x, y, max(width, 1.0), height), QColor(status_colour(status)))
                x += width


class AuditBar(ControlRow):
    """One row of controls. Words leave the buttons when it is too narrow for them; if that is not enough, it wraps.

    Signals
    -------
    asked(str)
        Id of the action that a choice of queue or order stands for.
    """

    asked = Signal(str)

    def __init__(self, actions: Buttons) -> None:
        self._actions = actions
        self._buttons: list[QToolButton] = []
        self.position = QLabel()
        self.position.setMinimumWidth(self.position.fontMetrics().horizontalAdvance("000 of 0000 · 000 decided"))
        self.line = StatusLine()
        self.order = self._combo("audit.order", "Order of the queue")
        self.choice = self._combo("audit.choice", "Which defects the queue visits")
        self.kind = self._menu_button(("audit.kind",), "Say what the defect is: keys 1 to 8", "Kind")
        self.size_button = self._menu_button(("audit.cutout",), "Size of the cut-outs", "41 px")
        self._parts = (
            *self._plain(_WALK),
            self.position,
            self.line,
            self.order,
            self.choice,
            _rule(),
            *self._plain(_DECIDE),
            _rule(),
            self.kind,
            *self._plain(_CHANGE),
            _rule(),
            *self._plain(_AGAIN),
            _rule(),
            *self._plain(("maps.measure",)),
            self.size_button,
        )
        super().__init__(*self._parts)

    def show_progress(self, place: int, numbers: int, counts: Mapping[str, int]) -> None:
        """Where in the queue, and how many are decided."""
        decided = sum(count for status, count in counts.items() if status not in _OPEN)
        here = f"{place} of {count_text(numbers)}" if place else f"– of {count_text(numbers)}"
        self.position.setText(f"<b>{here}</b> · {count_text(decided)} decided")
        order = [*(status for status in STATUS_MARKS if status not in _OPEN), *_OPEN]
        self.line.show_counts({status: counts.get(status, 0) for status in order})

    def show_queue(self, order: str, choice: str) -> None:
        """Say which queue it is."""
        for combo, value in ((self.order, order), (self.choice, choice)):
            combo.setCurrentIndex(max(combo.findData(value), 0))

    def show_size(self, size: int) -> None:
        self.size_button.setText(f"{size} px")

    def heightForWidth(self, width: int) -> int:
        self._fit(width)
        return super().heightForWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit(self.width())
        super().resizeEvent(event)

    def _fit(self, width: int) -> None:
        """Decisions keep their words longest; a button whose icon is not there yet has nothing but its word."""
        styles = Qt.ToolButtonStyle
        for worded in (self._buttons, [button for button in self._buttons if _id(button) in _DECIDE], []):
            for button in self._buttons:
                with_icon = styles.ToolButtonTextBesideIcon if button in worded else styles.ToolButtonIconOnly
                style = styles.ToolButtonTextOnly if button.icon().isNull() else with_icon
                if style != button.toolButtonStyle():
                    button.setToolButtonStyle(style)
            if sum(part.sizeHint().width() + GRID for part in self._parts) - GRID <= width:
                break

    def _plain(self, ids: tuple[str, ...]) -> list[QToolButton]:
        buttons = []
        for action_id in ids:
            button = QToolButton()
            button.setAutoRaise(True)
            action = self._actions.by_id[action_id]
            action.setIconText(_SHORT.get(action_id, action.iconText()))
            button.setDefaultAction(action)
            buttons.append(button)
        self._buttons += buttons
        return buttons

    def _menu_button(self, handlers: tuple[str, ...], tip: str, text: str) -> QToolButton:
        button = self._actions.button(handlers, tip)
        button.setAutoRaise(True)
        button.setText(text)
        return button

    def _combo(self, handler: str, tip: str) -> QComboBox:
        combo = QComboBox()
        combo.setToolTip(tip)
        combo.setAccessibleName(tip)
        prefix = f"{handler}_"
        for action_id, action in self._actions.by_id.items():
            if action_id.startswith(prefix):
                combo.addItem(action.text(), action_id.removeprefix(prefix))
                combo.setItemData(combo.count() - 1, action.toolTip(), Qt.ItemDataRole.ToolTipRole)
        combo.activated.connect(lambda index: self.asked.emit(f"{prefix}{combo.itemData(index)}"))
        return combo


def _id(button: QToolButton) -> str:
    return button.defaultAction().objectName()


def _rule() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine)
    line.setFrameShadow(QFrame.Shadow.Plain)
    palette = line.palette()
    palette.setColor(QPalette.ColorRole.WindowText, soft(palette, 0.25))
    line.setPalette(palette)
    return line
