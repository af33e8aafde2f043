"""Values for exactly the pixels of the screen, gathered from the levels of a plane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.pyramid import COMBINE, LevelCache, factor_for, kinds_for
from isrviewer.render.view import Axis, Grid

__all__ = ["ImageSource", "MaskSource", "Samples", "gather"]

Array = NDArray[Any]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Samples:
    """Which values of a level belong to which screen pixels along one axis.

    Attributes
    ----------
    inside : slice
        The screen pixels that lie on the plane.
    first, last : ndarray of intp
        For each of those, the first and last index into the level, both included.
    """

    inside: slice
    first: Indices
    last: Indices

    @classmethod
    def along(cls, axis: Axis, length: int, factor: int = 1) -> Samples:
        """Samples of a plane with `length` pixels along the axis, taken from its level with `factor`."""
        bins = np.arange(axis.first, axis.first + axis.count)
        if axis.reverse:
            bins = bins[::-1]
        per_bin = 1 / (axis.zoom * factor)
        if axis.zoom > 1:
            # Several screen pixels for one image pixel: the one under the middle of the screen pixel.
            first = last = np.floor((bins + 0.5) * per_bin).astype(np.intp)
        else:
            first = np.floor(bins * per_bin).astype(np.intp)
            last = np.maximum(np.floor((bins + 1) * per_bin).astype(np.intp) - 1, first)
        highest = -(-length // factor) - 1
        where = np.flatnonzero((last >= 0) & (first <= highest))
        inside = slice(int(where[0]), int(where[-1]) + 1) if where.size else slice(0, 0)
        return cls(inside, np.clip(first[inside], 0, highest), np.clip(last[inside], 0, highest))

    @property
    def span(self) -> int:
        """Largest number of values for one screen pixel; two at most for a level chosen by `factor_for`."""
        return int((self.last - self.first).max(initial=0)) + 1

    def part(self, pixels: slice) -> Samples:
        """Samples of only these of the inside pixels."""
        start = self.inside.start
        kept = slice(pixels.start - start, pixels.stop - start)
        return Samples(pixels, self.first[kept], self.last[kept])


def gather(level: Array, rows: Samples, columns: Samples, combine: np.ufunc) -> Array:
    """One value per screen pixel that lies on the plane.

    Parameters
    ----------
    level : ndarray, (n, m)
    rows, columns : `Samples`
    combine : ufunc
        `numpy.maximum`, `minimum`, `bitwise_or`, or `add` for the mean.

    Returns
    -------
    values : ndarray, (rows inside, columns inside)
        A new array in image orientation but in the order of the screen pixels.
    """
    if not len(rows.first) or not len(columns.first):
        return np.empty((len(rows.first), len(columns.first)), level.dtype)
    left, right = int(columns.first.min()), int(columns.last.max()) + 1
    strip = level[:, left:right]
    values = strip[rows.first]
    if combine is np.add and values.dtype.kind != "f":
        values = values.astype(np.float32)
    for step in range(1, rows.span):
        values = combine(values, strip[np.minimum(rows.first + step, rows.last)])
    total = values.take(columns.first - left, axis=1)
    for step in range(1, columns.span):
        more = values.take(np.minimum(columns.first + step, columns.last) - left, axis=1)
        combine(total, more, out=total)
    if combine is np.add and rows.span * columns.span > 1:
        total = total * np.float32(1 / (rows.span * columns.span))
    return total


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Where the screen's pixels lie in the level or levels of an image that its reduction is made from.

    Attributes
    ----------
    levels : tuple of (ndarray, ufunc)
    factor : int
    rows, columns : `Samples`
    """

    levels: tuple[tuple[Array, np.ufunc], ...]
    factor: int
    rows: Samples
    columns: Samples

    @classmethod
    def find(cls, cache: LevelCache, image: Array, grid: Grid, reduction: str) -> ImageSource | None:
        """The levels that fit the screen or the next coarser ones; None if there are none."""
        factor = factor_for(grid.x.zoom)
        # At full size all kinds are the plane itself; one of them is enough where nothing is left to reduce.
        kinds = kinds_for(reduction) if grid.x.zoom < 1 else kinds_for(reduction)[:1]
        found = [cache.coarser(image, factor, kind) for kind in kinds]
        usable = [item for item in found if item is not None]
        if len({factor for _, factor in usable}) != 1 or len(usable) < len(kinds):
            return None
        factor = usable[0][1]
        levels = tuple((level, COMBINE[kind]) for (level, _), kind in zip(usable, kinds, strict=True))
        height, width = image.shape
        return cls(levels, factor, Samples.along(grid.y, height, factor), Samples.along(grid.x, width, factor))

    def values(self, rows: slice, columns: slice, typical: float) -> Array:
        """Values of a rectangle of screen pixels that lie on the plane.

        Parameters
        ----------
        rows, columns : slice
            Screen pixels along the image's rows and columns.
        typical : float
            For the reduction "deviation": of the largest and the smallest value the one further from this is taken.
        """
        down, across = self.rows.part(rows), self.columns.part(columns)
        high, *low = (gather(level, down, across, combine) for level, combine in self.levels)
        if not low:
            return high
        # A NaN is in both, so it stays whichever is taken.
        return np.where(high - np.float32(typical) >= np.float32(typical) - low[0], high, low[0])


@dataclass(frozen=True, eq=False)
class MaskSource:
    """Where the screen's pixels, and `line` more on every side, lie in a level of a mask.

    Attributes
    ----------
    level : ndarray, int32
    factor : int
    rows, columns : `Samples`
        Of a screen that is larger by `line` pixels on every side.
    line : int
    """

    level: Array
    factor: int
    rows: Samples
    columns: Samples
    line: int

    @classmethod
    def find(cls, cache: LevelCache, mask: Array, grid: Grid, line: int) -> MaskSource | None:
        """The level that fits the screen or the next coarser one; None if there is none."""
        found = cache.coarser(mask, factor_for(grid.x.zoom), "or")
        if found is None:
            return None
        level, factor = found
        rows, columns = (
            Samples.along(replace(axis, first=axis.first - line, count=axis.count + 2 * line), length, factor)
            for axis, length in zip((grid.y, grid.x), mask.shape, strict=True)
        )
        return cls(level, factor, rows, columns, line)

    def values(self, rows: slice, columns: slice) -> NDArray[np.uint32]:
        """Mask bits of a rectangle of screen pixels with `line` pixels around it; 0 off the plane.

        Parameters
        ----------
        rows, columns : slice
            Screen pixels along the image's rows and columns.
        """
        shape = (rows.stop - rows.start + 2 * self.line, columns.stop - columns.start + 2 * self.line)
        # The larger screen begins `line` pixels earlier, so the rectangle with its border begins at the same number.
        down = _overlap(self.rows.inside, rows.start, shape[0])
        across = _overlap(self.columns.inside, columns.start, shape[1])
        values = gather(self.level, self.rows.part(down), self.columns.part(across), np.bitwise_or).view(np.uint32)
        if values.shape == shape:
            return values
        bits = np.zeros(shape, np.uint32)
        place = (
            slice(part.start - begin, part.stop - begin)
            for part, begin in zip((down, across), (rows.start, columns.start), strict=True)
        )
        bits[tuple(place)] = values
        return bits


def _overlap(inside: slice, start: int, count: int) -> slice:
    first = min(max(inside.start, start), inside.stop)
    return slice(first, max(first, min(inside.stop, start + count)))
