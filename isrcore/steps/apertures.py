"""A statistic of the pixels in square apertures at scattered positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.image import MaskedImage
from isrcore.image.aperture_medians import aperture_medians
from isrcore.image.bands import for_bands
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.pipe import cancel_check

__all__ = ["measure_apertures", "usable_pixels"]

Floats = NDArray[np.float64]


def usable_pixels(pixels: MaskedImage, control: StatisticsControl) -> NDArray[np.float32]:
    """A copy of the image with NaN in place of every pixel that is not finite or that `control` masks."""
    bits = np.int32(control.and_mask)
    result = np.empty_like(pixels.image)

    def band(rows: slice) -> None:
        source, target = pixels.image[rows], result[rows]
        np.copyto(target, source)
        unusable = ~np.isfinite(source)
        if bits:
            unusable |= (pixels.mask.array[rows] & bits) != 0
        target.reshape(-1)[np.flatnonzero(unusable)] = np.nan

    for_bands(band, pixels.shape)
    return result


def measure_apertures(
    usable: NDArray[np.float32],
    positions: NDArray[np.int64],
    half_size: int,
    statistic: Property,
    control: StatisticsControl,
) -> Floats:
    """Measure a statistic in an aperture around each position.

    Parameters
    ----------
    usable : ndarray, (height, width), float32
        Image from `usable_pixels`.
    positions : ndarray, (n, 2)
        x and y, counted from the first pixel. The aperture covers ``x - half_size <= column < x + half_size``, and
        rows likewise.
    half_size : int
    statistic : `Property`
    control : `StatisticsControl`
        How to clip.

    Returns
    -------
    values : ndarray, (n,), float64
        NaN where no pixel counts.

    Raises
    ------
    Cancelled
        If the run that this belongs to is cancelled meanwhile.
    """
    x, y = (positions - half_size).T
    side, check = 2 * half_size, cancel_check()
    if statistic == Property.MEDIAN:
        return aperture_medians(usable, x, y, side, check)
    values = np.empty(len(positions))
    for n, (left, bottom) in enumerate(zip(x, y, strict=True)):
        check()
        pixels = usable[bottom : bottom + side, left : left + side]
        values[n] = make_statistics(pixels, statistic, control).value(statistic)
    return values
