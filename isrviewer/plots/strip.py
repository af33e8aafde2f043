"""An overscan strip as a picture: grey values, rejected pixels in colour. Pure numpy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from isrcore import inspect as core_inspect

__all__ = ["REJECTED_COLOUR", "STRIP_SIGMA", "strip_picture"]

REJECTED_COLOUR = "#D55E00"

STRIP_SIGMA = 5.0
"""Black and white are this many standard deviations from the level."""


def strip_picture(detail: core_inspect.overscan.OverscanDetail, corrected: bool) -> NDArray[np.uint8]:
    """RGBA pixels of an overscan strip, turned so that the axis of the model runs to the right.

    Parameters
    ----------
    detail : `OverscanDetail`
    corrected : bool
        After the model was subtracted, else the raw pixels.

    Returns
    -------
    picture : ndarray, (across, along, 4), uint8
    """
    values = detail.corrected if corrected else detail.strip.astype(np.float64)
    has_model = corrected and detail.model is not None
    level, sigma = (detail.level_after, detail.sigma_after) if has_model else (detail.level_before, detail.sigma_before)
    if math.isnan(level):
        level, sigma = 0.0, 1.0
    reach = STRIP_SIGMA * (sigma or 1.0)
    with np.errstate(invalid="ignore"):
        grey = np.clip((values - level + reach) * (255 / (2 * reach)), 0, 255)
    grey = np.nan_to_num(grey, nan=0.0)
    picture = np.empty((*grey.shape, 4), np.uint8)
    picture[..., :3] = grey[..., None]
    picture[..., 3] = 255
    picture[detail.rejected, :3] = [int(REJECTED_COLOUR[place : place + 2], 16) for place in (1, 3, 5)]
    return picture if detail.along_x else np.ascontiguousarray(picture.swapaxes(0, 1))
