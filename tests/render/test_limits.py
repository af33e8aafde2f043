"""Limits from a measured plane: against astropy, with masked and missing pixels, and never of zero width."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.visualization import ZScaleInterval
from hypothesis import given
from hypothesis import strategies as st

from isrviewer.render.limits import Limits, measure, zscale


@pytest.fixture
def sky() -> np.ndarray:
    rng = np.random.default_rng(5)
    image = rng.normal(1000, 20, (301, 203)).astype(np.float32)
    image[rng.random(image.shape) < 0.02] += 5000
    image[:, 100:] += 30
    return image


def test_zscale_agrees_with_astropy(sky):
    sample = np.sort(sky, axis=None)[::20]
    expected = ZScaleInterval(n_samples=len(sample)).get_limits(sample)
    assert zscale(sample) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_zscale_of_very_few_values_is_their_range_or_less(count):
    low, high = zscale(np.arange(count, dtype=np.float32))
    assert 0 <= low <= high <= count - 1


def test_extremes_are_exact_though_percentiles_are_sampled(sky):
    sky[17, 23], sky[300, 202] = -4e4, 9e4
    stats = measure(sky)
    assert Limits("minmax").resolve(stats) == (-4e4, 9e4)
    low, high = Limits("percentile", percent=90).resolve(stats)
    assert np.mean((sky >= low) & (sky <= high)) == pytest.approx(0.9, abs=0.01)


def test_masked_pixels_can_be_left_out(sky):
    mask = np.zeros(sky.shape, np.int32)
    sky[:40] = 60000
    mask[:40] = 2
    assert Limits("minmax").resolve(measure(sky))[1] == 60000
    assert Limits("minmax").resolve(measure(sky, mask, 2))[1] < 7000
    assert Limits("minmax").resolve(measure(sky, mask, 1))[1] == 60000
    assert measure(sky, mask, 2).sample.max() < 7000


def test_missing_values_are_counted_and_ignored(sky):
    sky[0, :3] = np.nan, np.inf, -np.inf
    stats = measure(sky)
    assert stats.not_finite == 3
    assert math.isfinite(stats.minimum)
    assert math.isfinite(stats.maximum)
    assert np.isfinite(stats.sample).all()


def test_nothing_to_measure_gives_limits_all_the_same():
    stats = measure(np.full((5, 6), np.nan, np.float32))
    assert stats.is_empty
    assert stats.not_finite == 30
    assert Limits().resolve(stats) == (0.0, 1.0)
    assert Limits().resolve(stats, zero_centred=True) == (-1.0, 1.0)


def test_changes_get_limits_around_zero():
    image = np.zeros((50, 60), np.float32)
    image[3, 4] = -12.0
    for mode in ("zscale", "percentile", "minmax"):
        assert Limits(mode).resolve(measure(image), zero_centred=True) == (-12.0, 12.0)


@given(
    st.sampled_from(["zscale", "percentile", "minmax"]),
    st.floats(-1e30, 1e30),
    st.floats(0, 1e6),
    st.booleans(),
)
def test_limits_are_always_in_order(mode, value, noise, zero_centred):
    image = np.full((20, 20), value, np.float32)
    image[::2] += np.float32(noise)
    low, high = Limits(mode).resolve(measure(image), zero_centred)
    assert low < high
    assert np.float32(low) < np.float32(high)


def test_manual_limits_are_taken_as_they_are(sky):
    assert Limits("manual", low=5.0, high=-3.0).resolve(measure(sky)) == (-3.0, 5.0)
    assert Limits("manual", low=2.0, high=8.0).resolve(measure(sky), zero_centred=True) == (2.0, 8.0)


@pytest.mark.parametrize("wrong", [{"mode": "best"}, {"mode": "manual", "low": 1.0}, {"percent": 0}, {"percent": 101}])
def test_impossible_choices_are_refused(wrong):
    with pytest.raises(ValueError, match=r"choose one of|need two numbers|between 0 and 100"):
        Limits(**wrong)


def test_integer_frames_can_be_measured():
    image = np.arange(40000, dtype=np.uint16).reshape(200, 200)
    stats = measure(image)
    assert (stats.minimum, stats.maximum) == (0, 39999)
    assert stats.median == pytest.approx(20000, rel=0.02)
