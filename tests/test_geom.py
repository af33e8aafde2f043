"""Laws of boxes, and the FITS sections that they come from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.geom import Box, parse_fits_section

small = st.integers(-12, 12)
boxes = st.builds(Box, small, small, st.integers(0, 12), st.integers(0, 12))


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x0, box.x1) for y in range(box.y0, box.y1)}


@given(boxes, boxes)
def test_intersection_and_containment_are_those_of_pixel_sets(a: Box, b: Box) -> None:
    assert pixels(a.intersect(b)) == pixels(a) & pixels(b)
    assert a.contains(b) == (pixels(b) <= pixels(a))
    assert a.area == len(pixels(a))


@given(boxes, boxes)
def test_union_is_the_smallest_box_around_both(a: Box, b: Box) -> None:
    union = a.union(b)
    assert union.contains(a)
    assert union.contains(b)
    assert union == b.union(a) == Box.around([a, b])
    both = pixels(a) | pixels(b)
    if both:
        xs, ys = zip(*both, strict=True)
        assert union == Box.from_corners(min(xs), min(ys), max(xs), max(ys))


@given(boxes, st.integers(0, 5))
def test_growing_and_shrinking(box: Box, n: int) -> None:
    assert box.grow(n).grow(-n) == box
    assert box.contains(box.grow(-n))


@given(boxes, st.booleans(), st.booleans())
def test_mirroring_is_what_flipping_an_array_does(box: Box, flip_x: bool, flip_y: bool) -> None:
    frame = Box(0, 0, 11, 9)
    inside = box.intersect(frame)
    array = np.zeros(frame.shape, bool)
    if not inside.is_empty:
        array[inside.slices()] = True
    array = array[:, ::-1] if flip_x else array
    array = array[::-1] if flip_y else array
    mirrored = inside.mirror(frame.width, frame.height, flip_x, flip_y)
    expected = np.zeros(frame.shape, bool)
    if not mirrored.is_empty:
        expected[mirrored.slices()] = True
    assert np.array_equal(array, expected)


def test_empty_boxes_are_one_box() -> None:
    assert Box(5, 7, 0, 3) == Box(5, 7, 3, -1) == Box()
    assert Box(2, 2, 2, 2).intersect(Box(9, 9, 1, 1)).is_empty


def test_slices_refuse_to_wrap() -> None:
    assert Box(3, 4, 2, 1).slices((1, 1)) == (slice(3, 4), slice(2, 4))
    with pytest.raises(ValueError, match="begins outside"):
        Box(0, 0, 2, 2).slices((1, 0))


@given(st.builds(Box, st.integers(0, 99), st.integers(0, 99), st.integers(1, 99), st.integers(1, 99)))
def test_sections_round_trip(box: Box) -> None:
    assert parse_fits_section(box.to_fits_section()) == box


def test_sections_of_megacam() -> None:
    assert parse_fits_section("[33:2080,1:4612]") == Box(32, 0, 2048, 4612)
    assert parse_fits_section("[4224:2113,1:4612]") == Box(2112, 0, 2112, 4612)
    assert parse_fits_section("[0:0,0:0]") is None
    with pytest.raises(ValueError, match="expected a section"):
        parse_fits_section("33:2080")
