"""Pixels and boxes of a map as separate defects."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box

__all__ = ["join_boxes", "mask_defects"]

_LONG = 64
"""Pixels from which a straight strip is a defect of its own, whatever it touches."""

_PAIRS = 1 << 20
"""Pairs of boxes that are compared at a time."""

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


def join_boxes(corners: NDArray[np.intp], chip: Box) -> list[PixelSet]:
    """Boxes of a map as defects: together what is one thing on the chip, although the file has it in pieces.

    Spots that touch, over corners too, are one cluster, and boxes that continue one another along a column or a row are
    one strip. A first or last row that is flagged over the whole chip is one edge, whatever columns cross it: maps
    that were normalised have it in pieces. Everything else stays as its author drew it.

    Parameters
    ----------
    corners : ndarray, (n, 4), int
        Rectangles ``y0, x0, y1, x1``, half open, on the chip.
    chip : `Box`

    Returns
    -------
    defects : list of `PixelSet`
        In the order of their first boxes; together they are the same pixels.
    """
    number = len(corners)
    if not number:
        return []
    order = np.argsort(corners[:, 0], kind="stable")
    pieces = np.array(list(_edge_pieces(corners[order], chip)), np.intp).reshape(-1, 2)
    pairs = order[np.concatenate([*_touching(corners[order]), pieces])]
    links = coo_array((np.ones(len(pairs), np.bool_), (pairs[:, 0], pairs[:, 1])), shape=(number, number))
    _, labels = connected_components(links, directed=False)
    _, first, counts = np.unique(labels, return_index=True, return_counts=True)
    together = np.argsort(labels, kind="stable")
    several = np.flatnonzero(counts > 1)
    unions = PixelSet.unions(corners[together[counts[labels[together]] > 1]], counts[several])
    sets = dict(zip(several.tolist(), unions, strict=True))
    return [
        sets[label] if label in sets else PixelSet(corners[index : index + 1])
        for label, index in sorted(enumerate(first.tolist()), key=itemgetter(1))
    ]


def _touching(corners: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Pairs of boxes, sorted by their first rows, that are spots side by side or continue one another: (n, 2)."""
    y0, x0, y1, x1 = corners.T
    spots = np.maximum(y1 - y0, x1 - x0) < _LONG
    # Behind each box, as many others begin before it ends.
    counts = np.searchsorted(y0, y1, side="right") - np.arange(len(corners)) - 1
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(corners):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _PAIRS, side="right")))
        one = np.repeat(np.arange(begin, end), counts[begin:end])
        other = one + 1 + np.arange(len(one)) - np.repeat(ends[begin:end] - counts[begin:end] - done, counts[begin:end])
        near = (x0[other] <= x1[one]) & (x1[other] >= x0[one])
        one, other = one[near], other[near]
        columns = (x0[other] == x0[one]) & (x1[other] == x1[one])
        rows = (y0[other] == y0[one]) & (y1[other] == y1[one])
        linked = columns | rows | (spots[other] & spots[one])
        yield np.stack([one[linked], other[linked]], axis=1)
        begin = end


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
