"""Statistics of pixels with the meaning that the reference gives them (manual: statistics, Properties).

What differs from the obvious: the median of integers is aware of half integers, clipping starts again from all pixels
in every iteration and never stops early, and the first clip uses the interquartile range.
"""

from __future__ import annotations

import math
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isrcore.image.mask import Mask
from isrcore.image.masked_image import MaskedImage
from isrcore.kernels.large_selection import ManyPixels
from isrcore.kernels.selection import IQ_TO_STDEV, CountedPixels, FewPixels, Pixels, is_finite
from isrcore.values import frozen

__all__ = ["Property", "Statistics", "StatisticsControl", "make_statistics", "string_to_property"]

FEW_PIXELS = 1 << 16
"""Images up to this size are sorted, which is then faster than taking a sample."""


class Property(IntFlag):
    """What can be asked of pixels; values may be combined."""

    NOTHING = 0
    ERRORS = 0x1
    NPOINT = 0x2
    MEAN = 0x4
    STDEV = 0x8
    VARIANCE = 0x10
    MEDIAN = 0x20
    IQRANGE = 0x40
    MEANCLIP = 0x80
    STDEVCLIP = 0x100
    VARIANCECLIP = 0x200
    MIN = 0x400
    MAX = 0x800
    SUM = 0x1000
    MEANSQUARE = 0x2000
    ORMASK = 0x4000
    NCLIPPED = 0x8000
    NMASKED = 0x10000


_CLIPPED = Property.MEANCLIP | Property.STDEVCLIP | Property.VARIANCECLIP
_PLAIN_MOMENTS = Property.MEAN | Property.STDEV | Property.VARIANCE | Property.SUM | Property.MEANSQUARE


def string_to_property(name: str) -> Property:
    """The property of that name, `Property.NOTHING` for an unknown one (as the reference has it)."""
    return Property.__members__.get(name, Property.NOTHING)


@frozen
class StatisticsControl:
    """How statistics are taken.

    Attributes
    ----------
    num_sigma_clip : float
        Clipping threshold, standard deviations.
    num_iter : int
        Clipping iterations.
    and_mask : int
        Mask bits that exclude a pixel.
    nan_safe : bool
        Whether NaN and infinities are left out.

    Raises
    ------
    ValueError
        If the threshold or the number of iterations is not positive.
    """

    num_sigma_clip: float = 3.0
    num_iter: int = 3
    and_mask: int = 0
    nan_safe: bool = True

    def __post_init__(self) -> None:
        if not self.num_sigma_clip > 0:
            raise ValueError(f"the clipping threshold must be positive, found {self.num_sigma_clip}")
        if self.num_iter < 1:
            raise ValueError(f"the number of clipping iterations must be positive, found {self.num_iter}")


class Statistics:
    """Results of `make_statistics`.

    Parameters
    ----------
    values : dict
        Property -> value.
    """

    def __init__(self, values: dict[Property, float]) -> None:
        self._values = values

    def value(self, prop: Property | None = None) -> float:
        """One of the requested properties; the name may be left out when there is only one.

        Raises
        ------
        ValueError
            If `prop` was not requested, or is needed to choose.
        """
        asked = ", ".join(str(key.name) for key in self._values) or "nothing"
        if prop is None:
            if len(self._values) != 1:
                raise ValueError(f"name the statistic to return: {asked} were requested")
            return next(iter(self._values.values()))
        if prop not in self._values:
            raise ValueError(f"{prop.name} was not requested from these statistics, only {asked}")
        return self._values[prop]


