"""Exact medians of many large square apertures that overlap: the level around thousands of random positions.

Thirty thousand apertures of 100 x 100 pixels cover a CCD thirty times over, so the work per aperture pixel decides.
Single-precision numbers become integers in the same order, which are selected with vector instructions where the
processor has them, more than twice as fast as numbers that might be NaN. Half of the unusable pixels sort before all
numbers and half after them, so that the median has almost the same place in every aperture, and many are selected in
one call.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from isrcore.image.bands import for_bands, map_items

__all__ = ["aperture_medians"]

Image = NDArray[np.float32]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_SMALL_AREA = 256
_MAGNITUDE = np.int32(0x7FFFFFFF)
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
"""Codes that sort before and after those of all numbers."""

_GROUP = 16
_NEIGHBOURHOOD = 64


def aperture_medians(
    image: Image, x: Integers, y: Integers, side: int, check: Callable[[], None] = lambda: None
) -> Floats:
    """Median of the pixels in each square aperture that are not NaN.

    Parameters
    ----------
    image : ndarray, (height, width), float32
        Pixels that do not count are NaN; there are no infinities.
    x, y : ndarray, (n,)
        Lowest column and row of each aperture.
    side : int
        Columns and rows of an aperture.
    check : callable
        Called now and then, from several threads; what it raises ends the work.

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
    if not x.size:
        return np.empty(0)
    if side * side <= _SMALL_AREA:
        return _small_medians(image, x, y, side)
    codes, balance = _encode(image, side)
    excess = _sums(balance, x, y, side)
    # The middle of the numbers, counted from the lowest code; between two places where their count is even.
    place, between = np.divmod(side * side - 1 + excess, 2)
    windows = sliding_window_view(codes, (side, side))
    lower, upper = np.empty((2, x.size), np.int32)

    def work(group: Integers) -> None:
        check()
        pixels, middle = windows[y[group], x[group]].reshape(group.size, -1), int(place[group[0]])
        # NumPy selects one place with vector instructions, several places without: the second is a minimum.
        pixels.partition(middle, axis=1)
        lower[group], upper[group] = pixels[:, middle], pixels[:, middle + 1 :].min(axis=1, initial=_HIGHEST)

    map_items(work, _groups(x, y, place))
    first = _decode(lower)
    medians: Floats = 0.5 * (first + np.where(between == 1, _decode(upper), first))
    return medians


def _small_medians(image: Image, x: Integers, y: Integers, side: int) -> Floats:
    """Copy the apertures out and sort each."""
    width = image.shape[1]
    offsets = (np.arange(side)[:, None] * width + np.arange(side)).ravel()
    # Single pixels are taken faster than small windows.
    pixels = np.sort(image.ravel().take((y * width + x)[:, None] + offsets), axis=1)
    # NaN sorts to the end.
    count = np.count_nonzero(~np.isnan(pixels), axis=1)
    rows, low, high = np.arange(x.size), np.maximum(count - 1, 0) // 2, np.minimum(count // 2, pixels.shape[1] - 1)
    return np.where(count > 0, 0.5 * (pixels[rows, low].astype(np.float64) + pixels[rows, high]), np.nan)


def _encode(image: Image, side: int) -> tuple[Codes, NDArray[np.signedinteger]]:
    """Integers in the order of the values; NaN comes first and last, in turn as on a chess board.

    Returns
    -------
    codes : ndarray, (height, width), int32
    balance : ndarray, (height, width)
        1 where NaN comes first, -1 where it comes last, else 0; wide enough for the sum of `side` pixels.
    """
    codes = np.empty(image.shape, np.int32)
    balance = np.zeros(image.shape, np.int8 if side < 128 else np.int64)

    def band(rows: slice) -> None:
        bits, here = image[rows].view(np.int32), codes[rows]
        # The bits of a positive number grow with it; those of a negative one have to be turned round, but for the sign.
        np.right_shift(bits, 31, out=here)
        np.bitwise_and(here, _MAGNITUDE, out=here)
        np.bitwise_xor(here, bits, out=here)
        unusable = np.flatnonzero(np.isnan(image[rows]))
        first = np.add(*np.divmod(unusable, image.shape[1])) % 2 == rows.start % 2
        here.reshape(-1)[unusable] = np.where(first, _LOWEST, _HIGHEST)
        balance[rows].reshape(-1)[unusable] = np.where(first, 1, -1)

    for_bands(band, image.shape)
    return codes, balance


def _decode(codes: Codes) -> Floats:
    """The values of codes; the lowest and the highest are NaN."""
    bits = codes ^ ((codes >> 31) & _MAGNITUDE)
    return bits.view(np.float32).astype(np.float64)


def _sums(plane: NDArray[np.signedinteger], x: Integers, y: Integers, side: int) -> Integers:
    """Sum of a plane in each aperture; the plane is used up."""
    # Running sums down the columns, modulo the largest number: their differences over an aperture are right.
    for above, here in pairwise(plane):
        np.add(above, here, out=here)
    columns = sliding_window_view(plane, side, axis=1)
    in_columns = columns[y + side - 1, x]
    below = np.flatnonzero(y > 0)
    in_columns[below] -= columns[y[below] - 1, x[below]]
    total: Integers = in_columns.sum(axis=1, dtype=np.intp)
    return total


def _groups(x: Integers, y: Integers, place: Integers) -> list[Integers]:
    """Indices of apertures with the same place of the median; neighbours together, for the processor's cache."""
    order = np.lexsort((x // _NEIGHBOURHOOD, y // _NEIGHBOURHOOD, place))
    alike = np.split(order, np.flatnonzero(np.diff(place[order])) + 1)
    return [group for part in alike for group in np.array_split(part, -(-part.size // _GROUP))]
