"""Cuts, statistics, amplifiers and the overscan against numbers made by hand or with plain numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.table import Table

from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.inspect.amplifiers import amplifier_rows, histograms, seam_jumps
from isrcore.inspect.box_statistics import box_statistics
from isrcore.inspect.cuts import CutPath, take_cuts
from isrcore.inspect.layout import Layout
from isrcore.inspect.overscan import OverscanDetail, overscan_details, residual_noise
from isrcore.inspect.results import RunResults, StepResult
from isrcore.inspect.tables import (
    amplifier_table,
    box_table,
    cut_table,
    histogram_table,
    overscan_table,
    seam_table,
    table_text,
    write_ecsv,
)
from tests.inspect.runs import FLIPS, small_raw, small_run
from tests.small_frame import PRE, ROWS, WIDTH


def one_step(image: list[list[float]], mask: list[list[int]], variance: float = 4.0) -> tuple[RunResults, Layout]:
    """A run of one tiny frame without detector; mask values are bits of the default planes (1 is BAD)."""
    pixels = np.array(image, np.float32)
    planes = MaskedImage(pixels, Mask(np.array(mask, np.int32)), np.full(pixels.shape, variance, np.float32))
    exposure = Exposure(planes)
    run = RunResults((StepResult("raw", "raw", "ADU", exposure),))
    return run, Layout.of(exposure, None)


def test_statistics_of_a_box_made_by_hand() -> None:
    image = [[1, 2, 3, 9], [4, math.nan, 6, 9], [7, 8, 99, 9]]
    run, layout = one_step(image, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]])
    (row,) = box_statistics(run, ["raw"], Box(0, 0, 3, 4), layout)
    values = [1, 2, 3, 4, 6, 7, 8]
    assert (row.used, row.masked, row.not_finite, row.outside) == (7, 1, 1, 3)
    assert row.mean == pytest.approx(np.mean(values))
    assert row.median == 4
    assert row.sigma == pytest.approx(np.std(values, ddof=1))
    assert row.mean_error == pytest.approx(np.std(values, ddof=1) / math.sqrt(7))
    assert row.mad == 2
    assert (row.minimum, row.maximum) == (1, 8)
    assert row.expected_sigma == 2
    (all_in,) = box_statistics(run, ["raw"], Box(0, 0, 3, 3), layout, exclude=())
    assert (all_in.used, all_in.masked, all_in.maximum) == (8, 0, 99)


def test_clipping_leaves_the_outlier_out() -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(100, 5, (40, 40))
    image[3, 3] = 1e5
    run, layout = one_step(image.tolist(), np.zeros((40, 40), int).tolist())
    (row,) = box_statistics(run, ["raw"], Box(0, 0, 40, 40), layout)
    assert row.clipped_mean == pytest.approx(100, abs=0.5)
    assert row.clipped_sigma == pytest.approx(5, rel=0.1)
    assert row.mean > 150


def test_box_without_usable_pixels_has_counts_only() -> None:
    run, layout = one_step([[1, 2]], [[1, 1]])
    (row,) = box_statistics(run, ["raw"], Box(0, 0, 2, 1), layout)
    assert (row.used, row.masked) == (0, 2)
    assert math.isnan(row.mean)
    assert math.isnan(row.mean_error)


@pytest.mark.parametrize("flips", FLIPS)
def test_box_statistics_follow_the_pixels_through_assembly(flips: tuple[bool, bool]) -> None:
    run = small_run(flips)
    assert run.detector is not None
    assembled, box = Layout.assembled(run.detector), Box(35, 20, 12, 9)
    before, after = box_statistics(run, ["overscanCorrection", "doAssembleCcd"], box, assembled, exclude=())
    assert before.used == after.used == box.area
    assert (before.mean, before.mad, before.minimum) == (after.mean, after.mad, after.minimum)


def test_row_cut_shows_masked_pixels_apart() -> None:
    run, layout = one_step([[1, 2, 3, 4], [5, 6, 7, 8]], [[0, 1, 0, 0], [0, 1, 1, 0]])
    (cut,) = take_cuts(run, ["raw"], CutPath.row(0, layout.box, width=2), layout)
    assert cut.x.tolist() == [0, 1, 2, 3]
    assert cut.y.tolist() == [0] * 4
    np.testing.assert_array_equal(cut.value, [3, np.nan, 3, 6])
    np.testing.assert_array_equal(cut.flagged, [np.nan, 4, np.nan, np.nan])
    np.testing.assert_allclose(cut.sigma, [math.sqrt(8) / 2, np.nan, 2, math.sqrt(8) / 2])


def test_column_and_line_cuts_take_the_nearest_pixels() -> None:
    image = np.arange(30).reshape(5, 6)
    run, layout = one_step(image.tolist(), np.zeros((5, 6), int).tolist())
    (column,) = take_cuts(run, ["raw"], CutPath.column(2, layout.box), layout)
    assert column.value.tolist() == image[:, 2].tolist()
    assert column.distance.tolist() == [0, 1, 2, 3, 4]
    (line,) = take_cuts(run, ["raw"], CutPath(4, 4, 0, 1), layout)
    assert (line.x[0], line.y[0], line.x[-1], line.y[-1]) == (4, 4, 0, 1)
    assert line.value.tolist() == [image[y, x] for x, y in zip(line.x, line.y, strict=True)]
    assert line.distance[-1] == pytest.approx(5)
    (point,) = take_cuts(run, ["raw"], CutPath(3, 2, 3, 2), layout)
    assert point.value.tolist() == [15]


@pytest.mark.parametrize("flips", FLIPS)
def test_cuts_overlay_across_assembly(flips: tuple[bool, bool]) -> None:
    run = small_run(flips)
    assert run.detector is not None
    assembled = Layout.assembled(run.detector)
    for path in (CutPath.row(12, assembled.box), CutPath.column(47, assembled.box, 3), CutPath(5, 3, 70, 50)):
        before, after = take_cuts(run, ["overscanCorrection", "doAssembleCcd"], path, assembled, exclude=())
        np.testing.assert_array_equal(before.value, after.value)
        assert after.value.size > 50


def test_cut_of_the_raw_frame_has_gaps_where_assembly_trimmed() -> None:
    run = small_run()
    raw = Layout.of(run.steps[0].exposure, run.detector)  # type: ignore[arg-type]
    cut = take_cuts(run, ["doAssembleCcd"], CutPath.row(12, raw.box), raw, exclude=())[0]
    missing = np.isnan(cut.value)
    assert missing.sum() == 2 * PRE
    assert missing[:PRE].all()


@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("fit_type", ["MEDIAN", "MEDIAN_PER_ROW", "LEG"])
def test_overscan_details_are_what_the_step_saw(flips: tuple[bool, bool], fit_type: str) -> None:
    run = small_run(flips, overscan__fitType=fit_type)
    raw = run.raw
    assert raw is not None
    details = overscan_details(run)
    assert [detail.amplifier for detail in details] == ["A", "B"]
    for detail, result in zip(details, run.overscans, strict=True):
        assert result is not None
        np.testing.assert_array_equal(detail.strip, raw.image[detail.box.slices()])
        np.testing.assert_allclose(detail.corrected, result.overscanImage.image, atol=2e-3)
        assert detail.rejected.shape == detail.strip.shape
        assert detail.position[0] == detail.box.y0
        kept = detail.strip[~detail.rejected].astype(float)
        assert detail.level_before == pytest.approx(np.median(kept))
        assert abs(detail.level_after) < 1.5
        assert detail.residual is not None
        np.testing.assert_allclose(detail.residual, detail.measured - detail.model)
    # The ramp of 6 ADU over the rows is noise for one level and none for a model of rows.
    assert (details[0].sigma_after < 3.3) == (fit_type != "MEDIAN")


def test_the_worst_residual_is_where_the_model_fails() -> None:
    rows = np.arange(100, 100 + 640)
    noise = np.random.default_rng(3).normal(0, 2, rows.size)
    flat = np.zeros((rows.size, 4), np.float32)
    none = np.zeros(rows.size, bool)

    def detail(measured: np.ndarray) -> OverscanDetail:
        model = np.zeros(rows.size)
        return OverscanDetail("A", Box(0, 100, 4, 640), flat, False, rows, measured, model, flat > 1, none, 0, 0, 0, 0)

    quiet = detail(noise).worst_residual
    assert quiet is not None
    assert quiet[2] == pytest.approx(2 * np.sqrt(np.pi / 2 / 64), rel=0.15)
    assert abs(quiet[1]) < 4 * quiet[2]
    tail = noise + np.where((rows >= 420) & (rows < 490), 5.0, 0.0)
    tail[10:20] = np.nan
    found = detail(tail).worst_residual
    assert found is not None
    assert 420 <= found[0] < 490
    assert found[1] == pytest.approx(5, abs=1)
    assert abs(found[1]) > 5 * found[2]
    assert detail(np.full(rows.size, np.nan)).worst_residual is None


def test_overscan_without_correction_is_still_shown() -> None:
    run = small_run(doOverscan=False)
    first = overscan_details(run)[0]
    assert first.model is None
    assert first.residual is None
    assert math.isnan(first.level_after)
    np.testing.assert_allclose(first.measured, first.strip.mean(axis=1), rtol=1e-6)
    assert len(overscan_table([first])) == first.position.size


def test_read_noise_does_not_depend_on_the_model() -> None:
    noises = [residual_noise(overscan_details(small_run(**fields))[0]) for fields in ({}, {"doOverscan": False})]
    assert noises[0] == pytest.approx(3.0, rel=0.1)
    assert noises[1] == pytest.approx(noises[0], rel=0.02)


@pytest.mark.parametrize("flips", FLIPS)
def test_amplifier_rows(flips: tuple[bool, bool]) -> None:
    run = small_run(flips)
    final = run.steps[-1].exposure
    assert final is not None
    assert run.detector is not None
    rows = amplifier_rows(run, run.steps[-1].name, exclude=("BAD",))
    assert [row.amplifier for row in rows] == ["A", "B"]
    for row, amp in zip(rows, run.detector, strict=True):
        part = final.masked_image.subset(amp.bbox)
        good = ~part.mask.has("BAD")
        assert row.level == pytest.approx(np.median(part.image[good]), rel=1e-6)
        assert row.pixels == amp.bbox.area
        assert dict(row.flagged)["BAD"] == np.count_nonzero(~good) / row.pixels
        assert row.read_noise_electron == pytest.approx(row.read_noise * amp.gain)
    raw_rows = amplifier_rows(run, "raw")
    assert raw_rows[0].level == pytest.approx(1183 + 3 + 900, abs=10)
    assert raw_rows[1].overscan_level == pytest.approx(1355 + 3, abs=2)


@pytest.mark.parametrize("flips", FLIPS)
def test_seam_jump_is_the_difference_of_the_levels(flips: tuple[bool, bool]) -> None:
    raw, _ = small_raw(flips)
    assert raw.detector is not None
    image = np.zeros(raw.image.shape, np.float32)
    a, b = raw.detector
    # A slope that continues across the border, so that only the offset of 25 ADU is left but for 16 columns of slope.
    image[a.raw_data_bbox.slices()] = 100.0 + np.arange(40) * 0.5
    values = 125.0 + np.arange(40, 80) * 0.5
    image[b.raw_data_bbox.slices()] = values[::-1] if flips[0] else values
    exposure = raw.with_pixels(MaskedImage(image))
    run = RunResults((StepResult("raw", "raw", "ADU", exposure),), raw.detector)
    (jump,) = seam_jumps(run, ("raw",))
    assert (jump.first, jump.second, jump.rows) == ("A", "B", 56)
    assert jump.jump == pytest.approx(25 + 16 * 0.5)
    assert jump.error == 0


def test_seam_of_amplifiers_on_top_of_each_other() -> None:
    raw, _ = small_raw()
    assert raw.detector is not None
    a, b = raw.detector
    low, high = Box(0, 0, 40, 28), Box(0, 28, 40, 28)
    halves = (
        a.replace(bbox=low, raw_bbox=low, raw_data_bbox=low),
        b.replace(bbox=high, raw_bbox=high, raw_data_bbox=high),
    )
    detector = raw.detector.replace(bbox=Box(0, 0, 40, 56), amplifiers=halves)
    image = np.full((56, 40), 7.0, np.float32)
    image[28:] = 4.0
    run = RunResults((StepResult("raw", "raw", "ADU", Exposure(MaskedImage(image), detector=detector)),), detector)
    (jump,) = seam_jumps(run, ("raw",))
    assert (jump.first, jump.second, jump.jump, jump.rows) == ("A", "B", -3.0, 40)


def test_histograms_count_every_pixel_once() -> None:
    run = small_run()
    found = histograms(run, "raw", exclude=(), bins=64)
    assert [each.amplifier for each in found] == ["A", "B"]
    for each in found:
        assert each.counts.sum() + each.below + each.above == 40 * 56
        widths = np.diff(each.edges)
        assert (widths == widths[0]).all()
        assert widths[0] == round(widths[0])
        assert each.edges[0] % 1 == 0.5
    coarse = histograms(run, run.steps[-1].name, bins=50, limits=(800.0, 1000.0))[1]
    assert np.diff(coarse.edges).tolist() == [4.0] * coarse.counts.size
    fine = histograms(run, run.steps[-1].name, bins=500, limits=(800.0, 1000.0))[1]
    assert (fine.edges[0], fine.edges[-1], fine.counts.size) == (800, 1000, 500)


def test_histogram_of_a_constant_and_of_nothing() -> None:
    raw, _ = small_raw()
    constant = raw.with_pixels(MaskedImage(np.full((ROWS, WIDTH + 2 * PRE), 5.0, np.float32)))
    run = RunResults((StepResult("raw", "raw", "ADU", constant),), raw.detector)
    assert histograms(run, "raw")[0].counts.sum() == 40 * 56
    nothing = raw.with_pixels(MaskedImage(np.full((ROWS, WIDTH + 2 * PRE), np.nan, np.float32)))
    run = RunResults((StepResult("raw", "raw", "ADU", nothing),), raw.detector)
    assert histograms(run, "raw")[0].counts.sum() == 0
    with pytest.raises(ValueError, match="do not grow"):
        histograms(run, "raw", limits=(3.0, 3.0))


def test_every_table_reads_back(tmp_path) -> None:  # type: ignore[no-untyped-def]
    run = small_run()
    assert run.detector is not None
    last, of = run.steps[-1].name, Layout.assembled(run.detector)
    tables = {
        "box": box_table(box_statistics(run, ["raw", last], Box(3, 4, 10, 10), of), {"box": "[4:13,5:14]"}),
        "cut": cut_table(take_cuts(run, ["raw", last], CutPath.row(3, of.box), of)),
        "histogram": histogram_table(histograms(run, last)),
        "amplifier": amplifier_table(amplifier_rows(run, last)),
        "seam": seam_table(seam_jumps(run, ("raw", last))),
        "overscan": overscan_table(overscan_details(run)),
    }
    for name, table in tables.items():
        path = tmp_path / f"{name}.ecsv"
        write_ecsv(table, path, {"frame": "small"})
        back = Table.read(path)
        assert back.colnames == table.colnames
        assert len(back) == len(table) > 0
        assert back.meta["frame"] == "small"
        assert any(back[column].unit is not None for column in back.colnames)
        assert len(table_text(table).splitlines()) == len(table) + 1
    assert len(cut_table([])) == len(histogram_table([])) == 0
