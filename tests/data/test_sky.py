"""The sky of a CCD: what astropy reads from its header, moved exactly, and read alike from what we write."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from isrcore.camera.megacam import megacam_camera
from isrcore.data.raw import open_raw
from isrcore.data.sky import header_wcs, moved_wcs, stated_wcs
from isrcore.data.sky_cards import wcs_cards
from isrcore.data.splice import splice_metadata
from isrcore.export import read_exposure, write_exposure
from isrcore.export.sky import sky_cards
from isrcore.image import Exposure, MaskedImage
from isrcore.image.components import is_nominal
from isrcore.metadata import PropertyList
from tests.header_files import made_headers, set_card, write_made

pytestmark = pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")

CORNERS = np.array([(0, 0), (2111, 0), (0, 4643), (2111, 4643), (1056, 2300)], float)
MAS = 1 / 3.6e6

PLAIN: dict[str, Any] = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRVAL1": 170.43125012345678,
    "CRVAL2": -15.17764,
    "CRPIX1": -1049.3,
    "CRPIX2": 4638.0,
    "CD1_1": 5.1940123456789e-05,
    "CD1_2": 1.1e-8,
    "CD2_1": -2.3e-8,
    "CD2_2": -5.194e-5,
    "RADECSYS": "FK5",
    "EQUINOX": 2000,
}
NO_CD: dict[str, Any] = dict.fromkeys(("CD1_1", "CD1_2", "CD2_1", "CD2_2"))
TPV = {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV"}
PV = {"PV1_1": 1.0, "PV1_2": 1e-4, "PV1_4": 1e-3, "PV1_7": -0.0235, "PV2_1": 1.0, "PV2_5": -2e-4, "PV2_7": -0.0233}
ALL_PV = {f"PV{axis}_{m}": 1e-3 / (1 + m) for axis in (1, 2) for m in range(3, 40)} | {"PV1_1": 1.01, "PV2_1": 0.99}
TAN_SIP = {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"}
SIP = {"A_ORDER": 3, "B_ORDER": 2, "A_2_0": 2e-6, "A_1_2": 1e-10, "B_0_2": 1e-6, "B_1_1": -3e-7}
INVERSE = {"AP_ORDER": 2, "BP_ORDER": 2, "AP_2_0": -2e-6, "BP_0_2": -1e-6}
ALL_SIP = {"A_ORDER": 7, "B_ORDER": 7} | {
    f"{axis}_{p}_{q}": (-1) ** q * 3.0 / 8000 ** (p + q) for axis in "AB" for p in range(8) for q in range(8 - p)
}

FORMS: dict[str, dict[str, Any]] = {
    "all CD cards": {},
    "zero CD cards left out": {"CD1_2": None, "CD2_1": None},
    "PC and CDELT": NO_CD
    | {"CDELT1": -5e-5, "CDELT2": 5.1e-5, "PC1_1": 0.9, "PC1_2": 0.1, "PC2_1": 0.1, "PC2_2": -0.9},
    "CDELT only": NO_CD | {"CDELT1": -5e-5, "CDELT2": 5.1e-5},
    "CROTA2": NO_CD | {"CDELT1": -5e-5, "CDELT2": 5.1e-5, "CROTA2": 3.25},
    "matrix as before 2002": NO_CD | {"CD001001": 5.2e-5, "CD002002": -5.2e-5},
    "TPV": TPV | PV,
    "TPV, all terms": TPV | ALL_PV,
    "TAN with PV": PV,
    "SIP": TAN_SIP | SIP | INVERSE,
    "SIP that the axes do not state": SIP,
    "SIP of all terms": TAN_SIP | ALL_SIP,
    "ZPN": {"CTYPE1": "RA---ZPN", "CTYPE2": "DEC--ZPN", "PV2_1": 1.0, "PV2_3": 400.0},
    "LONPOLE": {"LONPOLE": 170.0},
    "arc seconds": {
        "CUNIT1": "arcsec",
        "CUNIT2": "arcsec",
        "CRVAL1": 170.43125 * 3600,
        "CRVAL2": -15.17764 * 3600,
        "CD1_1": 0.187,
        "CD1_2": 1e-5,
        "CD2_1": None,
        "CD2_2": -0.187,
    },
    "no CRPIX1": {"CRPIX1": None},
    "stale tables of axes": {"CTYPE1A": "LINEAR", "CRPIX1A": 5.0},
}


def cards(form: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (PLAIN | form).items() if value is not None}


def by_astropy(header: dict[str, Any]) -> WCS:
    return WCS(fits.Header(header), naxis=2)


def places(wcs: WCS, pixels: NDArray[np.float64] = CORNERS) -> NDArray[np.float64]:
    return np.asarray(wcs.all_pix2world(pixels, 0))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_sky_of_a_header_is_what_astropy_reads(form: dict[str, Any]) -> None:
    header = cards(form)
    wcs = header_wcs(PropertyList(header), "ccd12")
    np.testing.assert_allclose(places(wcs), places(by_astropy(header)), rtol=0, atol=1e-3 * MAS)
    assert not is_nominal(wcs)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_moved_sky_is_the_same_sky(form: dict[str, Any]) -> None:
    wcs = header_wcs(PropertyList(cards(form)), "ccd12")
    moved = moved_wcs(wcs, 32, -7)
    np.testing.assert_allclose(places(moved, np.subtract(CORNERS, (32, -7))), places(wcs), rtol=0, atol=1e-3 * MAS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_cards_of_a_trimmed_frame_are_the_sky_of_the_raw_one(form: dict[str, Any]) -> None:
    detector = megacam_camera()["ccd12"]
    header = cards(form)
    exposure = Exposure(MaskedImage.zeros(detector.bbox), detector=detector)
    exposure.wcs = header_wcs(PropertyList(header), "ccd12")
    written = fits.Header()
    for card in sky_cards(exposure):
        written.append(card, end=True)
    trimmed = np.array([(0, 0), (2047, 0), (0, 4611), (2047, 4611)], float)
    found = places(WCS(fits.Header.fromstring(written.tostring()), naxis=2), trimmed)
    expected = places(by_astropy(header), np.add(trimmed, (32, 0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-2 * MAS)
    # Every form has a CD matrix, and every distortion of a TAN is TPV: so DS9 and SCAMP read it as well.
    assert {"CD1_1", "CD1_2", "CD2_1", "CD2_2"} <= set(written)
    assert not {"PC1_1", "CDELT1", "CROTA2"} & set(written)
    if "PV1_7" in header or "A_ORDER" in header:
        assert (written["CTYPE1"], written["CTYPE2"]) == ("RA---TPV", "DEC--TPV")
        assert "A_ORDER" not in written


@pytest.mark.parametrize("key", ["CRVAL1", "CRPIX1", "CD1_1"])
def test_numbers_are_written_to_their_last_digit(key: str) -> None:
    values = {name: value for name, value, _ in wcs_cards(header_wcs(PropertyList(PLAIN), "ccd12"))}
    assert values[key] == PLAIN[key]


@pytest.mark.parametrize(
    ("form", "radesys", "equinox"),
    [
        ({}, "FK5", 2000.0),
        ({"RADECSYS": None, "RADESYS": "ICRS", "EQUINOX": None}, "ICRS", None),
        ({"RADESYS": "ICRS"}, "ICRS", None),
        ({"RADESYS": "fk5     "}, "FK5", 2000.0),
        ({"RADECSYS": "FK4", "EQUINOX": None}, "FK4", 1950.0),
        ({"RADECSYS": None}, "FK5", 2000.0),
        ({"RADECSYS": None, "EQUINOX": 1950.0}, "FK4", 1950.0),
        ({"RADECSYS": None, "EQUINOX": None, "EPOCH": 2000.0}, "FK5", 2000.0),
        ({"RADECSYS": None, "EQUINOX": "J2000.0"}, "FK5", 2000.0),
        ({"RADECSYS": None, "EQUINOX": None}, "ICRS", None),
    ],
)
def test_the_frame_on_the_sky(form: dict[str, Any], radesys: str, equinox: float | None) -> None:
    wcs = header_wcs(PropertyList(cards(form)), "ccd12")
    written = {key: value for key, value, _ in wcs_cards(wcs)}
    assert written["RADESYS"] == radesys
    assert written.get("EQUINOX") == equinox


def test_declination_first_is_exchanged() -> None:
    swapped = cards({"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": -15.2, "CRVAL2": 170.4})
    wcs = header_wcs(PropertyList(swapped), "ccd12")
    np.testing.assert_allclose(places(wcs), places(by_astropy(swapped))[:, ::-1], rtol=0, atol=1e-3 * MAS)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"RADECSYS": "GAPPT"}, "RADESYS is 'GAPPT'"),
        ({"RADECSYS": None, "RADESYS": "GAPPT"}, "RADESYS is 'GAPPT'"),
        ({"CD1_1": 0.0, "CD1_2": 0.0}, "singular"),
        ({"CD1_1": "5E-5"}, "CD1_1 is '5E-5', expected a finite number"),
        ({"CRVAL1": math.inf}, "CRVAL1 is inf, expected a finite number"),
        ({"CUNIT1": 5}, "CUNIT1 is 5, expected a text"),
        ({"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"}, "cannot be read"),
        ({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}, "expected right ascension and declination"),
        ({"CPDIS1": "LOOKUP"}, "CPDIS1 states a distortion that is not read"),
        (
            {"CTYPE1": "DEC--TPV", "CTYPE2": "RA---TPV", "CRVAL1": -15.2, "CRVAL2": 170.4} | PV,
            "declination is",
        ),
    ],
)
def test_what_cannot_be_read_is_said_and_not_replaced(
    form: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    position = {"RA_DEG": 170.43125, "DEC_DEG": -15.17764}
    with caplog.at_level("INFO"):
        assert header_wcs(PropertyList(cards(form) | position), "ccd12") is None
    assert "ccd12: no WCS, because" in caplog.text
    assert reason.lower() in caplog.text.lower()


@pytest.mark.parametrize("left_out", [("CTYPE1", "CTYPE2"), ("CTYPE1",), ("CD1_1", "CD1_2", "CD2_1", "CD2_2")])
def test_the_nominal_sky_says_that_it_is(left_out: tuple[str, ...], tmp_path: Path) -> None:
    header = cards(dict.fromkeys(left_out)) | {"RA_DEG": 170.43125, "DEC_DEG": -15.17764}
    wcs = header_wcs(PropertyList(header), "ccd12")
    assert is_nominal(wcs)
    detector = megacam_camera()["ccd12"]
    path = write_exposure(Exposure(MaskedImage.zeros(detector.bbox), detector=detector, wcs=wcs), tmp_path / "a.fits")
    assert fits.getheader(path, "IMAGE")["WCSNAME"] == "nominal MegaCam"
    assert any("nominal one of the camera" in line for line in fits.getheader(path)["HISTORY"])
    after = read_exposure(path)
    assert is_nominal(after.wcs)
    np.testing.assert_allclose(places(after.wcs), places(wcs), rtol=0, atol=1e-3 * MAS)


def test_a_sip_exposure_keeps_its_sky(tmp_path: Path) -> None:
    """It is read with polynomials that count from its reference pixel, and written with the same sky."""
    detector = megacam_camera()["ccd12"]
    path = write_exposure(Exposure(MaskedImage.zeros(detector.bbox), detector=detector), tmp_path / "a.fits")
    with fits.open(path, mode="update") as hdus:
        hdus["IMAGE"].header.update(cards(TAN_SIP | SIP) | {"CRPIX1": PLAIN["CRPIX1"] - 32})
    in_file = WCS(fits.getheader(path, "IMAGE"))
    after = read_exposure(path)
    assert list(after.wcs.sip.crpix) == list(after.wcs.wcs.crpix) == [PLAIN["CRPIX1"], PLAIN["CRPIX2"]]
    np.testing.assert_allclose(places(after.wcs, np.add(CORNERS, (32, 0))), places(in_file), rtol=0, atol=1e-3 * MAS)
    again = write_exposure(after, tmp_path / "b.fits")
    np.testing.assert_allclose(places(WCS(fits.getheader(again, "IMAGE"))), places(in_file), rtol=0, atol=1e-2 * MAS)
    assert any("SIP polynomials written as TPV" in line for line in fits.getheader(again)["HISTORY"])


def test_sip_beyond_the_terms_of_tpv_stays_sip() -> None:
    form = TAN_SIP | {"A_ORDER": 8, "B_ORDER": 8, "A_8_0": 1e-30, "B_0_2": 1e-6}
    written = {key: value for key, value, _ in wcs_cards(header_wcs(PropertyList(cards(form)), "ccd12"))}
    assert (written["CTYPE1"], written["A_8_0"]) == ("RA---TAN-SIP", 1e-30)


def test_a_raw_frame_has_the_sky_of_its_extension(tmp_path: Path) -> None:
    """Cards of the primary header do not complete it."""
    headers = made_headers((12,))
    for key, value in cards(TPV | PV).items():
        set_card(headers[1], key, f"'{value}'" if isinstance(value, str) else repr(value).upper())
    for key, value in (TAN_SIP | SIP).items():
        set_card(headers[0], key, f"'{value}'" if isinstance(value, str) else repr(value).upper())
    path = tmp_path / "1o.fits"
    write_made(path, headers)
    expected = places(WCS(fits.getheader(path, 1), naxis=2))
    np.testing.assert_allclose(places(open_raw(path).read(12).wcs), expected, rtol=0, atol=1e-3 * MAS)


def test_the_sky_of_amplifier_a_moves_with_its_columns() -> None:
    """Splicing puts the 32 overscan columns of A before its data: column x of the extension becomes x + 32."""
    a, b = PropertyList(cards({})), PropertyList(cards({"CRPIX1": 99.0}))
    spliced = header_wcs(splice_metadata(PropertyList(), a, b, 12), "ccd12")
    np.testing.assert_allclose(
        places(spliced, np.array([(32.0, 0.0), (1055.0, 4611.0)])),
        places(by_astropy(cards({})), np.array([(0.0, 0.0), (1023.0, 4611.0)])),
        rtol=0,
        atol=1e-3 * MAS,
    )


def test_values_without_a_sky_have_none() -> None:
    assert stated_wcs(PropertyList({"CTYPE1": "LINEAR", "CD1_1": 1.0}), "here") is None
