"""Mask images in Elixir's form: 0 is bad, 1 is good, and nothing else is a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bad_pixels"]

_TOLERANCE = 0.25
"""How far a pixel may be from 0 or 1: lossy compression of floats moves both by less."""


def bad_pixels(good: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a mask image says bad.

    Masks saved as floats and compressed with loss have small numbers for 0 and numbers near 1 for 1: the nearer of the
    two counts.

    Parameters
    ----------
    good : ndarray, (height, width)
        Of any type.

    Returns
    -------
    bad : ndarray, (height, width), bool

    Raises
    ------
    ValueError
        If a pixel is not within 0.25 of either (NaN is not): the problem, what was expected and how many were found are
        its arguments.
    """
    if good.dtype == np.bool_:
        return ~good
    bad = _near(good, 0)
    neither = ~(bad | _near(good, 1))
    count = int(np.count_nonzero(neither))
    if count:
        undefined = int(np.count_nonzero(np.isnan(good))) if good.dtype.kind == "f" else 0
        found = f"{count} other pixels, such as {good[neither][0]:g}"
        if undefined:
            found += f"; {undefined} of them have no value"
        raise ValueError("a mask has pixels that are neither bad nor good", "0 (bad) or 1 (good), within 0.25", found)
    return bad


def _near(pixels: NDArray[Any], value: int) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = (pixels >= value - _TOLERANCE) & (pixels <= value + _TOLERANCE)
    return near
