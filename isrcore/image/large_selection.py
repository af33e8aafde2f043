"""Exact order statistics and moments of a large frame in one threaded pass, without sorting it.

A regular sample brackets each wanted order statistic. One pass then counts what lies below each bracket and gathers
what lies inside, so that only a few percent of the pixels are ever ordered. The same pass sums the core of the
distribution and gathers its tails, so that clipping iterations look at the tails alone. The results are exact: where
the sample misled, the frame is looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.image.bands import BAND_PIXELS, map_bands
from isrcore.image.selection import IQ_TO_STDEV, QUARTILES, Moments, between, is_finite, moments_from_sums, place

__all__ = ["ManyPixels"]

Array = NDArray[Any]

_SAMPLE = 1 << 16
_NAN_BITS = np.int32(0x7FC00000)
_BRACKET_SIGMA = 5.0
"""Half-width of a bracket in standard deviations of the sample's rank: the frame is hardly ever looked at twice."""


class _Sums(NamedTuple):
    """Number of pixels, sum and sum of squares of their offsets from a fixed value."""

    number: int = 0
    total: float = 0.0
    squares: float = 0.0


class _Visit(NamedTuple):
    """What one pass over the frame brings home: counts below the brackets, values inside them, core and tails."""

    number: int
    below: list[int]
    inside: list[Array]
    core: _Sums
    tails: Array


