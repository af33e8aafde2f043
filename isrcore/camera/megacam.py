"""MegaCam: the 40 CCDs of CFHT's MegaPrime and its filters, built from the tables in ``resources/megacam``.

Two flavours of the camera exist, because the amplifier tables of the reference pipeline differ from what headers say:

``cfht`` (default)
    The sections that raw headers state. BSECA and BSECB run over all 4644 rows, so the serial overscan box is
    32 x 4644, taller than the 4612 rows of data beside it: a constant overscan level uses all rows, a fit along the
    rows uses those beside the data. The parallel overscan, which no keyword describes, is rows 4612 to 4643 of the data
    columns.
``obs_cfht``
    The tables of the reference (manual: detectors, MegaCam): serial overscan 32 x 4613, parallel overscan 1023 x 31.

All other numbers are equal in both. The four ears (ccd36 to ccd39), unknown to the reference, exist in both.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from isrcore.camera.amplifier import Amplifier, ReadoutCorner
from isrcore.camera.camera import Camera
from isrcore.camera.detector import Detector, Orientation
from isrcore.geom import Box
from isrcore.metadata import PropertyList
from isrcore.resource_files import resource

__all__ = [
    "N_DETECTORS",
    "Flavour",
    "detector_from_header",
    "detector_name",
    "filter_code",
    "filter_names",
    "load_filters",
    "load_geometry",
    "load_masks",
    "megacam_camera",
]

Flavour = Literal["cfht", "obs_cfht"]

N_DETECTORS = 40

MAX_READ_NOISE = 60000.0
"""Some headers state a read noise of 65535 for "unknown"; the same limit as in the reference's CFHT task."""

_NO_FILTER = ("", "NONE", "FILTER_NAME", "N/A", "NULL")
_FILTER_CODE = re.compile(r"MP\d{4}")


def detector_name(number: int) -> str:
    """EXTNAME of a CCD: ``ccd07`` for 7."""
    return f"ccd{number:02d}"


@cache
def load_geometry() -> dict[str, Any]:
    """All tables of ``resources/megacam/geometry.json``; every group states its source, and its unit where it has one.

    Shared between callers: do not modify.
    """
    return _load("geometry.json")


@cache
def load_filters() -> dict[str, dict[str, Any]]:
    """Filters by code MPnnnn, each with ``physical``, ``band``, ``elixir`` (names in master files) and ``alias``."""
    return {row["code"]: row for row in _load("filters.json")["rows"]}


@cache
def load_masks() -> dict[str, Any]:
    """Validity of Elixir's masks of times when whole CCDs were dead."""
    return _load("masks.json")


def _load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(resource("megacam", name).read_text("utf-8"))
    return content


def filter_code(text: str | None) -> str | None:
    """The code MPnnnn in a FILTER value, or None: the only part that has one spelling (Ha, Halpha, HaB.MP9603)."""
    match = _FILTER_CODE.search(text or "")
    return match.group() if match else None


def filter_names(text: str | None) -> tuple[str | None, str | None]:
    """Physical filter and band that a FILTER value means.

    A value with a known code gets the names of the table, whatever its spelling, so that MP9605 is always ``gri`` and
    MP9501 always ``OIII`` (the reference lists them as r and g). Any other text, such as the bare letter of old flats
    and masters, is the physical filter as it stands, and the part before the dot is the band. ``NONE``,
    ``filter_name`` (some engineering frames) and an empty value are no filter.

    Returns
    -------
    physical, band : str or None
    """
    text = (text or "").strip()
    known = load_filters().get(filter_code(text) or "")
    if known is not None:
        return known["physical"], known["band"]
    if text.upper() in _NO_FILTER:
        return None, None
    return text, text.partition(".")[0]


