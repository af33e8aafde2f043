"""The sky WCS of exported pixels: in memory it refers to the untrimmed frame, in a file to the file's own pixels."""

from __future__ import annotations

import logging
import re
import warnings
from typing import Any

import numpy as np
from astropy.io import fits

from isrcore.data.cards import CardHeader
from isrcore.image import Exposure
from isrcore.image.trimming import trim_offset

__all__ = ["moved_wcs", "sky_cards", "wcs_from_cards"]

_log = logging.getLogger(__name__)

_KEPT = re.compile(r"WCSAXES|C(TYPE|UNIT)\d|LONPOLE|LATPOLE|RADESYS|EQUINOX|PV\d_\d+|[AB]P?_(ORDER|DMAX|\d+_\d+)")
_NUMBERS = re.compile(r"C(RVAL|RPIX|DELT)\d|(CD|PC)\d_\d")


def moved_wcs(wcs: Any, dx: float, dy: float) -> Any:
    """A copy of a WCS for a frame whose pixel (x, y) is pixel (x + dx, y + dy) of the frame that `wcs` refers to."""
    moved = wcs.deepcopy()
    moved.wcs.crpix = np.asarray(wcs.wcs.crpix) - (dx, dy)
    moved.wcs.set()
    return moved


def sky_cards(exposure: Exposure) -> list[tuple[str, Any, str]]:
    """Cards of the WCS of the frame's own pixels; none, with a warning, if a FITS WCS cannot describe them."""
    if exposure.wcs is None:
        return []
    offset = trim_offset(exposure)
    if offset is None:
        _log.warning("No sky WCS is written: the amplifiers were mirrored or moved apart by assembly.")
        return []
    x0, y0 = exposure.masked_image.xy0
    wcs = moved_wcs(exposure.wcs, offset[0] + x0, offset[1] + y0)
    header = wcs.to_header(relax=True)
    cards = [(card.keyword, card.value, card.comment) for card in header.cards if _KEPT.fullmatch(card.keyword)]
    matrix = wcs.pixel_scale_matrix
    for i in (1, 2):
        cards.append((f"CRVAL{i}", float(wcs.wcs.crval[i - 1]), "[deg] coordinate of the reference point"))
        cards.append((f"CRPIX{i}", float(wcs.wcs.crpix[i - 1]), "pixel of the reference point"))
        cards.extend((f"CD{i}_{j}", float(matrix[i - 1, j - 1]), "[deg/pixel]") for j in (1, 2))
    return cards


def wcs_from_cards(header: CardHeader) -> Any:
    """The sky WCS of an extension, of the file's own pixels; None without one."""
    if "CTYPE1" not in header:
        return None
    from astropy.wcs import WCS, FITSFixedWarning  # Slow to import, and only a read needs it.

    keys = (key for key in header if _KEPT.fullmatch(key) or _NUMBERS.fullmatch(key))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(fits.Header.fromstring(b"".join(header.card(key) for key in keys)), naxis=2)
