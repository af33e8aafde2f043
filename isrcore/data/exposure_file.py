"""Files of exposures, of this program and of the LSST stack: how they are laid out, and reading them.

The words of the layout (manual: exposures, Layout) stand here for the reader and for the writer in `isrcore.export`.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Detector
from isrcore.camera.megacam import filter_names, megacam_camera
from isrcore.data.cards import CardHeader
from isrcore.data.errors import FrameError, raises_frame_errors
from isrcore.data.extensions import exposure_detector
from isrcore.data.fits_file import STRUCTURE, FitsFile, Hdu
from isrcore.data.header_detector import header_detector
from isrcore.data.mask_cards import MASK_CARDS, named_planes
from isrcore.data.sky import moved_wcs, stated_wcs
from isrcore.data.times import scale_of
from isrcore.image import AB_ZERO_FLUX_NJY, Exposure, FilterLabel, Mask, MaskedImage, MaskPlanes, PhotoCalib, VisitInfo
from isrcore.image.trimming import trim_offset
from isrcore.metadata import PropertyList

__all__ = ["NON_FINITE", "POLYGON_EXTENSION", "describes_file", "read_exposure"]

POLYGON_EXTENSION = "VALID_POLYGON"
"""Name of the table that holds the corners of the valid polygon, float64 pixels."""

NON_FINITE = {"NAN": math.nan, "+INFINITY": math.inf, "-INFINITY": -math.inf}
"""Texts that stand for numbers which FITS cannot hold."""

_GRID = re.compile(
    r"EXT(NAME|VER|LEVEL|TYPE)|WCS(AXES|NAME)[A-Z]?|C(TYPE|RVAL|RPIX|DELT|UNIT|ROTA|NAME|RDER|SYER)\d[A-Z]?|"
    r"(CD|PC|PV|PS)\d_\d+[A-Z]?|(CD|PC)00\d00\d|[AB]P?_(ORDER|DMAX|\d+_\d+)|LONPOLE[A-Z]?|LATPOLE[A-Z]?|"
    r"LT[MV]\d(_\d)?|EXPINFO_V|AR_HDU|ARCHIVE_ID_.*|"
    r"(SKYWCS|PSF|PHOTOCALIB|DETECTOR|VALID_POLYGON|COADD_INPUTS|AP_CORR_MAP|TRANSMISSION_CURVE|FILTER)_ID"
)

_COMPONENT = re.compile(
    r"EXPID|EXPTIME|DARKTIME|TIMESYS|MJD-AVG-UT1|AVG-ERA|BORE-.*|ROTTYPE|OBS-(LONG|LAT|ELEV)|AIRTEMP|AIRPRESS|"
    r"HUMIDITY|INSTRUMENT|IDNUM|(MJD|DATE)-(OBS|BEG|END|AVG)|DETNAME|DETSER|FLUXMAG0(ERR)?"
)
"""Keywords that stand for components of the exposure; they do not stay in its metadata."""


def describes_file(key: str) -> bool:
    """Whether a keyword tells about the file or its pixel grid: the writer makes its own, metadata keep none."""
    return any(pattern.fullmatch(key) for pattern in (STRUCTURE, _GRID, MASK_CARDS))


@raises_frame_errors
def read_exposure(path: str | Path) -> Exposure:
    """An exposure as `isrcore.export.write_exposure` or the LSST stack wrote it.

    Planes are found by EXTTYPE, else by EXTNAME, which is COMPRESSED_IMAGE in all planes that the stack of 2017
    compressed. Archive tables of the stack are not read.

    Returns
    -------
    exposure : `Exposure`
        float32 image and variance (zero where the file has none), NaN where it has no value; the mask's planes by name,
        those of a new mask at their usual bits, NO_DATA where the mask has no value. A MegaCam detector is attached if
        DETNAME (or DETSER, CCDNAME) names one of the frame's size, with the gains of the metadata; the sky WCS then
        refers to untrimmed pixels again, otherwise to the pixels of the frame. BUNIT of the image is among the
        metadata.

    Raises
    ------
    FrameError
        If the file or one of its extensions cannot be read, planes differ in size, or the mask planes are ambiguous.
    """
    file = FitsFile(path)
    if file.damage is not None:
        raise file.damage
    hdus = {hdu.plane: hdu for hdu in file.hdus}
    image_hdu, mask_hdu = (_image(file, hdus, name) for name in ("IMAGE", "MASK"))
    variance_hdu = _image(file, hdus, "VARIANCE") if "VARIANCE" in hdus else None
    for hdu in (mask_hdu, variance_hdu):
        if hdu is not None and hdu.shape != image_hdu.shape:
            sizes = image_hdu.shape[::-1], hdu.shape[::-1]
            raise _wrong(file, hdu, "NAXIS1, NAXIS2", *sizes, "the planes differ in size")
    pixels = MaskedImage(
        file.scaled_pixels(image_hdu),
        _mask(file, mask_hdu),
        None if variance_hdu is None else file.scaled_pixels(variance_hdu),
        _origin(image_hdu),
    )
    everything = _metadata(file.hdus[0])
    exposure = Exposure(
        pixels,
        PropertyList(comments=everything.comments),
        detector=_detector(file, everything, pixels),
        filter_label=_filter_label(everything),
        visit_info=_visit_info(everything),
        photo_calib=_photo_calib(everything),
        valid_polygon=_polygon(file, hdus.get(POLYGON_EXTENSION)),
    )
    if unit := image_hdu.header.text("BUNIT"):
        exposure.metadata.set("BUNIT", unit)
    exposure.wcs = _wcs(file.path, image_hdu, exposure)
    for key in everything.names():
        if not describes_file(key) and not _COMPONENT.fullmatch(key):
            exposure.metadata.set(key, everything.getArray(key))
    return exposure


def _wrong(file: FitsFile, hdu: Hdu, keyword: str, expected: Any, found: Any, problem: str) -> FrameError:
    cure = "write the file again"
    return FrameError(file.path, problem, hdu=hdu.label, keyword=keyword, expected=expected, found=found, cure=cure)


def _image(file: FitsFile, hdus: dict[str, Hdu], name: str) -> Hdu:
    if name not in hdus or not hdus[name].is_image:
        found = ", ".join(name for name in hdus if name) or "no extension with a name"
        raise FrameError(
            file.path,
            "this is not an exposure with a mask",
            keyword="EXTNAME, EXTTYPE",
            expected=f"an image extension {name}",
            found=found,
            cure="choose a file that this program or the LSST stack wrote as an exposure",
        )
    return hdus[name]


def _mask(file: FitsFile, hdu: Hdu) -> Mask:
    """Mask pixels with the planes of the file moved by name to the bits of a new mask; undefined ones are NO_DATA."""
    try:
        planes = named_planes(hdu.header)
    except ValueError as error:
        raise _wrong(file, hdu, *error.args) from error
    bits = planes.as_dict()
    array, undefined = _bits(file, hdu)
    if undefined.any():
        planes.add("NO_DATA")
        bits = planes.as_dict()
        array[undefined] = planes.bitmask("NO_DATA")
    stored = Mask(array, planes)
    used = int(np.bitwise_or.reduce(stored.array, axis=None)) & 0xFFFFFFFF
    nameless = [bit for bit in range(32) if used >> bit & 1 and bit not in bits.values()]
    if nameless:
        raise _wrong(
            file, hdu, "MP_*, MSKN*", "a name for every bit that is set", f"nameless bits {nameless}", "mask bits"
        )
    result = MaskPlanes()
    for name in sorted(bits, key=bits.__getitem__):
        result.add(name)
    return Mask(Mask(np.zeros((1, 1), np.int32), result).aligned(stored), result)


def _bits(file: FitsFile, hdu: Hdu) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Mask pixels as the file means them, whatever number type and scaling it keeps them in; where they have no value.

    Floats, to which some tools turn masks, count as the whole number within 0.25 of them.
    """
    stored, scaling = file.stored_pixels(hdu), file.scaling(hdu)
    undefined = scaling.undefined(stored)
    if stored.dtype.kind in "iu" and stored.itemsize <= 4 and scaling.is_plain:
        return stored.astype(np.int32), undefined
    values = stored * np.float64(scaling.scale) + scaling.zero
    values[undefined] = 0.0
    whole = np.rint(values)
    wrong = ~((np.abs(values - whole) <= 0.25) & (whole >= -(2.0**31)) & (whole < 2.0**32))
    if wrong.any():
        found = f"{np.count_nonzero(wrong)} others, such as {values[wrong][0]:g}"
        raise _wrong(file, hdu, "BITPIX", "whole numbers of up to 32 bits", found, "mask pixels are no bits")
    return whole.astype(np.int64).astype(np.int32), undefined


