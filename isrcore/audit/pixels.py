"""Immutable sets of pixels with exact algebra, stored as rectangles: a full column costs no more than one pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.image.footprints import find_runs, label_regions

__all__ = ["PixelSet", "line_pixels"]

Bools = NDArray[np.bool_]
Corners = NDArray[np.intp]

_SMALL = 32
"""Sides up to which sets are joined on one canvas. [pixel]"""


@dataclass(frozen=True, eq=False)
class PixelSet:
    """A set of pixels, 0-based, trimmed frame.

    In every row the set has runs of pixels; equal runs in consecutive rows are one rectangle. So the rectangles are
    disjoint and depend on the set only, and a stroke changes only those in the rows that it touches. Make a set with
    `of` or `from_mask`.

    Attributes
    ----------
    corners : ndarray, (n, 4), int
        Rectangles ``y0, x0, y1, x1``, half open, sorted; read-only.
    """

    corners: Corners = field(default_factory=lambda: np.zeros((0, 4), np.intp))

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> PixelSet:
        """The union of boxes."""
        corners = _corners(boxes)
        return cls(corners if len(corners) < 2 else _combine([corners], lambda cells: cells[0]))

    @classmethod
    def unions(cls, corners: Corners, counts: NDArray[np.intp]) -> list[PixelSet]:
        """The union of each group of rectangles, as `of` makes it: for thousands of small groups at once.

        Parameters
        ----------
        corners : ndarray, (n, 4), int
            Rectangles ``y0, x0, y1, x1``, group by group.
        counts : ndarray of int
            How many of them each group has, at least one.
        """
        if not len(counts):
            return []
        first = np.cumsum(counts) - counts
        low = np.minimum.reduceat(corners[:, :2], first, axis=0)
        height, width = (np.maximum.reduceat(corners[:, 2:], first, axis=0) - low).T
        is_small = np.maximum(height, width) <= _SMALL
        # Small groups are painted above each other on one canvas, with a row between them.
        rows = np.where(is_small, height + 1, 0)
        begin = np.cumsum(rows) - rows
        moves = np.stack([begin - low[:, 0], -low[:, 1]] * 2, axis=1)
        canvas = np.zeros((int(rows.sum()), _SMALL), np.bool_)
        for y0, x0, y1, x1 in (corners + np.repeat(moves, counts, axis=0))[np.repeat(is_small, counts)].tolist():
            canvas[y0:y1, x0:x1] = True
        found = _stacks(canvas)
        owners = np.searchsorted(begin[is_small], found[:, 0], side="right") - 1
        small = np.flatnonzero(is_small)
        found -= moves[small[owners]]
        pieces = iter(np.split(found, np.searchsorted(owners, np.arange(1, len(small)))))
        large = (_combine([group], lambda cells: cells[0]) for group in _large(corners, first, counts, ~is_small))
        return [cls(next(pieces) if one else next(large)) for one in is_small.tolist()]

    @classmethod
    def from_mask(cls, where: Bools, xy0: tuple[int, int] = (0, 0)) -> PixelSet:
        """The pixels set in a bool array (height, width) whose first pixel is at `xy0`."""
        return cls(_stacks(where) + np.array([xy0[1], xy0[0], xy0[1], xy0[0]]))

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The rectangles as boxes, from the bottom row up and from left to right."""
        return tuple(Box(x0, y0, x1 - x0, y1 - y0) for y0, x0, y1, x1 in self.corners.tolist())

    @property
    def is_empty(self) -> bool:
        return not len(self.corners)

    @cached_property
    def area(self) -> int:
        """Number of pixels."""
        if len(self.corners) == 1:  # Most defects; maps have many thousands.
            return self.bbox.area
        y0, x0, y1, x1 = self.corners.T
        return int(((y1 - y0) * (x1 - x0)).sum())

    @cached_property
    def bbox(self) -> Box:
        """The smallest box around the set."""
        if len(self.corners) == 1:
            [[y0, x0, y1, x1]] = self.corners.tolist()
            return Box(x0, y0, x1 - x0, y1 - y0)
        if self.is_empty:
            return Box()
        y0, x0 = self.corners[:, :2].min(axis=0).tolist()
        y1, x1 = self.corners[:, 2:].max(axis=0).tolist()
        return Box(x0, y0, x1 - x0, y1 - y0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PixelSet) and np.array_equal(self.corners, other.corners)

    def __hash__(self) -> int:
        return hash(self.corners.tobytes())

    def contains_pixel(self, x: int, y: int) -> bool:
        if not self.bbox.contains_pixel(x, y):
            return False
        y0, x0, y1, x1 = self.corners.T
        return bool(((y0 <= y) & (y < y1) & (x0 <= x) & (x < x1)).any())

    def __or__(self, other: PixelSet) -> PixelSet:
        return self._changed(other, lambda cells: cells[0] | cells[1])

    def __and__(self, other: PixelSet) -> PixelSet:
        if not self.touches(other):
            return PixelSet()
        return PixelSet(_combine([self.corners, other.corners], lambda cells: cells[0] & cells[1]))

    def __sub__(self, other: PixelSet) -> PixelSet:
        return self._changed(other, lambda cells: cells[0] & ~cells[1]) if self.touches(other) else self

    def _changed(self, other: PixelSet, operation: Callable[[list[Bools]], Bools]) -> PixelSet:
        """Combine with a set; rectangles that end before its rows or begin behind them stay as they are."""
        rows = other.bbox
        near = (self.corners[:, 2] >= rows.y0) & (self.corners[:, 0] <= rows.y1)
        changed = _combine([self.corners[near], other.corners], operation)
        return PixelSet(_sorted(np.concatenate([self.corners[~near], changed])))

    def touches(self, other: PixelSet) -> bool:
        """Whether the rectangles around both sets have common pixels."""
        a, b = self.bbox, other.bbox
        # Spelled out: asked for every defect of a map with every stroke.
        return a.x0 < b.x0 + b.width and b.x0 < a.x0 + a.width and a.y0 < b.y0 + b.height and b.y0 < a.y0 + a.height

    def clip(self, frame: Box) -> PixelSet:
        """What lies in `frame`."""
        if frame.contains(self.bbox):
            return self
        y, x = self.corners[:, 0::2].clip(frame.y0, frame.y1), self.corners[:, 1::2].clip(frame.x0, frame.x1)
        inside = (y[:, 0] < y[:, 1]) & (x[:, 0] < x[:, 1])
        return PixelSet(_joined(np.stack([y[:, 0], x[:, 0], y[:, 1], x[:, 1]], axis=1)[inside]))

    def grow(self, dx: int, dy: int, frame: Box) -> PixelSet:
        """All pixels within `dx` columns and `dy` rows of the set, clipped to `frame`."""
        wider = (Box(b.x0 - dx, b.y0 - dy, b.width + 2 * dx, b.height + 2 * dy) for b in self.boxes)
        return PixelSet.of(box.intersect(frame) for box in wider)

    def shrink(self, dx: int, dy: int, frame: Box) -> PixelSet:
        """The set without its pixels within `dx` columns and `dy` rows of a good pixel.

        Beyond `frame` nothing is good: a column that ends at the edge of the chip still ends there.
        """
        around = Box(self.bbox.x0 - dx, self.bbox.y0 - dy, self.bbox.width + 2 * dx, self.bbox.height + 2 * dy)
        good = PixelSet.of([around.intersect(frame)]) - self
        return self - good.grow(dx, dy, frame)

    def regions(self) -> list[PixelSet]:
        """The parts that are connected over sides and corners."""
        if len(self.corners) < 2:
            return [self] if len(self.corners) else []
        xs, ys, (cells,) = _grid([self.corners])
        labels, _ = label_regions(cells)
        # All cells of a rectangle have one label.
        numbers = labels[np.searchsorted(ys, self.corners[:, 0]), np.searchsorted(xs, self.corners[:, 1])]
        return [PixelSet(self.corners[numbers == number]) for number in np.unique(numbers)]

    def paint(self, where: Bools, xy0: tuple[int, int] = (0, 0)) -> None:
        """Set the pixels in a bool array whose first pixel is at `xy0`; they must lie in it."""
        for box in self.boxes:
            where[box.slices(xy0)] = True

    def to_mask(self, frame: Box) -> Bools:
        """The set as a bool array over `frame`; what lies outside is left out."""
        where = np.zeros(frame.shape, np.bool_)
        self.clip(frame).paint(where, (frame.x0, frame.y0))
        return where


