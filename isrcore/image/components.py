"""The small facts that travel with an exposure: filter, visit, photometric calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isrcore.values import frozen

if TYPE_CHECKING:  # Slow to import, and only the one who makes a date needs it.
    from astropy.time import Time

__all__ = ["AB_ZERO_FLUX_NJY", "NOMINAL_SKY", "FilterLabel", "PhotoCalib", "VisitInfo", "is_nominal"]

NOMINAL_SKY = "nominal MegaCam"
"""Name of a WCS that is the camera's, because the header had none."""

AB_ZERO_FLUX_NJY = 1e23 * 10 ** (-48.6 / 2.5) * 1e9
"""Flux density of AB magnitude 0, nJy (manual: measurements, Zero point)."""


@dataclass(frozen=True)
class FilterLabel:
    """Filter of an exposure.

    Attributes
    ----------
    physical, band : str or None
        For example ``i.MP9702`` and ``i``.
    """

    physical: str | None = None
    band: str | None = None

    def hasPhysicalLabel(self) -> bool:
        return self.physical is not None

    def hasBandLabel(self) -> bool:
        return self.band is not None

    @property
    def physicalLabel(self) -> str:
        """The physical filter; `RuntimeError` when there is none."""
        if self.physical is None:
            raise RuntimeError("the filter label has no physical filter name")
        return self.physical

    @property
    def bandLabel(self) -> str:
        """The band; `RuntimeError` when there is none."""
        if self.band is None:
            raise RuntimeError(f"the filter label {self.physical!r} has no band")
        return self.band


@frozen
class VisitInfo:
    """When and how long an exposure was taken; missing numbers are NaN.

    Attributes
    ----------
    exposure_time, dark_time : float
        Seconds.
    exposure_id : int
        CFHT odometer number.
    date : `astropy.time.Time` or None
        Middle of the exposure.
    """

    exposure_time: float = math.nan
    dark_time: float = math.nan
    exposure_id: int = 0
    date: Time | None = None

    def getExposureTime(self) -> float:
        return self.exposure_time

    def getDarkTime(self) -> float:
        return self.dark_time

    def getExposureId(self) -> int:
        return self.exposure_id

    def getDate(self) -> Time:
        """Middle of the exposure; `RuntimeError` when unknown."""
        if self.date is None:
            raise RuntimeError("the visit info has no date")
        return self.date


@frozen
class PhotoCalib:
    """A spatially constant photometric calibration: flux in nJy = `calibration_mean` times ADU."""

    calibration_mean: float
    calibration_error: float = 0.0

    def getCalibrationMean(self) -> float:
        return self.calibration_mean

    def getCalibrationErr(self) -> float:
        return self.calibration_error


def is_nominal(wcs: Any) -> bool:
    """Whether a WCS is the camera's, because the header had none."""
    return wcs is not None and wcs.wcs.name == NOMINAL_SKY
