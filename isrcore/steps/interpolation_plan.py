"""How the bad pixels of each row will be interpolated: found once, then applied to image and variance, or explained.

Rows are independent, and within a row the runs of bad pixels are treated from left to right in place. The rules read a
pixel that was interpolated before in one case only: a run at the right edge whose second neighbour to the left belongs
to another run. So all other runs are computed at once, from untouched pixels, and those at the end (specification e.7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.image.footprints import Bools, Indices, Runs, find_runs
from isrcore.steps.interpolation_weights import EDGE, WIDE, weights

__all__ = ["FALLBACK", "MINUS_ONE", "NONE", "Fills", "Plan", "Segments", "plan_rows", "wide_row"]

NONE, FALLBACK, MINUS_ONE = -1, -2, -3
"""In place of the column of a neighbour: unused, the fallback value, the constant -1 (see `_reduce_edges`)."""

_FLOAT32_LOWEST = np.float32(-3.4028235e38)


@dataclass
class Segments:
    """Runs, or the ends of runs, that are interpolated.

    Attributes
    ----------
    y, first, width : ndarray of int, (n,)
    left, right : ndarray of int, (n,)
        Usable neighbours on each side.
    sources : ndarray of int, (n, 4)
        Columns of a2, a1, b1, b2, or `NONE`, `FALLBACK`, `MINUS_ONE`.
    late : ndarray of bool, (n,)
        Whether a2 is a pixel that another segment interpolates.
    """

    y: Indices
    first: Indices
    width: Indices
    left: Indices
    right: Indices
    sources: NDArray[np.intp]
    late: Bools

    def take(self, which: Any) -> Segments:
        return Segments(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def groups(self) -> Iterator[tuple[tuple[int, int, int], Segments]]:
        """Segments with the same weights, with the key of `weights`."""
        keys = np.minimum(self.width, WIDE) * 9 + self.left * 3 + self.right
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order])) + 1
        for part in np.split(order, bounds) if order.size else ():
            key = int(keys[part[0]])
            yield (key // 9, key // 3 % 3, key % 3), self.take(part)

    def neighbours(self, plane: NDArray[np.float32], fallback: float) -> NDArray[np.float64]:
        """Values of the sources, (n, 4); 0 for those that are not used."""
        values = plane[self.y[:, None], np.maximum(self.sources, 0)].astype(np.float64)
        # Reading back what was written: the fallback has been rounded to a pixel.
        for code, value in ((NONE, 0.0), (FALLBACK, float(np.float32(fallback))), (MINUS_ONE, -1.0)):
            values[self.sources == code] = value
        return values


@dataclass
class Fills:
    """Parts of runs that get the fallback value."""

    y: Indices
    first: Indices
    last: Indices


@dataclass
class Plan:
    """What to do with the bad pixels of some rows."""

    segments: Segments
    fills: Fills

    @property
    def needs_fallback(self) -> bool:
        return bool(self.fills.y.size) or bool((self.segments.sources == FALLBACK).any())

    def apply(self, plane: NDArray[np.float32], fallback: float) -> None:
        """Interpolate one plane of these rows, in place."""
        late = self.segments.late
        _interpolate(plane, self.segments.take(~late) if late.any() else self.segments, fallback)
        for y, first, last in zip(self.fills.y, self.fills.first, self.fills.last, strict=True):
            plane[y, first : last + 1] = fallback
        if late.any():
            _interpolate(plane, self.segments.take(late), fallback)


def _interpolate(plane: NDArray[np.float32], segments: Segments, fallback: float) -> None:
    results = []
    for (width, left, right), group in segments.groups():
        neighbours = group.neighbours(plane, fallback)
        table = weights(width, left, right)
        with np.errstate(invalid="ignore", over="ignore"):
            values = neighbours[:, 0, None] * table[:, 0]
            for k in (1, 2, 3):
                values += neighbours[:, k, None] * table[:, k]
            pixels: NDArray[np.float32] = values.astype(np.float32)
        low = pixels < _FLOAT32_LOWEST
        if low.any():
            used = neighbours[:, 1 if left else 2], neighbours[:, 2 if right else 1]
            pixels = np.where(low, (0.5 * (used[0] + used[1])).astype(np.float32)[:, None], pixels)
        if (width, left, right) == (2, 1, 1):
            # As the reference has it: only here negative results are cut off (trap h-17).
            pixels[pixels < 0] = 0.0
        results.append((width, group, pixels))
    # All neighbours are read before anything is written.
    for width, group, pixels in results:
        if width < WIDE:
            plane[group.y[:, None], group.first[:, None] + np.arange(width)] = pixels
        else:
            _write_wide(plane, group, pixels)


def wide_row(offset: int, width: int, right: int) -> int:
    """Row of the table of `weights` for a pixel of a wide run.

    At width 11 both ends claim the middle pixel: the right end gets it, unless there is no good pixel on the right.
    """
    from_right = width - 1 - offset
    if from_right < EDGE and (right or offset >= EDGE):
        return 2 * EDGE - from_right
    return min(offset, EDGE)


def _write_wide(plane: NDArray[np.float32], group: Segments, values: NDArray[np.float32]) -> None:
    """Write runs of one kind and of any width from `WIDE` on."""
    between = np.maximum(group.width - 2 * EDGE, 0)
    total = np.cumsum(between)
    if total[-1]:
        within = np.arange(total[-1]) - np.repeat(total - between, between)
        y, x = np.repeat(group.y, between), np.repeat(group.first + EDGE, between) + within
        plane[y, x] = np.repeat(values[:, EDGE], between)
    ends = [(group.first, slice(0, EDGE)), (group.first + group.width - EDGE, slice(EDGE + 1, None))]
    # See `wide_row` for the pixel that both ends claim.
    for first, columns in ends if group.right[0] else reversed(ends):
        plane[group.y[:, None], first[:, None] + np.arange(EDGE)] = values[:, columns]


def plan_rows(where: Bools, use_fallback_at_edge: bool = True) -> Plan:
    """Decide for every run of bad pixels what it is interpolated from.

    Parameters
    ----------
    where : ndarray, (rows, width), bool
        Bad pixels.
    use_fallback_at_edge : bool
        Whether runs of more than six pixels at the edge of the chip get the fallback value beyond the six pixels next
        to good ones. ISR always does; otherwise they are extrapolated.
    """
    runs, ncol = find_runs(where), where.shape[1]
    segments, at_left, at_right = _classify(runs, ncol)
    # Runs without a good pixel on the side that they need: only the fallback is left.
    hopeless = (runs.last == ncol - 1) & (runs.first <= 1)
    fills = [Fills(runs.y[hopeless], runs.first[hopeless], runs.last[hopeless])]
    if use_fallback_at_edge:
        fills += _reduce_edges(segments, at_left & ~hopeless, at_right & ~hopeless, ncol)
    return Plan(segments.take(~hopeless) if hopeless.any() else segments, _join(fills))


def _join(fills: list[Fills]) -> Fills:
    return Fills(
        np.concatenate([part.y for part in fills]),
        np.concatenate([part.first for part in fills]),
        np.concatenate([part.last for part in fills]),
    )


def _classify(runs: Runs, ncol: int) -> tuple[Segments, Bools, Bools]:
    """One segment per run, by the rules without the edge rule, and which runs touch the left and the right edge."""
    y, first, last = runs
    width = last - first + 1
    adjacent = (y[1:] == y[:-1]) & (first[1:] - last[:-1] == 2)
    none = np.zeros(1, np.bool_)[: y.size]
    left_gap, right_gap = np.concatenate((none, adjacent)), np.concatenate((adjacent, none))
    left, right = np.where(left_gap, 1, 2), np.where(right_gap, 1, 2)
    at_left, near_left = first == 0, first == 1
    at_right, near_right = (last == ncol - 1) & (first > 1), (last == ncol - 2) & (first > 1)
    left[near_left], right[near_right] = 1, 1
    # A narrow run one pixel from the left edge uses b2 even if that is bad (trap h-17), unless it does not exist.
    right[near_left & (width < WIDE)] = 2
    right[(last == ncol - 2) & (near_left | at_left)] = 1
    left[at_left], right[at_right] = 0, 0
    left[at_right] = 2
    # A wide run between the last columns on both sides has one good pixel only that counts: the last one.
    left[near_left & (last == ncol - 2) & (width >= WIDE)] = 0
    sources = np.stack((first - 2, first - 1, last + 1, last + 2), axis=1)
    usable = np.stack((left == 2, left >= 1, right >= 1, right == 2), axis=1)
    segments = Segments(y, first, width, left, right, np.where(usable, sources, NONE), at_right & left_gap)
    return segments, at_left, at_right


def _reduce_edges(segments: Segments, at_left: Bools, at_right: Bools, ncol: int) -> list[Fills]:
    """Replace edge runs of more than six pixels by the six next to good pixels, in place; return what is filled.

    The filled pixels serve as neighbours on the side of the edge. Where only one pixel is filled, or the row ends, the
    missing neighbour counts with the constant -1, as in the reference (trap h-17).
    """
    left, right = (np.flatnonzero(edge & (segments.width > EDGE)) for edge in (at_left, at_right))
    last = segments.first + segments.width - 1
    filled_left = Fills(segments.y[left], segments.first[left], last[left] - EDGE)
    filled_right = Fills(segments.y[right], segments.first[right] + EDGE, last[right])
    for runs, near, far in ((left, 1, 0), (right, 2, 3)):
        segments.sources[runs, near] = FALLBACK
        segments.sources[runs, far] = np.where(segments.width[runs] == EDGE + 1, MINUS_ONE, FALLBACK)
    # Without a pixel beyond b1 the constant takes its place, with the weights of two neighbours.
    no_b2 = left[last[left] == ncol - 2]
    segments.sources[no_b2, 3] = MINUS_ONE
    segments.right[no_b2] = 2
    segments.left[left] = 2
    segments.right[right] = 2
    segments.first[left] = last[left] - EDGE + 1
    segments.width[left] = EDGE
    segments.width[right] = EDGE
    return [filled_left, filled_right]
