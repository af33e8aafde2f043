"""Cuts through the image: along a row, a column or any line, the same cut after several steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.inspect.layout import Cutout, Layout, cut_out
from isrcore.inspect.results import EXCLUDED, RunResults

__all__ = ["Cut", "CutPath", "take_cuts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CutPath:
    """Where to cut, in 0-based pixels of one layout.

    Attributes
    ----------
    x0, y0, x1, y1 : int
        First and last pixel, both included.
    width : int
        Pixels averaged across the cut; an even number reaches one pixel further to higher x or y.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    width: int = 1

    @classmethod
    def row(cls, y: int, box: Box, width: int = 1) -> CutPath:
        """Along row `y` through the whole of `box`."""
        return cls(box.x0, y, box.x1 - 1, y, width)

    @classmethod
    def column(cls, x: int, box: Box, width: int = 1) -> CutPath:
        """Along column `x` through the whole of `box`."""
        return cls(x, box.y0, x, box.y1 - 1, width)

    def pixels(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Columns and rows of the pixels of the cut, each (n, width), nearest to points one pixel acutout."""
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        length = math.hypot(dx, dy)
        steps = max(abs(dx), abs(dy)) if not (dx and dy) else round(length)
        along = np.linspace(0.0, 1.0, steps + 1)[:, None]
        across = (np.arange(self.width) - (self.width - 1) // 2)[None, :]
        # Across a row lies y, across a column x.
        normal = (0.0, 1.0) if not length or not dy else (1.0, 0.0) if not dx else (-dy / length, dx / length)
        x = np.rint(self.x0 + along * dx + across * normal[0]).astype(np.int64)
        y = np.rint(self.y0 + along * dy + across * normal[1]).astype(np.int64)
        return x, y


@dataclass(frozen=True, eq=False)
class Cut:
    """A cut after one step.

    Attributes
    ----------
    step, label, unit : str
    x, y : ndarray, (n,), int
        Pixels in the middle of the cut, in the layout of the path.
    distance : ndarray, (n,), float64
        From the first pixel, pixels.
    value : ndarray, (n,), float64
        Mean of the usable pixels across the cut; NaN where there are none.
    sigma : ndarray, (n,), float64
        Of `value`, from the variance plane; NaN where that is zero.
    flagged : ndarray, (n,), float64
        Mean of the finite pixels where all are masked, else NaN: to be shown acutout.
    """

    step: str
    label: str
    unit: str
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    distance: Floats
    value: Floats
    sigma: Floats
    flagged: Floats


def take_cuts(
    run: RunResults, names: Iterable[str], path: CutPath, of: Layout, exclude: tuple[str, ...] = EXCLUDED
) -> tuple[Cut, ...]:
    """The same cut after several steps; steps whose planes are not on hand are left out.

    Copies the box around the cut where the layouts differ: work for a worker thread.

    Parameters
    ----------
    run : `RunResults`
    names : iterable of str
        Steps, by LSST name.
    path : `CutPath`
        In the coordinates of `of`.
    of : `Layout`
    exclude : tuple of str
        Mask planes whose pixels do not count.
    """
    x, y = path.pixels()
    box = Box.from_corners(int(x.min()), int(y.min()), int(x.max()), int(y.max()))
    cuts = []
    for name in names:
        step = run.step(name)
        layout = run.layout(step) if step is not None else None
        if step is None or step.exposure is None or layout is None:
            continue
        cutout = cut_out(step.exposure, layout, box, of)
        cuts.append(Cut(step.name, step.label, step.unit, *_sample(cutout, x, y, exclude)))
    return tuple(cuts)


def _sample(
    cutout: Cutout, x: NDArray[np.int64], y: NDArray[np.int64], exclude: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats, Floats, Floats]:
    x0, y0 = cutout.pixels.xy0
    index = y - y0, x - x0
    values = cutout.pixels.image[index].astype(np.float64)
    variance = cutout.pixels.variance[index].astype(np.float64)
    finite = np.isfinite(values)
    if cutout.present is not None:
        finite &= cutout.present[index]
    planes = [plane for plane in exclude if plane in cutout.pixels.mask.planes]
    bits = np.int32(cutout.pixels.mask.planes.bitmask(planes))
    usable = finite & ((cutout.pixels.mask.array[index] & bits) == 0)
    value, count = _mean(values, usable)
    total = np.where(usable, variance, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.where(total > 0, np.sqrt(total) / count, np.nan)
    flagged = np.where(count == 0, _mean(values, finite)[0], np.nan)
    middle = (x.shape[1] - 1) // 2
    along = np.hypot(x[:, middle] - x[0, middle], y[:, middle] - y[0, middle])
    return x[:, middle], y[:, middle], along, value, sigma, flagged


def _mean(values: Floats, which: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.int64]]:
    """Mean across the cut of some pixels, NaN without any, and their number."""
    count = np.count_nonzero(which, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(which, values, 0.0).sum(axis=1) / np.where(count == 0, np.nan, count), count
