"""Pixels and boxes of a map as separate defects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box

__all__ = ["join_boxes", "mask_defects"]

_LONG = 64
"""Pixels from which a straight strip is a defect of its own, whatever it touches."""

_EDGE = 4
"""Rows of the widest edge."""


def mask_defects(where: NDArray[np.bool_], xy0: tuple[int, int] = (0, 0)) -> list[PixelSet]:
    """Divide a set of pixels into long strips (rows and columns of the chip cross each other) and connected regions.

    Parameters
    ----------
    where : ndarray, (height, width), bool
    xy0 : (int, int)
        Coordinates of its first pixel.

    Returns
    -------
    defects : list of `PixelSet`
        Disjoint, from the bottom row up; together they are the whole set.
    """
    everything = PixelSet.from_mask(where, xy0)
    sides = everything.corners[:, 2:] - everything.corners[:, :2]
    long = sides.max(axis=1, initial=0) >= _LONG
    strips = [PixelSet(strip[None]) for strip in everything.corners[long]]
    spots = PixelSet(everything.corners[~long]).regions()
    return sorted([*strips, *spots], key=lambda pixels: (pixels.bbox.y0, pixels.bbox.x0))


def join_boxes(boxes: Sequence[PixelSet], chip: Box) -> list[PixelSet]:
    """Boxes of a map as defects: together what is one thing on the chip, although the file has it in pieces.

    Spots that touch, over corners too, are one cluster, and boxes that continue one another along a column or a row are
    one strip. A first or last row that is flagged over the whole chip is one edge, whatever columns cross it: maps
    that were normalised have it in pieces. Everything else stays as its author drew it.

    Parameters
    ----------
    boxes : sequence of `PixelSet`
        One box each, on the chip.
    chip : `Box`

    Returns
    -------
    defects : list of `PixelSet`
        In the order of their first boxes; together they are the same pixels.
    """
    corners = np.array([one.corners[0] for one in boxes], np.intp).reshape(-1, 4)
    order = np.argsort(corners[:, 0], kind="stable")
    groups = list(range(len(boxes)))
    for first, second in (*_touching(corners[order]), *_edge_pieces(corners[order], chip)):
        low, high = sorted((_root(groups, int(order[first])), _root(groups, int(order[second]))))
        groups[high] = low
    members: dict[int, list[PixelSet]] = {}
    for index, one in enumerate(boxes):
        members.setdefault(_root(groups, index), []).append(one)
    return [
        some[0] if len(some) == 1 else PixelSet.of(box for one in some for box in one.boxes)
        for some in members.values()
    ]


def _root(groups: list[int], index: int) -> int:
    while groups[index] != index:
        index = groups[index]
    return index


def _touching(corners: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Pairs of boxes, sorted by their first rows, that are spots side by side or continue one another."""
    y0, x0, y1, x1 = corners.T
    spots = np.maximum(y1 - y0, x1 - x0) < _LONG
    for index in range(len(corners)):
        others = slice(index + 1, int(np.searchsorted(y0, y1[index], side="right")))
        columns = (x0[others] == x0[index]) & (x1[others] == x1[index])
        rows = (y0[others] == y0[index]) & (y1[others] == y1[index])
        touch = (x0[others] <= x1[index]) & (x1[others] >= x0[index])
        linked = touch & (columns | rows | (spots[others] & spots[index]))
        for other in np.flatnonzero(linked).tolist():
            yield index, index + 1 + other


def _edge_pieces(corners: NDArray[np.intp], chip: Box) -> Iterator[tuple[int, int]]:
    """Pairs of boxes that are pieces of the same first or last rows, where these are flagged over the whole chip."""
    pieces: dict[tuple[int, int], list[int]] = {}
    for index, (y0, _, y1, _) in enumerate(corners.tolist()):
        if y1 - y0 <= _EDGE and (y0 == chip.y0 or y1 == chip.y1):
            pieces.setdefault((y0, y1), []).append(index)
    for (y0, y1), indices in pieces.items():
        flagged = np.zeros(chip.width, np.bool_)
        for first, x0, end, x1 in corners.tolist():
            if first <= y0 and end >= y1:
                flagged[x0 - chip.x0 : x1 - chip.x0] = True
        if flagged.all():
            yield from ((indices[0], other) for other in indices[1:])
