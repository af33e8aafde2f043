"""Exact order statistics and moments of usable pixels: a few are sorted, integers are counted.

Large floating-point frames have their own module, `isrcore.kernels.large_selection`, with the same interface.
`isrcore.image.statistics` gives the numbers their documented meaning.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.partial_order import middle_after_quartiles

__all__ = [
    "IQ_TO_STDEV",
    "QUARTILES",
    "CountedPixels",
    "FewPixels",
    "Moments",
    "Pixels",
    "between",
    "is_finite",
    "moments_from_sums",
    "place",
]

Array = NDArray[Any]

QUARTILES = (0.25, 0.5, 0.75)

IQ_TO_STDEV = 0.741301109252802
"""Standard deviation of a Gaussian over its interquartile range."""

_COUNTABLE_RANGE = 1 << 21


class Moments(NamedTuple):
    """Number, mean and unbiased variance of pixels; NaN where undefined."""

    number: int
    mean: float
    variance: float


class Pixels(Protocol):
    """The usable pixels of one image."""

    @property
    def count(self) -> int:
        """How many pixels are usable."""

    def median(self) -> float:
        """The median by itself."""

    def quartiles(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile together."""

    def moments(self) -> Moments:
        """Moments of all usable pixels."""

    def moments_within(self, centre: float, half_width: float) -> Moments:
        """Moments of the pixels with ``|x - centre| <= half_width``."""

    def extremes(self) -> tuple[float, float]:
        """Lowest and highest value; NaN when there are no pixels."""


def is_finite(values: Array) -> NDArray[np.bool_]:
    """Finite after conversion to single precision, the test that the reference makes.

    See manual: statistics, Selection.
    """
    with np.errstate(over="ignore"):
        finite: NDArray[np.bool_] = np.isfinite(values.astype(np.float32, copy=False))
    return finite


def moments_from_sums(count: int, total: float, squares: float, shift: float) -> Moments:
    """Moments from the sum and the sum of squares of ``x - shift``."""
    if count == 0:
        return Moments(0, math.nan, math.nan)
    offset = total / count
    # A NaN or an infinity among the pixels (they are only here when asked for) leaves no defined mean.
    if not math.isfinite(offset) or not math.isfinite(shift):
        return Moments(count, math.nan, math.nan)
    variance = max(squares / count - offset * offset, 0.0) * count / (count - 1) if count > 1 else math.nan
    return Moments(count, shift + offset, variance)


def between(low: float, high: float, fraction: float) -> float:
    """Linear interpolation between two order statistics."""
    return low if fraction == 0 else low * (1 - fraction) + high * fraction


def place(fraction: float, count: int) -> tuple[int, int, float]:
    """Indices of the two order statistics around a quantile of `count` sorted values, and the weight of the second."""
    index = fraction * (count - 1)
    low = int(index)
    return low, min(low + 1, count - 1), index - low


