"""New planes from old: difference, ratio, signal to noise, mask bits added. Full-frame work, for a worker.

Where a result has no meaning (a missing value, a division by zero, a variance that is not positive) it is NaN, which
the picture shows in a colour of its own; nothing is replaced by a number that looks like data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import for_bands
from isrviewer.render.planes import ImagePlanes

__all__ = ["added_bits", "difference", "ratio", "signal_to_noise"]

Image = NDArray[np.float32]
Array = NDArray[Any]


def difference(a: ImagePlanes, b: ImagePlanes) -> ImagePlanes:
    """``a - b`` with the mask of `a`; the colour map is to be centred on zero.

    The variance is left out: two steps of one frame share their noise, so it does not add up.

    Raises
    ------
    ValueError
        If the planes do not cover the same pixels.
    """
    _check_same_pixels(a, b)
    # Two large integers differ exactly only in double precision.
    image = _bandwise(lambda rows: np.subtract(a.image[rows], b.image[rows], dtype=np.float64), a.shape)
    unit = a.unit if a.unit == b.unit else f"{a.unit or '1'} − {b.unit or '1'}"
    return replace(a, image=image, variance=None, title=_joined(a, "−", b), unit=unit, zero_centred=True)


def ratio(a: ImagePlanes, b: ImagePlanes) -> ImagePlanes:
    """``a / b`` with the mask of `a`; NaN where `b` is zero.

    Raises
    ------
    ValueError
        If the planes do not cover the same pixels.
    """
    _check_same_pixels(a, b)
    image = _bandwise(lambda rows: _quotient(a.image[rows], b.image[rows]), a.shape)
    unit = "" if a.unit == b.unit else f"{a.unit or '1'} / {b.unit}" if b.unit else a.unit
    return replace(a, image=image, variance=None, title=_joined(a, "/", b), unit=unit, zero_centred=False)


def signal_to_noise(planes: ImagePlanes) -> ImagePlanes:
    """Image over the square root of the variance; NaN where the variance is not positive.

    Raises
    ------
    ValueError
        If there is no variance plane.
    """
    variance = planes.variance
    if variance is None:
        raise ValueError(f"{planes.title or 'this image'} has no variance plane, so there is no signal to noise")

    def band(rows: slice) -> Array:
        noise = np.sqrt(np.where(variance[rows] > 0, variance[rows], np.nan))
        return _quotient(planes.image[rows], noise)

    return replace(planes, image=_bandwise(band, planes.shape), unit="σ", zero_centred=False)


def added_bits(after: ImagePlanes, before: ImagePlanes) -> ImagePlanes:
    """The image of `after` with a mask of only those bits that `before` did not have; planes are matched by name.

    Raises
    ------
    ValueError
        If one has no mask, or they do not cover the same pixels.
    """
    _check_same_pixels(after, before)
    if after.mask is None or before.mask is None:
        without = after if after.mask is None else before
        raise ValueError(f"{without.title or 'this image'} has no mask, so there are no added mask bits")
    new, old = after.mask, before.mask
    common = [(bit, before.plane_bits[name]) for name, bit in after.plane_bits.items() if name in before.plane_bits]
    mask = np.empty(after.shape, np.int32)

    def band(rows: slice) -> None:
        had = np.zeros(new[rows].shape, np.uint32)
        previous = old[rows].view(np.uint32)
        for bit, bit_before in common:
            had |= (previous >> np.uint32(bit_before) & np.uint32(1)) << np.uint32(bit)
        mask[rows] = (new[rows].view(np.uint32) & ~had).view(np.int32)

    for_bands(band, after.shape)
    return replace(after, mask=mask, title=f"{after.title} · mask bits added since {before.title}")


def _quotient(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.true_divide(above, below, dtype=np.float64)
    result[~np.isfinite(result)] = np.nan
    return result


def _bandwise(band: Callable[[slice], Array], shape: tuple[int, int]) -> Image:
    image = np.empty(shape, np.float32)

    def store(rows: slice) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            image[rows] = band(rows)

    for_bands(store, shape)
    return image


def _joined(a: ImagePlanes, sign: str, b: ImagePlanes) -> str:
    return f"{a.title} {sign} {b.title}"


def _check_same_pixels(a: ImagePlanes, b: ImagePlanes) -> None:
    if a.shape != b.shape or a.xy0 != b.xy0:
        raise ValueError(
            f"{a.title or 'the first image'} has {a.shape[1]} x {a.shape[0]} pixels from {a.xy0} on, "
            f"{b.title or 'the second'} has {b.shape[1]} x {b.shape[0]} from {b.xy0}; "
            "compare two steps that are both before or both after assembly"
        )
