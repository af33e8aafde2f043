"""Exact order statistics and moments of a large frame in one threaded pass, without sorting it.

A regular sample brackets each wanted order statistic. One pass then counts what lies below each bracket and gathers
what lies inside, so that only a few percent of the pixels are ever ordered. The same pass sums the core of the
distribution and gathers its tails as far as clipping may reach, so that clipping iterations look at the tails alone.
The results are exact: where the sample misled, the frame is looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import map_bands, rows_of_bands
from isrcore.kernels.selection import IQ_TO_STDEV, QUARTILES, Moments, between, is_finite, moments_from_sums, place

__all__ = ["ManyPixels"]

Array = NDArray[Any]

_SAMPLE = 1 << 18
_NAN_BITS = np.int32(0x7FC00000)
_LARGEST = float(np.finfo(np.float32).max)
_BRACKET_SIGMA = 3.5
"""Half-width of a bracket in standard deviations of the sample's rank: the frame is hardly ever looked at twice."""


class _Sums(NamedTuple):
    """Number of pixels, sum and sum of squares of their offsets from a fixed value."""

    number: int = 0
    total: float = 0.0
    squares: float = 0.0


class _Part(NamedTuple):
    """What a visit brings home from some rows.

    Attributes
    ----------
    number : int
        Usable pixels.
    below : list of int
        Usable pixels below each bracket.
    inside : list of ndarray
        Values inside each bracket.
    core : `_Sums`
        Of the pixels in the core.
    tails : ndarray, float64
        Values between the core and the reach.
    """

    number: int
    below: list[int]
    inside: list[Array]
    core: _Sums
    tails: Array


