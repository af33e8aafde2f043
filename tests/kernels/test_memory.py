"""Memory of planes is used again, and never while anybody can still see it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from isrcore.kernels import memory
from isrcore.kernels.memory import MOST_IDLE, idle_bytes, new_plane, reserve

SHAPE = (1024, 2048)


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


@pytest.fixture(autouse=True)
def nothing_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_idle", [])


def test_memory_of_a_plane_that_is_gone_serves_the_next_one() -> None:
    first = new_plane(SHAPE, np.float32)
    place = address(first)
    del first
    assert address(new_plane(SHAPE, np.int32)) == place


@pytest.mark.parametrize(
    "look",
    [
        lambda plane: plane[3:5, ::2],
        lambda plane: plane.ravel()[7:],
        lambda plane: plane.view(np.int32)[1],
        lambda plane: np.broadcast_to(plane[0], (3, SHAPE[1])),
        lambda plane: memoryview(plane),
        lambda plane: plane[5].astype(np.float32, copy=False),
    ],
)
def test_memory_is_not_used_again_while_a_view_lives(look) -> None:
    plane = new_plane(SHAPE, np.float32)
    plane[:] = 1.0
    seen = look(plane)
    del plane
    other = new_plane(SHAPE, np.float32)
    other[:] = 2.0
    assert set(np.asarray(seen).view(np.float32).ravel().tolist()) == {1.0}
    assert idle_bytes() == 0
    del seen
    assert idle_bytes() > 0


def test_a_somewhat_smaller_plane_takes_the_memory_and_a_much_smaller_one_does_not() -> None:
    place = address(new_plane(SHAPE, np.float32))
    assert address(new_plane((SHAPE[0] - 30, SHAPE[1]), np.float32)) == place
    before = idle_bytes()
    small = new_plane((SHAPE[0] * 3 // 4, SHAPE[1]), np.float32)
    assert idle_bytes() == before
    assert small.shape == (SHAPE[0] * 3 // 4, SHAPE[1])


def test_idle_memory_is_bounded() -> None:
    planes = [new_plane(SHAPE, np.float64) for _ in range(MOST_IDLE // (SHAPE[0] * SHAPE[1] * 8) + 3)]
    planes.clear()
    assert 0 < idle_bytes() <= MOST_IDLE


def test_small_arrays_are_ordinary() -> None:
    assert new_plane((10, 10), np.float32).base is None


def test_planes_are_aligned_contiguous_and_writable() -> None:
    plane = new_plane(SHAPE, np.float32)
    assert plane.flags.c_contiguous
    assert plane.flags.aligned
    assert plane.flags.writeable
    assert (plane.shape, plane.dtype) == (SHAPE, np.float32)


def test_threads_never_share_a_plane() -> None:
    failures: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            plane = new_plane(SHAPE, np.int32)
            plane[::64] = number
            if (plane[::64] != number).any():
                failures.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_memory_is_had_ahead_of_need() -> None:
    nbytes = 4 * SHAPE[0] * SHAPE[1]
    reserve(nbytes, 2)
    ahead = idle_bytes()
    assert 2 * nbytes < ahead < 3 * nbytes
    reserve(nbytes, 2)
    assert idle_bytes() == ahead
    plane = new_plane(SHAPE, np.float32)
    assert idle_bytes() == ahead // 2
    del plane
    assert idle_bytes() == ahead


def test_memory_ahead_of_need_is_bounded_and_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    nbytes = 4 * SHAPE[0] * SHAPE[1]
    monkeypatch.setattr(memory, "MOST_IDLE", 2 * nbytes)
    reserve(nbytes, 5)
    assert nbytes < idle_bytes() <= 2 * nbytes
    monkeypatch.setattr(memory, "_idle", [])
    asked = iter([False, False, True])
    reserve(nbytes, 1, lambda: next(asked))
    assert idle_bytes() == 0
