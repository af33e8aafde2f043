"""Coordinates there and back, orientations, and bins that do not depend on where the view is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.geom import Box
from isrviewer.render.view import MAX_ZOOM, MIN_ZOOM, Grid, Orientation, View, fit_view

orientations = st.builds(Orientation, st.booleans(), st.booleans(), st.booleans())


@given(
    orientations,
    st.floats(0.05, 40),
    st.floats(-500, 5000),
    st.floats(-500, 5000),
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.floats(-100, 3000),
    st.floats(-100, 3000),
)
def test_screen_to_image_and_back(orientation, zoom, x, y, width, height, across, down):
    grid = Grid.of(View((x, y), zoom, orientation), (width, height), (32, 7))
    assert grid.size == (width, height)
    assert grid.to_screen(*grid.to_image(across, down)) == pytest.approx((across, down), abs=1e-6)


@given(orientations, st.floats(0.05, 40), st.floats(0, 4000), st.floats(0, 4000))
def test_the_centre_of_the_view_is_in_the_middle_of_the_screen(orientation, zoom, x, y):
    grid = Grid.of(View((x, y), zoom, orientation), (640, 480))
    assert grid.to_screen(x, y) == pytest.approx((320, 240), abs=0.51)


def test_by_default_x_runs_right_and_y_up():
    grid = Grid.of(View((50, 50), 2.0), (200, 200))
    across, down = grid.to_screen(50, 50)
    assert grid.to_screen(51, 50) == (across + 2, down)
    assert grid.to_screen(50, 51) == (across, down - 2)


@given(orientations)
def test_turning_moves_right_to_up(orientation):
    for direction in ((1, 0), (0, 1)):
        right, up = orientation.screen_direction(*direction)
        assert orientation.rotated().screen_direction(*direction) == (-up, right)
        assert orientation.mirrored_x().screen_direction(*direction) == (-right, up)
        assert orientation.mirrored_y().screen_direction(*direction) == (right, -up)


def test_four_quarter_turns_are_none():
    for flags in itertools.product((False, True), repeat=3):
        start = turned = Orientation(*flags)
        for _ in range(4):
            turned = turned.rotated()
        assert turned == start


@pytest.mark.parametrize(
    ("sky", "expected"),
    [
        (((-5e-5, 0), (0, 5e-5)), Orientation()),
        (((5e-5, 0), (0, 5e-5)), Orientation(flip_x=True)),
        (((5e-5, 1e-7), (1e-7, -5e-5)), Orientation(flip_x=True, flip_y=True)),
        (((0, -5e-5), (5e-5, 0)), Orientation(transpose=True)),
    ],
)
def test_north_goes_up_and_east_left(sky, expected):
    assert Orientation.north_up(sky) == expected


def test_a_singular_cd_matrix_is_refused():
    with pytest.raises(ValueError, match="no direction to north"):
        Orientation.north_up(((1, 1), (1, 1)))


def test_fit_shows_the_whole_box_and_no_more():
    for orientation in (Orientation(), Orientation(transpose=True)):
        view = fit_view(Box(32, 0, 300, 100), (600, 400), orientation)
        box = Grid.of(view, (600, 400)).visible_box()
        assert box.contains(Box(32, 0, 300, 100))
        assert view.zoom == pytest.approx(400 / 300 if orientation.transpose else 2.0)


def test_visible_box_of_whole_pixels():
    assert Grid.of(View((9.5, 4.5), 10.0), (200, 100)).visible_box() == Box(0, 0, 20, 10)


def test_zoom_stays_within_its_range():
    assert View(zoom=1e9).zoom == MAX_ZOOM
    assert View(zoom=0.0).zoom == MIN_ZOOM


def test_bins_are_fixed_to_the_image():
    first = Grid.of(View((100.0, 80.0), 0.37), (50, 40))
    second = Grid.of(View((100.0 + 13 / 0.37, 80.0), 0.37), (50, 40))
    assert second.x.first - first.x.first == 13
    assert second.x.to_image(0) == pytest.approx(first.x.to_image(13))
