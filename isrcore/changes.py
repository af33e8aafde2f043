"""What a step changed: numbers for the step list and for reports."""

from __future__ import annotations

import math
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.image import Exposure
from isrcore.kernels.bands import map_bands
from isrcore.values import frozen

__all__ = ["PlaneChanges", "measure_changes", "not_finite"]


@frozen
class PlaneChanges:
    """Differences between the exposures before and after a step.

    Attributes
    ----------
    resized : bool
        The frame has another size; then the numbers about the image are not defined and stay zero.
    pixels_changed : int
        Image pixels with another value (NaN to NaN is no change).
    median_change, extreme_change : float
        ADU; median and largest (in magnitude) change of the image over the pixels that changed to a finite value.
    variance_changed : bool
    made_not_finite : int
        Pixels whose value or variance is NaN or infinite now and was not before.
    bits_added : dict
        Mask plane -> number of pixels on which it is new.
    """

    resized: bool = False
    pixels_changed: int = 0
    median_change: float = 0.0
    extreme_change: float = 0.0
    variance_changed: bool = False
    made_not_finite: int = 0
    bits_added: dict[str, int] = field(default_factory=dict)


def measure_changes(before: Exposure, after: Exposure) -> PlaneChanges:
    """Compare two exposures; planes that are the same memory cost nothing.

    The median is taken from at most about 100 000 pixels spread over the frame, everything else is exact.
    """
    resized = before.image.shape != after.image.shape
    changed, median, extreme, is_finite = (
        (0, 0.0, 0.0, True) if resized or _same(before.image, after.image) else _image_changes(before, after)
    )
    return PlaneChanges(
        resized=resized,
        pixels_changed=changed,
        median_change=median,
        extreme_change=extreme,
        variance_changed=not resized and not _same(before.variance, after.variance),
        made_not_finite=0 if resized else _made_not_finite(before, after, is_finite),
        bits_added=_bits_added(before, after, resized),
    )


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a is b or (a.__array_interface__["data"] == b.__array_interface__["data"] and a.strides == b.strides)


def _image_changes(before: Exposure, after: Exposure) -> tuple[int, float, float, bool]:
    """Pixels changed, median and extreme change, and whether all differences, and so all new values, are finite."""
    old, new = before.image, after.image

    def band(rows: slice) -> tuple[int, float, bool]:
        a, b = old[rows], new[rows]
        with np.errstate(invalid="ignore", over="ignore"):
            delta = np.subtract(b, a, dtype=np.float32)
        differs = int(np.count_nonzero(delta != 0))
        low, high = float(delta.min()), float(delta.max())
        is_finite = math.isfinite(low) and math.isfinite(high)
        if not is_finite:
            differs -= int(np.count_nonzero((np.isnan(a) & np.isnan(b)) | ((a == b) & np.isinf(a))))
            delta = delta[np.isfinite(delta)]
            low, high = (float(delta.min()), float(delta.max())) if delta.size else (0.0, 0.0)
        return differs, high if high > -low else low, is_finite

    parts = map_bands(band, old.shape)
    changed = sum(count for count, _, _ in parts)
    stride = max(1, int(np.sqrt(old.size / 1e5)))
    with np.errstate(invalid="ignore", over="ignore"):
        sample = np.subtract(new[::stride, ::stride], old[::stride, ::stride], dtype=np.float32)
        sample = sample[np.isfinite(sample) & (sample != 0)]
        median = float(np.median(sample)) if sample.size else 0.0
    extreme = max((value for _, value, _ in parts), key=abs, default=0.0)
    return changed, median, extreme, all(is_finite for _, _, is_finite in parts)


def _made_not_finite(before: Exposure, after: Exposure, image_is_finite: bool) -> int:
    """Count pixels; `image_is_finite` says that no new one can be so by its value."""
    if image_is_finite and _same(before.variance, after.variance):
        return 0

    def band(rows: slice) -> int:
        # One pixel that is not finite makes the sum so, which is quicker to take; a sum that overflows only costs time.
        with np.errstate(invalid="ignore", over="ignore"):
            if image_is_finite and np.isfinite(after.variance[rows].sum()):
                return 0
        return int(np.count_nonzero(_not_finite(after, rows) & ~_not_finite(before, rows)))

    return sum(map_bands(band, after.image.shape))


def not_finite(exposure: Exposure) -> NDArray[np.bool_] | None:
    """Where value or variance is NaN or infinite, (height, width); None for integers, and where none is."""
    if exposure.image.dtype.kind != "f":
        return None
    where = np.concatenate(map_bands(lambda rows: _not_finite(exposure, rows), exposure.image.shape))
    return where if where.any() else None


def _not_finite(exposure: Exposure, rows: slice) -> NDArray[np.bool_]:
    finite: NDArray[np.bool_] = np.isfinite(exposure.image[rows])
    np.logical_and(finite, np.isfinite(exposure.variance[rows]), out=finite)
    return np.logical_not(finite, out=finite)


def _bits_added(before: Exposure, after: Exposure, resized: bool) -> dict[str, int]:
    if resized or _same(before.mask.array, after.mask.array):
        return {}
    old, new = before.mask, after.mask
    moved = any(old.planes.as_dict().get(name, bit) != bit for name, bit in new.planes.as_dict().items())
    if moved:
        raise ValueError(f"mask planes changed their bits between two steps: {old.planes} and {new.planes}")

    def band(rows: slice) -> NDArray[np.int32]:
        if not (new.array[rows] != old.array[rows]).any():
            return np.zeros(0, np.int32)
        added = np.invert(old.array[rows])
        added &= new.array[rows]
        return added.reshape(-1).take(np.flatnonzero(added != 0))

    added = np.concatenate(map_bands(band, new.array.shape))
    counts = {
        name: int(np.count_nonzero(added >> np.int32(bit) & np.int32(1))) for name, bit in new.planes.as_dict().items()
    }
    return {name: count for name, count in counts.items() if count}
