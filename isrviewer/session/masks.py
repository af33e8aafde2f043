"""Mask planes as the user sees them: colours by name, and how many pixels carry each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from isrcore.image import Exposure
from isrviewer.session.readout import is_trimmed
from isrviewer.session.state import MaskStyle, Session

__all__ = ["COLOURS", "PlaneCount", "count_planes", "style_of"]

COLOURS = {
    "BAD": "#D55E00",
    "SAT": "#E69F00",
    "INTRP": "#009E73",
    "SUSPECT": "#F0E442",
    "EDGE": "#56B4E9",
    "UNMASKEDNAN": "#0072B2",
    "CR": "#CC79A7",
    "NO_DATA": "#999999",
    "CROSSTALK": "#8C6BB1",
    "DETECTED": "#4D9DE0",
    "DETECTED_NEGATIVE": "#B35C44",
}
"""Colour-blind safe (after Okabe and Ito), keyed by name so that they survive from frame to frame."""

_OTHERS = ("#7FC97F", "#BEAED4", "#FDC086", "#386CB0", "#F0027F", "#BF5B17")


def style_of(session: Session, plane: str, known: Iterable[str] = ()) -> MaskStyle:
    """How a plane is drawn: the session's style, else its colour in the table, else one by its place in `known`."""
    for style in session.mask_styles:
        if style.plane == plane:
            return style
    colour = COLOURS.get(plane)
    if colour is None:
        strangers = [name for name in known if name not in COLOURS]
        colour = _OTHERS[strangers.index(plane) % len(_OTHERS) if plane in strangers else 0]
    return MaskStyle(plane, colour)


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
