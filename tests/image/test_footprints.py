"""Sets of pixels: growth, runs, regions and rectangles against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from isrcore.geom import Box
from isrcore.image.footprints import (
    cover_runs,
    decompose_boxes,
    fill_runs,
    find_runs,
    footprint_boxes,
    grow_circle,
    grow_diamond,
    label_regions,
    paint_boxes,
    smallest_at_least,
    threshold_mask,
)

SETS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))


def dilated(where: np.ndarray, offsets: list[tuple[int, int]]) -> np.ndarray:
    """The set shifted by all offsets, clipped to the array: the definition of growth."""
    height, width = where.shape
    grown = np.zeros_like(where)
    for y, x in np.argwhere(where):
        for dy, dx in offsets:
            if 0 <= y + dy < height and 0 <= x + dx < width:
                grown[y + dy, x + dx] = True
    return grown


@settings(max_examples=40)
@given(SETS, st.integers(0, 4))
def test_growth(where: np.ndarray, radius: int) -> None:
    square = [(dy, dx) for dy in range(-radius, radius + 1) for dx in range(-radius, radius + 1)]
    diamond = [(dy, dx) for dy, dx in square if abs(dy) + abs(dx) <= radius]
    circle = [(dy, dx) for dy, dx in square if abs(dx) <= int(np.sqrt(radius**2 - dy**2))]
    before = where.copy()
    np.testing.assert_array_equal(grow_diamond(where, radius), dilated(where, diamond))
    np.testing.assert_array_equal(grow_circle(where, radius), dilated(where, circle))
    np.testing.assert_array_equal(where, before)


def test_growth_across_bands() -> None:
    """Large sets are grown in bands of rows, whose borders must not show."""
    where = np.random.default_rng(1).random((1200, 900)) < 0.001
    cross = ndimage.generate_binary_structure(2, 1)
    expected = ndimage.binary_dilation(where, cross, iterations=3)
    np.testing.assert_array_equal(grow_diamond(where, 3), expected)


@settings(max_examples=60)
@given(SETS)
def test_runs_rebuild_the_set(where: np.ndarray) -> None:
    runs = find_runs(where)
    rebuilt = np.zeros_like(where)
    fill_runs(rebuilt, *runs)
    np.testing.assert_array_equal(rebuilt, where)
    same_row = runs.y[1:] == runs.y[:-1]
    assert (runs.first[1:][same_row] > runs.last[:-1][same_row] + 1).all()
    assert (np.diff(runs.y) >= 0).all()


def test_runs_of_a_large_set() -> None:
    where = np.random.default_rng(2).random((2000, 700)) < 0.3
    runs = find_runs(where)
    rebuilt = np.zeros_like(where)
    fill_runs(rebuilt, *runs)
    np.testing.assert_array_equal(rebuilt, where)


def test_runs_are_clipped_when_filled() -> None:
    where = np.zeros((3, 5), np.bool_)
    y, first, last = np.array([0, 1, 2, -1, 3, 1]), np.array([-4, 3, 7, 0, 0, 2]), np.array([1, 9, 9, 4, 4, 1])
    fill_runs(where, y, first, last)
    np.testing.assert_array_equal(np.argwhere(where), [[0, 0], [0, 1], [1, 3], [1, 4]])


@settings(max_examples=60)
@given(SETS)
def test_boxes_cover_exactly_and_once(where: np.ndarray) -> None:
    frame = Box(3, -2, where.shape[1], where.shape[0])
    for boxes in (decompose_boxes(where, (3, -2)), footprint_boxes(where, (3, -2))):
        assert sum(box.area for box in boxes) == where.sum()
        np.testing.assert_array_equal(paint_boxes(boxes, frame), where)
    assert [box.shift(3, -2) for box in cover_runs(find_runs(where))] == decompose_boxes(where, (3, -2))


def test_boxes_begin_at_the_bottom_and_grow_upwards() -> None:
    where = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0]], np.bool_)
    assert decompose_boxes(where) == [Box(0, 0, 2, 2), Box(2, 1, 1, 1), Box(0, 2, 1, 1)]


def test_regions_touch_at_corners() -> None:
    where = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 0, 1]], np.bool_)
    labels, count = label_regions(where)
    assert count == 3
    assert labels[0, 0] == labels[1, 1]
    assert len({int(labels[3, 0]), int(labels[3, 2]), int(labels[0, 0])}) == 3


def test_empty_sets() -> None:
    nothing = np.zeros((4, 5), np.bool_)
    assert decompose_boxes(nothing) == footprint_boxes(nothing) == []
    assert find_runs(nothing).y.size == 0
    assert not grow_diamond(nothing, 3).any()


def test_threshold_includes_itself_and_infinity() -> None:
    pixels = np.array([[5.0, 4.999, np.nan, np.inf, -np.inf]], np.float32)
    np.testing.assert_array_equal(threshold_mask(pixels, 5.0), [[True, False, False, True, False]])


@pytest.mark.parametrize("threshold", [0.1, 60000.3, 1e-20, 16777217.0, -0.1])
def test_threshold_is_compared_in_double_precision(threshold: float) -> None:
    lowest = smallest_at_least(threshold, np.dtype(np.float32))
    assert float(lowest) >= threshold
    assert float(np.nextafter(lowest, np.float32(-np.inf))) < threshold
    assert smallest_at_least(threshold, np.dtype(np.int32)) == threshold


def test_painting_leaves_out_what_is_outside() -> None:
    painted = paint_boxes([Box(-2, -2, 4, 4), Box(50, 50, 2, 2)], Box(0, 0, 4, 3))
    np.testing.assert_array_equal(np.argwhere(painted), [[0, 0], [0, 1], [1, 0], [1, 1]])
