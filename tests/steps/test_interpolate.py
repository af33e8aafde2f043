"""Interpolation along rows: laws, rules at the edges, and the explanation of single pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from isrcore.geom import Box
from isrcore.image import Mask, MaskedImage, MaskPlanes
from isrcore.image.statistics import Property, make_statistics
from isrcore.steps.interpolate import (
    Term,
    explain_pixel,
    grow_masks,
    interpolate_defect_list,
    interpolate_from_mask,
    interpolate_rows,
)
from isrcore.steps.interpolation_weights import WIDE, weights

WIDTH = 30
BAD_ROWS = arrays(np.bool_, (3, WIDTH), elements=st.sampled_from([False, False, True]))


def sky(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1000.0, 30.0, shape).astype(np.float32)


@pytest.mark.parametrize("width", [*range(1, 14), 40])
@pytest.mark.parametrize(("left", "right"), [(2, 2), (1, 2), (2, 1), (1, 1), (0, 1), (0, 2), (2, 0)])
def test_weights(width: int, left: int, right: int) -> None:
    table = weights(width, left, right)
    assert table.shape == (width, 4)
    np.testing.assert_allclose(table.sum(axis=1), 1.0, atol=2e-4)
    if width != WIDE or 0 in (left, right):
        # At that width both ends claim the middle pixel, and the right one gets it.
        np.testing.assert_array_equal(table[::-1, ::-1], weights(width, right, left))
    unused = [left < 2, left < 1, right < 1, right < 2]
    assert not table[:, unused].any()


@settings(max_examples=80)
@given(BAD_ROWS)
def test_a_constant_image_stays_constant(where: np.ndarray) -> None:
    plane = np.full(where.shape, 500.0, np.float32)
    interpolate_rows(plane, where, 500.0)
    # Only where a missing neighbour counts as -1 does the value leave the level.
    short = (where[:, :7].all(axis=1) & ~where[:, 7]) | (where[:, -7:].all(axis=1) & ~where[:, -8])
    short |= where[:, :-1].all(axis=1)
    np.testing.assert_allclose(plane[~short], 500.0, rtol=2e-4)


@settings(max_examples=80)
@given(BAD_ROWS)
def test_good_pixels_stay_and_rows_are_independent(where: np.ndarray) -> None:
    plane = sky(where.shape)
    whole = plane.copy()
    interpolate_rows(whole, where, 7.0)
    np.testing.assert_array_equal(whole[~where], plane[~where])
    for y in range(len(plane)):
        row = plane[y : y + 1].copy()
        interpolate_rows(row, where[y : y + 1], 7.0)
        np.testing.assert_array_equal(row[0], whole[y])


@settings(max_examples=120)
@given(BAD_ROWS, st.booleans())
def test_explanation_gives_the_value(where: np.ndarray, at_edge: bool) -> None:
    before = sky(where.shape)
    after = before.copy()
    interpolate_rows(after, where, 77.0, at_edge)
    for y, x in np.argwhere(where).tolist():
        origin = explain_pixel(where, x, y, at_edge)
        assert origin is not None
        assert origin.first <= x <= origin.last
        assert where[y, origin.first : origin.last + 1].all()
        value = 0.0
        for term in origin.terms:
            if term.x is None:
                value += term.weight * (77.0 if term.constant is None else term.constant)
            else:
                # A bad neighbour counts as it was before, but at the right edge as it is after.
                source = after if origin.last == WIDTH - 1 else before
                value += term.weight * source[y, term.x]
        assert after[y, x] == pytest.approx(max(value, 0.0), rel=1e-5)


def test_explanation_of_a_good_pixel_and_of_the_fallback() -> None:
    where = np.zeros((1, 40), np.bool_)
    where[0, :12] = True
    assert explain_pixel(where, 20, 0) is None
    origin = explain_pixel(where, 3, 0)
    assert origin is not None
    assert origin.terms == (Term(None, 1.0),)
    near = explain_pixel(where, 11, 0)
    assert near is not None
    assert [term.x for term in near.terms] == [None, None, 12, 13]


def test_seven_pixels_at_the_edge_count_minus_one() -> None:
    plane, where = np.full((1, 40), 100.0, np.float32), np.zeros((1, 40), np.bool_)
    where[0, :7] = True
    interpolate_rows(plane, where, 100.0)
    table = weights(6, 2, 2)
    np.testing.assert_allclose(plane[0, 1:7], 100.0 * table.sum(axis=1) - 101.0 * table[:, 0], rtol=1e-5)


def test_a_whole_row_gets_the_fallback() -> None:
    plane, where = sky((3, 40)), np.zeros((3, 40), np.bool_)
    where[1] = True
    interpolate_rows(plane, where, 12.5)
    assert (plane[1] == 12.5).all()


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_images_narrower_than_the_rules(width: int) -> None:
    """Every pattern of bad pixels is filled with something finite, also where neighbours do not exist."""
    patterns = np.array([[bool(n >> x & 1) for x in range(width)] for n in range(1 << width)])
    plane = sky(patterns.shape)
    interpolate_rows(plane, patterns, 900.0)
    assert np.isfinite(plane).all()
    assert (plane[-1] == 900.0).all()


def test_not_a_number_spreads_and_minus_infinity_does_not() -> None:
    plane, where = np.full((2, 20), 10.0, np.float32), np.zeros((2, 20), np.bool_)
    where[:, 8:11] = True
    plane[0, 7], plane[1, 6] = np.nan, np.inf
    interpolate_rows(plane, where, 0.0)
    assert np.isnan(plane[0, 8:11]).all()
    # The weight of the pixel at infinity is negative: the mean of the two nearest pixels takes the place of the result.
    assert plane[1, 8] == 10.0


def test_two_planes_one_mask_and_a_view() -> None:
    big = MaskedImage(sky((30, 60)), None, np.full((30, 60), 4.0, np.float32))
    big.image[10, 20:24] = 60000.0
    part = big.subset(Box(10, 5, 40, 20))
    part.mask.set_box(Box(20, 10, 4, 1), "SAT", part.xy0)
    outside = big.image[:5].copy()
    assert interpolate_from_mask(part, 1.0, 1, ["SAT", "BAD"]) is part
    flagged = big.mask.has("SAT")
    assert flagged.sum() == 4 + 4 * 2 + 2
    np.testing.assert_array_equal(flagged, big.mask.has("INTRP"))
    assert big.image.max() < 1200.0
    np.testing.assert_allclose(big.variance, 4.0, rtol=1e-3)
    np.testing.assert_array_equal(big.image[:5], outside)


def test_fallback_is_the_clipped_mean_of_everything() -> None:
    pixels = MaskedImage(sky((40, 50)))
    pixels.image[3] = 5e4
    pixels.mask.set_box(Box(0, 3, 50, 1), "BAD")
    expected = make_statistics(pixels.image, Property.MEANCLIP).value()
    interpolate_from_mask(pixels, 1.0, 0, ["BAD"])
    assert pixels.image[3] == pytest.approx(np.full(50, expected), rel=1e-6)
    # The variance gets the fallback of the image, as in the reference.
    assert pixels.variance[3] == pytest.approx(np.full(50, expected), rel=1e-6)


def test_boxes_are_clipped_to_the_image() -> None:
    pixels = MaskedImage(sky((10, 40)), xy0=(100, 200))
    interpolate_defect_list(pixels, [Box(95, 195, 8, 8), Box(500, 500, 3, 3)], 2.0, 900.0)
    assert np.argwhere(pixels.mask.has("INTRP")).tolist() == [[y, x] for y in range(3) for x in range(3)]


def test_what_is_refused_changes_nothing() -> None:
    pixels = MaskedImage(sky((10, 40)))
    pixels.mask.set_box(Box(3, 3, 2, 2), "SAT")
    before = pixels.clone()
    for options, message in (
        ({"fwhm": 0.0}, "fwhm must be positive, found 0.0"),
        ({"mask_name_list": ["SAT", "UNMASKEDNAN"]}, "no mask plane 'UNMASKEDNAN'"),
    ):
        with pytest.raises(ValueError, match=message):
            interpolate_from_mask(pixels, **{"fwhm": 1.0, "mask_name_list": ["SAT"], **options})  # type: ignore[arg-type]
        np.testing.assert_array_equal(pixels.image, before.image)
        np.testing.assert_array_equal(pixels.mask.array, before.mask.array)


def test_planes_that_are_not_asked_for_need_not_exist() -> None:
    pixels = MaskedImage(sky((10, 40)), Mask.zeros((10, 40), MaskPlanes({"BAD": 0})))
    pixels.mask.set_box(Box(5, 5, 2, 1), "BAD")
    interpolate_from_mask(pixels, 1.0, 3, ["BAD"])
    assert pixels.mask.planes.as_dict() == {"BAD": 0, "INTRP": 1}
    assert pixels.mask.has("INTRP").sum() == 2


def test_growth_only_for_the_literal_name() -> None:
    pixels = MaskedImage(sky((10, 40)))
    pixels.mask.set_box(Box(5, 5, 1, 1), "BAD")
    interpolate_from_mask(pixels, 1.0, 3, ["BAD"])
    assert pixels.mask.has("BAD").sum() == 1
    grow_masks(pixels.mask, 2, ["BAD", "CR"], "CR")
    assert pixels.mask.has("CR").sum() == 13
    with pytest.raises(ValueError, match="no mask plane"):
        grow_masks(pixels.mask, 1, ["BADD"], "CR")
