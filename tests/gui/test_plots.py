"""Cuts, statistics, histograms, amplifiers and surfaces by gestures, against the planes themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.panels.numbers.amplifiers import AmplifiersPanel
from isrviewer.panels.numbers.box_statistics import StatisticsPanel
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.histograms import HistogramsPanel
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.plots.choosers import ALL
from isrviewer.plots.number_table import column_texts, number_text
from isrviewer.plots.plot import Plot
from isrviewer.session import Planes, Run, Shows
from isrviewer.session.changes import show, show_step
from isrviewer.session.drawn import DrawnLine
from tests.gui.inspected_run import InspectedRun

FINAL = "postISRCCD"


def place_in(plot: Plot, x: float, y: float) -> QPoint:
    """Where values are drawn, in pixels of the plot."""
    draw(plot)
    scene = plot.getPlotItem().getViewBox().mapViewToScene(QPointF(x, y))
    return plot.mapFromScene(scene)


def draw(plot: Plot) -> None:
    """Let the plot find its range: it does so only when it is painted."""
    plot.grab()
    QApplication.processEvents()
    plot.grab()


def pick_step(run: InspectedRun, name: str) -> None:
    run.model.change(show_step(run.model.session, name))


def test_row_through_the_cursor(run: InspectedRun, qtbot: QtBot) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    assert "Move the cursor" in panel.note.text()
    panel.show_cursor((8 + 20, 15))
    run.settle(panel)
    exposure = run.runs.exposure(FINAL)
    assert exposure is not None
    drawn = next(curve.yData for curve in panel.plot.curves if curve.name() == "final")
    kept = np.isfinite(drawn)
    np.testing.assert_allclose(drawn[kept], exposure.image[15][kept])
    assert (~kept).sum() == np.count_nonzero(exposure.mask.has(["BAD", "SAT", "INTRP", "SUSPECT"])[15])
    assert panel.plot.getPlotItem().getAxis("left").labelText == "value (ADU)"
    assert "final" in panel.plot.names
    assert panel.readout.text() == "Row y 15"
    panel.show_cursor((8 + 20, 16))
    run.settle(panel)
    assert panel.readout.text() == "Row y 16"
    qtbot.mouseClick(panel.follow, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.follow.height() // 2))
    panel.show_cursor((8 + 20, 17))
    run.settle(panel)
    assert panel.readout.text() == "Row y 16"


def test_column_cut_with_width_and_all_pixels(run: InspectedRun, qtbot: QtBot) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    panel.show_cursor((8 + 20, 15))
    qtbot.keyClick(panel.kind, Qt.Key.Key_Down)
    panel.width_box.setValue(3)
    panel.planes.menu().actions()[-2].trigger()
    run.settle(panel)
    assert panel.planes.text() == "Left out: none"
    panel.steps.choose([FINAL])
    run.settle(panel)
    exposure = run.runs.exposure(FINAL)
    assert exposure is not None
    np.testing.assert_allclose(panel.plot.curves[0].yData, exposure.image[:, 19:22].mean(axis=1), rtol=1e-5)
    assert panel.plot.getPlotItem().getAxis("bottom").labelText == "y (pixel, 0-based)"


def test_line_drawn_over_the_image(run: InspectedRun) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    run.model.change(replace(run.model.session, line=DrawnLine(2, 3, 79, 40, "assembled")), "line")
    run.settle(panel)
    assert panel.kind.currentText() == "Line"
    assert panel.readout.text() == "Line 2 3 to 79 40"
    assert panel.plot.getPlotItem().getAxis("bottom").labelText == "distance (pixel)"


def test_the_mouse_reads_values_and_a_click_goes_there(run: InspectedRun, qtbot: QtBot) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    panel.steps.choose([FINAL])
    panel.show_cursor((8 + 20, 15))
    run.settle(panel)
    place = place_in(panel.plot, 20, run.value(FINAL, 20, 15))
    qtbot.mouseMove(panel.plot.viewport(), place)
    qtbot.mouseMove(panel.plot.viewport(), place + QPoint(1, 0))
    assert f"x 20 y 15: final {number_text(run.value(FINAL, 20, 15))} ADU" in panel.readout.text()
    with qtbot.waitSignal(panel.place_chosen) as chosen:
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [20, 15]


def test_a_calibration_frame_on_screen_is_cut_too(run: InspectedRun) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    flat = Shows(Planes("flat", Run.CALIBRATION))
    run.model.change(show(run.model.session, 0, flat))
    panel.show_cursor((8 + 20, 15))
    run.settle(panel)
    assert panel.plot.names == ["calibration: flat"]
    np.testing.assert_allclose(panel.plot.curves[0].yData, run.results().calibs.flat.image[15])  # type: ignore[union-attr]


def test_robust_scale_leaves_stars_out(run: InspectedRun, qtbot: QtBot) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    panel.planes.choose(())
    panel.steps.choose(["doFlat"])
    panel.show_cursor((8 + 20, 15))
    run.settle(panel)
    draw(panel.plot)
    wide = panel.plot.getPlotItem().viewRange()[1]
    qtbot.mouseClick(panel.robust, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.robust.height() // 2))
    draw(panel.plot)
    narrow = panel.plot.getPlotItem().viewRange()[1]
    assert narrow[1] < wide[1]


def test_steps_to_compare_are_chosen_in_the_menu(run: InspectedRun) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    panel.show_cursor((8 + 20, 15))
    run.settle(panel)
    assert [name for name in panel.plot.names if name != "masked"][-1] == "final"
    panel.steps.menu().aboutToShow.emit()
    actions = {action.text(): action for action in panel.steps.menu().actions()}
    assert "inputs" not in actions
    actions["assemble"].trigger()
    run.settle(panel)
    assert [name for name in panel.plot.names if name != "masked"] == ["assemble"]
    assert panel.steps.text() == "Steps: 1"
    actions["All"].trigger()
    run.settle(panel)
    assert len([name for name in panel.plot.names if name != "masked"]) == len(run.results().steps)


def test_statistics_of_a_box(run: InspectedRun, qtbot: QtBot) -> None:
    panel = StatisticsPanel(run.model, run.runs)
    run.show(panel)
    assert "Draw a box" in panel.note.text()
    exposure = run.runs.exposure(FINAL)
    assert exposure is not None
    run.draw_box(Box(10, 20, 12, 10))
    run.settle(panel)
    rows = panel.table.texts()
    assert len(rows) == len(run.results().steps)
    part = exposure.masked_image.subset(Box(10, 20, 12, 10))
    good = ~part.mask.has(["BAD", "SAT", "INTRP", "SUSPECT"])
    assert float(rows[-1][2]) == pytest.approx(part.image[good].mean(), rel=1e-4)
    assert rows[-1][12] == str(np.count_nonzero(good))
    assert panel.title.text() == "12 × 10 pixels from x 10 y 20 of the assembled frame"
    panel.planes.toggle_plane("SAT")
    run.settle(panel)
    assert "SAT" not in panel.planes.planes
    place = panel.table.visualItemRect(panel.table.topLevelItem(0)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert run.model.session.panel.shows.step == "raw"


def test_histogram_follows_the_step_on_screen(run: InspectedRun, qtbot: QtBot) -> None:
    panel = HistogramsPanel(run.model, run.runs)
    run.show(panel)
    assert panel.title.text() == "final"
    assert [name.split(",")[0] for name in panel.plot.names] == ["amp A", "amp B"]
    logarithmic = panel.plot.curves[0].yData
    qtbot.mouseClick(panel.log, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.log.height() // 2))
    counts = panel.plot.curves[0].yData
    np.testing.assert_allclose(np.log10(np.maximum(counts, 0.5)), logarithmic)
    pick_step(run, "raw")
    run.settle(panel)
    assert panel.title.text() == "raw"
    qtbot.mouseMove(panel.plot.viewport(), place_in(panel.plot, 2100, 5))
    qtbot.mouseMove(panel.plot.viewport(), place_in(panel.plot, 2101, 5))
    assert "amp A" in panel.title.text()
    assert "ADU" in panel.title.text()


def test_amplifiers_side_by_side(run: InspectedRun) -> None:
    panel = AmplifiersPanel(run.model, run.runs)
    run.show(panel)
    rows = {(row[0], row[-1]): row[1:-1] for row in panel.table.texts()}
    assert rows["gain", "electron/ADU"] == ["1.540", "1.630"]
    noise = [float(text) for text in rows["read noise, from the overscan", "ADU"]]
    assert noise == pytest.approx([3, 3], abs=0.4)
    assert float(rows["flagged BAD", "%"][0]) > 0
    jumps = {row[0]: float(row[2].replace("−", "-")) for row in panel.seams.texts()}
    assert jumps["raw"] == pytest.approx(172, abs=15)
    assert abs(jumps["overscan"]) < 15
    pick_step(run, "raw")
    run.settle(panel)
    assert panel.title.text().startswith("Amplifiers after raw")


def test_surface_and_contours(run: InspectedRun, qtbot: QtBot, tmp_path: Path) -> None:
    panel = SurfacePanel(run.model, run.runs)
    run.show(panel)
    assert "Draw a box" in panel.note.text()
    run.draw_box(Box(24, 14, 32, 32))
    run.settle(panel)
    assert "32 × 32 pixels from x 24 y 14" in panel.title.text()
    before = panel.surface.grab().toImage()
    assert len({before.pixel(x, y) for x in range(0, before.width(), 3) for y in range(0, before.height(), 3)}) > 30
    start = panel.surface.rect().center()
    direction = panel.surface.direction
    qtbot.mousePress(panel.surface, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(panel.surface, start + QPoint(40, 20))
    qtbot.mouseRelease(panel.surface, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 20))
    assert panel.surface.direction != direction
    assert panel.surface.grab().toImage() != before
    qtbot.mouseDClick(panel.surface, Qt.MouseButton.LeftButton, pos=start)
    assert panel.surface.direction == direction
    qtbot.keyClick(panel.kind, Qt.Key.Key_Down)
    assert panel.stack.currentWidget() is panel.contours
    assert all(name.endswith(" ADU") for name in panel.contours.names)
    assert len(panel.contours.names) >= 3
    panel.export.save(panel.export.save_table, tmp_path / "surface.ecsv")
    assert (tmp_path / "surface.ecsv").exists()


def test_plots_are_written_as_png_and_svg(run: InspectedRun, tmp_path: Path) -> None:
    panel = CutsPanel(run.model, run.runs)
    run.show(panel)
    panel.show_cursor((8 + 20, 15))
    panel.steps.choose((), ALL)
    run.settle(panel)
    png, svg = tmp_path / "cut.png", tmp_path / "cut.svg"
    panel.export.save(panel.export.save_png, png)
    picture = QImage(str(png))
    assert picture.width() == 2 * panel.plot.width()
    colours = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 2) for y in range(picture.height())}
    assert QColor("#0072B2").name() in colours or QColor("#56B4E9").name() in colours
    panel.export.save(panel.export.save_svg, svg)
    drawing = QSvgRenderer(str(svg))
    assert drawing.isValid()
    assert "<text" in svg.read_text()
    panel.export.save(panel.export.save_png, tmp_path / "no folder" / "x.png")
    assert "could not be written" in panel.note.text()
    panel.export.save(panel.export.save_svg, tmp_path / "no folder" / "x.svg")
    assert "could not be written" in panel.note.text()


def test_numbers_are_plain_and_in_line() -> None:
    assert number_text(-63488.27, 4) == "−63488"
    assert number_text(1.5, 4, signed=True) == "+1.5"
    assert number_text(float("nan")) == ""
    assert number_text(3e-7, 3) == "3e−07"
    assert column_texts([1544.6891, 405.7, float("nan")], 7, empty="–") == ["1544.689", "405.700", "–"]
    assert column_texts([3.0, -12.0], 6) == ["3", "−12"]
    assert column_texts([], 6) == []