def make_statistics(
    data: MaskedImage | ArrayLike,
    properties: Property,
    control: StatisticsControl | None = None,
    mask: Mask | NDArray[np.int32] | None = None,
) -> Statistics:
    """Measure pixels.

    Parameters
    ----------
    data : `MaskedImage`, image array or sequence of numbers
        Integer types get the integer definitions of median and quartiles.
    properties : `Property`
        One or several, combined with ``|``.
    control : `StatisticsControl`, optional
    mask : `Mask` or ndarray, int32, optional
        Mask of a plain array; a `MaskedImage` brings its own.

    Returns
    -------
    statistics : `Statistics`
        NaN for what is not defined, for example when no pixel is usable.

    Raises
    ------
    ValueError
        If there are no pixels at all, the mask has another shape, or `Property.ERRORS` is asked for, which ISR never
        needs.
    """
    control = StatisticsControl() if control is None else control
    if isinstance(data, MaskedImage):
        array, mask = data.image, data.mask
    else:
        array = np.asarray(data)
    bits = mask.array if isinstance(mask, Mask) else mask
    if array.size == 0:
        raise ValueError("statistics need at least one pixel, found an empty image")
    if bits is not None and bits.shape != array.shape:
        raise ValueError(f"statistics: the image is {array.shape}, its mask {bits.shape}; they must be equal")
    if Property.ERRORS in properties:
        raise ValueError("errors of statistics (Property.ERRORS) are not available; ask for STDEV and NPOINT instead")
    if array.dtype == np.float16 or array.dtype.kind not in "iubf":
        array = array.astype(np.float64)
    pixels = _select(array, bits if control.and_mask else None, control)
    values = _measure(pixels, properties, control)
    if Property.NMASKED in properties:
        values[Property.NMASKED] = float(array.size - pixels.count)
    if Property.ORMASK in properties:
        values[Property.ORMASK] = float(_or_of_mask(array, bits, control))
    return Statistics({prop: values[prop] for prop in Property if prop in properties})


def _select(array: NDArray[Any], mask: NDArray[np.int32] | None, control: StatisticsControl) -> Pixels:
    """The pixels that are finite (if asked for) and not excluded by `mask`."""
    large = array.size > FEW_PIXELS and array.dtype.kind == "f" and control.nan_safe
    if large:
        return ManyPixels(array, mask, control.and_mask, control.num_sigma_clip)
    usable = np.ones(array.shape, np.bool_) if mask is None else (mask & np.int32(control.and_mask)) == 0
    if array.dtype.kind == "f" and control.nan_safe:
        usable &= is_finite(array)
    values = array.reshape(-1) if usable.all() else np.compress(usable.reshape(-1), array)
    return FewPixels(values) if array.dtype.kind == "f" else CountedPixels(values)


def _measure(pixels: Pixels, properties: Property, control: StatisticsControl) -> dict[Property, float]:
    values: dict[Property, float] = {}
    if properties & (_CLIPPED | Property.IQRANGE):
        lower, values[Property.MEDIAN], upper = pixels.quartiles()
        values[Property.IQRANGE] = upper - lower
    if properties & _CLIPPED:
        mean, variance = _clip(pixels, values[Property.MEDIAN], values[Property.IQRANGE], control)
        values[Property.MEANCLIP], values[Property.VARIANCECLIP] = mean, variance
        values[Property.STDEVCLIP] = math.sqrt(variance)
    if properties & _PLAIN_MOMENTS:
        count, mean, variance = pixels.moments()
        values[Property.MEAN], values[Property.VARIANCE] = mean, variance
        values[Property.STDEV] = math.sqrt(variance)
        values[Property.SUM] = mean * count if count else 0.0
        spread = variance * (count - 1) / count if count > 1 else 0.0
        values[Property.MEANSQUARE] = mean * mean + spread
    if properties & (Property.MIN | Property.MAX):
        values[Property.MIN], values[Property.MAX] = pixels.extremes()
    if Property.MEDIAN in properties and Property.MEDIAN not in values:
        values[Property.MEDIAN] = pixels.median()
    if Property.NPOINT in properties:
        values[Property.NPOINT] = float(pixels.count)
    # The reference counts clipped pixels of stacks only; for images it always reports none.
    values[Property.NCLIPPED] = 0.0
    return values


def _clip(pixels: Pixels, median: float, iq_range: float, control: StatisticsControl) -> tuple[float, float]:
    """Clipped mean and variance after all iterations; each starts again from all pixels."""
    centre, half_width = median, control.num_sigma_clip * IQ_TO_STDEV * iq_range
    mean = variance = math.nan
    for _ in range(control.num_iter):
        if math.isnan(centre) or math.isnan(half_width):
            return math.nan, math.nan
        _, mean, variance = pixels.moments_within(centre, half_width)
        centre = mean
        if pixels.count > 1:
            half_width = control.num_sigma_clip * math.sqrt(variance)
    return mean, variance


def _or_of_mask(array: NDArray[Any], mask: NDArray[np.int32] | None, control: StatisticsControl) -> int:
    """OR of the mask bits of all usable pixels."""
    if mask is None:
        return 0
    usable = (mask & np.int32(control.and_mask)) == 0
    if control.nan_safe:
        usable &= is_finite(array)
    return int(np.bitwise_or.reduce(mask[usable], axis=None))

