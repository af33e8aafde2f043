"""The sky WCS of exported pixels: in memory it refers to the untrimmed frame, in a file to the file's own pixels."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from isrcore.data.sky import moved_wcs
from isrcore.data.sky_cards import wcs_cards
from isrcore.image import Exposure
from isrcore.image.components import is_nominal
from isrcore.image.trimming import trim_offset

__all__ = ["sky_cards", "sky_history"]

_log = logging.getLogger(__name__)


def sky_cards(exposure: Exposure) -> list[tuple[str, Any, str]]:
    """Cards of the WCS of the frame's own pixels; none, with a warning, if a FITS WCS cannot describe them."""
    if exposure.wcs is None:
        return []
    offset = trim_offset(exposure)
    if offset is None:
        _log.warning("No sky WCS is written: the amplifiers were mirrored or moved apart by assembly.")
        return []
    x0, y0 = exposure.masked_image.xy0
    return wcs_cards(moved_wcs(exposure.wcs, offset[0] + x0, offset[1] + y0))


def sky_history(exposure: Exposure) -> Iterator[str]:
    """What was done to the WCS of an exposure that is written, as lines for HISTORY."""
    offset = trim_offset(exposure)
    if exposure.wcs is None or offset is None:
        return
    if offset != (0, 0):
        yield f"Sky WCS moved by {offset} pixels, from the raw to the trimmed frame"
    if exposure.wcs.sip is not None:
        as_tpv = all(key != "A_ORDER" for key, _, _ in wcs_cards(exposure.wcs))
        done = "written as TPV, which is the same sky" if as_tpv else "kept, for TPV has no such terms"
        yield f"Sky WCS: SIP polynomials {done}"
    if is_nominal(exposure.wcs):
        yield "Sky WCS: nominal one of the camera around RA_DEG, DEC_DEG; the raw header has none"
