"""Raw frames: layouts, names, partial files, containers."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import isrcore
from isrcore.data.errors import FrameError
from isrcore.data.extensions import Layout
from isrcore.data.raw import open_raw
from isrcore.geom import Box
from tests.header_files import made_headers, set_card, write_made


@pytest.mark.parametrize("bytepix", [None, 2, 4])
def test_pixels_of_every_compression(bytepix: int | None, tmp_path: Path) -> None:
    file = write_made(tmp_path / "1000001o.fits", made_headers((3, 20), bytepix=bytepix), bytepix=bytepix)
    frame = open_raw(file.path)
    assert frame.detectors == [3, 20]
    for hdu, detector in ((1, 3), (2, 20)):
        image = frame.read(detector).image
        assert image.dtype == np.uint16
        assert np.array_equal(image, file.raw(hdu))
        assert image.max() == 65535
        assert image.min() == 0


@pytest.mark.parametrize("bytepix", [None, 2])
def test_gzip_compressed_as_a_whole(bytepix: int | None, tmp_path: Path) -> None:
    plain = write_made(tmp_path / "plain.fits", made_headers((3,), bytepix=bytepix), bytepix=bytepix)
    packed = tmp_path / "1000001o.fits.gz"
    packed.write_bytes(gzip.compress(plain.path.read_bytes(), 1))
    frame = open_raw(packed)
    assert np.array_equal(frame.read(3).image, plain.raw(1))
    assert frame.read("ccd03").detector is not None


def test_gzip_in_several_members(tmp_path: Path) -> None:
    """As made by parallel packers and by appending: each extension can be reached, again and in any order."""
    plain = write_made(tmp_path / "plain.fits", made_headers((3, 4), bytepix=2), bytepix=2)
    content = plain.path.read_bytes()
    parts = [content[start : start + 100_001] for start in range(0, len(content), 100_001)]
    packed = tmp_path / "1000001o.fits.gz"
    packed.write_bytes(b"".join(gzip.compress(part, 1) for part in parts) + bytes(100))
    frame = open_raw(packed)
    for detector in (4, 3, 4):
        assert np.array_equal(frame.read(detector).image, plain.raw(detector - 2))


def test_the_exposure_carries_everything(tmp_path: Path) -> None:
    headers = made_headers((12,), changes={"QID": "55700500000000068888", "CCD": "'Marconi/EEV CCD42-90'"})
    exposure = open_raw(write_made(tmp_path / "f.fits", headers).path).read(12)
    assert exposure.bbox == Box(0, 0, 2112, 4644)
    assert exposure.metadata["QID"] == "55700500000000068888"
    assert exposure.metadata["CCD"] == "Marconi/EEV CCD42-90"
    assert exposure.metadata["EXTNAME"] == "ccd12"
    assert exposure.metadata["NEXTEND"] == 1
    assert "BZERO" not in exposure.metadata
    assert "NAXIS1" not in exposure.metadata
    assert exposure.detector is not None
    assert (exposure.detector["A"].gain, exposure.detector["B"].gain) == (1.5, 1.6)
    assert exposure.filter_label is not None
    assert exposure.filter_label.physical == "i.MP9702"
    assert exposure.visit_info is not None
    assert exposure.visit_info.exposure_id == 1000001
    assert exposure.visit_info.dark_time == 30.0
    assert exposure.wcs is None
    assert not exposure.variance.any()


def test_a_preview_is_completed_with_the_same_pixels(tmp_path: Path) -> None:
    made = made_headers((12,), changes={"RADECSYS": "'FK5'", "RA_DEG": "36.1", "DEC_DEG": "-4.5"})
    frame = open_raw(write_made(tmp_path / "f.fits", made).path)
    preview = frame.preview(12)
    assert (preview.wcs, preview.filter_label, preview.visit_info) == (None, None, None)
    whole, read = frame.complete(preview), frame.read(12)
    assert whole.masked_image is preview.masked_image
    assert np.array_equal(whole.image, read.image)
    assert whole.metadata == read.metadata
    assert whole.wcs is not None
    assert whole.detector == preview.detector
    assert (whole.filter_label, whole.visit_info) == (read.filter_label, read.visit_info)


def test_flavour_decides_the_sections(tmp_path: Path) -> None:
    frame = open_raw(write_made(tmp_path / "f.fits", made_headers((12,))).path)
    heights = {}
    for flavour in ("cfht", "obs_cfht"):
        detector = frame.read(12, flavour=flavour).detector
        assert detector is not None
        heights[flavour] = detector["A"].raw_horizontal_overscan_bbox.height
    assert heights == {"cfht": 4644, "obs_cfht": 4613}


def test_reads_do_not_share_pixels(tmp_path: Path) -> None:
    frame = open_raw(write_made(tmp_path / "f.fits", made_headers((12,))).path)
    first = frame.read(12)
    first.image[:] = 0
    first.metadata.set("FILTER", "changed")
    second = frame.read(12)
    assert second.image.any()
    assert second.metadata["FILTER"] == "i.MP9702"


def test_extension_without_name_goes_by_extver(tmp_path: Path) -> None:
    headers = [made_headers((7, 30))[0]]
    headers += [[card for card in cards if not card.startswith("EXTNAME")] for cards in made_headers((7, 30))[1:]]
    assert open_raw(write_made(tmp_path / "f.fits", headers).path).detectors == [7, 30]


def test_extension_without_name_and_version_goes_by_the_chip(tmp_path: Path) -> None:
    headers = made_headers((7,), changes={"CCDNAME": "'7432-19-3'"})
    headers[1] = [card for card in headers[1] if not card.startswith(("EXTNAME", "EXTVER"))]
    assert open_raw(write_made(tmp_path / "f.fits", headers).path).detectors == [17]


def test_extension_without_any_name_goes_by_position(tmp_path: Path) -> None:
    headers = made_headers((7, 8))
    headers[1:] = [[card for card in cards if not card.startswith("EXT")] for cards in headers[1:]]
    assert open_raw(write_made(tmp_path / "f.fits", headers).path).detectors == [0, 1]


def test_extensions_in_any_order(tmp_path: Path) -> None:
    file = write_made(tmp_path / "f.fits", made_headers((30, 7)))
    frame = open_raw(file.path)
    assert frame.detectors == [7, 30]
    assert np.array_equal(frame.read(30).image, file.raw(1))


def test_names_in_capitals_as_astropy_writes_them(tmp_path: Path) -> None:
    headers = made_headers((7,))
    set_card(headers[1], "EXTNAME", "'CCD30   '")
    assert open_raw(write_made(tmp_path / "f.fits", headers).path).detectors == [30]


def test_the_first_of_two_equal_extensions_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write_made(tmp_path / "f.fits", made_headers((7, 7)))
    frame = open_raw(file.path)
    assert np.array_equal(frame.read(7).image, file.raw(1))
    assert "the same CCD" in caplog.text


def test_one_ccd_as_primary_image(tmp_path: Path) -> None:
    cards = made_headers((12,))[1]
    cards[0] = "SIMPLE  =                    T".ljust(80)
    pool = write_made(tmp_path / "pool.fits", made_headers((12,)))
    header = "".join(cards).encode()
    data = pool.stored(0).astype(">i2").tobytes()
    path = tmp_path / "ccd12.fits"
    path.write_bytes(header.ljust(-(-len(header) // 2880) * 2880) + data.ljust(-(-len(data) // 2880) * 2880, b"\0"))
    frame = open_raw(path)
    assert frame.layout is Layout.SINGLE
    assert frame.detectors == [12]
    assert np.array_equal(frame.read(12).image, pool.raw(0))


def test_partial_file_knows_what_it_lacks(tmp_path: Path) -> None:
    frame = open_raw(write_made(tmp_path / "f.fits", made_headers((7, 30))).path)
    assert frame.expected_detectors == 36
    assert len(frame.detectors) == 2


def test_identity_changes_with_the_file(tmp_path: Path) -> None:
    path = write_made(tmp_path / "f.fits", made_headers((7,))).path
    identity = open_raw(path).identity
    assert identity == open_raw(path).identity
    write_made(path, made_headers((7, 8)))
    assert identity != open_raw(path).identity


def test_errors_travel_between_processes() -> None:
    error = FrameError("f.fits", "wrong", hdu="3 (ccd02)", keyword="NAXIS1", expected=1, found=2, cure="mend it")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert (copy.keyword, copy.found, copy.path) == ("NAXIS1", 2, Path("f.fits"))
    assert str(error) == "f.fits, HDU 3 (ccd02): wrong (keyword NAXIS1, expected 1, found 2); mend it"


def test_package_offers_open_raw() -> None:
    assert isrcore.open_raw is open_raw
    assert "open_raw" in dir(isrcore)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        isrcore.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import isrcore", ("PySide6", "pyqtgraph", "lsst", "astropy", "scipy", "numpy")),
        ("import isrcore; isrcore.open_raw", ("PySide6", "pyqtgraph", "lsst", "astropy", "scipy", "isrcore.steps")),
    ],
)
def test_imports_stay_light(statement: str, forbidden: tuple[str, ...]) -> None:
    code = f"{statement}\nimport sys\nprint([m for m in {forbidden!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
