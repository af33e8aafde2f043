"""Sets of pixels obey the algebra of sets; painted arrays are the judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from isrcore.audit.pixels import PixelSet, line_pixels
from isrcore.geom import Box

FRAME = Box(0, 0, 24, 20)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, w, h).intersect(FRAME),
    st.integers(0, 23),
    st.integers(0, 19),
    st.integers(1, 9),
    st.integers(1, 9),
)
sets = st.lists(boxes, max_size=6).map(PixelSet.of)


@given(sets, sets)
def test_algebra_is_that_of_arrays(a: PixelSet, b: PixelSet) -> None:
    one, two = a.to_mask(FRAME), b.to_mask(FRAME)
    for found, expected in ((a | b, one | two), (a & b, one & two), (a - b, one & ~two)):
        assert np.array_equal(found.to_mask(FRAME), expected)
        assert found == PixelSet.from_mask(expected)
        assert found.area == expected.sum()


@given(st.lists(boxes, max_size=6))
def test_the_form_depends_on_the_set_only(some: list[Box]) -> None:
    assert PixelSet.of(some) == PixelSet.of([*reversed(some), *some])
    pieces = [Box(x, y, 1, 1) for box in some for x in range(box.x0, box.x1) for y in range(box.y0, box.y1)]
    assert PixelSet.of(some) == PixelSet.of(pieces)


@given(sets, st.integers(0, 3), st.integers(0, 3))
def test_growing_and_shrinking(pixels: PixelSet, dx: int, dy: int) -> None:
    where = pixels.to_mask(FRAME)
    element = np.ones((2 * dy + 1, 2 * dx + 1), bool)
    assert np.array_equal(pixels.grow(dx, dy, FRAME).to_mask(FRAME), ndimage.binary_dilation(where, element))
    if not pixels.is_empty:
        shrunk = ndimage.binary_erosion(where, element, border_value=1)
        assert np.array_equal(pixels.shrink(dx, dy, FRAME).to_mask(FRAME), shrunk)


@given(sets)
def test_regions_are_the_connected_parts(pixels: PixelSet) -> None:
    regions = pixels.regions()
    assert len(regions) == ndimage.label(pixels.to_mask(FRAME), np.ones((3, 3)))[1]
    assert PixelSet.of(box for region in regions for box in region.boxes) == pixels
    assert sum(region.area for region in regions) == pixels.area


@given(sets, st.integers(0, 9), st.integers(0, 9), st.integers(0, 15), st.integers(0, 15))
def test_clipping_keeps_the_form(pixels: PixelSet, x: int, y: int, width: int, height: int) -> None:
    frame = Box(x, y, width, height)
    assert pixels.clip(frame) == PixelSet.of(box.intersect(frame) for box in pixels.boxes)


@given(st.tuples(*[st.integers(-20, 20)] * 4), st.integers(1, 6))
def test_a_line_is_the_squares_along_it(ends: tuple[int, int, int, int], width: int) -> None:
    x0, y0, x1, y1 = ends
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    low = (width - 1) // 2
    places = [
        (round(x0 + (x1 - x0) * step / steps) - low, round(y0 + (y1 - y0) * step / steps) - low)
        for step in range(steps + 1)
    ]
    assert line_pixels(*ends, width) == PixelSet.of(Box(x, y, width, width) for x, y in places)


def test_a_line_has_both_ends_and_no_gaps() -> None:
    line = line_pixels(2, 3, 12, 7)
    assert line.contains_pixel(2, 3)
    assert line.contains_pixel(12, 7)
    assert len(line.regions()) == 1
    assert line.area == 11
    assert line_pixels(5, 5, 5, 5, width=3).bbox == Box(4, 4, 3, 3)
    with pytest.raises(ValueError, match="at least one pixel wide, found 0"):
        line_pixels(0, 0, 3, 3, 0)
