"""What is known about one pixel, in every coordinate system the user may ask for. Pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from isrcore.image.components import is_nominal
from isrcore.inspect.layout import ASSEMBLED, Layout, amplifier_at
from isrcore.values import frozen

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["Reading", "is_trimmed", "read_pixel", "same_place", "sexagesimal"]


@frozen
class Reading:
    """One pixel.

    Attributes
    ----------
    x, y : int
        0-based, in the frame of the exposure.
    value, sigma : float
        In the unit of what is shown; `sigma` is NaN where there is none.
    note : str
        Why there is none where one could be expected.
    planes : tuple of str
        Mask planes set.
    amplifier : str
        Name, or ``""``.
    raw : (int, int) or None
        0-based pixel of the raw frame that it was read from.
    sky : (float, float) or None
        Right ascension and declination of the pixel centre, degree.
    is_nominal_sky : bool
        Whether the header has no WCS, so that the camera's takes its place: good to some arcsec.
    """

    x: int
    y: int
    value: float
    sigma: float
    planes: tuple[str, ...]
    amplifier: str = ""
    raw: tuple[int, int] | None = None
    sky: tuple[float, float] | None = None
    is_nominal_sky: bool = False
    note: str = ""


def is_trimmed(exposure: Exposure) -> bool:
    """Whether the exposure has the shape of the assembled, trimmed detector."""
    return Layout.of(exposure, exposure.detector).name == ASSEMBLED


def same_place(source: Exposure, target: Exposure, x: float, y: float) -> tuple[float, float] | None:
    """Where a place in one exposure lies in another one of the same CCD.

    None if one of the two is raw, the other assembled, and the place is in an overscan or prescan.
    """
    detector = source.detector or target.detector
    if detector is None or source.bbox == target.bbox:
        return x, y
    column, row = round(x), round(y)
    raw = Layout.of(source, detector).to_raw(column, row)
    place = None if raw is None else Layout.of(target, detector).from_raw(*raw)
    return None if place is None else (place[0] + x - column, place[1] + y - row)


def read_pixel(exposure: Exposure, x: int, y: int) -> Reading | None:
    """What the exposure holds at (x, y), 0-based; None outside."""
    height, width = exposure.image.shape
    if not (0 <= x < width and 0 <= y < height):
        return None
    variance = float(exposure.variance[y, x])
    raw = Layout.of(exposure, exposure.detector).to_raw(x, y) if exposure.detector is not None else None
    amp = amplifier_at(exposure.detector, *raw) if raw is not None else None
    return Reading(
        x=x,
        y=y,
        value=float(exposure.image[y, x]),
        sigma=math.sqrt(variance) if variance > 0 else math.nan,
        planes=tuple(exposure.mask.planes.names_of(int(exposure.mask.array[y, x]))),
        amplifier=amp.name if amp is not None else "",
        raw=raw,
        sky=_sky(exposure, x, y, raw),
        is_nominal_sky=is_nominal(exposure.wcs),
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
