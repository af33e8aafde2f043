"""Facts of an exposure from headers that disagree about types, spelling and presence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy.time import Time

from isrcore.data.cards import CardHeader
from isrcore.data.facts import ExposureFacts, exposure_facts
from isrcore.data.sky import header_wcs
from isrcore.metadata import PropertyList


def facts(**cards: str) -> ExposureFacts:
    lines = [f"{key.replace('_OBS', '-OBS'):8}= {value}".ljust(80) for key, value in cards.items()]
    return exposure_facts([CardHeader("".join([*lines, "END".ljust(80)]).encode())])


def test_times_without_padding() -> None:
    found = facts(DATE_OBS="'2003-9-4'", UTC_OBS="'2:03:09.5'", EXPTIME="100.0")
    assert found.date_begin == Time("2003-09-04T02:03:09.5", scale="utc")
    assert found.date_end == Time("2003-09-04T02:04:49.5", scale="utc")


def test_end_belongs_to_its_own_date() -> None:
    found = facts(
        DATE_OBS="'2010-12-31'", UTC_OBS="'23:59:50'", DATEEND="'2011-01-01'", UTCEND="'0:00:58.2'", EXPTIME="20.0"
    )
    assert found.date_end == Time("2011-01-01T00:00:58.2", scale="utc")
    visit = found.visit_info()
    # The middle of the exposure, in TAI (34 s ahead of UTC then).
    assert abs((visit.getDate() - Time("2011-01-01T00:00:34", scale="tai")).sec) < 1e-6


@pytest.mark.parametrize("clock", ["'Null'", "'N/A'", "''", "'25 h'"])
def test_unusable_times_are_unknown(clock: str) -> None:
    found = facts(DATE_OBS="'2010-11-03'", UTC_OBS=clock)
    assert found.date_begin is None
    assert found.visit_info().date is None


def test_impossible_date_is_unknown() -> None:
    assert facts(DATE_OBS="'2019-13-40'", UTC_OBS="'1:2:3'").date_begin is None


def test_missing_numbers_are_none_and_nan() -> None:
    found = facts(OBSTYPE="'scatter           '")
    assert found.obs_type == "SCATTER"
    assert found.exposure_time is None
    assert math.isnan(found.visit_info().exposure_time)
    assert math.isnan(found.visit_info().dark_time)
    assert found.visit_info().exposure_id == 0


def test_sentinels_are_no_facts() -> None:
    found = facts(AIRMASS="-9999.90", RA_DEG="-9999.0", DEC_DEG="10.0", RUNID="'        '", OBJECT="'N/A'")
    assert found.airmass is None
    assert found.ra is None
    assert found.run_id is None
    assert found.object_name is None


def test_apparent_places_are_no_position() -> None:
    found = facts(RADECSYS="'GAPPT   '", RA_DEG="10.0", DEC_DEG="19.0")
    assert (found.ra, found.dec) == (None, None)


@pytest.mark.parametrize(
    ("text", "physical", "band"),
    [
        ("i.MP9702", "i.MP9702", "i"),
        ("r.MP9605", "gri.MP9605", "gri"),
        ("g.MP9501", "OIII.MP9501", "OIII"),
        ("Halpha.MP9603", "Ha.MP9603", "Ha"),
        ("HaB.MP9603", "Ha.MP9603", "Ha"),
        ("tio.MP7701", "TiO.MP7701", "TiO"),
        ("z", "z", "z"),
        ("new.MP0001", "new.MP0001", "new"),
    ],
)
def test_filters_go_by_their_code(text: str, physical: str, band: str) -> None:
    label = facts(FILTER=f"'{text}'").filter_label()
    assert label is not None
    assert (label.physical, label.band) == (physical, band)


@pytest.mark.parametrize("text", ["NONE", "filter_name", ""])
def test_no_filter_is_no_label(text: str) -> None:
    assert facts(FILTER=f"'{text}'").filter_label() is None


def wcs_header(**changes: object) -> PropertyList:
    values: dict[str, object] = {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": 170.43125,
        "CRVAL2": -15.17764,
        "CRPIX1": -5220.2,
        "CRPIX2": 9647.5,
        "CD1_1": 5.194e-5,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": -5.194e-5,
        "EQUINOX": 2000,
        "RADECSYS": "FK5",
        "RA_DEG": 170.43125,
        "DEC_DEG": -15.17764,
    }
    return PropertyList({key: value for key, value in (values | changes).items() if value is not None})


def test_wcs_of_the_untrimmed_frame() -> None:
    wcs = header_wcs(wcs_header(), "ccd01")
    assert np.allclose(wcs.wcs_pix2world([[-5220.2, 9647.5]], 1), [[170.43125, -15.17764]])


def test_header_without_wcs_gets_that_of_the_camera() -> None:
    wanted = header_wcs(wcs_header(), "ccd01")
    nominal = header_wcs(wcs_header(CTYPE1=None, CRPIX1=None, CD1_1=None), "ccd01")
    assert np.allclose(nominal.wcs_pix2world([[1.0, 1.0]], 1), wanted.wcs_pix2world([[1.0, 1.0]], 1))


@pytest.mark.parametrize(
    "changes",
    [{"RADECSYS": "GAPPT", "EQUINOX": 2008.58}, {"CTYPE1": None, "RA_DEG": None}, {"CD1_1": 0.0}],
)
def test_unusable_wcs_is_none_with_a_reason(changes: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert header_wcs(wcs_header(**changes), "ccd01") is None
    assert "ccd01: no WCS, because" in caplog.text
