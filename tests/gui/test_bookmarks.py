"""The list of bookmarks, from the keyboard and by its buttons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QTreeWidget
from pytestqt.qtbot import QtBot

from isrviewer.panels.bookmarks import BookmarksPanel
from isrviewer.session.changes import show_step
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


@pytest.fixture
def panel(opened: Window, qtbot: QtBot) -> BookmarksPanel:
    """Two bookmarks, at two steps and places, and their list in front with the keys."""
    for step, place in (("raw", (6, 15)), ("postISRCCD", (20, 5))):
        opened.model.change(show_step(opened.model.session, step))
        settle(opened, qtbot)
        opened.grid.focused.view.one_to_one(place)
        opened.actions_by_table.trigger("tools.bookmark")
    opened.actions_by_table.trigger("view.fit")
    opened.activateWindow()
    qtbot.keySequence(opened.grid.focused.view, "Ctrl+Shift+B")
    found = opened.docks.by_name["bookmarks"].widget()
    assert isinstance(found, BookmarksPanel)
    return found


def names(window: Window) -> list[str]:
    return [mark.name for mark in window.model.session.bookmarks]


def texts(panel: BookmarksPanel) -> list[list[str]]:
    items = (panel.list.topLevelItem(row) for row in range(panel.list.topLevelItemCount()))
    return [[item.text(column) for column in range(3)] for item in items]


def test_return_goes_there(opened: Window, panel: BookmarksPanel, qtbot: QtBot) -> None:
    assert QApplication.focusWidget() is panel.list
    assert [row[:2] for row in texts(panel)] == [["raw 1", "raw · image"], ["postISRCCD 1", "postISRCCD · image"]]
    assert texts(panel)[0][2] == "x 6 y 15 · 1:1"
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    session = opened.model.session
    assert (session.panel.shows, session.panel.view) == (session.bookmarks[0].shows, session.bookmarks[0].view)
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    qtbot.mouseClick(panel.go_there, Qt.MouseButton.LeftButton)
    assert opened.model.session.panel.shows.step == "postISRCCD"


def test_rename_delete_and_undo(opened: Window, panel: BookmarksPanel, qtbot: QtBot) -> None:
    def rename(to: str) -> None:
        qtbot.keyClick(panel.list, Qt.Key.Key_F2)
        editor = next(each for each in panel.list.findChildren(QLineEdit) if each.isVisible())
        editor.selectAll()
        qtbot.keyClicks(editor, to)
        with qtbot.waitSignal(panel.list.itemChanged):
            qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: panel.list.state() != QTreeWidget.State.EditingState)

    rename("a bright star")
    assert names(opened) == ["a bright star", "postISRCCD 1"]
    rename("postISRCCD 1")
    assert names(opened) == ["a bright star", "postISRCCD 1"]
    assert "already" in panel.note.text()
    assert texts(panel)[0][0] == "a bright star"
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert names(opened) == ["postISRCCD 1"]
    opened.actions_by_table.trigger("edit.undo")
    opened.actions_by_table.trigger("edit.undo")
    assert names(opened) == ["raw 1", "postISRCCD 1"]
    assert [row[0] for row in texts(panel)] == names(opened)


def test_a_new_name_is_never_one_that_is_taken(opened: Window, panel: BookmarksPanel, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("tools.bookmark")
    assert names(opened) == ["raw 1", "postISRCCD 1", "postISRCCD 2"]
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    opened.actions_by_table.trigger("tools.bookmark")
    assert names(opened) == ["raw 1", "postISRCCD 2", "postISRCCD 1"]


def test_an_empty_list_says_how_to_begin(opened: Window, panel: BookmarksPanel, qtbot: QtBot) -> None:
    for _ in range(2):
        qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert "Ctrl+B" in panel.note.text()
    assert not panel.go_there.isEnabled()
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert names(opened) == []
