"""What table-like calibrations have in common: identifying metadata, and files (manual: files, Common metadata)."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import yaml
from astropy.io import fits
from astropy.table import Table

from isrcore.atomic import written_atomically
from isrcore.calib.fits_tables import refuse_compressed_table
from isrcore.camera import Camera, Detector
from isrcore.fits_limits import check_fits
from isrcore.metadata import PropertyList
from isrcore.readable import explained, read_text
from isrcore.values import same

__all__ = ["IsrCalib", "amplifier_rows"]

_Calib = TypeVar("_Calib")

_IDENTITY = {
    "INSTRUME": "instrument",
    "RAFTNAME": "raft_name",
    "SLOTNAME": "slot_name",
    "DETECTOR": "detector_id",
    "DET_NAME": "detector_name",
    "DET_SER": "detector_serial",
    "FILTER": "filter_name",
    "CALIB_ID": "calib_id",
}
"""Keyword -> attribute of `IsrCalib`."""

_STRUCTURAL = re.compile(
    "XTENSION|BITPIX|NAXIS[12]?|PCOUNT|GCOUNT|TFIELDS|EXTNAME|CHECKSUM|DATASUM|(TTYPE|TFORM|TUNIT|TDIM|TNULL)[0-9]+"
)
"""Keywords that describe the table, not the calibration."""


class IsrCalib:
    """Base of the calibrations that are tables.

    A subclass states what it is in the class attributes and implements `toDict`, `fromDict`, `toTable` and `fromTable`;
    reading and writing files follow.

    Parameters
    ----------
    log : `logging.Logger`, optional

    Attributes
    ----------
    metadata : `PropertyList`
        Further header items.
    instrument, raft_name, slot_name, detector_name, detector_serial, filter_name, calib_id : str or None
        What the calibration belongs to.
    detector_id : int or None
    """

    OBSTYPE: ClassVar[str]
    SCHEMA: ClassVar[str]
    VERSION: ClassVar[float]

    def __init__(self, log: logging.Logger | None = None) -> None:
        self.log = logging.getLogger(__name__) if log is None else log
        self.metadata = PropertyList()
        self.instrument: str | None = None
        self.raft_name: str | None = None
        self.slot_name: str | None = None
        self.detector_id: int | None = None
        self.detector_name: str | None = None
        self.detector_serial: str | None = None
        self.filter_name: str | None = None
        self.calib_id: str | None = None

    def __eq__(self, other: object) -> bool:
        """Same class, content and metadata."""
        return type(other) is type(self) and same(self.toDict(), other.toDict())

    __hash__ = object.__hash__

    def updateMetadata(
        self,
        camera: Camera | None = None,
        detector: Detector | None = None,
        filterName: str | None = None,
        setCalibId: bool = False,
        setDate: bool = False,
        **items: Any,
    ) -> None:
        """Take what the calibration belongs to from its camera and detector.

        Parameters
        ----------
        camera, detector, filterName : optional
        setCalibId : bool
            Make ``CALIB_ID`` from the items that are known.
        setDate : bool
            Add the time of creation, UTC.
        **items
            Further metadata.
        """
        if camera is not None:
            self.instrument = camera.name
        if detector is not None:
            self.detector_id, self.detector_name, self.detector_serial = detector.id, detector.name, detector.serial
        if filterName is not None:
            self.filter_name = filterName
        if setDate:
            now = datetime.now(UTC)
            self.metadata.set("CALIB_CREATION_DATE", now.date().isoformat())
            self.metadata.set("CALIB_CREATION_TIME", now.time().isoformat())
        self.metadata.update(items)
        if setCalibId:
            parts = {
                "raftName": self.raft_name,
                "detectorName": self.detector_name,
                "detector": self.detector_id,
                "filter": self.filter_name,
                "calibDate": self.metadata.get("CALIBDATE"),
            }
            self.calib_id = " ".join(f"{name}={value}" for name, value in parts.items() if value is not None)

    def described(self) -> dict[str, Any]:
        """All metadata as they are written; what is not known is None."""
        facts: dict[str, Any] = {
            "OBSTYPE": self.OBSTYPE,
            f"{self.OBSTYPE}_SCHEMA": self.SCHEMA,
            f"{self.OBSTYPE}_VERSION": self.VERSION,
            "CALIBCLS": f"{type(self).__module__}.{type(self).__qualname__}",
        }
        facts |= {keyword: getattr(self, attribute) for keyword, attribute in _IDENTITY.items()}
        return self.metadata.toDict() | facts

    def take_description(self, metadata: Mapping[str, Any]) -> None:
        """Read back what `described` wrote.

        Raises
        ------
        RuntimeError
            If the metadata are of another kind of calibration.
        """
        found = metadata.get("OBSTYPE")
        if found != self.OBSTYPE:
            raise RuntimeError(f"expected a calibration with OBSTYPE {self.OBSTYPE}, found {found!r}")
        own = {"OBSTYPE", "CALIBCLS", f"{self.OBSTYPE}_SCHEMA", f"{self.OBSTYPE}_VERSION", *_IDENTITY}
        for keyword, attribute in _IDENTITY.items():
            value = metadata.get(keyword)
            setattr(self, attribute, None if value == "" else value)
        for keyword, value in metadata.items():
            if keyword not in own:
                self.metadata.set(keyword, value)

    def toDict(self) -> dict[str, Any]:
        """The calibration as plain Python values."""
        raise NotImplementedError

    @classmethod
    def fromDict(cls, dictionary: Mapping[str, Any]) -> Self:
        """The calibration out of what `toDict` made."""
        raise NotImplementedError

    def toTable(self) -> list[Table]:
        """The calibration as tables, metadata in the first one."""
        raise NotImplementedError

    @classmethod
    def fromTable(cls, tableList: Sequence[Table]) -> Self:
        """The calibration out of what `toTable` made."""
        raise NotImplementedError

    @classmethod
    def readText(cls, filename: str | os.PathLike[str]) -> Self:
        """Read a ``.yaml`` or ``.ecsv`` file.

        Raises
        ------
        RuntimeError
            For another extension, or another kind of calibration.
        """
        path = Path(filename)
        if path.suffix.lower() == ".yaml":
            content = _read_yaml(path)
            if not isinstance(content, dict):
                raise RuntimeError(f"{path}: expected a mapping of names to values, found {type(content).__name__}")
            return _naming(path, cls.fromDict, content)
        if path.suffix.lower() == ".ecsv":
            return _naming(path, cls.fromTable, [_read_ecsv(path)])
        raise RuntimeError(f"{path}: calibrations are read from .yaml or .ecsv text, found {path.suffix!r}")

    def writeText(self, filename: str | os.PathLike[str]) -> None:
        """Write a ``.yaml`` or ``.ecsv`` file, all or nothing.

        Raises
        ------
        RuntimeError
            For another extension, or for ``.ecsv`` when there is more than one table.
        """
        path = Path(filename)
        if path.suffix.lower() == ".yaml":
            text = yaml.safe_dump(self.toDict(), sort_keys=False)
            with written_atomically(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        elif path.suffix.lower() == ".ecsv":
            tables = self.toTable()
            if len(tables) != 1:
                raise RuntimeError(f"{path}: ECSV holds one table, there are {len(tables)} here: write .fits or .yaml")
            with written_atomically(path) as temporary:
                tables[0].write(temporary, format="ascii.ecsv")
        else:
            raise RuntimeError(f"{path}: calibrations are written to .yaml or .ecsv text, found {path.suffix!r}")

    @classmethod
    def readFits(cls, filename: str | os.PathLike[str]) -> Self:
        """Read a FITS file with one binary table per table.

        Raises
        ------
        RuntimeError
            For another kind of calibration, or a file without tables.
        """
        path = Path(filename)
        tables = _read_fits_tables(path)
        if not tables:
            raise RuntimeError(f"{path}: expected a binary table with a {cls.OBSTYPE} calibration, found none")
        return _naming(path, cls.fromTable, tables)

    def writeFits(self, filename: str | os.PathLike[str]) -> None:
        """Write an empty primary and one binary table per table, all or nothing."""
        hdus = fits.HDUList([fits.PrimaryHDU()])
        for table in self.toTable():
            header = fits.Header()
            for keyword, value in table.meta.items():
                # Standard keywords have eight characters; longer ones need the HIERARCH convention.
                header[keyword if len(keyword) <= 8 else f"HIERARCH {keyword}"] = value
            columns = table.copy(copy_data=False)
            columns.meta.clear()
            for number, column in enumerate(columns.itercols(), 1):
                if column.unit is not None:
                    # Written by hand, because astropy takes "electron" for no unit of the FITS standard.
                    header[f"TUNIT{number}"] = str(column.unit)
                    column.unit = None
            hdu = fits.table_to_hdu(columns)
            hdu.header.update(header)
            hdus.append(hdu)
        with written_atomically(filename) as temporary:
            hdus.writeto(temporary)


def _read_yaml(path: Path) -> Any:
    with explained(path, RuntimeError, "not a YAML file of plain values"):
        return yaml.safe_load(read_text(path))


def _read_ecsv(path: Path) -> Table:
    with explained(path, RuntimeError, "not an ECSV table"):
        return Table.read(read_text(path), format="ascii.ecsv")


def _read_fits_tables(path: Path) -> list[Table]:
    with explained(path, RuntimeError, "not a readable FITS file"):
        check_fits(path)
        with fits.open(path, memmap=False) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            for hdu in tables:
                refuse_compressed_table(hdu.header)
            return [_table(hdu) for hdu in tables]


def _table(hdu: fits.BinTableHDU) -> Table:
    table = Table(hdu.data)
    for keyword, value in hdu.header.items():
        if not _STRUCTURAL.fullmatch(keyword):
            table.meta[keyword] = value
    return table


def _naming(path: Path, read: Callable[[Any], _Calib], content: Any) -> _Calib:
    """Read, and name the file in what goes wrong."""
    with explained(path, RuntimeError):
        return read(content)


def amplifier_rows(table: Table) -> dict[str, Any]:
    """Rows of a table by the text in column ``AMPLIFIER_NAME``.

    Raises
    ------
    RuntimeError
        If there is no such column.
    """
    if "AMPLIFIER_NAME" not in table.colnames:
        raise RuntimeError(f"expected a column AMPLIFIER_NAME, found {', '.join(table.colnames)}")
    return {str(row["AMPLIFIER_NAME"]).strip(): row for row in table}
