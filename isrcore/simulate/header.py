"""Headers of simulated frames: the keywords of real ones, in their order, with values of the simulated exposure.

``resources/simulate/header_36.txt`` and ``header_40.txt`` list the cards of a 36-CCD frame of 2010 and a 40-CCD frame
of 2019. The first character says where a card stands (P primary, E extension, * both), the second (S) that it exists
only when the shutter opened. Values in braces are filled in here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from isrcore.camera.megacam import detector_name, load_geometry
from isrcore.resource_files import resource
from isrcore.simulate.fitsfile import card
from isrcore.simulate.recipe import SimulationRecipe, filter_facts
from isrcore.simulate.seeds import generator

__all__ = ["exposure_values", "extension_values", "header_cards"]

LATITUDE, LONGITUDE = 19.825252, -155.468876
"""The telescope, degrees, longitude to the east."""

_CARD = re.compile(r"^(?P<keyword>.{8})= (?P<value>'(?:[^']|'')*'|\{[^}]*\}|[^/]*?)(?: / (?P<comment>.*))?$")

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_TEXTS = {
    "OBJECT": ("N/A", "SINGLE[1/1] - Ref + [0.0 0.0]", "Simulated field", "auto_guide"),
    "FLAT": ("Twilight Flats", "Flats", "Flats", "track"),
    "BIAS": ("Series of Biases", "N/A", "Zenith", "manual"),
    "DARK": ("Dark", "N/A", "Zenith", "manual"),
}
_OVERHEAD = {36: 47.9, 40: 3.8}
"""Seconds from the end of the exposure to MJDEND: the read-out is in it until about 2015."""


@cache
def _template(n_ccd: int) -> tuple[str, ...]:
    return tuple(resource("simulate", f"header_{n_ccd}.txt").read_text("ascii").splitlines())


def header_cards(recipe: SimulationRecipe, scope: Literal["P", "E"], values: dict[str, Any]) -> Iterator[str]:
    """Cards of the primary (P) or of an extension (E), 80 characters each, without the structural ones.

    Raises
    ------
    ValueError
        When a line of the template is not a card.
    """
    for line in _template(recipe.n_ccd):
        place, condition, text = line[0], line[1], line[3:]
        if place not in ("*", scope) or (condition == "S" and not recipe.has_light):
            continue
        if text.startswith(("COMMENT", "HISTORY")):
            yield text.format_map(values)[:80].ljust(80)
            continue
        match = _CARD.match(text)
        if match is None:
            raise ValueError(f"header_{recipe.n_ccd}.txt: not a header card: {text!r}")
        yield card(match["keyword"], match["value"].format_map(values), match["comment"] or "")


def exposure_values(recipe: SimulationRecipe) -> dict[str, Any]:
    """What all HDUs of an exposure share: times, pointing, identity."""
    start = recipe.start
    # The shutter's own time exceeds the request by 0.03 to 0.2 s.
    excess = generator(recipe.seed, "shutter").uniform(0.03, 0.2) if recipe.has_light else 0.0
    exposed = recipe.dark_time + excess
    end = start + timedelta(seconds=exposed + _OVERHEAD[recipe.n_ccd])
    hawaii = end - timedelta(hours=10)
    comment_obs, comment_seq, target, tel_stat = _TEXTS[recipe.obs_type]
    lst, lst_end = _sidereal_hours(start), _sidereal_hours(end)
    ra, dec = (recipe.ra, recipe.dec) if recipe.obs_type == "OBJECT" else (15.0 * lst, LATITUDE)
    altitude, azimuth = _horizontal(15.0 * lst - ra, dec)
    opened = start + timedelta(seconds=2.4)
    shutter = [
        f"'{at.isoformat(timespec='milliseconds')[:23]}'" for at in (opened, opened + timedelta(seconds=exposed))
    ]
    if recipe.n_ccd == 36:
        shutter = ["0.0000", "0.0000"]
    elif not recipe.has_light:
        shutter = ["'Null'", "'Null'"]
    return {
        "n_ccd": recipe.n_ccd,
        "n_amp": 2 * recipe.n_ccd,
        "comment_obs": comment_obs,
        "comment_seq": comment_seq,
        "object": target,
        "pi_name": "Simulated",
        "run_id": recipe.run_id,
        "queue_run": f"{recipe.run_id[:3]}Q01",
        "camera_run": recipe.camera_run,
        "filename": recipe.file_stem,
        "exposure_id": recipe.exposure_id,
        "obs_type": recipe.obs_type,
        "exp_time": exposed,
        "exp_requested": recipe.exposure_time,
        "dark_time": recipe.dark_time,
        "shutter_open": shutter[0],
        "shutter_close": shutter[1],
        "filter": recipe.filter,
        "filter_id": filter_facts()[recipe.filter]["filter_id"],
        "tel_stat": tel_stat,
        "dome": "OPEN" if recipe.has_light else "CLOSED",
        "date": end.strftime("%Y-%m-%dT%H:%M:%S"),
        "hst_time": f"{_day(hawaii)} {hawaii:%d %H:%M:%S} HST {hawaii.year}",
        "splice_time": f"{_day(hawaii)} {hawaii.day} {hawaii.year} - {hawaii:%H:%M:%S}",
        "date_obs": start.strftime("%Y-%m-%d"),
        "utc_obs": _sexagesimal(_hours(start)),
        "utc_hours": _hours(start),
        "mjd_obs": _mjd(start),
        "lst_obs": _sexagesimal(lst),
        "lst_hours": lst,
        "date_end": end.strftime("%Y-%m-%d"),
        "utc_end": _sexagesimal(_hours(end)),
        "mjd_end": _mjd(end),
        "lst_end": _sexagesimal(lst_end),
        "ra_deg": ra,
        "dec_deg": dec,
        "ra": _sexagesimal(ra / 15.0),
        "dec": _sexagesimal(dec, 1),
        "ha": _sexagesimal(_wrapped(lst - ra / 15.0)),
        "ha_end": _sexagesimal(_wrapped(lst_end - ra / 15.0)),
        "altitude": altitude,
        "azimuth": azimuth,
        "airmass": 1.0 / math.sin(math.radians(max(altitude, 5.0))),
        "bzero": "32768.0",
        "bscale": "1.0",
    }


def extension_values(number: int) -> dict[str, Any]:
    """What the header of one CCD says of its chip."""
    geometry = load_geometry()
    name = detector_name(number)
    facts = geometry["ccds"]["rows"][name]
    x_low, x_high, y_low, y_high = facts["detsec"]
    half = (x_high - x_low + 1) // 2
    turned = facts["yaw"] == 180
    rows = f"{y_high}:{y_low}" if turned else f"{y_low}:{y_high}"
    # DETSECB keeps the direction that it had before splicing, against that of DETSEC, as in real files.
    if turned:
        spans = (f"{x_high}:{x_low}", f"{x_high}:{x_high - half + 1}", f"{x_low}:{x_low + half - 1}")
    else:
        spans = (f"{x_low}:{x_high}", f"{x_low}:{x_low + half - 1}", f"{x_high}:{x_high - half + 1}")
    gain, noise = geometry["gain"]["rows"][name], geometry["read_noise"]["rows"][name]
    true_noise = geometry["read_noise_true"]["rows"][name]
    crpix1, crpix2, cd1_1, cd2_2 = geometry["wcs"]["rows"][name]
    return {
        "ccd": number,
        "amplifier": f"{geometry['amplifier_extensions']['extension'][name]['A']:02d}",
        "detsec": f"[{spans[0]},{rows}]",
        "detsec_a": f"[{spans[1]},{rows}]",
        "detsec_b": f"[{spans[2]},{rows}]",
        "ccd_name": facts["ccd_name"],
        "nickname": facts["nickname"],
        "gain": (gain["A"] + gain["B"]) / 2,
        "gain_a": gain["A"],
        "gain_b": gain["B"],
        "read_noise": int((true_noise["A"] + true_noise["B"]) / 2),
        "read_noise_a": noise["A"],
        "read_noise_b": noise["B"],
        "dark_current": geometry["dark_current"]["rows"][name]["A"],
        "crpix1": crpix1,
        "crpix2": crpix2,
        "cd1_1": cd1_1,
        "cd2_2": cd2_2,
    }


def _day(when: datetime) -> str:
    """``Tue Nov``; not by strftime, whose names follow the locale."""
    return f"{_WEEKDAYS[when.weekday()]} {_MONTHS[when.month - 1]}"


def _hours(when: datetime) -> float:
    return when.hour + when.minute / 60 + (when.second + when.microsecond * 1e-6) / 3600


def _mjd(when: datetime) -> float:
    return when.toordinal() - 678576 + _hours(when) / 24


def _sidereal_hours(when: datetime) -> float:
    """Local mean sidereal time, good to a second (Astronomical Almanac)."""
    days_at_midnight = math.floor(_mjd(when)) - 51544.5
    return (6.697374558 + 0.06570982441908 * days_at_midnight + 1.00273790935 * _hours(when) + LONGITUDE / 15) % 24


def _wrapped(hours: float) -> float:
    return (hours + 12) % 24 - 12


def _sexagesimal(value: float, decimals: int = 2) -> str:
    """Hours or degrees as in the headers: ``4:37:54.31``, the first part not padded."""
    unit = 10**decimals
    total = round(abs(value) * 3600 * unit)
    minutes, seconds = divmod(total, 60 * unit)
    whole, minutes = divmod(minutes, 60)
    return f"{'-' if value < 0 else ''}{whole}:{minutes:02d}:{seconds / unit:0{3 + decimals}.{decimals}f}"


def _horizontal(hour_angle: float, dec: float) -> tuple[float, float]:
    """Altitude and azimuth (from north over east) in degrees."""
    h, d, phi = (math.radians(angle) for angle in (hour_angle, dec, LATITUDE))
    sin_altitude = math.sin(phi) * math.sin(d) + math.cos(phi) * math.cos(d) * math.cos(h)
    east = -math.cos(d) * math.sin(h)
    north = math.cos(phi) * math.sin(d) - math.sin(phi) * math.cos(d) * math.cos(h)
    return math.degrees(math.asin(sin_altitude)), math.degrees(math.atan2(east, north)) % 360
