"""When an exposure began and ended, from every form in which FITS headers say so.

Dates are ``2010-11-03``, with slashes as in some CFHT headers, or ``03/11/10`` as before 2000; with a clock time behind
a T or in a keyword of its own; or modified Julian days. TIMESYS tells the scale of all but those keywords that have UTC
in their names or are CFHT's own. What is given twice and differs by more than a second is said, and the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from isrcore.data.cards import CardHeader

__all__ = ["UTC_CLOCKS", "Times", "moment_of", "scale_of", "seconds_behind", "times_of"]

_DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_OLD_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d\d)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)Z?")
_NOT_GIVEN = ("", "N/A", "NA", "NULL", "NONE")

UTC_CLOCKS = ("UTC-OBS", "UTIME")
"""Keywords of a time of day in UTC that goes with the date in DATE-OBS."""

_FIRST_LIGHT = 2002
"""Year of the first MegaCam exposures."""

_SCALES = {
    "UTC": "utc",
    "UT": "utc",
    "UT1": "utc",
    "GMT": "utc",
    "TAI": "tai",
    "IAT": "tai",
    "GPS": "tai",
    "TT": "tt",
    "TDT": "tt",
    "ET": "tt",
    "TDB": "tdb",
    "TCB": "tcb",
    "TCG": "tcg",
}
"""astropy's scale by TIMESYS; UT1 is within a second of UTC."""

_GPS_BEHIND_TAI = 19.0
"""Seconds."""

_MJD_ZERO = datetime(1858, 11, 17)
_TOLERANCE = 1.0
"""Seconds that two statements may differ by."""


@dataclass(frozen=True)
class Times:
    """Times of one exposure.

    Attributes
    ----------
    begin, end : str or None
        ISO form with microseconds, UTC.
    day : str or None
        ISO date of the begin; known for a header that states a date only.
    notes : tuple of str
        What contradicts what, and what is no date.
    """

    begin: str | None = None
    end: str | None = None
    day: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Statement:
    """One way in which a header tells a time: keywords, text for people, UTC."""

    keywords: str
    stated: str
    utc: datetime


def scale_of(system: str) -> str | None:
    """astropy's name of the scale that a TIMESYS value means, None when it is no scale.

    A realization in brackets, as in ``TT(TAI)``, makes no difference; 'Null', as some masters have it, is UTC.
    """
    text = re.sub(r"\(.*\)", "", system).strip().upper()
    return "utc" if text in _NOT_GIVEN else _SCALES.get(text)


def seconds_behind(system: str) -> float:
    """By how many seconds the clock of a TIMESYS value is behind that of its scale."""
    return _GPS_BEHIND_TAI if system.strip().upper() == "GPS" else 0.0


def moment_of(text: str, clock: str = "") -> datetime | None:
    """A date with its time of day, or with the one in `clock`, as stated; None without both.

    Every form of this module's head counts.
    """
    day, _, own = text.strip().replace(" ", "T").partition("T")
    try:
        midnight = datetime.combine(_date(day), datetime.min.time())
        return midnight + timedelta(seconds=_seconds(own or clock))
    except ValueError:
        return None


def times_of(headers: Sequence[CardHeader], exposure_time: float | None) -> Times:
    """Begin and end of the exposure that headers of one file describe.

    Of each keyword the first header that states it counts. The begin is DATE-OBS (with UTC-OBS), DATE-BEG, MJD-OBS
    (MJDATE) or MJD-BEG, whichever comes first; failing these, DATE-AVG or MJD-AVG less half the exposure time.
    """
    return _Reader(headers, exposure_time).times()


