"""All panels with numbers as one group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.session.drawn import DrawnBox
from isrviewer.shell.window import Window
from tests.gui.inspected_run import InspectedRun, NumberPanels


@pytest.fixture
def group(run: InspectedRun, qtbot: QtBot) -> Iterator[NumberPanels]:
    made = NumberPanels(run)
    for panel in made.panels.values():
        qtbot.addWidget(panel)
    yield made
    made.close()


def test_hidden_panels_build_nothing(run: InspectedRun, group: NumberPanels) -> None:
    group.show_cursor((20, 10))
    exposure = run.runs.exposure("postISRCCD")
    assert exposure is not None
    group.show_box(Box(3, 4, 5, 6), exposure)
    group.show_line(1, 2, 30, 40, exposure)
    run.again()
    assert all(panel.is_settled for panel in group.panels.values())
    assert all(panel.column.count() == 1 for panel in group.panels.values()), "more than the line for messages"


def test_what_was_drawn_before_is_shown_when_a_panel_opens(run: InspectedRun, group: NumberPanels) -> None:
    exposure = run.runs.exposure("postISRCCD")
    assert exposure is not None
    group.show_cursor((8 + 12, 7))
    group.show_box(Box(3, 4, 5, 6), exposure)
    group.show_line(1.3, 2.4, 500, 40, exposure)
    for name in ("pixel", "statistics", "cuts", "surface"):
        run.show(group.panels[name])
    assert "x 12 y 7" in group.pixel.facts.text()
    assert group.statistics.title.text().startswith("5 × 6 pixels from x 3 y 4")
    assert "5 × 6 pixels from x 3 y 4" in group.surface.title.text()
    assert group.cuts.readout.text() == "Line 1 2 to 79 40"
    assert run.model.session.box == DrawnBox(Box(3, 4, 5, 6), "assembled")
    run.model.undo()
    run.model.undo()
    run.settle(group.statistics)
    assert group.statistics.table.texts() == []
    assert "Draw a box" in group.statistics.note.text()


def test_a_panel_behind_another_tab_computes_nothing(opened: Window, qtbot: QtBot) -> None:
    pixel = opened.panels[TimeMachine]
    opened.grid.focused.view.go_to(3, 4)
    opened.docks.raise_dock("pixel")
    qtbot.waitUntil(lambda: pixel.is_seen and pixel.is_settled)
    assert "x 3 y 4" in pixel.facts.text()
    opened.docks.raise_dock("config")
    qtbot.waitUntil(lambda: not pixel.is_seen)
    opened.grid.focused.view.go_to(5, 6)
    assert pixel.is_settled
    assert "x 3 y 4" in pixel.facts.text()
    opened.docks.raise_dock("pixel")
    qtbot.waitUntil(lambda: pixel.is_seen and pixel.is_settled)
    assert "x 5 y 6" in pixel.facts.text()


def test_drawing_asks_for_the_panel_that_shows_it(run: InspectedRun, group: NumberPanels, qtbot: QtBot) -> None:
    exposure = run.runs.exposure("postISRCCD")
    assert exposure is not None
    with qtbot.waitSignal(group.raise_asked) as raised:
        group.show_box(Box(3, 4, 5, 6), exposure)
    assert raised.args == ["statistics"]
    with qtbot.waitSignal(group.raise_asked) as raised:
        group.show_line(1, 2, 30, 40, exposure)
    assert raised.args == ["cuts"]
