"""Panels with numbers at many steps, when the store can keep next to none of their planes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.panels.image.grid import PanelGrid
from isrviewer.plots.inspector import result_names
from isrviewer.session.changes import show_step
from tests.gui.inspected_run import InspectedRun, NumberPanels

BOX = Box(10, 20, 12, 10)


@pytest.fixture
def tight(qtbot: QtBot) -> Iterator[InspectedRun]:
    """A run whose store keeps one result."""
    made = InspectedRun(qtbot, budget=1)
    yield made
    made.close()


def panels_of(run: InspectedRun, qtbot: QtBot) -> NumberPanels:
    group = NumberPanels(run)
    for panel in group.panels.values():
        qtbot.addWidget(panel)
    return group


def dropped(run: InspectedRun) -> list[str]:
    return [name for name in result_names(run.runs) if run.runs.exposure(name) is None]


def test_the_store_keeps_next_to_nothing(run: InspectedRun, tight: InspectedRun) -> None:
    assert dropped(run) == []
    assert len(dropped(tight)) >= 8


def test_a_picture_waits_for_dropped_planes_and_shows_no_other(tight: InspectedRun, qtbot: QtBot) -> None:
    grid = PanelGrid(tight.model, tight.runs)
    qtbot.addWidget(grid)
    grid.refresh()
    view = grid.focused.view
    titles: list[str] = []
    view.shown.connect(lambda planes: titles.append(planes.title))
    for step in ("doBias", "doVariance", "doBias"):
        tight.model.change(show_step(tight.model.session, step))
        tight.wait_run()
        qtbot.waitUntil(lambda: grid.is_settled)
    grid.close_views()
    seen = [title for title, _ in groupby(titles)]
    # The picture that the panel began with may be there before anybody listens.
    assert seen[-3:] == ["bias · image", "variance · image", "bias · image"]
    assert seen[:-3] in ([], ["final · image"])


def test_statistics_of_dropped_steps(run: InspectedRun, tight: InspectedRun, qtbot: QtBot) -> None:
    tables = []
    for each in (run, tight):
        panel = panels_of(each, qtbot).statistics
        each.draw_box(BOX)
        each.show(panel)
        tables.append(panel.table.texts())
    assert tables[1] == tables[0]
    assert panel.note.text() == ""


def test_a_panel_says_that_it_waits(tight: InspectedRun, qtbot: QtBot) -> None:
    panel = panels_of(tight, qtbot).statistics
    said: list[str] = []
    tight.runs.view_changed.connect(lambda view: said.append(panel.note.text()) if view.running else None)
    tight.draw_box(BOX)
    number = len(dropped(tight))
    tight.show(panel)
    assert f"Recomputing {number} steps: the planes were dropped to stay within the memory budget." in said
    assert dropped(tight) == []
    panel.hide()
    assert len(dropped(tight)) == number


def test_history_cut_and_histogram_of_dropped_steps(run: InspectedRun, tight: InspectedRun, qtbot: QtBot) -> None:
    found = []
    for each in (run, tight):
        group = panels_of(each, qtbot)
        group.show_cursor((28, 15))
        each.show(group.pixel)
        histories = group.pixel.table.texts()
        group.pixel.hide()
        each.model.change(show_step(each.model.session, "doBias"))
        each.show(group.panels["histograms"])
        counts = group.panels["histograms"].plot.curves[0].yData.tolist()  # type: ignore[attr-defined]
        group.panels["histograms"].hide()
        each.show(group.panels["amplifiers"])
        jumps = group.panels["amplifiers"].seams.texts()  # type: ignore[attr-defined]
        group.panels["amplifiers"].hide()
        each.show(group.cuts)
        cuts = [curve.yData.tolist() for curve in group.cuts.plot.curves]
        found.append((histories, counts, jumps, str(cuts)))
    assert found[1] == found[0]


def test_two_panels_that_both_miss_planes_come_to_rest(tight: InspectedRun, qtbot: QtBot) -> None:
    group = panels_of(tight, qtbot)
    tight.draw_box(BOX)
    group.show_cursor((28, 15))
    tight.show(group.statistics)
    tight.show(group.pixel)
    tight.wait_run()
    qtbot.waitUntil(lambda: group.statistics.is_settled and group.pixel.is_settled and not tight.runs.busy)
    rows = len(result_names(tight.runs))
    assert (len(group.statistics.table.texts()), len(group.pixel.table.texts())) == (rows, rows)
