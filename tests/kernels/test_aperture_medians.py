"""Medians in apertures against the plain definition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from isrcore.kernels.aperture_medians import AperturePixels

WIDTH, HEIGHT = 150, 170


def plain(image: np.ndarray, x: np.ndarray, y: np.ndarray, side: int) -> np.ndarray:
    apertures = [image[b : b + side, a : a + side].astype(np.float64) for a, b in zip(x, y, strict=True)]
    return np.array([np.nan if np.isnan(a).all() else np.nanmedian(a) for a in apertures])


def aperture_medians(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, side: int, check: Callable[[], None] = lambda: None
) -> np.ndarray:
    return AperturePixels(image, lambda rows: np.isnan(image[rows])).medians(x, y, side, check)


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(1000.0, 30.0, (HEIGHT, WIDTH))


def smooth(rng: np.random.Generator) -> np.ndarray:
    return 20 * np.sin(np.arange(WIDTH) / 37.0) * np.cos(np.arange(HEIGHT) / 53.0)[:, None]


def integers(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 4, (HEIGHT, WIDTH))


def constant(rng: np.random.Generator) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), 7.0)


def steps(rng: np.random.Generator) -> np.ndarray:
    """Two far levels and a narrow third: most of the coded range is empty."""
    return np.where(np.arange(WIDTH) < 60, -1e5, 1e5) + rng.normal(0.0, 1e-3, (HEIGHT, WIDTH))


def heavy_tails(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_cauchy((HEIGHT, WIDTH)) * 1e4


IMAGES = (noise, smooth, integers, constant, steps, heavy_tails)


@pytest.mark.parametrize("side", [1, 2, 3, 16, 17, 40, 61])
@pytest.mark.parametrize("make", IMAGES, ids=lambda make: make.__name__)
@pytest.mark.parametrize("unusable", ["none", "few", "many", "block"])
def test_medians_are_exact(make: object, side: int, unusable: str) -> None:
    rng = np.random.default_rng(side)
    image = make(rng).astype(np.float32)  # type: ignore[operator]
    if unusable in ("few", "many"):
        image[rng.random(image.shape) < (0.002 if unusable == "few" else 0.7)] = np.nan
    elif unusable == "block":
        image[40:140, 30:130] = np.nan
    before = image.copy()
    x, y = rng.integers(0, WIDTH - side + 1, 400), rng.integers(0, HEIGHT - side + 1, 400)
    np.testing.assert_array_equal(aperture_medians(image, x, y, side), plain(image, x, y, side))
    np.testing.assert_array_equal(image, before)


PIXELS = st.one_of(
    st.floats(width=32, allow_infinity=False),
    st.sampled_from([np.nan, -1.0, -0.0, 0.0, 1.0, float(np.float32(3e38)), float(np.float32(1e-45))]),
)


@settings(max_examples=150)
@given(st.data())
def test_medians_of_any_image(data: st.DataObject) -> None:
    """Ties, constants, NaN, both zeros, tiny and huge values; apertures at all edges."""
    height, width = (data.draw(st.integers(17, 40)) for _ in range(2))
    side = data.draw(st.one_of(st.integers(1, 4), st.integers(17, min(height, width))))
    image = data.draw(hnp.arrays(np.float32, (height, width), elements=PIXELS, fill=PIXELS))
    x = np.array([0, width - side, *data.draw(st.lists(st.integers(0, width - side), min_size=2, max_size=40))])
    y = np.array([0, height - side, *data.draw(st.permutations((x[2:] * 7) % (height - side + 1)))])
    np.testing.assert_array_equal(aperture_medians(image, x, y, side), plain(image, x, y, side))


@pytest.mark.parametrize("axis", [0, 1])
def test_unusable_stripes(axis: int) -> None:
    """Every second row or column."""
    image = np.random.default_rng(4).normal(size=(90, 80)).astype(np.float32)
    np.moveaxis(image, axis, 0)[::2] = np.nan
    x, y = np.arange(30), np.arange(30)[::-1]
    np.testing.assert_array_equal(aperture_medians(image, x, y, 33), plain(image, x, y, 33))


def test_unusable_chess_board() -> None:
    """All unusable pixels sort to the same end."""
    image = np.random.default_rng(4).normal(size=(300, 310)).astype(np.float32)
    image[np.indices(image.shape).sum(axis=0) % 2 == 0] = np.nan
    x, y = np.arange(9), np.arange(9)
    for side in (33, 200):
        np.testing.assert_array_equal(aperture_medians(image, x, y, side), plain(image, x, y, side))


def test_no_apertures() -> None:
    nothing = np.zeros(0, np.intp)
    for side in (2, 20):
        assert aperture_medians(np.zeros((30, 30), np.float32), nothing, nothing, side).shape == (0,)


def test_what_the_check_raises_ends_the_work() -> None:
    calls = iter(range(1000))

    def check() -> None:
        if next(calls) == 3:
            raise InterruptedError

    x = np.arange(200) % 30
    with pytest.raises(InterruptedError):
        aperture_medians(np.zeros((50, 50), np.float32), x, x, 20, check)


def test_no_usable_pixel() -> None:
    image = np.full((60, 60), np.nan, np.float32)
    x = np.arange(40)
    assert np.isnan(aperture_medians(image, x, x, 20)).all()
    x = np.repeat(x, 2)
    assert np.isnan(aperture_medians(image, x, x, 20)).all()


def test_wide_apertures() -> None:
    """Larger than what the fast way counts in one byte."""
    image = np.random.default_rng(0).normal(size=(300, 310)).astype(np.float32)
    x, y = np.arange(9), np.arange(9)
    np.testing.assert_array_equal(aperture_medians(image, x, y, 280), plain(image, x, y, 280))
    x, y = np.tile(x, 10), np.tile(y, 10)
    np.testing.assert_array_equal(aperture_medians(image, x, y, 280), plain(image, x, y, 280))


@pytest.mark.parametrize(("x", "y", "side"), [(-1, 0, 4), (0, 7, 4), (7, 0, 4), (0, 0, 0), (0, 0, 11)])
def test_apertures_must_be_inside(x: int, y: int, side: int) -> None:
    with pytest.raises(ValueError, match="must be inside the image of 10 x 10"):
        aperture_medians(np.zeros((10, 10), np.float32), np.array([x]), np.array([y]), side)
