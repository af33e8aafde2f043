"""Every real header dump as a file: recognised for what it is, read back with the right detectors, pixels and facts."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from isrcore.camera.megacam import load_geometry
from isrcore.data.calib_file import describe_calibration
from isrcore.data.errors import NotARawFrame
from isrcore.data.extensions import Layout
from isrcore.data.fits_file import STRUCTURE
from isrcore.data.kinds import Kind
from isrcore.data.masters import read_mask_boxes, read_master
from isrcore.data.raw import RawFrame, open_raw
from isrcore.geom import parse_fits_section
from isrcore.image import MaskedImage
from tests.header_files import DUMPS, RAW_DUMPS, HeaderFile, build, card_value, dump_headers, dump_index

KINDS = {
    "979412p": Kind.PROCESSED,
    "1927963p": Kind.PROCESSED,
    "2452990p": Kind.PROCESSED,
    "02AE10.bias.0.36.00": Kind.BIAS,
    "03Am02.dark.1800.36.00": Kind.DARK,
    "07Bm06.flat.z.36.02": Kind.FLAT,
    "03Am05.fringe.z.36.00": Kind.FRINGE,
    "19BMfr.fringe.gri.40.00": Kind.FRINGE,
    "19Bm03.bias.0.40.00": Kind.BIAS,
    "02Bm05.scatter.g.36.00": Kind.SCATTER,
    "2004B.mask.0.36.01": Kind.MASK,
    "2003A.frpts.z.36.00": Kind.FRINGE_POINTS,
}
MASTERS = [name for name, kind in KINDS.items() if kind in (Kind.BIAS, Kind.DARK, Kind.FLAT, Kind.FRINGE)]


def test_every_dump_is_tested() -> None:
    assert len(DUMPS) == 27
    assert set(RAW_DUMPS) | set(KINDS) == set(DUMPS)


@pytest.fixture
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, HeaderFile, RawFrame]:
    name = request.param
    index = dump_index(name)
    # The pixels of these HDUs are compared: the first, one in the middle and the last CCD.
    last = index["n_ext"]
    written = (1, 2, 11, 12, last - 1, last)
    file = build(name, tmp_path / f"{name}.fits{'.fz' if index['rice'] else ''}", written=written)
    return name, file, open_raw(file.path)


@pytest.mark.parametrize("raw", RAW_DUMPS, indirect=True)
def test_raw_frame(raw: tuple[str, HeaderFile, RawFrame]) -> None:
    name, file, frame = raw
    index = dump_index(name)
    amplifiers = index["ext_kind"] == "amp"
    count = index["n_ext"] // 2 if amplifiers else index["n_ext"]

    assert frame.kind is Kind.RAW
    assert frame.instrument == "MegaPrime"
    assert frame.layout is (Layout.AMPLIFIERS if amplifiers else Layout.CCDS)
    assert frame.detectors == list(range(count))
    assert frame.expected_detectors == count
    assert not frame.problems
    assert frame.damage is None
    assert len(frame.headers) == index["n_ext"] + 1

    facts = frame.exposure
    assert facts.obs_type == index["type"]
    assert facts.exposure_id == int(name[:-1])
    assert facts.exposure_time == pytest.approx(index["exptime"])
    assert facts.filter == (None if index["filter"] == "NONE" else index["filter"])
    assert facts.run_id == (index["runid"] or None)
    assert facts.camera_run == index["crunid"]
    assert (facts.date_begin.isot[:10] if facts.date_begin is not None else None) == index["date_obs"]

    for detector in (0, 5 if amplifiers else 10, count - 1):
        check_exposure(name, file, frame, detector)


def check_exposure(name: str, file: HeaderFile, frame: RawFrame, detector: int) -> None:
    exposure = frame.read(detector)
    assert exposure.image.dtype == np.uint16
    assert exposure.image.shape == (4644, 2112)
    assert not exposure.mask.array.any()
    chip = exposure.detector
    assert chip is not None
    assert (chip.id, chip.name) == (detector, f"ccd{detector:02d}")
    if frame.layout is Layout.AMPLIFIERS:
        check_spliced(file, exposure.image, detector)
        hdus = dict(zip("AB", amplifier_hdus(detector), strict=True))
        headers = {amp: dump_headers(name)[hdu] for amp, hdu in hdus.items()}
        gains = {amp: card_value(cards, "GAIN") for amp, cards in headers.items()}
    else:
        assert np.array_equal(exposure.image, file.raw(detector + 1))
        header = dump_headers(name)[detector + 1]
        headers = {"A": header, "B": header}
        gains = {amp: card_value(header, f"GAIN{amp}") for amp in "AB"}
        for amp in chip:
            assert amp.raw_data_bbox == section(header, f"DSEC{amp.name}")
            assert amp.raw_horizontal_overscan_bbox == section(header, f"BSEC{amp.name}")
            assert amp.bbox == section(header, f"CSEC{amp.name}")
    for amp in chip:
        assert amp.gain == float(gains[amp.name] or math.nan)
        assert card_value(headers[amp.name], "CCDNAME") == load_geometry()["ccds"]["rows"][chip.name]["ccd_name"]

    metadata = exposure.metadata
    assert metadata["EXTNAME"] == chip.name
    for cards in (dump_headers(name)[0], headers["A"]):
        keys = {card[:8].rstrip() for card in cards}
        missing = {key for key in keys if key and not STRUCTURE.fullmatch(key)} - set(metadata.names())
        assert not missing
    visit = exposure.visit_info
    assert visit is not None
    assert visit.exposure_time == frame.exposure.exposure_time
    assert visit.exposure_id == frame.exposure.exposure_id


def section(cards: list[str], key: str) -> object:
    return parse_fits_section(card_value(cards, key) or "")


def amplifier_hdus(detector: int) -> tuple[int, int]:
    """HDUs of amplifier A and B: the headers' layout says "ba" for the two north rows and "ab" for the south rows."""
    first, second = 2 * detector + 1, 2 * detector + 2
    north = detector < 18 or detector in (36, 37)
    return (second, first) if north else (first, second)


