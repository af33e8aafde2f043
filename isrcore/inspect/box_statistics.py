"""Statistics of one box after several steps."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from isrcore.geom import Box
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.inspect.layout import Cutout, Layout, cut_out
from isrcore.inspect.results import EXCLUDED, RunResults
from isrcore.values import frozen

__all__ = ["BoxRow", "box_statistics", "measure"]

_CLIP = StatisticsControl(num_sigma_clip=3.0, num_iter=3)


@frozen
class BoxRow:
    """Statistics of the usable pixels of a box after one step; NaN where there are none.

    Attributes
    ----------
    step, label, unit : str
        All values are in `unit`.
    on_hand : bool
        False when the planes of the step are not on hand.
    used, masked, not_finite, outside : int
        Pixels that count; those left out because of their mask planes; NaN and infinite ones that are not masked; those
        that the frame does not have.
    mean, median, sigma : float
        Of all usable pixels.
    clipped_mean, clipped_sigma : float
        After three iterations of clipping at 3 sigma.
    mad : float
        Median absolute deviation from the median; 1.4826 times it is the sigma of a Gaussian.
    minimum, maximum : float
    expected_sigma : float
        Square root of the mean variance plane; NaN when that is zero.
    """

    step: str
    label: str
    unit: str
    on_hand: bool = True
    used: int = 0
    masked: int = 0
    not_finite: int = 0
    outside: int = 0
    mean: float = math.nan
    median: float = math.nan
    sigma: float = math.nan
    clipped_mean: float = math.nan
    clipped_sigma: float = math.nan
    mad: float = math.nan
    minimum: float = math.nan
    maximum: float = math.nan
    expected_sigma: float = math.nan

    @property
    def mean_error(self) -> float:
        """Standard error of the mean."""
        return self.sigma / math.sqrt(self.used) if self.used else math.nan


def box_statistics(
    run: RunResults, names: Iterable[str], box: Box, of: Layout, exclude: tuple[str, ...] = EXCLUDED
) -> tuple[BoxRow, ...]:
    """Measure the same pixels after several steps. For large boxes work for a worker thread.

    Parameters
    ----------
    run : `RunResults`
    names : iterable of str
        Steps, by LSST name.
    box : `Box`
        In the coordinates of `of`.
    of : `Layout`
        Steps with another layout are measured on the raw pixels that the box stands for.
    exclude : tuple of str
        Mask planes whose pixels are left out.
    """
    rows = []
    for name in names:
        step = run.step(name)
        if step is None:
            continue
        layout = run.layout(step)
        if layout is None or step.exposure is None:
            rows.append(BoxRow(step.name, step.label, step.unit, on_hand=False))
        else:
            rows.append(measure(step.name, step.label, step.unit, cut_out(step.exposure, layout, box, of), exclude))
    return tuple(rows)


def measure(step: str, label: str, unit: str, cutout: Cutout, exclude: tuple[str, ...]) -> BoxRow:
    """Statistics of one cutout."""
    image, present = cutout.pixels.image, cutout.present
    there = image.size if present is None else int(np.count_nonzero(present))
    flagged = cutout.flagged(exclude)
    masked = 0 if flagged is None else int(np.count_nonzero(flagged if present is None else flagged & present))
    usable = cutout.usable(exclude)
    values = image[usable].astype(np.float64)
    counts = values.size, masked, there - masked - values.size, image.size - there
    if not values.size:
        return BoxRow(step, label, unit, True, *counts)
    wanted = Property.MEAN | Property.MEDIAN | Property.STDEV | Property.MEANCLIP | Property.STDEVCLIP
    found = make_statistics(values, wanted | Property.MIN | Property.MAX, _CLIP)
    median = found.value(Property.MEDIAN)
    variance = float(cutout.pixels.variance[usable].mean(dtype=np.float64))
    return BoxRow(
        step,
        label,
        unit,
        True,
        *counts,
        mean=found.value(Property.MEAN),
        median=median,
        sigma=found.value(Property.STDEV),
        clipped_mean=found.value(Property.MEANCLIP),
        clipped_sigma=found.value(Property.STDEVCLIP),
        mad=float(np.median(np.abs(values - median))),
        minimum=found.value(Property.MIN),
        maximum=found.value(Property.MAX),
        expected_sigma=math.sqrt(variance) if variance > 0 else math.nan,
    )
