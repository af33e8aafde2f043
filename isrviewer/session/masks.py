"""How many pixels carry each mask plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isrviewer.session.readout import is_trimmed

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["PlaneCount", "count_planes"]


@dataclass(frozen=True)
class PlaneCount:
    """Pixels of one plane: name, bit, total, and per amplifier (name, count)."""

    plane: str
    bit: int
    total: int
    by_amplifier: tuple[tuple[str, int], ...] = ()


def count_planes(exposure: Exposure) -> tuple[PlaneCount, ...]:
    """Count every plane over the frame and over each amplifier, in the order of the bits."""
    array, detector = exposure.mask.array, exposure.detector
    parts: list[tuple[str, np.ndarray]] = []
    if detector is not None:
        trimmed = is_trimmed(exposure)
        for amp in detector:
            box = (amp.bbox if trimmed else amp.raw_bbox).intersect(exposure.bbox)
            if not box.is_empty:
                values = array[box.slices(exposure.masked_image.xy0)]
                parts.append((amp.name, values[values != 0]))
    flagged = array[array != 0]
    counts = []
    for plane, bit in sorted(exposure.mask.planes.as_dict().items(), key=lambda item: item[1]):
        total = _with_bit(flagged, bit)
        by_amplifier = tuple((name, _with_bit(values, bit)) for name, values in parts) if total else ()
        counts.append(PlaneCount(plane, bit, total, by_amplifier))
    return tuple(counts)


def _with_bit(values: np.ndarray, bit: int) -> int:
    return int(np.count_nonzero(values >> np.int32(bit) & np.int32(1)))
