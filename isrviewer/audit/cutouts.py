"""The place of a defect in every frame at hand, as small arrays and packed colours. No widgets, no full frames.

Everything is in the trimmed frame, counted from 0, whatever frame the planes have themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Detector
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.inspect.layout import Layout, cut_out
from isrviewer.render.colour import ColourMap, colour_table
from isrviewer.render.limits import Limits, PlaneStats
from isrviewer.render.stretch import Stretch, positions

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.pixels import PixelSet

__all__ = [
    "SIZES",
    "Cutout",
    "Profile",
    "Witness",
    "cut",
    "flagged_around",
    "outline",
    "part_count",
    "place",
    "profile",
    "runs_of",
]

SIZES = (21, 41, 81)
"""Pixels on a side that one can choose."""

Pixels = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Witness:
    """A frame that shows the place of a defect.

    Attributes
    ----------
    title, unit : str
    planes : `Exposure` or ndarray
        The result of a step or a calibration in whatever layout, or pixels of the trimmed frame.
    name : str
        File or step, for the tooltip.
    is_exposure : bool
        One of several science frames that are seen at the same contrast.
    """

    title: str
    unit: str
    planes: Exposure | Pixels
    name: str = ""
    is_exposure: bool = False

    def pixels(self, box: Box, detector: Detector) -> Pixels:
        """A box of the trimmed frame, (height, width) float32; NaN for pixels that the frame has not."""
        if isinstance(self.planes, np.ndarray):
            values = np.full(box.shape, np.nan, np.float32)
            inside = box.intersect(Box(0, 0, self.planes.shape[1], self.planes.shape[0]))
            values[inside.slices((box.x0, box.y0))] = self.planes[inside.slices()]
            return values

        found = cut_out(self.planes, Layout.of(self.planes, detector), box, Layout.assembled(detector))
        values = found.pixels.image.astype(np.float32)
        if found.present is not None:
            values[~found.present] = np.nan
        return values


@dataclass(frozen=True, eq=False)
class Cutout:
    """The pixels of one witness around a defect.

    Attributes
    ----------
    witness : `Witness`
    values : ndarray, (height, width), float32
        Row 0 is the lowest; NaN for no value.
    limits : (float, float)
        Values of the two ends of the colour map.
    """

    witness: Witness
    values: Pixels
    limits: tuple[float, float]

    def picture(self, colours: ColourMap, on_chip: Bools) -> NDArray[np.uint32]:
        """Packed colours ``0xAARRGGBB``, the highest row first; transparent outside the chip."""
        shown = colour_table(Stretch(), colours, self.limits)[positions(self.values, self.limits)]
        shown[~on_chip] = 0
        return np.ascontiguousarray(shown[::-1])


@dataclass(frozen=True, eq=False)
class Profile:
    """A cut through a defect.

    Attributes
    ----------
    first : int
        Column or row of the first value.
    values : ndarray, 1-d, float64
        Medians across the rows or columns that the defect has in the cut-out.
    """

    first: int
    values: NDArray[np.float64]


def place(pixels: PixelSet, size: int, part: int = 0) -> Box:
    """The square to look at: around the middle of what fits in, else around part number `part` of it.

    Part 0 of something long is where it begins: charge is lost from there on.
    """
    box = pixels.bbox

    def centre(first: int, length: int) -> int:
        if length <= size:
            return first + (length - 1) // 2
        return first + min(part * size, length - 1)

    return Box(centre(box.x0, box.width) - size // 2, centre(box.y0, box.height) - size // 2, size, size)


def part_count(pixels: PixelSet, size: int) -> int:
    """In how many parts a defect is seen."""
    longest = max(pixels.bbox.width, pixels.bbox.height)
    return 1 if longest <= size else -(-(longest - 1) // size) + 1


def cut(witnesses: Iterable[Witness], box: Box, detector: Detector, flagged: Bools) -> tuple[Cutout, ...]:
    """The same box of every witness, each with limits of its own; exposures have the same contrast around their level.

    Parameters
    ----------
    witnesses : iterable of `Witness`
    box : `Box`
        May reach beyond the chip.
    detector : `Detector`
    flagged : ndarray, bool
        Pixels of the box that say nothing about usual values.
    """
    taken = [(witness, witness.pixels(box, detector)) for witness in witnesses]
    limits = [_limits(values, flagged) for _, values in taken]
    shared = [number for number, (witness, _) in enumerate(taken) if witness.is_exposure]
    if len(shared) > 1:
        levels = {number: _median(taken[number][1], flagged) for number in shared}
        low = float(np.median([limits[number][0] - levels[number] for number in shared]))
        high = float(np.median([limits[number][1] - levels[number] for number in shared]))
        for number in shared:
            limits[number] = (levels[number] + low, levels[number] + high)
    return tuple(Cutout(witness, values, ends) for (witness, values), ends in zip(taken, limits, strict=True))


def flagged_around(document: DefectDocument, box: Box) -> Bools:
    """Which pixels of a box the map flags."""
    where = np.zeros(box.shape, np.bool_)
    inside = box.intersect(document.frame)
    x0, y0, x1, y1 = inside.x0, inside.y0, inside.x1, inside.y1
    for defect in document:
        one = defect.bbox
        if one.x0 < x1 and x0 < one.x0 + one.width and one.y0 < y1 and y0 < one.y0 + one.height and defect.flags:
            where |= defect.pixels.to_mask(box)
    return where


def outline(where: Bools) -> NDArray[np.int_]:
    """Edges between set pixels and others as lines, (n, 4): x0, y0, x1, y1 in pixels from the upper left corner.

    Where the array ends no edge is drawn: the set may go on there.
    """
    picture = where[::-1]
    rows, columns = np.nonzero(picture[1:] != picture[:-1])
    across = np.stack([columns, rows + 1, columns + 1, rows + 1], axis=1)
    rows, columns = np.nonzero(picture[:, 1:] != picture[:, :-1])
    down = np.stack([columns + 1, rows, columns + 1, rows + 1], axis=1)
    return np.concatenate([across, down])


def profile(values: Pixels, where: Bools, box: Box, axis: str) -> Profile:
    """The cut along a row (`axis` ``x``) or a column (``y``) through the pixels `where` of a box."""
    chosen = values[where.any(axis=1)] if axis == "x" else values[:, where.any(axis=0)].T
    known = np.isfinite(chosen).any(axis=0) if len(chosen) else np.zeros(chosen.shape[1], np.bool_)
    middle = np.full(chosen.shape[1], np.nan)
    middle[known] = np.nanmedian(chosen[:, known].astype(np.float64), axis=0)
    return Profile(box.x0 if axis == "x" else box.y0, middle)


def runs_of(flags: Sequence[bool] | NDArray[Any]) -> list[tuple[int, int]]:
    """First and end of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, np.int8), [0]])))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _limits(values: Pixels, flagged: Bools) -> tuple[float, float]:
    usual = values[np.isfinite(values) & ~flagged]
    sample = np.sort(usual if usual.size else values[np.isfinite(values)])
    ends = (float(sample[0]), float(sample[-1])) if sample.size else (np.nan, np.nan)
    return Limits().resolve(PlaneStats(sample, *ends, 0))


def _median(values: Pixels, flagged: Bools) -> float:
    usual = values[np.isfinite(values) & ~flagged]
    return float(np.median(usual)) if usual.size else 0.0