def check_spliced(file: HeaderFile, image: np.ndarray, detector: int) -> None:
    a, b = (file.raw(hdu) for hdu in amplifier_hdus(detector))
    assert np.array_equal(image[:, 32:1056], a[:, :1024])
    assert np.array_equal(image[:, :32], a[:, 1024:])
    assert np.array_equal(image[:, 1056:2080], b[:, 1023::-1])
    assert np.array_equal(np.sort(image[:, 2080:], axis=1), np.sort(b[:, 1024:], axis=1))


@pytest.mark.parametrize("name", KINDS)
def test_products_are_not_taken_for_raw_frames(name: str, tmp_path: Path) -> None:
    file = build(name, tmp_path / "renamed.fits", keep=(1, 2))
    with pytest.raises(NotARawFrame) as caught:
        open_raw(file.path)
    assert caught.value.kind is KINDS[name]
    assert str(KINDS[name]) in str(caught.value)
    assert "renamed.fits" in str(caught.value)


@pytest.mark.parametrize("name", MASTERS)
def test_masters_are_scaled_and_trimmed(name: str, tmp_path: Path) -> None:
    last = dump_index(name)["n_ext"]
    file = build(name, tmp_path / f"{name}.fits.fz")
    described = describe_calibration(file.path)
    assert described is not None
    assert described.detectors == tuple(range(last))
    assert described.version == name[-2:]
    for detector in (0, last - 1):
        cards = dump_headers(name)[detector + 1]
        scale, zero = float(card_value(cards, "BSCALE") or 0), float(card_value(cards, "BZERO") or 0)
        expected = (file.stored(detector + 1)[:4612, 32:2080] * scale + zero).astype(np.float32)
        exposure = read_master(file.path, detector)
        assert exposure.image.dtype == np.float32
        assert np.array_equal(exposure.image, expected)
        assert not exposure.variance.any()
        assert exposure.detector is not None
        assert exposure.detector.id == detector


def test_mask_regions_are_the_header_rectangles(tmp_path: Path) -> None:
    name = "2004B.mask.0.36.01"
    file = build(name, tmp_path / f"{name}.fits.fz")
    for detector in (0, 7):
        expected = np.zeros((4644, 2112), bool)
        for card in dump_headers(name)[detector + 1]:
            match = re.match(r"MASK_\d+ *= '\[(\d+):(\d+),(\d+):(\d+)\]'", card)
            if match:
                x1, y1, x2, y2 = (int(group) for group in match.groups())
                expected[y1 - 1 : y2, x1 - 1 : x2] = True
        frame = MaskedImage(np.zeros((4612, 2048), np.float32))
        for box in read_mask_boxes(file.path, detector):
            frame.mask.set_box(box, "BAD")
        assert np.array_equal(frame.mask.has("BAD"), expected[:4612, 32:2080])


@pytest.mark.parametrize("name", ["2463796o", "1000003f"])
def test_pixels_agree_with_astropy(name: str, tmp_path: Path) -> None:
    """The files that the builder writes are what it says: another reader sees the same pixels."""
    file = build(name, tmp_path / f"{name}.fits.fz", keep=(1, 2, 3))
    with fits.open(file.path) as hdus:
        for hdu in (1, 3):
            assert np.array_equal(hdus[hdu].data, file.raw(hdu))
            assert np.array_equal(open_raw(file.path).read(hdu - 1).image, hdus[hdu].data)