def line_pixels(x0: int, y0: int, x1: int, y1: int, width: int = 1) -> PixelSet:
    """Pixels of a straight stroke from (x0, y0) to (x1, y1), both ends included, `width` pixels wide."""
    if width < 1:
        raise ValueError(f"a line is at least one pixel wide, found {width}")
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    step = np.arange(steps + 1)
    low = (width - 1) // 2
    xs = np.round(x0 + (x1 - x0) * step / steps).astype(np.intp) - low
    ys = np.round(y0 + (y1 - y0) * step / steps).astype(np.intp) - low
    if y1 < y0:
        xs, ys = xs[::-1], ys[::-1]
    # A line only rises: the squares that reach a row follow each other, and their first and last reach furthest.
    row = np.arange(ys[0], ys[-1] + width)
    first, last = np.searchsorted(ys, row - width, "right"), np.searchsorted(ys, row, "right") - 1
    left, right = np.minimum(xs[first], xs[last]), np.maximum(xs[first], xs[last]) + width
    return PixelSet(_joined(np.stack([row, left, row + 1, right], axis=1)))


def _large(
    corners: Corners, first: NDArray[np.intp], counts: NDArray[np.intp], is_large: NDArray[np.bool_]
) -> Iterator[Corners]:
    for begin, count in zip(first[is_large].tolist(), counts[is_large].tolist(), strict=True):
        yield corners[begin : begin + count]


