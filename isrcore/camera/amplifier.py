"""One amplifier of a detector: where its pixels lie and what they mean."""

from __future__ import annotations

import enum
import math
from dataclasses import replace
from typing import Any

from isrcore.geom import Box
from isrcore.values import frozen

__all__ = ["Amplifier", "ReadoutCorner"]

EMPTY = Box()


class ReadoutCorner(enum.IntEnum):
    """Corner of the trimmed, assembled amplifier that is read first (lower/upper, left/right)."""

    LL = 0
    LR = 1
    UR = 2
    UL = 3

    @property
    def is_right(self) -> bool:
        return self in (ReadoutCorner.LR, ReadoutCorner.UR)

    @property
    def is_upper(self) -> bool:
        return self in (ReadoutCorner.UR, ReadoutCorner.UL)


@frozen
class Amplifier:
    """Immutable description of an amplifier; boxes are 0-based.

    Attributes
    ----------
    name : str
    bbox : `Box`
        Place in the trimmed, assembled detector.
    raw_bbox, raw_data_bbox : `Box`
        Whole amplifier and its imaging pixels in the raw frame.
    raw_horizontal_overscan_bbox, raw_vertical_overscan_bbox, raw_prescan_bbox : `Box`
        Serial overscan, parallel overscan, serial prescan in the raw frame; empty when absent.
    gain : float
        electron / ADU.
    read_noise : float
        electron (ISR uses the number as ADU, as the reference does; manual: oddities, Read noise in electrons).
    saturation, suspect_level : float
        ADU; NaN for no level.
    readout_corner : `ReadoutCorner`
    linearity_type : str
        ``"None"`` (the text) means that no correction is needed.
    linearity_coeffs : tuple of float
    raw_flip_x, raw_flip_y : bool
        Whether raw pixels are mirrored to reach the assembled orientation.
    raw_xy_offset : (int, int)
        Shift from the raw frame to the assembled, untrimmed frame.
    """

    name: str
    bbox: Box
    raw_bbox: Box
    raw_data_bbox: Box
    raw_horizontal_overscan_bbox: Box = EMPTY
    raw_vertical_overscan_bbox: Box = EMPTY
    raw_prescan_bbox: Box = EMPTY
    gain: float = 1.0
    read_noise: float = 0.0
    saturation: float = math.nan
    suspect_level: float = math.nan
    readout_corner: ReadoutCorner = ReadoutCorner.LL
    linearity_type: str = "None"
    linearity_coeffs: tuple[float, ...] = ()
    raw_flip_x: bool = False
    raw_flip_y: bool = False
    raw_xy_offset: tuple[int, int] = (0, 0)

    def replace(self, **changes: Any) -> Amplifier:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    def untrimmed(self) -> Amplifier:
        """This amplifier after assembly without trimming: raw boxes mirrored and shifted, flips and offset undone."""
        raw = self.raw_bbox
        dx, dy = self.raw_xy_offset

        def place(box: Box) -> Box:
            # Mirroring happens inside the raw box of the amplifier, which then returns to its own corner plus offset.
            inside = box.shift(-raw.x0, -raw.y0).mirror(raw.width, raw.height, self.raw_flip_x, self.raw_flip_y)
            return inside.shift(raw.x0 + dx, raw.y0 + dy)

        return self.replace(
            raw_bbox=place(raw),
            raw_data_bbox=place(self.raw_data_bbox),
            raw_horizontal_overscan_bbox=place(self.raw_horizontal_overscan_bbox),
            raw_vertical_overscan_bbox=place(self.raw_vertical_overscan_bbox),
            raw_prescan_bbox=place(self.raw_prescan_bbox),
            raw_flip_x=False,
            raw_flip_y=False,
            raw_xy_offset=(0, 0),
        )

    # The documented accessors, spelled as in the LSST stack.

    def getName(self) -> str:
        return self.name

    def getBBox(self) -> Box:
        return self.bbox

    def getRawBBox(self) -> Box:
        return self.raw_bbox

    def getRawDataBBox(self) -> Box:
        return self.raw_data_bbox

    def getRawHorizontalOverscanBBox(self) -> Box:
        return self.raw_horizontal_overscan_bbox

    def getRawVerticalOverscanBBox(self) -> Box:
        return self.raw_vertical_overscan_bbox

    def getRawPrescanBBox(self) -> Box:
        return self.raw_prescan_bbox

    def getGain(self) -> float:
        return self.gain

    def getReadNoise(self) -> float:
        return self.read_noise

    def getSaturation(self) -> float:
        return self.saturation

    def getSuspectLevel(self) -> float:
        return self.suspect_level

    def getReadoutCorner(self) -> ReadoutCorner:
        return self.readout_corner

    def getLinearityType(self) -> str:
        return self.linearity_type

    def getLinearityCoeffs(self) -> tuple[float, ...]:
        return self.linearity_coeffs

    def getRawFlipX(self) -> bool:
        return self.raw_flip_x

    def getRawFlipY(self) -> bool:
        return self.raw_flip_y

    def getRawXYOffset(self) -> tuple[int, int]:
        return self.raw_xy_offset