class FewPixels:
    """Floating-point pixels that are sorted, with moments in double precision.

    Parameters
    ----------
    values : ndarray, 1-d
        The usable values; a NaN among them makes every result NaN.
    """

    def __init__(self, values: Array) -> None:
        self._values = values
        self.count = values.size

    @cached_property
    def _sorted(self) -> Array:
        # Single precision is sorted twice as fast as double precision, to the same order.
        return np.sort(self._values)

    @cached_property
    def _offsets(self) -> Array:
        """Sorted values as offsets from their middle, in double precision."""
        offsets = self._sorted.astype(np.float64)
        offsets -= offsets[self.count // 2]
        return offsets

    def _quantiles(self, fractions: Sequence[float]) -> list[float]:
        # NaN sorts to the end.
        if self.count == 0 or np.isnan(self._sorted[-1]):
            return [math.nan] * len(fractions)
        places = [place(fraction, self.count) for fraction in fractions]
        return [between(float(self._sorted[low]), float(self._sorted[high]), weight) for low, high, weight in places]

    def median(self) -> float:
        return self._quantiles((0.5,))[0]

    def quartiles(self) -> tuple[float, float, float]:
        lower, middle, upper = self._quantiles(QUARTILES)
        return lower, middle, upper

    def moments(self) -> Moments:
        if self.count == 0:
            return Moments(0, math.nan, math.nan)
        values = self._values.astype(np.float64, copy=False)
        shift = float(values[0])
        with np.errstate(invalid="ignore"):
            offsets = values - shift
            return moments_from_sums(values.size, float(offsets.sum()), float((offsets * offsets).sum()), shift)

    def moments_within(self, centre: float, half_width: float) -> Moments:
        ordered = self._sorted
        # The rounded distance decides, which is not the same as comparing with rounded limits. NaN is never within.
        first = bisect_left(range(self.count), -half_width, key=lambda k: float(ordered[k]) - centre)
        last = bisect_right(range(self.count), half_width, lo=first, key=lambda k: float(ordered[k]) - centre)
        if first == last:
            return Moments(0, math.nan, math.nan)
        offsets = self._offsets[first:last]
        total, squares = float(offsets.sum()), float(np.einsum("i,i->", offsets, offsets))
        return moments_from_sums(offsets.size, total, squares, float(ordered[self.count // 2]))

    def extremes(self) -> tuple[float, float]:
        return (float(self._values.min()), float(self._values.max())) if self.count else (math.nan, math.nan)


class CountedPixels:
    """Integer pixels as values with their counts, which makes all statistics exact.

    See manual: statistics, Median of integers.

    Parameters
    ----------
    values : ndarray of integers
    """

    def __init__(self, values: Array) -> None:
        self._pixels = values.reshape(-1)
        self.count = values.size
        if self.count == 0:
            self._values, self._counts = np.zeros(0), np.zeros(0, np.int64)
            return
        low, high = int(values.min()), int(values.max())
        if high - low < _COUNTABLE_RANGE:
            counts = np.bincount((values.ravel() - values.dtype.type(low)).astype(np.intp, copy=False))
            present = np.flatnonzero(counts)
            self._values, self._counts = (present + low).astype(np.float64), counts[present]
        else:
            unique, self._counts = np.unique(values, return_counts=True)
            self._values = unique.astype(np.float64)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Number of pixels up to and including each value."""
        return np.cumsum(self._counts)

    def _at(self, index: int) -> float:
        """Value at sorted position `index`."""
        return float(self._values[np.searchsorted(self._ends, index, side="right")])

    def _aware(self, value: float, begin: int, end: int, goal: float) -> float:
        """A value spread over one unit: by how many of the sorted pixels ``[begin, end)`` lie below and at it."""
        slot = int(np.searchsorted(self._values, value))
        last = int(self._ends[slot])
        first = last - int(self._counts[slot])
        below = min(max(first, begin), end) - begin
        equal = min(max(last, begin), end) - begin - below
        # An empty slice divides by zero, as in the reference (manual: statistics, Median of integers).
        return value - 0.5 + float(np.divide(goal - below, np.float64(equal)))

    def median(self) -> float:
        if self.count == 0:
            return math.nan
        if self.count == 1:
            return float(self._values[0])
        return self._aware(self._at(int(0.5 * (self.count - 1))), 0, self.count, 0.5 * self.count)

    def quartiles(self) -> tuple[float, float, float]:
        n = self.count
        if n < 2:
            value = self.median()
            return value, value, value
        i25, i50, i75 = (int(fraction * (n - 1)) for fraction in QUARTILES)
        # Not the middle value, see there. It takes a second per million pixels: convert large images to float before.
        middle = float(middle_after_quartiles(self._pixels.tolist()))
        with np.errstate(divide="ignore", invalid="ignore"):
            return (
                self._aware(self._at(i25), 0, i50, 0.25 * n),
                self._aware(middle, i25, i75, 0.5 * n - i25),
                self._aware(self._at(i75), i50, n, 0.75 * n - i50),
            )

    def _moments_of(self, where: slice | NDArray[np.bool_]) -> Moments:
        values, counts = self._values[where], self._counts[where]
        if values.size == 0:
            return Moments(0, math.nan, math.nan)
        shift = float(values[values.size // 2])
        offsets = values - shift
        total, squares = float((counts * offsets).sum()), float((counts * offsets * offsets).sum())
        return moments_from_sums(int(counts.sum()), total, squares, shift)

    def moments(self) -> Moments:
        return self._moments_of(slice(None))

    def moments_within(self, centre: float, half_width: float) -> Moments:
        return self._moments_of(np.abs(self._values - centre) <= half_width)

    def extremes(self) -> tuple[float, float]:
        return (float(self._values[0]), float(self._values[-1])) if self.count else (math.nan, math.nan)
