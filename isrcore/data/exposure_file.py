"""Reading the exposures that this program writes: image, mask and variance with what travels with them.

The layout is that of the specification, section g: an empty primary with the metadata, then the extensions IMAGE
(float32), MASK (int32, one MP_<plane> = bit per plane) and VARIANCE. Files of the reference in that layout read as
well; the archive tables behind them are not needed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from astropy.time import Time

from isrcore.camera.megacam import detector_from_header, filter_names, megacam_camera
from isrcore.data.errors import FrameError
from isrcore.data.fits_file import STRUCTURE, FitsFile, Hdu
from isrcore.data.sky import header_wcs
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, MaskPlanes, VisitInfo
from isrcore.metadata import PropertyList

__all__ = ["exposure_detector", "read_exposure"]


def read_exposure(path: str | Path) -> Exposure:
    """An exposure with mask and variance.

    A missing VARIANCE extension gives zero variance. The detector is the one that DETNAME (else CCDNAME's EXTNAME)
    names, with the gains and read noises of the metadata; without such a keyword there is none.

    Returns
    -------
    exposure : `isrcore.image.Exposure`
        float32 image and variance, int32 mask with the planes of the file.

    Raises
    ------
    FrameError
        If there is no IMAGE or MASK extension, planes differ in size, two planes have one bit, or the data are damaged.
    """
    file = FitsFile(path)
    hdus = {hdu.name.upper(): hdu for hdu in file.hdus if hdu.is_image}
    for name in ("IMAGE", "MASK"):
        if name not in hdus:
            found = ", ".join(hdus) or "none"
            raise FrameError(
                file.path, "missing extension", keyword="EXTNAME", expected=name, found=found, cure="choose an exposure"
            )
    image = file.scaled_pixels(hdus["IMAGE"])
    for name in ("MASK", "VARIANCE"):
        if name in hdus and hdus[name].shape != image.shape:
            raise FrameError(
                file.path,
                "the planes differ in size",
                hdu=hdus[name].label,
                expected=f"{image.shape[1]} x {image.shape[0]} pixels as in IMAGE",
                found=f"{hdus[name].shape[1]} x {hdus[name].shape[0]}",
                cure="write the exposure again",
            )
    mask = Mask(file.stored_pixels(hdus["MASK"]).astype(np.int32), _planes(file, hdus["MASK"]))
    variance = file.scaled_pixels(hdus["VARIANCE"]) if "VARIANCE" in hdus else None
    metadata = file.hdus[0].header.to_property_list(STRUCTURE)
    number = exposure_detector(file)
    detector = None if number is None else detector_from_header(megacam_camera()[number], metadata)
    physical, band = filter_names(_text(metadata, "FILTER"))
    return Exposure(
        MaskedImage(image, mask, variance, _origin(hdus["IMAGE"])),
        metadata=metadata,
        detector=detector,
        wcs=None if detector is None else header_wcs(metadata, detector.name),
        filter_label=None if physical is None else FilterLabel(physical, band),
        visit_info=_visit_info(metadata),
    )


def exposure_detector(file: FitsFile) -> int | None:
    """Number of the CCD of an exposure: DETNAME, else EXTNAME of the metadata; None without either."""
    header = file.hdus[0].header
    for key in ("DETNAME", "EXTNAME"):
        name = header.text(key)
        if name in megacam_camera():
            return megacam_camera()[name].id
    return None


def _planes(file: FitsFile, hdu: Hdu) -> MaskPlanes:
    bits = {key[3:]: hdu.header.integer(key) for key in hdu.header if key.startswith("MP_")}
    known = {name: bit for name, bit in bits.items() if bit is not None}
    try:
        if len(known) < len(bits) or not known:
            raise ValueError("every MP_ card needs the number of a bit")
        return MaskPlanes(known)
    except ValueError as error:
        cure = "write the exposure again"
        raise FrameError(file.path, str(error), hdu=hdu.label, keyword="MP_*", found=bits, cure=cure) from None


def _origin(hdu: Hdu) -> tuple[int, int]:
    """Coordinates of the first pixel: LTV1 and LTV2 are minus x0 and y0."""
    x0, y0 = (hdu.header.number(key) or 0.0 for key in ("LTV1", "LTV2"))
    return -int(x0), -int(y0)


def _visit_info(metadata: PropertyList) -> VisitInfo:
    def number(key: str) -> float:
        value: Any = metadata.get(key)
        return float(value) if isinstance(value, (int, float)) else math.nan

    identity = metadata.get("EXPID", metadata.get("EXPNUM"))
    date = _text(metadata, "DATE-AVG")
    return VisitInfo(
        exposure_time=number("EXPTIME"),
        dark_time=number("DARKTIME"),
        exposure_id=identity if isinstance(identity, int) else 0,
        date=Time(date, format="isot", scale="tai") if date else None,
    )


def _text(metadata: PropertyList, key: str) -> str:
    value = metadata.get(key)
    return value if isinstance(value, str) else ""
