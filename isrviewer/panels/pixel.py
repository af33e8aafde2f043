"""The pixel time machine: the pixel under the cursor, or a pinned one, after every step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import toggle_pin
from isrviewer.session.history import PixelStep, history_text, pixel_history
from isrviewer.session.state import Pin
from isrviewer.theme import GRID, number_font

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["PixelPanel"]

_COLUMNS = ("Step", "Value", "Change", "σ", "S/N", "Planes")


def _number(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return ""
    return f"{value:+.5g}".replace("-", "−") if signed else f"{value:.6g}".replace("-", "−")


class PixelPanel(QWidget):
    """Table of one pixel over all steps.

    Parameters
    ----------
    model : `SessionModel`
    results : callable
        Name, label and planes of every step that has a result, in order.
    """

    def __init__(
        self,
        model: SessionModel,
        results: Callable[[], list[tuple[str, str, Exposure | None]]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._results = results
        self._cursor: Pin | None = None
        self._shown: list[PixelStep] = []
        self.choice = QComboBox()
        self.choice.addItem("Pixel under the cursor")
        self.choice.currentIndexChanged.connect(self.refresh)
        self.unpin = QPushButton("Unpin")
        self.unpin.clicked.connect(self._unpin)
        copy = QPushButton("Copy")
        copy.setToolTip("Copy the table as text")
        copy.clicked.connect(self.copy)
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels(list(_COLUMNS))
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(True)
        top = QHBoxLayout()
        top.addWidget(self.choice, 1)
        top.addWidget(self.unpin)
        top.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.tree)
        model.observe(self._session_changed)
        self._offer_pins(model.session)

    def show_cursor(self, raw: tuple[int, int] | None) -> None:
        """The cursor is on this raw pixel."""
        self._cursor = None if raw is None else Pin(*raw)
        if self.choice.currentIndex() == 0 and self.isVisible():
            self.refresh()

    def pin(self) -> Pin | None:
        """The pixel that is shown."""
        index = self.choice.currentIndex()
        return self._cursor if index <= 0 else self._model.session.pins[index - 1]

    def refresh(self) -> None:
        """Read the pixel again from all results."""
        pin = self.pin()
        self.unpin.setEnabled(self.choice.currentIndex() > 0)
        self._shown = [] if pin is None else pixel_history(pin, self._results())
        self.tree.setUpdatesEnabled(False)
        self.tree.clear()
        for row in self._shown:
            self.tree.addTopLevelItem(self._item(row))
        self.tree.setUpdatesEnabled(True)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        pin = self.pin()
        if pin is not None:
            QGuiApplication.clipboard().setText(history_text(pin, self._shown))

    def _item(self, row: PixelStep) -> QTreeWidgetItem:
        reading = row.reading
        if reading is None:
            item = QTreeWidgetItem([row.label, "not kept"])
            item.setDisabled(True)
            item.setToolTip(1, "Trimmed away, or its planes had to make room: select the step to compute them again")
            return item
        planes = " ".join(f"+{plane}" if plane in row.added else plane for plane in reading.planes)
        sigma, ratio = _number(reading.sigma), _number(row.signal_to_noise)
        cells = [row.label, _number(reading.value), _number(row.change, True), sigma, ratio, planes]
        item = QTreeWidgetItem(cells)
        for column in range(1, 5):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setFont(column, number_font(0.5))
        if row.added or (row.change and not math.isnan(row.change)):
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
        item.setToolTip(5, f"Planes set here: {' '.join(row.added)}" if row.added else "No plane was set here")
        return item

    def _unpin(self) -> None:
        pin = self.pin()
        if pin is not None and self.choice.currentIndex() > 0:
            self._model.change(toggle_pin(self._model.session, pin), "unpin")

    def _offer_pins(self, session: Session) -> None:
        self.choice.blockSignals(True)
        while self.choice.count() > 1:
            self.choice.removeItem(1)
        for pin in session.pins:
            self.choice.addItem(f"Pinned: raw {pin.x} {pin.y}")
        self.choice.setCurrentIndex(self.choice.count() - 1 if session.pins else 0)
        self.choice.blockSignals(False)
        self.refresh()

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.pins != new.pins:
            self._offer_pins(new)
