"""From sigma to what noise alone does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from isrcore.audit.chance import GAUSSIAN, Chance, Tail

SHAPE = (2000, 1500)


def test_gaussian_noise_has_the_tail_of_a_gaussian() -> None:
    tail = Tail.of(np.random.default_rng(1).standard_normal(SHAPE, np.float32))
    assert tail.slope == pytest.approx(1.0, abs=0.04)
    assert tail.gaussian(5.5) == pytest.approx(5.5, abs=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_the_threshold_lets_through_what_was_asked_for(seed: int) -> None:
    """Noise of two widths has wider tails: a threshold for a Gaussian would let through fifty times as many."""
    rng = np.random.default_rng(seed)
    width = np.where(rng.random(SHAPE) < 0.1, 1.4, 0.95)
    noise = (rng.standard_normal(SHAPE) * width).astype(np.float32)
    chance = Chance(2 * noise.size)
    threshold = chance.threshold(30.0, Tail.of(noise))
    passed = np.count_nonzero(np.abs(noise) > threshold)
    assert passed <= 60
    assert np.count_nonzero(np.abs(noise) > chance.threshold(30.0, GAUSSIAN)) > 3 * passed


def test_bad_columns_and_hot_pixels_are_no_noise() -> None:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal(SHAPE, np.float32)
    noise[:, 100:120] += 30.0
    noise[:, 700:710] -= 30.0
    noise[rng.integers(0, SHAPE[0], 100), rng.integers(0, SHAPE[1], 100)] += 50.0
    assert Tail.of(noise).slope == pytest.approx(1.0, abs=0.05)


def test_a_small_frame_counts_as_gaussian() -> None:
    assert Tail.of(np.full((50, 50), 9.0)) is GAUSSIAN


def test_threshold_and_expectation_are_inverse() -> None:
    tail = Tail(-0.1, 0.9)
    chance = Chance(47_000_000, tail)
    for expected in (0.01, 1.0, 100.0):
        assert chance.false_pixels(chance.threshold(expected, tail)) == pytest.approx(expected)
    assert chance.threshold(1.0, GAUSSIAN) == pytest.approx(-special.ndtri(1 / 47_000_000))
