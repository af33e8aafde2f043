"""Positions, lengths and directions of regions between the sky and the pixels of a frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.wcs.utils import wcs_to_celestial_frame

__all__ = ["SKY_SYSTEMS", "SkyGrid"]

SKY_SYSTEMS = {
    "fk5": "fk5",
    "j2000": "fk5",
    "icrs": "icrs",
    "galactic": "galactic",
    "ecliptic": "barycentricmeanecliptic",
    "wcs": "",
}
"""DS9's names of systems that a frame's sky can be seen in, and astropy's; ``wcs`` is the frame's own.

FK4 is not among them: where it puts a pixel depends on an epoch that region files do not have.
"""

_STEP = 1.0 / 3600.0
"""Degrees over which scale and direction are measured."""


class SkyGrid:
    """The sky over a frame.

    Parameters
    ----------
    wcs : `astropy.wcs.WCS`
        Celestial; of the 0-based pixels that are given and returned.

    Raises
    ------
    ValueError
        If it is in no system that is known, such as geocentric apparent places.
    """

    def __init__(self, wcs: Any) -> None:
        self._wcs = wcs
        self._own = wcs_to_celestial_frame(wcs)

    def to_pixel(self, system: str, longitude: float, latitude: float) -> tuple[float, float]:
        """The pixel of a position in degrees.

        Raises
        ------
        ValueError
            If the frame does not reach there.
        """
        if not -90.0 <= latitude <= 90.0:
            raise ValueError(f"expected a declination or latitude from -90 to 90 degrees, found {latitude:g}")
        if not self._is_own(system):
            there = SkyCoord(longitude, latitude, unit="deg", frame=SKY_SYSTEMS[system]).transform_to(self._own)
            longitude, latitude = there.spherical.lon.deg, there.spherical.lat.deg
        try:
            x, y = self._wcs.all_world2pix(longitude, latitude, 0)
        except RuntimeError as error:  # astropy's NoConvergence is one
            raise ValueError(f"the sky of the frame does not reach there ({type(error).__name__})") from error
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError("the sky of the frame does not reach there")
        return float(x), float(y)

    def to_sky(self, system: str, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude of a pixel, degrees."""
        longitude, latitude = (float(value) for value in self._wcs.all_pix2world(x, y, 0))
        if self._is_own(system):
            return longitude, latitude
        there = SkyCoord(longitude, latitude, unit="deg", frame=self._own).transform_to(SKY_SYSTEMS[system])
        return float(there.spherical.lon.deg), float(there.spherical.lat.deg)

    def degrees_per_pixel(self, system: str, longitude: float, latitude: float) -> float:
        """The scale at a place: the side of a square as large as a pixel."""
        west, north = self._axes(system, longitude, latitude)
        return _STEP / math.sqrt(abs(west[0] * north[1] - west[1] * north[0]))

    def pixel_angle(self, system: str, longitude: float, latitude: float, angle: float) -> float:
        """Degrees counter-clockwise from the rows, of a direction that is so many degrees from west over north.

        This is how DS9 counts angles on the sky.
        """
        west, north = self._axes(system, longitude, latitude)
        cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        return math.degrees(math.atan2(west[1] * cosine + north[1] * sine, west[0] * cosine + north[0] * sine)) % 360.0

    def sky_angle(self, system: str, longitude: float, latitude: float, angle: float) -> float:
        """The inverse of `pixel_angle`."""
        axes = np.transpose(self._axes(system, longitude, latitude))
        cosine, sine = np.linalg.solve(axes, [math.cos(math.radians(angle)), math.sin(math.radians(angle))])
        return math.degrees(math.atan2(sine, cosine)) % 360.0

    def _axes(self, system: str, longitude: float, latitude: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """Pixels by which one moves with one step to the west, and to the north."""
        # From the side of the equator, so that no step leaves the sphere.
        sign = -1.0 if latitude > 0 else 1.0
        here = self.to_pixel(system, longitude, latitude)
        up = self.to_pixel(system, longitude, latitude + sign * _STEP)
        west = self.to_pixel(system, longitude - _STEP / max(math.cos(math.radians(latitude)), 1e-9), latitude)
        return (west[0] - here[0], west[1] - here[1]), (sign * (up[0] - here[0]), sign * (up[1] - here[1]))

    def _is_own(self, system: str) -> bool:
        name = SKY_SYSTEMS[system]
        return not name or (name == self._own.name and self._own.is_equivalent_frame(type(self._own)()))
