"""Overscan: laws, regions, header and the step in the chain."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.camera import Amplifier, Detector, ReadoutCorner
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct, Task
from isrcore.steps.overscan import (
    FIT_TYPES,
    OVERSCAN,
    OverscanCorrectionTask,
    OverscanCorrectionTaskConfig,
    correct_amplifier_overscan,
)
from isrcore.steps.overscan_fit import VECTOR_FIT_TYPES, fit_profile
from isrcore.steps.step import IsrState

ROWS, COLUMNS = 40, 12
ORDER = {"NATURAL_SPLINE": 5, "CUBIC_SPLINE": 5, "AKIMA_SPLINE": 6}


def make_task(fit_type: str = "MEDIAN", order: int | None = None, **changes: Any) -> Any:
    """What the functions need of an `IsrTask`."""
    config = OverscanCorrectionTaskConfig()
    config.fitType = fit_type
    config.order = ORDER.get(fit_type, 1) if order is None else order
    settings = {
        "overscanNumLeadingColumnsToSkip": 0,
        "overscanNumTrailingColumnsToSkip": 0,
        "overscanMaxDev": 1000.0,
        "overscanBiasJump": False,
        "overscanBiasJumpKeyword": "DETID",
        "overscanBiasJumpDevices": ["jumpy"],
        "overscanBiasJumpLocation": 0,
        "qa": SimpleNamespace(saveStats=True, flatness=SimpleNamespace(clipSigma=3.0, nIter=3)),
        "doOverscan": True,
    }
    task = SimpleNamespace(
        config=SimpleNamespace(**(settings | changes)),
        overscan=OverscanCorrectionTask(config=config),
        log=logging.getLogger("test.overscan"),
        metadata=PropertyList(),
    )
    task.overscanCorrection = lambda exposure, amp: correct_amplifier_overscan(task, exposure, amp)
    return task


def make_exposure(overscan_rows: int = ROWS, corner: ReadoutCorner = ReadoutCorner.LL) -> Exposure:
    """Two amplifiers, their overscan at the outer sides; level 1000 + row, data 500 above."""
    width = 2 * (COLUMNS + 20)
    height = max(ROWS, overscan_rows)
    y = np.arange(height, dtype=np.float32)[:, None]
    image = np.broadcast_to(1000.0 + y, (height, width)).astype(np.float32)
    image[:ROWS, COLUMNS:-COLUMNS] += 500.0
    amps = []
    for name, left in (("A", True), ("B", False)):
        data_x = COLUMNS if left else COLUMNS + 20
        overscan_x = 0 if left else width - COLUMNS
        raw = Box(0 if left else width // 2, 0, width // 2, height)
        amps.append(
            Amplifier(
                name,
                Box(0 if left else 20, 0, 20, ROWS),
                raw,
                Box(data_x, 0, 20, ROWS),
                Box(overscan_x, 0, COLUMNS, overscan_rows),
                readout_corner=corner,
            )
        )
    detector = Detector("ccd00", 0, "", Box(0, 0, 40, ROWS), tuple(amps))
    return Exposure(MaskedImage(image), PropertyList({"DETID": "jumpy"}), detector)


@given(level=st.integers(0, 60000), fit_type=st.sampled_from(sorted(FIT_TYPES)))
@settings(max_examples=40)
def test_constant_frame_becomes_zero(level: int, fit_type: str) -> None:
    task = make_task(fit_type)
    data, overscan = np.full((ROWS, 20), level, np.float32), np.full((ROWS, COLUMNS), level, np.float32)
    result = task.overscan.run(data, MaskedImage(overscan))
    np.testing.assert_allclose(data, 0.0, atol=1e-6 * max(level, 1))
    np.testing.assert_allclose(result.overscanImage.image, 0.0, atol=1e-6 * max(level, 1))


@pytest.mark.parametrize("fit_type", [name for name in VECTOR_FIT_TYPES if name != "MEDIAN_PER_ROW"])
def test_smooth_models_follow_a_slope(fit_type: str) -> None:
    exposure = make_exposure()
    amp = exposure.detector[0]
    correct_amplifier_overscan(make_task(fit_type), exposure, amp)
    np.testing.assert_allclose(exposure.image[amp.raw_data_bbox.slices()], 500.0, atol=1e-3)


def test_profile_shows_what_was_rejected() -> None:
    overscan = MaskedImage(np.full((ROWS, COLUMNS), 1000.0, np.float32) + np.arange(COLUMNS, dtype=np.float32))
    overscan.image[3, 4] += 500.0
    overscan.mask.array[7] = overscan.mask.planes.bitmask("SAT")
    result = make_task("POLY").overscan.run(np.zeros((ROWS, 20), np.float32), overscan)
    profile = result.profile
    assert profile.rejected[3, 4]
    assert profile.rejected[7].all()
    assert profile.rejected.sum() == COLUMNS + 1
    assert np.isnan(profile.measured[7])
    assert profile.measured[0] == pytest.approx(1005.5)
    assert not profile.along_x
    assert not profile.extrapolated.any()
    np.testing.assert_allclose(result.imageFit[:, 0], profile.model, rtol=1e-6)


def test_profile_of_one_level() -> None:
    overscan = MaskedImage(np.full((ROWS, COLUMNS), 1000.0, np.float32))
    overscan.image[5] = 1003.0
    overscan.mask.array[6] = overscan.mask.planes.bitmask("SAT")
    profile = make_task("MEAN").overscan.run(np.zeros((ROWS, 20), np.float32), overscan).profile
    assert profile.measured[5] == 1003.0
    assert np.isnan(profile.measured[6])
    assert np.unique(profile.model).size == 1


def test_extrapolated_rows_are_suspect_in_a_masked_image() -> None:
    overscan = MaskedImage(np.full((ROWS, COLUMNS), 1000.0, np.float32))
    overscan.mask.array[:3] = overscan.mask.array[-2:] = overscan.mask.planes.bitmask("SAT")
    data = MaskedImage(np.full((ROWS, 20), 1500.0, np.float32))
    result = make_task("CHEB").overscan.run(data, overscan)
    suspect = data.mask.has("SUSPECT")
    assert result.edgeMask is data.mask
    # The last usable row counts as extrapolated, too.
    np.testing.assert_array_equal(np.flatnonzero(suspect.all(axis=1)), [0, 1, 2, ROWS - 3, ROWS - 2, ROWS - 1])
    assert suspect.any(axis=1).sum() == 6


def test_a_plain_array_has_no_edge_mask() -> None:
    overscan = np.full((ROWS, COLUMNS), 1000.0, np.float32)
    assert make_task("POLY").overscan.run(np.zeros((ROWS, 20), np.float32), overscan).edgeMask is None


def test_rows_far_from_all_others_are_left_out_of_a_spline() -> None:
    image = np.full((ROWS, COLUMNS), 1000.0, np.float32)
    image[10] = 9000.0
    masked = np.zeros(image.shape, np.bool_)
    masked[10] = True
    np.testing.assert_allclose(fit_profile(image, masked, "AKIMA_SPLINE", 8, 3.0).model, 1000.0)


def test_pixels_at_the_clipping_limit_are_kept() -> None:
    """Three times (0.74 times 12.5) is 27.75; in another order of the factors it is a bit less."""
    image = np.array([[0.0, 0.0, 0.0, 12.5, 27.75]] * 6, np.float32)
    assert not fit_profile(image, np.zeros(image.shape, np.bool_), "POLY", 0, 3.0).rejected.any()


def test_wide_overscan_is_followed_along_x() -> None:
    image = np.broadcast_to(np.arange(60, dtype=np.float32), (8, 60)).copy()
    profile = fit_profile(image, np.zeros(image.shape, np.bool_), "MEDIAN_PER_ROW", 1, 3.0)
    assert profile.along_x
    np.testing.assert_allclose(profile.model, np.arange(60))


@pytest.mark.parametrize(
    ("fit_type", "order", "message"),
    [
        ("NATURAL_SPLINE", 1, "increase overscan.order"),
        ("AKIMA_SPLINE", 4, "needs at least 5 points"),
        ("CUBIC_SPLINE", 0, "overscan.order must be at least 1"),
        ("POLY", -1, "overscan.order must be at least 0"),
    ],
)
def test_impossible_orders(fit_type: str, order: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_task(fit_type, order).overscan.run(np.zeros((ROWS, 20), np.float32), np.ones((ROWS, COLUMNS), np.float32))


def test_other_lengths_are_refused_before_anything_changes() -> None:
    data, overscan = np.ones((ROWS - 1, 20), np.float32), np.ones((ROWS, COLUMNS), np.float32)
    with pytest.raises(ValueError, match="the overscan has 40 rows, the data of the amplifier 39"):
        make_task("POLY").overscan.run(data, overscan)
    assert (data == 1).all()
    assert (overscan == 1).all()


def test_empty_overscan_is_refused() -> None:
    with pytest.raises(ValueError, match="has no pixels"):
        make_task().overscan.run(np.ones((3, 3), np.float32), np.ones((3, 0), np.float32))


def test_no_usable_pixel_gives_nan_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    overscan = MaskedImage(np.ones((ROWS, COLUMNS), np.float32))
    overscan.mask.array[:] = overscan.mask.planes.bitmask("SAT")
    data = np.ones((ROWS, 20), np.float32)
    result = make_task().overscan.run(data, overscan)
    assert np.isnan(result.imageFit)
    assert np.isnan(data).all()
    assert "not finite" in caplog.text


@pytest.mark.parametrize("fit_type", VECTOR_FIT_TYPES)
def test_taller_overscan_uses_the_rows_beside_the_data(fit_type: str, caplog: pytest.LogCaptureFixture) -> None:
    """A chosen deviation: the reference fails; the result equals that of a box cut to the data rows."""
    caplog.set_level(logging.INFO)
    tall, cut = make_exposure(ROWS + 5), make_exposure(ROWS)
    tall.image[ROWS:] = 5000.0
    results = [correct_amplifier_overscan(make_task(fit_type), e, e.detector[1]) for e in (tall, cut)]
    assert "uses the rows beside the data" in caplog.text
    np.testing.assert_array_equal(tall.image[:ROWS], cut.image)
    np.testing.assert_array_equal(results[0].overscanImage.image, results[1].overscanImage.image)
    assert tall.metadata == cut.metadata


def test_taller_overscan_is_used_in_full_by_one_level() -> None:
    tall = make_exposure(ROWS + 5)
    tall.image[ROWS:] = 1100.0
    result = correct_amplifier_overscan(make_task("MEAN"), tall, tall.detector[0])
    assert result.overscanImage.shape == (ROWS + 5, COLUMNS)
    assert result.imageFit == pytest.approx((ROWS * (1000 + (ROWS - 1) / 2) + 5 * 1100) / (ROWS + 5))


def test_amplifier_without_overscan(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exposure = make_exposure()
    amp = exposure.detector[0].replace(raw_horizontal_overscan_bbox=Box())
    before = exposure.image.copy()
    assert correct_amplifier_overscan(make_task(), exposure, amp) is None
    np.testing.assert_array_equal(exposure.image, before)
    assert "has no overscan box" in caplog.text


@pytest.mark.parametrize(("amp", "expected"), [(0, Box(1, 0, 9, ROWS)), (1, Box(54, 0, 9, ROWS))])
def test_columns_are_skipped_from_the_imaging_side(amp: int, expected: Box) -> None:
    """Amplifier A has its overscan at the left, so that "leading" columns lie at its right end; B is the other way."""
    exposure = make_exposure()
    task = make_task(overscanNumLeadingColumnsToSkip=2, overscanNumTrailingColumnsToSkip=1)
    result = correct_amplifier_overscan(task, exposure, exposure.detector[amp])
    assert result.overscanImage.bbox == expected


def test_skipping_every_column_is_refused() -> None:
    exposure = make_exposure()
    task = make_task(overscanNumLeadingColumnsToSkip=8, overscanNumTrailingColumnsToSkip=4)
    with pytest.raises(ValueError, match="overscanNumLeadingColumnsToSkip 8"):
        correct_amplifier_overscan(task, exposure, exposure.detector[0])


@pytest.mark.parametrize(("corner", "lower"), [(ReadoutCorner.LL, 10), (ReadoutCorner.UR, ROWS - 10)])
def test_bias_jump(corner: ReadoutCorner, lower: int) -> None:
    exposure = make_exposure(corner=corner)
    exposure.image[:] = 1000.0
    exposure.image[lower:] = 1200.0
    task = make_task("MEAN", overscanBiasJump=True, overscanBiasJumpLocation=10)
    result = correct_amplifier_overscan(task, exposure, exposure.detector[0])
    np.testing.assert_allclose(exposure.image[:, :32], 0.0)
    # What is returned describes the upper region only.
    assert result.imageFit == 1200.0
    assert exposure.metadata["ISR_OSCAN_LEVELA"] == 1200.0
    assert result.overscanImage.bbox == Box(0, lower, COLUMNS, ROWS - lower)


@pytest.mark.parametrize(
    "changes",
    [
        {"overscanBiasJumpLocation": 0},
        {"overscanBiasJumpDevices": ["other"]},
        {"overscanBiasJumpKeyword": "MISSING"},
        {"overscanBiasJump": False},
    ],
)
def test_bias_jump_needs_all_its_settings(changes: dict[str, Any]) -> None:
    exposure = make_exposure()
    task = make_task("MEAN", **({"overscanBiasJump": True, "overscanBiasJumpLocation": 10} | changes))
    result = correct_amplifier_overscan(task, exposure, exposure.detector[0])
    assert result.overscanImage.shape == (ROWS, COLUMNS)


def test_bias_jump_outside_the_amplifier_is_refused() -> None:
    exposure = make_exposure()
    task = make_task(overscanBiasJump=True, overscanBiasJumpLocation=ROWS)
    with pytest.raises(ValueError, match="overscanBiasJumpLocation"):
        correct_amplifier_overscan(task, exposure, exposure.detector[0])


def test_deviant_pixels_get_sat_and_lose_other_planes() -> None:
    exposure = make_exposure()
    mask = exposure.mask
    exposure.image[5, 2] = 9000.0
    mask.array[5, 2] = mask.planes.bitmask("BAD")
    mask.array[6, 2] = mask.planes.bitmask("BAD")
    correct_amplifier_overscan(make_task("MEAN"), exposure, exposure.detector[0])
    assert mask.planes.names_of(mask.array[5, 2]) == ["SAT"]
    assert mask.planes.names_of(mask.array[6, 2]) == ["BAD"]


def test_overscan_that_is_masked_throughout_is_compared_with_zero() -> None:
    exposure = make_exposure()
    exposure.mask.array[:, :COLUMNS] = exposure.mask.planes.bitmask("BAD")
    correct_amplifier_overscan(make_task(overscanMaxDev=1020.5), exposure, exposure.detector[0])
    assert exposure.mask.has("SAT")[:, :COLUMNS].sum() == (ROWS - 21) * COLUMNS


class _Halving(Task):
    """Somebody else's overscan task, without the usual fields."""

    _DefaultName = "halving"
    ConfigClass = OverscanCorrectionTaskConfig

    def run(self, ampImage: np.ndarray, overscanImage: MaskedImage, amp: Amplifier | None = None) -> Struct:
        ampImage *= np.float32(0.5)
        return Struct(imageFit=1.0, overscanFit=2.0, overscanImage=overscanImage)


