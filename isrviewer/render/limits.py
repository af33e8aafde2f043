"""Which values get the two ends of the colour map.

A plane is measured once, in a worker: exact extremes and a sample of its values. Every choice of limits then follows
from those few numbers, so that changing it costs nothing in the GUI thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import map_bands
from isrcore.values import frozen
from isrviewer.render.checks import require_finite

__all__ = ["LIMIT_MODES", "Limits", "PlaneStats", "measure", "zscale"]

LIMIT_MODES = ("zscale", "percentile", "minmax", "manual")

_SAMPLE_PIXELS = 60_000
_ZSCALE_PIXELS = 3_000


@dataclass(frozen=True, eq=False)
class PlaneStats:
    """What the limits, the histogram and the reduction modes need to know of a plane.

    Attributes
    ----------
    sample : ndarray, 1-d, float32, sorted
        Finite values on a regular grid of pixels, without the excluded ones.
    minimum, maximum : float
        Exact over all finite pixels that are not excluded; NaN if there are none.
    not_finite : int
        Number of NaN and infinite pixels in the plane.
    """

    sample: NDArray[np.float32]
    minimum: float
    maximum: float
    not_finite: int

    @property
    def is_empty(self) -> bool:
        """Whether no pixel is finite and not excluded."""
        return math.isnan(self.minimum)

    @property
    def median(self) -> float:
        """Median of the sample; zero if there is none."""
        return float(self.sample[len(self.sample) // 2]) if len(self.sample) else 0.0

    def percentile(self, percent: float) -> float:
        return float(np.percentile(self.sample, percent))


def measure(image: NDArray[Any], mask: NDArray[np.int32] | None = None, excluded_bits: int = 0) -> PlaneStats:
    """Measure a plane; passes over all pixels, so call it in a worker.

    Parameters
    ----------
    image : ndarray, (height, width)
    mask : ndarray, (height, width), int32, optional
    excluded_bits : int
        Mask bits whose pixels are left out.
    """
    bits = np.int32(excluded_bits)
    leave_out = mask is not None and excluded_bits != 0

    def extremes(rows: slice) -> tuple[float, float, int]:
        part = image[rows]
        if not leave_out:
            low, high = float(part.min()), float(part.max())
            if math.isfinite(low) and math.isfinite(high):
                return low, high, 0
        finite = np.isfinite(part)
        missing = part.size - int(np.count_nonzero(finite))
        if leave_out and mask is not None:
            finite &= (mask[rows] & bits) == 0
        kept = part[finite]
        return (float(kept.min()), float(kept.max()), missing) if kept.size else (math.inf, -math.inf, missing)

    parts = map_bands(extremes, image.shape)
    low, high = min(part[0] for part in parts), max(part[1] for part in parts)
    step = max(1, math.isqrt(image.size // _SAMPLE_PIXELS))
    grid = (slice(step // 2, None, step), slice(step // 2, None, step))
    values = image[grid]
    keep = np.isfinite(values)
    if leave_out and mask is not None:
        keep &= (mask[grid] & bits) == 0
    sample = np.sort(values[keep].astype(np.float32))
    empty = low > high
    return PlaneStats(sample, math.nan if empty else low, math.nan if empty else high, sum(part[2] for part in parts))


def zscale(sample: NDArray[np.float32], contrast: float = 0.25) -> tuple[float, float]:
    """Limits around the median with the slope of the sorted sample, the algorithm of IRAF's display task.

    A straight line is fitted to the sorted values against their rank; values further than 2.5 sigma from it are
    rejected with their neighbours, five times at most. The line's slope divided by `contrast` gives the limits. When
    more than half of the values are rejected the sample has no straight middle, and its full range is returned.

    Parameters
    ----------
    sample : ndarray, 1-d, sorted
        At least one value.
    contrast : float
        IRAF's default is 0.25.
    """
    values = sample[:: max(1, len(sample) // _ZSCALE_PIXELS)].astype(np.float64)
    count = len(values)
    low, high = float(values[0]), float(values[-1])
    needed = max(5, count // 2)
    if count < needed:
        return low, high
    rank = np.arange(count, dtype=np.float64)
    good = np.ones(count, bool)
    spread = np.ones(max(1, count // 100))
    slope = 0.0
    left_before = count + 1
    for _ in range(5):
        left = int(good.sum())
        if left < needed or left >= left_before:
            break
        left_before = left
        x, y = rank[good], values[good]
        x_mean, y_mean = x.mean(), y.mean()
        slope = float(((x - x_mean) * (y - y_mean)).sum() / ((x - x_mean) ** 2).sum())
        residual = values - (y_mean + slope * (rank - x_mean))
        bad = np.abs(residual) > 2.5 * residual[good].std()
        good &= np.convolve(bad, spread, mode="same") == 0
    if int(good.sum()) < needed:
        return low, high
    middle = (count - 1) // 2
    median = float(np.median(values))
    slope /= contrast
    return max(low, median - (middle - 1) * slope), min(high, median + (count - middle) * slope)


@frozen
class Limits:
    """How the limits are chosen.

    Attributes
    ----------
    mode : {"zscale", "percentile", "minmax", "manual"}
    percent : float
        For ``percentile``: the central part of the pixels that lies within the limits, in percent.
    low, high : float, optional
        For ``manual``.
    sticky : bool
        Keep the numbers when other planes are shown.
    exclude_masked : bool
        Leave masked pixels out of the measurement.

    Raises
    ------
    ValueError
        For an unknown mode, a percentage outside 0 to 100, or manual limits that are missing or not finite.
    """

    mode: str = "zscale"
    percent: float = 99.5
    low: float | None = None
    high: float | None = None
    sticky: bool = False
    exclude_masked: bool = False

    def __post_init__(self) -> None:
        if self.mode not in LIMIT_MODES:
            raise ValueError(f"there is no limits mode {self.mode!r}; choose one of {', '.join(LIMIT_MODES)}")
        if not 0 < self.percent <= 100:
            raise ValueError(
                f"the percentage of pixels within the limits must lie between 0 and 100, found {self.percent}"
            )
        if self.mode == "manual" and (self.low is None or self.high is None):
            raise ValueError(f"manual limits need two numbers, found {self.low} and {self.high}")
        require_finite("low", self.low)
        require_finite("high", self.high)

    def resolve(self, stats: PlaneStats, zero_centred: bool = False) -> tuple[float, float]:
        """The two numbers for a plane; always ``low < high``.

        Parameters
        ----------
        stats : `PlaneStats`
            With no usable pixel the limits are 0 and 1.
        zero_centred : bool
            Choose limits of equal size on both sides of zero; manual limits stay what they are.
        """
        if self.mode == "manual" and self.low is not None and self.high is not None:
            return _ordered(self.low, self.high)
        if stats.is_empty or not len(stats.sample):
            return (-1.0, 1.0) if zero_centred else (0.0, 1.0)
        low, high = self._measured(stats)
        if low == high:
            # A plane whose typical pixels are all equal, such as the change made by a step that touches few of them.
            low, high = stats.minimum, stats.maximum
        if zero_centred:
            size = max(abs(low), abs(high))
            low, high = -size, size
        return _ordered(low, high)

    def _measured(self, stats: PlaneStats) -> tuple[float, float]:
        if self.mode == "zscale":
            return zscale(stats.sample)
        if self.mode == "percentile":
            tail = (100 - self.percent) / 2
            return stats.percentile(tail), stats.percentile(100 - tail)
        return stats.minimum, stats.maximum


def _ordered(low: float, high: float) -> tuple[float, float]:
    low, high = min(low, high), max(low, high)
    # Room for at least a few steps of single precision, in which the picture is made.
    room = max(abs(low), abs(high), 1e-30) * 1e-6
    return (low, high) if high - low > room else (low - max(room, 0.5), high + max(room, 0.5))
