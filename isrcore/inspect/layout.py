"""Where the raw pixels of a CCD lie in the frame of a step, so that steps before and after assembly can be compared.

Every number of this room belongs to a pixel of the raw frame. A `Layout` knows where raw pixels are in one frame: the
same place before assembly, mirrored and trimmed after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage

__all__ = ["ASSEMBLED", "RAW", "UNTRIMMED", "Cutout", "Layout", "Piece", "amplifier_at", "cut_out", "region_of"]

RAW, ASSEMBLED, UNTRIMMED = "raw", "assembled", "untrimmed"


@dataclass(frozen=True)
class Piece:
    """Pixels that went from the raw frame to another one together.

    Attributes
    ----------
    raw, here : `Box`
        The same pixels in the raw frame and in this one; equal sizes.
    flip_x, flip_y : bool
        Whether they were mirrored.
    """

    raw: Box
    here: Box
    flip_x: bool = False
    flip_y: bool = False

    def to_raw(self, box: Box) -> Box:
        """A box inside `here` as a box inside `raw`."""
        return self._moved(box, self.here, self.raw)

    def from_raw(self, box: Box) -> Box:
        """A box inside `raw` as a box inside `here`."""
        return self._moved(box, self.raw, self.here)

    def _moved(self, box: Box, old: Box, new: Box) -> Box:
        inside = box.shift(-old.x0, -old.y0).mirror(old.width, old.height, self.flip_x, self.flip_y)
        return inside.shift(new.x0, new.y0)


@dataclass(frozen=True)
class Layout:
    """Where raw pixels are in a frame. Coordinates are 0-based and count from the detector's corner, not the array's.

    Attributes
    ----------
    name : str
        `RAW`, `ASSEMBLED` (trimmed) or `UNTRIMMED` (assembled, with prescan and overscan).
    box : `Box`
        What the frame covers.
    pieces : tuple of `Piece`
    """

    name: str
    box: Box
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, exposure: Exposure, detector: Detector | None) -> Layout:
        """The layout of an exposure.

        A frame of the size of the trimmed detector is taken to be assembled, any other one to be raw, unless its own
        detector has its amplifiers elsewhere, which is how assembly without trimming leaves it.

        Parameters
        ----------
        exposure : `Exposure`
            Of a step, or a calibration frame.
        detector : `Detector` or None
            Of the raw frame; without one every frame counts as raw.
        """
        box = exposure.bbox
        if detector is not None and box.shape == detector.bbox.shape:
            return cls.assembled(detector)
        if detector is not None and exposure.detector is not None and _places(exposure.detector) != _places(detector):
            pieces = (Piece(amp.raw_bbox, amp.untrimmed().raw_bbox, amp.raw_flip_x, amp.raw_flip_y) for amp in detector)
            return cls(UNTRIMMED, box, tuple(pieces))
        return cls(RAW, box, (Piece(box, box),))

    @classmethod
    def assembled(cls, detector: Detector) -> Layout:
        """The trimmed, assembled frame of a detector."""
        pieces = (Piece(amp.raw_data_bbox, amp.bbox, amp.raw_flip_x, amp.raw_flip_y) for amp in detector)
        return cls(ASSEMBLED, detector.bbox, tuple(pieces))

    def parts(self, box: Box, of: Layout) -> tuple[Box, ...]:
        """Where the pixels of a box of another layout are here: one box for each piece that holds some of them."""
        if of.name == self.name:
            return (box,)
        raw = [piece.to_raw(box.intersect(piece.here)) for piece in of.pieces]
        found = (piece.from_raw(part.intersect(piece.raw)) for part in raw for piece in self.pieces)
        return tuple(part for part in found if not part.is_empty)

    def to_raw(self, x: int, y: int) -> tuple[int, int] | None:
        """The raw pixel that is at (x, y) here; None where there is none."""
        for piece in self.pieces:
            if piece.here.contains_pixel(x, y):
                raw = piece.to_raw(Box(x, y, 1, 1))
                return raw.x0, raw.y0
        return None

    def from_raw(self, x: int, y: int) -> tuple[int, int] | None:
        """Where a raw pixel is here; None when it was trimmed away."""
        for piece in self.pieces:
            if piece.raw.contains_pixel(x, y):
                here = piece.from_raw(Box(x, y, 1, 1))
                return here.x0, here.y0
        return None


def _places(detector: Detector) -> list[tuple[Box, bool, bool]]:
    return [(amp.raw_data_bbox, amp.raw_flip_x, amp.raw_flip_y) for amp in detector]


def amplifier_at(detector: Detector | None, x: int, y: int) -> Amplifier | None:
    """The amplifier that reads a raw pixel; None outside of all."""
    return next((amp for amp in detector or () if amp.raw_bbox.contains_pixel(x, y)), None)


def region_of(amp: Amplifier, x: int, y: int) -> str:
    """What a raw pixel is for: ``imaging``, ``overscan``, ``parallel overscan``, ``prescan`` or ``unused``."""
    regions = (
        ("imaging", amp.raw_data_bbox),
        ("overscan", amp.raw_horizontal_overscan_bbox),
        ("parallel overscan", amp.raw_vertical_overscan_bbox),
        ("prescan", amp.raw_prescan_bbox),
    )
    return next((name for name, box in regions if box.contains_pixel(x, y)), "unused")


@dataclass(frozen=True, eq=False)
class Cutout:
    """Pixels of a box, whatever frame they were taken from.

    Attributes
    ----------
    pixels : `MaskedImage`
        Shape of the box; may share memory with the exposure.
    present : ndarray, bool, or None
        Which pixels the exposure has; None for all. The others are zero.
    """

    pixels: MaskedImage
    present: NDArray[np.bool_] | None = None

    def usable(self, exclude: tuple[str, ...] = ()) -> NDArray[np.bool_]:
        """Pixels that are present, finite, and carry none of the planes `exclude` (unknown names do not matter)."""
        usable: NDArray[np.bool_] = np.isfinite(self.pixels.image)
        if self.present is not None:
            usable &= self.present
        flagged = self.flagged(exclude)
        return usable if flagged is None else usable & ~flagged

    def flagged(self, planes: tuple[str, ...]) -> NDArray[np.bool_] | None:
        """Pixels with any of `planes`; None when the mask knows none of them."""
        known = [plane for plane in planes if plane in self.pixels.mask.planes]
        return self.pixels.mask.has(known) if known else None


def cut_out(exposure: Exposure, layout: Layout, box: Box, of: Layout) -> Cutout:
    """Take a box that is given in one layout from an exposure that has another.

    Costs a copy of the box where the layouts differ, nothing otherwise; large boxes are work for a worker thread.

    Parameters
    ----------
    exposure : `Exposure`
    layout : `Layout`
        Of the exposure.
    box : `Box`
        In the coordinates of `of`; parts outside of the frame are not present.
    of : `Layout`
        The result has its orientation.
    """
    source = exposure.masked_image
    if layout.name == of.name and source.bbox.contains(box):
        return Cutout(source.subset(box))
    pixels = MaskedImage(
        np.zeros(box.shape, source.image.dtype),
        Mask.zeros(box.shape, source.mask.planes),
        np.zeros(box.shape, source.variance.dtype),
        (box.x0, box.y0),
    )
    present = np.zeros(box.shape, np.bool_)
    for wanted in of.pieces:
        raw_part = wanted.to_raw(box.intersect(wanted.here))
        for piece in layout.pieces:
            raw = raw_part.intersect(piece.raw)
            found = piece.from_raw(raw).intersect(source.bbox)
            if found.is_empty:
                continue
            target = wanted.from_raw(piece.to_raw(found)).slices((box.x0, box.y0))
            flips = _flips(wanted.flip_x != piece.flip_x, wanted.flip_y != piece.flip_y)
            part = source.subset(found)
            pixels.image[target] = part.image[flips]
            pixels.mask.array[target] = part.mask.array[flips]
            pixels.variance[target] = part.variance[flips]
            present[target] = True
    return Cutout(pixels, None if present.all() else present)


def _flips(flip_x: bool, flip_y: bool) -> tuple[slice, slice]:
    return slice(None, None, -1 if flip_y else 1), slice(None, None, -1 if flip_x else 1)
