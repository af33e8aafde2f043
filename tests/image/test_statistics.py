"""Statistics: their meaning on small samples, and that large frames give exactly what sorting would give."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.image import Mask, MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics, string_to_property
from isrcore.kernels.large_selection import ManyPixels, _sample_steps
from isrcore.kernels.partial_order import nth_element
from isrcore.kernels.selection import CountedPixels, FewPixels

EVERYTHING = (
    Property.NPOINT
    | Property.MEAN
    | Property.STDEV
    | Property.MEDIAN
    | Property.IQRANGE
    | Property.MEANCLIP
    | Property.STDEVCLIP
    | Property.MIN
    | Property.MAX
    | Property.SUM
    | Property.NMASKED
)


def large_frames() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    sky = rng.normal(900.0, 30.0, (400, 300)).astype(np.float32)
    stars = sky.copy()
    stars[rng.random(sky.shape) < 0.1] = 65535.0
    broken = stars.copy()
    broken[rng.random(sky.shape) < 0.05] = np.nan
    broken[3, 5], broken[7, 9], broken[8, 2] = np.inf, -np.inf, -1e30
    # What the sample sees has nothing to do with the rest.
    misleading = rng.normal(900.0, 30.0, (1100, 900)).astype(np.float32)
    row_step, column_step = _sample_steps(misleading.shape)
    assert row_step * column_step > 1
    misleading[row_step // 2 :: row_step, column_step // 2 :: column_step] -= 5000.0
    return {
        "sky": sky,
        "double": rng.normal(0.0, 1e-3, (400, 300)),
        "stars": stars,
        "broken": broken,
        "rounded": np.round(sky),
        "constant": np.full((300, 300), 7.25, np.float32),
        "two values": np.where(rng.random((300, 300)) < 0.5, 1.0, 2.0).astype(np.float32),
        "misleading sample": misleading,
        "view": stars[:, 20:270],
        "vector": sky.reshape(-1),
        "all NaN": np.full((300, 300), np.nan, np.float32),
    }


@pytest.mark.parametrize("name", large_frames())
@pytest.mark.parametrize("masked", [False, True])
def test_large_frames_are_exact(name: str, masked: bool) -> None:
    frame = large_frames()[name]
    mask = np.zeros(frame.shape, np.int32)
    mask[::7] = 4
    mask[::11] = 2
    many = ManyPixels(frame, mask if masked else None, 4, 3.0)
    kept = frame[(mask & 4) == 0] if masked else frame
    few = FewPixels(kept[np.isfinite(kept)])
    assert many.count == few.count
    np.testing.assert_array_equal([many.median(), *many.quartiles()], [few.median(), *few.quartiles()])
    np.testing.assert_array_equal(many.extremes(), few.extremes())
    np.testing.assert_allclose(many.moments(), few.moments(), rtol=1e-9)
    median, quartiles = few.median(), few.quartiles()
    for width in (0.5, 2.2, 3.0, 40.0):
        half_width = width * (quartiles[2] - quartiles[0])
        if few.count:
            found, expected = many.moments_within(median, half_width), few.moments_within(median, half_width)
            np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=str(width))


def test_median_before_and_after_other_statistics() -> None:
    frame = large_frames()["stars"]
    pixels = ManyPixels(frame, None, 0, 3.0)
    assert pixels.median() == np.median(frame)
    pixels.quartiles()
    assert pixels.median() == np.median(frame)


def test_large_masked_image_through_the_front_door() -> None:
    frame = large_frames()["broken"]
    image = MaskedImage(frame, Mask.zeros(frame.shape))
    image.mask.array[:50] = 1
    found = make_statistics(image, EVERYTHING, StatisticsControl(and_mask=1))
    kept = frame[50:][np.isfinite(frame[50:])].astype(np.float64)
    assert found.value(Property.NPOINT) == kept.size
    assert found.value(Property.NMASKED) == frame.size - kept.size
    assert found.value(Property.MEDIAN) == np.median(kept)
    assert found.value(Property.MAX) == kept.max()
    assert found.value(Property.SUM) == pytest.approx(kept.sum(), rel=1e-12)


@settings(max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40))
def test_floats_agree_with_numpy(values: list[float]) -> None:
    found = make_statistics(np.array(values, np.float32), EVERYTHING)
    array = np.array(values, np.float32).astype(np.float64)
    assert found.value(Property.MEAN) == pytest.approx(array.mean(), rel=1e-9, abs=1e-6)
    assert found.value(Property.MEDIAN) == pytest.approx(np.median(array), rel=1e-12, abs=1e-9)
    lower, upper = np.quantile(array, [0.25, 0.75])
    assert found.value(Property.IQRANGE) == pytest.approx(upper - lower, rel=1e-9, abs=1e-6)
    assert found.value(Property.MIN) == array.min()
    if len(values) > 1:
        assert found.value(Property.STDEV) == pytest.approx(array.std(ddof=1), rel=1e-6, abs=1e-4)
    else:
        assert math.isnan(found.value(Property.STDEV))


@settings(max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=2, max_size=60), st.sampled_from([np.int16, np.int32, np.int64]))
def test_integer_median_counts_half_pixels(values: list[int], dtype: type) -> None:
    found = make_statistics(np.array(values, dtype), Property.MEDIAN).value()
    ordered = sorted(values)
    middle = ordered[(len(values) - 1) // 2]
    below, equal = sum(v < middle for v in values), values.count(middle)
    assert found == pytest.approx(middle - 0.5 + (0.5 * len(values) - below) / equal)


def test_integers_far_apart_are_counted_too() -> None:
    values = np.array([[2**31 - 1, -(2**31), 7, 7]], np.int32)
    assert make_statistics(values, Property.MEDIAN).value() == 7.0
    assert make_statistics(values, Property.MAX).value() == 2**31 - 1
    assert CountedPixels(values).count == 4


@settings(max_examples=60)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=80), st.data())
def test_selection_puts_the_right_element_in_its_place(values: list[int], data: st.DataObject) -> None:
    nth = data.draw(st.integers(0, len(values) - 1))
    arranged = list(values)
    nth_element(arranged, nth, 0, len(values))
    assert sorted(arranged) == sorted(values)
    assert arranged[nth] == sorted(values)[nth]
    assert all(value <= arranged[nth] for value in arranged[:nth])
    assert all(value >= arranged[nth] for value in arranged[nth:])


def test_selection_survives_bad_pivots() -> None:
    values = [k % 2 * 1000 + k for k in range(64)][::-1] + list(range(64))
    expected = sorted(values)[70]
    nth_element(values, 70, 0, len(values))
    assert values[70] == expected


def test_clipping_starts_again_from_all_pixels() -> None:
    """A pixel rejected in the first iteration may come back in the next."""
    values = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 4.4], np.float32)
    once = make_statistics(values, Property.MEANCLIP, StatisticsControl(1.5, 1)).value()
    assert once == pytest.approx(np.mean(values[:-1]))
    twice = make_statistics(values, Property.MEANCLIP, StatisticsControl(4.5, 2)).value()
    assert twice == pytest.approx(np.mean(values))


def test_nothing_usable_gives_nan() -> None:
    found = make_statistics(np.full(5, np.nan), EVERYTHING)
    assert found.value(Property.NPOINT) == 0
    assert found.value(Property.SUM) == 0
    for prop in (Property.MEAN, Property.MEDIAN, Property.STDEVCLIP, Property.MIN):
        assert math.isnan(found.value(prop))


def test_or_of_the_masks_of_usable_pixels() -> None:
    image = MaskedImage(np.array([[1.0, np.nan, 3.0]], np.float32), Mask(np.array([[1, 2, 4]], np.int32)))
    assert make_statistics(image, Property.ORMASK).value() == 5
    assert make_statistics(image, Property.ORMASK, StatisticsControl(and_mask=4)).value() == 1
    assert make_statistics(image.image, Property.ORMASK).value() == 0


def test_mean_of_squares() -> None:
    assert make_statistics([1.0, 2.0, 4.0], Property.MEANSQUARE).value() == pytest.approx(7.0)


def test_names() -> None:
    assert string_to_property("MEANCLIP") == Property.MEANCLIP == 0x80
    assert string_to_property("nonsense") == Property.NOTHING


@pytest.mark.parametrize(("sigma", "iterations"), [(0.0, 3), (-1.0, 3), (math.nan, 3), (3.0, 0)])
def test_control_is_checked(sigma: float, iterations: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        StatisticsControl(sigma, iterations)


def test_wrong_questions() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        make_statistics(np.zeros((0, 3)), Property.MEAN)
    with pytest.raises(ValueError, match=r"image is \(2, 3\), its mask \(3, 2\)"):
        make_statistics(np.zeros((2, 3)), Property.MEAN, mask=np.zeros((3, 2), np.int32))
    with pytest.raises(ValueError, match="ERRORS"):
        make_statistics([1.0], Property.MEAN | Property.ERRORS)
    both = make_statistics([1.0, 2.0], Property.MEAN | Property.MEDIAN)
    with pytest.raises(ValueError, match="name the statistic"):
        both.value()
    with pytest.raises(ValueError, match="STDEV was not requested"):
        both.value(Property.STDEV)