def _origin(hdu: Hdu) -> tuple[int, int]:
    """Parent coordinates of the first pixel: LTV, else the WCS "A", which is all that ``lsst-images`` writes."""
    x0, y0 = (_first_pixel(hdu.header, axis) for axis in (1, 2))
    return x0, y0


def _first_pixel(header: CardHeader, axis: int) -> int:
    shift = header.number(f"LTV{axis}")
    if shift is not None:
        return -round(shift)
    if header.text(f"CTYPE{axis}A") != "LINEAR":
        return 0
    value, pixel = header.number(f"CRVAL{axis}A"), header.number(f"CRPIX{axis}A")
    return round((value or 0.0) + 1.0 - (0.0 if pixel is None else pixel))


def _metadata(hdu: Hdu) -> PropertyList:
    """All keywords of a header, repeated ones with all values, texts that stand for numbers as these numbers."""
    never = re.compile(r"(?!)")
    metadata = hdu.header.to_property_list(never)
    for key in metadata.names():
        values = hdu.header.all(key)
        metadata.set(key, [NON_FINITE.get(value, value) if isinstance(value, str) else value for value in values])
    return metadata


def _number(metadata: PropertyList, key: str) -> float:
    value = metadata.get(key)
    return float(value) if isinstance(value, (int, float)) else math.nan


