"""The time machine: hand-followed pixels, before and after assembly, on mirrored amplifiers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.table import Table

from isrcore.inspect.history import DROPPED, TRIMMED, pixel_history
from isrcore.inspect.layout import Layout
from isrcore.inspect.results import RunResults, StepResult
from isrcore.inspect.tables import history_table, table_text, write_ecsv
from tests.inspect.runs import FLIPS, small_run


@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("place", [(12, 7), (50, 31), (61, 20)])
def test_rows_hold_the_pixel_of_each_step(flips: tuple[bool, bool], place: tuple[int, int]) -> None:
    run = small_run(flips)
    assert run.detector is not None
    raw = Layout.assembled(run.detector).to_raw(*place)
    assert raw is not None
    history = pixel_history(run, *raw)
    assert [row.step for row in history.rows] == [step.name for step in run.steps]
    for row, step in zip(history.rows, run.steps, strict=True):
        assert step.exposure is not None
        x, y = place if step.exposure.bbox == run.detector.bbox else raw
        assert (row.x, row.y) == (x, y)
        assert row.value == step.exposure.image[y, x]
        assert row.variance == step.exposure.variance[y, x]
    last = history.rows[-1]
    assert last.signal_to_noise == pytest.approx(last.value / math.sqrt(last.variance))
    assert history.facts.assembled == place
    assert history.facts.amplifier == ("A" if place[0] < 40 else "B")
    assert history.facts.gain == (1.54 if place[0] < 40 else 1.63)


@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("fit_type", ["MEDIAN", "MEDIAN_PER_ROW", "POLY"])
def test_overscan_level_is_what_the_step_took_off(flips: tuple[bool, bool], fit_type: str) -> None:
    run = small_run(flips, overscan__fitType=fit_type)
    for x, y in ((12, 7), (70, 33)):
        history = pixel_history(run, x, y)
        change = next(row.change for row in history.rows if row.step == "overscanCorrection")
        assert history.facts.overscan == pytest.approx(-change, abs=1e-3)


def test_overscan_level_is_not_known_on_the_other_side_of_a_bias_jump() -> None:
    jump = {"overscanBiasJump": True, "overscanBiasJumpKeyword": "DETID", "overscanBiasJumpDevices": ["ccd00"]}
    run = small_run(overscanBiasJumpLocation=20, **jump)
    above, below = pixel_history(run, 12, 30), pixel_history(run, 12, 5)
    assert math.isnan(below.facts.overscan)
    change = next(row.change for row in above.rows if row.step == "overscanCorrection")
    assert above.facts.overscan == pytest.approx(-change, abs=1e-3)


@pytest.mark.parametrize("flips", FLIPS)
def test_calibration_values_belong_to_the_assembled_pixel(flips: tuple[bool, bool]) -> None:
    run = small_run(flips)
    assert run.detector is not None
    assert run.calibs is not None
    raw = Layout.assembled(run.detector).to_raw(55, 20)
    assert raw is not None
    found = {kind: (value, unit) for kind, value, unit in pixel_history(run, *raw).facts.calibrations}
    assert found == {
        "bias": (float(run.calibs.bias.image[20, 55]), "ADU"),
        "dark": (float(run.calibs.dark.image[20, 55]), "ADU"),
        "flat": (float(run.calibs.flat.image[20, 55]), ""),
    }


def test_smaller_calibrations_belong_to_the_centre() -> None:
    run = small_run()
    assert run.calibs is not None
    whole = run.calibs.flat
    small = whole.with_pixels(whole.masked_image.subset(whole.bbox.grow(-2)).clone())
    small.masked_image.xy0 = (0, 0)
    run.calibs.flat = small
    found = {kind: value for kind, value, _ in pixel_history(run, 8 + 10, 20).facts.calibrations}
    assert found["flat"] == whole.image[20, 10]
    assert "flat" not in [kind for kind, _, _ in pixel_history(run, 8, 0).facts.calibrations]


@pytest.mark.parametrize("flips", FLIPS)
def test_interpolation_terms_add_up_to_the_value(flips: tuple[bool, bool]) -> None:
    run = small_run(flips)
    assert run.detector is not None
    raw = Layout.assembled(run.detector).to_raw(30, 10)  # a defect column
    assert raw is not None
    history = pixel_history(run, *raw)
    used = history.facts.interpolation
    assert used is not None
    assert (used.first, used.last) == (30, 31)
    assert {term.x for term in used.terms} == {28, 29, 32, 33}
    total = sum(term.weight * term.value for term in used.terms)
    row = next(row for row in history.rows if row.step == "doInterpolate")
    assert total == pytest.approx(row.value, rel=1e-5)
    assert "INTRP" in row.added
    assert pixel_history(run, 8 + 20, 3).facts.interpolation is None


def test_masks_that_steps_set_are_named_once() -> None:
    run = small_run()
    history = pixel_history(run, 8 + 30, 10)
    added = {row.step: row.added for row in history.rows if row.added}
    assert added["doDefect"] == ("BAD",)
    assert added["doInterpolate"] == ("INTRP",)
    assert set(history.rows[-1].planes) == {"BAD", "INTRP"}


def test_overscan_pixels_end_at_assembly() -> None:
    run = small_run()
    history = pixel_history(run, 3, 10)
    status = {row.step: row.status for row in history.rows}
    assert status["overscanCorrection"] == ""
    assert status["doAssembleCcd"] == TRIMMED
    assert history.facts.region == "overscan"
    assert history.facts.assembled is None


def test_steps_that_are_not_kept_have_no_numbers_and_no_changes_behind_them() -> None:
    run = small_run()
    names = [step.name for step in run.steps]
    hole = names.index("doBias")
    steps = list(run.steps)
    steps[hole] = StepResult("doBias", "bias", "ADU", None)
    rows = pixel_history(RunResults(tuple(steps), run.detector), 20, 10).rows
    assert rows[hole].status == DROPPED
    assert math.isnan(rows[hole].value)
    assert math.isnan(rows[hole + 1].change)
    assert not math.isnan(rows[hole + 2].change)


def test_a_change_of_unit_is_no_change_of_value() -> None:
    run = small_run(doApplyGains=True, doFlat=False)
    rows = pixel_history(run, 20, 10).rows
    place = next(number for number, row in enumerate(rows) if row.step == "doApplyGains")
    assert rows[place].unit == "electron"
    assert rows[place - 1].unit == "ADU"
    assert math.isnan(rows[place].change)
    assert rows[place].value == pytest.approx(1.54 * rows[place - 1].value, rel=1e-6)


def test_pixels_outside_of_the_frame_have_no_numbers() -> None:
    rows = pixel_history(small_run(), 5000, -3).rows
    assert all(row.status == TRIMMED for row in rows)


def test_export_reads_back_with_units(tmp_path) -> None:  # type: ignore[no-untyped-def]
    run = small_run()
    histories = [pixel_history(run, 38, 10), pixel_history(run, 3, 10)]
    path = tmp_path / "pixels.ecsv"
    write_ecsv(history_table(histories), path, {"frame": "small"})
    table = Table.read(path)
    assert len(table) == 2 * len(run.steps)
    assert str(table["value"].unit) == "adu"
    assert str(table["variance"].unit) == "adu2"
    assert table.meta["frame"] == "small"
    assert table.meta["pixels"][0]["amplifier"] == "A"
    last = table[len(run.steps) - 1]
    assert last["value"] == pytest.approx(histories[0].rows[-1].value)
    assert last["planes"] == "BAD|INTRP"
    np.testing.assert_array_equal(np.isnan(table["value"][-3:]), True)


def test_text_has_units_and_one_line_per_row() -> None:
    run = small_run()
    lines = table_text(history_table([pixel_history(run, 38, 10)])).splitlines()
    assert "value [adu]" in lines[0].split("\t")
    assert len(lines) == 1 + len(run.steps)
    assert all(len(line.split("\t")) == len(lines[0].split("\t")) for line in lines)
