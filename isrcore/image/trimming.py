"""Where the pixels of a trimmed frame were in the raw one. Light: what only places marks on a picture needs no more."""

from __future__ import annotations

from isrcore.camera import Detector
from isrcore.image.exposure import Exposure

__all__ = ["trim_offset", "trimmed_by"]


def trimmed_by(detector: Detector) -> tuple[int, int] | None:
    """Columns and rows that trimming takes off a detector: raw pixel = pixel in the trimmed frame + offset.

    None if there is no such number, because amplifiers move by different amounts or are mirrored.
    """
    offsets = {(amp.raw_data_bbox.x0 - amp.bbox.x0, amp.raw_data_bbox.y0 - amp.bbox.y0) for amp in detector}
    if len(offsets) != 1 or any(amp.raw_flip_x or amp.raw_flip_y for amp in detector):
        return None
    return offsets.pop()


def trim_offset(exposure: Exposure) -> tuple[int, int] | None:
    """Columns and rows that trimming took off an exposure: raw pixel = pixel in the frame + offset.

    (0, 0) for a frame that is not trimmed (one that is not inside the detector's trimmed box) or has no detector. None
    where `trimmed_by` has none.
    """
    detector = exposure.detector
    if detector is None or not detector.bbox.contains(exposure.bbox):
        return 0, 0
    return trimmed_by(detector)
