"""Levels keep every block, also the cut ones, and the cache keeps neither planes nor more bytes than allowed."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrviewer.render.pyramid import FACTORS, LevelCache, factor_for, kinds_for, reduce_plane

BLOCKS = {"mean": np.mean, "max": np.max, "min": np.min, "or": np.bitwise_or.reduce}


@given(
    st.integers(1, 23), st.integers(1, 23), st.integers(2, 9), st.sampled_from(sorted(BLOCKS)), st.integers(0, 2**31)
)
def test_every_block_is_reduced(height, width, factor, kind, seed):
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 1000, (height, width)).astype(np.int32 if kind == "or" else np.float32)
    level = reduce_plane(plane, factor, kind)
    assert level.shape == (-(-height // factor), -(-width // factor))
    for row, column in np.ndindex(level.shape):
        block = plane[row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
        assert level[row, column] == pytest.approx(BLOCKS[kind](block, axis=None), rel=1e-5)


def test_large_integers_do_not_overflow_in_the_mean():
    plane = np.full((8, 8), 65535, np.uint16)
    assert reduce_plane(plane, 8, "mean") == 65535
    assert reduce_plane(plane, 8, "max").dtype == np.uint16


@pytest.mark.parametrize("kind", ["mean", "max", "min"])
def test_a_missing_value_stays_visible(kind):
    plane = np.ones((9, 9), np.float32)
    plane[4, 7] = np.nan
    assert np.argwhere(np.isnan(reduce_plane(plane, 4, kind))).tolist() == [[1, 1]]


def test_a_part_of_a_larger_array_can_be_reduced():
    whole = np.arange(400, dtype=np.float32).reshape(20, 20)
    assert np.array_equal(reduce_plane(whole[3:14, 5:18], 4, "max"), reduce_plane(whole[3:14, 5:18].copy(), 4, "max"))


def test_the_chosen_level_has_one_or_two_values_per_screen_pixel():
    for zoom in np.geomspace(1 / 100, 30, 200):
        factor = factor_for(zoom)
        values = 1 / (zoom * factor)
        assert values < 2 or factor == FACTORS[-1]
        assert values >= 1 or factor == 1


def test_unknown_reductions_are_refused():
    with pytest.raises(ValueError, match="choose one of mean, max, min, deviation"):
        kinds_for("median")


def test_a_level_is_made_once_and_dropped_with_its_plane():
    cache = LevelCache()
    plane = np.zeros((64, 64), np.float32)
    level = cache.build(plane, 4, "max")
    assert cache.build(plane, 4, "max") is level
    assert not level.flags.writeable
    assert cache.level(plane, 1, "max") is plane
    assert cache.nbytes == level.nbytes
    del plane
    gc.collect()
    assert cache.nbytes == 0


@given(
    st.integers(1, 150),
    st.integers(1, 150),
    st.sampled_from(sorted(BLOCKS)),
    st.permutations(FACTORS),
    st.integers(0, 2**31),
)
def test_levels_are_the_same_in_whatever_order_they_are_built(height, width, kind, factors, seed):
    rng = np.random.default_rng(seed)
    plane = rng.integers(0, 1000, (height, width)).astype(np.int32 if kind == "or" else np.float32)
    if kind != "or":
        plane[rng.random(plane.shape) < 0.01] = np.nan
    cache = LevelCache()
    for factor in factors:
        assert np.array_equal(cache.build(plane, factor, kind), reduce_plane(plane, factor, kind), kind != "or")


def test_a_coarser_level_stands_in_for_a_missing_one():
    cache = LevelCache()
    plane = np.zeros((64, 64), np.float32)
    assert cache.coarser(plane, 2, "max") is None
    level = cache.build(plane, 8, "max")
    found = cache.coarser(plane, 2, "max")
    assert found is not None
    assert found[0] is level
    assert found[1] == 8
    assert cache.coarser(plane, 16, "max") is None


def test_the_least_recently_used_level_goes_first():
    planes = [np.zeros((64, 64), np.float32) for _ in range(3)]
    cache = LevelCache(budget=2 * 32 * 32 * 4)
    cache.build(planes[0], 2, "max")
    cache.build(planes[1], 2, "max")
    cache.level(planes[0], 2, "max")
    cache.build(planes[2], 2, "max")
    assert [cache.level(plane, 2, "max") is not None for plane in planes] == [True, False, True]
    assert cache.nbytes == 2 * 32 * 32 * 4


def test_a_plane_at_the_address_of_a_dead_one_is_not_taken_for_it():
    cache = LevelCache()
    for value in range(50):
        plane = np.full((64, 64), value, np.float32)
        assert cache.build(plane, 2, "max")[0, 0] == value
        del plane


def test_several_threads_may_build():
    cache = LevelCache(budget=1 << 16)
    planes = [np.full((64, 64), value, np.float32) for value in range(8)]
    wrong: list[int] = []

    def build() -> None:
        for _ in range(50):
            for value, plane in enumerate(planes):
                if cache.build(plane, 2, "max")[0, 0] != value:
                    wrong.append(value)

    threads = [threading.Thread(target=build) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
