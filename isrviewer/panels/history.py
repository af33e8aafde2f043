"""The history: every change of session and map in one list, to go back to and forward again."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from isrviewer.audit.histories import Entry, Histories
from isrviewer.theme import GRID, number_font

__all__ = ["HistoryPanel"]

_TIME, _CHANGE, _OF, _STATE = range(4)


class _List(QTreeWidget):
    """Return goes to the selected change."""

    def __init__(self, panel: HistoryPanel) -> None:
        super().__init__()
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._panel.go()
        else:
            super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """Lists the changes of the session and of the map on screen in the order in which they were made.

    Parameters
    ----------
    histories : `Histories`
    """

    def __init__(self, histories: Histories, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._histories = histories
        self._entries: list[Entry] = []
        self.list = _List(self)
        self.list.setHeaderLabels(["Time", "Change", "Of", ""])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_CHANGE, QHeaderView.ResizeMode.Stretch)
        self.list.setToolTip("Click or Return: go back or forward to a change of the session, or of the map")
        self.list.itemClicked.connect(lambda *_: self.go())
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.addWidget(self.list, 1)
        self.setFocusProxy(self.list)
        histories.changed.connect(self._follow)

    def go(self) -> None:
        """Go to the selected change."""
        row = self.list.currentIndex().row()
        if 0 <= row < len(self._entries):
            self._histories.go_to(self._entries[row])

    def showEvent(self, event: QShowEvent) -> None:
        self._fill()
        super().showEvent(event)

    def _follow(self) -> None:
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        """Write the rows that are not what they were; thousands stay as they are with every new change."""
        before, self._entries = self._entries, self._histories.entries()
        while self.list.topLevelItemCount() > len(self._entries):
            self.list.takeTopLevelItem(len(self._entries))
        for row, entry in enumerate(self._entries):
            if row >= len(before) or before[row] != entry:
                self._write(self.list.topLevelItem(row) or QTreeWidgetItem(self.list), entry)
        if before != self._entries:
            last = max(row for row, entry in enumerate(self._entries) if entry.is_now)
            index = self.list.model().index(last, _CHANGE)
            self.list.scrollTo(index)
            if not self.list.currentIndex().isValid():
                # Without one Qt would choose the first row, from which Return takes everything back.
                self.list.setCurrentIndex(index)

    def _write(self, item: QTreeWidgetItem, entry: Entry) -> None:
        whose = self._histories.whose(entry.scope)
        state = "undone" if not entry.is_done else "now" if entry.is_now else ""
        time = f"{datetime.fromtimestamp(entry.when):%H:%M:%S}" if entry.when else ""
        group = QPalette.ColorGroup.Active if entry.is_done else QPalette.ColorGroup.Disabled
        font = self.list.font()
        font.setBold(entry.is_now)
        way = "Return goes back to it" if entry.is_done else "Return does everything up to it again"
        tip = f"{entry.text} ({whose})\n{'The last change that is done' if entry.is_now else way}"
        for column, text in enumerate((time, entry.text, whose, state)):
            item.setText(column, text)
            item.setFont(column, number_font() if column == _TIME else font)
            item.setForeground(column, self.palette().brush(group, QPalette.ColorRole.Text))
            item.setToolTip(column, tip)
