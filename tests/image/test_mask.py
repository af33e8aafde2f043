"""Laws of mask planes: names, not bit numbers, carry the meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.geom import Box
from isrcore.image import DEFAULT_PLANES, Mask, MaskPlanes

NAMES = [*DEFAULT_PLANES, "UNMASKEDNAN", "CROSSTALK", "MINE"]


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    names = draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]
    planes = MaskPlanes({name: bit for bit, name in enumerate(names)})
    values = draw(st.lists(st.integers(0, 2 ** len(names) - 1), min_size=6, max_size=6))
    return Mask(np.array(values, np.int32).reshape(2, 3), planes)


def named(mask: Mask) -> list[set[str]]:
    return [set(mask.planes.names_of(value)) for value in mask.array.ravel()]


@given(masks(), masks())
def test_or_joins_the_names(a: Mask, b: Mask) -> None:
    expected = [x | y for x, y in zip(named(a), named(b), strict=True)]
    before = named(b)
    a |= b
    assert named(a) == expected
    assert named(b) == before


@given(masks(), masks())
def test_a_union_changes_neither_mask(a: Mask, b: Mask) -> None:
    before = named(a), named(b), a.planes.copy(), b.planes.copy()
    both = a.union(b)
    assert named(both) == [x | y for x, y in zip(named(a), named(b), strict=True)]
    assert (named(a), named(b), a.planes, b.planes) == before
    assert set(both.planes) >= set(a.planes)


@given(masks())
def test_a_clone_is_equal_and_independent(mask: Mask) -> None:
    clone = mask.clone()
    assert named(clone) == named(mask)
    clone.planes.add("NEW")
    clone.array[:] = 0
    assert "NEW" not in mask.planes


def test_planes_take_the_smallest_free_bit() -> None:
    planes = MaskPlanes()
    assert [planes.bit(name) for name in DEFAULT_PLANES] == list(range(9))
    assert planes.add("UNMASKEDNAN") == 9
    assert planes.add("BAD") == 0
    assert planes.bitmask(["BAD", "EDGE"]) == 17


def test_all_32_planes_can_be_used_and_no_more() -> None:
    planes = MaskPlanes()
    for number in range(32 - len(planes)):
        planes.add(f"P{number}")
    assert planes.bitmask("P22") == -(2**31)
    mask = Mask.zeros((1, 2), planes)
    mask.set_where(np.array([[True, False]]), "P22")
    assert mask.has("P22").tolist() == [[True, False]]
    mask.clear("P22")
    assert not mask.array.any()
    with pytest.raises(RuntimeError, match="no room for mask plane 'MORE'"):
        planes.add("MORE")


def test_unknown_planes_are_named() -> None:
    with pytest.raises(ValueError, match="no mask plane 'NOPE'; the planes are BAD, SAT"):
        Mask.zeros((1, 1)).has("NOPE")
    with pytest.raises(ValueError, match="share a bit"):
        MaskPlanes({"A": 1, "B": 1})


def test_boxes_are_clipped() -> None:
    mask = Mask.zeros((3, 4))
    mask.set_box(Box(9, -5, 3, 7), ["BAD", "CR"], xy0=(8, 0))
    assert np.argwhere(mask.array == 9).tolist() == [[y, x] for y in range(2) for x in range(1, 4)]
    mask.set_box(Box(100, 0, 5, 5), "SAT")
    assert not mask.has("SAT").any()


def test_wrong_pixels_are_refused() -> None:
    with pytest.raises(TypeError, match="int32"):
        Mask(np.zeros((2, 2), np.int64))  # type: ignore[arg-type]
