"""What a header says about an exposure, made comparable across seventeen years of headers.

Types, sentinels and even the presence of keywords vary by era; a fact that is not there or cannot be true is None,
never a made-up value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from isrcore.camera.megacam import filter_code, filter_names
from isrcore.data.cards import CardHeader
from isrcore.data.times import times_of
from isrcore.image import FilterLabel, VisitInfo
from isrcore.values import frozen

if TYPE_CHECKING:  # Slow to import, and opening a frame does not need it.
    from astropy.time import Time

__all__ = ["ExposureFacts", "exposure_facts"]

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
        ISO form, UTC: DATE-OBS and UTC-OBS, or another of the forms that `isrcore.data.times` reads.
    end : str or None
        DATEEND and UTCEND (they belong together: UTCEND may be of the next day), likewise.
    object_name : str or None
    run_id, camera_run, queue_run : str or None
        RUNID (program), CRUNID (the key to the masters), QRUNID.
    ra, dec : float or None
        RA_DEG and DEC_DEG, degrees; None for RADECSYS 'GAPPT' (apparent place of date, used for flats and focus frames:
        not a position on the sky that can be compared).
    airmass : float or None
    date_only : str or None
        ISO date of an exposure whose header states no time.
    notes : tuple of str
        Times that contradict each other, and texts that are no times.
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
    date_only: str | None = None
    notes: tuple[str, ...] = ()

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

    @property
    def day(self) -> str | None:
        """ISO date of the begin, UTC."""
        return self.date_only if self.begin is None else self.begin[:10]

    @property
    def mjd(self) -> float | None:
        """Modified Julian day of the begin, UTC; noon of its date where no more is stated."""
        if self.date_begin is not None:
            return float(self.date_begin.mjd)
        noon = _time(None if self.day is None else f"{self.day}T12:00:00")
        return None if noon is None else float(noon.mjd)

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

    on_sky = "GAPPT" not in (text("RADESYS"), text("RADECSYS"))
    exposure_time = number("EXPTIME", 0, 1e6)
    times = times_of(headers, exposure_time)
    return ExposureFacts(
        obs_type=(text("OBSTYPE") or "").upper(),
        exposure_id=first("EXPNUM").integer("EXPNUM") or first("OBSID").integer("OBSID"),
        filter=text("FILTER"),
        exposure_time=exposure_time,
        exposure_time_requested=number("EXPREQ", 0, 1e6),
        dark_time=number("DARKTIME", 0, 1e6),
        begin=times.begin,
        end=times.end,
        object_name=text("OBJECT"),
        run_id=text("RUNID"),
        camera_run=text("CRUNID"),
        queue_run=text("QRUNID"),
        ra=number("RA_DEG", 0, 360) if on_sky else None,
        dec=number("DEC_DEG", -90, 90) if on_sky else None,
        airmass=number("AIRMASS", 1, 100),
        date_only=times.day if times.begin is None else None,
        notes=times.notes,
    )


def _time(text: str | None) -> Time | None:
    from astropy.time import Time

    return None if text is None else Time(text, format="isot", scale="utc")


def _later(time: Time | None, seconds: float | None) -> Time | None:
    from astropy.time import TimeDelta

    return None if time is None or seconds is None else time + TimeDelta(seconds, format="sec")
