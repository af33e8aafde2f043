"""Memory for planes, used again: getting a plane from the system costs more than most steps.

The system hands out memory page by page as it is first written, and clears each page; taking it back costs as much
again. So the memory of planes that are gone is kept for the next ones, up to `MOST_IDLE` bytes.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["MOST_IDLE", "idle_bytes", "new_plane", "reserve"]

MOST_IDLE = min(768 << 20, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 16)
"""Bytes kept for later at most: about what the results of all steps of one CCD take, on a small machine less."""

_SMALLEST = 4 << 20
"""Smaller arrays come and go without the system."""

_PAGE = 2 << 20
"""Bytes of a large page; a plane that begins at a multiple consists of them."""

_SMALL_PAGE = 4096

Block = NDArray[np.uint8]

_idle: list[Block] = []
# Re-entrant, because the garbage collector may give back a block while another is being taken.
_lock = threading.RLock()


def new_plane(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array whose values are not defined, like `numpy.empty`.

    Its memory is kept for another plane as soon as neither it nor any view of it is left.

    Parameters
    ----------
    shape : tuple of int
    dtype : data type
        Of numbers.
    """
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    if nbytes < _SMALLEST:
        return np.empty(shape, dtype)
    block = _take(nbytes)
    if block is None:
        block = np.empty(nbytes + _PAGE, np.uint8)
    start = -block.ctypes.data % _PAGE
    # A view refers to the array at the end of its chain of bases. Over a buffer that is the array made here, not the
    # block: it dies with the last view.
    owner = np.frombuffer(block.data, dtype, math.prod(shape), start)
    weakref.finalize(owner, _give_back, block).atexit = False
    return owner.reshape(shape)


def reserve(nbytes: int, count: int, cancel: Callable[[], bool] = lambda: False) -> None:
    """Get memory from the system ahead of need, so that the next planes do not wait for it.

    Parameters
    ----------
    nbytes : int
        Size of a plane.
    count : int
        How many planes shall find memory; fewer when that would be more than `MOST_IDLE`.
    cancel : callable
        Asked often; True ends the work.
    """
    while idle_bytes() + nbytes + _PAGE <= MOST_IDLE and not cancel():
        with _lock:
            if sum(block.nbytes >= nbytes + _PAGE for block in _idle) >= count:
                return
        block = np.empty(nbytes + _PAGE, np.uint8)
        for start in range(0, block.size, _PAGE):
            if cancel():
                return
            # One write a page is enough.
            block[start : start + _PAGE : _SMALL_PAGE] = 0
        _give_back(block)


def idle_bytes() -> int:
    """Bytes that are kept for later."""
    with _lock:
        return sum(block.nbytes for block in _idle)


def _take(nbytes: int) -> Block | None:
    """The smallest idle block that is large enough and not much too large."""
    with _lock:
        fitting = [k for k, block in enumerate(_idle) if 0 <= block.nbytes - _PAGE - nbytes <= nbytes // 8]
        return _idle.pop(min(fitting, key=lambda k: _idle[k].nbytes)) if fitting else None


def _give_back(block: Block) -> None:
    with _lock:
        _idle.append(block)
        while idle_bytes() > MOST_IDLE:
            # The oldest: what is asked for now has the size of what was given back last.
            del _idle[0]
