"""Stretches, colour tables and plane colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrviewer.render.colour import (
    COLOUR_MAPS,
    DIVERGING_MAP,
    ColourMap,
    colour_distance,
    colour_table,
    map_colours,
    packed,
)
from isrviewer.render.limits import measure
from isrviewer.render.plane_colours import OverlayStyle, PlaneStyle, plane_colours, rim_colour
from isrviewer.render.stretch import HIGHEST, LOWEST, NAN, OVER, STRETCHES, UNDER, Stretch, positions, scale

TABLE_OF_THE_WINDOW_PLAN = {
    "BAD": "#D55E00",
    "SAT": "#E69F00",
    "INTRP": "#009E73",
    "SUSPECT": "#F0E442",
    "EDGE": "#56B4E9",
    "UNMASKEDNAN": "#0072B2",
    "CR": "#CC79A7",
    "NO_DATA": "#999999",
    "CROSSTALK": "#8C6BB1",
    "DETECTED": "#4D9DE0",
}


@pytest.mark.parametrize("name", STRETCHES)
def test_stretches_rise_from_the_lowest_to_the_highest_colour(name):
    stats = measure(np.random.default_rng(2).normal(50, 20, (100, 100)))
    indices = scale(Stretch(name), (0.0, 100.0), stats).astype(int)
    assert (np.diff(indices) >= 0).all()
    assert indices[0] <= 3
    assert indices[-1] >= 252
    if name == "linear":
        assert len(np.unique(indices)) == 256


def test_stretches_follow_their_formulas():
    x = np.array([0.0, 0.1, 0.5, 1.0])
    expected = {
        "linear": x,
        "log": np.log(1000 * x + 1) / np.log(1001),
        "sqrt": x**0.5,
        "asinh": np.arcsinh(10 * x) / np.arcsinh(10),
        "power": (1000**x - 1) / 999,
    }
    for name, y in expected.items():
        assert Stretch(name).curve(x, (0, 1), None) == pytest.approx(y)


def test_histogram_equalisation_uses_all_colours_equally():
    image = np.random.default_rng(2).exponential(30, (200, 200))
    stats = measure(image)
    limits = (stats.minimum, stats.maximum)
    counts = np.bincount(scale(Stretch("histogram"), limits, stats)[positions(image, limits).ravel() - LOWEST] // 64)
    assert counts == pytest.approx(np.full(4, image.size / 4), rel=0.05)


def test_contrast_and_bias_as_in_ds9():
    x = np.linspace(0, 1, 11)
    assert Stretch(contrast=2.0).curve(x, (0, 1), None) == pytest.approx(np.clip(2 * x - 0.5, 0, 1))
    assert Stretch(bias=0.7).curve(x, (0, 1), None) == pytest.approx(np.clip(x - 0.2, 0, 1))
    assert Stretch(contrast=0.0).curve(x, (0, 1), None) == pytest.approx(0.5)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
def test_values_are_placed_between_the_limits(dtype):
    values = np.array([9, 10, 15, 20, 21], dtype)
    assert positions(values, (10.0, 20.0)).tolist() == [UNDER, LOWEST, (LOWEST + HIGHEST) // 2, HIGHEST, OVER]


def test_what_is_not_a_number_has_its_own_place():
    with np.errstate(all="raise"):
        assert positions(np.array([np.nan, -np.inf, np.inf], np.float32), (0.0, 1.0)).tolist() == [NAN, UNDER, OVER]


@given(st.floats(-1e5, 1e5), st.floats(1e-2, 1e5), st.lists(st.floats(-2e5, 2e5), min_size=2, max_size=30))
def test_places_keep_the_order_of_values(low, width, values):
    ordered = np.sort(np.array(values, np.float32))
    assert (np.diff(positions(ordered, (low, low + width)).astype(int)) >= 0).all()


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_offered_maps_exist_and_can_be_inverted(name):
    table = map_colours(ColourMap(name))
    assert table.shape == (256,)
    assert (table >> 24 == 0xFF).all()
    assert np.array_equal(map_colours(ColourMap(name, inverted=True)), table[::-1])


def test_gray_is_gray():
    assert map_colours(ColourMap()).tolist() == [0xFF000000 | level * 0x010101 for level in range(256)]


def test_the_diverging_map_is_light_in_the_middle():
    first, *_, last = table = map_colours(ColourMap(DIVERGING_MAP)).tolist()
    white = packed("#FFFFFF")
    assert colour_distance(table[127], white) < 20
    assert min(colour_distance(first, white), colour_distance(last, white), colour_distance(first, last)) > 40


def test_unknown_maps_and_colours_are_refused():
    with pytest.raises(ValueError, match="there is no colour map 'nosuch'"):
        map_colours(ColourMap("nosuch"))
    for wrong in ("red", "#12345", "#12345G", "#+12345", ""):
        with pytest.raises(ValueError, match="expected a colour"):
            packed(wrong)


def test_values_outside_and_missing_get_their_own_colours():
    colours = ColourMap(nan="#010203", under="#0A0B0C", over="#0D0E0F")
    table = colour_table(Stretch(), colours, (0.0, 1.0))
    assert [table[place] for place in (NAN, UNDER, OVER)] == [packed("#010203"), packed("#0A0B0C"), packed("#0D0E0F")]
    plain = colour_table(Stretch(), ColourMap(), (0.0, 1.0))
    assert (plain[UNDER], plain[OVER]) == (packed("#000000"), packed("#FFFFFF"))


def test_highlight_lights_only_the_chosen_values():
    plain = colour_table(Stretch("asinh"), ColourMap(), (0.0, 100.0))
    lit = colour_table(Stretch("asinh"), ColourMap(), (0.0, 100.0), highlight=(20.0, 30.0))
    changed = np.flatnonzero(plain != lit)
    first, last = positions(np.array([20.0, 30.0]), (0.0, 100.0)).tolist()
    assert changed[0] == first
    assert changed[-1] == last
    assert len(np.unique(lit[changed])) == 1


def test_plane_colours_are_those_of_the_window_plan():
    assert plane_colours(TABLE_OF_THE_WINDOW_PLAN) == TABLE_OF_THE_WINDOW_PLAN
    assert plane_colours(["SAT"], "afw") == {"SAT": "#00FF00"}


def test_unknown_planes_get_different_colours_in_order():
    colours = plane_colours(["BAD", "MINE", "YOURS", "CR"])
    assert list(colours) == ["BAD", "MINE", "YOURS", "CR"]
    assert len(set(colours.values())) == 4
    assert plane_colours(["MINE", "YOURS"]) == {name: colours[name] for name in ("MINE", "YOURS")}
    assert len(set(plane_colours([f"P{n}" for n in range(8)], "default").values())) == 8
    with pytest.raises(ValueError, match="choose one of default, afw"):
        plane_colours([], "mine")


def test_plane_colours_stay_apart_from_the_gray_map():
    assert {
        name: rim_colour(colour, ColourMap()) for name, colour in TABLE_OF_THE_WINDOW_PLAN.items()
    } == dict.fromkeys(TABLE_OF_THE_WINDOW_PLAN)


def test_a_plane_colour_like_the_end_of_the_map_gets_a_rim():
    assert rim_colour(TABLE_OF_THE_WINDOW_PLAN["SUSPECT"], ColourMap("viridis")) == "#000000"
    assert rim_colour("#440154", ColourMap("viridis")) == "#FFFFFF"


def test_a_style_of_its_own_replaces_the_preset():
    style = (
        OverlayStyle().with_plane("BAD", PlaneStyle("#123456")).with_plane("BAD", PlaneStyle("#654321", visible=False))
    )
    assert style.styles(["BAD", "SAT"]) == {"BAD": PlaneStyle("#654321", visible=False), "SAT": PlaneStyle("#E69F00")}
