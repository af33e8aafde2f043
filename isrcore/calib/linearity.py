"""Linearity functions by name: how one amplifier's pixels are corrected (manual: linearity, Types).

Each takes the pixels (float32, ADU, changed in place), the amplifier's coefficients and the detector's look-up table,
and returns whether it did anything and how many pixels were outside its range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import for_bands, map_bands
from isrcore.kernels.interpolate1d import make_interpolator

__all__ = ["FUNCTORS"]

Image = NDArray[Any]
Floats = NDArray[np.float64]
Functor = Callable[[Image, Floats, Image | None], tuple[bool, int]]


def _lookup_table(image: Image, coefficients: Floats, table: Image | None) -> tuple[bool, int]:
    """Add ``table[c0][int(c1 + I)]``; indices outside the row are clamped and counted."""
    if table is None or table.size == 0:
        raise RuntimeError("linearity type LookupTable needs a look-up table, and the linearizer has none")
    number, offset = int(coefficients[0]), np.float32(coefficients[1])
    if not 0 <= number <= len(table):
        raise RuntimeError(f"linearity look-up tables have rows 0 to {len(table) - 1}, coefficient 0 asks for {number}")
    row = table[number].astype(image.dtype)
    last = row.size - 1

    def band(rows: slice) -> int:
        index = np.trunc(image[rows] + offset)
        outside = int(np.count_nonzero(~((index >= 0) & (index <= last))))
        # NaN has no place in the table; it takes the first value and stays NaN.
        place = np.clip(np.nan_to_num(index, nan=0.0), 0, last).astype(np.intp)
        image[rows] += row[place]
        return outside

    outside = sum(map_bands(band, image.shape))
    return outside != image.size, outside


def _polynomial(image: Image, coefficients: Floats, table: Image | None) -> tuple[bool, int]:
    """Add ``sum c_i I^(2 + i)``."""
    if not np.isfinite(coefficients).any() or not coefficients.any():
        return False, 0

    def band(rows: slice) -> None:
        pixels = image[rows]
        total = np.zeros(pixels.shape, image.dtype)
        for power, coefficient in enumerate(coefficients, start=2):
            total += image.dtype.type(coefficient) * pixels**power
        pixels += total

    for_bands(band, image.shape)
    return True, 0


def _squared(image: Image, coefficients: Floats, table: Image | None) -> tuple[bool, int]:
    """Multiply by ``1 + c0 I``."""
    c0 = image.dtype.type(coefficients[0])
    if c0 == 0:
        return False, 0

    def band(rows: slice) -> None:
        pixels = image[rows]
        pixels *= 1 + c0 * pixels

    for_bands(band, image.shape)
    return True, 0


def _spline(image: Image, coefficients: Floats, table: Image | None) -> tuple[bool, int]:
    """Subtract an Akima spline; the coefficients are its positions, then as many values."""
    positions, values = np.split(coefficients, 2)
    spline = make_interpolator(positions, values, "AKIMA_SPLINE")

    def band(rows: slice) -> None:
        image[rows] -= spline(image[rows]).astype(image.dtype)

    for_bands(band, image.shape)
    return True, 0


def _unchanged(image: Image, coefficients: Floats, table: Image | None) -> tuple[bool, int]:
    return True, 0


FUNCTORS: dict[str, Functor] = {
    "LookupTable": _lookup_table,
    "Polynomial": _polynomial,
    "Squared": _squared,
    "Spline": _spline,
    "Proportional": _unchanged,
    "None": _unchanged,
}
"""Functor by linearity type."""
