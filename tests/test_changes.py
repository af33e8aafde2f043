"""What a step changed is counted as a plain comparison would count it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.changes import PlaneChanges, measure_changes
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.steps.flat import flat_correction

VALUES = [0.0, -0.0, 1.5, -3.0, 3e38, -3e38, math.inf, -math.inf, math.nan]
SHAPE = 6, 5


def exposure(values: list[float], bits: list[int]) -> Exposure:
    image = np.array(values, np.float32).reshape(SHAPE)
    return Exposure(MaskedImage(image, Mask(np.array(bits, np.int32).reshape(SHAPE))))


pixels = st.lists(st.sampled_from(VALUES), min_size=30, max_size=30)
masks = st.lists(st.integers(0, 511), min_size=30, max_size=30)


@given(old=pixels, new=pixels, old_bits=masks, new_bits=masks)
def test_agrees_with_pixel_by_pixel(
    old: list[float], new: list[float], old_bits: list[int], new_bits: list[int]
) -> None:
    found = measure_changes(exposure(old, old_bits), exposure(new, new_bits))
    same = [a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(old, new, strict=True)]
    assert found.pixels_changed == same.count(False)
    with np.errstate(all="ignore"):
        deltas = [float(np.float32(b) - np.float32(a)) for a, b in zip(old, new, strict=True)]
        finite = [delta for delta in deltas if math.isfinite(delta)]
        moved = np.array([delta for delta in finite if delta], np.float32)
        assert found.median_change == (float(np.median(moved)) if moved.size else 0.0)
    assert abs(found.extreme_change) == max((abs(delta) for delta in finite), default=0.0)
    assert found.extreme_change in [*finite, 0.0]
    became = [math.isfinite(a) and not math.isfinite(b) for a, b in zip(old, new, strict=True)]
    assert found.made_not_finite == became.count(True)
    names = exposure(old, old_bits).mask.planes.as_dict()
    added = [b & ~a for a, b in zip(old_bits, new_bits, strict=True)]
    counts = {name: sum(value >> bit & 1 for value in added) for name, bit in names.items()}
    assert found.bits_added == {name: count for name, count in counts.items() if count}


def test_shared_planes_are_no_change_and_a_resized_frame_has_no_numbers() -> None:
    frame = exposure([1.0] * 30, [0] * 30)
    assert measure_changes(frame, frame) == PlaneChanges()
    other = Exposure(MaskedImage(np.zeros((2, 3), np.float32)))
    assert measure_changes(frame, other) == PlaneChanges(resized=True)


def test_another_variance_plane_is_a_change() -> None:
    frame = exposure([1.0] * 30, [0] * 30)
    other = frame.with_pixels(MaskedImage(frame.image, frame.mask, frame.variance.copy()))
    assert measure_changes(frame, other) == PlaneChanges(variance_changed=True)


def test_mask_planes_that_moved_are_refused() -> None:
    frame, other = (exposure([1.0] * 30, [0] * 30) for _ in range(2))
    other.mask.planes._bits["SAT"] = 20
    with pytest.raises(ValueError, match="changed their bits"):
        measure_changes(frame, other)


def test_pixels_that_a_flat_makes_infinite_or_nan_are_counted() -> None:
    """By value or by variance, each pixel once, and not those that were so before."""
    before = exposure([1.0] * 30, [0] * 30)
    before.image[0, :2] = 0.0, math.nan
    before.masked_image.variance[:] = 1.0
    flat = MaskedImage(np.ones(SHAPE, np.float32))
    flat.image[0, :5] = 0.0, 0.0, 0.0, math.nan, -2.0
    flat.image[1, 0] = 1e-30
    after = Exposure(before.masked_image.clone())
    flat_correction(after.masked_image, flat, "USER")
    assert np.isnan(after.image[0, 0])
    assert not np.isfinite(after.image[0, 2])
    assert np.isnan(after.image[0, 3])
    assert after.image[0, 4] == -0.5
    assert math.isfinite(after.image[1, 0])
    assert not np.isfinite(after.variance[1, 0])
    assert measure_changes(before, after).made_not_finite == 4
