"""What the overscan level is along an amplifier: the numbers behind the overscan models.

See manual: overscan, Fit along rows.

Everything here works on plain arrays. The *long axis* is the axis that the model follows: y, unless the overscan has at
most as many rows as columns. A *row* is a line of pixels across the long axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, legendre, polynomial
from numpy.typing import NDArray

from isrcore.kernels.interpolate1d import make_interpolator

__all__ = ["SERIES", "SPLINES", "VECTOR_FIT_TYPES", "OverscanProfile", "fit_profile", "level_profile", "runs_along_x"]

Array = NDArray[Any]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SERIES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "POLY": (polynomial.polyfit, polynomial.polyval),
    "CHEB": (chebyshev.chebfit, chebyshev.chebval),
    "LEG": (legendre.legfit, legendre.legval),
}
"""Least-squares fit and evaluation of each polynomial model."""

SPLINES = ("NATURAL_SPLINE", "CUBIC_SPLINE", "AKIMA_SPLINE")

VECTOR_FIT_TYPES = ("MEDIAN_PER_ROW", *SERIES, *SPLINES)
"""Models with one level per row of the long axis."""


@dataclass(frozen=True, eq=False)
class OverscanProfile:
    """The overscan along its long axis: what was measured, and the model that is subtracted.

    Attributes
    ----------
    measured : ndarray, (n,), float64
        Mean (``MEDIAN_PER_ROW``: median) of the pixels used in each row, ADU; NaN where all are rejected.
    model : ndarray, (n,), float64
        Level that is subtracted, ADU.
    rejected : ndarray, shape of the overscan, bool
        Pixels left out: masked, and for the vector models also those clipped in their row.
    extrapolated : ndarray, (n,), bool
        Where the model reaches beyond the first or last usable row.
    along_x : bool
        Whether the long axis is x.
    """

    measured: Floats
    model: Floats
    rejected: Bools
    extrapolated: Bools
    along_x: bool


def runs_along_x(shape: tuple[int, ...]) -> bool:
    """Whether the long axis of an overscan is x; a square counts as such."""
    return shape[0] <= shape[1]


def level_profile(image: Array, masked: Bools, level: float) -> OverscanProfile:
    """Profile of an overscan whose model is one level, for display."""
    along_x = runs_along_x(image.shape)
    rows, rejected = (image.T, masked.T) if along_x else (image, masked)
    rejected = rejected | ~np.isfinite(rows)
    measured, empty = _means(rows, rejected)
    measured[empty] = np.nan
    return OverscanProfile(
        measured,
        np.full(measured.size, level),
        rejected.T if along_x else rejected,
        np.zeros(measured.size, np.bool_),
        along_x,
    )


def fit_profile(image: Array, masked: Bools, fit_type: str, order: int, num_sigma_clip: float) -> OverscanProfile:
    """Measure an overscan row by row and fit a model along its long axis.

    Parameters
    ----------
    image : ndarray, (height, width), float32
        Overscan pixels, ADU.
    masked : ndarray, (height, width), bool
        Pixels to leave out.
    fit_type : str
        One of `VECTOR_FIT_TYPES`.
    order : int
        Degree of a polynomial, number of bins of a spline; else not used.
    num_sigma_clip : float
        Pixels further than this from the median of their row are left out, in robust standard deviations. The median
        and the quartiles include masked pixels, as in the reference (manual: oddities, Overscan).

    Raises
    ------
    ValueError
        If `order` does not suit the model, or a spline has too few occupied bins.
    """
    along_x = runs_along_x(image.shape)
    rows, mask = (image.T, masked.T) if along_x else (image, masked)
    rejected = mask | _outliers(rows, num_sigma_clip)
    if fit_type == "MEDIAN_PER_ROW":
        model = _integer_medians(rows, rejected)
        measured, extrapolated = model, np.zeros(model.size, np.bool_)
    else:
        means, empty = _means(rows, rejected)
        position = 2.0 * np.arange(means.size) / means.size - 1.0
        if fit_type in SERIES:
            model = _fit_series(position, means, fit_type, order)
        else:
            model = _fit_spline(position, means, ~empty, fit_type, order)
        extrapolated = _extrapolated(empty)
        measured = np.where(empty, np.nan, means)
    return OverscanProfile(measured, model, rejected.T if along_x else rejected, extrapolated, along_x)


def _outliers(rows: Array, num_sigma_clip: float) -> Bools:
    """Pixels far from the median of their row; a row with a NaN has none."""
    ordered = np.sort(rows, axis=1)
    last = ordered.shape[1] - 1

    def quantile(fraction: float) -> Floats:
        index = fraction * last
        low = int(index)
        here, above = ordered[:, low].astype(np.float64), ordered[:, min(low + 1, last)]
        quantile: NDArray[np.float64] = here + (index - low) * (above - here)
        return quantile

    with np.errstate(invalid="ignore"):
        q25, q50, q75 = quantile(0.25), quantile(0.5), quantile(0.75)
        # Sigma first: other factors round to another limit, which a whole number may reach.
        limit = num_sigma_clip * (0.74 * (q75 - q25))
        # A NaN, sorted last, makes all quantiles of the row undefined.
        limit[np.isnan(ordered[:, -1])] = np.nan
        found: Bools = np.abs(rows - q50[:, None]) > limit[:, None]
    return found


def _integer_medians(rows: Array, rejected: Bools) -> Floats:
    """Half-integer aware median of each row truncated to integers; NaN where nothing is left.

    See manual: statistics, Median of integers.

    NaN and infinite pixels are left out: they have no integer.
    """
    usable = ~rejected & np.isfinite(rows)
    beyond = np.iinfo(np.int64).max
    values = np.full(rows.shape, beyond)
    values[usable] = rows[usable].astype(np.int64)
    ordered = np.sort(values, axis=1)
    count = np.count_nonzero(usable, axis=1)
    middle = np.maximum(count - 1, 0) // 2
    value = np.take_along_axis(ordered, middle[:, None], axis=1)
    below = np.count_nonzero(ordered < value, axis=1)
    equal = np.count_nonzero((ordered == value) & (ordered != beyond), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        medians = value[:, 0] - 0.5 + (0.5 * count - below) / equal
    # One pixel is its own median, which the formula gives too; no pixel has none.
    return np.where(count == 0, np.nan, medians)


def _means(rows: Array, rejected: Bools) -> tuple[Floats, Bools]:
    """Mean of the usable pixels of each row, and which rows have none: they give the mean of all their pixels."""
    count = np.count_nonzero(~rejected, axis=1)
    empty = count == 0
    # The sum is taken in single precision as in the reference; what follows is double.
    total = np.where(rejected & ~empty[:, None], np.float32(0), rows).sum(axis=1, dtype=np.float32)
    return total.astype(np.float64) / np.where(empty, rows.shape[1], count), empty


def _fit_series(position: Floats, means: Floats, fit_type: str, order: int) -> Floats:
    """Unweighted fit through all rows, those without usable pixels included (manual: oddities, Overscan)."""
    if order < 0:
        raise ValueError(f"overscan.order must be at least 0 for overscan.fitType {fit_type}, found {order}")
    if not np.isfinite(means).all():
        return np.full(means.size, np.nan)
    fit, evaluate = SERIES[fit_type]
    return np.asarray(evaluate(position, fit(position, means, order)), np.float64)


def _fit_spline(position: Floats, means: Floats, usable: Bools, fit_type: str, bins: int) -> Floats:
    """Spline through the means of uniform bins of rows; bins without usable rows are left out."""
    if bins < 1:
        raise ValueError(f"overscan.order must be at least 1 for overscan.fitType {fit_type}, found {bins}")
    # The histogram of all positions with weights keeps the bins at the full range whatever is masked.
    count, _ = np.histogram(position, bins, weights=usable.astype(np.float64))
    total, _ = np.histogram(position, bins, weights=np.where(usable, means, 0.0))
    place, _ = np.histogram(position, bins, weights=np.where(usable, position, 0.0))
    occupied = count > 0
    x, y = place[occupied] / count[occupied], total[occupied] / count[occupied]
    try:
        interpolator = make_interpolator(x, y, fit_type)
    except ValueError as error:
        raise ValueError(
            f"overscan.fitType {fit_type} cannot be fitted: overscan.order asks for {bins} bins, {x.size} of them have "
            f"usable rows ({error}); increase overscan.order"
        ) from error
    return interpolator(position)


def _extrapolated(empty: Bools) -> Bools:
    """Rows at which the fit reaches beyond the usable rows.

    At the high end the last usable row is flagged too, as in the reference (manual: overscan, Extrapolated rows).
    """
    flags = np.zeros(empty.size, np.bool_)
    usable = np.flatnonzero(~empty)
    if usable.size == 0:
        flags[:] = True
    elif usable.size < empty.size:
        flags[: usable[0]] = True
        if usable[-1] < empty.size - 1:
            flags[usable[-1] :] = True
    return flags
