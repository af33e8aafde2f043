"""From values to colour indices: where a value lies between the limits, and which part of the colour map that becomes.

Pixels are first placed on a fine linear scale of 16-bit positions. Everything else (stretch, contrast, bias, colour
map, highlight) is folded into one table with a colour for each position, so that it costs the same whatever is
chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.values import frozen
from isrviewer.render.checks import require_choice, require_finite
from isrviewer.render.limits import PlaneStats

__all__ = ["NAN", "OVER", "STRETCHES", "UNDER", "Stretch", "positions", "scale"]

STRETCHES = ("linear", "log", "sqrt", "asinh", "power", "histogram")

NAN, UNDER, LOWEST, HIGHEST, OVER = 0, 1, 2, 65534, 65535
"""Meaning of the positions: not a number, below the limits, the limits themselves, above the limits."""

Curve = NDArray[np.float64]

_STEPS = HIGHEST - LOWEST
_LOG_EXPONENT = 1000.0
_ASINH_SCALE = 10.0


@frozen
class Stretch:
    """How the range between the limits is spread over the colour map.

    With x from 0 to 1 between the limits, as DS9 defines them but scaled to end at 1: log ``log(1000 x + 1) /
    log(1001)``, power ``(1000**x - 1) / 999``, asinh ``asinh(10 x) / asinh(10)``, sqrt, and histogram equalisation
    (the fraction of the pixels within the limits that lie below). Then ``(y - bias) * contrast + 0.5``.

    Attributes
    ----------
    name : {"linear", "log", "sqrt", "asinh", "power", "histogram"}
    contrast : float
        Slope of the colour map, 1 for the whole map; DS9 allows 0 to 10.
    bias : float
        Value of y that gets the middle colour, 0.5 for no shift.

    Raises
    ------
    ValueError
        For an unknown name, and for numbers that are not finite.
    """

    name: str = "linear"
    contrast: float = 1.0
    bias: float = 0.5

    def __post_init__(self) -> None:
        require_choice("stretch", self.name, STRETCHES)
        require_finite("contrast", self.contrast)
        require_finite("bias", self.bias)

    def curve(
        self, x: Curve, limits: tuple[float, float], stats: PlaneStats | None = None, centred: bool = False
    ) -> Curve:
        """Place on the colour map, 0 to 1, of `x`, 0 to 1 between the limits.

        Parameters
        ----------
        x : ndarray, ascending
        limits : (float, float)
        stats : `PlaneStats`, optional
            Needed for histogram equalisation, which without a sample between the limits is linear.
        centred : bool
            Stretch both halves away from the middle, so that a map for changes keeps its middle at no change.
        """
        if centred and self.name != "histogram":
            offset = 2 * x - 1
            y = (1 + np.copysign(self._shape(np.abs(offset), limits, stats), offset)) / 2
        else:
            y = self._shape(x, limits, stats)
        y = (y - self.bias) * self.contrast + 0.5
        np.clip(y, 0, 1, out=y)
        return y

    def _shape(self, x: Curve, limits: tuple[float, float], stats: PlaneStats | None) -> Curve:
        y: Curve = x
        if self.name == "log":
            y = np.log1p(_LOG_EXPONENT * x) / np.log1p(_LOG_EXPONENT)
        elif self.name == "sqrt":
            y = np.sqrt(x)
        elif self.name == "asinh":
            y = np.arcsinh(_ASINH_SCALE * x) / np.arcsinh(_ASINH_SCALE)
        elif self.name == "power":
            y = (_LOG_EXPONENT**x - 1) / (_LOG_EXPONENT - 1)
        elif self.name == "histogram" and stats is not None:
            y = _equalised(x, *limits, stats.sample)
        return y


def _equalised(x: Curve, low: float, high: float, sample: NDArray[np.float32]) -> Curve:
    within = sample[(sample >= low) & (sample <= high)]
    if not len(within):
        return x
    # The mean of "below" and "not above" puts equal values in the middle of their step.
    values = low + x * (high - low)
    return (np.searchsorted(within, values, "left") + np.searchsorted(within, values, "right")) / (2 * len(within))


def positions(values: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint16]:
    """Position of each value on the 16-bit scale between the limits.

    Parameters
    ----------
    values : ndarray
        Any real dtype.
    limits : (float, float)
        ``low < high``.
    """
    low, high = limits
    place = np.empty(values.shape, np.float32)
    np.subtract(values, low, out=place, casting="same_kind")
    place *= _STEPS / (high - low)
    place += LOWEST
    missing = np.isnan(place)
    np.clip(place, UNDER, OVER, out=place)
    if missing.any():
        place[missing] = NAN
    return place.astype(np.uint16)


def scale(
    stretch: Stretch, limits: tuple[float, float], stats: PlaneStats | None = None, centred: bool = False
) -> NDArray[np.uint8]:
    """Index into a 256-entry colour map for each position from `LOWEST` to `HIGHEST`, (65533,) uint8."""
    x = np.linspace(0, 1, _STEPS + 1)
    return (stretch.curve(x, limits, stats, centred) * 255 + 0.5).astype(np.uint8)