def _corners(boxes: Iterable[Box]) -> Corners:
    rows = [(box.y0, box.x0, box.y1, box.x1) for box in boxes if not box.is_empty]
    return np.array(rows, np.intp).reshape(-1, 4)


def _grid(groups: Iterable[Corners]) -> tuple[NDArray[np.intp], NDArray[np.intp], list[Bools]]:
    """Paint groups of rectangles on the grid of all their edges; between two grid lines nothing changes."""
    groups = list(groups)
    together = np.concatenate(groups)
    ys, xs = np.unique(together[:, 0::2]), np.unique(together[:, 1::2])
    painted = []
    for group in groups:
        cells = np.zeros((max(len(ys) - 1, 0), max(len(xs) - 1, 0)), np.bool_)
        rows, columns = np.searchsorted(ys, group[:, 0::2]).tolist(), np.searchsorted(xs, group[:, 1::2]).tolist()
        for (y0, y1), (x0, x1) in zip(rows, columns, strict=True):
            cells[y0:y1, x0:x1] = True
        painted.append(cells)
    return xs, ys, painted


def _combine(groups: Iterable[Corners], operation: Callable[[list[Bools]], Bools]) -> Corners:
    xs, ys, cells = _grid(groups)
    if not cells[0].size:
        return np.zeros((0, 4), np.intp)
    found = _stacks(operation(cells))
    return np.stack([ys[found[:, 0]], xs[found[:, 1]], ys[found[:, 2]], xs[found[:, 3]]], axis=1)


def _stacks(where: Bools) -> Corners:
    """Equal runs of set pixels in consecutive rows, as rectangles."""
    runs = find_runs(np.ascontiguousarray(where))
    return _joined(np.stack([runs.y, runs.first, runs.y + 1, runs.last + 1], axis=1))


def _joined(corners: Corners) -> Corners:
    """Make one of rectangles that lie on each other and have the same columns."""
    y0, x0, y1, x1 = corners[np.lexsort((corners[:, 0], corners[:, 3], corners[:, 1]))].T
    continues = (y0[1:] == y1[:-1]) & (x0[1:] == x0[:-1]) & (x1[1:] == x1[:-1])
    begin = np.flatnonzero(np.concatenate([[True], ~continues])[: len(y0)])
    end = np.append(begin[1:], len(y0)) - 1 if len(y0) else begin
    return _sorted(np.stack([y0[begin], x0[begin], y1[end], x1[begin]], axis=1))


def _sorted(corners: Corners) -> Corners:
    return corners[np.lexsort((corners[:, 1], corners[:, 0]))]
