"""The sky WCS of a CCD: what a header states, in every legal spelling, or the nominal one of the camera.

In memory it refers to the **untrimmed** frame of 2112 x 4644 pixels, as CRPIX in the headers does; trimming does not
shift it (manual: pixels, Coordinates), so positions in an assembled frame are found by adding the 32 columns that
trimming removed. In an exported file it refers to the file's own pixels.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from typing import Any

import numpy as np

from isrcore.camera.megacam import load_geometry
from isrcore.data.sky_cards import SKY_CARDS, SKY_TEXTS, wcs_cards
from isrcore.image.components import NOMINAL_SKY
from isrcore.metadata import PropertyList

__all__ = ["header_wcs", "moved_wcs", "on_top_of", "stated_wcs"]

_LOG = logging.getLogger(__name__)

_AXIS = re.compile(r"(RA--|DEC-|[A-Z]LON|[A-Z]LAT|[A-Z]{2}LN|[A-Z]{2}LT)-.*")
_SCALE = re.compile(r"CDELT[12]|CD[12]_[12]|CD00[12]00[12]")
_TABLES = re.compile(r"C[PQ]DIS[12]|D2IMDIS[12]")
_ON_SKY = ("ICRS", "FK5", "FK4", "FK4-NO-E")


def header_wcs(metadata: PropertyList, detector_name: str) -> Any:
    """The WCS that a CCD's header describes.

    Headers of 2002-12 to 2003-02 and some focus frames have no WCS: the nominal CRPIX and CD of the CCD around RA_DEG
    and DEC_DEG take its place, which is as good as any raw header (6 arcsec after a common shift). `is_nominal` tells
    it from a stated one.

    Parameters
    ----------
    metadata : `PropertyList`
    detector_name : str
        ``ccdNN``.

    Returns
    -------
    wcs : `astropy.wcs.WCS` or None
        Right ascension first. None, with the reason in the log, when the coordinates are apparent places of date
        (RADESYS 'GAPPT', no frame that can be compared), when what is stated cannot be read, or when no position is
        known.
    """
    reference = _reference(metadata) or "FK5"
    if reference not in _ON_SKY:
        _LOG.info("%s: no WCS, because RADESYS is %r, which is no frame on the sky", detector_name, reference)
        return None
    if _is_stated(metadata):
        return stated_wcs(metadata, detector_name)
    ra, dec = metadata.get("RA_DEG"), metadata.get("DEC_DEG")
    if not isinstance(ra, (int, float)) or not isinstance(dec, (int, float)):
        _LOG.info("%s: no WCS, because the header has neither a WCS nor RA_DEG and DEC_DEG", detector_name)
        return None
    crpix1, crpix2, cd1_1, cd2_2 = load_geometry()["wcs"]["rows"][detector_name]
    nominal = PropertyList(
        {
            "WCSNAME": NOMINAL_SKY,
            "CTYPE1": "RA---TAN",
            "CTYPE2": "DEC--TAN",
            "CRVAL1": ra,
            "CRVAL2": dec,
            "CRPIX1": crpix1,
            "CRPIX2": crpix2,
            "CD1_1": cd1_1,
            "CD2_2": cd2_2,
            "RADESYS": reference,
            **({} if reference == "ICRS" else {"EQUINOX": metadata.get("EQUINOX") or 2000.0}),
        }
    )
    _LOG.info("%s: the header has no WCS; the nominal one of the camera is used", detector_name)
    return stated_wcs(nominal, detector_name)


def stated_wcs(metadata: PropertyList, place: str) -> Any:
    """The celestial WCS that header values state, as astropy reads them; None without one.

    Cards that are left out have the values of the standard. SIP coefficients count whether or not CTYPE says so, and PV
    cards of a TAN projection are a TPV distortion, both as in astropy.

    Parameters
    ----------
    metadata : `PropertyList`
    place : str
        Where the values are from, for the log, which says why they cannot be read.
    """
    if not _is_stated(metadata):
        return None
    try:
        wcs = _read(_legal(metadata))
    except ValueError as error:
        _LOG.warning("%s: no WCS, because %s", place, error)
        return None
    return wcs


def moved_wcs(wcs: Any, dx: float, dy: float) -> Any:
    """A copy of a WCS for a frame whose pixel (x, y) is pixel (x + dx, y + dy) of the frame that `wcs` refers to.

    Only the reference pixel moves, which SIP polynomials count from as well; the result is exact.
    """
    from astropy.wcs import Sip  # Slow to import, and only a read or an export needs it.

    moved = wcs.deepcopy()
    moved.wcs.crpix = np.asarray(wcs.wcs.crpix) - (dx, dy)
    if wcs.sip is not None:
        sip = wcs.sip
        moved.sip = Sip(sip.a, sip.b, sip.ap, sip.bp, np.asarray(sip.crpix) - (dx, dy))
    moved.wcs.set()
    return moved


def on_top_of(primary: PropertyList, own: PropertyList) -> PropertyList:
    """The values of an extension on top of those of its primary header, which is changed.

    A WCS is one thing: where the extension has one, no card of the primary's completes it.
    """
    if "CTYPE1" in own:
        for key in [key for key in primary if SKY_CARDS.fullmatch(key) and key not in own]:
            primary.remove(key)
    primary.update(own)
    primary.comments.update(own.comments)
    return primary


def _reference(metadata: PropertyList) -> str:
    """RADESYS, else RADECSYS as it was spelled before 2002, in capitals."""
    texts = [str(metadata.get(key) or "").strip().upper() for key in ("RADESYS", "RADECSYS")]
    return texts[0] or texts[1]


def _is_stated(metadata: PropertyList) -> bool:
    """Whether there are two celestial axes and a scale.

    CTYPE and CRVAL alone, as MegaCam's primary headers have them, are a position; the scale by default would be one
    degree.
    """
    axes = [str(metadata.get(key) or "").upper() for key in ("CTYPE1", "CTYPE2")]
    celestial = all(_AXIS.fullmatch(axis) for axis in axes)
    return celestial and any(_SCALE.fullmatch(key) and metadata.get(key) is not None for key in metadata)


def _legal(metadata: PropertyList) -> dict[str, str | float]:
    """The values of a WCS by keyword, each of its type; `ValueError` with the reason where one is not."""
    values: dict[str, str | float] = {}
    for key in metadata:
        if _TABLES.fullmatch(key):
            raise ValueError(f"{key} states a distortion that is not read: SIP, TPV and TAN with PV cards are")
        value = metadata.get(key)
        if value is None or not SKY_CARDS.fullmatch(key):
            continue
        if key in ("EQUINOX", "EPOCH") and isinstance(value, str):
            value = _year(value)
            if value is None:
                continue
        wanted = str if SKY_TEXTS.fullmatch(key) else (int, float)
        if not isinstance(value, wanted) or isinstance(value, bool) or value in (math.inf, -math.inf):
            expected = "a text" if wanted is str else "a finite number"
            raise ValueError(f"{key} is {value!r}, expected {expected}: correct the card")
        values[key] = value
    reference = _reference(metadata)
    if ("A_ORDER" in values or "B_ORDER" in values) and not any(key.startswith("PV") for key in values):
        # astropy applies the polynomials whether or not the axes say so: then so shall others.
        for key, axis in (("CTYPE1", values["CTYPE1"]), ("CTYPE2", values["CTYPE2"])):
            values[key] = f"{axis}-SIP" if re.fullmatch(r".*-TAN", str(axis)) else axis
    values.pop("RADECSYS", None)
    if reference:
        values["RADESYS"] = reference
    if "EQUINOX" in values:
        values.pop("EPOCH", None)
    return values


def _year(text: str) -> float | None:
    match = re.fullmatch(r"[JB]?\s*(\d{4}(?:\.\d*)?)", text.strip().upper())
    return float(match[1]) if match else None


def _read(values: dict[str, str | float]) -> Any:
    """The WCS, with right ascension first; `ValueError` with the reason where there is none."""
    # Slow to import, and only a read needs it.
    from astropy.io import fits
    from astropy.wcs import WCS, FITSFixedWarning

    lines = [
        f"{key:8}= '{value:8}'" if isinstance(value, str) else f"{key:8}= {repr(value).upper():>20}"
        for key, value in values.items()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            wcs = WCS(fits.Header.fromstring("".join(line.ljust(80) for line in lines)), naxis=2)
            wcs.wcs.set()
        except Exception as error:  # wcslib has a dozen classes of its own, several of them no `ValueError`.
            reasons = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise ValueError(f"it cannot be read: {' '.join(reasons[1:]) or error}") from error
    if wcs.wcs.lngtyp.strip() != "RA" or wcs.wcs.lattyp.strip() != "DEC":
        found = " and ".join(wcs.wcs.ctype)
        raise ValueError(f"its axes are {found}, expected right ascension and declination")
    if wcs.wcs.radesys not in _ON_SKY:
        raise ValueError(f"RADESYS is {wcs.wcs.radesys!r}, which is no frame on the sky")
    if wcs.wcs.lng == 0:
        return wcs
    if any(re.match(r"PV|A_|B_", key) for key in values):
        raise ValueError("declination is its first axis and it is distorted, which astropy does not read for PV cards")
    return _read(_swapped(wcs))


def _swapped(wcs: Any) -> dict[str, str | float]:
    """The values of a WCS whose first axis is declination, with its axes exchanged; pixels stay as they are."""
    swapped: dict[str, str | float] = {}
    for key, value, _ in wcs_cards(wcs):
        match = re.fullmatch(r"(CTYPE|CUNIT|CRVAL|CD)([12])(.*)", key)
        swapped[f"{match[1]}{3 - int(match[2])}{match[3]}" if match else key] = value
    return swapped
