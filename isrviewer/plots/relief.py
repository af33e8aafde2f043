"""A small box as a surface or as contours: what is drawn, without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.inspect.layout import Cutout

__all__ = ["Relief", "contour_levels", "contour_lines", "make_relief", "project"]

MOST_CELLS = 64
"""Columns and rows of a surface at most: more would be smaller than the lines between them."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relief:
    """Heights over a grid.

    Attributes
    ----------
    z : ndarray, (ny, nx), float64
        Means of blocks of pixels; NaN where no pixel counts.
    x0, y0 : float
        Centre of the first block, pixels.
    block : int
        Side of a block, pixels.
    unit : str
    """

    z: Floats
    x0: float
    y0: float
    block: int
    unit: str

    @property
    def x(self) -> Floats:
        """Centres of the columns, pixels."""
        return self.x0 + self.block * np.arange(self.z.shape[1], dtype=np.float64)

    @property
    def y(self) -> Floats:
        """Centres of the rows, pixels."""
        return self.y0 + self.block * np.arange(self.z.shape[0], dtype=np.float64)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value; 0 and 1 without any."""
        finite = self.z[np.isfinite(self.z)]
        if not finite.size:
            return 0.0, 1.0
        low, high = float(finite.min()), float(finite.max())
        return (low, high) if high > low else (low - 0.5, high + 0.5)


def make_relief(cutout: Cutout, unit: str, exclude: tuple[str, ...] = ()) -> Relief:
    """Heights of a cutout, reduced to at most 64 x 64 blocks by the mean of the pixels that count.

    Blocks that reach over the upper edges of the box are left out.
    """
    height, width = cutout.pixels.shape
    block = max(1, -(-max(height, width) // MOST_CELLS))
    ny, nx = max(1, height // block), max(1, width // block)
    step_y, step_x = min(block, height), min(block, width)
    usable = cutout.usable(exclude)
    values = np.where(usable, cutout.pixels.image.astype(np.float64), 0.0)

    def blocks(array: NDArray[np.generic]) -> Floats:
        part = array[: ny * step_y, : nx * step_x].reshape(ny, step_y, nx, step_x)
        total: Floats = part.sum(axis=(1, 3), dtype=np.float64)
        return total

    count = blocks(usable)
    with np.errstate(invalid="ignore"):
        z = np.where(count > 0, blocks(values) / np.where(count > 0, count, 1.0), np.nan)
    x0, y0 = cutout.pixels.xy0
    return Relief(z, x0 + (step_x - 1) / 2, y0 + (step_y - 1) / 2, block, unit)


def contour_levels(limits: tuple[float, float], wanted: int = 8) -> list[float]:
    """Round values between the limits, about as many as wanted."""
    low, high = limits
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    levels = [number * step for number in range(first, math.floor(high / step) + 1)]
    return [level for level in levels if low < level < high]


def contour_lines(relief: Relief, level: float) -> tuple[Floats, Floats]:
    """The contour at a level as separate segments.

    Every cell of four blocks is cut into two triangles, in which the surface is flat; cells with a NaN have no contour.

    Returns
    -------
    x, y : ndarray, (2 n,), float64
        Two points for each segment, pixels.
    """
    x, y = np.meshgrid(relief.x, relief.y)
    points = np.stack([x, y, relief.z], axis=-1)
    a, b = points[:-1, :-1].reshape(-1, 3), points[:-1, 1:].reshape(-1, 3)
    c, d = points[1:, :-1].reshape(-1, 3), points[1:, 1:].reshape(-1, 3)
    triangles = np.concatenate([np.stack([a, b, d], axis=1), np.stack([a, d, c], axis=1)])
    triangles = triangles[np.isfinite(triangles[..., 2]).all(axis=1)]
    nexts = np.roll(triangles, -1, axis=1)
    below, below_next = triangles[..., 2] < level, nexts[..., 2] < level
    crosses = below != below_next
    # A flat triangle is crossed on two of its sides or on none.
    crossed = crosses.any(axis=1)
    start, end, crosses = triangles[crossed], nexts[crossed], crosses[crossed]
    start, end = start[crosses], end[crosses]
    part = (level - start[:, 2]) / (end[:, 2] - start[:, 2])
    return start[:, 0] + part * (end[:, 0] - start[:, 0]), start[:, 1] + part * (end[:, 1] - start[:, 1])


def project(points: Floats, azimuth: float, elevation: float) -> tuple[Floats, Floats]:
    """Look at points of the unit cube from a direction.

    Parameters
    ----------
    points : ndarray, (..., 3), float64
        x, y, z from 0 to 1.
    azimuth, elevation : float
        Degrees: turn around z, and height above the ground.

    Returns
    -------
    screen : ndarray, (..., 2)
        To the right and up, about -1 to 1.
    depth : ndarray, (...,)
        Distance from the eye.
    """
    turn, tilt = math.radians(azimuth), math.radians(elevation)
    x, y, z = np.moveaxis(points - 0.5, -1, 0)
    right = math.cos(turn) * x - math.sin(turn) * y
    away = math.sin(turn) * x + math.cos(turn) * y
    up = math.sin(tilt) * away + math.cos(tilt) * z
    return np.stack([right, up], axis=-1), math.cos(tilt) * away - math.sin(tilt) * z
