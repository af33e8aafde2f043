"""How many pixels carry each mask plane, and which regions they form."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isrcore.changes import not_finite
from isrcore.image.footprints import find_runs, label_regions
from isrviewer.render.expression import parse_planes
from isrviewer.render.planes import NOT_FINITE
from isrviewer.session.readout import is_trimmed

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["MaskRegions", "PlaneCount", "count_planes", "find_regions"]

MAX_REGIONS = 5000
"""Of more regions only the largest are listed: nobody reads on, and the list must stay quick."""


@dataclass(frozen=True)
class PlaneCount:
    """Pixels of one plane.

    Attributes
    ----------
    plane : str
        Its name, or the text of an expression.
    bit : int or None
        None for an expression and for pixels that are not finite.
    total : int
    by_amplifier : tuple of (str, int)
    """

    plane: str
    bit: int | None
    total: int
    by_amplifier: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class MaskRegions:
    """Connected regions (over sides or corners) of a plane or an expression, the largest first.

    Attributes
    ----------
    name : str
    total : int
        Number of all regions, also of those not listed.
    boxes : ndarray, (n, 4), int
        ``x0, y0, x1, y1`` of each, the last column and row included, in image coordinates.
    pixels : ndarray, (n,), int
    """

    name: str
    total: int
    boxes: NDArray[np.int64]
    pixels: NDArray[np.int64]

    def centre(self, index: int) -> tuple[float, float]:
        """Middle of the bounding box of a region."""
        x0, y0, x1, y1 = self.boxes[index].tolist()
        return (x0 + x1) / 2, (y0 + y1) / 2


def find_regions(exposure: Exposure, name: str) -> MaskRegions:
    """The regions of a plane or of an expression. Full-frame work, for a worker.

    Raises
    ------
    ValueError
        For an expression that cannot be read, or a plane that the mask does not have.
    """
    where = _where(exposure, name)
    labels, total = label_regions(where)
    runs = find_runs(where)
    # Runs of one region have one label; sorted by it, each region is a stretch.
    region = labels[runs.y, runs.first]
    order = np.argsort(region, kind="stable")
    y, first, last = runs.y[order], runs.first[order], runs.last[order]
    starts = np.flatnonzero(np.diff(region[order], prepend=0))
    if not total:
        return MaskRegions(name, 0, np.empty((0, 4), np.int64), np.empty(0, np.int64))
    pixels = np.add.reduceat(last - first + 1, starts)
    boxes = np.stack(
        [
            np.minimum.reduceat(first, starts),
            np.minimum.reduceat(y, starts),
            np.maximum.reduceat(last, starts),
            np.maximum.reduceat(y, starts),
        ],
        axis=1,
    )
    boxes += np.tile(exposure.masked_image.xy0, 2)
    largest = np.argsort(-pixels, kind="stable")[:MAX_REGIONS]
    return MaskRegions(name, total, boxes[largest], pixels[largest])


def _where(exposure: Exposure, name: str) -> NDArray[np.bool_]:
    planes = exposure.mask.planes.as_dict()
    if name == NOT_FINITE:
        where = not_finite(exposure)
        return np.zeros(exposure.image.shape, np.bool_) if where is None else where
    if name in planes:
        return exposure.mask.has(name)
    return parse_planes(name).evaluate(exposure.mask.array, planes)


def count_planes(exposure: Exposure, expression: str = "") -> tuple[PlaneCount, ...]:
    """Count every plane over the frame and over each amplifier, in the order of the bits; then pixels that are not
    finite, if there are any; then the expression.

    An expression that cannot be evaluated on this mask is left out.
    """
    array, detector = exposure.mask.array, exposure.detector
    boxes: list[tuple[str, tuple[slice, slice]]] = []
    if detector is not None:
        trimmed = is_trimmed(exposure)
        for amp in detector:
            box = (amp.bbox if trimmed else amp.raw_bbox).intersect(exposure.bbox)
            if not box.is_empty:
                boxes.append((amp.name, box.slices(exposure.masked_image.xy0)))
    flagged = array[array != 0]
    parts = [(name, part[part != 0]) for name, part in ((name, array[where]) for name, where in boxes)]
    counts = []
    for plane, bit in sorted(exposure.mask.planes.as_dict().items(), key=lambda item: item[1]):
        total = _with_bit(flagged, bit)
        by_amplifier = tuple((name, _with_bit(values, bit)) for name, values in parts) if total else ()
        counts.append(PlaneCount(plane, bit, total, by_amplifier))
    others = [(NOT_FINITE, not_finite(exposure))]
    if expression and expression not in exposure.mask.planes.as_dict():
        with suppress(ValueError):
            others.append((expression, _where(exposure, expression)))
    for plane, found in others:
        if found is not None:
            by_amplifier = tuple((name, int(np.count_nonzero(found[where]))) for name, where in boxes)
            counts.append(PlaneCount(plane, None, int(np.count_nonzero(found)), by_amplifier))
    return tuple(counts)


def _with_bit(values: np.ndarray, bit: int) -> int:
    return int(np.count_nonzero(values >> np.int32(bit) & np.int32(1)))
