"""Every action of the table: it has a handler, its keys belong to it alone, and it does something without an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.actions.table import ACTIONS, BY_ID, MENUS, Action, keys_of
from isrviewer.commands.view import parse_place
from isrviewer.panels.keys import KeySheet
from isrviewer.panels.palette import match_rank
from isrviewer.session.changes import toggle_pin
from isrviewer.session.drawn import DrawnBox
from isrviewer.session.state import Pin, Region
from isrviewer.shell.window import Window
from tests.gui.audited_map import prepare_audit
from tests.gui.conftest import settle


def test_ids_and_keys_are_unique_and_every_action_says_what_it_does() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert max(Counter(key for action in ACTIONS for key in action.keys.split()).values()) == 1
    for action in ACTIONS:
        assert action.tip
        assert action.menu in MENUS


@pytest.fixture
def no_dialogs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """File dialogs answer at once: nothing was chosen."""
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")


@pytest.fixture
def no_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    import isrcore.simulate.demo

    def refuse(on_part: Any = None) -> Any:
        raise OSError("no demo in this test")

    monkeypatch.setattr(isrcore.simulate.demo, "simulate_demo", refuse)


@pytest.fixture
def ready(opened: Window, qtbot: QtBot, no_dialogs: None, no_demo: None) -> Iterator[Window]:
    """A window in which every action can be done."""
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    opened.commands.edit.remember_as("one")
    opened.actions_by_table.trigger("compare.keep")
    opened.model.change(replace(opened.model.session, regions=(Region("point", ((3.0, 4.0),)),)))
    opened.model.change(toggle_pin(opened.model.session, Pin(3, 4)))
    opened.model.change(replace(opened.model.session, box=DrawnBox(Box(3, 4, 5, 6), "assembled")))
    opened.actions_by_table.by_id["run.next_step"].trigger()
    opened.actions_by_table.by_id["run.next_step"].trigger()
    opened.actions_by_table.by_id["view.panels_2"].trigger()
    opened.grid.focused.view.go_to(6, 15)
    opened.actions_by_table.by_id["tools.bookmark"].trigger()
    opened.actions_by_table.by_id["run.route"].trigger()
    opened.commands.run.toggle_field("doDefect")
    opened.model.undo()
    opened.commands.run.toggle_field("doDefect")
    opened.model.undo()
    settle(opened, qtbot)
    yield opened
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog):
            widget.close()


@pytest.mark.parametrize("action", ACTIONS, ids=[action.id for action in ACTIONS])
def test_every_action_can_be_triggered(
    ready: Window, qtbot: QtBot, action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    window = ready
    if action.needs == "running":
        window.runs.run()
    if action.menu == "Defects":
        prepare_audit(window, qtbot)
    if action.needs == "named":
        window.commands.run.toggle_field("doFlat")
    qt_action = window.actions_by_table.by_id[action.id]
    assert qt_action.isEnabled(), f"{action.id} needs {action.needs}"
    keys = keys_of(action, {})
    if keys and action.id != "view.peek":
        sequence = QKeySequence(keys[0])
        view = window.grid.focused.view
        window.activateWindow()
        view.setFocus()
        with qtbot.waitSignal(qt_action.triggered, timeout=2000):
            qtbot.keySequence(view, sequence)
    else:
        qt_action.trigger()
    settle(window, qtbot)
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


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
