"""Defect tables: reading and writing the two documented forms, in FITS and ECSV (manual: files, Defects).

The simple form has columns ``x0, y0, width, height``, 0-based. The FITS region form has ``X, Y, R, SHAPE`` (and
``ROTANG, COMPONENT``) with 1-based centres. Both are in the trimmed, assembled frame.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from isrcore.atomic import written_atomically
from isrcore.calib.defect_boxes import SIMPLE, boxes_from_table, expected_columns, table_form
from isrcore.calib.defects import Defects
from isrcore.calib.fits_tables import refuse_compressed_table
from isrcore.fits_limits import check_fits
from isrcore.metadata import PropertyList
from isrcore.readable import explained, read_text

__all__ = [
    "FORMS",
    "OtherDetectorError",
    "read_defect_table",
    "to_region_table",
    "to_simple_table",
    "write_defect_table",
]

_LOG = logging.getLogger(__name__)

_FITS_SUFFIXES = (".fits", ".fits.gz", ".fits.fz", ".fit", ".fz")
_COMMON = {"OBSTYPE": Defects.OBSTYPE, "defects_SCHEMA": "", "defects_VERSION": 2.0}
_OF_THE_FILE = {"EXTNAME", "ORIGIN"}
"""Cards that describe the table that was read, not its defects: who wrote it says how it counts pixels."""

_CCD = re.compile(r"ccd\d\d", re.IGNORECASE)


class OtherDetectorError(ValueError):
    """A file has defect tables, but none of the detector that is asked for.

    Attributes
    ----------
    found : tuple of str
        Serial numbers or names of the detectors that it has.
    """

    def __init__(self, message: str, found: Sequence[str]) -> None:
        super().__init__(message)
        self.found = tuple(found)


def to_simple_table(defects: Defects) -> Table:
    """The table ``x0, y0, width, height``, 0-based, with the metadata of the defects."""
    columns = {name: np.array([getattr(box, name) for box in defects], np.int32) for name in SIMPLE}
    return Table(columns, names=SIMPLE, meta=_meta(defects))


def to_region_table(defects: Defects) -> Table:
    """The FITS region table: 1-based centres, ``ROTBOX`` at no angle for every box.

    DS9 (8.4.1) passes over ``BOX`` and ``POINT`` in such tables, and the package regions takes ``ROTBOX`` only with an
    angle in degrees.
    """
    boxes = list(defects)
    size = np.array([(box.width, box.height) for box in boxes], np.float64).reshape(-1, 2)
    corner = np.array([(box.x0, box.y0) for box in boxes], np.float64).reshape(-1, 2)
    centre = corner + (size - 1.0) / 2.0 + 1.0
    columns = {
        "X": centre[:, 0],
        "Y": centre[:, 1],
        # A column of pairs without rows cannot be read back from ECSV.
        "R": size if boxes else np.zeros(0),
        "SHAPE": np.array(["ROTBOX"] * len(boxes), "U6"),
        "ROTANG": np.zeros(len(boxes)),
        "COMPONENT": np.arange(len(boxes), dtype=np.int32),
    }
    table = Table(columns, meta=_meta(defects))
    for name, unit in (("X", "pix"), ("Y", "pix"), ("R", "pix"), ("ROTANG", "deg")):
        table[name].unit = unit
    return table


FORMS = {"simple": to_simple_table, "region": to_region_table}
"""Table makers by the name of the form."""


def _meta(defects: Defects) -> dict[str, Any]:
    kept = {key: value for key, value in defects.metadata.toDict().items() if key not in _OF_THE_FILE}
    return {**_COMMON, **kept}


@dataclass(frozen=True)
class _Candidate:
    """A defect table of a file, and which detector it says it is of."""

    serial: str
    name: str
    load: Callable[[], Table]

    @property
    def owner(self) -> str:
        return self.serial or self.name or "no SERIAL"


def read_defect_table(
    path: str | Path,
    serial: str | None = None,
    normalize: bool = True,
    *,
    name: str | None = None,
    left_out: Callable[[str], None] = _LOG.warning,
) -> Defects:
    """Read defects from a FITS or ECSV table of either form.

    Parameters
    ----------
    path : str or Path
    serial : str, optional
        Serial number of the detector: a file may hold one table per detector, in any HDU, told apart by ``SERIAL``.
        Without it, and without `name`, the first defect table is read.
    normalize : bool
    name : str, optional
        Name of the detector, ``ccd12``: looked for in NAME and EXTNAME of tables without SERIAL. With it, a file whose
        tables all say nothing is taken to be of that detector.
    left_out : callable
        Told about each row that is no box; a warning by default.

    Returns
    -------
    defects : `Defects`
        With the header of the table as metadata.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OtherDetectorError
        If it has defect tables, but none of that detector.
    ValueError
        If it holds no defect table, or an undefined number.
    """
    path = Path(path)
    ending = path.name.lower()
    if ending.endswith(_FITS_SUFFIXES):
        candidates = _in_fits(path)
    elif ending.endswith(".ecsv"):
        candidates = [_in_ecsv(path)]
    else:
        raise ValueError(f"{path}: a defect table is a .fits or .ecsv file; other formats have their own readers")
    try:
        with explained(path, ValueError):
            table = _choose(candidates, serial, name).load()
            return Defects(boxes_from_table(table, left_out), PropertyList(dict(table.meta)), normalize)
    except ValueError as error:
        if isinstance(error.__cause__, OtherDetectorError):
            raise OtherDetectorError(f"{path}: {error.__cause__}", error.__cause__.found) from error
        raise


def _choose(candidates: Sequence[_Candidate], serial: str | None, name: str | None) -> _Candidate:
    if serial is None and name is None:
        return candidates[0]
    for one in candidates:
        if one.serial == serial if one.serial else one.name and one.name == name:
            return one
    if name is not None and not any(one.serial or one.name for one in candidates):
        return candidates[0]
    wanted = f"SERIAL = {serial!r}" if serial is not None else f"the name {name}"
    owners = [one.owner for one in candidates]
    raise OtherDetectorError(f"no table has {wanted}; the file has {', '.join(owners)}", owners)


def _candidate(meta: Mapping[str, Any], load: Callable[[], Table]) -> _Candidate:
    names = (str(meta.get(key, "")).strip().lower() for key in ("NAME", "EXTNAME"))
    name = next((each for each in names if _CCD.fullmatch(each)), "")
    return _Candidate(str(meta.get("SERIAL", "")).strip(), name, load)


def _in_ecsv(path: Path) -> _Candidate:
    with explained(path, ValueError, "not a readable ECSV table"):
        table = Table.read(read_text(path), format="ascii.ecsv")
    return _candidate(table.meta, lambda: table)


def _in_fits(path: Path) -> list[_Candidate]:
    found: list[_Candidate] = []
    others: list[str] = []
    with explained(path, ValueError, "not a readable FITS table"):
        check_fits(path)
        with fits.open(path, memmap=False) as hdus:
            for hdu in hdus:
                try:
                    refuse_compressed_table(hdu.header)
                except ValueError as error:
                    raise ValueError(f"{path}: {error}") from error
                if type(hdu) not in (fits.BinTableHDU, fits.TableHDU):
                    continue
                if table_form(hdu.columns.names) is None:
                    others.append(", ".join(hdu.columns.names))
                    continue
                table = Table.read(hdu, format="fits")
                _mark_undefined(table, hdu)
                table.meta.clear()
                table.meta.update({key: value for key, value in hdu.header.items() if not _is_structural(key)})
                found.append(_candidate(table.meta, lambda table=table: table))  # type: ignore[misc]
    if found:
        return found
    if others:
        raise ValueError(f"{path}: {expected_columns('; '.join(others))}")
    raise ValueError(f"{path}: expected a table of defects, found none; mask images have their own reader")


def _mark_undefined(table: Table, hdu: Any) -> None:
    """Mask what is TNULL in the file; astropy compares with it after TSCAL and TZERO were applied."""
    stored = hdu.data.view(np.ndarray)
    for column in hdu.columns:
        numbers = stored[column.name]
        if column.null is not None and numbers.dtype.kind in "iu" and numbers.shape == table[column.name].shape:
            table.replace_column(column.name, MaskedColumn(table[column.name], mask=numbers == column.null))


def _is_structural(key: str) -> bool:
    """Whether a header key describes the table itself."""
    fixed = {"XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", "COMMENT", "HISTORY", ""}
    parts = ("TTYPE", "TFORM", "TDIM", "TNULL", "TUNIT", "TSCAL", "TZERO", "TDISP", "TBCOL", "CHECKSUM", "DATASUM")
    return key in fixed or key.startswith(parts)


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
    # DS9 finds region tables by their name.
    name = "REGION" if table_form(table.colnames) == "region" else ""
    hdu = fits.BinTableHDU(Table(table, meta={}), name=name or None)
    for key, value in PropertyList(table.meta).items():
        # Long and lower-case keys need the HIERARCH convention.
        card = key if len(key) <= 8 and key.isupper() else f"HIERARCH {key}"
        # FITS allows ASCII only: a file's name may have other letters.
        hdu.header[card] = value.encode("ascii", "backslashreplace").decode() if isinstance(value, str) else value
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
