"""The table of actions: keys belong to one action alone and can be changed, and the palette finds everything."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from isrviewer.actions.table import ACTIONS, BY_ID, MENUS
from isrviewer.commands.view import parse_place
from isrviewer.panels.keys import KeySheet
from isrviewer.panels.palette import match_rank
from isrviewer.shell.window import Window


def test_ids_and_keys_are_unique_and_every_action_says_what_it_does() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert max(Counter(key for action in ACTIONS for key in action.keys.split()).values()) == 1
    for action in ACTIONS:
        assert action.tip
        assert action.menu in MENUS


def test_changed_keys_work_and_are_remembered(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("help.keys")
    sheet = opened.panels[KeySheet]
    sheet.select("masks.toggle")
    sheet.edit.setKeySequence(QKeySequence("F3"))
    qtbot.mouseClick(sheet.apply, Qt.MouseButton.LeftButton)
    assert opened.desk.settings.value.shortcuts == {"masks.toggle": "F3"}
    sheet.select("masks.toggle")
    sheet.edit.setKeySequence(QKeySequence("R"))
    qtbot.mouseClick(sheet.apply, Qt.MouseButton.LeftButton)
    assert "belongs to “Run”" in sheet.note.text()
    view = opened.grid.focused.view
    opened.activateWindow()
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_F3)
    assert not opened.model.session.overlay.visible


def test_palette_finds_and_triggers(opened: Window, qtbot: QtBot) -> None:
    opened.desk.requests.find_action()
    qtbot.keyClicks(opened._palette.field, "invert")
    assert opened._palette.list.item(0).text().startswith("Invert colours")
    qtbot.keyClick(opened._palette.field, Qt.Key.Key_Return)
    assert opened.model.session.panel.picture.colours.inverted


@pytest.mark.parametrize(
    ("wanted", "text", "rank"),
    [("zoo", "Zoom in", 0), ("in", "Zoom in", 1), ("oom", "Zoom in", 2), ("zi", "Zoom in", 3), ("x", "Zoom in", None)],
)
def test_match_rank(wanted: str, text: str, rank: int | None) -> None:
    assert match_rank(wanted, text) == rank


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("12 34.5", ("pixel", 12.0, 34.5)),
        ("12, 34", ("pixel", 12.0, 34.0)),
        ("02:00:00 -00:30:00", ("sky", 30.0, -0.5)),
        ("02:00:00 −00:30:00", ("sky", 30.0, -0.5)),
        ("sky 30 -0.5", ("sky", 30.0, -0.5)),
    ],
)
def test_places(text: str, place: tuple[str, float, float]) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", "1", "a b", "1 2 3", "02:00 x"])
def test_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="expected x y"):
        parse_place(text)


def test_the_table_has_an_entry_for_every_id() -> None:
    assert list(BY_ID) == [action.id for action in ACTIONS]
