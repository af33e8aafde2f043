"""What a map does to the corrected frame: how much is interpolated, and what is still to be seen at a defect."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrcore.values import frozen

__all__ = ["Effect", "measure_effect"]

_REACH = 12
_FEWEST = 16
_TO_SIGMA = 1.4826

_MOST_ROWS = 512
"""Of a longer defect, evenly spaced rows are enough."""


@frozen
class Effect:
    """One corrected frame.

    Attributes
    ----------
    interpolated : int
        Pixels of the frame that were interpolated.
    residual : float
        Median of the defect's pixels minus that of the good pixels around, in units of the scatter (1 sigma) of single
        good pixels; NaN when there are too few.
    """

    interpolated: int
    residual: float


def measure_effect(
    image: NDArray[np.float32], interpolated: NDArray[np.bool_], pixels: PixelSet, frame: Box
) -> Effect:
    """Measure a corrected frame at a defect.

    Parameters
    ----------
    image : ndarray, (height, width), float32
        ADU or electron, trimmed.
    interpolated : ndarray, (height, width), bool
        Where the frame was interpolated; such pixels are no comparison.
    pixels : `PixelSet`
        The defect, 0-based, trimmed frame.
    frame : `Box`
        What the arrays cover.
    """
    return Effect(int(np.count_nonzero(interpolated)), _residual(image, interpolated, pixels.clip(frame), frame))


def _residual(image: NDArray[np.float32], interpolated: NDArray[np.bool_], pixels: PixelSet, frame: Box) -> float:
    if pixels.is_empty:
        return math.nan
    box = pixels.bbox
    around = Box(box.x0 - _REACH, box.y0 - _REACH, box.width + 2 * _REACH, box.height + 2 * _REACH).intersect(frame)
    rows, columns = around.slices((frame.x0, frame.y0))
    step = -(-around.height // _MOST_ROWS)
    inside = pixels.to_mask(around)
    if step > 1 and inside[::step].any():
        rows, inside = slice(rows.start, rows.stop, step), inside[::step]
    values = image[rows, columns].astype(np.float64)
    finite = np.isfinite(values)
    good = values[finite & ~inside & ~interpolated[rows, columns]]
    defect = values[finite & inside]
    if not defect.size or good.size < _FEWEST:
        return math.nan
    level = float(np.median(good))
    scatter = _TO_SIGMA * float(np.median(np.abs(good - level))) or float(np.std(good))
    return (float(np.median(defect)) - level) / scatter if scatter > 0 else math.nan
