"""Differences, ratios, signal to noise and added mask bits, with NaN where there is no answer."""

from __future__ import annotations

import numpy as np
import pytest

from isrviewer.render.arithmetic import added_bits, difference, ratio, signal_to_noise
from isrviewer.render.planes import ImagePlanes


def test_difference_is_exact_for_large_integers_and_does_not_wrap():
    a = ImagePlanes(np.array([[1, 2_000_000_001]], np.int32), title="b", unit="ADU")
    b = ImagePlanes(np.array([[3, 2_000_000_000]], np.int32), title="a", unit="ADU")
    result = difference(a, b)
    assert result.image.tolist() == [[-2.0, 1.0]]
    assert result.image.dtype == np.float32
    assert (result.title, result.unit, result.zero_centred) == ("b − a", "ADU", True)
    unsigned = ImagePlanes(np.zeros((1, 2), np.uint16)), ImagePlanes(np.full((1, 2), 7, np.uint16))
    assert difference(*unsigned).image.tolist() == [[-7.0, -7.0]]


def test_a_missing_value_in_either_is_missing_in_the_result():
    a = ImagePlanes(np.array([[np.nan, 1, 4, 0]], np.float32))
    b = ImagePlanes(np.array([[1, np.nan, 2, 0]], np.float32))
    assert np.array_equal(difference(a, b).image, [[np.nan, np.nan, 2, 0]], equal_nan=True)
    assert np.array_equal(ratio(a, b).image, [[np.nan, np.nan, 2, np.nan]], equal_nan=True)


def test_signal_to_noise_needs_a_positive_variance():
    image = np.array([[10, 10, 10, np.nan, -10]], np.float32)
    variance = np.array([[4, 0, -1, 4, np.inf]], np.float32)
    result = signal_to_noise(ImagePlanes(image, variance=variance, unit="ADU"))
    assert np.array_equal(result.image, [[5, np.nan, np.nan, np.nan, 0]], equal_nan=True)
    assert result.unit == "σ"
    with pytest.raises(ValueError, match="flat has no variance plane"):
        signal_to_noise(ImagePlanes(image, title="flat"))


def test_added_bits_are_matched_by_name():
    image = np.zeros((1, 3), np.float32)
    before = ImagePlanes(image, np.array([[1, 0, 1]], np.int32), plane_bits={"SAT": 0, "BAD": 1}, title="raw")
    after = ImagePlanes(image, np.array([[2, 2, 3]], np.int32), plane_bits={"INTRP": 0, "SAT": 1}, title="final")
    assert added_bits(after, before).mask.tolist() == [[0, 2, 1]]
    with pytest.raises(ValueError, match="raw has no mask"):
        added_bits(after, ImagePlanes(image, title="raw"))


def test_the_highest_bit_counts_too():
    image, bits = np.zeros((1, 2), np.float32), {"P": 31, "Q": 0}
    before = ImagePlanes(image, np.array([[0, -(2**31)]], np.int32), plane_bits=bits)
    after = ImagePlanes(image, np.array([[-(2**31), -(2**31) + 1]], np.int32), plane_bits=bits)
    assert added_bits(after, before).mask.tolist() == [[-(2**31), 1]]


def test_steps_of_different_geometry_cannot_be_compared():
    raw = ImagePlanes(np.zeros((4, 6), np.uint16), title="raw")
    assembled = ImagePlanes(np.zeros((4, 5), np.float32), title="assembled")
    for combine in (difference, ratio, added_bits):
        with pytest.raises(ValueError, match=r"raw has 6 x 4 pixels .* assembled has 5 x 4"):
            combine(raw, assembled)


def test_planes_of_one_result_must_fit_together():
    with pytest.raises(ValueError, match="the mask plane has shape"):
        ImagePlanes(np.zeros((4, 6)), np.zeros((6, 4), np.int32))
    with pytest.raises(ValueError, match="2-d plane"):
        ImagePlanes(np.zeros(4))


def test_lookups_respect_the_origin():
    planes = ImagePlanes(np.zeros((4, 6)), xy0=(32, 10), plane_bits={"B": 3, "A": 0})
    assert planes.index(32.4, 10) == (0, 0)
    assert planes.index(37, 13) == (3, 5)
    assert planes.index(31, 10) is None
    assert planes.index(38, 10) is None
    assert planes.bits_of(9) == ["A", "B"]
