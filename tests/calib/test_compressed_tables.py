"""Tables that fpack compressed: said, never read as something else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from isrcore.calib.defect_tables import read_defect_table
from isrcore.calib.linearizer import Linearizer
from isrcore.calib.transmission_files import read_transmission_curve
from isrcore.data.calibs import choose_file, load_defects
from isrcore.data.errors import FrameError
from isrcore.data.exposure_file import read_exposure

SAYS = "compressed table; run funpack"


def packed(path: Path, table: Table, *others: fits.ImageHDU) -> Path:
    """A table of so many rows that fpack compresses it."""
    if shutil.which("fpack") is None:
        pytest.skip("fpack is not installed (Debian: libcfitsio-bin)")
    plain = path.with_name("plain.fits")
    fits.HDUList([fits.PrimaryHDU(), *others, fits.BinTableHDU(table, name="ROWS")]).writeto(plain)
    subprocess.run(["fpack", "-table", "-O", path, plain], check=True)
    with fits.open(path, disable_image_compression=True) as hdus:
        assert hdus["ROWS"].header["ZTABLE"] is True
    return path


def defects() -> Table:
    return Table({name: np.ones(9000, np.int16) for name in ("x0", "y0", "width", "height")})


def test_defects(tmp_path: Path) -> None:
    path = packed(tmp_path / "ccd12.fits", defects())
    with pytest.raises(ValueError, match=SAYS):
        read_defect_table(path)
    with pytest.raises(FrameError, match=SAYS):
        load_defects(choose_file("defects", path, 12))


def test_calibrations(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=SAYS):
        Linearizer.readFits(packed(tmp_path / "linearizer.fits", defects()))


def test_transmission(tmp_path: Path) -> None:
    wavelength = np.linspace(3000.0, 10000.0, 9000)
    path = packed(tmp_path / "curve.fits", Table({"wavelength": wavelength, "throughput": np.ones(9000)}))
    with pytest.raises(RuntimeError, match=SAYS):
        read_transmission_curve(path)


def test_polygon_of_an_exposure(tmp_path: Path) -> None:
    image = fits.ImageHDU(np.zeros((3, 4), "f4"), name="IMAGE")
    mask = fits.ImageHDU(np.zeros((3, 4), "i4"), name="MASK")
    mask.header["MP_BAD"] = 0
    path = packed(tmp_path / "e.fits", Table({"x": np.arange(9000.0), "y": np.zeros(9000)}), image, mask)
    content = path.read_bytes().replace(b"EXTNAME = 'ROWS    '         ", b"EXTNAME = 'VALID_POLYGON'    ")
    path.write_bytes(content)
    with pytest.raises(FrameError, match=SAYS):
        read_exposure(path)
