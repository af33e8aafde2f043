"""The effect of a map on a corrected frame: counts and residuals against numbers that were put in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isrcore.audit.effect import measure_effect
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box

FRAME = Box(0, 0, 200, 1500)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(4).normal(100.0, 2.0, FRAME.shape).astype(np.float32)


@pytest.mark.parametrize("box", [Box(60, 80, 1, 1), Box(0, 0, 3, 2), Box(70, 0, 1, 1500), Box(199, 900, 1, 600)])
def test_the_residual_is_what_was_put_in(image: np.ndarray, box: Box) -> None:
    image[box.slices()] = 140.0
    found = measure_effect(image, np.zeros(FRAME.shape, np.bool_), PixelSet.of([box]), FRAME)
    assert found.interpolated == 0
    assert found.residual == pytest.approx(20.0, rel=0.15)


def test_interpolated_pixels_are_counted_and_are_no_comparison(image: np.ndarray) -> None:
    interpolated = np.zeros(FRAME.shape, np.bool_)
    interpolated[50:60, 40:80] = True
    image[interpolated] = 1e6
    found = measure_effect(image, interpolated, PixelSet.of([Box(60, 62, 1, 1)]), FRAME)
    assert found.interpolated == 400
    assert abs(found.residual) < 5


def test_no_residual_without_good_pixels_around(image: np.ndarray) -> None:
    everywhere = np.ones(FRAME.shape, np.bool_)
    assert math.isnan(measure_effect(image, everywhere, PixelSet.of([Box(5, 5, 1, 1)]), FRAME).residual)
    assert math.isnan(measure_effect(image, ~everywhere, PixelSet(), FRAME).residual)
