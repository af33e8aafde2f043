"""Boxes of image pixels as rectangles of screen pixels: which are in view, where, and where their borders run.

Work for thousands of boxes with every repaint, so all of it is done for all boxes at once. A box covers exactly the
screen pixels that show its pixels, and never fewer than one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.pyramid import factor_for
from isrviewer.render.view import Axis, Grid

__all__ = ["borders", "fill_boxes", "screen_borders", "screen_boxes"]

Ints = NDArray[np.intp]

_SMALL = 64
"""Screen pixels up to which a rectangle is filled together with others of its size, not by itself."""

_MARGIN = 8
"""Screen pixels beyond the screen to which what is longer is cut."""


def screen_boxes(grid: Grid, corners: NDArray[Any]) -> tuple[Ints, Ints]:
    """The boxes in view.

    Parameters
    ----------
    grid : `Grid`
    corners : ndarray, (n, 4), int
        ``y0, x0, y1, x1``, half open, in image coordinates.

    Returns
    -------
    index : ndarray, (m,), int
        Which boxes are at least partly on the screen.
    rectangles : ndarray, (m, 4), int
        ``left, top, width, height`` in device pixels; cut a few pixels outside of the screen.
    """
    y0, x0, y1, x1 = corners.T
    ends = [_covered(grid.x, x0, x1), _covered(grid.y, y0, y1)]
    (left, right), (top, bottom) = reversed(ends) if grid.transpose else ends
    width, height = grid.size
    index = np.flatnonzero((left < width) & (right > 0) & (top < height) & (bottom > 0))
    left, right = (side[index].clip(-_MARGIN, width + _MARGIN) for side in (left, right))
    top, bottom = (side[index].clip(-_MARGIN, height + _MARGIN) for side in (top, bottom))
    return index, np.stack([left, top, right - left, bottom - top], axis=1)


def fill_boxes(
    rectangles: Ints, colours: NDArray[np.uint32], size: tuple[int, int]
) -> tuple[NDArray[np.uint32], int, int]:
    """Paint rectangles, one colour after the other.

    Parameters
    ----------
    rectangles : ndarray, (n, 4), int
        ``left, top, width, height``.
    colours : ndarray, (n,), uint32
        Packed colours; the colour that occurs first is painted first.
    size : (int, int)
        Width and height of the screen; what lies outside is left out.

    Returns
    -------
    pixels : ndarray, (height, width), uint32
        0 where nothing was painted; no larger than the rectangles need.
    left, top : int
        Where it belongs on the screen.
    """
    left, top = rectangles[:, 0].clip(0, size[0]), rectangles[:, 1].clip(0, size[1])
    right = (rectangles[:, 0] + rectangles[:, 2]).clip(0, size[0])
    bottom = (rectangles[:, 1] + rectangles[:, 3]).clip(0, size[1])
    if not len(rectangles):
        return np.zeros((0, 0), np.uint32), 0, 0
    x0, y0 = int(left.min()), int(top.min())
    pixels = np.zeros((int(bottom.max()) - y0, int(right.max()) - x0), np.uint32)
    left, right, top, bottom = left - x0, right - x0, top - y0, bottom - y0
    width = right - left
    area = width * (bottom - top)
    _, first = np.unique(colours, return_index=True)
    for colour in colours[np.sort(first)]:
        mine = colours == colour
        large = mine & (area > _SMALL)
        for x, y, x_end, y_end in np.stack([left, top, right, bottom], axis=1)[large].tolist():
            pixels[y:y_end, x:x_end] = colour
        small = np.flatnonzero(mine & (area <= _SMALL))
        each = area[small]
        owner = np.repeat(small, each)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(each) - each, each)
        down = number // width[owner]
        pixels[top[owner] + down, left[owner] + number - down * width[owner]] = colour
    return pixels, x0, y0


def _covered(axis: Axis, first: NDArray[Any], stop: NDArray[Any]) -> tuple[Ints, Ints]:
    """First screen pixel, and the one behind the last, that show the pixels ``first <= pixel < stop``."""
    if axis.zoom > 1:
        return _ends(axis, _edge(axis, first), _edge(axis, stop))
    # As `Samples.along` has it: a bin shows the blocks of its level that end in it.
    block = factor_for(axis.zoom)
    per_bin = 1 / (axis.zoom * block)
    low, high = (first - axis.origin) // block, (stop - 1 - axis.origin) // block
    return _ends(axis, _bin(low + 1, per_bin, 0) - 1 - axis.first, _bin(high + 1, per_bin, 0) - axis.first)


def _edge(axis: Axis, pixel: NDArray[Any]) -> Ints:
    """Bins from the first on to the lower edge of pixels; a screen pixel shows what is under its middle."""
    return _bin(pixel - axis.origin, 1 / axis.zoom, 0.5) - axis.first


def _bin(value: NDArray[Any], per_bin: float, part: float) -> Ints:
    """The first bin for which ``floor((bin + part) * per_bin)`` reaches a value, rounded as the picture rounds it."""
    bins = np.ceil(value / per_bin - part)
    bins += np.floor((bins + part) * per_bin) < value
    bins -= np.floor((bins - 1 + part) * per_bin) >= value
    return bins.astype(np.intp)


def _ends(axis: Axis, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    return (axis.count - high, axis.count - low) if axis.reverse else (low, high)


def borders(corners: NDArray[Any], owners: NDArray[Any]) -> tuple[Ints, Ints]:
    """Where owners of boxes end and something else begins.

    Parameters
    ----------
    corners : ndarray, (n, 4), int
        ``y0, x0, y1, x1``; the boxes of one owner are disjoint.
    owners : ndarray, (n,), int
        Between two boxes of one owner there is no border.

    Returns
    -------
    horizontal : ndarray, (m, 4), int
        ``owner, y, x0, x1``: below row ``y``.
    vertical : ndarray, (m, 4), int
        ``owner, x, y0, y1``: left of column ``x``.
    """
    y0, x0, y1, x1 = corners.T
    return _segments(owners, y0, y1, x0, x1), _segments(owners, x0, x1, y0, y1)


def _segments(owners: Ints, low: Ints, high: Ints, start: Ints, stop: Ints) -> Ints:
    """Of the boxes that meet at one line, exactly those parts are border that lie at one box only.

    Those parts begin and end where any of the boxes does, in turn.
    """
    owner, line = np.tile(owners, 4), np.concatenate([low, low, high, high])
    place = np.concatenate([start, stop, start, stop])
    order = np.lexsort((place, line, owner))
    pairs = np.stack([owner[order], line[order], place[order]], axis=1).reshape(-1, 2, 3)
    whole = np.concatenate([pairs[:, 0], pairs[:, 1, 2:]], axis=1)
    segments: Ints = whole[whole[:, 2] < whole[:, 3]].astype(np.intp)
    return segments


def screen_borders(grid: Grid, corners: NDArray[Any], owners: NDArray[Any]) -> tuple[Ints, Ints]:
    """Borders of boxes on the screen.

    Parameters
    ----------
    grid : `Grid`
        With a zoom above 1.
    corners, owners : ndarray
        As for `borders`.

    Returns
    -------
    owners : ndarray, (m,), int
    lines : ndarray, (m, 4), int
        ``x0, y0, x1, y1``: ends of each line, in device pixels, between screen pixels.
    """
    found, lines = [], []
    for segments, along_y in zip(borders(corners, owners), (False, True), strict=True):
        line_axis, axis = (grid.x, grid.y) if along_y else (grid.y, grid.x)
        at = _ends(line_axis, *[_edge(line_axis, segments[:, 1])] * 2)[0]
        start, stop = _ends(axis, _edge(axis, segments[:, 2]), _edge(axis, segments[:, 3]))
        start, stop = (end.clip(-_MARGIN, axis.count + _MARGIN) for end in (start, stop))
        is_upright = along_y != grid.transpose
        lines.append(np.stack([at, start, at, stop] if is_upright else [start, at, stop, at], axis=1))
        found.append(segments[:, 0])
    return np.concatenate(found), np.concatenate(lines)
