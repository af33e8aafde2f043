"""What a header says about an exposure, made comparable across seventeen years of headers.

Types, sentinels and even the presence of keywords vary by era; a fact that is not there or cannot be true is None,
never a made-up value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from isrcore.camera.megacam import filter_code, filter_names
from isrcore.data.cards import CardHeader
from isrcore.image import FilterLabel, VisitInfo
from isrcore.values import frozen

if TYPE_CHECKING:  # Slow to import, and opening a frame does not need it.
    from astropy.time import Time

__all__ = ["ExposureFacts", "exposure_facts"]

_DATE = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$")
_CLOCK = re.compile(r"^(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)$")
_NOT_GIVEN = ("", "N/A", "NA", "NULL", "NONE")


@frozen
class ExposureFacts:
    """Facts of one exposure; None where the header does not state one.

    Attributes
    ----------
    obs_type : str
        OBSTYPE in capitals: OBJECT, BIAS, DARK, FLAT, LED, FOCUS; empty when missing.
    exposure_id : int or None
        EXPNUM (OBSID), the CFHT odometer. FILENAME and the file's name are not used: products inherit or change them.
    filter : str or None
        FILTER as written, unless it says NONE. Bias and dark frames state whatever filter was in.
    exposure_time, exposure_time_requested, dark_time : float or None
        EXPTIME (measured), EXPREQ, DARKTIME (which equals the request), seconds. LED frames: 1.039 s measured, 100 s
        requested.
    begin : str or None
        DATE-OBS and UTC-OBS in ISO form, UTC; it may still be no date, such as one of month 13.
    end : str or None
        DATEEND and UTCEND (they belong together: UTCEND may be of the next day), likewise.
    object_name : str or None
    run_id, camera_run, queue_run : str or None
        RUNID (program), CRUNID (the key to the masters), QRUNID.
    ra, dec : float or None
        RA_DEG and DEC_DEG, degrees; None for RADECSYS 'GAPPT' (apparent place of date, used for flats and focus frames:
        not a position on the sky that can be compared).
    airmass : float or None
    """

    obs_type: str
    exposure_id: int | None
    filter: str | None
    exposure_time: float | None
    exposure_time_requested: float | None
    dark_time: float | None
    begin: str | None
    end: str | None
    object_name: str | None
    run_id: str | None
    camera_run: str | None
    queue_run: str | None
    ra: float | None
    dec: float | None
    airmass: float | None

    @property
    def filter_code(self) -> str | None:
        """The code MPnnnn of the filter."""
        return filter_code(self.filter)

    def filter_label(self) -> FilterLabel | None:
        """The filter as a label; None without a filter."""
        physical, band = filter_names(self.filter)
        return None if physical is None else FilterLabel(physical, band)

    @cached_property
    def date_begin(self) -> Time | None:
        """The start command. The shutter opens about 2.4 s later."""
        return _time(self.begin)

    @cached_property
    def date_end(self) -> Time | None:
        """The stated end, which includes up to 45 s of readout in files before about 2011-2016; where absent, begin
        plus exposure time.
        """
        end = _time(self.end)
        return _later(self.date_begin, self.exposure_time) if end is None else end

    def visit_info(self) -> VisitInfo:
        """Times and identity for ISR.

        The date is the begin plus half the exposure time, in TAI: end times include readout in some eras and not in
        others. (The reference takes the mean of begin and DATE-OBS with UTCEND, wrong across midnight.)
        """
        seconds = math.nan if self.exposure_time is None else self.exposure_time
        middle = _later(self.date_begin, seconds / 2) if math.isfinite(seconds) else self.date_begin
        return VisitInfo(
            exposure_time=seconds,
            dark_time=math.nan if self.dark_time is None else self.dark_time,
            exposure_id=self.exposure_id or 0,
            date=None if middle is None else middle.tai,
        )


def exposure_facts(headers: Sequence[CardHeader]) -> ExposureFacts:
    """Facts from several headers of one file: each from the first header that states it (primary, then extensions)."""

    def first(key: str) -> CardHeader:
        return next((header for header in headers if key in header), headers[0])

    def text(key: str) -> str | None:
        value = first(key).text(key)
        return None if value.upper() in _NOT_GIVEN else value

    def number(key: str, low: float, high: float) -> float | None:
        value = first(key).number(key)
        return value if value is not None and low <= value <= high else None

    on_sky = text("RADECSYS") != "GAPPT"
    return ExposureFacts(
        obs_type=(text("OBSTYPE") or "").upper(),
        exposure_id=first("EXPNUM").integer("EXPNUM") or first("OBSID").integer("OBSID"),
        filter=text("FILTER"),
        exposure_time=number("EXPTIME", 0, 1e6),
        exposure_time_requested=number("EXPREQ", 0, 1e6),
        dark_time=number("DARKTIME", 0, 1e6),
        begin=_iso_text(text("DATE-OBS"), text("UTC-OBS")),
        end=_iso_text(text("DATEEND"), text("UTCEND")),
        object_name=text("OBJECT"),
        run_id=text("RUNID"),
        camera_run=text("CRUNID"),
        queue_run=text("QRUNID"),
        ra=number("RA_DEG", 0, 360) if on_sky else None,
        dec=number("DEC_DEG", -90, 90) if on_sky else None,
        airmass=number("AIRMASS", 1, 100),
    )


def _iso_text(date: str | None, clock: str | None) -> str | None:
    """A date with either separator and a clock time whose fields are not padded ('8:55:18.29')."""
    day, hour = _DATE.match(date or ""), _CLOCK.match(clock or "")
    if day is None or hour is None:
        return None
    year, month, number = (int(group) for group in day.groups())
    return f"{year:04d}-{month:02d}-{number:02d}T{int(hour[1]):02d}:{int(hour[2]):02d}:{float(hour[3]):09.6f}"


def _time(text: str | None) -> Time | None:
    from astropy.time import Time

    if text is None:
        return None
    try:
        return Time(text, format="isot", scale="utc")
    except ValueError:  # A month 13 and the like: not a time.
        return None


def _later(time: Time | None, seconds: float | None) -> Time | None:
    from astropy.time import TimeDelta

    return None if time is None or seconds is None else time + TimeDelta(seconds, format="sec")
