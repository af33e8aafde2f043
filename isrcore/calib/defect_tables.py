"""Defect tables: reading and writing the two documented forms, in FITS and ECSV (manual: files, Defects).

The forms are those of `isrcore.calib.defect_boxes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from isrcore.atomic import written_atomically
from isrcore.calib.defect_boxes import SIMPLE_COLUMNS, boxes_from_table
from isrcore.calib.defects import Defects
from isrcore.metadata import PropertyList

__all__ = [
    "FORMS",
    "boxes_from_table",
    "read_defect_table",
    "to_region_table",
    "to_simple_table",
    "write_defect_table",
]

_FITS_SUFFIXES = (".fits", ".fits.gz", ".fits.fz", ".fit")
_COMMON = {"OBSTYPE": Defects.OBSTYPE, "defects_SCHEMA": "", "defects_VERSION": 2.0}


def to_simple_table(defects: Defects) -> Table:
    """The table ``x0, y0, width, height``, 0-based, with the metadata of the defects."""
    columns = {name: np.array([getattr(box, name) for box in defects], np.int32) for name in SIMPLE_COLUMNS}
    return Table(columns, names=SIMPLE_COLUMNS, meta=_meta(defects))


def to_region_table(defects: Defects) -> Table:
    """The FITS region table: 1-based centres, ``POINT`` for single pixels and ``BOX`` for the rest."""
    boxes = list(defects)
    size = np.array([(box.width, box.height) for box in boxes], np.float64).reshape(-1, 2)
    corner = np.array([(box.x0, box.y0) for box in boxes], np.float64).reshape(-1, 2)
    centre = corner + (size - 1.0) / 2.0 + 1.0
    columns = {
        "X": centre[:, 0],
        "Y": centre[:, 1],
        # A column of pairs without rows cannot be read back from ECSV.
        "R": size if boxes else np.zeros(0),
        "SHAPE": np.array(["POINT" if box.area == 1 else "BOX" for box in boxes], "U6"),
        "ROTANG": np.zeros(len(boxes)),
        "COMPONENT": np.arange(len(boxes), dtype=np.int32),
    }
    return Table(columns, meta=_meta(defects))


FORMS = {"simple": to_simple_table, "region": to_region_table}
"""Table makers by the name of the form."""


def _meta(defects: Defects) -> dict[str, Any]:
    return {**_COMMON, **defects.metadata.toDict()}


def read_defect_table(path: str | Path, serial: str | None = None, normalize: bool = True) -> Defects:
    """Read defects from a FITS or ECSV table of either form.

    Parameters
    ----------
    path : str or Path
    serial : str, optional
        Serial number of the detector: a FITS file may hold one table per detector, told apart by ``SERIAL``. Without it
        the first table is read.
    normalize : bool

    Returns
    -------
    defects : `Defects`
        With the header of the table as metadata.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds no defect table, or none of that detector.
    """
    path = Path(path)
    name = path.name.lower()
    if name.endswith(_FITS_SUFFIXES):
        table = _read_fits(path, serial)
    elif name.endswith(".ecsv"):
        table = _read_ecsv(path)
    else:
        raise ValueError(f"{path}: a defect table is a .fits or .ecsv file; other formats have their own readers")
    try:
        return Defects.fromTable(table, normalize)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read_ecsv(path: Path) -> Table:
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such defect table")
    try:
        return Table.read(path, format="ascii.ecsv")
    except Exception as error:
        raise ValueError(f"{path}: not a readable ECSV table: {error}") from error


def _read_fits(path: Path, serial: str | None) -> Table:
    try:
        with fits.open(path) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU) and type(hdu) is not fits.CompImageHDU]
            for hdu in tables:
                if serial is None or str(hdu.header.get("SERIAL", "")).strip() == serial:
                    table = Table(hdu.data)
                    table.meta.update({key: value for key, value in hdu.header.items() if not _is_structural(key)})
                    return table
            found = [str(hdu.header.get("SERIAL", "no SERIAL")).strip() for hdu in tables]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such defect table") from None
    except OSError as error:
        raise ValueError(f"{path}: not a readable FITS file: {error}") from error
    if not found:
        raise ValueError(f"{path}: expected a binary table of defects, found none; mask images have their own reader")
    raise ValueError(f"{path}: no table has SERIAL = {serial!r}; the file has {', '.join(found)}")


def _is_structural(key: str) -> bool:
    """Whether a header key describes the table itself."""
    fixed = {"XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", "COMMENT", "HISTORY", ""}
    return key in fixed or key.startswith(("TTYPE", "TFORM", "TDIM", "TNULL", "TUNIT", "CHECKSUM", "DATASUM"))


def write_defect_table(defects: Defects, path: str | Path, form: str = "simple") -> None:
    """Write defects as a FITS or ECSV table; an existing file is replaced once the new one is complete.

    Parameters
    ----------
    defects : `Defects`
    path : str or Path
        Ends in ``.fits`` or ``.ecsv``.
    form : {"simple", "region"}

    Raises
    ------
    ValueError
        For another form or ending.
    """
    path = Path(path)
    if form not in FORMS:
        raise ValueError(f"the form of a defect table is one of {', '.join(FORMS)}, found {form!r}")
    table = FORMS[form](defects)
    with written_atomically(path) as temporary:
        if path.name.lower().endswith(".fits"):
            _write_fits(table, temporary)
        elif path.name.lower().endswith(".ecsv"):
            table.write(temporary, format="ascii.ecsv", overwrite=True)
        else:
            raise ValueError(f"{path}: a defect table is written as .fits or .ecsv")


def _write_fits(table: Table, path: Path) -> None:
    hdu = fits.BinTableHDU(Table(table, meta={}))
    for key, value in PropertyList(table.meta).items():
        # Long and lower-case keys need the HIERARCH convention.
        card = key if len(key) <= 8 and key.isupper() else f"HIERARCH {key}"
        # FITS allows ASCII only: a file's name may have other letters.
        hdu.header[card] = value.encode("ascii", "backslashreplace").decode() if isinstance(value, str) else value
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
