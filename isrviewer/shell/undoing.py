"""Undo follows the user: where the focus is, or the mouse was pressed, decides what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from isrviewer.actions.panels import PANELS
from isrviewer.session.undo import Scope

if TYPE_CHECKING:
    from isrviewer.actions.panels import Panels
    from isrviewer.desk import Desk

__all__ = ["Undoing"]


class Undoing(QObject):
    """Tells the histories where the user is, and the user what was undone.

    Parameters
    ----------
    desk : `Desk`
    panels : `Panels`
    parent : `QObject`
    """

    def __init__(self, desk: Desk, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._histories = desk.histories
        self._places: list[tuple[QWidget, Scope]] = [(desk.grid, Scope.BOTH)]
        self._places += [(panels.by_name[row.name], row.undoes) for row in PANELS]
        desk.histories.said.connect(desk.strip.note)
        desk.histories.changed.connect(desk.requests.update_actions)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def follow(self, widget: QWidget) -> None:
        """The user has turned to a widget. Toolbar, menus and message strip lie nowhere: what was meant stays so."""
        for place, scope in self._places:
            if place is widget or place.isAncestorOf(widget):
                self._histories.follow(scope)

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is not None:
            self.follow(new)
