"""Pixels on screen and pixels of a defect map: the one place of the viewer where the two are converted.

Maps count pixels from 0 in the trimmed frame; a panel may show the trimmed or the raw one.
"""

from __future__ import annotations

from isrcore.image import Exposure
from isrcore.image.trimming import trim_offset

__all__ = ["map_offset"]


def map_offset(exposure: Exposure) -> tuple[int, int] | None:
    """Pixel of the map minus pixel of the exposure, (columns, rows).

    None when there is no such number: no detector, or amplifiers that assembly mirrors or moves apart.
    """
    detector, to_raw = exposure.detector, trim_offset(exposure)
    if detector is None or to_raw is None:
        return None
    moved = {(amp.raw_data_bbox.x0 - amp.bbox.x0, amp.raw_data_bbox.y0 - amp.bbox.y0) for amp in detector}
    if len(moved) != 1 or any(amp.raw_flip_x or amp.raw_flip_y for amp in detector):
        return None
    x, y = moved.pop()
    return to_raw[0] - x, to_raw[1] - y
