"""Writing a corrected exposure as FITS in the layout of the LSST stack (manual: exposures, Layout).

HDUs 0 to 3 are those of the reference: an empty primary with all metadata, IMAGE (float32), MASK (int32, planes as
``MP_<name>`` keywords) and VARIANCE (float32). BUNIT, UTYPE (so that ``CCDData.read`` takes VARIANCE as a variance) and
the mask cards of ``lsst-images`` are in addition to it. The reference's archive tables are not written, and neither are
the keywords that point to them; readers take that as "no archive". The photometric calibration is kept as ``FLUXMAG0``,
the valid polygon and the configuration as tables of our own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from astropy.io import fits
from astropy.time import Time
from numpy.typing import NDArray

from isrcore import __version__
from isrcore.atomic import written_atomically
from isrcore.data.errors import FrameError
from isrcore.data.exposure_file import POLYGON_EXTENSION
from isrcore.data.mask_cards import plane_cards
from isrcore.export.dates import dates_in_tai
from isrcore.export.header import add_card, add_history, metadata_cards
from isrcore.export.provenance import CONFIG_EXTENSION, Provenance
from isrcore.export.sky import sky_cards, sky_history
from isrcore.image import AB_ZERO_FLUX_NJY, Exposure
from isrcore.image.trimming import trim_offset
from isrcore.metadata import PropertyList

__all__ = ["check_target", "write_exposure"]

_SUFFIXES = (".fits", ".fit")
_RAW_SECTIONS = re.compile(r"(DATA|BIAS|TRIM)SEC|[ABDT]SEC[AB]")
"""Sections of the raw frame; those of the trimmed CCD (CSECA, CSECB) and of the mosaic hold after trimming."""

_BLOCK = 2880
_ROWS = 64


def write_exposure(
    exposure: Exposure,
    path: str | os.PathLike[str],
    provenance: Provenance | None = None,
    overwrite: bool = False,
    on_part: Callable[[], None] | None = None,
) -> Path:
    """Write an exposure, all or nothing.

    Parameters
    ----------
    exposure : `Exposure`
        Integer pixels are written as float32 too. A detector tells whether the frame is trimmed, so that the sky WCS,
        which refers to untrimmed pixels in memory, is right for the pixels in the file.
    path : path-like
        Must end in .fits or .fit. An error leaves nothing behind, and an existing file as it was.
    provenance : `Provenance`, optional
    overwrite : bool
        Replace an existing file.
    on_part : callable, optional
        Called before each HDU is written; may raise to end the work.

    Returns
    -------
    path : `pathlib.Path`

    Raises
    ------
    ValueError
        For a name with another ending.
    FileExistsError
        If the file exists and `overwrite` is False.
    isrcore.data.errors.FrameError
        If it cannot be written: disk full, no such folder, no permission.
    """
    target = Path(path)
    check_target(target, overwrite)
    with _explained(target), written_atomically(target, overwrite) as temporary, temporary.open("wb") as out:
        for header, data in _hdus(exposure, provenance):
            if on_part is not None:
                on_part()
            out.write(header.tostring(padding=True).encode("ascii"))
            if data is not None:
                _write_data(out, data)
    return target


def check_target(target: Path, overwrite: bool = False) -> None:
    """Say early whether `write_exposure` would refuse a name; raises what it raises."""
    if target.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"{target}: an exposure is written to a name that ends in .fits; found {target.suffix!r}")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists: choose another name, or allow to overwrite it")


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Errors of the system, with the file's name and a way out."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        cure = "free some space, check the folder and its permissions, or choose another place"
        raise FrameError(target, f"the exposure was not written: {error.strerror or error}", cure=cure) from error


def _write_data(out: IO[bytes], data: NDArray[Any]) -> None:
    """Write an array in the byte order of FITS, a few rows at a time, and fill up its last block."""
    stored = data.dtype.newbyteorder(">")
    for start in range(0, len(data), _ROWS):
        out.write(np.ascontiguousarray(data[start : start + _ROWS], stored).tobytes())
    out.write(bytes(-(data.size * stored.itemsize) % _BLOCK))


def _hdus(exposure: Exposure, provenance: Provenance | None) -> Iterator[tuple[fits.Header, NDArray[Any] | None]]:
    yield _primary(exposure, provenance), None
    mask = exposure.mask
    unit = _unit(exposure, provenance)
    header = _extension(exposure, "IMAGE", -32)
    add_card(header, "BUNIT", unit)
    yield header, exposure.image.astype(np.float32, copy=False)
    header = _extension(exposure, "MASK", 32)
    for key, value in plane_cards(mask.planes):
        add_card(header, key, value)
    yield header, mask.array
    header = _extension(exposure, "VARIANCE", -32)
    add_card(header, "BUNIT", f"{unit}**2")
    add_card(header, "UTYPE", "VarianceUncertainty", "class of astropy.nddata")
    yield header, exposure.variance.astype(np.float32, copy=False)
    if exposure.valid_polygon is not None:
        xy = np.asarray(exposure.valid_polygon.exterior.coords, np.float64)
        yield _table(POLYGON_EXTENSION, [("X", "D", "pixel"), ("Y", "D", "pixel")], xy.astype(">f8").view(np.uint8))
    if provenance is not None and provenance.config:
        lines = [line.encode("ascii", "backslashreplace") for line in provenance.config.splitlines()]
        width = max(1, *map(len, lines))
        rows = np.frombuffer(b"".join(line.ljust(width) for line in lines), np.uint8).reshape(len(lines), width)
        yield _table(CONFIG_EXTENSION, [("LINE", f"{width}A", "")], rows)


def _primary(exposure: Exposure, provenance: Provenance | None) -> fits.Header:
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)])
    own = _component_keys(exposure, _unit(exposure, provenance))
    own.set("ISRVERS", f"isrviewer {__version__}")
    if provenance is not None:
        own.update(provenance.keywords())
    metadata_cards(header, exposure.metadata, skip=[*own.names(), *_wrong_now(exposure)])
    add_card(header, "EXPINFO_V", 2, "version of this layout")
    metadata_cards(header, own)
    for line in () if provenance is None else provenance.history():
        add_history(header, line)
    for line in sky_history(exposure):
        add_history(header, line)
    if "TIMESYS" in own:
        add_history(header, "TIMESYS holds for DATE-OBS, DATE-AVG, MJD-OBS; what has UTC in its name is UTC")
    return header


def _unit(exposure: Exposure, provenance: Provenance | None) -> str:
    """Unit of the image as FITS spells it."""
    stated = "" if provenance is None else provenance.unit
    unit = stated or str(exposure.metadata.get("BUNIT") or "adu")
    return "adu" if unit.upper() == "ADU" else unit


def _wrong_now(exposure: Exposure) -> Iterator[str]:
    """Keywords of the metadata that do not hold in the file: the number of extensions, the unit, raw sections."""
    yield from ("NEXTEND", "BUNIT")
    if trim_offset(exposure) != (0, 0):
        yield from (key for key in exposure.metadata if _RAW_SECTIONS.fullmatch(key))


def _component_keys(exposure: Exposure, unit: str) -> PropertyList:
    """Keywords that stand for components of the exposure; only finite numbers are written."""
    keys = PropertyList()
    if exposure.detector is not None:
        keys.set("DETNAME", exposure.detector.name)
        keys.set("DETSER", exposure.detector.serial)
    if exposure.filter_label is not None and exposure.filter_label.physical is not None:
        keys.set("FILTER", exposure.filter_label.physical)
    visit = exposure.visit_info
    if visit is not None:
        numbers = {"EXPID": visit.exposure_id, "EXPTIME": visit.exposure_time, "DARKTIME": visit.dark_time}
        for key, value in numbers.items():
            if np.isfinite(value):
                keys.set(key, value)
        if visit.date is not None:
            keys.update(dates_in_tai(exposure.metadata))
            keys.set("DATE-AVG", Time(visit.date.tai, precision=9).isot)
            keys.set("TIMESYS", "TAI")
    if exposure.photo_calib is not None:
        mean, error = exposure.photo_calib.calibration_mean, exposure.photo_calib.calibration_error
        keys.set("FLUXMAG0", AB_ZERO_FLUX_NJY / mean)
        keys.set("FLUXMAG0ERR", AB_ZERO_FLUX_NJY * error / mean**2)
    comments = {
        "EXPID": "exposure number",
        "EXPTIME": "[s] exposure time",
        "DARKTIME": "[s] dark time",
        "FLUXMAG0": "[adu] flux of AB mag 0" + ("" if unit == "adu" else f"; image in {unit}"),
        "FLUXMAG0ERR": "[adu] its error",
        "TIMESYS": "scale of DATE-xxx and MJD-xxx",
        **{key: "[d] TAI" for key in keys if key.startswith("MJD-")},
        **{key: "TAI" for key in keys if key.startswith("DATE-")},
        "DATE-AVG": "TAI, middle of the exposure",
        "DETNAME": "name of the CCD",
        "DETSER": "serial number of the CCD",
        "ISRVERS": "software that made this file",
        "ISRINPUT": "raw frame",
        "ISRSTEP": "last ISR step",
    }
    keys.comments.update(comments)
    return keys


def _extension(exposure: Exposure, name: str, bitpix: int) -> fits.Header:
    """Header of an image extension: structure, sky WCS of its pixels, and the origin as LTV and as WCS "A"."""
    height, width = exposure.masked_image.shape
    x0, y0 = exposure.masked_image.xy0
    header = fits.Header(
        [
            ("XTENSION", "IMAGE"),
            ("BITPIX", bitpix),
            ("NAXIS", 2),
            ("NAXIS1", width),
            ("NAXIS2", height),
            ("PCOUNT", 0),
            ("GCOUNT", 1),
            ("INHERIT", True),
            ("EXTTYPE", name),
            ("EXTNAME", name),
        ]
    )
    if bitpix < 0:
        header.extend([("BZERO", 0.0), ("BSCALE", 1.0)], strip=False, end=True)
    header.extend(sky_cards(exposure), strip=False, end=True)
    header.extend([("LTV1", float(-x0)), ("LTV2", float(-y0))], strip=False, end=True)
    for axis, origin in ((1, x0), (2, y0)):
        cards = [("CTYPE", "LINEAR"), ("CRPIX", 1.0), ("CRVAL", float(origin)), ("CUNIT", "PIXEL")]
        header.extend([(f"{key}{axis}A", value) for key, value in cards], strip=False, end=True)
    return header


def _table(
    name: str, columns: list[tuple[str, str, str]], rows: NDArray[np.uint8]
) -> tuple[fits.Header, NDArray[np.uint8]]:
    """A binary table from rows of bytes, (n_rows, bytes in a row); columns are name, FITS format and unit."""
    header = fits.Header(
        [
            ("XTENSION", "BINTABLE"),
            ("BITPIX", 8),
            ("NAXIS", 2),
            ("NAXIS1", rows.shape[1]),
            ("NAXIS2", rows.shape[0]),
            ("PCOUNT", 0),
            ("GCOUNT", 1),
            ("TFIELDS", len(columns)),
        ]
    )
    for number, (label, form, unit) in enumerate(columns, 1):
        header.extend([(f"TTYPE{number}", label), (f"TFORM{number}", form)], strip=False, end=True)
        if unit:
            header.append((f"TUNIT{number}", unit), end=True)
    header.append(("EXTNAME", name), end=True)
    return header, rows
