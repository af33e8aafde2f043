"""Which CCD an extension is of: by names first, by position last, the same way for raw frames, masters and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty

from isrcore.camera.megacam import load_geometry, megacam_camera
from isrcore.data.calib_file import describe_calibration
from isrcore.data.calibs import CalibrationFolder, choose_file
from isrcore.data.errors import FrameError, MissingCalibration
from isrcore.data.extensions import Layout, find_sources
from isrcore.data.facts import exposure_facts
from isrcore.data.fits_file import FitsFile, open_fits
from isrcore.data.kinds import Kind, classify
from isrcore.data.masters import read_master
from isrcore.data.raw import open_raw
from isrcore.export import read_exposure, write_exposure
from isrcore.image import Exposure, MaskedImage
from tests.header_files import made_headers, set_card, write_made

ROWS = load_geometry()["ccds"]["rows"]


def ccd_name(number: int) -> str:
    return str(ROWS[f"ccd{number:02d}"]["ccd_name"])


def detsec(number: int) -> str:
    x_low, x_high, y_low, y_high = ROWS[f"ccd{number:02d}"]["detsec"]
    turned = ROWS[f"ccd{number:02d}"]["yaw"] == 180
    return f"[{x_high}:{x_low},{y_high}:{y_low}]" if turned else f"[{x_low}:{x_high},{y_low}:{y_high}]"


def file_of(path: Path, *headers: dict[str, object], primary: dict[str, object] | None = None) -> FitsFile:
    """A file of small images with these cards."""
    hdus: list[fits.PrimaryHDU | fits.ImageHDU] = [fits.PrimaryHDU()]
    hdus[0].header.update(primary or {})
    for cards in headers:
        hdu = fits.ImageHDU(np.zeros((2, 2), np.float32))
        for key, value in cards.items():
            hdu.header[key] = value
        hdus.append(hdu)
    fits.HDUList(hdus).writeto(path)
    return FitsFile(path)


def found(file: FitsFile) -> dict[int, int]:
    """HDU by CCD."""
    return {number: source.hdus[0].index for number, source in find_sources(file).found.items()}


@pytest.mark.parametrize(
    "cards",
    [
        {"CCDNAME": ccd_name(12), "EXTVER": 13},
        {"CCDNAME": ccd_name(12), "EXTNAME": "SCI", "EXTVER": 1},
        {"CCDNAME": ccd_name(12), "DETSEC": "[0:0,0:0]", "EXTVER": 1},
        {"EXTNAME": "ccd12"},
        {"EXTNAME": "CCD12", "EXTVER": 1},
        {"EXTNAME": "ccd12", "EXTVER": 13},
        {"DETSEC": detsec(12)},
        {"DETSEC": detsec(12), "EXTVER": 13, "EXTNAME": "COMPRESSED_IMAGE"},
        {"EXTVER": 12},
        {"EXTVER": 12, "EXTNAME": "COMPRESSED_IMAGE"},
    ],
)
def test_names_come_before_numbers(cards: dict[str, object], tmp_path: Path) -> None:
    assert found(file_of(tmp_path / "a.fits", cards)) == {12: 1}


def test_position_tells_nameless_images_only(tmp_path: Path) -> None:
    assert found(file_of(tmp_path / "a.fits", {}, {"EXTNAME": "COMPRESSED_IMAGE"})) == {0: 1, 1: 2}
    assert found(file_of(tmp_path / "b.fits", {}, {"EXTNAME": "OTHER"})) == {0: 1}


@pytest.mark.parametrize("name", ["WEIGHT", "MASK", "UNCERT", "PREVIEW", "ccd01_weight", "Mask.2", "VARIANCE"])
def test_planes_are_no_ccds(name: str, tmp_path: Path) -> None:
    plane = {"EXTNAME": name, "EXTVER": 1, "CCDNAME": ccd_name(3), "DETSEC": detsec(3)}
    assert found(file_of(tmp_path / "a.fits", {"EXTNAME": "ccd00"}, plane)) == {0: 1}


def test_planes_by_their_type_are_no_ccds(tmp_path: Path) -> None:
    cards = {"EXTNAME": "COMPRESSED_IMAGE", "CCDNAME": ccd_name(0)}
    planes = [cards | {"EXTTYPE": "MASK"}, cards | {"EXTTYPE": "IMAGE"}]
    assert found(file_of(tmp_path / "a.fits", *planes)) == {0: 2}


def test_position_is_not_used_where_others_are_out_of_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert found(file_of(tmp_path / "a.fits", {"EXTNAME": "ccd12"}, {})) == {12: 1}
    assert "HDU 2: cannot tell which CCD this is" in caplog.text


def test_position_is_not_used_where_extensions_are_lost(tmp_path: Path) -> None:
    assert found(file_of(tmp_path / "a.fits", {}, primary={"NEXTEND": 36})) == {}


def test_the_stronger_of_two_claims_to_one_ccd_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert found(file_of(tmp_path / "a.fits", {"EXTVER": 5}, {"EXTNAME": "ccd05"})) == {5: 2}
    assert "HDU 2 (ccd05) and 1 are the same CCD; 2 (ccd05) counts" in caplog.text


def test_two_names_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    file = file_of(tmp_path / "a.fits", {"EXTNAME": "ccd12", "CCDNAME": ccd_name(13)}, {"EXTNAME": "ccd14"})
    sources = find_sources(file)
    assert list(sources.found) == [14]
    assert set(sources.problems) == {12, 13}
    text = str(sources.problems[12])
    assert "a.fits, HDU 1 (ccd12)" in text
    assert "CCDNAME says ccd13, EXTNAME says ccd12" in text


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ({"CCDNAME": ccd_name(12), "DETSEC": detsec(13)}, "CCDNAME says ccd12, DETSEC says ccd13"),
        ({"CCDNAME": ccd_name(12), "EXTVER": 13}, "CCDNAME says ccd12, EXTVER says ccd13"),
        ({"EXTNAME": "ccd12", "EXTVER": 13}, "EXTNAME says ccd12, EXTVER says ccd13"),
    ],
)
def test_weak_contradictions_are_said_with_both_names(
    cards: dict[str, object], words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(file_of(tmp_path / "a.fits", cards)) == {12: 1}
    assert words in caplog.text


def test_versions_counted_from_one_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert found(file_of(tmp_path / "a.fits", {"EXTVER": 1}, {"EXTVER": 2})) == {1: 1, 2: 2}
    assert "EXTVER says ccd01, its position ccd00" in caplog.text


def test_amplifiers_by_each_of_their_names(tmp_path: Path) -> None:
    """Amplifiers of ccd00, which is turned: B has the lower columns of the mosaic and the first extension."""
    x_low, x_high, y_low, y_high = ROWS["ccd00"]["detsec"]
    halves = (f"[{x_low}:{x_low + 1023},{y_high}:{y_low}]", f"[{x_high}:{x_low + 1024},{y_high}:{y_low}]")
    forms = [
        [{"CCDNAME": ccd_name(0), "AMPNAME": name, "EXTVER": 7} for name in ("00b", "00a")],
        [{"EXTNAME": name} for name in ("amp00", "amp01")],
        [{"DETSEC": half} for half in halves],
        [{"CCDNAME": ccd_name(0), "DETSEC": half} for half in halves],
    ]
    for number, (b, a) in enumerate(forms):
        path = tmp_path / f"{number}.fits"
        hdus = [fits.PrimaryHDU(), *(fits.ImageHDU(np.zeros((4644, 1056), np.uint8)) for _ in "ab")]
        hdus[1].header.update(a)
        hdus[2].header.update(b)
        fits.HDUList(hdus).writeto(path)
        sources = find_sources(FitsFile(path))
        assert sources.layout is Layout.AMPLIFIERS
        assert [hdu.index for hdu in sources.found[0].hdus] == [1, 2]


def write_flat(path: Path, cards: dict[str, object]) -> None:
    """A flat as ``CCDData.write`` makes it: pixels in the primary, MASK and UNCERT behind."""
    pixels = np.ones((4612, 2048), np.float32)
    header = {"OBSTYPE": "FLAT", "INSTRUME": "MegaPrime", "FILTER": "i.MP9702", "CRUNID": "10Bm03"} | cards
    error = StdDevUncertainty(pixels * 0.01)
    flat = CCDData(pixels, unit=units.adu, uncertainty=error, mask=pixels < 0, meta=fits.Header(header))
    flat.write(path)


@pytest.mark.parametrize("cards", [{"CCDNAME": ccd_name(12)}, {"EXTNAME": "ccd12"}])
def test_a_flat_from_ccddata_serves_its_own_ccd_only(cards: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "flat.fits"
    write_flat(path, cards)
    described = describe_calibration(path)
    assert described is not None
    assert (described.kind, described.detectors) == ("flat", (12,))
    assert (read_master(path, 12).image == 1).all()
    with pytest.raises(FrameError, match="has no ccd00"):
        choose_file("flat", path, 0)
    frame = exposure_facts([open_fits(path).hdus[0].header])
    with pytest.raises(MissingCalibration):
        CalibrationFolder(tmp_path).choose("flat", frame, 0)
    assert CalibrationFolder(tmp_path).choose("flat", frame, 12).path == path


def test_a_flat_that_does_not_say_its_ccd_serves_none(tmp_path: Path) -> None:
    path = tmp_path / "flat.fits"
    write_flat(path, {})
    described = describe_calibration(path)
    assert described is not None
    assert described.detectors == ()


def test_a_preview_does_not_make_a_master_raw(tmp_path: Path) -> None:
    path = tmp_path / "flat.fits"
    primary = fits.PrimaryHDU()
    primary.header.update({"OBSTYPE": "FLAT", "INSTRUME": "MegaPrime"})
    pixels = fits.ImageHDU(np.ones((2, 2), np.float32), name="ccd03")
    fits.HDUList([primary, pixels, fits.ImageHDU(np.zeros((2, 2), np.uint16), name="PREVIEW")]).writeto(path)
    assert classify(FitsFile(path).hdus) is Kind.FLAT


def test_a_raw_frame_with_a_contradiction(tmp_path: Path) -> None:
    path, headers = tmp_path / "1o.fits", made_headers((12, 13))
    set_card(headers[1], "CCDNAME", f"'{ccd_name(14)}'")
    write_made(path, headers)
    frame = open_raw(path)
    assert frame.detectors == [13]
    with pytest.raises(FrameError, match="CCDNAME says ccd14, EXTNAME says ccd12"):
        frame.read(12)


def test_an_exposure_with_a_contradiction(tmp_path: Path) -> None:
    detector = megacam_camera()["ccd12"]
    exposure = Exposure(MaskedImage.zeros(detector.bbox), detector=detector)
    exposure.metadata.set("CCDNAME", ccd_name(13))
    path = write_exposure(exposure, tmp_path / "a.fits")
    with pytest.raises(FrameError, match="DETNAME says ccd12, CCDNAME says ccd13"):
        read_exposure(path)


def test_a_picture_as_the_primary_image_is_no_ccd(tmp_path: Path) -> None:
    """The CCDs behind it are extensions."""
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(np.zeros((2, 2), np.uint8)), fits.ImageHDU(np.zeros((2, 2)), name="ccd07")]).writeto(
        path
    )
    sources = find_sources(FitsFile(path))
    assert (list(sources.found), sources.layout) == ([7], Layout.CCDS)
