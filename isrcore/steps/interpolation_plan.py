"""How the bad pixels of each row will be interpolated: found once, then applied to image and variance, or explained.

Rows are independent, and within a row the runs of bad pixels are treated from left to right in place. The rules read a
pixel that was interpolated before in one case only: a run at the right edge whose second neighbour to the left belongs
to another run. So all other runs are computed at once, from untouched pixels, and those at the end
(manual: interpolation, Runs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.image.footprints import Bools, Indices, Runs, runs_of_pixels
from isrcore.steps.interpolation_weights import EDGE, WIDE, weights

__all__ = ["FALLBACK", "Plan", "Segment", "plan_rows"]

FALLBACK = "fallback"

Constant = float | str | None

SUBSTITUTES: tuple[tuple[Constant, Constant, Constant, Constant], ...] = (
    (None, None, None, None),
    (FALLBACK, FALLBACK, None, None),
    (-1.0, FALLBACK, None, None),
    (FALLBACK, FALLBACK, None, -1.0),
    (-1.0, FALLBACK, None, -1.0),
    (None, None, FALLBACK, FALLBACK),
    (None, None, FALLBACK, -1.0),
)
"""What counts in place of a2, a1, b1, b2, None for the pixel itself; all but the first come from `_reduce_edges`."""

_LEFT, _LEFT_SHORT, _NO_B2, _RIGHT, _RIGHT_SHORT = 1, 2, 2, 5, 6

_LOWEST = np.float32(-3.4028235e38)
_BLOCK_PIXELS, _BLOCK_RUNS = 1 << 16, 1 << 14


class Segment(NamedTuple):
    """Runs, or the ends of runs, that are interpolated alike.

    Attributes
    ----------
    width : int
        Pixels.
    left, right : int
        Usable neighbours on each side.
    substitute : int
        Index in `SUBSTITUTES`.
    late : bool
        Whether a2 is a pixel that another segment interpolates.
    begin : ndarray of int
        First pixels, as indices in the flattened rows.
    place : ndarray of int
        The same counted among the bad pixels only.
    """

    width: int
    left: int
    right: int
    substitute: int
    late: bool
    begin: Indices
    place: Indices

    def neighbours(self) -> Iterator[tuple[int, int, Constant]]:
        """Number (0 to 3), offset from the first pixel, and substitute of each neighbour that counts."""
        used = self.left == 2, self.left >= 1, self.right >= 1, self.right == 2
        for k, offset in enumerate((-2, -1, self.width, self.width + 1)):
            if used[k]:
                yield k, offset, SUBSTITUTES[self.substitute][k]

    def blocks(self) -> Iterator[Segment]:
        """The same in parts whose pixels stay in the processor's cache."""
        step = max(1, min(_BLOCK_RUNS, _BLOCK_PIXELS // self.width))
        for start in range(0, self.begin.size, step):
            yield self._replace(begin=self.begin[start : start + step], place=self.place[start : start + step])


@dataclass
class Plan:
    """What to do with the bad pixels of some rows.

    Attributes
    ----------
    segments : list of `Segment`
    pixels : ndarray of int
        All bad pixels in ascending order, as indices in the flattened rows. Those in no segment get the fallback value.
    """

    segments: list[Segment]
    pixels: Indices

    @property
    def needs_fallback(self) -> bool:
        covered = sum(segment.width * segment.begin.size for segment in self.segments)
        return covered < self.pixels.size or any(segment.substitute for segment in self.segments)

    def apply(self, plane: NDArray[np.float32], fallback: float) -> None:
        """Interpolate one contiguous plane of these rows, in place."""
        flat = plane.reshape(-1)
        values = np.full(self.pixels.size, fallback, plane.dtype)
        # All neighbours are read before anything is written to the plane, and that is written from end to end: jumping
        # about in a plane takes longer than the arithmetic.
        for segment in self.segments:
            if not segment.late:
                for block in segment.blocks():
                    _windows(values, segment.width)[block.place] = _values(block, flat, fallback)
        flat[self.pixels] = values
        for segment in self.segments:
            if segment.late:
                _windows(flat, segment.width)[segment.begin] = _values(segment, flat, fallback)


def _windows(flat: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Row k is the run that begins at k."""
    # As `sliding_window_view`, whose many checks take longer than most segments.
    return np.ndarray((flat.size - width + 1, width), flat.dtype, flat.data, 0, flat.strides * 2)


def _values(segment: Segment, flat: NDArray[np.float32], fallback: float) -> NDArray[np.float32]:
    """Interpolated values, (number of runs, width)."""
    columns, neighbours = [], []
    for k, offset, constant in segment.neighbours():
        columns.append(k)
        if constant is None:
            neighbours.append(flat[segment.begin + offset].astype(np.float64))
        else:
            # What was filled in has been rounded to a pixel.
            value = float(np.float32(fallback)) if constant == FALLBACK else float(constant)
            neighbours.append(np.full(segment.begin.size, value))
    table = weights(segment.width, segment.left, segment.right)[:, columns]
    with np.errstate(invalid="ignore", over="ignore"):
        values = (np.stack(neighbours, axis=1) @ table.T).astype(np.float32)
    if np.fmin.reduce(values.reshape(-1)) < _LOWEST:
        nearest = [neighbour for k, neighbour in zip(columns, neighbours, strict=True) if k in (1, 2)]
        mean = np.mean(nearest, axis=0).astype(np.float32)
        values = np.where(values < _LOWEST, mean[:, None], values)
    if (segment.width, segment.left, segment.right) == (2, 1, 1):
        # As the reference has it: only here negative results are cut off (manual: oddities, Interpolation).
        values[values < 0] = 0.0
    return values


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
    ncol = where.shape[1]
    pixels = np.flatnonzero(where)
    runs = runs_of_pixels(pixels, ncol)
    # Runs without a good pixel on the side that they need: only the fallback is left.
    hopeless = (runs.last == ncol - 1) & (runs.first <= 1)
    table = _classify(runs, ncol)
    if use_fallback_at_edge:
        _reduce_edges(table, ncol, ~hopeless)
    return Plan(_grouped(table[:, ~hopeless] if hopeless.any() else table, ncol), pixels)


_Y, _FIRST, _PLACE, _WIDTH, _SIDE_LEFT, _SIDE_RIGHT, _SUBSTITUTE, _LATE = range(8)
"""Rows of the array that describes runs while they are sorted out; the names are those of `Segment`."""


def _classify(runs: Runs, ncol: int) -> NDArray[np.intp]:
    """One column per run, by the rules without the edge rule."""
    y, first, last = runs
    width = last - first + 1
    adjacent = (y[1:] == y[:-1]) & (first[1:] - last[:-1] == 2)
    left, right = np.full(y.size, 2), np.full(y.size, 2)
    left[1:] -= adjacent
    right[:-1] -= adjacent
    at_left, near_left = first == 0, first == 1
    at_right, near_right = last == ncol - 1, last == ncol - 2
    late = at_right & (left == 1)
    left[near_left] = 1
    # A narrow run one pixel from the left edge uses b2 even if that is bad (manual: oddities, Interpolation), unless it
    # does not exist.
    right[near_left & (width < WIDE)] = 2
    right[near_right] = 1
    # A wide run between the last columns on both sides has one good pixel only that counts: the last one.
    left[near_left & near_right & (width >= WIDE)] = 0
    left[at_left] = 0
    left[at_right] = 2
    right[at_right] = 0
    place = np.cumsum(width) - width
    return np.stack((y, first, place, width, left, right, np.zeros_like(y), late.astype(np.intp)))


def _reduce_edges(table: NDArray[np.intp], ncol: int, hopeful: Bools) -> None:
    """Replace edge runs of more than six pixels by the six next to good pixels, in place; the rest is filled.

    The filled pixels serve as neighbours on the side of the edge. Where only one pixel is filled, or the row ends, the
    missing neighbour counts with the constant -1, as in the reference (manual: oddities, Interpolation).
    """
    first, width = table[_FIRST], table[_WIDTH]
    last = first + width - 1
    long = hopeful & (width > EDGE)
    left, right = np.flatnonzero(long & (first == 0)), np.flatnonzero(long & (last == ncol - 1))
    no_b2 = left[last[left] == ncol - 2]
    for runs, plain, short in ((left, _LEFT, _LEFT_SHORT), (right, _RIGHT, _RIGHT_SHORT)):
        table[_SUBSTITUTE, runs] = np.where(width[runs] == EDGE + 1, short, plain)
    # The constant in place of b2 has the weight of a second neighbour.
    table[_SUBSTITUTE, no_b2] += _NO_B2
    table[_SIDE_RIGHT, no_b2] = 2
    table[_FIRST, left] += width[left] - EDGE
    table[_PLACE, left] += width[left] - EDGE
    table[_SIDE_LEFT, left] = 2
    table[_SIDE_RIGHT, right] = 2
    table[_WIDTH, left] = EDGE
    table[_WIDTH, right] = EDGE


def _grouped(table: NDArray[np.intp], ncol: int) -> list[Segment]:
    """Columns with the same description, gathered."""
    width, left, right, substitute, late = table[_WIDTH:]
    keys = (((width * 3 + left) * 3 + right) * len(SUBSTITUTES) + substitute) * 2 + late
    counts = np.bincount(keys)
    kinds = np.flatnonzero(counts)
    # Few kinds, numbered by 16 bits, are sorted in linear time.
    number = np.zeros(counts.size, np.uint16)
    number[kinds] = np.arange(kinds.size)
    order = np.argsort(number[keys], kind="stable")
    begin, place = (table[_Y] * ncol + table[_FIRST])[order], table[_PLACE][order]
    ends = np.cumsum(counts[kinds]).tolist()
    segments = []
    for start, end in zip([0, *ends], ends, strict=False):
        kind = table[_WIDTH:, order[start]].tolist()
        width_, left_, right_, substitute_, late_ = kind
        segments.append(
            Segment(width_, left_, right_, substitute_, bool(late_), begin[start:end], place[start:end])
        )
    return segments
