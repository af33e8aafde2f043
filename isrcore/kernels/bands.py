"""Full-frame arithmetic in bands of rows: each band stays in the processor's cache, and bands run on all cores.

NumPy releases the interpreter lock inside its loops, so plain threads are enough. Results do not depend on the number
of threads: every band writes its own rows.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.memory import new_plane

__all__ = ["BAND_PIXELS", "copy_plane", "for_bands", "map_bands", "map_items", "rows_of_bands"]

BAND_PIXELS = 1 << 18
_SERIAL_PIXELS = 1 << 18
_THREAD_NAME = "isrcore-bands"

S = TypeVar("S")
T = TypeVar("T")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix=_THREAD_NAME)


def rows_of_bands(shape: tuple[int, ...], band_pixels: int = BAND_PIXELS) -> list[slice]:
    """Consecutive slices of rows, all of the same length but for the last; see `map_bands`."""
    height = shape[0]
    width = shape[1] if len(shape) > 1 else 1
    rows = max(1, band_pixels // max(width, 1))
    return [slice(start, min(start + rows, height)) for start in range(0, height, rows)]


def map_bands(function: Callable[[slice], T], shape: tuple[int, ...], band_pixels: int = BAND_PIXELS) -> list[T]:
    """Call ``function(rows)`` for consecutive slices of rows and return the results from the first row to the last.

    Parameters
    ----------
    function : callable
        Must touch only the rows that it is given.
    shape : tuple of int
        Shape of the image, ``(height, width)``.
    band_pixels : int
        Pixels in a band, rounded to whole rows.
    """
    bands = rows_of_bands(shape, band_pixels)
    if math.prod(shape[:2]) < _SERIAL_PIXELS or len(bands) < 2:
        return [function(band) for band in bands]
    return map_items(function, bands)


def map_items(function: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Call ``function(item)`` for all items on all cores and return the results in order.

    Inside such a call everything runs one after the other: a thread of the pool must not wait for the pool.
    """
    if threading.current_thread().name.startswith(_THREAD_NAME):
        return [function(item) for item in items]
    # A few long runs of items instead of many small jobs: handing out a job costs as much as a band of work.
    workers = os.cpu_count() or 1
    step = max(1, -(-len(items) // (workers * 2)))
    runs = [items[start : start + step] for start in range(0, len(items), step)]
    parts = _pool().map(lambda run: [function(item) for item in run], runs)
    return [result for part in parts for result in part]


def for_bands(function: Callable[[slice], None], shape: tuple[int, ...], band_pixels: int = BAND_PIXELS) -> None:
    """Call ``function(rows)`` for every band of rows; see `map_bands`."""
    map_bands(function, shape, band_pixels)


def copy_plane(plane: NDArray[Any]) -> NDArray[Any]:
    """A contiguous copy, made on all cores, in memory of a plane that is gone if there is some."""
    copy = new_plane(plane.shape, plane.dtype)
    for_bands(lambda rows: np.copyto(copy[rows], plane[rows]), plane.shape)
    return copy
