"""What is known about one pixel, in every coordinate system the user may ask for. Pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isrcore.geom import Box

if TYPE_CHECKING:
    from isrcore.camera import Amplifier, Detector
    from isrcore.image import Exposure

__all__ = ["Reading", "amplifier_at", "assembled_to_raw", "raw_to_assembled", "read_pixel", "same_place", "sexagesimal"]


@dataclass(frozen=True)
class Reading:
    """One pixel.

    Attributes
    ----------
    x, y : int
        0-based, in the frame of the exposure.
    value, sigma : float
        In the unit of the image; `sigma` is NaN where the variance is not positive.
    planes : tuple of str
        Mask planes set.
    amplifier : str
        Name, or ``""``.
    raw : (int, int) or None
        0-based pixel of the raw frame that it was read from.
    sky : (float, float) or None
        Right ascension and declination of the pixel centre, degree.
    """

    x: int
    y: int
    value: float
    sigma: float
    planes: tuple[str, ...]
    amplifier: str = ""
    raw: tuple[int, int] | None = None
    sky: tuple[float, float] | None = None


def is_trimmed(exposure: Exposure) -> bool:
    """Whether the exposure has the shape of the assembled, trimmed detector."""
    detector = exposure.detector
    return detector is not None and (exposure.bbox.width, exposure.bbox.height) == (
        detector.bbox.width,
        detector.bbox.height,
    )


def amplifier_at(detector: Detector, x: int, y: int, trimmed: bool) -> Amplifier | None:
    """The amplifier that a pixel of the assembled (or raw) frame belongs to."""
    boxes = ((amp, amp.bbox if trimmed else amp.raw_bbox) for amp in detector)
    return next((amp for amp, box in boxes if box.contains_pixel(x, y)), None)


def assembled_to_raw(amp: Amplifier, x: int, y: int) -> tuple[int, int]:
    """The raw pixel that ends at an assembled one; both 0-based."""
    inside = Box(x - amp.bbox.x0, y - amp.bbox.y0, 1, 1)
    data = amp.raw_data_bbox
    flipped = inside.mirror(data.width, data.height, amp.raw_flip_x, amp.raw_flip_y)
    return data.x0 + flipped.x0, data.y0 + flipped.y0


def raw_to_assembled(detector: Detector, x: int, y: int) -> tuple[int, int] | None:
    """Where a raw pixel ends after assembly; None for overscan and prescan."""
    for amp in detector:
        data = amp.raw_data_bbox
        if data.contains_pixel(x, y):
            inside = Box(x - data.x0, y - data.y0, 1, 1)
            flipped = inside.mirror(data.width, data.height, amp.raw_flip_x, amp.raw_flip_y)
            return amp.bbox.x0 + flipped.x0, amp.bbox.y0 + flipped.y0
    return None


def same_place(source: Exposure, target: Exposure, x: float, y: float) -> tuple[float, float] | None:
    """Where a place in one exposure lies in another one of the same CCD.

    None if one of the two is raw, the other assembled, and the place is in an overscan or prescan.
    """
    detector = source.detector or target.detector
    if detector is None or source.bbox == target.bbox:
        return x, y
    size = detector.bbox.width, detector.bbox.height
    trimmed, wanted = ((each.bbox.width, each.bbox.height) == size for each in (source, target))
    column, row = round(x), round(y)
    place: tuple[int, int] | None = (column, row)
    if trimmed and not wanted:
        amp = amplifier_at(detector, column, row, True)
        place = None if amp is None else assembled_to_raw(amp, column, row)
    elif wanted and not trimmed:
        place = raw_to_assembled(detector, column, row)
    return None if place is None else (place[0] + x - column, place[1] + y - row)


def read_pixel(exposure: Exposure, x: int, y: int) -> Reading | None:
    """What the exposure holds at (x, y), 0-based; None outside."""
    height, width = exposure.image.shape
    if not (0 <= x < width and 0 <= y < height):
        return None
    variance = float(exposure.variance[y, x])
    amp, raw = None, None
    if exposure.detector is not None:
        trimmed = is_trimmed(exposure)
        amp = amplifier_at(exposure.detector, x, y, trimmed)
        raw = (x, y) if not trimmed else assembled_to_raw(amp, x, y) if amp is not None else None
    return Reading(
        x=x,
        y=y,
        value=float(exposure.image[y, x]),
        sigma=math.sqrt(variance) if variance > 0 else math.nan,
        planes=tuple(exposure.mask.planes.names_of(int(exposure.mask.array[y, x]))),
        amplifier=amp.name if amp is not None else "",
        raw=raw,
        sky=_sky(exposure, x, y, raw),
    )


def _sky(exposure: Exposure, x: int, y: int, raw: tuple[int, int] | None) -> tuple[float, float] | None:
    """The WCS belongs to the frame that the header describes, which is the raw one (`Exposure.wcs`)."""
    wcs: Any = exposure.wcs
    if wcs is None or raw is None:
        return None
    ra, dec = wcs.pixel_to_world_values(*raw)
    return (float(ra), float(dec)) if math.isfinite(ra) and math.isfinite(dec) else None


def sexagesimal(ra: float, dec: float) -> str:
    """Right ascension in hours and declination in degrees: ``02:26:14.20 −04:31:08.1``."""
    hundredths = round(ra / 15 * 360000) % (24 * 360000)
    hours = f"{hundredths // 360000:02d}:{hundredths // 6000 % 60:02d}:{hundredths % 6000 / 100:05.2f}"
    size = round(abs(dec) * 36000)
    sign = "−" if dec < 0 and size else "+"
    return f"{hours} {sign}{size // 36000:02d}:{size // 600 % 60:02d}:{size % 600 / 10:04.1f}"
