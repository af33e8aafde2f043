"""Files with transmission curves: the tables of `TransmissionCurve.toTable` in ECSV and FITS."""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits
from astropy.table import Table

from isrcore.atomic import written_atomically
from isrcore.calib.fits_tables import refuse_compressed_table
from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.fits_limits import check_fits
from isrcore.readable import explained, read_text

__all__ = ["read_transmission_curve", "write_transmission_curve"]

_FORMATS = {".ecsv": "ascii.ecsv", ".fits": "fits"}


def _format(path: Path) -> str:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise RuntimeError(f"{path}: a transmission curve is a .ecsv or .fits table, found {path.suffix!r}") from None


def read_transmission_curve(path: str | Path) -> TransmissionCurve:
    """Read a curve from a ``.ecsv`` or ``.fits`` table.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RuntimeError
        If it holds no such table, or its numbers make no curve.
    """
    path = Path(path)
    form = _format(path)
    with explained(path, RuntimeError, "not a transmission curve"):
        if form == "fits":
            check_fits(path)
            with fits.open(path) as hdus:
                for hdu in hdus:
                    refuse_compressed_table(hdu.header)
            return TransmissionCurve.fromTable(Table.read(path, format=form))
        return TransmissionCurve.fromTable(Table.read(read_text(path), format=form))


def write_transmission_curve(curve: TransmissionCurve, path: str | Path) -> None:
    """Write a tabulated curve as a ``.ecsv`` or ``.fits`` table, all or nothing.

    Raises
    ------
    RuntimeError
        For another extension.
    ValueError
        If the curve is not a table, such as a product.
    """
    path = Path(path)
    form, table = _format(path), curve.toTable()
    with written_atomically(path) as temporary:
        table.write(temporary, format=form)
