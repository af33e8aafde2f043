"""The standard deviation that belongs to a number on screen: propagated, or none with the reason."""

from __future__ import annotations

import math

from isrviewer.runner.identity import Result
from isrviewer.session import Shows

__all__ = ["CORRELATED", "sigma_of"]

CORRELATED = "no σ: correlated"
"""Both results hold the noise of the same exposure, so that their errors do not add in quadrature."""


def sigma_of(shows: Shows, result: Result, other: Result | None, column: int, row: int) -> tuple[float, str]:
    """Standard deviation of one pixel as it is shown.

    Independent errors propagate to first order: ``var(a − b) = var(a) + var(b)`` and ``var(a / b) = var(a) / b² + a²
    var(b) / b⁴``. A variance, a signal to noise and a mask have none.

    Parameters
    ----------
    shows : `Shows`
    result : `Result`
    other : `Result` or None
        What it is compared with.
    column, row : int
        Array index, 0-based.

    Returns
    -------
    sigma : float
        In the unit of what is shown; NaN where there is none or a variance is not positive.
    why : str
        Why there is none where one could be expected; else empty.
    """
    if shows.plane != "image":
        return math.nan, ""
    a, var_a = _pixel(result, column, row)
    if other is None or shows.combine == "bits added":
        return math.sqrt(var_a), ""
    if result.of.shares_noise(other.of):
        return math.nan, CORRELATED
    b, var_b = _pixel(other, column, row)
    if shows.combine == "difference":
        return math.sqrt(var_a + var_b), ""
    if b == 0:
        return math.nan, ""
    return math.sqrt(var_a / b**2 + a**2 * var_b / b**4), ""


def _pixel(result: Result, column: int, row: int) -> tuple[float, float]:
    """Value and variance; a variance that is not positive says nothing."""
    variance = float(result.exposure.variance[row, column])
    return float(result.exposure.image[row, column]), variance if variance > 0 else math.nan