class ManyPixels:
    """The finite, unmasked pixels of a large floating-point image; see `isrcore.image.selection.Pixels`.

    Parameters
    ----------
    array : ndarray, 1-d or 2-d, float32 or float64
    mask : ndarray, int32, or None
        Mask pixels of the same shape.
    bits : int
        Mask bits that exclude a pixel.
    clip_sigma : float
        Clipping threshold that `moments_within` will mostly be asked for, in standard deviations; speed only.
    """

    def __init__(self, array: Array, mask: NDArray[np.int32] | None, bits: int, clip_sigma: float) -> None:
        self._array, self._mask, self._bits = array, mask, np.int32(bits)
        sample = self._usable(tuple(slice(step // 2, None, step) for step in _sample_steps(array.shape)))
        self._sample = np.sort(sample[is_finite(sample)])
        if self._sample.size:
            q25, self._shift, q75 = (float(np.quantile(self._sample, fraction)) for fraction in QUARTILES)
            half_width = 0.8 * clip_sigma * IQ_TO_STDEV * (q75 - q25)
            self._core = self._shift - half_width, self._shift + half_width
        else:
            self._shift, self._core = 0.0, (0.0, 0.0)

    def _usable(self, index: Any) -> Array:
        """Pixels at `index` as a contiguous 1-d array in which masked ones are NaN."""
        pixels: Array = self._array[index].reshape(-1)
        if self._mask is not None:
            masked = (self._mask[index] & self._bits).reshape(-1) != 0
            if masked.any():
                pixels = pixels.copy()
                if pixels.dtype == np.float32:
                    # Setting the exponent bits makes any number a NaN, several times faster than assigning to a set.
                    pixels.view(np.int32)[...] |= masked * _NAN_BITS
                else:
                    pixels[masked] = np.nan
        return pixels

    def _bands(self, rows: slice) -> Iterator[Array]:
        """`_usable` pixels of small bands inside `rows`."""
        step = max(1, BAND_PIXELS // math.prod(self._array.shape[1:]))
        for start in range(rows.start, rows.stop, step):
            yield self._usable(slice(start, min(start + step, rows.stop)))

    def _map_rows(self, function: Any) -> list[Any]:
        """Call ``function(rows)`` for a few large parts, one after the other on each processor."""
        return map_bands(function, self._array.shape, -(-self._array.size // 4))

    def _bracket(self, fraction: float) -> tuple[Any, Any]:
        """Sample values that enclose a quantile of the frame, but for bad luck."""
        size, kind = self._sample.size, self._array.dtype.type
        rank, margin = fraction * size, _BRACKET_SIGMA * math.sqrt(size * fraction * (1 - fraction)) + 2
        low, high = math.floor(rank - margin), math.ceil(rank + margin)
        if low < 0 or high >= size:
            return kind(-math.inf), kind(math.inf)
        return self._sample[low], self._sample[high]

    def _visit(self, fractions: Sequence[float], core: tuple[float, float], with_sums: bool) -> _Visit:
        kind, shift = self._array.dtype.type, self._shift
        brackets = [self._bracket(fraction) for fraction in fractions]
        core_low, core_high = kind(core[0]), kind(core[1])

        def part(rows: slice) -> tuple[list[int], list[Array], _Sums]:
            # Buffers live as long as the part: allocating them for every band would cost more than the arithmetic.
            below, gathered, sums = [0] * len(brackets), [], []
            size = max(BAND_PIXELS, math.prod(self._array.shape[1:]))
            buffers = np.empty((3, size), np.bool_), np.empty(size, np.float64)
            for pixels in self._bands(rows):
                wanted, low_side, high_side = buffers[0][:, : pixels.size]
                np.greater_equal(pixels, core_low, out=wanted)
                np.less_equal(pixels, core_high, out=high_side)
                np.logical_and(wanted, high_side, out=wanted)
                np.logical_not(wanted, out=wanted)
                for k, (low, high) in enumerate(brackets):
                    np.less(pixels, low, out=low_side)
                    below[k] += int(np.count_nonzero(low_side))
                    np.less_equal(pixels, high, out=high_side)
                    np.greater(high_side, low_side, out=high_side)
                    np.logical_or(wanted, high_side, out=wanted)
                where = np.flatnonzero(wanted)
                found = pixels.take(where)
                gathered.append(found)
                if with_sums:
                    offsets = buffers[1][: pixels.size]
                    np.copyto(offsets, pixels)
                    np.subtract(offsets, shift, out=offsets)
                    tails = where[~((found >= core_low) & (found <= core_high))]
                    offsets[tails] = 0.0
                    total, squares = offsets.sum(), np.einsum("i,i->", offsets, offsets)
                    sums.append(_Sums(pixels.size - tails.size, float(total), float(squares)))
            return below, gathered, _add(sums)

        parts = self._map_rows(part)
        found = np.concatenate([values for _, gathered, _ in parts for values in gathered])
        finite = is_finite(found)
        too_low = int(np.count_nonzero((found < 0) & ~finite))
        return _Visit(
            self._array.size - int(np.count_nonzero(~finite)),
            [sum(below[k] for below, _, _ in parts) - too_low for k in range(len(brackets))],
            [found[finite & (found >= low) & (found <= high)] for low, high in brackets],
            _add([sums for _, _, sums in parts]),
            found[finite & ((found < core_low) | (found > core_high))].astype(np.float64),
        )

    @cached_property
    def _full_visit(self) -> _Visit:
        """The pass for clipped statistics: quartiles, core and tails at once."""
        return self._visit(QUARTILES, self._core, with_sums=True)

    def _quantile(self, fraction: float, visit: _Visit, slot: int) -> float:
        if visit.number == 0:
            return math.nan
        low, high, weight = place(fraction, visit.number)
        below, inside = visit.below[slot], visit.inside[slot]
        if not below <= low <= high < below + inside.size:
            # The sample was not like the frame: order everything.
            pixels = self._usable(...)
            below, inside = 0, pixels[is_finite(pixels)]
        # NumPy selects one place with vector instructions, several places without: take the second as a minimum.
        ordered = np.partition(inside, low - below)
        first = float(ordered[low - below])
        second = float(ordered[low - below + 1 :].min()) if high > low else first
        return between(first, second, weight)

    @property
    def count(self) -> int:
        return self._full_visit.number

    def median(self) -> float:
        if "_full_visit" in self.__dict__:
            return self._quantile(0.5, self._full_visit, 1)
        # The core is everything the sample saw: only pixels beyond it, infinities among them, are worth a look.
        reach = (float(self._sample[0]), float(self._sample[-1])) if self._sample.size else (0.0, 0.0)
        return self._quantile(0.5, self._visit((0.5,), reach, with_sums=False), 0)

    def quartiles(self) -> tuple[float, float, float]:
        visit = self._full_visit
        return self._quantile(0.25, visit, 0), self._quantile(0.5, visit, 1), self._quantile(0.75, visit, 2)

    def _core_and(self, tails: Array) -> Moments:
        offsets = tails - self._shift
        both = _add([self._full_visit.core, _Sums(tails.size, float(offsets.sum()), float((offsets * offsets).sum()))])
        return moments_from_sums(*both, self._shift)

    def moments(self) -> Moments:
        return self._core_and(self._full_visit.tails)

    def moments_within(self, centre: float, half_width: float) -> Moments:
        if all(abs(edge - centre) <= half_width for edge in self._core):
            tails = self._full_visit.tails
            return self._core_and(tails[np.abs(tails - centre) <= half_width])

        def part(rows: slice) -> _Sums:
            sums = []
            for pixels in self._bands(rows):
                offsets = np.subtract(pixels, centre, dtype=np.float64)
                offsets = offsets[np.abs(offsets) <= half_width]
                sums.append(_Sums(offsets.size, float(offsets.sum()), float(np.einsum("i,i->", offsets, offsets))))
            return _add(sums)

        return moments_from_sums(*_add(self._map_rows(part)), centre)

    def extremes(self) -> tuple[float, float]:
        def part(rows: slice) -> tuple[float, float]:
            bands = [np.where(is_finite(pixels), pixels, np.nan) for pixels in self._bands(rows)]
            lows, highs = [np.fmin.reduce(band) for band in bands], [np.fmax.reduce(band) for band in bands]
            return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))

        lows, highs = zip(*self._map_rows(part), strict=True)
        return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))


def _add(sums: Sequence[_Sums]) -> _Sums:
    return _Sums(
        sum(each.number for each in sums),
        math.fsum(each.total for each in sums),
        math.fsum(each.squares for each in sums),
    )


def _sample_steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Steps along each axis that leave about `_SAMPLE` pixels; odd, so that repeating patterns show every phase."""
    total = math.prod(shape) / _SAMPLE
    if len(shape) == 1:
        return (max(1, int(total)) | 1,)
    step = max(1, int(math.sqrt(total))) | 1
    return step, max(1, int(total / step)) | 1
