"""Exact medians of many large square apertures that overlap: the level around thousands of random positions.

Thirty thousand apertures of 100 x 100 pixels cover a CCD thirty times over, so the work per aperture pixel decides.
Single-precision numbers become integers in the same order, which are selected with vector instructions where the
processor has them, more than twice as fast as numbers that might be NaN.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from isrcore.image.bands import for_bands

__all__ = ["aperture_medians"]

Image = NDArray[np.float32]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_SMALL_AREA = 256
_MAGNITUDE = np.int32(0x7FFFFFFF)
_LOWEST, _UNUSABLE = -(2**31), 2**31 - 1
"""Codes that sort before and after those of all numbers."""

_GROUP = 64
_PADDING = 1000


def aperture_medians(image: Image, x: Integers, y: Integers, side: int) -> Floats:
    """Median of the pixels in each square aperture that are not NaN.

    Parameters
    ----------
    image : ndarray, (height, width), float32
        Pixels that do not count are NaN; there are no infinities.
    x, y : ndarray, (n,)
        Lowest column and row of each aperture.
    side : int
        Columns and rows of an aperture.

    Returns
    -------
    medians : ndarray, (n,), float64
        Of an even number of pixels, the mean of the middle two. NaN where no pixel counts.

    Raises
    ------
    ValueError
        If an aperture is empty or reaches outside the image.
    """
    height, width = image.shape
    if side < 1 or (x.size and (min(x.min(), y.min()) < 0 or x.max() + side > width or y.max() + side > height)):
        raise ValueError(f"apertures of {side} x {side} pixels must be inside the image of {width} x {height}")
    if side * side <= _SMALL_AREA:
        return _small_medians(image, x, y, side)
    codes = sliding_window_view(_encode(image), (side, side))
    unusable = _count_unusable(image, x, y, side)
    medians = np.empty(x.size)

    def work(group: Integers) -> None:
        medians[group] = _group_medians(codes, x[group], y[group], side, unusable[group])

    # Neighbours together, for the sake of the processor's cache, but not much padding for those that need little.
    order = np.lexsort((x, y // 32, unusable // _PADDING))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, np.array_split(order, -(-x.size // _GROUP))))
    return medians


def _small_medians(image: Image, x: Integers, y: Integers, side: int) -> Floats:
    """Copy the apertures out and sort each."""
    pixels = np.sort(sliding_window_view(image, (side, side))[y, x].reshape(x.size, -1), axis=1)
    # NaN sorts to the end.
    count = np.count_nonzero(~np.isnan(pixels), axis=1)
    rows, low, high = np.arange(x.size), np.maximum(count - 1, 0) // 2, np.minimum(count // 2, pixels.shape[1] - 1)
    return np.where(count > 0, 0.5 * (pixels[rows, low].astype(np.float64) + pixels[rows, high]), np.nan)


def _encode(image: Image) -> Codes:
    """Integers in the order of the values; NaN comes last."""
    codes = np.empty(image.shape, np.int32)

    def band(rows: slice) -> None:
        bits, here = image[rows].view(np.int32), codes[rows]
        # The bits of a positive number grow with it; those of a negative one have to be turned round, but for the sign.
        np.right_shift(bits, 31, out=here)
        np.bitwise_and(here, _MAGNITUDE, out=here)
        np.bitwise_xor(here, bits, out=here)
        here.reshape(-1)[np.flatnonzero(np.isnan(image[rows]))] = _UNUSABLE

    for_bands(band, image.shape)
    return codes


def _decode(codes: Codes) -> Floats:
    """The values of codes."""
    bits = codes ^ ((codes >> 31) & _MAGNITUDE)
    return bits.view(np.float32).astype(np.float64)


def _count_unusable(image: Image, x: Integers, y: Integers, side: int) -> Integers:
    """Number of NaN pixels in each aperture."""
    height, width = image.shape
    # Running counts down the columns, modulo the largest: their differences over an aperture are right.
    running = np.zeros((height + 1, width), np.uint8 if side < 256 else np.uint16)

    def band(rows: slice) -> None:
        running[rows.start + 1 : rows.stop + 1] = np.isnan(image[rows])

    for_bands(band, image.shape)
    for above, here in pairwise(running):
        np.add(above, here, out=here)
    columns = sliding_window_view(running, side, axis=1)
    in_columns = columns[y + side, x] - columns[y, x]
    # Single precision is exact for these numbers, and its sums are vectorised.
    total: Integers = in_columns.astype(np.float32).sum(axis=1).astype(np.intp)
    return total


def _group_medians(codes: Codes, x: Integers, y: Integers, side: int, unusable: Integers) -> Floats:
    """Medians of apertures with known numbers of unusable pixels; `codes` is indexed by lowest row and column."""
    area = side * side
    # Padding at the low end makes the (lower) median the same place in every aperture; the rest of it sorts last.
    places = np.maximum(area - unusable - 1, 0) // 2
    middle = int(places.max())
    padding = middle - places
    apertures = np.empty((x.size, area + int(padding.max())), np.int32)
    apertures[:, :area].reshape(x.size, side, side)[...] = codes[y, x]
    for row, number in zip(apertures, padding.tolist(), strict=True):
        row[area : area + number] = _LOWEST
        row[area + number :] = _UNUSABLE
    # NumPy selects one place with vector instructions, several places without: the second is a minimum.
    apertures.partition(middle, axis=1)
    low, high = apertures[:, middle], apertures[:, middle + 1 :].min(axis=1)
    first = _decode(low)
    second = np.where((area - unusable) % 2 == 0, _decode(high), first)
    return np.where(unusable < area, 0.5 * (first + second), np.nan)
