"""A view of many rows of numbers in the look of the window, whose letters stay the keys of actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QHeaderView, QTableView, QWidget

from isrviewer.theme import GRID

__all__ = ["RowView"]


class RowView(QTableView):
    """Rows are chosen as a whole, one or several; a click on a title sorts.

    Parameters
    ----------
    model : `QAbstractItemModel`
    widths : sequence of int
        Of the columns, in digits.
    """

    def __init__(self, model: QAbstractItemModel, widths: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(2 * GRID, 2 * GRID))
        for corner in self.findChildren(QAbstractButton):
            corner.setToolTip("Choose all rows")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + GRID)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(6 * GRID)
        header.setSectionsMovable(True)
        digit = self.fontMetrics().averageCharWidth()
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width * digit + 3 * GRID)

    def keyboardSearch(self, search: str) -> None:
        """Letters do not search: they are keys of actions."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Tab goes on to the next control instead of the next cell.
        if event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            event.ignore()
            return
        super().keyPressEvent(event)
