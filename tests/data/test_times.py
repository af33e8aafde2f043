"""Begin and end of an exposure from every form that FITS headers have; contradictions are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from isrcore.data.calib_file import describe_calibration
from isrcore.data.calib_ranking import rank_mask
from isrcore.data.cards import CardHeader
from isrcore.data.facts import ExposureFacts, exposure_facts
from isrcore.data.raw import open_raw
from isrcore.data.report import describe_frame
from tests.header_files import made_headers, write_made

WANTED = Time("2010-11-03T08:05:09.5", scale="utc")


def header(**cards: object) -> CardHeader:
    """Cards by keyword; an underscore stands for a hyphen."""
    lines = []
    for key, value in cards.items():
        text = f"'{value}'" if isinstance(value, str) else repr(value).upper()
        lines.append(f"{key.replace('_', '-'):8}= {text}".ljust(80))
    return CardHeader("".join([*lines, "END".ljust(80)]).encode())


def facts(**cards: object) -> ExposureFacts:
    return exposure_facts([header(**cards)])


@pytest.mark.parametrize(
    "cards",
    [
        {"DATE_OBS": "2010-11-03", "UTC_OBS": "8:05:09.5"},
        {"DATE_OBS": "2010-11-03T08:05:09.5"},
        {"DATE_OBS": "2010-11-03T08:05:09.5Z"},
        {"DATE_OBS": "2010-11-03 08:05:09.5"},
        {"DATE_OBS": "2010/11/03", "UTIME": "08:05:09.5"},
        {"DATE_OBS": "03/11/10", "UTC_OBS": "08:05:09.5"},
        {"DATE_OBS": "2010-11-03", "TIME_OBS": "08:05:09.5"},
        {"MJD_OBS": 55503.33691551},
        {"MJDATE": 55503.33691551},
        {"DATE_OBS": "2010-11-03", "MJD_OBS": 55503.33691551},
        {"DATE_OBS": "Null", "MJD_OBS": 55503.33691551},
        {"DATE_BEG": "2010-11-03T08:05:09.5"},
        {"MJD_BEG": 55503.33691551},
        {"DATE_OBS": "2010-11-03T08:05:09.5", "TIMESYS": "UTC"},
        {"DATE_OBS": "2010-11-03T08:05:09.5", "TIMESYS": "Null"},
        {"DATE_OBS": "2010-11-03T08:05:43.5", "TIMESYS": "TAI"},
        {"DATE_OBS": "2010-11-03T08:06:15.684", "TIMESYS": "TT"},
        {"DATE_OBS": "2010-11-03T08:06:15.684", "TIMESYS": "TT(TAI)"},
        {"DATE_BEG": "2010-11-03T08:06:15.684", "TIMESYS": "TDB"},
        {"DATE_OBS": "2010-11-03T08:05:24.5", "TIMESYS": "GPS"},
        {"MJD_OBS": 55503.33730903, "TIMESYS": "TAI"},
        {"DATE_OBS": "2010-11-03", "UTC_OBS": "8:05:09.5", "TIMESYS": "TAI"},
        {"DATE_OBS": "2010-11-03T08:05:43.5", "UTC_OBS": "8:05:09.5", "TIMESYS": "TAI"},
        {"DATE_AVG": "2010-11-03T08:05:58.5", "TIMESYS": "TAI", "EXPTIME": 30.0},
        {"MJD_AVG": 55503.33708912, "EXPTIME": 30.0},
        {"DATE_OBS": "2010-11-03T08:05:09.5", "UTC_OBS": "08:05:09.5", "MJD_OBS": 55503.3369155},
    ],
)
def test_every_form_is_the_same_time(cards: dict[str, object]) -> None:
    found = facts(**cards)
    assert found.date_begin is not None
    assert abs((found.date_begin - WANTED).sec) < 0.01
    assert found.day == "2010-11-03"
    assert found.notes == ()


@pytest.mark.parametrize("text", ["15/03/98", "1998-03-15"])
def test_dates_of_two_digits_are_of_the_last_century_where_they_can_be(text: str) -> None:
    assert facts(DATE_OBS=text).day == "1998-03-15"


def test_a_leap_second_is_a_time() -> None:
    found = facts(DATE_OBS="2016-12-31T23:59:60.5")
    assert found.notes == ()
    assert found.day in ("2016-12-31", "2017-01-01")


def test_a_date_alone_tells_the_day_but_no_time() -> None:
    found = facts(DATE_OBS="2010-11-03")
    assert (found.date_begin, found.day) == (None, "2010-11-03")
    assert found.mjd == 55503.5


def test_end_of_the_standard() -> None:
    assert facts(DATE_END="2010-11-03T08:06:00", TIMESYS="UTC").date_end == Time("2010-11-03T08:06:00", scale="utc")
    assert abs((facts(MJD_END=55503.5).date_end - Time("2010-11-03T12:00:00")).sec) < 1e-3


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        (
            {"DATE_OBS": "2010-11-03", "UTC_OBS": "8:05:09.5", "MJD_OBS": 55503.3370},
            ("DATE-OBS, UTC-OBS", "MJD-OBS", "55503.337"),
        ),
        ({"DATE_OBS": "2010-11-03T08:05:09.5", "UTC_OBS": "8:05:11.0"}, ("DATE-OBS and DATE-OBS, UTC-OBS",)),
        ({"DATE_OBS": "2010-11-03T08:05:09.5", "DATE_BEG": "2010-11-03T08:06:09.5"}, ("DATE-OBS and DATE-BEG",)),
        ({"MJD_OBS": 55503.33691551, "MJD_BEG": 55504.33691551}, ("MJD-OBS and MJD-BEG",)),
        ({"DATE_OBS": "2010-11-04", "MJD_OBS": 55503.33691551}, ("DATE-OBS is 2010-11-04", "2010-11-03T08:05:09")),
        (
            {"DATE_OBS": "2010-11-03T08:05:43.5", "MJD_OBS": 55503.33691551, "TIMESYS": "TAI"},
            ("DATE-OBS and MJD-OBS", "TAI"),
        ),
    ],
)
def test_contradictions_over_a_second_are_said(cards: dict[str, object], words: tuple[str, ...]) -> None:
    (note,) = facts(**cards).notes
    for word in words:
        assert word in note


def test_less_than_a_second_is_no_contradiction() -> None:
    assert facts(DATE_OBS="2010-11-03T08:05:09.5", MJD_OBS=55503.336925).notes == ()


@pytest.mark.parametrize(
    ("cards", "note"),
    [
        ({"DATE_OBS": "2010-13-40", "MJD_OBS": 55503.33691551}, "DATE-OBS is '2010-13-40', which is no date"),
        ({"DATE_OBS": "9999-12-31T23:59:59"}, "DATE-OBS is '9999-12-31T23:59:59', which is no date"),
        ({"DATE_OBS": "2010-11-03", "UTC_OBS": "25 h"}, "UTC-OBS is '25 h', which is no time of day"),
        ({"DATE_OBS": "2010-11-03T08:05:09.5", "TIMESYS": "LOCAL"}, "TIMESYS is 'LOCAL', which is no time scale"),
    ],
)
def test_what_is_no_time_is_said(cards: dict[str, object], note: str) -> None:
    assert any(text.startswith(note) for text in facts(**cards).notes)


def test_a_sentinel_is_no_day() -> None:
    assert facts(MJD_OBS=-9999.0).date_begin is None


def test_contradictions_of_a_frame_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "1o.fits"
    headers = made_headers((12,))
    for cards in headers:
        cards.insert(-1, "MJD-OBS = 55503.5".ljust(80))
    write_made(path, headers)
    open_raw(path)
    assert "1o.fits: DATE-OBS, UTC-OBS and MJD-OBS contradict each other" in caplog.text
    assert "contradict each other" in describe_frame(path)


@pytest.mark.parametrize(
    "cards",
    [
        {"DATE_OBS": "2003-12-15T08:05:09.5"},
        {"MJD_OBS": 52988.337},
        {"DATE_OBS": "2003-12-15"},
        {"DATE_OBS": "15/12/03"},
        {"DATE_BEG": "2003-12-15T08:05:09"},
    ],
)
def test_the_mask_of_the_epoch_is_chosen_by_any_form(cards: dict[str, object], tmp_path: Path) -> None:
    """A mask of a time when CCDs were dead holds then, the others hold in all other nights."""
    files = []
    for name in ("2003A.mask.0.36.02.fits", "2003B.mask.0.36.01.fits"):
        primary = fits.PrimaryHDU()
        primary.header["OBSTYPE"] = "MASK"
        ccd = fits.ImageHDU(np.ones((2, 2), np.int16), name="ccd00")
        fits.HDUList([primary, ccd]).writeto(tmp_path / name)
        described = describe_calibration(tmp_path / name)
        assert described is not None
        files.append(described)
    during, after = facts(**cards), facts(DATE_OBS="2010-11-03T08:05:09.5")
    assert [min(files, key=rank_mask(frame, 36)).run for frame in (during, after)] == ["2003B", "2003A"]