class _Reader:
    def __init__(self, headers: Sequence[CardHeader], exposure_time: float | None) -> None:
        self._headers = headers
        self._exposure_time = exposure_time
        self._notes: list[str] = []
        self._system = self._text("TIMESYS") or "UTC"
        if scale_of(self._system) is None:
            self._notes.append(f"TIMESYS is {self._system!r}, which is no time scale: taken as UTC")
            self._system = "UTC"

    def times(self) -> Times:
        begins = list(self._begins()) or list(self._from_middles())
        for other in begins[1:]:
            if abs((other.utc - begins[0].utc).total_seconds()) > _TOLERANCE:
                self._notes.append(
                    f"{begins[0].keywords} and {other.keywords} contradict each other: {begins[0].stated} and "
                    f"{other.stated}; the first counts"
                )
        begin = begins[0].utc if begins else None
        self._compare_days(begin)
        end = next(self._ends(), None)
        days = (self._day(key) for key in ("DATE-OBS", "DATE-BEG", "DATE-AVG"))
        day = begin.date() if begin is not None else next((day for day in days if day is not None), None)
        return Times(_iso(begin), _iso(end.utc if end else None), day.isoformat() if day else None, tuple(self._notes))

    def _begins(self) -> Iterator[_Statement]:
        yield from self._dated("DATE-OBS", (*UTC_CLOCKS, "TIME-OBS"))
        yield from self._dated("DATE-BEG")
        yield from self._counted("MJD-OBS", self._system)
        yield from self._counted("MJDATE", "UTC")
        yield from self._counted("MJD-BEG", self._system)

    def _from_middles(self) -> Iterator[_Statement]:
        """Begins that follow from the middle: not to be compared with stated ones, which are those of a command."""
        if self._exposure_time is not None:
            half = timedelta(seconds=self._exposure_time / 2)
            for middle in (*self._dated("DATE-AVG"), *self._counted("MJD-AVG", self._system)):
                yield _Statement(middle.keywords, middle.stated, middle.utc - half)

    def _ends(self) -> Iterator[_Statement]:
        yield from self._dated("DATEEND", ("UTCEND",))
        yield from self._dated("DATE-END", ("UTCEND",))
        yield from self._counted("MJD-END", self._system)
        yield from self._counted("MJDEND", "UTC")

    def _text(self, key: str) -> str | None:
        header = next((header for header in self._headers if key in header), None)
        text = "" if header is None else header.text(key).strip()
        return None if text.upper() in _NOT_GIVEN else text

    def _split(self, key: str) -> tuple[date, float | None] | None:
        """Date of a keyword and the seconds of its clock, if it has one; what is no date is noted."""
        text = self._text(key)
        if text is None:
            return None
        day, _, clock = text.replace(" ", "T").partition("T")
        try:
            return _date(day), _seconds(clock) if clock else None
        except ValueError:
            self._note(f"{key} is {text!r}, which is no date")
            return None

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def _day(self, key: str) -> date | None:
        split = self._split(key)
        return None if split is None else split[0]

    def _dated(self, key: str, clocks: tuple[str, ...] = ()) -> Iterator[_Statement]:
        split = self._split(key)
        if split is None:
            return
        day, seconds = split
        if seconds is not None:
            yield from self._statement(key, self._text(key) or "", day, seconds, self._system)
        for clock in clocks:
            text = self._text(clock)
            if text is None:
                continue
            try:
                clock_seconds = _seconds(text)
            except ValueError:
                self._note(f"{clock} is {text!r}, which is no time of day")
                continue
            system = self._system if clock == "TIME-OBS" else "UTC"
            for found in self._statement(f"{key}, {clock}", f"{day} {text}", day, clock_seconds, system):
                yield found if seconds is None else self._nearest_day(key, day, seconds, found)

    def _nearest_day(self, key: str, day: date, seconds: float, clock: _Statement) -> _Statement:
        """A clock beside a date that has one of its own: it tells no day, which may be another in another scale."""
        whole = next(self._statement(key, "", day, seconds, self._system)).utc
        days = round((whole - clock.utc) / timedelta(days=1))
        return _Statement(clock.keywords, clock.stated, clock.utc + timedelta(days=days))

    def _counted(self, key: str, system: str) -> Iterator[_Statement]:
        header = next((header for header in self._headers if key in header), None)
        days = None if header is None else header.number(key)
        if days is not None and 15000 <= days <= 100000:
            yield from self._in_utc(key, f"{days}", _MJD_ZERO + timedelta(days=days), system)

    def _statement(self, keywords: str, stated: str, day: date, seconds: float, system: str) -> Iterator[_Statement]:
        yield from self._in_utc(
            keywords, stated, datetime(day.year, day.month, day.day) + timedelta(seconds=seconds), system
        )

    def _in_utc(self, keywords: str, stated: str, time: datetime, system: str) -> Iterator[_Statement]:
        if scale_of(system) == "utc":
            yield _Statement(keywords, stated, time)
        else:
            yield _Statement(keywords, f"{stated} {system}", _utc(time, system))

    def _compare_days(self, begin: datetime | None) -> None:
        """Say so when a date that has no clock is not that of the begin; a second after midnight is the same day."""
        split = self._split("DATE-OBS")
        if begin is None or split is None or split[1] is not None:
            return
        near = {(begin + timedelta(seconds=seconds)).date() for seconds in (-_TOLERANCE, 0, _TOLERANCE)}
        if split[0] not in near and not any(note.startswith("DATE-OBS") for note in self._notes):
            self._notes.append(f"DATE-OBS is {split[0]}, but the exposure began at {_iso(begin)}")


def _date(text: str) -> date:
    """A date of the years that observations can be of; `ValueError` for anything else."""
    if match := _DATE.fullmatch(text):
        year, month, day = (int(group) for group in match.groups())
        if 1900 <= year < 2200:
            return date(year, month, day)
        raise ValueError(text)
    if match := _OLD_DATE.fullmatch(text):
        day, month, year = (int(group) for group in match.groups())
        # The standard meant 19yy; a MegaCam exposure of that year there is none, so a program wrote on after 1999.
        return date(2000 + year if 2000 + year >= _FIRST_LIGHT and year < 70 else 1900 + year, month, day)
    raise ValueError(text)


def _seconds(text: str) -> float:
    """Seconds after midnight; a leap second is the 61st of its minute."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    hours, minutes, seconds = int(match[1]), int(match[2]), float(match[3])
    if hours > 23 or minutes > 59 or seconds >= 61:
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds


def _utc(time: datetime, system: str) -> datetime:
    """A time of another scale in UTC."""
    from astropy.time import Time, TimeDelta  # Slow to import, and few headers have another scale.

    moment = Time(time, scale=scale_of(system)) + TimeDelta(seconds_behind(system), format="sec")
    converted: datetime = moment.utc.to_datetime(leap_second_strict="silent")
    return converted


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="microseconds")
