"""One-dimensional interpolators with the end rules of the reference (manual: overscan, Interpolators).

All of them are piecewise cubics that continue outside the data as the second-order Taylor expansion at the end point,
so one class evaluates them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["PiecewiseCubic", "make_interpolator"]

Floats = NDArray[np.float64]


class PiecewiseCubic(NamedTuple):
    """A function made of cubics; call it to evaluate.

    Attributes
    ----------
    breaks : ndarray, (n,)
        Increasing. Piece ``k`` reaches from break ``k - 1`` (included) to break ``k``; the first and the last are open.
    origins : ndarray, (n + 1,)
        Where the argument of each cubic is zero.
    coefficients : ndarray, (4, n + 1)
        Of powers 0 to 3.
    """

    breaks: Floats
    origins: Floats
    coefficients: Floats

    def __call__(self, at: ArrayLike) -> Floats:
        """Values at `at`, in double precision and of the same shape."""
        x = np.asarray(at, np.float64)
        piece = np.searchsorted(self.breaks, x, side="right")
        offset = x - self.origins[piece]
        result = self.coefficients[3][piece]
        for coefficients in self.coefficients[2::-1]:
            result *= offset
            result += coefficients[piece]
        return np.asarray(result)


def make_interpolator(x: ArrayLike, y: ArrayLike, style: str) -> PiecewiseCubic:
    """An interpolator through points.

    Parameters
    ----------
    x, y : array-like, (n,)
        `x` must increase strictly.
    style : str
        ``CONSTANT``, ``LINEAR``, ``NATURAL_SPLINE``, ``CUBIC_SPLINE`` (the same as ``NATURAL_SPLINE``) or
        ``AKIMA_SPLINE``. (The reference's periodic splines have no use in ISR and are left out.)

    Raises
    ------
    ValueError
        For another style, too few points (1, 2, 3, 3 and 5 are needed in this order), or `x` that does not increase.
    """
    if style not in _STYLES:
        raise ValueError(f"the interpolation style must be one of {', '.join(_STYLES)}, found {style!r}")
    needed, pieces = _STYLES[style]
    knots, values = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if knots.ndim != 1 or knots.shape != values.shape:
        raise ValueError(f"interpolation needs two lists of one length, found shapes {knots.shape} and {values.shape}")
    if knots.size < needed:
        raise ValueError(f"{style} needs at least {needed} points, found {knots.size}")
    if not np.all(np.diff(knots) > 0):
        raise ValueError(f"interpolation needs strictly increasing positions, found {knots}")
    return pieces(knots, values)


def _constant(x: Floats, y: Floats) -> PiecewiseCubic:
    """Steps halfway between the points, each at the mean of the two points before it, as the reference has it."""
    if x.size == 1:
        return _flat(x, np.array([y[0], y[0]]))
    middles = 0.5 * (x[:-1] + x[1:])
    end = x[-1] + 0.5 * (x[-1] - x[-2])
    return _flat(np.append(middles, end), np.concatenate(([y[0]], 0.5 * (y[:-1] + y[1:]), [y[-1]])))


def _flat(breaks: Floats, levels: Floats) -> PiecewiseCubic:
    coefficients = np.zeros((4, levels.size))
    coefficients[0] = levels
    return PiecewiseCubic(breaks, np.zeros(levels.size), coefficients)


def _linear(x: Floats, y: Floats) -> PiecewiseCubic:
    slopes = np.diff(y) / np.diff(x)
    zeros = np.zeros(slopes.size)
    return _with_ends(x, y, slopes, zeros, zeros)


def _natural_spline(x: Floats, y: Floats) -> PiecewiseCubic:
    """Cubic spline with zero second derivative at both ends."""
    h = np.diff(x)
    slopes = np.diff(y) / h
    system = np.diag(2 * (h[:-1] + h[1:])) + np.diag(h[1:-1], 1) + np.diag(h[1:-1], -1)
    half_curvature = np.zeros(x.size)
    half_curvature[1:-1] = np.linalg.solve(system, 3 * np.diff(slopes))
    left, right = half_curvature[:-1], half_curvature[1:]
    return _with_ends(x, y, slopes - h * (right + 2 * left) / 3, left, (right - left) / (3 * h))


def _akima_spline(x: Floats, y: Floats) -> PiecewiseCubic:
    """Akima's spline as the GNU Scientific Library documents it, with its rule for degenerate slopes."""
    h = np.diff(x)
    m = np.diff(y) / h
    # Two slopes more on either side, by parabolas through the end points: m[i] is slopes[i + 2].
    before, after = (3 * m[0] - 2 * m[1], 2 * m[0] - m[1]), (2 * m[-1] - m[-2], 3 * m[-1] - 2 * m[-2])
    slopes = np.concatenate((before, m, after))
    change = np.abs(np.diff(slopes))
    ahead, behind = change[2:], change[:-2]
    total = ahead + behind
    degenerate = total == 0
    weight = behind / np.where(degenerate, 1.0, total)
    # Derivatives at the knots; a knot between equal slopes takes the slope of the interval that asks.
    blended = (1 - weight) * slopes[1:-2] + weight * slopes[2:-1]
    left = np.where(degenerate[:-1], m, blended[:-1])
    right = np.where(degenerate[1:], m, blended[1:])
    straight = degenerate[:-1]
    square = np.where(straight, 0.0, (3 * m - 2 * left - right) / h)
    cube = np.where(straight, 0.0, (left + right - 2 * m) / h**2)
    return _with_ends(x, y, left, square, cube)


def _with_ends(x: Floats, y: Floats, first: Floats, second: Floats, third: Floats) -> PiecewiseCubic:
    """Add the parabolas outside the data to the cubics of the n - 1 intervals."""
    h = x[-1] - x[-2]
    slope_at_end = first[-1] + h * (2 * second[-1] + 3 * h * third[-1])
    square_at_end = second[-1] + 3 * h * third[-1]
    coefficients = np.array(
        [
            np.concatenate(([y[0]], y)),
            np.concatenate(([first[0]], first, [slope_at_end])),
            np.concatenate(([second[0]], second, [square_at_end])),
            np.concatenate(([0.0], third, [0.0])),
        ]
    )
    return PiecewiseCubic(x, np.concatenate(([x[0]], x)), coefficients)


_STYLES: dict[str, tuple[int, Callable[[Floats, Floats], PiecewiseCubic]]] = {
    "CONSTANT": (1, _constant),
    "LINEAR": (2, _linear),
    "NATURAL_SPLINE": (3, _natural_spline),
    "CUBIC_SPLINE": (3, _natural_spline),
    "AKIMA_SPLINE": (5, _akima_spline),
}
"""Minimum number of points and constructor of each style."""
