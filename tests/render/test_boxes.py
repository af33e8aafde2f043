"""Boxes on the screen: exactly the screen pixels that show their pixels, in all views; borders as arrays have them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrviewer.render.boxes import borders, fill_boxes, screen_borders, screen_boxes
from isrviewer.render.pyramid import factor_for, reduce_plane
from isrviewer.render.sampling import Samples, gather
from isrviewer.render.view import Grid, Orientation, View

HEIGHT, WIDTH = 23, 37
BOXES = [Box(0, 0, 1, 1), Box(5, 3, 1, 20), Box(9, 7, 6, 2), Box(36, 22, 1, 1), Box(20, 11, 3, 5), Box(30, 0, 7, 1)]
CORNERS = np.array([(box.y0, box.x0, box.y1, box.x1) for box in BOXES])
ORIENTATIONS = [Orientation(*flags) for flags in itertools.product((False, True), repeat=3)]
ZOOMS = (0.23, 0.4, 0.5, 0.71, 1.0, 1.3, 3.0, 4.7, 8.0)
SIZE = (61, 43)


def shown(where: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """The screen pixels for which the picture takes one of these pixels."""
    factor = factor_for(grid.x.zoom)
    level = reduce_plane(where.astype(np.int32), factor, "or")
    rows, columns = (
        Samples.along(axis, length, factor) for axis, length in zip((grid.y, grid.x), where.shape, strict=True)
    )
    picture = np.zeros((grid.y.count, grid.x.count), bool)
    picture[rows.inside, columns.inside] = gather(level, rows, columns, np.bitwise_or) != 0
    return picture.T if grid.transpose else picture


def painted(rectangles: NDArray[np.intp], size: tuple[int, int]) -> NDArray[np.bool_]:
    picture = np.zeros((size[1] + 40, size[0] + 40), bool)
    for left, top, width, height in rectangles.tolist():
        picture[top + 20 : top + 20 + height, left + 20 : left + 20 + width] = True
    return picture[20 : 20 + size[1], 20 : 20 + size[0]]


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_box_covers_the_screen_pixels_that_show_its_pixels(zoom: float, orientation: Orientation) -> None:
    for center in ((18.0, 11.0), (3.4, 20.2), (33.0, 1.0)):
        grid = Grid.of(View(center, zoom, orientation), SIZE)
        for number, box in enumerate(BOXES):
            where = np.zeros((HEIGHT, WIDTH), bool)
            where[box.slices()] = True
            index, rectangles = screen_boxes(grid, CORNERS[number : number + 1])
            assert np.array_equal(painted(rectangles, SIZE), shown(where, grid))
            assert (len(index) == 1) == shown(where, grid).any()
        assert (screen_boxes(grid, CORNERS)[1][:, 2:] >= 1).all()


def test_only_boxes_in_view_are_kept_and_long_ones_are_cut() -> None:
    grid = Grid.of(View((10.0, 8.0), 8.0), (40, 40))
    corners = np.array([(0, 0, 1, 1), (0, 9, 100_000, 10), (8, 500, 9, 501), (7, 11, 8, 12)])
    index, rectangles = screen_boxes(grid, corners)
    assert index.tolist() == [1, 3]
    assert rectangles[0].tolist() == [8, -8, 8, 56]
    assert not len(screen_boxes(grid, corners[:0])[0])


def test_coordinates_of_another_frame_are_moved() -> None:
    grid = Grid.of(View((18.0, 11.0), 3.0, Orientation(True, True)), SIZE, (32, 0))
    moved = CORNERS + np.array([0, 32, 0, 32])
    assert np.array_equal(screen_boxes(grid.moved(-32, 0), CORNERS)[1], screen_boxes(grid, moved)[1])


boxes = st.builds(Box, st.integers(0, 12), st.integers(0, 9), st.integers(1, 6), st.integers(1, 5))


@given(st.lists(st.lists(boxes, min_size=1, max_size=5).map(PixelSet.of), min_size=1, max_size=3))
def test_borders_are_where_an_owner_ends(sets: list[PixelSet]) -> None:
    frame = Box(0, 0, 20, 16)
    corners = np.concatenate([pixels.corners for pixels in sets])
    owners = np.repeat(np.arange(len(sets)), [len(pixels.corners) for pixels in sets])
    horizontal, vertical = borders(corners, owners)
    for owner, pixels in enumerate(sets):
        where = np.pad(pixels.to_mask(frame), ((1, 0), (1, 0)))
        for segments, axis in ((horizontal, 0), (vertical, 1)):
            expected = np.diff(where, axis=axis)
            expected = expected[:, 1:] if axis == 0 else expected[1:].T
            found = np.zeros_like(expected)
            for _, line, start, stop in segments[segments[:, 0] == owner].tolist():
                assert not found[line, start:stop].any()
                found[line, start:stop] = True
            assert np.array_equal(found, expected)


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("zoom", [4.0, 5.3])
def test_borders_on_the_screen_run_around_the_boxes(orientation: Orientation, zoom: float) -> None:
    grid = Grid.of(View((18.0, 11.0), zoom, orientation), (250, 250))
    _, rectangles = screen_boxes(grid, CORNERS)
    owners, lines = screen_borders(grid, CORNERS, np.arange(len(CORNERS)))
    for owner, (left, top, width, height) in enumerate(rectangles.tolist()):
        ends = lines[owners == owner].reshape(-1, 2)
        assert sorted(set(ends[:, 0].tolist())) == [left, left + width]
        assert sorted(set(ends[:, 1].tolist())) == [top, top + height]
        assert len(ends) == 8


@given(
    st.lists(
        st.tuples(
            st.integers(-9, 30), st.integers(-9, 20), st.integers(1, 15), st.integers(1, 15), st.sampled_from([7, 5, 9])
        ),
        max_size=12,
    )
)
def test_filling_paints_colour_after_colour(rows: list[tuple[int, int, int, int, int]]) -> None:
    rows.sort(key=lambda row: (7, 5, 9).index(row[4]))
    size = (27, 19)
    expected = np.zeros((size[1] + 50, size[0] + 50), np.uint32)
    for left, top, width, height, colour in rows:
        expected[top + 20 : top + 20 + height, left + 20 : left + 20 + width] = colour
    table = np.array(rows).reshape(-1, 5)
    pixels, left, top = fill_boxes(table[:, :4], table[:, 4].astype(np.uint32), size)
    found = np.zeros((size[1], size[0]), np.uint32)
    found[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.array_equal(found, expected[20 : 20 + size[1], 20 : 20 + size[0]])
