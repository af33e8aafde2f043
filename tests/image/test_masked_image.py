"""Arithmetic of masked images: what happens to image, variance and mask (manual: pixels, Arithmetic)."""

from __future__ import annotations

import numpy as np
import pytest

from isrcore.geom import Box
from isrcore.image import Mask, MaskedImage, MaskPlanes


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
    unflagged = less.clone()
    less.scaled_minus(2.0, b)
    check(less, [6.0, 12.0, -4.0], [3.0, 3.0, 7.0], [1, 4, 2])
    unflagged.scaled_minus(2.0, b, with_mask=False)
    check(unflagged, [6.0, 12.0, -4.0], [3.0, 3.0, 7.0], [1, 0, 2])


@pytest.mark.parametrize("factor", [181.5 / 610.0, 1.0, -0.1])
def test_scaled_sums_round_the_product_once(factor: float) -> None:
    """The factor keeps double precision: a hot dark pixel must cancel to the last bit."""
    frame = MaskedImage(np.linspace(60000.0, 70000.0, 1000, dtype=np.float32)[None, :])
    product = (factor * frame.image.astype(np.float64)).astype(np.float32)
    data = MaskedImage(product + np.float32(300.0))
    expected = data.image - product
    data.scaled_minus(factor, frame)
    np.testing.assert_array_equal(data.image, expected)


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


def test_nothing_changes_when_a_plane_finds_no_room(a: MaskedImage, b: MaskedImage) -> None:
    a.mask.planes = MaskPlanes({f"P{bit}": bit for bit in range(32)})
    before = a.clone()
    with pytest.raises(RuntimeError, match="no room for mask plane"):
        a += b
    check(a, before.image[0].tolist(), before.variance[0].tolist(), before.mask.array[0].tolist())


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


def _read_only(pixels: MaskedImage) -> MaskedImage:
    for plane in (pixels.image, pixels.mask.array, pixels.variance):
        plane.flags.writeable = False
    return pixels


@pytest.mark.parametrize("operation", ["__iadd__", "__isub__", "__imul__", "__itruediv__"])
def test_arithmetic_puts_new_planes_in_place_of_shared_ones(operation: str) -> None:
    rng = np.random.default_rng(5)

    def frame() -> MaskedImage:
        return MaskedImage(rng.random((7, 9), np.float32) + 1, variance=rng.random((7, 9), np.float32) + 1)

    shared, other = frame(), frame()
    expected, before = shared.clone(), shared.clone()
    getattr(expected, operation)(other)
    working = MaskedImage(*_planes(_read_only(shared)))
    working.replaceable = frozenset({"image", "mask", "variance"})
    getattr(working, operation)(other)
    np.testing.assert_array_equal(working.image, expected.image)
    np.testing.assert_array_equal(working.variance, expected.variance)
    np.testing.assert_array_equal(shared.image, before.image)
    np.testing.assert_array_equal(shared.variance, before.variance)
    assert working.mask.array is shared.mask.array, "a mask to which nothing is added is not copied"


def _planes(pixels: MaskedImage) -> tuple[np.ndarray, Mask, np.ndarray]:
    return pixels.image, Mask(pixels.mask.array, pixels.mask.planes.copy()), pixels.variance


def test_a_shared_mask_is_replaced_only_when_bits_come() -> None:
    shared = _read_only(MaskedImage(np.zeros((4, 5), np.float32)))
    working = MaskedImage(*_planes(shared))
    working.replaceable = frozenset({"mask"})
    assert working.flag(lambda rows: shared.image[rows] > 0, 1) == 0
    assert working.mask.array is shared.mask.array
    assert working.flag(lambda rows: shared.image[rows] == 0, 1) == 20
    assert (working.mask.array == 1).all()
    assert not shared.mask.array.any()


def test_shared_planes_that_may_not_be_replaced_and_parts_refuse_to_be_written() -> None:
    shared = _read_only(MaskedImage(np.ones((4, 5), np.float32)))
    working = MaskedImage(*_planes(shared))
    working.replaceable = frozenset({"mask"})
    with pytest.raises(ValueError, match="read-only"):
        working += MaskedImage(np.ones((4, 5), np.float32))
    working.replaceable = frozenset({"image", "mask", "variance"})
    part = working.subset(Box(1, 1, 2, 2))
    with pytest.raises(ValueError, match="read-only"):
        part += MaskedImage(np.ones((2, 2), np.float32))
    assert (shared.image == 1).all()
