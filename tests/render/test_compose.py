"""Pictures, checked by counting coloured pixels: nothing gets lost or moves, whatever the zoom and orientation."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrviewer.render.colour import ColourMap
from isrviewer.render.compose import PictureRequest, PictureStyle, compose, levels_needed
from isrviewer.render.limits import measure
from isrviewer.render.plane_colours import OverlayStyle, PlaneStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import REDUCTIONS, LevelCache
from isrviewer.render.stretch import Stretch
from isrviewer.render.view import Orientation, View
from tests.render.frames import PLAIN, count, draw, fitted, planes_of

WHITE, BLACK = "#FFFFFF", "#000000"
BAD, SAT, INTRP = "#D55E00", "#E69F00", "#009E73"
BACKGROUND = PictureStyle().background
ORIENTATIONS = [Orientation(*flags) for flags in itertools.product((False, True), repeat=3)]


def as_displayed(image: np.ndarray, orientation: Orientation) -> np.ndarray:
    """The array as it should lie on the screen at 1:1, row 0 at the top."""
    shown = image.T if orientation.transpose else image
    if orientation.flip_x:
        shown = shown[:, ::-1]
    return shown if orientation.flip_y else shown[::-1]


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("times", [1, 3])
def test_every_pixel_is_where_it_belongs(orientation, times):
    image = 7 * np.arange(35, dtype=np.float32).reshape(5, 7)
    width, height = (5, 7) if orientation.transpose else (7, 5)
    planes = planes_of(image, xy0=(32, 4))
    size = (width * times, height * times)
    picture = draw(planes, fitted(planes, size, orientation), size, (0.0, 255.0))
    expected = np.kron(as_displayed(image, orientation), np.ones((times, times)))
    gray = picture.pixels & 0xFF
    assert np.array_equal(gray, expected)
    for down, across in ((0, 0), (size[1] - 1, 2), (3, size[0] - 1)):
        place = planes.index(*picture.grid.to_image(across + 0.5, down + 0.5))
        assert place is not None
        assert image[place] == expected[down, across]


def test_a_thousand_hot_pixels_are_all_visible_at_fit_zoom():
    rng = np.random.default_rng(11)
    image = rng.normal(0, 1, (4612, 2048)).astype(np.float32)
    # One per cell of a coarse lattice, so that no two can share a screen pixel.
    cells = rng.choice(140 * 60, 1000, replace=False)
    rows, columns = cells // 60 * 32 + rng.integers(0, 20, 1000), cells % 60 * 32 + rng.integers(0, 20, 1000)
    image[rows, columns] = 10.0
    planes = planes_of(image)
    for size in ((1920, 1080), (700, 500)):
        view = fitted(planes, size)
        for reduction, visible in (("max", 1000), ("deviation", 1000), ("min", 0)):
            picture = draw(planes, view, size, (-7.0, 7.0), PictureStyle(reduction=reduction))
            assert count(picture, WHITE) == visible
    dead = draw(planes_of(-image), view, size, (-7.0, 7.0), PictureStyle(reduction="min"))
    assert count(dead, BLACK) == 1000


@settings(max_examples=40)
@given(
    st.floats(0.03, 12),
    st.sampled_from(ORIENTATIONS),
    st.lists(st.tuples(st.integers(0, 96), st.integers(0, 130)), min_size=1, max_size=6, unique=True),
    st.booleans(),
)
def test_every_flagged_pixel_is_visible_at_any_zoom(zoom, orientation, places, outline):
    mask = np.zeros((97, 131), np.int32)
    for place in places:
        mask[place] = 2
    planes = planes_of(np.zeros(mask.shape, np.float32), mask)
    style = PictureStyle(overlay=PLAIN.with_plane("SAT", PlaneStyle(SAT, outline=outline)))
    size = (int(140 * zoom) + 8, int(140 * zoom) + 8)
    picture = draw(planes, View((65, 48), zoom, orientation), size, style=style)
    orange = np.uint32(0xFF000000 | int(SAT[1:], 16))
    reach = max(0.5, 0.5 / zoom)
    for row, column in places:
        across, down = picture.grid.to_screen(column, row)
        near = picture.pixels[
            max(0, int(down - reach * zoom) - 1) : int(down + reach * zoom) + 2,
            max(0, int(across - reach * zoom) - 1) : int(across + reach * zoom) + 2,
        ]
        assert (near == orange).any()
    if zoom < 1 and not outline:
        assert 1 <= count(picture, SAT) <= len(places)


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_masked_pixels_are_counted_in_every_orientation(orientation):
    mask = np.zeros((6, 9), np.int32)
    mask[0, :4] = 1
    mask[5, 8] = 2
    planes = planes_of(np.zeros(mask.shape, np.float32), mask)
    size = (6 * 4, 9 * 4) if orientation.transpose else (9 * 4, 6 * 4)
    picture = draw(planes, fitted(planes, size, orientation), size, style=PictureStyle(overlay=PLAIN))
    assert count(picture, BAD) == 4 * 16
    assert count(picture, SAT) == 16
    assert count(picture, BLACK) == (54 - 5) * 16
    shown = as_displayed(mask, orientation)
    assert np.array_equal((picture.pixels != 0xFF000000)[2::4, 2::4], shown != 0)


def test_planes_lie_on_each_other_in_the_order_of_their_bits():
    planes = planes_of(np.zeros((1, 3), np.float32), np.array([[1, 3, 7]], np.int32))
    style = PictureStyle(overlay=PLAIN)
    picture = draw(planes, fitted(planes, (3, 1)), (3, 1), style=style)
    assert [f"#{pixel & 0xFFFFFF:06X}" for pixel in picture.pixels[0].tolist()] == [BAD, SAT, INTRP]
    hidden = replace(style, overlay=PLAIN.with_plane("INTRP", PlaneStyle(INTRP, visible=False)))
    assert count(draw(planes, fitted(planes, (3, 1)), (3, 1), style=hidden), SAT) == 2


def test_opacity_mixes_with_the_image():
    planes = planes_of(np.ones((1, 2), np.float32), np.array([[0, 2]], np.int32))
    half = PictureStyle(overlay=OverlayStyle((("SAT", PlaneStyle("#000080", opacity=0.5)),), opacity=0.5))
    unflagged, flagged = draw(planes, fitted(planes, (2, 1)), (2, 1), style=half).pixels[0].tolist()
    assert unflagged == 0xFFFFFFFF
    channels = [flagged >> shift & 0xFF for shift in (16, 8, 0)]
    assert channels == pytest.approx([255 * 0.75, 255 * 0.75, 255 * 0.75 + 128 * 0.25], abs=1.5)


@pytest.mark.parametrize("bit", [0, 15, 16, 31])
def test_all_32_bits_can_be_drawn(bit):
    mask = np.array([[0, 1, 0]], np.uint32) << np.uint32(bit)
    planes = ImagePlanes(np.zeros((1, 3), np.float32), mask.view(np.int32), plane_bits={"SAT": bit})
    picture = draw(planes, fitted(planes, (3, 1)), (3, 1), style=PictureStyle(overlay=PLAIN))
    assert count(picture, SAT) == 1


def test_an_outline_goes_round_the_region_and_not_over_it():
    mask = np.zeros((12, 12), np.int32)
    mask[3:8, 4:10] = 2
    planes = planes_of(np.zeros(mask.shape, np.float32), mask)
    style = PictureStyle(overlay=PLAIN.with_plane("SAT", PlaneStyle(SAT, outline=True)))
    size = (48, 48)
    picture = draw(planes, fitted(planes, size), size, style=style)
    assert count(picture, SAT) == 24 * 20 - 22 * 18
    thick = draw(planes, fitted(planes, size), size, style=style, line_width=2)
    assert count(thick, SAT) == 24 * 20 - 20 * 16
    whole = planes_of(np.zeros((12, 12), np.float32), np.full((12, 12), 2, np.int32))
    assert count(draw(whole, fitted(whole, size), size, style=style), SAT) == 48 * 48 - 46 * 46


def test_a_rim_surrounds_a_colour_that_the_map_ends_with():
    mask = np.zeros((9, 9), np.int32)
    mask[4, 4] = 2
    overlay = PLAIN.with_plane("SAT", PlaneStyle("#F8F8F8"))
    planes = planes_of(np.ones(mask.shape, np.float32), mask)
    picture = draw(planes, fitted(planes, (9, 9)), (9, 9), style=PictureStyle(overlay=overlay))
    assert count(picture, "#F8F8F8") == 1
    assert count(picture, BLACK) == 4


def test_missing_values_are_seen_in_every_reduction():
    image = np.ones((64, 64), np.float32)
    image[33, 21] = np.nan
    for reduction in REDUCTIONS:
        style = PictureStyle(reduction=reduction, colours=ColourMap(nan="#123456"))
        assert (
            count(draw(planes_of(image), fitted(planes_of(image), (16, 16)), (16, 16), (0.0, 2.0), style), "#123456")
            == 1
        )


def test_the_mean_is_the_mean():
    image = np.zeros((8, 8), np.uint16)
    image[:, ::2] = 60000
    picture = draw(planes_of(image), fitted(planes_of(image), (4, 4)), (4, 4), (0.0, 60000.0), PictureStyle("mean"))
    assert (picture.pixels == 0xFF808080).all()
    # A zoom between the levels, where the picture itself adds what is left: sums of integers must not wrap.
    picture = draw(planes_of(image), View((3.5, 3.5), 0.7), (4, 4), (0.0, 60000.0), PictureStyle("mean"))
    assert set((picture.pixels & 0xFF).ravel().tolist()) <= {0, 128, 255}
    assert 128 in picture.pixels & 0xFF


def test_around_the_plane_is_background():
    planes = planes_of(np.ones((10, 20), np.float32), np.ones((10, 20), np.int32))
    picture = draw(planes, View((0, 0), 2.0), (100, 80), style=PictureStyle(overlay=PLAIN))
    assert count(picture, BAD) == (2 * 20) * (2 * 10)
    assert count(picture, BACKGROUND) == 100 * 80 - 800
    assert count(draw(planes, View((900, 900), 2.0), (100, 80)), BACKGROUND) == 100 * 80


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
@pytest.mark.parametrize("zoom", [0.13, 0.5, 0.71, 1.0, 2.6])
def test_a_panned_picture_equals_a_new_one(zoom, orientation):
    rng = np.random.default_rng(4)
    mask = np.where(rng.random((210, 170)) < 0.05, rng.integers(0, 8, (210, 170)), 0).astype(np.int32)
    planes = planes_of(rng.random((210, 170)).astype(np.float32), mask)
    style = PictureStyle(overlay=OverlayStyle((("SAT", PlaneStyle("#FDFDFD", outline=True)),)))
    cache, size = LevelCache(), (120, 90)
    stats = measure(planes.image)
    for plane, factor, kind in levels_needed(planes, style, zoom):
        cache.build(plane, factor, kind)
    picture = None
    for dx, dy in ((0, 0), (7, 0), (7, -3), (-20, 11), (2000, 0), (0, 0)):
        view = View((85 + dx / zoom, 105 + dy / zoom), zoom, orientation)
        request = PictureRequest(planes, stats, view, size, (0.0, 1.0), style)
        picture = compose(request, cache, picture)
        fresh = compose(request, cache)
        assert picture is not None
        assert fresh is not None
        assert np.array_equal(picture.pixels, fresh.pixels)


@pytest.mark.parametrize(
    "change",
    [
        {"limits": (0.2, 0.3)},
        {"highlight": (0.4, 0.5)},
        {"style": PictureStyle(stretch=Stretch("asinh"), colours=ColourMap("viridis"))},
        {"style": PictureStyle(reduction="min")},
        {"style": PictureStyle(overlay=OverlayStyle(visible=False))},
        {"style": PictureStyle(overlay=PLAIN.with_plane("BAD", PlaneStyle(BAD, outline=True)))},
        {"style": PictureStyle(background="#102030")},
        {"line_width": 3},
    ],
    ids=str,
)
def test_a_changed_picture_equals_a_new_one(change):
    rng = np.random.default_rng(4)
    mask = np.where(rng.random((210, 170)) < 0.05, rng.integers(0, 8, (210, 170)), 0).astype(np.int32)
    planes = planes_of(rng.random((210, 170)).astype(np.float32), mask)
    cache = LevelCache()
    for plane, kind in ((planes.image, "max"), (planes.image, "min"), (mask, "or")):
        cache.build(plane, 2, kind)
    request = PictureRequest(planes, measure(planes.image), View((85, 105), 0.4), (120, 90), (0.0, 1.0))
    before = compose(request, cache)
    changed = replace(request, **change)
    after, fresh = compose(changed, cache, before), compose(changed, cache)
    assert before is not None
    assert after is not None
    assert fresh is not None
    assert np.array_equal(after.pixels, fresh.pixels)
    again = compose(request, cache, after)
    assert again is not None
    assert np.array_equal(again.pixels, before.pixels)


def test_a_coarser_level_stands_in_and_says_so():
    image = np.zeros((64, 64), np.float32)
    image[10, 50] = 1.0
    planes, cache = planes_of(image), LevelCache()
    request = PictureRequest(planes, measure(image), fitted(planes, (32, 32)), (32, 32), (0.0, 1.0))
    assert compose(request, cache) is None
    cache.build(image, 8, "max")
    coarse = compose(request, cache)
    assert coarse is not None
    assert not coarse.final
    assert count(coarse, WHITE) == 16
    cache.build(image, 2, "max")
    sharp = compose(request, cache, coarse)
    assert sharp is not None
    assert sharp.final
    assert count(sharp, WHITE) == 1


def test_deviation_shows_hot_and_dead_pixels_together():
    image = np.full((64, 64), 5.0, np.float32)
    image[3, 3], image[40, 41] = 9.0, 0.0
    picture = draw(planes_of(image), fitted(planes_of(image), (8, 8)), (8, 8), (1.0, 8.0), PictureStyle("deviation"))
    assert count(picture, WHITE) == 1
    assert count(picture, BLACK) == 1


def test_nothing_is_written_to_the_planes():
    image, mask = np.random.default_rng(1).random((50, 40)).astype(np.float32), np.ones((50, 40), np.int32)
    image.flags.writeable = mask.flags.writeable = False
    planes = planes_of(image, mask)
    for zoom in (0.2, 1.0, 5.0):
        draw(planes, View((20, 25), zoom), (60, 60))