def _visit_info(metadata: PropertyList) -> VisitInfo:
    from astropy.time import Time  # Slow to import, and most calibrations are no exposures.

    date, identity = metadata.get("DATE-AVG"), metadata.get("EXPID")
    scale = scale_of(str(metadata.get("TIMESYS") or "TAI")) or "tai"
    return VisitInfo(
        exposure_time=_number(metadata, "EXPTIME"),
        dark_time=_number(metadata, "DARKTIME"),
        exposure_id=identity if isinstance(identity, int) else 0,
        date=Time(date, format="isot", scale=scale) if isinstance(date, str) else None,
    )


def _photo_calib(metadata: PropertyList) -> PhotoCalib | None:
    flux, error = _number(metadata, "FLUXMAG0"), _number(metadata, "FLUXMAG0ERR")
    if not flux > 0:
        return None
    return PhotoCalib(AB_ZERO_FLUX_NJY / flux, 0.0 if math.isnan(error) else AB_ZERO_FLUX_NJY * error / flux**2)


def _filter_label(metadata: PropertyList) -> FilterLabel | None:
    text = metadata.get("FILTER")
    physical, band = filter_names(text if isinstance(text, str) else None)
    return None if physical is None else FilterLabel(physical, band)


def _detector(file: FitsFile, metadata: PropertyList, pixels: MaskedImage) -> Detector | None:
    number = exposure_detector(file)
    if number is None:
        return None
    detector = header_detector(file.path, megacam_camera()[number], metadata)
    fits_frame = detector.bbox.contains(pixels.bbox) or detector.raw_bbox.contains(pixels.bbox)
    return detector if fits_frame else None


def _wcs(path: Path, hdu: Hdu, exposure: Exposure) -> Any:
    """The WCS as it is kept in memory: of untrimmed pixels if the detector tells how many were trimmed."""
    wcs, offset = stated_wcs(_metadata(hdu), f"{path}, HDU {hdu.label}"), trim_offset(exposure)
    if wcs is None or offset is None:
        return None
    x0, y0 = exposure.masked_image.xy0
    return moved_wcs(wcs, -offset[0] - x0, -offset[1] - y0)


def _polygon(file: FitsFile, hdu: Hdu | None) -> Any:
    if hdu is None:
        return None
    import shapely  # Slow to import, and few files have a polygon.

    if hdu.header.get("ZTABLE") is True:
        raise FrameError(file.path, "a compressed table", hdu=hdu.label, cure="run funpack on the file")
    xy: NDArray[Any] = np.frombuffer(file.read(hdu), ">f8").reshape(-1, 2)
    return shapely.Polygon(xy.astype(np.float64))
