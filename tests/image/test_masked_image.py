"""Arithmetic of masked images: what happens to image, variance and mask (specification a.3)."""

from __future__ import annotations

import numpy as np
import pytest

from isrcore.geom import Box
from isrcore.image import Mask, MaskedImage


def masked(image: list[float], variance: list[float], bits: list[int]) -> MaskedImage:
    return MaskedImage(
        np.array([image], np.float32), Mask(np.array([bits], np.int32)), np.array([variance], np.float32)
    )


@pytest.fixture
def a() -> MaskedImage:
    return masked([10.0, 20.0, -4.0], [1.0, 2.0, 3.0], [1, 0, 2])


@pytest.fixture
def b() -> MaskedImage:
    return masked([2.0, 4.0, 0.0], [0.5, 0.25, 1.0], [0, 4, 2])


def check(found: MaskedImage, image: list[float], variance: list[float], bits: list[int]) -> None:
    assert found.image[0] == pytest.approx(image, nan_ok=True)
    assert found.variance[0] == pytest.approx(variance, nan_ok=True)
    assert found.mask.array[0].tolist() == bits


def test_sum_and_difference(a: MaskedImage, b: MaskedImage) -> None:
    difference = a.clone()
    a += b
    check(a, [12.0, 24.0, -4.0], [1.5, 2.25, 4.0], [1, 4, 2])
    difference -= b
    check(difference, [8.0, 16.0, -4.0], [1.5, 2.25, 4.0], [1, 4, 2])


def test_scaled_sums(a: MaskedImage, b: MaskedImage) -> None:
    less = a.clone()
    a.scaled_plus(2.0, b)
    check(a, [14.0, 28.0, -4.0], [3.0, 3.0, 7.0], [1, 4, 2])
    less.scaled_minus(2.0, b)
    check(less, [6.0, 12.0, -4.0], [3.0, 3.0, 7.0], [1, 4, 2])


def test_product(a: MaskedImage, b: MaskedImage) -> None:
    a *= b
    check(a, [20.0, 80.0, 0.0], [1 * 4 + 100 * 0.5, 2 * 16 + 400 * 0.25, 16.0], [1, 4, 2])


def test_quotient(a: MaskedImage, b: MaskedImage) -> None:
    a /= b
    expected = [(1 * 4 + 100 * 0.5) / 16, (2 * 16 + 400 * 0.25) / 256, np.inf]
    check(a, [5.0, 5.0, -np.inf], expected, [1, 4, 2])


def test_numbers(a: MaskedImage) -> None:
    a *= 2.0
    check(a, [20.0, 40.0, -8.0], [4.0, 8.0, 12.0], [1, 0, 2])
    a /= 4.0
    check(a, [5.0, 10.0, -2.0], [0.25, 0.5, 0.75], [1, 0, 2])
    a += 1.0
    a -= np.array([[0.0, 1.0, 2.0]], np.float32)
    check(a, [6.0, 10.0, -3.0], [0.25, 0.5, 0.75], [1, 0, 2])


def test_planes_are_matched_by_name(a: MaskedImage, b: MaskedImage) -> None:
    a.mask.planes.add("MINE")
    b.mask.planes.add("OTHER")
    b.mask.planes.add("MINE")
    b.mask.set_where(np.array([[True, False, False]]), "MINE")
    a += b
    assert a.mask.has("MINE").tolist() == [[True, False, False]]
    assert "OTHER" not in a.mask.planes, "a plane that is not used is not taken over"


def test_sizes_must_fit(a: MaskedImage) -> None:
    other = MaskedImage.zeros(Box(0, 0, 2, 2))
    for operation in ("__iadd__", "__isub__", "__imul__", "__itruediv__"):
        with pytest.raises(ValueError, match=r"3 x 1 and 2 x 2 pixels"):
            getattr(a, operation)(other)
    with pytest.raises(ValueError, match="one shape"):
        MaskedImage(np.zeros((2, 3), np.float32), Mask.zeros((3, 2)))


def test_parts_share_memory_and_know_their_place(a: MaskedImage) -> None:
    placed = MaskedImage(a.image, a.mask, a.variance, (100, 50))
    part = placed.subset(Box(101, 50, 2, 1))
    assert part.xy0 == (101, 50)
    part += 1.0
    assert a.image.tolist() == [[10.0, 21.0, -3.0]]
    with pytest.raises(ValueError, match="not inside"):
        placed.subset(Box(0, 0, 1, 1))
