"""Immutable sets of pixels with exact algebra, stored as rectangles: a full column costs no more than one pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.image.footprints import decompose_boxes, label_regions

__all__ = ["PixelSet", "line_pixels"]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class PixelSet:
    """A set of pixels, 0-based, trimmed frame.

    The rectangles are disjoint and depend on the set only, not on how it was made, so that equal sets compare equal.
    Make one with `of` or `from_mask`.

    Attributes
    ----------
    boxes : tuple of `Box`
    """

    boxes: tuple[Box, ...] = ()

    @classmethod
    def of(cls, boxes: Iterable[Box]) -> PixelSet:
        """The union of boxes."""
        full = [box for box in boxes if not box.is_empty]
        if len(full) < 2:
            return cls(tuple(full))
        return _combine([full], lambda cells: cells[0])

    @classmethod
    def from_mask(cls, where: Bools, xy0: tuple[int, int] = (0, 0)) -> PixelSet:
        """The pixels set in a bool array (height, width) whose first pixel is at `xy0`."""
        return cls(tuple(decompose_boxes(where, xy0)))

    @property
    def is_empty(self) -> bool:
        return not self.boxes

    @cached_property
    def area(self) -> int:
        """Number of pixels."""
        return sum(box.area for box in self.boxes)

    @cached_property
    def bbox(self) -> Box:
        return Box.around(self.boxes)

    def contains_pixel(self, x: int, y: int) -> bool:
        return any(box.contains_pixel(x, y) for box in self.boxes)

    def __or__(self, other: PixelSet) -> PixelSet:
        return _combine([self.boxes, other.boxes], lambda cells: cells[0] | cells[1])

    def __and__(self, other: PixelSet) -> PixelSet:
        if not self.touches(other):
            return PixelSet()
        return _combine([self.boxes, other.boxes], lambda cells: cells[0] & cells[1])

    def __sub__(self, other: PixelSet) -> PixelSet:
        if not self.touches(other):
            return self
        return _combine([self.boxes, other.boxes], lambda cells: cells[0] & ~cells[1])

    def touches(self, other: PixelSet) -> bool:
        """Whether the rectangles around both sets have common pixels."""
        a, b = self.bbox, other.bbox
        # Spelled out: asked for every defect of a map with every stroke.
        return a.x0 < b.x0 + b.width and b.x0 < a.x0 + a.width and a.y0 < b.y0 + b.height and b.y0 < a.y0 + a.height

    def clip(self, frame: Box) -> PixelSet:
        """What lies in `frame`."""
        return self if frame.contains(self.bbox) else PixelSet.of(box.intersect(frame) for box in self.boxes)

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
        if len(self.boxes) < 2:
            return [self] if self.boxes else []
        xs, ys, (cells,) = _grid([self.boxes])
        labels, count = label_regions(cells)
        return [_from_cells(labels == number, xs, ys) for number in range(1, count + 1)]

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
    low = (width - 1) // 2
    places = {
        (round(x0 + (x1 - x0) * step / steps) - low, round(y0 + (y1 - y0) * step / steps) - low)
        for step in range(steps + 1)
    }
    return PixelSet.of(Box(x, y, width, width) for x, y in places)


def _grid(groups: Iterable[Iterable[Box]]) -> tuple[NDArray[np.intp], NDArray[np.intp], list[Bools]]:
    """Paint groups of boxes on the grid of all their edges; between two grid lines nothing changes."""
    corners = [np.array([(b.x0, b.x1, b.y0, b.y1) for b in group], np.intp).reshape(-1, 4) for group in groups]
    together = np.concatenate(corners)
    xs, ys = np.unique(together[:, :2]), np.unique(together[:, 2:])
    painted = []
    for group in corners:
        cells = np.zeros((max(len(ys) - 1, 0), max(len(xs) - 1, 0)), np.bool_)
        left, right = np.searchsorted(xs, group[:, 0]).tolist(), np.searchsorted(xs, group[:, 1]).tolist()
        bottom, top = np.searchsorted(ys, group[:, 2]).tolist(), np.searchsorted(ys, group[:, 3]).tolist()
        for x0, x1, y0, y1 in zip(left, right, bottom, top, strict=True):
            cells[y0:y1, x0:x1] = True
        painted.append(cells)
    return xs, ys, painted


def _from_cells(cells: Bools, xs: NDArray[np.intp], ys: NDArray[np.intp]) -> PixelSet:
    x, y = xs.tolist(), ys.tolist()
    return PixelSet(
        tuple(Box(x[c.x0], y[c.y0], x[c.x1] - x[c.x0], y[c.y1] - y[c.y0]) for c in decompose_boxes(cells))
    )


def _combine(groups: Iterable[Iterable[Box]], operation: Callable[[list[Bools]], Bools]) -> PixelSet:
    xs, ys, cells = _grid(groups)
    return _from_cells(operation(cells), xs, ys) if cells[0].size else PixelSet()
