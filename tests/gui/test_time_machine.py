"""The time machine by gestures: the cursor, pins, comparison, export."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.table import Table
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.session.changes import set_field, toggle_pin
from isrviewer.session.state import Pin
from tests.gui.inspected_run import InspectedRun

SATURATED_COLUMN = Pin(8 + 30, 10)
SKY = Pin(8 + 12, 7)


@pytest.fixture
def panel(run: InspectedRun) -> TimeMachine:
    panel = TimeMachine(run.model, run.runs)
    run.show(panel, (400, 700))
    return panel


def column(panel: TimeMachine, title: str) -> list[str]:
    header = panel.table.headerItem()
    number = next(n for n in range(panel.table.columnCount()) if header.text(n).startswith(title))
    return [row[number] for row in panel.table.texts()]


def pin(run: InspectedRun, panel: TimeMachine, where: Pin) -> None:
    run.model.change(toggle_pin(run.model.session, where))
    run.settle(panel)


def test_without_a_pixel_it_says_what_to_do(panel: TimeMachine) -> None:
    assert "Move the cursor" in panel.note.text()
    assert panel.table.texts() == []


def test_the_cursor_is_followed_and_kept_when_it_leaves(run: InspectedRun, panel: TimeMachine) -> None:
    panel.show_cursor((SKY.x, SKY.y))
    run.settle(panel)
    assert len(column(panel, "Step")) == len(run.results().steps)
    assert float(column(panel, "Value (ADU)")[-1]) == pytest.approx(run.value("postISRCCD", 12, 7), rel=1e-5)
    assert "x 12 y 7 (FITS 13 8) · raw 20 7 · amp A, imaging" in panel.facts.text()
    assert "overscan 118" in panel.facts.text()
    assert all(kind in panel.facts.text() for kind in ("bias", "dark", "flat"))
    before = panel.table.texts()
    panel.show_cursor(None)
    run.settle(panel)
    assert panel.table.texts() == before


def test_planes_and_interpolation_are_told(run: InspectedRun, panel: TimeMachine) -> None:
    panel.show_cursor((SATURATED_COLUMN.x, SATURATED_COLUMN.y))
    run.settle(panel)
    planes = dict(zip(column(panel, "Step"), column(panel, "Planes"), strict=True))
    assert planes["defects"] == "+BAD"
    assert planes["interpolation"] == "BAD +INTRP"
    assert "interpolated over columns 30 to 31 from" in panel.facts.text()
    assert "(x 29)" in panel.facts.text()


def test_a_new_pin_is_shown_and_unpinned_by_the_button(run: InspectedRun, panel: TimeMachine, qtbot: QtBot) -> None:
    pin(run, panel, SATURATED_COLUMN)
    pin(run, panel, SKY)
    assert panel.pixel == SKY
    assert panel.choice.count() == 3
    qtbot.keyClick(panel.choice, Qt.Key.Key_Up)
    run.settle(panel)
    assert panel.pixel == SATURATED_COLUMN
    assert "x 30 y 10" in panel.facts.text()
    qtbot.mouseClick(panel.unpin, Qt.MouseButton.LeftButton)
    run.settle(panel)
    assert run.model.session.pins == (SKY,)
    assert panel.choice.count() == 2


def test_pins_side_by_side(run: InspectedRun, panel: TimeMachine, qtbot: QtBot) -> None:
    pin(run, panel, SATURATED_COLUMN)
    pin(run, panel, SKY)
    qtbot.mouseClick(panel.compare, Qt.MouseButton.LeftButton)
    run.settle(panel)
    titles = [panel.table.headerItem().text(n) for n in range(panel.table.columnCount())]
    assert titles == ["#", "Step", "30 10 A", "12 7 A"]
    last = panel.table.texts()[-1]
    assert float(last[2].split()[0]) == pytest.approx(run.value("postISRCCD", 30, 10), rel=1e-5)
    assert last[3].endswith(" ADU")
    assert panel.plot.names == ["30 10 A", "12 7 A"]
    panel.show_cursor((8 + 20, 22))
    run.settle(panel)
    assert panel.table.columnCount() == 5


def test_the_plot_shows_the_chosen_quantity(run: InspectedRun, panel: TimeMachine, qtbot: QtBot) -> None:
    panel.show_cursor((SKY.x, SKY.y))
    run.settle(panel)
    values = panel.plot.curves[0].yData
    assert values[0] == run.value("raw", SKY.x, SKY.y)
    assert panel.plot.getPlotItem().getAxis("left").labelText == "value (ADU)"
    qtbot.keyClick(panel.quantity, Qt.Key.Key_Down)
    assert panel.plot.getPlotItem().getAxis("left").labelText == "change (ADU)"
    number = [step.name for step in run.results().steps].index("overscanCorrection")
    assert panel.plot.curves[0].yData[number] == pytest.approx(values[number] - values[number - 1])


def test_a_double_click_shows_the_step(run: InspectedRun, panel: TimeMachine, qtbot: QtBot) -> None:
    panel.show_cursor((SKY.x, SKY.y))
    run.settle(panel)
    place = panel.table.visualItemRect(panel.table.topLevelItem(0)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert run.model.session.panel.shows.step == "raw"


def test_a_new_run_brings_new_numbers_and_hidden_panels_wait(run: InspectedRun, panel: TimeMachine) -> None:
    panel.show_cursor((SKY.x, SKY.y))
    run.settle(panel)
    flat_on = len(column(panel, "Step"))
    panel.hide()
    run.model.change(set_field(run.model.session, "doFlat", False))
    run.wait_run()
    assert len(column(panel, "Step")) == flat_on
    panel.show()
    run.settle(panel)
    assert "flat" not in column(panel, "Step")


def test_copy_and_export(run: InspectedRun, panel: TimeMachine, qtbot: QtBot, tmp_path: Path) -> None:
    panel.show_cursor((SKY.x, SKY.y))
    run.settle(panel)
    panel.export.copy_action.trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert "value [adu]" in lines[0]
    assert len(lines) == 1 + len(run.results().steps)
    path = tmp_path / "pixels.ecsv"
    panel.export.table_action.trigger()
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    dialog.selectFile(str(path))
    dialog.accept()
    qtbot.waitUntil(path.exists)
    table = Table.read(path)
    assert table.meta["frame"] == "small.fits"
    assert table.meta["config"]["doFlat"] == "True"
    assert str(path) in panel.note.text()
    panel.export.save(panel.export.save_table, tmp_path / "no folder" / "x.ecsv")
    assert "was not written" in panel.note.text()
