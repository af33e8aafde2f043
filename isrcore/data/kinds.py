"""What a FITS file is: raw frame, calibration master, processed frame, exposure of ours.

Masters inherit the header of their first input (OBSTYPE FLAT, EXPNUM and DATE-OBS of a raw flat), so OBSTYPE alone does
not tell; neither does the file name, which users change. The order of the tests in `classify` is the decision.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from isrcore.calib.defect_boxes import table_form
from isrcore.data.fits_file import Hdu
from isrcore.data.identity import is_plane

__all__ = ["Kind", "classify", "is_megacam"]


class Kind(StrEnum):
    """What a file is; the value is the text for people."""

    RAW = "raw frame"
    BIAS = "master bias"
    DARK = "master dark"
    FLAT = "master flat"
    FRINGE = "master fringe"
    MASK = "bad pixel mask"
    SCATTER = "scattered light model"
    FRINGE_POINTS = "table of fringe points"
    MODES = "table of modes"
    PROCESSED = "processed frame"
    EXPOSURE = "exposure with image, mask and variance"
    DEFECTS = "defect table"
    UNKNOWN = "unknown file"

    @property
    def with_article(self) -> str:
        return f"{'an' if self.value[0] in 'aeu' else 'a'} {self.value}"

    @property
    def advice(self) -> str:
        """How to use such a file instead of opening it as a raw frame."""
        return _ADVICE.get(self, "put it into the calibration folder or read it with isrcore.data.masters.read_master")


_ADVICE = {
    Kind.SCATTER: "there is no step that uses it",
    Kind.FRINGE_POINTS: "there is no step that uses it",
    Kind.MODES: "there is no step that uses it",
    Kind.PROCESSED: "open the raw frame that it was made from (its name ends in o instead of p)",
    Kind.EXPOSURE: "read it with isrcore.export.read_exposure",
    Kind.DEFECTS: "read it with isrcore.calib.defects",
    Kind.UNKNOWN: "name a raw MegaCam frame",
}

_INSTRUMENT = re.compile(r"\bmega(prime|cam)\b")
"""Not OmegaCam."""

_MASTERS = {
    "BIAS": Kind.BIAS,
    "DARK": Kind.DARK,
    "FLAT": Kind.FLAT,
    "FRINGE": Kind.FRINGE,
    "MASK": Kind.MASK,
    "SCATTER": Kind.SCATTER,
    "FRPTS": Kind.FRINGE_POINTS,
    "MODES": Kind.MODES,
}
_NEVER_RAW = ("FRINGE", "MASK", "SCATTER", "FRPTS", "MODES")


def is_megacam(hdus: Sequence[Hdu]) -> bool:
    """Whether the headers are MegaCam's.

    INSTRUME is 'MegaPrime', 'CFHT MegaPrime' or 'megacam', and missing in some products: then DETECTOR decides, and
    then the number of extensions, which no other CFHT camera reaches.
    """
    texts = [hdu.header.text(key).lower() for hdu in hdus[:2] for key in ("INSTRUME", "DETECTOR")]
    if any(_INSTRUMENT.search(text) for text in texts):
        return True
    return not any(texts) and len(hdus) > 30


def classify(hdus: Sequence[Hdu]) -> Kind:
    """What the file with these headers is.

    1. Extensions IMAGE and MASK, by EXTTYPE or EXTNAME: an exposure in the layout that this program writes
       (manual: exposures, Layout).
    2. IMCMB_FT 'MASTER_DETREND_...': the Elixir master of that type (SKYFLAT is a flat).
    3. OBSTYPE FRINGE, MASK, scatter, FRPTS, MODES, in any case: exists only as a master.
    4. IMRED_OP or IMRED_IF: processed by Elixir.
    5. A table with the columns x0, y0, width, height or a region table, in any HDU where there are no images: defects.
    6. A MegaCam image whose pixels are not unsigned 16-bit integers as raw ones are (BITPIX 16, BZERO 32768): a master
       where OBSTYPE is BIAS, DARK or FLAT, else a processed frame.
    7. Any other MegaCam file with images: raw. A raw flat and a master flat differ in step 2 and 6 only.
    """
    names = {hdu.plane for hdu in hdus}
    if {"IMAGE", "MASK"} <= names:
        return Kind.EXPOSURE
    first = hdus[:2]
    for hdu in first:
        stacked = hdu.header.text("IMCMB_FT").upper()
        if stacked.startswith("MASTER_DETREND_"):
            return next((kind for word, kind in _MASTERS.items() if word in stacked), Kind.UNKNOWN)
    types = [text for hdu in first if (text := hdu.header.text("OBSTYPE").upper())]
    obs_type = types[-1] if types else ""
    if obs_type in _NEVER_RAW:
        return _MASTERS[obs_type]
    if any(key in hdu.header for hdu in first for key in ("IMRED_OP", "IMRED_IF")):
        return Kind.PROCESSED
    images = [hdu for hdu in hdus if hdu.is_image and not is_plane(hdu)]
    if any(table_form(hdu.columns) is not None for hdu in (first if images else hdus)):
        return Kind.DEFECTS
    if not images or not is_megacam(hdus):
        return Kind.UNKNOWN
    if not any(hdu.stores_raw_pixels for hdu in images):
        return _MASTERS.get(obs_type, Kind.PROCESSED)
    return Kind.RAW
