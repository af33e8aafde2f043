"""The bookmarks: go there, rename, delete."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.render.view import View
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import delete_bookmark, go_to_bookmark, rename_bookmark
from isrviewer.session.state import Bookmark
from isrviewer.theme import GRID, number_font

__all__ = ["BookmarksPanel"]

_NAME = Qt.ItemDataRole.UserRole
_NONE = "No bookmarks yet: Ctrl+B keeps the step and the place on screen."


class _List(QTreeWidget):
    """Return goes to the selected place, also on platforms where it would rename; Delete forgets it."""

    def __init__(self, panel: BookmarksPanel) -> None:
        super().__init__()
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QTreeWidget.State.EditingState:
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._panel.go()
        elif event.key() == Qt.Key.Key_Delete:
            self._panel.delete()
        else:
            super().keyPressEvent(event)


class BookmarksPanel(QWidget):
    """Lists the bookmarks of the session in their order.

    Parameters
    ----------
    model : `SessionModel`
    """

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.list = _List(self)
        self.list.setHeaderLabels(["Name", "Shows", "Place"])
        self.list.setRootIsDecorated(False)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.setEditTriggers(QTreeWidget.EditTrigger.EditKeyPressed)
        self.list.setToolTip("Return or double click goes there, F2 renames, Delete forgets")
        self.list.itemDoubleClicked.connect(lambda *_: self.go())
        self.list.itemChanged.connect(self._renamed)
        self.list.currentItemChanged.connect(lambda *_: self._update_buttons())
        self.go_there = self._button("Go to", "Show the step and the place in the focused panel (Return)", self.go)
        self.rename = self._button("Rename", "Give it another name (F2)", self._edit)
        self.forget = self._button("Delete", "Forget this bookmark (Delete); undo brings it back", self.delete)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for button in (self.go_there, self.rename, self.forget):
            row.addWidget(button)
        row.addStretch(1)
        self.note = QLabel()
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.list, 1)
        column.addWidget(self.note)
        column.addLayout(row)
        self.setFocusProxy(self.list)
        model.observe(self._session_changed)
        self._fill(model.session)

    def go(self) -> None:
        """Show the selected place."""
        name = self._name()
        if name:
            self._model.change(go_to_bookmark(self._model.session, name))

    def delete(self) -> None:
        """Forget the selected bookmark."""
        name = self._name()
        if name:
            self._model.change(delete_bookmark(self._model.session, name), f"delete bookmark {name}")

    def _button(self, text: str, tip: str, clicked: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: clicked())
        return button

    def _name(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(0, _NAME))

    def _edit(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.list.editItem(item, 0)

    def _renamed(self, item: QTreeWidgetItem) -> None:
        old, new = str(item.data(0, _NAME)), item.text(0).strip()
        try:
            session = rename_bookmark(self._model.session, old, new)
        except ValueError as error:
            self._fill(self._model.session)
            self._say(str(error))
            return
        self._model.change(session, f"rename bookmark to {new}")

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.bookmarks != new.bookmarks:
            self._fill(new)

    def _fill(self, session: Session) -> None:
        """List them again in the rows that are there: one of them may be under its editor."""
        self.list.blockSignals(True)
        for row, mark in enumerate(session.bookmarks):
            item = self.list.topLevelItem(row)
            if item is None:
                item = QTreeWidgetItem(self.list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                item.setFont(2, number_font(0.5))
            item.setData(0, _NAME, mark.name)
            for column, text in enumerate((mark.name, _shows(mark), _place(mark.view))):
                item.setText(column, text)
        while self.list.topLevelItemCount() > len(session.bookmarks):
            self.list.takeTopLevelItem(len(session.bookmarks))
        first = self.list.topLevelItem(0)
        if self.list.currentItem() is None and first is not None:
            self.list.setCurrentItem(first)
        self.list.blockSignals(False)
        self._say("" if session.bookmarks else _NONE)
        self._update_buttons()

    def _update_buttons(self) -> None:
        for button in (self.go_there, self.rename, self.forget):
            button.setEnabled(bool(self._name()))

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))


def _shows(mark: Bookmark) -> str:
    what = mark.shows.combine if mark.shows.is_comparison else mark.shows.plane
    return f"{mark.shows.of.key} · {what}"


def _place(view: View | None) -> str:
    if view is None:
        return "whole plane"
    zoom = f"{view.zoom:.3g}:1" if view.zoom >= 1 else f"1:{1 / view.zoom:.3g}"
    return f"x {view.center[0]:.0f} y {view.center[1]:.0f} · {zoom}"
