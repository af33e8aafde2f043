"""Dates of an exported exposure: TIMESYS holds for all of them.

The layout of the LSST stack (manual: exposures, Times) has the middle of the exposure in TAI and says TIMESYS = TAI;
headers of CFHT are in UTC. So what the FITS standard reads in the scale of TIMESYS is written in TAI: dates with a
clock, modified Julian days, and DATE-OBS together with the clock in UTC-OBS. Keywords with UTC in their names, and
those of CFHT's own (MJDATE, DATEEND), stay as they are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from astropy.time import Time, TimeDelta

from isrcore.data.times import UTC_CLOCKS, moment_of, scale_of, seconds_behind
from isrcore.metadata import PropertyList

__all__ = ["dates_in_tai"]

_DATES = ("DATE-OBS", "DATE-BEG", "DATE-END")
_DAYS = ("MJD-OBS", "MJD-BEG", "MJD-END", "MJD-AVG")


def dates_in_tai(metadata: PropertyList) -> dict[str, str | float]:
    """The dates of header values in TAI: ISO texts and modified Julian days by keyword.

    A date without a clock, and what is no date, stays out.
    """
    system = str(metadata.get("TIMESYS") or "UTC")
    found: dict[str, str | float] = {}
    for key in _DATES:
        text = str(metadata.get(key) or "")
        clock = next((clock for name in UTC_CLOCKS if (clock := str(metadata.get(name) or ""))), "")
        if (moment := moment_of(text)) is not None:
            found[key] = _tai(moment, "datetime", system).isot
        elif key == "DATE-OBS" and (moment := moment_of(text, clock)) is not None:
            found[key] = _tai(moment, "datetime", "UTC").isot
    for key in _DAYS:
        days = metadata.get(key)
        if isinstance(days, (int, float)) and 15000 <= days <= 100000:
            found[key] = float(_tai(days, "mjd", system).mjd)
    return found


def _tai(time: datetime | float, form: Literal["datetime", "mjd"], system: str) -> Time:
    stated = Time(time, format=form, scale=scale_of(system) or "utc", precision=6)
    return (stated + TimeDelta(seconds_behind(system), format="sec")).tai
