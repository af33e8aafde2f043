"""The sky that other programs read from our cards: DS9, and source-extractor, whose WCS library is that of SCAMP."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.data.sky import header_wcs, moved_wcs
from isrcore.data.sky_cards import wcs_cards
from isrcore.metadata import PropertyList
from tests.data.test_sky import FORMS, cards

FORMS_TRIED = ("all CD cards", "PC and CDELT", "CROTA2", "TPV", "TAN with PV", "SIP", "arc seconds")
ARCSEC = 1 / 3600
PRINTED = 4e-4
"""arcsec: DS9 prints 7 digits of a degree, source-extractor 4 digits of a pixel."""


def need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def separation(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Largest distance of positions in degrees, arcsec."""
    difference = found - expected
    return float(np.hypot(difference[:, 0] * np.cos(np.radians(expected[:, 1])), difference[:, 1]).max() / ARCSEC)


def write(path: Path, pixels: NDArray[Any], wcs: Any) -> None:
    header = fits.Header()
    for card in wcs_cards(wcs):
        header.append(card, end=True)
    fits.PrimaryHDU(pixels, header=header).writeto(path)


def test_ds9_reads_the_same_sky(tmp_path: Path) -> None:
    """Points at image coordinates, saved by DS9 as positions on the sky."""
    need("ds9", "xvfb-run")
    pixels = [(1, 1), (2048, 1), (1, 4612), (2048, 4612), (1000, 2300)]
    points = tmp_path / "points.reg"
    points.write_text("image\n" + "".join(f"point({x},{y})\n" for x, y in pixels))
    orders, expected = [], []
    for number, name in enumerate(FORMS_TRIED):
        wcs = moved_wcs(header_wcs(PropertyList(cards(FORMS[name])), "ccd12"), 32, 0)
        write(tmp_path / f"{number}.fits", np.zeros((8, 8), np.int16), wcs)
        expected.append(np.asarray(wcs.all_pix2world(pixels, 1)))
        orders += ["-frame", "new", "-fits", f"{number}.fits", "-regions", "load", "points.reg"]
        orders += ["-regions", "system", "wcs", "-regions", "sky", "fk5", "-regions", "skyformat", "degrees"]
        orders += ["-regions", "save", f"{number}.reg"]
    subprocess.run(["xvfb-run", "-a", "ds9", *orders, "-exit"], cwd=tmp_path, check=True, timeout=200)
    for number, name in enumerate(FORMS_TRIED):
        found = re.findall(r"point\(([-\d.]+),([-\d.]+)\)", (tmp_path / f"{number}.reg").read_text())
        assert len(found) == len(pixels), name
        assert separation(np.array(found, float), expected[number]) < PRINTED, name


@pytest.mark.parametrize("name", FORMS_TRIED)
def test_source_extractor_reads_the_same_sky(name: str, tmp_path: Path) -> None:
    """Stars in the corner of the CCD that is farthest from the axis of the telescope."""
    need("source-extractor")
    image = np.random.default_rng(1).normal(0.0, 1.0, (300, 240)).astype(np.float32)
    y, x = np.mgrid[-8:9, -8:9]
    for at_x, at_y in ((40, 40), (200, 50), (60, 250), (190, 260)):
        image[at_y - 8 : at_y + 9, at_x - 8 : at_x + 9] += 5000 * np.exp(-(x**2 + y**2) / 8)
    wcs = moved_wcs(header_wcs(PropertyList(cards(FORMS[name])), "ccd12"), 32 + 1800, 0)
    write(tmp_path / "a.fits", image, wcs)
    (tmp_path / "a.param").write_text("X_IMAGE\nY_IMAGE\nALPHA_J2000\nDELTA_J2000\n")
    (tmp_path / "a.sex").write_text("PARAMETERS_NAME a.param\nFILTER N\nDETECT_THRESH 50\nVERBOSE_TYPE QUIET\n")
    subprocess.run(["source-extractor", "a.fits", "-c", "a.sex"], cwd=tmp_path, check=True, timeout=100)
    found = np.loadtxt(tmp_path / "test.cat", ndmin=2)
    assert len(found) == 4
    assert separation(found[:, 2:], np.asarray(wcs.all_pix2world(found[:, :2], 1))) < PRINTED
