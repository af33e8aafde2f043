"""The overscan of each amplifier in detail: what was read, what was rejected, what was modelled and what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Amplifier
from isrcore.geom import Box
from isrcore.image.statistics import Property, make_statistics
from isrcore.inspect.results import RunResults
from isrcore.pipe import Struct

__all__ = ["OverscanDetail", "overscan_details", "overscan_level", "overscan_of", "residual_noise"]

Floats = NDArray[np.float64]

_BLOCK = 64
"""Rows whose median residual is taken: few enough for a star's tail, enough to see a tenth of the read noise."""
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, eq=False)
class OverscanDetail:
    """The overscan of one amplifier, in ADU.

    Attributes
    ----------
    amplifier : str
    box : `Box`
        Raw pixels used. At a bias jump the step keeps one of the two parts, and this is its box.
    strip : ndarray, (height, width)
        The raw pixels.
    along_x : bool
        Whether the model follows x; else one value belongs to each row.
    position : ndarray, (n,), int
        Raw row (or column) of the values below.
    measured : ndarray, (n,), float64
        Mean (``MEDIAN_PER_ROW``: median) of the used pixels; NaN where all are rejected.
    model : ndarray, (n,), float64 or None
        Level that was subtracted; None when overscan correction did not run.
    rejected : ndarray, (height, width), bool
    extrapolated : ndarray, (n,), bool
    level_before, sigma_before, level_after, sigma_after : float
        Median and clipped standard deviation of the pixels that were not rejected, raw and minus the model.
    """

    amplifier: str
    box: Box
    strip: NDArray[np.float32]
    along_x: bool
    position: NDArray[np.int64]
    measured: Floats
    model: Floats | None
    rejected: NDArray[np.bool_]
    extrapolated: NDArray[np.bool_]
    level_before: float
    sigma_before: float
    level_after: float
    sigma_after: float

    @property
    def residual(self) -> Floats | None:
        """What was measured minus the model, (n,)."""
        return None if self.model is None else self.measured - self.model

    @property
    def worst_residual(self) -> tuple[int, float, float] | None:
        """Where the model is furthest from what was measured: a tail of a bright star, a ramp, a jump.

        Returns
        -------
        position, residual, error : int, float, float
            Middle of a block of rows (or columns), the median residual in it and its standard error, ADU. The error
            comes from the scatter inside the blocks. None without a model or with too few values.
        """
        residual = self.residual
        if residual is None or residual.size < 2 * _BLOCK:
            return None
        count = residual.size // _BLOCK
        blocks = residual[: count * _BLOCK].reshape(count, _BLOCK)
        blocks = np.where(np.isfinite(blocks), blocks, np.nan)
        full = np.count_nonzero(np.isfinite(blocks), axis=1) > _BLOCK // 2
        if not full.any():
            return None
        middles = np.where(full, np.nanmedian(np.where(full[:, None], blocks, 0.0), axis=1), 0.0)
        scatter = float(np.nanmedian(np.abs(blocks - middles[:, None])[full])) * _MAD_TO_SIGMA
        worst = int(np.argmax(np.abs(middles)))
        error = scatter * math.sqrt(math.pi / 2 / _BLOCK)
        return int(self.position[worst * _BLOCK + _BLOCK // 2]), float(middles[worst]), error

    @property
    def corrected(self) -> NDArray[np.float64]:
        """The strip minus the model, (height, width); the raw strip when there is no model."""
        if self.model is None:
            return self.strip.astype(np.float64)
        return self.strip - (self.model[None, :] if self.along_x else self.model[:, None])


def overscan_details(run: RunResults) -> tuple[OverscanDetail, ...]:
    """One detail for each amplifier that has an overscan; reads the overscan strips only.

    Without overscan correction the raw strip is described: row means of all pixels, no model.
    """
    raw, details = run.raw, []
    if raw is None or run.detector is None:
        return ()
    for amp in run.detector:
        result = overscan_of(run, amp)
        box = amp.raw_horizontal_overscan_bbox if result is None else result.overscanImage.bbox
        if box.is_empty or not raw.bbox.contains(box):
            continue
        strip = raw.masked_image.subset(box).image.astype(np.float32)
        details.append(_detail(amp, box, strip, result))
    return tuple(details)


def _detail(amp: Amplifier, box: Box, strip: NDArray[np.float32], result: Struct | None) -> OverscanDetail:
    if result is None:
        along_x, rejected = box.height <= box.width, ~np.isfinite(strip)
        axis = 0 if along_x else 1
        measured: Floats = strip.mean(axis=axis, dtype=np.float64)
        model, extrapolated = None, np.zeros(measured.size, np.bool_)
    else:
        profile = result.profile
        along_x, rejected, model = profile.along_x, profile.rejected, profile.model
        measured, extrapolated = profile.measured, profile.extrapolated
    start, length = (box.x0, box.width) if along_x else (box.y0, box.height)
    before = _level_and_sigma(strip[~rejected])
    after = (math.nan, math.nan)
    if model is not None:
        after = _level_and_sigma((strip - (model[None, :] if along_x else model[:, None]))[~rejected])
    position = np.arange(start, start + length)
    return OverscanDetail(
        amp.name, box, strip, along_x, position, measured, model, rejected, extrapolated, *before, *after
    )


def _level_and_sigma(pixels: NDArray[np.floating]) -> tuple[float, float]:
    """Median and standard deviation after three 3-sigma clips; NaN without pixels."""
    finite = pixels[np.isfinite(pixels)].astype(np.float64)
    if not finite.size:
        return math.nan, math.nan
    statistics = make_statistics(finite, Property.MEDIAN | Property.STDEVCLIP)
    return statistics.value(Property.MEDIAN), statistics.value(Property.STDEVCLIP)


def residual_noise(detail: OverscanDetail) -> float:
    """Read noise measured in the overscan, ADU: clipped standard deviation around the level of each row.

    The level of a row is what was measured there, so that a poor model does not count as noise; its own error is
    undone by ``n / (n - 1)`` for the n pixels of the row.
    """
    pixels = np.where(detail.rejected, np.nan, detail.strip.astype(np.float64))
    rows = pixels.T if detail.along_x else pixels
    used = np.count_nonzero(np.isfinite(rows), axis=1)
    rows = rows[used > 1]
    used = used[used > 1]
    if not used.size:
        return math.nan
    centre = np.nanmean(rows, axis=1, keepdims=True)
    return _level_and_sigma(((rows - centre) * np.sqrt(used / (used - 1.0))[:, None]).ravel())[1]


def overscan_level(run: RunResults, amp: Amplifier, raw_x: int, raw_y: int) -> float:
    """What overscan correction took off a raw pixel, ADU.

    NaN when it did not run, and below or above a bias jump, because the step keeps the model of one side only.
    """
    result = overscan_of(run, amp)
    if result is None:
        return math.nan
    model, region = result.profile.model, result.overscanImage.bbox
    data, overscan = amp.raw_data_bbox, amp.raw_horizontal_overscan_bbox
    if result.profile.along_x:
        column = raw_x - data.x0
        return float(model[column]) if 0 <= column < model.size else math.nan
    # A part of the overscan corrects the same part of the data, unless it is as long as the data: then it corrects all.
    start = 0 if region.height == data.height else region.y0 - overscan.y0
    row = raw_y - data.y0 - start
    return float(model[row]) if 0 <= row < model.size else math.nan


def overscan_of(run: RunResults, amp: Amplifier) -> Struct | None:
    """What overscan correction returned for an amplifier."""
    raw = run.raw
    if raw is None or run.detector is None:
        return None
    # The step leaves out amplifiers that are not in the image.
    inside = [each.name for each in run.detector if raw.bbox.contains(each.bbox)]
    if amp.name not in inside or len(inside) != len(run.overscans):
        return None
    return run.overscans[inside.index(amp.name)]
