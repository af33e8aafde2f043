"""Bias, dark, flat and illumination: sizes, scales, flags, and that undoing a correction restores the image."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, VisitInfo
from isrcore.steps.bias import BIAS, EARLY_BIAS, bias_correction
from isrcore.steps.calibration_frame import trim_to_match_calib
from isrcore.steps.dark import correct_dark_exposure, dark_correction
from isrcore.steps.flat import flat_correction
from isrcore.steps.illumination import ILLUMINATION, illumination_correction
from isrcore.steps.step import IsrState


def frame(height: int, width: int, value: float = 100.0, variance: float = 1.0) -> MaskedImage:
    image = np.full((height, width), value, np.float32)
    return MaskedImage(image, None, np.full((height, width), variance, np.float32))


def exposure(pixels: MaskedImage, dark_time: float | None = 10.0) -> Exposure:
    return Exposure(pixels, visit_info=None if dark_time is None else VisitInfo(dark_time, dark_time))


def test_bias_adds_variances_and_masks() -> None:
    data, bias = frame(600, 700), frame(600, 700, 7.0, 0.25)
    data.mask.set_box(Box(0, 0, 3, 3), "SAT")
    bias.mask.set_box(Box(2, 2, 3, 3), "BAD")
    bias_correction(data, bias)
    assert (data.image == 93.0).all()
    assert (data.variance == 1.25).all()
    assert data.mask.planes.names_of(data.mask.array[2, 2]) == ["BAD", "SAT"]
    assert data.mask.has("BAD").sum() == 9


def test_empty_calibration_mask_leaves_a_read_only_mask_alone() -> None:
    data, bias = frame(600, 700), frame(600, 700)
    data.mask.array.flags.writeable = False
    bias_correction(data, bias)
    assert not data.image.any()


@pytest.mark.parametrize(("width", "height"), [(701, 600), (700, 602)])
def test_sizes_must_match(width: int, height: int) -> None:
    with pytest.raises(RuntimeError, match=f"the bias has {width} x {height} pixels, the data has 700 x 600"):
        bias_correction(frame(600, 700), frame(height, width))


def test_trimming_corrects_the_centre_and_flags_the_rest() -> None:
    data = frame(20, 30)
    bias_correction(data, frame(14, 24, 40.0), trim_to_fit=True)
    inside = np.zeros((20, 30), bool)
    inside[3:-3, 3:-3] = True
    np.testing.assert_array_equal(data.image, np.where(inside, 60.0, 100.0).astype(np.float32))
    np.testing.assert_array_equal(data.mask.has("EDGE"), ~inside)


def test_trimming_respects_the_origin() -> None:
    whole = frame(20, 30)
    part = whole.subset(Box(4, 6, 10, 8))
    centre = trim_to_match_calib(part, frame(6, 8))
    assert centre.bbox == Box(5, 7, 8, 6)
    assert whole.mask.has("EDGE").sum() == 10 * 8 - 8 * 6


@pytest.mark.parametrize(("width", "height"), [(29, 19), (28, 16), (32, 22)])
def test_only_symmetric_trimming_is_possible(width: int, height: int) -> None:
    with pytest.raises(RuntimeError, match=f"the flat has {width} x {height} pixels, the data has 30 x 20"):
        flat_correction(frame(20, 30), frame(height, width), "USER", trim_to_fit=True)


def test_trimming_nothing_is_the_data_itself() -> None:
    data = frame(20, 30)
    assert trim_to_match_calib(data, frame(20, 30)) is data
    assert not data.mask.array.any()


def test_dark_times_scale_the_dark() -> None:
    data = exposure(frame(20, 30), dark_time=30.0)
    correct_dark_exposure(data, exposure(frame(20, 30, 4.0, 0.5), dark_time=60.0))
    assert (data.image == 98.0).all()
    np.testing.assert_allclose(data.variance, 1.0 + 0.25 * 0.5)


@pytest.mark.parametrize("dark_time", [None, np.nan])
def test_dark_without_dark_time_counts_as_one_second(dark_time: Any, caplog: pytest.LogCaptureFixture) -> None:
    data = exposure(frame(20, 30), dark_time=3.0)
    correct_dark_exposure(data, exposure(frame(20, 30, 2.0), dark_time))
    assert (data.image == 94.0).all()
    assert "no dark time" in caplog.text


def test_size_of_the_dark_is_checked_before_its_dark_time() -> None:
    with pytest.raises(RuntimeError, match="the dark has 3 x 2 pixels"):
        correct_dark_exposure(exposure(frame(20, 30), dark_time=3.0), exposure(frame(2, 3), 0.0))


@pytest.mark.parametrize(
    ("dark_time", "reference", "error", "message"),
    [
        (np.nan, 1.0, RuntimeError, "dark time of the exposure is NaN"),
        (None, 1.0, RuntimeError, "no visit info"),
        (1.0, 0.0, ZeroDivisionError, "dark time of the dark frame is 0 s"),
    ],
)
def test_impossible_dark_times(dark_time: Any, reference: float, error: type[Exception], message: str) -> None:
    data = exposure(frame(20, 30), dark_time)
    with pytest.raises(error, match=message):
        correct_dark_exposure(data, exposure(frame(20, 30), reference))
    assert (data.image == 100.0).all()


@pytest.mark.parametrize(("scaling", "scale"), [("USER", 0.5), ("MEAN", 3.0), ("MEDIAN", 2.0)])
def test_scale_of_the_flat_ignores_mask_and_nan(scaling: str, scale: float) -> None:
    data, flat = frame(1, 4), frame(1, 4, variance=0.0)
    flat.image[0] = [2.0, 2.0, 5.0, np.nan]
    flat.mask.set_where(flat.image > 4, "BAD")
    flat_correction(data, flat, scaling, user_scale=0.5)
    np.testing.assert_allclose(data.image[0, :3], 100.0 / (flat.image[0, :3] / scale), rtol=1e-6)
    assert np.isnan(data.image[0, 3])


def test_unusable_scales_of_the_flat() -> None:
    with pytest.raises(RuntimeError, match="flatScalingType must be MEAN, MEDIAN or USER, found 'MODE'"):
        flat_correction(frame(2, 2), frame(2, 2), "MODE")
    with pytest.raises(ZeroDivisionError, match="scale of the flat"):
        flat_correction(frame(2, 2), frame(2, 2), "USER", user_scale=0.0)


def test_zero_flat_gives_infinity_without_a_warning() -> None:
    data, flat = frame(600, 700), frame(600, 700, 1.0, 0.0)
    flat.image[5, 5] = 0.0
    flat_correction(data, flat, "USER")
    assert np.isinf(data.image[5, 5])
    assert np.isfinite(data.image).sum() == 600 * 700 - 1


@given(
    image=arrays(np.float32, (4, 5), elements=st.floats(-1e5, 1e5, width=32)),
    flat=arrays(np.float32, (4, 5), elements=st.floats(0.125, 8.0, width=32)),
    scale=st.floats(0.25, 4.0),
)
def test_flat_then_unflat(image: Any, flat: Any, scale: float) -> None:
    data, reference = MaskedImage(image.copy()), MaskedImage(flat)
    flat_correction(data, reference, "USER", scale)
    flat_correction(data, reference, "USER", scale, invert=True)
    np.testing.assert_allclose(data.image, image, rtol=1e-6, atol=1e-30)


@given(times=st.tuples(st.floats(1.0, 1000.0), st.floats(1.0, 1000.0)))
def test_dark_then_undark(times: tuple[float, float]) -> None:
    data, dark = frame(4, 5), frame(4, 5, 3.0, 0.5)
    dark_correction(data, dark, *times)
    dark_correction(data, dark, *times, invert=True)
    np.testing.assert_allclose(data.image, 100.0, rtol=1e-5 * (1 + times[0] / times[1]))
    np.testing.assert_allclose(data.variance, 1.0 + (times[0] / times[1]) ** 2, rtol=1e-5)


def test_illumination_scale() -> None:
    data = frame(20, 30)
    illumination_correction(data, frame(20, 30, 4.0, 0.0), scale=2.0)
    assert (data.image == 50.0).all()
    with pytest.raises(ZeroDivisionError, match="illumScale"):
        illumination_correction(data, frame(20, 30), scale=0.0)


def test_bias_runs_once_early_or_late() -> None:
    state = IsrState(exposure(frame(2, 2)), SimpleNamespace())  # type: ignore[arg-type]
    for on, early, reasons in (
        (True, False, ("doBiasBeforeOverscan is off", None)),
        (True, True, (None, "doBiasBeforeOverscan is on: left to the step early bias")),
        (False, True, ("doBias is off", "doBias is off")),
    ):
        task = SimpleNamespace(config=SimpleNamespace(doBias=on, doBiasBeforeOverscan=early))
        assert (EARLY_BIAS.why_not(task, state), BIAS.why_not(task, state)) == reasons


def test_illumination_only_for_its_filters() -> None:
    config = SimpleNamespace(doIlluminationCorrection=True, illumFilters=["i.MP9702"])
    task = SimpleNamespace(config=config, log=logging.getLogger("isr"))
    state = IsrState(exposure(frame(2, 2)), SimpleNamespace())  # type: ignore[arg-type]
    state.exposure.filter_label = FilterLabel("r.MP9602", "r")
    assert ILLUMINATION.why_not(task, state) == "filter r.MP9602 is not in illumFilters"
    state.exposure.filter_label = FilterLabel("i.MP9702", "i")
    assert ILLUMINATION.why_not(task, state) is None


def test_planes_of_a_calibration_are_matched_by_name() -> None:
    data, bias = frame(20, 30), frame(20, 30)
    bias.mask = Mask(np.ones((20, 30), np.int32), bias.mask.planes.__class__({"GHOST": 0}))
    bias_correction(data, bias)
    assert data.mask.has("GHOST").all()
    assert not data.mask.has("BAD").any()
