"""The WCS of a CCD: what the header of a raw one states, or the nominal one of the camera; and of a corrected file.

In memory it refers to the **untrimmed** frame of 2112 x 4644 pixels, as CRPIX in the headers does; trimming does not
shift it (manual: pixels, Coordinates), so positions in an assembled frame are found by adding the 32 columns that
trimming removed. In an exported file it refers to the file's own pixels.
"""

from __future__ import annotations

import logging
import re
import warnings
from typing import Any

import numpy as np

from isrcore.camera.megacam import load_geometry
from isrcore.data.cards import CardHeader
from isrcore.metadata import PropertyList

__all__ = ["SKY_CARDS", "header_wcs", "moved_wcs", "wcs_from_cards"]

_LOG = logging.getLogger(__name__)

_AXES = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD1_2", "CD2_1", "CD2_2")


SKY_CARDS = re.compile(r"WCSAXES|C(TYPE|UNIT)\d|LONPOLE|LATPOLE|RADESYS|EQUINOX|PV\d_\d+|[AB]P?_(ORDER|DMAX|\d+_\d+)")
"""Keywords of a celestial WCS besides its reference point and matrix."""

_NUMBERS = re.compile(r"C(RVAL|RPIX|DELT)\d|(CD|PC)\d_\d")


def header_wcs(metadata: PropertyList, detector_name: str) -> Any:
    """The WCS that a CCD's header describes.

    Headers of 2002-12 to 2003-02 and some focus frames have no WCS: the nominal CRPIX and CD of the CCD around RA_DEG
    and DEC_DEG take its place, which is as good as any raw header (6 arcsec after a common shift).

    Parameters
    ----------
    metadata : `PropertyList`
    detector_name : str
        ``ccdNN``.

    Returns
    -------
    wcs : `astropy.wcs.WCS` or None
        None, with the reason in the log, when the coordinates are apparent places of date (RADECSYS 'GAPPT', no legal
        frame), when no position is known, or when the matrix is singular.
    """
    reference = str(metadata.get("RADECSYS") or "FK5")
    if reference not in ("FK5", "FK4", "ICRS"):
        _LOG.info("%s: no WCS, because RADECSYS is %r, which is no frame on the sky", detector_name, reference)
        return None
    values = {key: metadata.get(key) for key in _AXES}
    stated = metadata.get("CTYPE1") == "RA---TAN" and all(isinstance(value, (int, float)) for value in values.values())
    if not stated:
        ra, dec = metadata.get("RA_DEG"), metadata.get("DEC_DEG")
        if not isinstance(ra, (int, float)) or not isinstance(dec, (int, float)):
            _LOG.info("%s: no WCS, because the header has neither a WCS nor RA_DEG and DEC_DEG", detector_name)
            return None
        crpix1, crpix2, cd1_1, cd2_2 = load_geometry()["wcs"]["rows"][detector_name]
        values = dict(zip(_AXES, (ra, dec, crpix1, crpix2, cd1_1, 0.0, 0.0, cd2_2), strict=True))
        _LOG.info("%s: the header has no WCS; the nominal one of the camera is used", detector_name)
    if values["CD1_1"] * values["CD2_2"] == values["CD1_2"] * values["CD2_1"]:
        _LOG.warning("%s: no WCS, because the CD matrix of the header is singular", detector_name)
        return None
    from astropy.wcs import WCS  # Slow to import, and only a read needs it.

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [values["CRVAL1"], values["CRVAL2"]]
    wcs.wcs.crpix = [values["CRPIX1"], values["CRPIX2"]]
    wcs.wcs.cd = [[values["CD1_1"], values["CD1_2"]], [values["CD2_1"], values["CD2_2"]]]
    wcs.wcs.radesys = reference
    equinox = metadata.get("EQUINOX")
    if reference != "ICRS":
        wcs.wcs.equinox = float(equinox) if isinstance(equinox, (int, float)) else 2000.0
    wcs.wcs.set()
    return wcs


def moved_wcs(wcs: Any, dx: float, dy: float) -> Any:
    """A copy of a WCS for a frame whose pixel (x, y) is pixel (x + dx, y + dy) of the frame that `wcs` refers to."""
    moved = wcs.deepcopy()
    moved.wcs.crpix = np.asarray(wcs.wcs.crpix) - (dx, dy)
    moved.wcs.set()
    return moved


def wcs_from_cards(header: CardHeader) -> Any:
    """The sky WCS of an extension, of the file's own pixels; None without one."""
    if "CTYPE1" not in header:
        return None
    # Slow to import, and only a read needs it.
    from astropy.io import fits
    from astropy.wcs import WCS, FITSFixedWarning

    keys = (key for key in header if SKY_CARDS.fullmatch(key) or _NUMBERS.fullmatch(key))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(fits.Header.fromstring(b"".join(header.card(key) for key in keys)), naxis=2)
