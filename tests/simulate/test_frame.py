"""Simulated files: same recipe same bytes, real headers, all compressions, sizes as in the archive."""

from __future__ import annotations

import lzma
import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from isrcore.camera.megacam import load_geometry
from isrcore.data.raw import NotARawFrame, open_raw
from isrcore.simulate import SimulationRecipe, Truth, simulate_calibrations, simulate_ccd, simulate_raw
from isrcore.simulate.fitsfile import Extension, write_fits
from isrcore.simulate.header import exposure_values
from tests.shared_data import shared_path

RICE_STRUCTURE = 21
"""Cards of a Rice extension before the first that the camera wrote, BYTEPIX included."""


def real_cards(name: str, hdu: int) -> list[str]:
    """Cards of one HDU of a real header dump, without reserved space."""
    text = lzma.decompress(shared_path("megacam", "headers", f"{name}.hdr.txt.xz").read_bytes()).decode("latin-1")
    part = text.split(f"@HDU {hdu}\n")[1].split("@HDU")[0]
    cards = [line for line in part.splitlines() if line.strip() and line.strip() != "END"]
    return [line.ljust(80) for line in cards if "Reserved space" not in line]


def raw_headers(path: Path) -> list[list[str]]:
    """Cards of all HDUs as they stand in the file."""
    content = path.read_bytes()
    headers = []
    with fits.open(path, disable_image_compression=True) as hdus:
        for hdu in hdus:
            place = hdu.fileinfo()
            block = content[place["hdrLoc"] : place["datLoc"]].decode("ascii")
            cards = [block[at : at + 80] for at in range(0, len(block), 80)]
            headers.append(cards[: cards.index("END".ljust(80))])
    return headers


