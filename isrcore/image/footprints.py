"""Sets of pixels: thresholds, growth, connected regions, runs along rows, and rectangles that cover them.

A set is a bool array (height, width). Growth uses a diamond (manual: statistics, Footprints and growth) unless said
otherwise, and regions are connected over sides and corners.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.kernels.bands import BAND_PIXELS, for_bands, map_bands
from isrcore.kernels.memory import new_plane

__all__ = [
    "Runs",
    "cover_runs",
    "decompose_boxes",
    "fill_runs",
    "find_runs",
    "footprint_boxes",
    "grow_circle",
    "grow_diamond",
    "label_regions",
    "paint_boxes",
    "runs_of_pixels",
    "smallest_at_least",
    "threshold_mask",
]

Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_EIGHT_CONNECTED = np.ones((3, 3), np.bool_)


class Runs(NamedTuple):
    """Horizontal runs of set pixels, row by row and from left to right.

    Attributes
    ----------
    y, first, last : ndarray of int
        Row and end columns, both included.
    """

    y: Indices
    first: Indices
    last: Indices


def smallest_at_least(threshold: float, dtype: np.dtype[Any]) -> Any:
    """The lowest value of a pixel type that is not below `threshold`.

    Comparing pixels with it gives what comparing them with the double-precision threshold would give.
    """
    if dtype.kind != "f":
        return threshold
    value = dtype.type(threshold)
    return value if float(value) >= threshold else np.nextafter(value, dtype.type(math.inf))


def threshold_mask(array: NDArray[Any], threshold: float) -> Bools:
    """Where ``array >= threshold``; infinity qualifies, NaN does not."""
    found: Bools = array >= smallest_at_least(threshold, array.dtype)
    return found


def find_runs(where: Bools) -> Runs:
    """All maximal horizontal runs of a set."""
    width = where.shape[1]
    if not where.size:
        nothing = np.zeros(0, np.intp)
        return Runs(nothing, nothing, nothing)

    def band(rows: slice) -> Runs:
        y, first, last = runs_of_pixels(np.flatnonzero(where[rows]), width)
        return Runs(y + rows.start, first, last)

    parts = map_bands(band, where.shape, 4 * BAND_PIXELS)
    return parts[0] if len(parts) == 1 else Runs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def runs_of_pixels(pixels: Indices, width: int) -> Runs:
    """The runs that pixels form, given their ascending indices in an image of `width` columns, row after row."""
    if pixels.size == 0:
        return Runs(pixels, pixels, pixels)
    gaps = np.flatnonzero(np.diff(pixels) != 1)
    begin = np.concatenate((pixels[:1], pixels[gaps + 1]))
    end = np.concatenate((pixels[gaps], pixels[-1:]))
    y, rows = begin // width, end // width - begin // width + 1
    if (rows > 1).any():
        # What goes on in the next row is another run there.
        source = np.repeat(np.arange(rows.size), rows)
        number = np.arange(source.size) - np.repeat(np.cumsum(rows) - rows, rows)
        y = y[source] + number
        begin, end = np.maximum(begin[source], y * width), np.minimum(end[source], y * width + width - 1)
    return Runs(y, begin - y * width, end - y * width)


def fill_runs(array: NDArray[Any], y: Indices, first: Indices, last: Indices, bits: Any = True) -> None:
    """OR `bits` on runs of a bool or integer array, in place.

    Runs are clipped to the array; runs outside or empty are left out.
    """
    height, width = array.shape
    first, last = np.maximum(first, 0), np.minimum(last, width - 1)
    keep = (y >= 0) & (y < height) & (first <= last)
    begin, lengths = (y * width + first)[keep], (last - first + 1)[keep]
    flat = array.reshape(-1)  # a copy if the array is not contiguous
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        sliding_window_view(flat, length, writeable=True)[begin[lengths == length]] |= bits
    if not array.flags.c_contiguous:
        array[...] = flat.reshape(array.shape)


def grow_diamond(where: Bools, radius: int) -> Bools:
    """The set dilated with the diamond ``|dx| + |dy| <= radius``, clipped to the array."""
    for _ in range(radius):
        where = _with_neighbours(where)
    return where


def _with_neighbours(where: Bools) -> Bools:
    """The set and all pixels that share a side with it."""
    grown: Bools = new_plane(where.shape, np.bool_)

    def band(rows: slice) -> None:
        part, here = grown[rows], where[rows]
        np.logical_or(here[:, 1:], here[:, :-1], out=part[:, 1:])
        part[:, 0] = here[:, 0]
        part[:, :-1] |= here[:, 1:]
        above, below = where[rows.start + 1 : rows.stop + 1], where[max(rows.start - 1, 0) : rows.stop - 1]
        part[: len(above)] |= above
        part[len(part) - len(below) :] |= below

    for_bands(band, where.shape)
    return grown


def grow_circle(where: Bools, radius: int) -> Bools:
    """The set dilated with a disc: at distance dy from its centre it reaches ``int(sqrt(radius^2 - dy^2))`` in x."""
    grown = where.copy()
    runs = find_runs(where)
    for dy in range(-radius, radius + 1):
        half_width = math.isqrt(radius * radius - dy * dy)
        fill_runs(grown, runs.y + dy, runs.first - half_width, runs.last + half_width)
    return grown


def label_regions(where: Bools) -> tuple[NDArray[np.int32], int]:
    """Number the regions that are connected over sides or corners.

    Returns
    -------
    labels : ndarray, int32
        0 outside, 1 ... `count` inside; regions are numbered in the order of their first pixel, bottom row first.
    count : int
    """
    from scipy import ndimage  # Slow to import, and nothing else about sets of pixels needs it.

    labels, count = ndimage.label(where, structure=_EIGHT_CONNECTED)
    return labels.astype(np.int32, copy=False), int(count)


def decompose_boxes(where: Bools, xy0: tuple[int, int] = (0, 0)) -> list[Box]:
    """Disjoint rectangles that cover exactly the set.

    From the bottom row up the first run of set pixels is taken, extended upwards while the whole run stays set, and
    removed; and so on (manual: statistics, Boxes of a footprint).

    Parameters
    ----------
    where : ndarray, bool
    xy0 : (int, int)
        Coordinates of the first pixel.
    """
    return [box.shift(*xy0) for box in _cover(_as_tuples(find_runs(where)))]


def footprint_boxes(where: Bools, xy0: tuple[int, int] = (0, 0)) -> list[Box]:
    """Rectangles of each connected region, one region after the other in the order of the reference."""
    runs = _as_tuples(find_runs(where))
    return [box.shift(*xy0) for region in _regions(runs) for box in _cover([runs[k] for k in region])]


def cover_runs(runs: Runs) -> list[Box]:
    """The rectangles of `decompose_boxes` for a set given by its runs."""
    return _cover(_as_tuples(runs))


def _as_tuples(runs: Runs) -> list[tuple[int, int, int]]:
    return list(zip(runs.y.tolist(), runs.first.tolist(), runs.last.tolist(), strict=True))


def _cover(runs: list[tuple[int, int, int]]) -> list[Box]:
    rows: dict[int, list[tuple[int, int]]] = {}
    for y, first, last in runs:
        rows.setdefault(y, []).append((first, last))
    boxes = []
    for y in sorted(rows):
        for first, last in rows[y]:
            top = y + 1
            while top in rows and _take(rows[top], first, last):
                top += 1
            boxes.append(Box(first, y, last - first + 1, top - y))
    return boxes


def _take(runs: list[tuple[int, int]], first: int, last: int) -> bool:
    """Remove the columns from `first` to `last` from the runs of a row, if all of them are there."""
    for k, (left, right) in enumerate(runs):
        if left <= first and last <= right:
            runs[k : k + 1] = [(a, b) for a, b in ((left, first - 1), (last + 1, right)) if a <= b]
            return True
    return False


def _regions(runs: list[tuple[int, int, int]]) -> list[list[int]]:
    """Indices of the runs of each connected region.

    Regions come in the order of their numbers. A run takes the number of the region that touches its first pixel from
    below, or else a new one, and every other region that it touches is renumbered to it: the recorded order of the
    reference.
    """
    parent: list[int] = []

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    numbers: list[int] = []
    begin = end = 0  # the runs of the row below
    row_start = 0
    for k, (y, first, last) in enumerate(runs):
        if y != runs[row_start][0]:
            begin, end = (row_start, k) if y == runs[row_start][0] + 1 else (k, k)
            row_start = k
        while begin < end and runs[begin][2] < first - 1:
            begin += 1
        touching = []
        for below in range(begin, end):
            if runs[below][1] > last + 1:
                break
            touching.append(below)
        if touching and runs[touching[0]][1] <= first + 1:
            number = root(numbers[touching[0]])
        else:
            number = len(parent)
            parent.append(number)
        numbers.append(number)
        for below in touching:
            parent[root(numbers[below])] = number
    regions: dict[int, list[int]] = {}
    for k, number in enumerate(numbers):
        regions.setdefault(root(number), []).append(k)
    return [regions[number] for number in sorted(regions)]


def paint_boxes(boxes: list[Box], frame: Box) -> Bools:
    """The union of boxes as a set over `frame`; what lies outside is left out."""
    where = np.zeros(frame.shape, np.bool_)
    for box in boxes:
        inside = box.intersect(frame)
        if not inside.is_empty:
            where[inside.slices((frame.x0, frame.y0))] = True
    return where
