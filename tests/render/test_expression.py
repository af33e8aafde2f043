"""Plane expressions: precedence, errors with their place, and evaluation before reduction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrviewer.render.expression import PlaneExpressionError, parse_planes, with_expression
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import reduce_plane
from tests.render.frames import BITS, planes_of

ALL_VALUES = np.arange(8, dtype=np.int32).reshape(2, 4)
PLANE_VALUES = {name: (ALL_VALUES >> bit & 1).astype(bool) for name, bit in BITS.items()}

expressions = st.recursive(
    st.sampled_from(sorted(BITS)),
    lambda inner: st.one_of(
        inner.map("~{}".format),
        inner.map("( {} )".format),
        st.tuples(inner, st.sampled_from("&|^"), inner).map(" ".join),
    ),
    max_leaves=8,
)


@given(expressions)
def test_expressions_mean_what_python_means(text):
    expected = eval(text, {}, PLANE_VALUES)
    assert np.array_equal(parse_planes(text).evaluate(ALL_VALUES, BITS), expected)


def test_the_planes_of_an_expression_are_named():
    expression = parse_planes("  SAT & ~INTRP | SAT ")
    assert expression.names == ("SAT", "INTRP")
    assert expression.text == "SAT & ~INTRP | SAT"


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "expected a plane name, found the end"),
        ("SAT &", 5, "expected a plane name, found the end"),
        ("SAT BAD", 4, "expected & or | before 'BAD'"),
        ("SAT & (BAD", 6, "this parenthesis is never closed"),
        ("SAT)", 3, "expected & or | before '\\)'"),
        ("SAT & | BAD", 6, "expected a plane name, found '\\|'"),
        ("SAT +  BAD", 4, "found '\\+'"),
        ("__import__('os')", 11, "found .* at character 12"),
        ("(" * 60 + "SAT" + ")" * 60, 50, "too many nested"),
        ("~" * 60 + "SAT", 50, "too many nested"),
        ("SAT|" * 200 + "SAT", 500, "at most 500 characters"),
    ],
)
def test_errors_say_where(text, position, message):
    with pytest.raises(PlaneExpressionError, match=message) as caught:
        parse_planes(text)
    assert caught.value.position == position
    assert f"at character {position + 1}" in str(caught.value)


def test_unknown_planes_are_named_with_those_that_exist():
    with pytest.raises(ValueError, match="no mask plane 'CR' in 'SAT & CR'; the planes are BAD, SAT, INTRP"):
        parse_planes("SAT & CR").evaluate(ALL_VALUES, BITS)


def test_an_expression_becomes_a_plane_that_survives_reduction():
    mask = np.zeros((8, 8), np.int32)
    mask[0, 0], mask[0, 1], mask[5, 5] = 2, 4, 6
    planes = planes_of(np.zeros((8, 8), np.float32), mask)
    combined = with_expression(planes, parse_planes("SAT & ~INTRP"))
    bit = combined.plane_bits["SAT & ~INTRP"]
    assert bit == 3
    assert np.argwhere(combined.mask >> bit & 1).tolist() == [[0, 0]]
    assert (reduce_plane(combined.mask, 4, "or") >> bit & 1).tolist() == [[1, 0], [0, 0]]
    assert mask[0, 0] == 2
    assert planes.plane_bits == BITS


def test_the_last_bit_of_the_mask_can_be_used_and_then_there_is_no_more_room():
    bits = {f"P{bit}": bit for bit in range(31)}
    planes = ImagePlanes(np.zeros((2, 2), np.float32), np.full((2, 2), 1, np.int32), plane_bits=bits)
    full = with_expression(planes, parse_planes("P0"))
    assert full.plane_bits["P0"] == 0
    combined = with_expression(planes, parse_planes("P0 & ~P1"))
    assert combined.plane_bits["P0 & ~P1"] == 31
    assert (combined.mask.view(np.uint32) == (1 << 31 | 1)).all()
    with pytest.raises(ValueError, match="all 32 bits"):
        with_expression(combined, parse_planes("P1 & P2"))
    with pytest.raises(ValueError, match="has no mask"):
        with_expression(ImagePlanes(planes.image), parse_planes("P0"))
