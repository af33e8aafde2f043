"""Every action of the table has a handler and does something without an error.

One window serves for all of them. After each action it gets back the session and the history that it began with; where
that does not bring back what can be done and what is on, a new window takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.actions.table import ACTIONS, Action, keys_of
from isrviewer.session.changes import toggle_pin
from isrviewer.session.drawn import DrawnBox
from isrviewer.session.state import Pin, Region, Session
from isrviewer.session.undo import UndoStack
from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme
from tests.gui.audited_map import add_candidate, prepare_audit
from tests.gui.conftest import leaving_nothing_behind, new_window, open_frame, settle
from tests.gui.small_engine import SmallEngine


@pytest.fixture(autouse=True, scope="module")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Settings and autosaves of these tests only."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISRVIEWER_HOME", str(home))
        yield home


@pytest.fixture(autouse=True, scope="module")
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """The window lives longer than a test: what is left behind shows after it is closed."""
    with leaving_nothing_behind(qapp):
        yield


class Keeper:
    """The window that goes from test to test."""

    def __init__(self, frame: str) -> None:
        self._frame = frame
        self._engine = SmallEngine()
        self._window: Window | None = None
        self._session = Session()
        self._history = UndoStack()
        self._states: dict[str, tuple[bool, bool]] = {}

    def window(self, qtbot: QtBot) -> Window:
        """The window in which every action can be done."""
        if self._window is not None:
            self._back(self._window, qtbot)
            if self._window.isVisible() and states(self._window) == self._states:
                return self._window
            self.close()
        window = self._window = new_window(self._engine, qtbot)
        open_frame(window, self._frame, qtbot)
        prepare(window, qtbot)
        self._session, self._history = window.model.session, deepcopy(window.model.history)
        self._states = states(window)
        return window

    def _back(self, window: Window, qtbot: QtBot) -> None:
        if window.isVisible():
            window.audits.close_map()
            window.model.history = deepcopy(self._history)
            window.model.change(self._session)
            settle(window, qtbot)

    def close(self) -> None:
        if self._window is not None:
            self._window.close()
            self._window.deleteLater()
            self._window = None


def prepare(window: Window, qtbot: QtBot) -> None:
    """Do what the actions need."""
    window.commands.run.toggle_field("doFlat")
    settle(window, qtbot)
    window.commands.edit.remember_as("one")
    window.actions_by_table.trigger("compare.keep")
    window.model.change(replace(window.model.session, regions=(Region("point", ((3.0, 4.0),)),)))
    window.model.change(toggle_pin(window.model.session, Pin(3, 4)))
    window.model.change(replace(window.model.session, box=DrawnBox(Box(3, 4, 5, 6), "assembled")))
    window.actions_by_table.by_id["run.next_step"].trigger()
    window.actions_by_table.by_id["run.next_step"].trigger()
    window.actions_by_table.by_id["view.panels_2"].trigger()
    window.grid.focused.view.go_to(6, 15)
    window.actions_by_table.by_id["tools.bookmark"].trigger()
    window.actions_by_table.by_id["run.route"].trigger()
    window.commands.run.toggle_field("doDefect")
    window.model.undo()
    window.commands.run.toggle_field("doDefect")
    window.model.undo()
    settle(window, qtbot)


def states(window: Window) -> dict[str, tuple[bool, bool]]:
    """What can be done and what is on."""
    return {name: (action.isEnabled(), action.isChecked()) for name, action in window.actions_by_table.by_id.items()}


@pytest.fixture(scope="module")
def keeper(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    frame = tmp_path_factory.mktemp("frame") / "1234567o.fits"
    frame.write_bytes(b"")
    apply_theme(qapp)
    made = Keeper(str(frame))
    yield made
    made.close()


@pytest.fixture
def no_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
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
def ready(keeper: Keeper, qtbot: QtBot, no_dialogs: None, no_demo: None) -> Iterator[Window]:
    """A window in which every action can be done."""
    yield keeper.window(qtbot)
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
    if action.needs in ("candidate", "candidates"):
        add_candidate(window, qtbot)
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