def run_step(task: Any, exposure: Exposure, bad: list[bool]) -> IsrState:
    state = IsrState(exposure, Struct(), exposure.detector, {"bad_amps": bad})
    OVERSCAN.run(task, state)
    return state


def test_step_writes_metadata_and_keeps_its_own_overscan() -> None:
    exposure, task = make_exposure(), make_task("POLY")
    results = run_step(task, exposure, [False, False]).results["overscans"]
    assert exposure.metadata["OVERSCAN"] == "Overscan corrected"
    assert exposure.metadata["ISR_OSCAN_LEVELA"] == pytest.approx(1000 + (ROWS - 1) / 2)
    assert task.metadata["FIT MEDIAN B"] == pytest.approx(1000 + (ROWS - 1) / 2)
    assert task.metadata["RESIDUAL MEDIAN B"] == pytest.approx(0.0, abs=1e-3)
    kept = results[0].overscanImage.image.copy()
    exposure.image[:] = -1.0
    np.testing.assert_array_equal(results[0].overscanImage.image, kept)


def test_step_of_one_level() -> None:
    exposure, task = make_exposure(), make_task("MEDIAN")
    run_step(task, exposure, [False, False])
    assert exposure.metadata["ISR_OSCAN_SIGMAB"] == 0.0
    assert np.isnan(task.metadata["FIT STDEV B"])
    assert task.metadata["RESIDUAL STDEV B"] > 10.0


def test_step_skips_bad_amplifiers(caplog: pytest.LogCaptureFixture) -> None:
    exposure = make_exposure()
    state = run_step(make_task(), exposure, [True, False])
    assert state.results["overscans"][0] is None
    assert state.results["overscans"][1] is not None
    assert "ISR_OSCAN_LEVELA" not in exposure.metadata
    assert "Amplifier A is bad" in caplog.text


def test_step_without_statistics() -> None:
    exposure, task = make_exposure(), make_task()
    task.config.qa.saveStats = False
    run_step(task, exposure, [False, False])
    assert len(task.metadata) == 0
    assert "OVERSCAN" not in exposure.metadata
    assert "ISR_OSCAN_LEVELA" in exposure.metadata


def test_retargeted_task_is_used() -> None:
    exposure, task = make_exposure(ROWS + 5), make_task()
    task.overscan = _Halving()
    results = run_step(task, exposure, [False, False]).results["overscans"]
    assert [result.imageFit for result in results] == [1.0, 1.0]
    assert exposure.image[0, COLUMNS] == 750.0
