"""The window from its tables: a panel is a row, an action is a row and a method, commands know a desk."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from isrviewer.actions import panels as table
from isrviewer.actions.panels import PANELS, PanelRow, Panels
from isrviewer.actions.table import ACTIONS, BY_ID
from isrviewer.commands import Commands
from isrviewer.panels.log import LogPanel
from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.panels.steps import StepsPanel
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.shell import docks
from isrviewer.shell.window import Window

SAVED = (
    "steps overview config masks pixel calibs compare bookmarks history help manual log errors header keys statistics "
    "cuts overscan amplifiers histograms surface audit defects maps focal_plane thresholds"
)
"""Names by which layouts in the settings of users know the docks."""


def test_every_row_is_a_dock(window: Window) -> None:
    names = [row.name for row in PANELS]
    assert len(names) == len(set(names))
    assert set(SAVED.split()) <= set(names)
    for row in PANELS:
        dock = window.docks.by_name[row.name]
        assert (dock.objectName(), dock.windowTitle()) == (row.name, row.title)
        assert dock.widget() is window.panels.by_name[row.name]
        assert window.dockWidgetArea(dock) == row.area
        assert dock.isHidden() != row.is_shown


def test_rows_with_a_tooltip_have_an_action(window: Window) -> None:
    for row in PANELS:
        action = BY_ID.get(f"tools.show_panel_{row.name}")
        assert (action is not None) == bool(row.tip)
        if action is not None:
            assert (action.text, action.keys, action.tip) == (row.title, row.keys, row.tip)


def test_a_new_panel_is_one_row(window: Window, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    new = PanelRow("new", "New", Qt.DockWidgetArea.BottomDockWidgetArea, lambda models: QLabel("new"), height=120)
    for module in (table, docks):
        monkeypatch.setattr(module, "PANELS", (*PANELS, new))
    made, other = Panels(window.desk), QMainWindow()
    qtbot.addWidget(other)
    docks.Docks(other, made.by_name).raise_dock("new")
    assert made[QLabel].text() == "new"
    assert isinstance(made[StepsPanel], QWidget)
    for panel in made.all(InspectorPanel).values():
        panel.close_background()
    made[MasksPanel].close_background()
    made[LogPanel].detach()


def test_handlers_are_methods_of_the_commands(window: Window) -> None:
    for action in ACTIONS:
        assert callable(window.commands.handler(action.handler or action.id)), action.id
    with pytest.raises(AttributeError):
        window.commands.handler("file.no_such_method")


def test_commands_need_a_desk_alone(window: Window) -> None:
    commands = Commands.of(window.desk)
    commands.run.toggle_field("doFlat")
    commands.edit.remember_as("one")
    assert [state.name for state in window.model.session.named] == ["one"]
    assert window.model.session.config[0].field == "doFlat"
