"""The sky WCS of exported pixels: in memory it refers to the untrimmed frame, in a file to the file's own pixels."""

from __future__ import annotations

import logging
from typing import Any

from isrcore.data.sky import moved_wcs, wcs_cards
from isrcore.image import Exposure
from isrcore.image.trimming import trim_offset

__all__ = ["sky_cards"]

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
