"""The overscan view: what it says and draws is what the step did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from isrviewer.panels.numbers.overscan_view import OverscanView
from isrviewer.plots.strip import REJECTED_COLOUR, strip_picture
from isrviewer.session.changes import set_field
from tests.gui.inspected_run import InspectedRun


@pytest.fixture
def panel(run: InspectedRun) -> OverscanView:
    panel = OverscanView(run.model, run.runs)
    run.show(panel, (1200, 450))
    return panel


def change(run: InspectedRun, panel: OverscanView, field: str, value: object) -> None:
    run.model.change(set_field(run.model.session, field, value))
    run.wait_run()
    run.settle(panel)


def test_both_amplifiers_with_their_numbers(run: InspectedRun, panel: OverscanView) -> None:
    assert list(panel.amplifiers) == ["A", "B"]
    for amplifier, result in zip(panel.amplifiers.values(), run.results().overscans, strict=True):
        assert result is not None
        measured, model = (curve.yData for curve in amplifier.levels.curves[:2])
        np.testing.assert_allclose(measured, result.profile.measured)
        np.testing.assert_allclose(model, result.profile.model)
        np.testing.assert_allclose(amplifier.residuals.curves[0].yData, measured - model)
        assert "→" in amplifier.facts.text()
        assert "rejected" in amplifier.facts.text()
    assert panel.jumps.text().startswith("Jump B − A: before +1")
    assert panel.jumps.text().endswith("ADU overscan correction")


def test_a_model_of_rows_replaces_the_level(run: InspectedRun, panel: OverscanView) -> None:
    flat = panel.amplifiers["A"].levels.curves[1].yData
    assert np.ptp(flat) == 0
    change(run, panel, "overscan.fitType", "MEDIAN_PER_ROW")
    rows = panel.amplifiers["A"].levels.curves[1].yData
    assert np.ptp(rows) > 3


def test_without_correction_the_raw_strip_stays(run: InspectedRun, panel: OverscanView) -> None:
    change(run, panel, "doOverscan", False)
    assert "not corrected" in panel.amplifiers["A"].facts.text()
    assert "did not run" in panel.note.text()
    assert panel.amplifiers["A"].residuals.curves == []
    assert panel.jumps.text() == ""


def test_strip_after_correction(run: InspectedRun, panel: OverscanView, qtbot: QtBot) -> None:
    change(run, panel, "overscan.fitType", "MEDIAN_PER_ROW")
    before = panel.amplifiers["A"].strip.curves[0].image.copy()
    qtbot.mouseClick(panel.corrected, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.corrected.height() // 2))
    run.settle(panel)
    assert (panel.amplifiers["A"].strip.curves[0].image != before).any()


def test_plots_of_an_amplifier_move_together(panel: OverscanView, qtbot: QtBot) -> None:
    amplifier = panel.amplifiers["A"]
    amplifier.residuals.getPlotItem().setXRange(10, 20, padding=0)
    assert amplifier.levels.getPlotItem().viewRange()[0] == pytest.approx([10, 20])
    assert amplifier.strip.getPlotItem().viewRange()[0] == pytest.approx([10, 20])


def test_strip_picture_marks_rejected_pixels(run: InspectedRun) -> None:
    from dataclasses import replace

    from isrcore.inspect.overscan import overscan_details

    detail = overscan_details(run.results())[0]
    rejected = np.zeros(detail.strip.shape, bool)
    rejected[5, 2] = True
    picture = strip_picture(replace(detail, rejected=rejected), corrected=True)
    assert picture.shape == (detail.strip.shape[1], detail.strip.shape[0], 4)
    orange = [int(REJECTED_COLOUR[place : place + 2], 16) for place in (1, 3, 5)]
    where = np.argwhere((picture[..., :3] == orange).all(axis=-1))
    assert where.tolist() == [[2, 5]]


def test_export(panel: OverscanView, tmp_path: Path) -> None:
    path = tmp_path / "overscan.ecsv"
    panel.export.save(panel.export.save_table, path)
    table = Table.read(path)
    assert set(table["amplifier"]) == {"A", "B"}
    assert str(table["model"].unit) == "adu"
    assert table.meta["A"]["along"] == "y"
    panel.export.save(panel.export.save_svg, tmp_path / "overscan.svg")
    assert (tmp_path / "overscan.svg").stat().st_size > 10000
