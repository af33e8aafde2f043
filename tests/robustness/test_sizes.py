"""Sizes that headers state: the limits of the standard, the length of the file, and never a loop or memory for them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from isrcore.calib.defect_tables import read_defect_table
from isrcore.calib.linearizer import Linearizer
from isrcore.calib.transmission_files import read_transmission_curve
from isrcore.data.fits_file import FitsFile
from isrcore.data.masters import read_master
from isrcore.data.raw import open_raw
from isrcore.export.reading import read_exposure
from isrcore.fits_limits import MOST_HEADER, check_fits, data_size

BLOCK, CARD = 2880, 80

READERS: dict[str, Callable[[Path], Any]] = {
    "raw": open_raw,
    "master": lambda path: read_master(path, 12),
    "exposure": read_exposure,
    "defects": read_defect_table,
    "linearizer": Linearizer.readFits,
    "curve": read_transmission_curve,
}

STATED = [
    {"NAXIS": 2147483647},
    {"NAXIS": 1000},
    {"NAXIS": -1},
    {"NAXIS": 999999999999},
    {"NAXIS1": -5},
    {"NAXIS1": 2147483647, "NAXIS2": 2147483647},
    {"PCOUNT": -11520},
    {"PCOUNT": 9223372036854775807},
    {"GCOUNT": -1},
    {"BITPIX": 17},
    {"TFIELDS": 2147483647},
]


def table_file(path: Path, **cards: int) -> Path:
    """A binary table behind an empty primary, with cards replaced by what no file can have."""
    table = fits.table_to_hdu(Table({"x0": np.arange(4, dtype=np.int32)}))
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    data = bytearray(path.read_bytes())
    for key, value in cards.items():
        place = data.find(f"{key:8}=".encode(), BLOCK)
        data[place : place + CARD] = f"{key:8}= {value:>20}".ljust(CARD).encode()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("cards", STATED, ids=str)
def test_impossible_sizes_are_refused_by_every_reader(reader: str, cards: dict[str, int], tmp_path: Path) -> None:
    path = table_file(tmp_path / "bad.fits", **cards)
    with pytest.raises((OSError, ValueError, RuntimeError)) as caught:
        READERS[reader](path)
    assert str(path) in str(caught.value)


def test_a_negative_pcount_does_not_step_back_over_the_header(tmp_path: Path) -> None:
    file = FitsFile(table_file(tmp_path / "back.fits", PCOUNT=-5760))
    assert len(file.hdus) == 1
    assert file.damage is not None
    assert "not negative" in str(file.damage)


def test_the_size_is_exact_and_never_wraps_around() -> None:
    header = {"BITPIX": -32, "NAXIS": 2, "NAXIS1": 2048, "NAXIS2": 4612, "PCOUNT": 7, "GCOUNT": 1}
    assert data_size(header.get) == 4 * (2048 * 4612 + 7)
    assert data_size({"BITPIX": 8, "NAXIS": 0}.get) == 0
    assert data_size({**header, "NAXIS1": 1 << 32, "NAXIS2": 1 << 32}.get) is None


def test_a_header_without_an_end_is_not_read_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "endless.fits.gz"
    block = b"SIMPLE  =                    T".ljust(CARD) + b"COMMENT x".ljust(CARD) * 35
    with gzip.open(path, "wb", 1) as file:
        file.write(block)
        for _ in range(2 * MOST_HEADER // (BLOCK * 1000)):
            file.write(b"COMMENT x".ljust(CARD) * 36 * 1000)
    for read in (open_raw, check_fits):
        with pytest.raises((OSError, ValueError)) as caught:
            read(path)
        assert "END" in str(caught.value) or "complete header" in str(caught.value)


def test_good_files_pass(tmp_path: Path) -> None:
    path = table_file(tmp_path / "good.fits")
    check_fits(path)
    zipped = tmp_path / "good.fits.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    check_fits(zipped)
    zipped.write_bytes(gzip.compress(path.read_bytes()[:-1000]))
    check_fits(zipped)  # Padding may be missing, data may not.
    path.write_bytes(path.read_bytes()[: 3 * BLOCK - BLOCK + 10])
    with pytest.raises(ValueError, match="truncated"):
        check_fits(path)
