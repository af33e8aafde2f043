"""Amplitudes of fringe frames from sampled levels: least squares with rejection (manual: fringes, Fit)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FringeFit", "fit_amplitudes"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_IQ_TO_SIGMA = 0.74


class FringeFit(NamedTuple):
    """Result of a fit.

    Attributes
    ----------
    solution : ndarray, (frames,)
        Amplitudes; zero when nothing could be fitted.
    rms : float
        Robust scatter of the residuals, ADU; NaN when nothing could be fitted.
    used : int
        Samples that the solution rests on.
    """

    solution: Floats
    rms: float
    used: int


def fit_amplitudes(science: Floats, fringes: Floats, clip: float, iterations: int) -> FringeFit:
    """Solve ``fringes @ solution = science`` for samples that agree.

    Parameters
    ----------
    science : ndarray, (n,)
        Sampled levels of the science frame, ADU; NaN for unusable samples.
    fringes : ndarray, (n, frames)
        The same of the fringe frames.
    clip : float
        Rejection threshold in robust standard deviations.
    iterations : int
        Most passes of rejection.

    Returns
    -------
    fit : `FringeFit`
        Amplitudes are zero when no sample is left. (The reference returns a vector of another length in some of these
        cases, and then fails.)

    Raises
    ------
    ValueError
        If there are fewer usable samples than frames.
    """
    nothing = FringeFit(np.zeros(fringes.shape[1]), math.nan, 0)
    usable = np.isfinite(science) & np.isfinite(fringes).any(axis=1)
    science, fringes = science[usable], fringes[usable]
    if science.size == 0:
        return nothing
    good = _near_median(science, clip)
    for column in fringes.T:
        good &= _near_median(column, clip)
    science, fringes = science[good], fringes[good]
    if science.size == 0:
        return nothing
    rms = math.nan
    for _ in range(iterations):
        residuals = science - fringes @ _least_squares(science, fringes)
        rms = _robust_sigma(residuals)
        good = ~(np.abs(residuals) > clip * rms)
        number = int(np.count_nonzero(good))
        if number == 0:
            return nothing
        if number == good.size:
            break
        science, fringes = science[good], fringes[good]
    return FringeFit(_least_squares(science, fringes), rms, science.size)


def _robust_sigma(values: Floats) -> float:
    lower, upper = np.percentile(values, (25.0, 75.0))
    return float(_IQ_TO_SIGMA * (upper - lower))


def _near_median(values: Floats, clip: float) -> Bools:
    """Values close to their median; none when one of them is NaN."""
    near: Bools = np.abs(values - np.percentile(values, 50.0)) < clip * _robust_sigma(values)
    return near


def _least_squares(science: Floats, fringes: Floats) -> Floats:
    """Least squares by singular values; those below rounding are left out."""
    if science.size < fringes.shape[1]:
        raise ValueError(f"the fringe fit has {science.size} usable samples for {fringes.shape[1]} fringe frames")
    left, singular, right = np.linalg.svd(fringes, full_matrices=False)
    kept = singular > np.finfo(np.float64).eps * singular[0]
    inverse = np.divide(1.0, singular, out=np.zeros_like(singular), where=kept)
    solution: Floats = right.T @ (inverse * (left.T @ science))
    return solution
