"""Full-frame arithmetic in bands of rows: each band stays in the processor's cache, and bands run on all cores.

NumPy releases the interpreter lock inside its loops, so plain threads are enough. Results do not depend on the number of
threads: every band writes its own rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

__all__ = ["for_bands", "map_bands"]

BAND_PIXELS = 1 << 16
_SERIAL_PIXELS = 1 << 18

T = TypeVar("T")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="isrcore-bands")


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
    height = shape[0]
    width = shape[1] if len(shape) > 1 else 1
    rows = max(1, band_pixels // max(width, 1))
    bands = [slice(start, min(start + rows, height)) for start in range(0, height, rows)]
    if height * width < _SERIAL_PIXELS or len(bands) < 2:
        return [function(band) for band in bands]
    # A few long runs of bands instead of many small jobs: handing out a job costs as much as a band of work.
    workers = os.cpu_count() or 1
    step = -(-len(bands) // (workers * 2))
    runs = [bands[start : start + step] for start in range(0, len(bands), step)]
    parts = _pool().map(lambda run: [function(band) for band in run], runs)
    return [result for part in parts for result in part]


def for_bands(function: Callable[[slice], None], shape: tuple[int, ...], band_pixels: int = BAND_PIXELS) -> None:
    """Call ``function(rows)`` for every band of rows; see `map_bands`."""
    map_bands(function, shape, band_pixels)
