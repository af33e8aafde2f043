"""Pixels on screen and pixels of a defect map: the one place of the viewer where the two are converted.

Maps count pixels from 0 in the trimmed frame; a panel may show the trimmed or the raw one.
"""

from __future__ import annotations

from isrcore.image import Exposure
from isrcore.image.trimming import trim_offset, trimmed_by

__all__ = ["map_offset"]


def map_offset(exposure: Exposure) -> tuple[int, int] | None:
    """Pixel of the map minus pixel of the exposure, (columns, rows).

    None when there is no such number: no detector, or amplifiers that assembly mirrors or moves apart.
    """
    to_raw = trim_offset(exposure)
    map_to_raw = None if exposure.detector is None else trimmed_by(exposure.detector)
    if to_raw is None or map_to_raw is None:
        return None
    return to_raw[0] - map_to_raw[0], to_raw[1] - map_to_raw[1]