@pytest.fixture(scope="module")
def frame36(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frame") / "1257365o.fits.fz"
    recipe = SimulationRecipe(detectors=(12, 20))
    started = time.perf_counter()
    simulate_raw(recipe.replace(detectors=(12,)), path)
    middle = time.perf_counter()
    simulate_calibrations(recipe.replace(detectors=(12,)), path.parent / "calib")
    print(f"\none CCD: raw {middle - started:.2f} s, calibrations {time.perf_counter() - middle:.2f} s")
    simulate_raw(recipe, path)
    return path


def test_equal_recipes_give_equal_bytes(tmp_path: Path) -> None:
    recipe = SimulationRecipe(others="absent")
    files = [tmp_path / name / "x.fits.fz" for name in ("a", "b", "c")]
    for path in files:
        path.parent.mkdir()
    truths = [simulate_raw(recipe, files[0]), simulate_raw(recipe, files[1])]
    simulate_raw(recipe.replace(seed=2), files[2])
    for index, truth in enumerate(truths):
        truth.save(tmp_path / f"{index}.npz")
    masters = [simulate_calibrations(recipe, tmp_path / name / "calib") for name in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes() != files[2].read_bytes()
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "1.npz").read_bytes()
    assert sorted(masters[0]) == ["bias", "dark", "flat", "fringe", "mask"]
    for kind in masters[0]:
        assert masters[0][kind].read_bytes() == masters[1][kind].read_bytes(), kind


def test_a_ccd_does_not_depend_on_the_others(frame36: Path) -> None:
    alone, _ = simulate_ccd(SimulationRecipe(detectors=(20,)), 20)
    with fits.open(frame36) as hdus:
        assert len(hdus) == 37
        np.testing.assert_array_equal(hdus[21].data, alone)


def test_other_ccds_are_flat_placeholders(frame36: Path) -> None:
    with fits.open(frame36) as hdus:
        pixels, header = hdus[1].data, hdus[1].header
    assert len(np.unique(pixels[:, :1056])) == len(np.unique(pixels[:, 1056:])) == 1
    assert pixels[0, 0] == 1275
    assert pixels[0, -1] == 1222
    assert any("placeholder" in str(line) for line in header["HISTORY"])


@pytest.mark.parametrize(
    ("name", "n_ccd", "obs_type"),
    [("1257365o", 36, "OBJECT"), ("2463796o", 40, "OBJECT"), ("2463854b", 40, "BIAS"), ("2463857d", 40, "DARK")],
)
def test_keywords_stand_where_real_headers_have_them(tmp_path: Path, name: str, n_ccd: int, obs_type: str) -> None:
    path = tmp_path / "x.fits.fz"
    simulate_raw(SimulationRecipe(n_ccd=n_ccd, obs_type=obs_type, detectors=(12,), others="absent", stars=False), path)
    primary, extension = raw_headers(path)

    def keywords(cards: list[str]) -> list[str]:
        # Queue labels come and go with the kind of queue entry, even between real frames of one night.
        labels = ("QOFFID", "QICLABEL", "QOGLABEL", "QOBLABEL")
        return [card[:8].strip() for card in cards if card[:8].strip() not in labels]

    assert keywords(primary)[:-1] == keywords(real_cards(name, 0))
    assert keywords(extension)[:-1] == keywords(real_cards(name, 13))


@pytest.mark.parametrize(("name", "n_ccd"), [("1257365o", 36), ("2463796o", 40)])
def test_chip_cards_are_those_of_real_headers(tmp_path: Path, name: str, n_ccd: int) -> None:
    path = tmp_path / "x.fits.fz"
    simulate_raw(SimulationRecipe(n_ccd=n_ccd, stars=False, cosmic_rays=False, fringe=False), path)
    keys = (
        "EXTNAME",
        "EXTVER",
        "AMPNAME",
        "CCDNAME",
        "CCDNICK",
        "GAIN",
        "RDNOISEA",
        "RDNOISEB",
        "DARKCUR",
        "CRPIX",
        "CD1_",
        "CD2_",
    )
    sections = ("DETSEC", "DATASEC", "BIASSEC", "ASEC", "BSEC", "CSEC", "DSEC", "TSEC", "BZERO", "BSCALE", "MAXLIN")
    for hdu, cards in enumerate(raw_headers(path)[1:], start=1):
        made = [card for card in cards if card.startswith(keys + sections)]
        real = [card for card in real_cards(name, hdu) if card.startswith(keys + sections)]
        assert made == real, f"extension {hdu}"


def test_clock_and_pointing_agree(frame36: Path) -> None:
    header = fits.getheader(frame36, 13)
    assert header["MJD-OBS"] == pytest.approx(55503.3541667, abs=1e-6)
    assert header["UTC-OBS"] == "8:30:00.00"
    assert header["DATE-OBS"] == "2010-11-03"
    assert 0.03 <= header["EXPTIME"] - header["EXPREQ"] <= 0.2
    assert (header["MJDEND"] - header["MJD-OBS"]) * 86400 == pytest.approx(header["EXPTIME"] + 47.9, abs=0.02)
    assert header["AIRMASS"] * np.sin(np.radians(header["TELALT"])) == pytest.approx(1.0, abs=1e-3)


def test_sidereal_time_is_that_of_a_real_header() -> None:
    # 1257365o: UTC-OBS 4:37:54.31, LST-OBS 21:05:22.41.
    values = exposure_values(SimulationRecipe(date="2010-11-03T04:37:54.310"))
    assert values["utc_obs"] == "4:37:54.31"
    assert values["mjd_obs"] == pytest.approx(55503.1929897, abs=1e-7)
    hours, minutes, seconds = (float(part) for part in values["lst_obs"].split(":"))
    assert 3600 * hours + 60 * minutes + seconds == pytest.approx(21 * 3600 + 5 * 60 + 22.41, abs=1.0)


@pytest.mark.parametrize(
    ("compression", "suffix"), [("rice2", ".fits.fz"), ("rice4", ".fits.fz"), ("none", ".fits"), ("gzip", ".fits.gz")]
)
def test_pixels_survive_every_compression(tmp_path: Path, compression: str, suffix: str) -> None:
    recipe = SimulationRecipe(detectors=(3,), others="absent", compression=compression)  # type: ignore[arg-type]
    path = tmp_path / f"x{suffix}"
    simulate_raw(recipe, path)
    expected, truth = simulate_ccd(recipe, 3)
    with fits.open(path) as hdus:
        assert hdus[0].header["NEXTEND"] == 1
        assert hdus[1].data.dtype == np.uint16
        np.testing.assert_array_equal(hdus[1].data, expected)
        assert hdus[1].header["EXTVER"] == 3
    frame = open_raw(path)
    exposure = frame.read(3)
    np.testing.assert_array_equal(exposure.image, expected)
    assert exposure.filter_label.physical == recipe.filter
    assert exposure.detector["B"].gain == load_geometry()["gain"]["rows"]["ccd03"]["B"] != truth.gains[1]


def test_masters_are_not_taken_for_raw_frames(frame36: Path) -> None:
    for path in (frame36.parent / "calib").iterdir():
        with pytest.raises(NotARawFrame):
            open_raw(path)


def test_old_rice_files_have_no_bytepix_and_two_names(tmp_path: Path) -> None:
    path = tmp_path / "x.fits.fz"
    simulate_raw(SimulationRecipe(others="absent", compression="rice4"), path)
    cards = raw_headers(path)[1]
    assert [card[11:30].strip(" '") for card in cards if card.startswith("EXTNAME")] == ["COMPRESSED_IMAGE", "ccd12"]
    assert not [card for card in cards if card.startswith(("ZNAME2", "ZVAL2"))]
    assert raw_headers(path)[1][RICE_STRUCTURE - 1].startswith("ZVAL1")


REAL_SIZES = {
    "BIAS": ("2463854b", {"n_ccd": 40, "obs_type": "BIAS"}),
    "DARK": ("2463857d", {"n_ccd": 40, "obs_type": "DARK", "exposure_time": 1000.0}),
    "r 30 s": ("2463796o", {"n_ccd": 40, "filter": "r.MP9602"}),
    "i 20 s at dusk": ("1257365o", {"filter": "i.MP9702", "exposure_time": 20.0, "sky_level": 225.0}),
    "gri 60 s": ("1927963o", {"n_ccd": 40, "filter": "gri.MP9605", "exposure_time": 60.0}),
    "gri flat": ("1927963f", {"n_ccd": 40, "filter": "gri.MP9605", "obs_type": "FLAT", "exposure_time": 2.0}),
}


@pytest.mark.parametrize("kind", REAL_SIZES)
def test_compressed_size_is_that_of_real_frames(tmp_path: Path, kind: str) -> None:
    name, fields = REAL_SIZES[kind]
    detectors = (8, 12, 17)
    path = tmp_path / "x.fits.fz"
    simulate_raw(SimulationRecipe(detectors=detectors, others="absent", **fields), path)
    with fits.open(path, disable_image_compression=True) as hdus:
        made = [hdu.header["PCOUNT"] for hdu in hdus[1:]]
    for detector, size in zip(detectors, made, strict=True):
        real = next(int(card[10:30]) for card in real_cards(name, detector + 1) if card.startswith("PCOUNT"))
        # 4 per cent in size is a sixth of a bit per pixel, 12 per cent in noise.
        assert size == pytest.approx(real, rel=0.04), f"{kind} ccd{detector:02d}"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.fits"
    path.write_bytes(b"old")

    def broken() -> object:
        yield Extension("ccd00", [], np.zeros((4644, 2112), dtype=np.int16), 4644)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_fits(path, [], broken(), "none")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["x.fits"]


def test_a_name_must_fit_the_compression(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs a name that ends in \.fits\.fz"):
        simulate_raw(SimulationRecipe(), tmp_path / "x.fits")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"filter": "r"}, "filter must be one of u.MP9301"),
        ({"n_ccd": 37}, "n_ccd must be 36 or 40, found 37"),
        ({"detectors": (36,)}, "detectors must be different CCD numbers from 0 to 35"),
        ({"detectors": ()}, "detectors must be"),
        ({"exposure_time": -1.0}, "exposure_time must be zero or positive"),
        ({"obs_type": "LED"}, "obs_type must be one of OBJECT"),
        ({"date": "yesterday"}, "date must be an ISO date"),
        ({"dead_amplifiers": ("ccd07C",)}, "dead_amplifiers must be names such as ccd07A"),
        ({"gain": 2}, "unknown fields gain"),
    ],
)
def test_bad_recipes_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SimulationRecipe.from_dict(fields)


def test_truth_survives_its_file(tmp_path: Path) -> None:
    recipe = SimulationRecipe(detectors=(12,))
    _, ccd = simulate_ccd(recipe, 12)
    truth = Truth(recipe, {12: ccd})
    truth.save(tmp_path / "t.npz")
    truth.save(tmp_path / "t.json")
    again = Truth.load(tmp_path / "t.npz")
    assert again.recipe == recipe
    for name, value in vars(ccd).items():
        np.testing.assert_array_equal(getattr(again.ccds[12], name), value, err_msg=name)
    assert '"ccd12_sources"' in (tmp_path / "t.json").read_text("utf-8")
    with pytest.raises(ValueError, match=r"\*\.npz or \*\.json"):
        truth.save(tmp_path / "t.txt")
