"""Controls above the numbers wrap, so that a panel below the images does not push the docks beside it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from isrviewer.actions.panels import PANELS
from isrviewer.plots.controls import ControlRow
from isrviewer.shell.window import Window
from isrviewer.theme import GRID

BELOW = ("statistics", "cuts", "overscan", "amplifiers", "histograms", "surface")


def test_a_narrow_row_breaks_into_lines(qtbot: QtBot) -> None:
    buttons = [QPushButton(text) for text in ("one", "two", "three")]
    row = ControlRow(*buttons)
    qtbot.addWidget(row)
    wide = row.sizeHint().width()
    row.resize(wide, row.heightForWidth(wide))
    row.show()
    assert len({button.y() for button in buttons}) == 1
    assert buttons[2].x() == buttons[1].geometry().right() + 1 + GRID
    row.resize(wide - 1, row.heightForWidth(wide - 1))
    assert [button.y() > 0 for button in buttons] == [False, False, True]
    assert row.heightForWidth(wide - 1) == 2 * row.heightForWidth(wide) + GRID
    row.resize(row.minimumSizeHint().width(), 200)
    assert len({button.y() for button in buttons}) == 3


@pytest.mark.parametrize("name", BELOW)
def test_panels_below_leave_the_docks_beside_them_alone(window: Window, name: str) -> None:
    window.resize(1280, 800)
    before = [window.docks.by_name[side].width() for side in ("steps", "config")]
    window.docks.raise_dock(name)
    window.grab()
    assert [window.docks.by_name[side].width() for side in ("steps", "config")] == before


def test_tabs_show_whole_names(window: Window) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QTabBar

    for row in PANELS:
        window.docks.raise_dock(row.name)
    window.grab()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    titles = {bar.tabText(number) for bar in bars for number in range(bar.count())}
    assert {"Config", "Calibrations", "Bookmarks", "Overscan"} <= titles
    assert {bar.elideMode() for bar in bars if bar.count()} == {Qt.TextElideMode.ElideNone}
