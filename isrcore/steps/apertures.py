"""A statistic of the pixels in square apertures at scattered positions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.image import MaskedImage
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.aperture_medians import AperturePixels
from isrcore.pipe import cancel_check

__all__ = ["apertures_of"]

Floats = NDArray[np.float64]


def apertures_of(
    pixels: MaskedImage, positions: NDArray[np.int64], statistic: Property, control: StatisticsControl
) -> Callable[[int], Floats]:
    """Prepare to measure a statistic in apertures around each position.

    Parameters
    ----------
    pixels : `MaskedImage`, float32
    positions : ndarray, (n, 2)
        x and y, counted from the first pixel.
    statistic : `Property`
    control : `StatisticsControl`
        Which pixels count, and how to clip. Pixels that are not finite never count.

    Returns
    -------
    measure : callable
        ``measure(half_size)`` gives the values, (n,) float64, NaN where no pixel counts. An aperture covers
        ``x - half_size <= column < x + half_size``, and rows likewise. It raises `Cancelled` if the run that this
        belongs to is cancelled meanwhile.
    """
    check = cancel_check()
    if statistic == Property.MEDIAN:
        prepared = AperturePixels(pixels.image, _unusable(pixels, control))
        x, y = positions.T
        return lambda half_size: prepared.medians(x - half_size, y - half_size, 2 * half_size, check)

    def measure(half_size: int) -> Floats:
        values = np.empty(len(positions))
        for n, (x, y) in enumerate(positions + pixels.xy0 - half_size):
            check()
            aperture = pixels.subset(Box(int(x), int(y), 2 * half_size, 2 * half_size))
            values[n] = make_statistics(aperture, statistic, control).value(statistic)
        return values

    return measure


def _unusable(pixels: MaskedImage, control: StatisticsControl) -> Callable[[slice], NDArray[np.bool_]]:
    bits = np.int32(control.and_mask)

    def of_rows(rows: slice) -> NDArray[np.bool_]:
        unusable = np.isfinite(pixels.image[rows])
        np.logical_not(unusable, out=unusable)
        if bits:
            unusable |= (pixels.mask.array[rows] & bits) != 0
        return unusable

    return of_rows