@cache
def megacam_camera(flavour: Flavour = "cfht") -> Camera:
    """The camera with its 40 detectors ``ccd00`` to ``ccd39``, amplifiers ``A`` and ``B``.

    Parameters
    ----------
    flavour : {"cfht", "obs_cfht"}
        Whose sections to use; see the module docstring.

    Returns
    -------
    camera : `isrcore.camera.Camera`
        Gains in electron/ADU, read noises in electron (truncated to integers, as in headers and in the reference),
        saturation 65535 ADU. `detector_from_header` replaces them by the values of a frame.

    Raises
    ------
    ValueError
        For an unknown flavour.
    """
    if flavour not in ("cfht", "obs_cfht"):
        raise ValueError(f"camera flavour must be 'cfht' or 'obs_cfht', found {flavour!r}")
    return Camera("MegaPrime", (_detector(number, flavour) for number in range(N_DETECTORS)))


def _detector(number: int, flavour: Flavour) -> Detector:
    geometry = load_geometry()
    name = detector_name(number)
    facts = geometry["ccds"]["rows"][name]
    plane, pixel = geometry["focal_plane"], geometry["instrument"]["pixel_mm"]
    x_low, x_high, y_low, y_high = facts["detsec"]
    width, height = geometry["sections"]["size"]
    return Detector(
        name=name,
        id=number,
        serial=facts["ccd_name"].replace("-", ""),
        bbox=Box(0, 0, width, height),
        amplifiers=tuple(_amplifier(name, amp, flavour) for amp in "AB"),
        pixel_size=(pixel, pixel),
        orientation=Orientation(
            fp_position=(
                ((x_low + x_high) / 2 - plane["origin_px"][0]) * pixel,
                ((y_low + y_high) / 2 - plane["origin_px"][1]) * pixel,
            ),
            reference_point=tuple(plane["reference_point_px"]),
            yaw=math.radians(facts["yaw"]),
        ),
    )


def _amplifier(ccd: str, amp: str, flavour: Flavour) -> Amplifier:
    geometry = load_geometry()
    sections = geometry["sections"][amp] | (geometry["sections_obs_cfht"][amp] if flavour == "obs_cfht" else {})
    return Amplifier(
        name=amp,
        bbox=Box(*sections["bbox"]),
        raw_bbox=Box(*sections["raw_bbox"]),
        raw_data_bbox=Box(*sections["raw_data_bbox"]),
        raw_horizontal_overscan_bbox=Box(*sections["raw_horizontal_overscan_bbox"]),
        raw_vertical_overscan_bbox=Box(*sections["raw_vertical_overscan_bbox"]),
        gain=geometry["gain"]["rows"][ccd][amp],
        read_noise=float(geometry["read_noise"]["rows"][ccd][amp]),
        saturation=float(geometry["saturation"]["value"]),
        readout_corner=ReadoutCorner[sections["readout_corner"]],
        linearity_coeffs=(1.0, math.nan, math.nan, math.nan),
    )


def detector_from_header(detector: Detector, header: Mapping[str, Any] | PropertyList) -> Detector:
    """`detector` with the gains, read noises and saturation that a frame's header states.

    A value that is absent or out of range keeps the table's: gains and saturation must be positive (masks state 0),
    read noises not negative and at most 60000 (some headers state 65535). `isrcore.CfhtIsrTask` reads the header again
    by the reference's own rules, with its fallback to RDNOISE and an estimate of the saturation.

    Parameters
    ----------
    detector : `Detector`
        With amplifiers A and B.
    header : mapping
        Keys GAINA, GAINB (electron/ADU), RDNOISEA, RDNOISEB (electron), SATURATE (ADU).

    Raises
    ------
    ValueError
        If a value is no finite number; its arguments are the key, what was expected, what was found, and the problem.
    """
    changed = []
    for amp in detector:
        gain = _number(header, f"GAIN{amp.name}")
        noise = _number(header, f"RDNOISE{amp.name}")
        saturation = _number(header, "SATURATE")
        changed.append(
            amp.replace(
                gain=gain if gain > 0 else amp.gain,
                read_noise=noise if 0 <= noise <= MAX_READ_NOISE else amp.read_noise,
                saturation=saturation if saturation > 0 else amp.saturation,
            )
        )
    return detector.with_amplifiers(changed)


def _number(header: Mapping[str, Any] | PropertyList, key: str) -> float:
    """A number from the header; NaN, which fails every comparison, where it has none."""
    value = header.get(key)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(key, "a finite number", value, "a value of the detector cannot be used")
    return float(value)
