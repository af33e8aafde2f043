"""Exact medians of many square apertures that overlap: the level around thousands of random positions.

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

from isrcore.kernels.bands import for_bands, map_items, rows_of_bands
from isrcore.kernels.memory import new_plane

__all__ = ["AperturePixels"]

Image = NDArray[np.float32]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int32]
Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_SMALL_AREA = 256
_MAGNITUDE = np.int32(0x7FFFFFFF)
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1
"""Codes that sort before and after those of all numbers."""

_PARTS = 8
_GROUP = 64
_NEIGHBOURHOOD = 64
_MOST_ROWS = 127
"""Rows whose balance fits into one byte."""


class AperturePixels:
    """The pixels of an image in the form that selects fastest, for apertures of any size.

    Parameters
    ----------
    image : ndarray, (height, width), float32
        Not changed, and not needed any more afterwards.
    unusable : callable
        ``unusable(rows)`` tells for a band of rows which pixels do not count, (rows, width) bool; among them must be
        every NaN.
    """

    def __init__(self, image: Image, unusable: Callable[[slice], Bools]) -> None:
        self._shape = height, width = image.shape
        self._codes: Codes = new_plane(image.shape, np.int32)
        # How many unusable pixels come first, less how many come last, in all rows below this one, modulo 256: the
        # difference between two rows is right.
        self._balance: NDArray[np.int8] = new_plane((height + 1, width), np.int8)
        self._balance[0] = 0
        # Unusable pixels come first and last in turn, as on a chess board.
        bands = rows_of_bands(image.shape)
        white = np.add.outer(np.arange(bands[0].stop), np.arange(width)) % 2 == 0

        def band(rows: slice) -> None:
            codes, balance, where = self._codes[rows], self._balance[rows.start + 1 : rows.stop + 1], unusable(rows)
            _encode(image[rows], out=codes)
            first = where & white[: len(where)]
            last = where ^ first
            codes.reshape(-1)[np.flatnonzero(first)] = _LOWEST
            codes.reshape(-1)[np.flatnonzero(last)] = _HIGHEST
            np.subtract(first.view(np.int8), last.view(np.int8), out=balance)
            # Whole rows are added with vector instructions, numpy.cumsum along columns is not.
            for above, here in pairwise(balance):
                np.add(above, here, out=here)

        for_bands(band, image.shape)
        for rows in bands[1:]:
            self._balance[rows.start + 1 : rows.stop + 1] += self._balance[rows.start]

    def medians(self, x: Integers, y: Integers, side: int, check: Callable[[], None] = lambda: None) -> Floats:
        """Median of the usable pixels in each aperture.

        Parameters
        ----------
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
        height, width = self._shape
        if side < 1 or (x.size and (min(x.min(), y.min()) < 0 or x.max() + side > width or y.max() + side > height)):
            raise ValueError(f"apertures of {side} x {side} pixels must be inside the image of {width} x {height}")
        medians = np.empty(x.size)
        select = self._select_small if side * side <= _SMALL_AREA else self._select_large

        def work(part: Integers) -> None:
            # The middle of the numbers, counted from the lowest code; between two places where their count is even.
            place, between = np.divmod(side * side - 1 + self._excess(x[part], y[part], side), 2)
            lower, upper = select(x[part], y[part], side, place, check)
            medians[part] = 0.5 * (lower + np.where(between == 1, upper, lower))

        map_items(work, np.array_split(_neighbours_together(x, y), _PARTS))
        return medians

    def _excess(self, x: Integers, y: Integers, side: int) -> Integers:
        """How many unusable pixels come first in each aperture, less how many come last."""
        columns = sliding_window_view(self._balance, side, axis=1)
        excess = np.zeros(x.size, np.intp)
        for top in range(0, side, _MOST_ROWS):
            balance = columns[y + min(top + _MOST_ROWS, side), x]
            balance -= columns[y + top, x]
            excess += balance.sum(axis=1, dtype=np.intp)
        return excess

    def _select_small(
        self, x: Integers, y: Integers, side: int, place: Integers, check: Callable[[], None]
    ) -> tuple[Floats, Floats]:
        """The values at `place` and after it: sort all apertures."""
        check()
        width = self._shape[1]
        offsets = (np.arange(side)[:, None] * width + np.arange(side)).ravel()
        # Single pixels are taken faster than small windows.
        pixels = np.sort(self._codes.ravel().take((y * width + x)[:, None] + offsets), axis=1)
        rows, last = np.arange(x.size), side * side - 1
        return _decode(pixels[rows, place]), _decode(pixels[rows, np.minimum(place + 1, last)])

    def _select_large(
        self, x: Integers, y: Integers, side: int, place: Integers, check: Callable[[], None]
    ) -> tuple[Floats, Floats]:
        """The values at `place` and after it: select in groups that have the same place."""
        windows = sliding_window_view(self._codes, (side, side))
        lower, upper = np.empty((2, x.size), np.int32)
        order = np.argsort(place, kind="stable")
        for alike in np.split(order, np.flatnonzero(np.diff(place[order])) + 1):
            for start in range(0, alike.size, _GROUP):
                check()
                group = alike[start : start + _GROUP]
                pixels, middle = windows[y[group], x[group]].reshape(group.size, -1), int(place[group[0]])
                # NumPy selects one place with vector instructions, several places without: the second is a minimum.
                pixels.partition(middle, axis=1)
                lower[group], upper[group] = pixels[:, middle], pixels[:, middle + 1 :].min(axis=1, initial=_HIGHEST)
        return _decode(lower), _decode(upper)


def _encode(image: Image, out: Codes) -> None:
    """Integers in the order of the values."""
    bits = image.view(np.int32)
    # The bits of a positive number grow with it; those of a negative one have to be turned round, but for the sign.
    np.right_shift(bits, 31, out=out)
    np.bitwise_and(out, _MAGNITUDE, out=out)
    np.bitwise_xor(out, bits, out=out)


def _decode(codes: Codes) -> Floats:
    """The values of codes; the lowest and the highest are NaN."""
    bits = codes ^ ((codes >> 31) & _MAGNITUDE)
    return bits.view(np.float32).astype(np.float64)


def _neighbours_together(x: Integers, y: Integers) -> Integers:
    """The order of positions that keeps in the processor's cache what apertures share."""
    # One number to sort by is ten times as fast as two.
    return np.argsort(y // _NEIGHBOURHOOD * (1 << 32) + x // _NEIGHBOURHOOD)
