"""Exact medians of many large square apertures that overlap: the level around thousands of random positions.

Thirty thousand apertures of 100 x 100 pixels cover a CCD thirty times over, so the work per aperture pixel decides. The
frame is coded once in 16 bits over the narrow range in which the medians lie: codes keep the order of the values, take
half the memory, and are selected with vector instructions where the processor has them. The code of the median then
points to the one or two pixels whose values decide, which makes the result exact. The coded range has no influence on
it: an aperture whose median falls outside is looked at directly.
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
Codes = NDArray[np.uint16]
Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_SMALL_AREA = 256
_MAX_SIDE = 255
"""Unusable pixels of a column of an aperture are counted in one byte."""

_LOWEST, _HIGHEST, _UNUSABLE = 0, 65534, 65535
"""Codes below and above the coded range, and of NaN, which must sort last."""

_GROUP = 64
_PADDING = 1000
_SAMPLE_APERTURES = 300
_SAMPLE_STEP = 4
_COMMON = (0.02, 0.98)
"""Quantiles of medians and pixels between which the codes lie: a bright star must not make those of the sky coarse."""


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
    if side > _MAX_SIDE or x.size < _GROUP:
        return _direct_medians(image, x, y, side)
    codes = sliding_window_view(_encode(image, _median_range(image, x, y, side)), (side, side))
    unusable = _count_unusable(image, x, y, side)
    medians = np.empty(x.size)

    def work(group: Integers) -> None:
        medians[group] = _group_medians(image, codes, x[group], y[group], side, unusable[group])

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


def _direct_medians(image: Image, x: Integers, y: Integers, side: int) -> Floats:
    """One aperture after the other."""
    medians = np.full(x.size, np.nan)
    for n, (left, bottom) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        pixels = image[bottom : bottom + side, left : left + side].ravel()
        pixels = pixels[~np.isnan(pixels)]
        if pixels.size:
            low, high = (pixels.size - 1) // 2, pixels.size // 2
            # NumPy selects one place with vector instructions, several places without: the second is a minimum.
            pixels.partition(low)
            medians[n] = 0.5 * (float(pixels[low]) + float(pixels[high:].min() if high > low else pixels[low]))
    return medians


def _median_range(image: Image, x: Integers, y: Integers, side: int) -> tuple[float, float]:
    """Values between which nearly all medians and most pixels lie: from a sample of apertures and pixels.

    Pixels outside share a code, and selection is slow among many equal values.
    """
    chosen = slice(None, None, max(1, x.size // _SAMPLE_APERTURES))
    thin = image[::_SAMPLE_STEP, ::_SAMPLE_STEP]
    thin_side = max(1, side // _SAMPLE_STEP)
    medians = _direct_medians(thin, x[chosen] // _SAMPLE_STEP, y[chosen] // _SAMPLE_STEP, thin_side)
    medians = medians[~np.isnan(medians)]
    if medians.size == 0:
        return 0.0, 1.0
    pixels = thin[::_SAMPLE_STEP].ravel()
    ends = np.quantile(medians, _COMMON), np.quantile(pixels[~np.isnan(pixels)], _COMMON)
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    margin = 0.2 * (high - low) + 1e-5 * max(abs(low), abs(high)) + 1e-30
    return low - margin, high + margin


def _encode(image: Image, value_range: tuple[float, float]) -> Codes:
    """16-bit codes; rounding in every operation keeps the order of the values."""
    low, high = np.float32(value_range[0]), value_range[1]
    scale = np.float32((_HIGHEST - 1) / (high - value_range[0]))
    codes = np.empty(image.shape, np.uint16)

    def band(rows: slice) -> None:
        scaled = image[rows] - low
        scaled *= scale
        np.clip(scaled, _LOWEST, _HIGHEST, out=scaled)
        unusable = np.flatnonzero(np.isnan(scaled))
        scaled.reshape(-1)[unusable] = _UNUSABLE
        codes[rows] = scaled

    for_bands(band, image.shape)
    return codes


def _count_unusable(image: Image, x: Integers, y: Integers, side: int) -> Integers:
    """Number of NaN pixels in each aperture."""
    height, width = image.shape
    # Running counts down the columns, modulo 256: their differences over an aperture are right.
    running = np.zeros((height + 1, width), np.uint8)

    def band(rows: slice) -> None:
        np.isnan(image[rows], out=running[rows.start + 1 : rows.stop + 1].view(np.bool_))

    for_bands(band, image.shape)
    for above, here in pairwise(running):
        np.add(above, here, out=here)
    columns = sliding_window_view(running, side, axis=1)
    in_columns = columns[y + side, x] - columns[y, x]
    # Single precision is exact for these numbers, and its sums are vectorised.
    total: Integers = in_columns.astype(np.float32).sum(axis=1).astype(np.intp)
    return total


def _group_medians(image: Image, codes: Codes, x: Integers, y: Integers, side: int, unusable: Integers) -> Floats:
    """Medians of apertures with known numbers of unusable pixels; `codes` is indexed by lowest row and column."""
    area = side * side
    # Padding at the low end makes the (lower) median the same place in every aperture; the rest of it sorts last.
    places = np.maximum(area - unusable - 1, 0) // 2
    middle = int(places.max())
    padding = middle - places
    size = area + int(padding.max())
    apertures = np.empty((x.size, size), np.uint16)
    apertures[:, :area] = codes[y, x].reshape(x.size, area)
    apertures[:, area:] = np.where(np.arange(size - area) < padding[:, None], _LOWEST, _UNUSABLE)
    has_two = (area - unusable) % 2 == 0
    ordered = np.partition(apertures, middle, axis=1)
    low_code = ordered[:, middle]
    high_code = np.where(has_two, ordered[:, middle + 1 :].min(axis=1), low_code)
    span = high_code - low_code
    # The pixels with one of the two codes, aperture by aperture; no code lies between them.
    offset = apertures - low_code[:, None]
    # One dimension at a time: NumPy finds them several times faster than in two.
    where = np.flatnonzero(offset <= span[:, None])
    row = where // size
    # Padding is met only in apertures outside the coded range, which are looked at directly.
    pixel = np.minimum(where - row * size, area - 1)
    values = image[y[row] + pixel // side, x[row] + pixel % side]
    is_low = offset.reshape(-1)[where] == 0
    low_values = values[is_low]
    starts = np.searchsorted(row[is_low], np.arange(x.size + 1))
    highest, lowest = np.maximum.reduceat(low_values, starts[:-1]), np.minimum.reduceat(low_values, starts[:-1])
    first, second = highest.astype(np.float64), lowest.astype(np.float64)
    # Usually the lower middle pixel is the last with its code and the upper one the first with the next code.
    apart = np.flatnonzero(span)
    if apart.size:
        second[apart] = np.minimum.reduceat(values[~is_low], np.searchsorted(row[~is_low], apart))
    # If they share a code and are its only pixels, or all its pixels are equal, the extremes are right as well.
    outside = (low_code == _LOWEST) | (high_code >= _HIGHEST)
    shared = (span == 0) & (lowest < highest) & (np.diff(starts) > 1 + has_two) & ~outside
    for n in np.flatnonzero(shared):
        same_code = np.sort(low_values[starts[n] : starts[n + 1]])
        rank = middle - np.count_nonzero(ordered[n, :middle] < low_code[n])
        first[n], second[n] = same_code[rank], same_code[rank + has_two[n]]
    medians = 0.5 * (first + second)
    todo = np.flatnonzero(outside)
    medians[todo] = _direct_medians(image, x[todo], y[todo], side)
    return medians
