"""Columns, and parts of columns with the row where they begin: too faint to be seen in single pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.settings import DetectionSettings
from isrcore.kernels.bands import BAND_PIXELS, for_bands

__all__ = ["ColumnPart", "find_column_parts"]

Floats = NDArray[np.float32]

_BIN = 16
_CLIP = 5.0
"""Sigma at which pixels are cut, so that a star or cosmic ray is no column."""

_MAX_PARTS = 4


class ColumnPart(NamedTuple):
    """A part of a column that differs from its surroundings.

    Attributes
    ----------
    x, y0, y1 : int
        Column, first row, and first row after it; 0-based.
    amplitude : float
        Mean difference, units of the pixel noise, clipped.
    significance : float
        Of the mean, sigma.
    """

    x: int
    y0: int
    y1: int
    amplitude: float
    significance: float


def find_column_parts(
    significance: Floats, least: float | Floats, settings: DetectionSettings
) -> list[ColumnPart]:
    """Find the parts of columns whose mean stands out.

    Parameters
    ----------
    significance : ndarray, (height, width), float32
        A frame without its smooth level, in units of the noise.
    least : float or ndarray, (width,)
        Smallest mean difference that counts, units of the noise.
    settings : `DetectionSettings`
    """
    height, width = significance.shape
    limits = np.minimum(np.broadcast_to(np.asarray(least, np.float64), (width,)), 0.9 * _CLIP)
    bins = height // _BIN
    sums = np.zeros((bins + 1, width))
    np.cumsum(_bin_sums(significance[: bins * _BIN]), axis=0, out=sums[1:])
    candidates = np.zeros(width, np.bool_)
    length = max(1, settings.column_rows // _BIN)
    while length <= bins:
        mean = (sums[length:] - sums[:-length]) / (length * _BIN)
        best = np.abs(mean).max(axis=0)
        # Bins cut a part at both ends, which may cost a third of its mean.
        candidates |= best > np.maximum(0.66 * limits, settings.column_significance / np.sqrt(length * _BIN))
        # Twice the length, and the whole column at last.
        length = bins if length < bins < 2 * length else 2 * length
    parts = []
    for x in np.flatnonzero(candidates).tolist():
        column = np.clip(significance[:, x].astype(np.float64), -_CLIP, _CLIP)
        parts += [part for part in _parts(x, column, settings) if abs(part.amplitude) > limits[x]]
    return parts


def _bin_sums(significance: Floats) -> Floats:
    """Sums over bins of rows, pixels clipped."""
    width = significance.shape[1]
    sums = np.empty((len(significance) // _BIN, width), np.float32)

    def add(bins: slice) -> None:
        rows = significance[bins.start * _BIN : bins.stop * _BIN]
        sums[bins] = np.clip(rows, -_CLIP, _CLIP).reshape(-1, _BIN, width).sum(axis=1)

    for_bands(add, sums.shape, BAND_PIXELS // _BIN)
    return sums


def _parts(x: int, column: NDArray[np.float64], settings: DetectionSettings) -> list[ColumnPart]:
    """The parts of one column, the strongest first."""
    found = []
    column = column.copy()
    for _ in range(_MAX_PARTS):
        part = max((_strongest(x, column, sign) for sign in (1.0, -1.0)), key=lambda part: part.significance)
        if part.significance < settings.column_significance or part.y1 - part.y0 < settings.column_rows:
            break
        column[part.y0 : part.y1] = 0.0
        if part.y1 >= column.size - settings.top_rows:
            part = part._replace(y1=column.size)
        found.append(part)
    return found


def _strongest(x: int, column: NDArray[np.float64], sign: float) -> ColumnPart:
    """The part with the largest sum over half its own amplitude: the most likely step up and down.

    The amplitude is first that which is needed to be seen at all, then that of the part that was found.
    """
    amplitude = 0.3
    y0, y1 = 0, column.size
    for _ in range(4):
        sums = np.concatenate([[0.0], np.cumsum(sign * column - amplitude / 2.0)])
        lowest = np.minimum.accumulate(sums)
        y1 = int(np.argmax(sums - lowest))
        y0 = int(np.argmin(sums[: y1 + 1]))
        if y1 <= y0:
            return ColumnPart(x, 0, 0, 0.0, 0.0)
        mean = float(np.mean(sign * column[y0:y1]))
        if abs(mean - amplitude) < 0.01 * amplitude:
            break
        amplitude = mean
    return ColumnPart(x, y0, y1, sign * amplitude, amplitude * float(np.sqrt(y1 - y0)))
