"""A defect against its surroundings: is it different from places of the same shape beside it?

Neighbours of the same shape, rather than single pixels, carry the structure that all columns or spots of a chip have: a
column that is 0.2 ADU high is unusual for noise and quite usual for a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.audit.planes import AuditData, AuditPlane, PlaneKind
from isrcore.values import frozen

__all__ = ["DefectStatistics", "PlaneStatistics", "measure_defects"]

_OFFSETS = [(dx, dy) for dy in range(-2, 3) for dx in range(-2, 3) if (dx, dy) != (0, 0)]
_COLUMN_OFFSETS = [(dx, 0) for dx in range(-8, 9) if dx]
_MAX_SIDE = 64
_TO_SIGMA = 1.4826
_GOOD_SHARE = 0.5
_FEWEST_NEIGHBOURS = 4

_MOST_PIXELS = 1 << 14
"""Of a larger defect, such as an amplifier, evenly spaced pixels are enough."""


@frozen
class PlaneStatistics:
    """One defect in one frame.

    Attributes
    ----------
    kind : `PlaneKind`
    name : str
        The frame's file.
    value : float
        Mean of the pixels, their median in science exposures, in the unit of the frame (ADU; flats relative).
    surroundings : float
        Median of the neighbours' values.
    scatter : float
        Scatter (1 sigma) of the neighbours' values.
    significance : float
        (value - surroundings) / scatter; NaN when there are too few good neighbours.
    """

    kind: PlaneKind
    name: str
    value: float
    surroundings: float
    scatter: float
    significance: float


@frozen
class DefectStatistics:
    """One defect in all frames.

    Attributes
    ----------
    planes : tuple of `PlaneStatistics`
    misbehaving : float
        Fraction of the science exposures in which its significance exceeds the threshold; NaN without exposures.
    """

    planes: tuple[PlaneStatistics, ...]
    misbehaving: float

    def significance(self, kind: PlaneKind) -> float:
        """The significance of largest size in frames of one kind; for science the median; NaN without a frame."""
        values = [plane.significance for plane in self.planes if plane.kind is kind]
        values = [value for value in values if math.isfinite(value)]
        if not values:
            return math.nan
        return float(np.median(values)) if kind is PlaneKind.SCIENCE else max(values, key=abs)

    @property
    def strongest(self) -> float:
        """The largest size of the significances of all kinds, sigma; NaN when nothing is known."""
        values = [abs(self.significance(kind)) for kind in PlaneKind]
        return max((value for value in values if math.isfinite(value)), default=math.nan)


def measure_defects(
    pixel_sets: Sequence[PixelSet], data: AuditData, bad: NDArray[np.bool_], threshold: float = 5.0
) -> list[DefectStatistics]:
    """Compare defects with their neighbours in every frame.

    Parameters
    ----------
    pixel_sets : sequence of `PixelSet`
    data : `AuditData`
    bad : ndarray, (height, width), bool
        Pixels that do not count as good neighbours: what is flagged or detected.
    threshold : float
        Sigma from which a defect misbehaves in a science exposure.
    """
    groups: dict[object, list[int]] = {}
    for index, pixels in enumerate(pixel_sets):
        box = pixels.bbox
        # Boxes of one size are gathered together; anything else goes by its own shape.
        groups.setdefault(box.shape if pixels.area == box.area else index, []).append(index)
    found: list[list[PlaneStatistics]] = [[] for _ in pixel_sets]
    for members in groups.values():
        places = _places([pixel_sets[index] for index in members], data, bad)
        for plane in data.planes:
            for index, statistics in zip(members, _compare(plane, *places), strict=True):
                found[index].append(statistics)
    return [DefectStatistics(tuple(planes), _misbehaving(planes, threshold)) for planes in found]


def _misbehaving(planes: Iterable[PlaneStatistics], threshold: float) -> float:
    exposures = [plane.significance for plane in planes if plane.kind is PlaneKind.SCIENCE]
    return float(np.mean([abs(value) > threshold for value in exposures])) if exposures else math.nan


Indices = NDArray[np.intp]


def _places(
    sets: Sequence[PixelSet], data: AuditData, bad: NDArray[np.bool_]
) -> tuple[Indices, Indices, NDArray[np.bool_]]:
    """Rows and columns of defects and neighbours, (n, 1 + neighbours, pixels), and which of the pixels are to be used.

    The first place is the defect itself. All sets have the same shape.
    """
    frame = data.detector.bbox
    box = sets[0].bbox
    y, x = np.nonzero(sets[0].to_mask(box))
    step = -(-y.size // _MOST_PIXELS)
    y, x = y[::step], x[::step]
    offsets = _COLUMN_OFFSETS if box.height > _MAX_SIDE >= box.width else _OFFSETS
    steps = np.array([(0, 0), *((dx * (box.width + 1), dy * (box.height + 1)) for dx, dy in offsets)])
    corners = np.array([(one.bbox.x0, one.bbox.y0) for one in sets])
    columns = corners[:, 0, None, None] + steps[None, :, 0, None] + x
    rows = corners[:, 1, None, None] + steps[None, :, 1, None] + y
    inside = (columns >= frame.x0) & (columns < frame.x1) & (rows >= frame.y0) & (rows < frame.y1)
    # Levels differ between amplifiers: neighbours beyond the border of the defect's own are no comparison.
    edges = np.array(sorted({amp.bbox.x0 for amp in data.detector}))
    amplifier = np.searchsorted(edges, columns, side="right")
    inside &= amplifier == amplifier[:, :1]
    rows, columns = np.clip(rows, frame.y0, frame.y1 - 1), np.clip(columns, frame.x0, frame.x1 - 1)
    usable = inside & ~bad[rows, columns]
    usable[:, 0] = True
    return rows, columns, usable


def _compare(
    plane: AuditPlane, rows: Indices, columns: Indices, usable: NDArray[np.bool_]
) -> list[PlaneStatistics]:
    values = plane.pixels[rows, columns].astype(np.float64)
    values[~(usable & np.isfinite(values))] = np.nan
    share = np.isfinite(values).mean(axis=2)
    levels = np.full(share.shape, np.nan)
    enough = share >= _GOOD_SHARE
    if enough.any():
        # Stacks have no cosmic rays, and a mean is not led by their whole ADU.
        used = values[enough]
        levels[enough] = _medians(used) if plane.kind is PlaneKind.SCIENCE else np.nanmean(used, axis=1)
    neighbours = levels[:, 1:]
    level, scatter = _middle_and_scatter(neighbours)
    significance = (levels[:, 0] - level) / scatter
    rows_of_numbers = np.stack([levels[:, 0], level, scatter, significance], axis=1).tolist()
    return [PlaneStatistics(plane.kind, plane.name, *numbers) for numbers in rows_of_numbers]


def _middle_and_scatter(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and scatter of the finite values of each row; NaN for rows with too few."""
    middle, scatter = np.full((2, len(values)), np.nan)
    some = np.count_nonzero(np.isfinite(values), axis=1) >= _FEWEST_NEIGHBOURS
    good = values[some]
    middle[some] = _medians(good)
    deviation = _medians(np.abs(good - middle[some, None]))
    # Whole numbers may leave no median deviation at all: a normal deviation is then the better guess.
    scatter[some] = np.maximum(np.maximum(_TO_SIGMA * deviation, 0.7 * np.nanstd(good, axis=1)), 1e-12)
    return middle, scatter


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each row without its NaN; NumPy's own takes a row at a time."""
    ordered = np.sort(values, axis=1)
    count = np.count_nonzero(np.isfinite(ordered), axis=1)
    rows = np.arange(len(ordered))
    found: NDArray[np.float64] = 0.5 * (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2])
    return found
