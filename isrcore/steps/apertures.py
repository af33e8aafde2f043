"""A statistic of the pixels in square apertures at scattered positions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from isrcore.image import MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics

__all__ = ["measure_apertures"]

Floats = NDArray[np.float64]


def measure_apertures(
    pixels: MaskedImage, positions: NDArray[np.int64], half_size: int, statistic: Property, control: StatisticsControl
) -> Floats:
    """Measure a statistic in an aperture around each position.

    Parameters
    ----------
    pixels : `MaskedImage`
        float32.
    positions : ndarray, (n, 2)
        x and y, counted from the first pixel. The aperture covers ``x - half_size <= column < x + half_size``, and rows
        likewise.
    half_size : int
    statistic : `Property`
    control : `StatisticsControl`
        Which pixels count, and how to clip.

    Returns
    -------
    values : ndarray, (n,), float64
        NaN where no pixel counts.
    """
    usable = np.isfinite(pixels.image)
    if control.and_mask:
        usable &= (pixels.mask.array & np.int32(control.and_mask)) == 0
    corners = positions - half_size
    image = np.where(usable, pixels.image, np.float32(np.nan))
    values = np.empty(len(corners))
    side = 2 * half_size
    for n, (x, y) in enumerate(corners):
        values[n] = make_statistics(image[y : y + side, x : x + side], statistic, control).value(statistic)
    return values