class ManyPixels:
    """The finite, unmasked pixels of a large floating-point image; see `isrcore.kernels.selection.Pixels`.

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
        sample, usable = self._look(tuple(slice(step // 2, None, step) for step in _sample_steps(array.shape)))
        self._sample = np.sort(sample[usable])
        q25, self._shift, q75 = (self._sampled(fraction) for fraction in QUARTILES)
        sigma = clip_sigma * IQ_TO_STDEV * (q75 - q25)
        kind = array.dtype.type
        self._core = kind(self._shift - 0.9 * sigma), kind(self._shift + 0.9 * sigma)
        self._reach = kind(self._shift - 1.6 * sigma), kind(self._shift + 1.6 * sigma)

    def _sampled(self, fraction: float) -> float:
        """About the quantile of the sample; 0 when there is none."""
        return float(self._sample[int(fraction * (self._sample.size - 1))]) if self._sample.size else 0.0

    def _look(self, index: Any) -> tuple[Array, NDArray[np.bool_]]:
        """Pixels at `index` as a contiguous 1-d array, and which of them are usable."""
        pixels: Array = self._array[index].reshape(-1)
        usable = is_finite(pixels)
        if self._mask is not None:
            np.logical_and(usable, (self._mask[index] & self._bits).reshape(-1) == 0, out=usable)
        return pixels, usable

    def _bands(self, rows: slice) -> Iterator[tuple[Array, NDArray[np.bool_], int]]:
        """Pixels of small bands inside `rows`, which are usable, and how many that are; the flags are overwritten."""
        step, size = self._band_rows()
        # Buffers serve all bands: allocating them for every band would cost more than the arithmetic.
        flags, bits = np.empty((2, size), np.bool_), np.empty(size, np.int32)
        for start in range(rows.start, rows.stop, step):
            index = slice(start, min(start + step, rows.stop))
            pixels: Array = self._array[index].reshape(-1)
            usable, unmasked = flags[:, : pixels.size]
            if pixels.dtype == np.float32:
                np.isfinite(pixels, out=usable)
            else:
                usable[:] = is_finite(pixels)
            if self._mask is not None:
                mask = self._mask[index]
                excluded = bits[: mask.size].reshape(mask.shape)
                np.bitwise_and(mask, self._bits, out=excluded)
                np.equal(excluded.reshape(-1), 0, out=unmasked)
                np.logical_and(usable, unmasked, out=usable)
            yield pixels, usable, int(np.count_nonzero(usable))

    def _band_rows(self) -> tuple[int, int]:
        """Rows and pixels of a band."""
        step = rows_of_bands(self._array.shape)[0].stop
        return step, step * math.prod(self._array.shape[1:])

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

    def _visit(self, fractions: Sequence[float], clipping: bool) -> _Part:
        """Look at every pixel once: for order statistics, and for clipped moments if asked for."""
        brackets = [self._bracket(fraction) for fraction in fractions]
        parts = self._map_rows(lambda rows: self._visit_rows(rows, brackets, clipping))
        return _Part(
            sum(part.number for part in parts),
            [sum(part.below[k] for part in parts) for k in range(len(brackets))],
            [np.concatenate([part.inside[k] for part in parts]) for k in range(len(brackets))],
            _add([part.core for part in parts]),
            np.concatenate([part.tails for part in parts]),
        )

    def _visit_rows(self, rows: slice, brackets: list[tuple[Any, Any]], clipping: bool) -> _Part:
        size = self._band_rows()[1]
        flags, clipped, offsets = np.empty((4, size), np.bool_), np.empty(size, self._array.dtype), np.empty(size)
        number, below, found, sums = 0, [0] * len(brackets), [], []
        for pixels, usable, count in self._bands(rows):
            wanted, low_side, high_side, beyond = flags[:, : pixels.size]
            number += count
            if clipping:
                np.less(pixels, self._core[0], out=low_side)
                np.greater(pixels, self._core[1], out=high_side)
                np.clip(pixels, *self._core, out=clipped[: pixels.size])
                if count < pixels.size:
                    np.logical_and(low_side, usable, out=low_side)
                    np.logical_and(high_side, usable, out=high_side)
                    np.copyto(clipped[: pixels.size], self._core[0], where=np.logical_not(usable, out=beyond))
                moved = int(np.count_nonzero(low_side)) + pixels.size - count, int(np.count_nonzero(high_side))
                sums.append(self._core_sums(clipped[: pixels.size], moved, offsets[: pixels.size]))
                np.less(pixels, self._reach[0], out=beyond)
                np.greater(low_side, beyond, out=wanted)
                np.greater(pixels, self._reach[1], out=beyond)
                np.greater(high_side, beyond, out=high_side)
                np.logical_or(wanted, high_side, out=wanted)
            else:
                wanted[:] = False
            for k, (low, high) in enumerate(brackets):
                np.less(pixels, low, out=low_side)
                if count < pixels.size:
                    np.logical_and(low_side, usable, out=low_side)
                below[k] += int(np.count_nonzero(low_side))
                np.less_equal(pixels, high, out=high_side)
                np.greater(high_side, low_side, out=high_side)
                np.logical_or(wanted, high_side, out=wanted)
            if count < pixels.size:
                np.logical_and(wanted, usable, out=wanted)
            found.append(pixels.take(np.flatnonzero(wanted)))
        values = np.concatenate(found)
        # The few values found are sorted: slices are much faster than picking values by comparison.
        values.sort()
        inside = [values[slice(*_range(values, low, high))] for low, high in brackets]
        first, last = _range(values, *self._core)
        tails = np.concatenate((values[:first], values[last:])).astype(np.float64)
        return _Part(number, below, inside, _add(sums), tails)

    def _core_sums(self, clipped: Array, moved: tuple[int, int], offsets: Array) -> _Sums:
        """Sums over the pixels in the core.

        All pixels have been moved into the core and are summed, then what was moved to its ends is taken off again:
        faster than leaving pixels out.

        Parameters
        ----------
        clipped : ndarray
            Pixels, unusable ones at the lower end of the core.
        moved : (int, int)
            How many pixels were moved to each end.
        offsets : ndarray, float64
            Buffer.
        """
        # Offsets in the precision of the pixels are as exact as the pixels; their sums need double precision.
        shift = clipped.dtype.type(self._shift)
        np.copyto(offsets, np.subtract(clipped, shift, out=clipped))
        ends = [float(end - shift) for end in self._core]
        rows = offsets.reshape(-1, math.prod(self._array.shape[1:]))
        # Products of vectors are summed with vector instructions, plain sums are not.
        total, squares = np.vecdot(rows, np.ones(rows.shape[1])).sum(), np.vecdot(rows, rows).sum()
        return _Sums(
            clipped.size - sum(moved),
            float(total) - sum(n * end for n, end in zip(moved, ends, strict=True)),
            float(squares) - sum(n * end**2 for n, end in zip(moved, ends, strict=True)),
        )

    @cached_property
    def _full_visit(self) -> _Part:
        """The visit for clipped statistics: quartiles, core and tails at once."""
        return self._visit(QUARTILES, clipping=True)

    def _quantile(self, fraction: float, visit: _Part, slot: int) -> float:
        if visit.number == 0:
            return math.nan
        low, high, weight = place(fraction, visit.number)
        below, inside = visit.below[slot], visit.inside[slot]
        if not below <= low <= high < below + inside.size:
            # The sample was not like the frame: order everything.
            pixels, usable = self._look(...)
            below, inside = 0, pixels[usable]
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
        return self._quantile(0.5, self._visit((0.5,), clipping=False), 0)

    def quartiles(self) -> tuple[float, float, float]:
        visit = self._full_visit
        return self._quantile(0.25, visit, 0), self._quantile(0.5, visit, 1), self._quantile(0.75, visit, 2)

    def moments(self) -> Moments:
        return self._moments_by_pass(self._shift, _LARGEST)

    def moments_within(self, centre: float, half_width: float) -> Moments:
        low, high = centre - half_width, centre + half_width
        covers_core = all(abs(float(edge) - centre) <= half_width for edge in self._core)
        if not covers_core or low < self._reach[0] or high > self._reach[1]:
            return self._moments_by_pass(centre, half_width)
        tails = self._full_visit.tails
        offsets = tails[np.abs(tails - centre) <= half_width] - self._shift
        kept = _Sums(offsets.size, float(offsets.sum()), float((offsets * offsets).sum()))
        return moments_from_sums(*_add([self._full_visit.core, kept]), self._shift)

    def _moments_by_pass(self, centre: float, half_width: float) -> Moments:
        """Moments within a window that the visit did not foresee."""

        def part(rows: slice) -> _Sums:
            sums = []
            for pixels, usable, _ in self._bands(rows):
                offsets = np.subtract(pixels, centre, dtype=np.float64)
                kept = (np.abs(offsets) <= half_width) & usable
                if not kept.all():
                    offsets = offsets[kept]
                sums.append(_Sums(offsets.size, float(offsets.sum()), float(np.einsum("i,i->", offsets, offsets))))
            return _add(sums)

        return moments_from_sums(*_add(self._map_rows(part)), centre)

    def extremes(self) -> tuple[float, float]:
        def part(rows: slice) -> tuple[float, float]:
            bands = [
                pixels if count == pixels.size else _with_nan(pixels, usable)
                for pixels, usable, count in self._bands(rows)
            ]
            lows, highs = [np.fmin.reduce(band) for band in bands], [np.fmax.reduce(band) for band in bands]
            return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))

        lows, highs = zip(*self._map_rows(part), strict=True)
        return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))


def _with_nan(pixels: Array, usable: NDArray[np.bool_]) -> Array:
    """A copy in which pixels that are not usable are NaN."""
    pixels = pixels.copy()
    if pixels.dtype == np.float32:
        # Setting the exponent bits makes any number a NaN, several times faster than assigning to a set.
        pixels.view(np.int32)[...] |= ~usable * _NAN_BITS
    else:
        pixels[~usable] = np.nan
    return pixels


def _range(ordered: Array, low: Any, high: Any) -> tuple[int, int]:
    """Where the values from `low` to `high` lie in sorted values."""
    return int(np.searchsorted(ordered, low, "left")), int(np.searchsorted(ordered, high, "right"))


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
