"""Amplifier by amplifier: level, noise, gain, flagged pixels, histogram, and the jump where two of them meet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Detector
from isrcore.geom import Box
from isrcore.image.statistics import Property, make_statistics
from isrcore.inspect.box_statistics import measure
from isrcore.inspect.layout import Cutout, Layout, cut_out
from isrcore.inspect.overscan import overscan_details, residual_noise
from isrcore.inspect.results import EXCLUDED, RunResults, StepResult
from isrcore.values import frozen

__all__ = ["AmplifierRow", "Histogram", "SeamJump", "amplifier_rows", "histograms", "seam_jumps"]

SEAM_DEPTH = 16
"""Columns (or rows) on each side of a seam that are compared."""


@frozen
class AmplifierRow:
    """One amplifier after one step.

    Attributes
    ----------
    amplifier, unit : str
    level, sigma : float
        Median and clipped standard deviation of the usable imaging pixels, `unit`.
    overscan_level : float
        Median of the raw overscan, ADU.
    read_noise : float
        Measured in the raw overscan, ADU.
    gain : float
        electron / ADU, as the run used it.
    nominal_noise : float
        Read noise that the header or the camera states, electron.
    saturation : float
        ADU.
    pixels : int
        Imaging pixels.
    flagged : tuple of (str, float)
        Planes that occur, with the fraction of the imaging pixels that carry them.
    """

    amplifier: str
    unit: str
    level: float
    sigma: float
    overscan_level: float
    read_noise: float
    gain: float
    nominal_noise: float
    saturation: float
    pixels: int
    flagged: tuple[tuple[str, float], ...]

    @property
    def read_noise_electron(self) -> float:
        """Measured read noise, electron."""
        return self.read_noise * self.gain


@frozen
class SeamJump:
    """Step of the level across the border of two amplifiers.

    Attributes
    ----------
    step, label, unit : str
    first, second : str
        Amplifiers; `first` has the lower x (or y).
    jump, error : float
        Clipped mean over the rows of `second` minus `first`, each the median of 16 pixels next to the border, and its
        standard error; `unit`.
    rows : int
        Rows that had usable pixels on both sides.
    """

    step: str
    label: str
    unit: str
    first: str
    second: str
    jump: float
    error: float
    rows: int


@dataclass(frozen=True, eq=False)
class Histogram:
    """Histogram of the usable imaging pixels of one amplifier.

    Attributes
    ----------
    amplifier, unit : str
    edges : ndarray, (n + 1,), float64
        Borders of the bins, `unit`.
    counts : ndarray, (n,), int
    below, above : int
        Pixels beyond the ends.
    """

    amplifier: str
    unit: str
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    below: int
    above: int


def _imaging(run: RunResults, step: StepResult) -> Iterator[tuple[str, Cutout]]:
    """The imaging pixels of every amplifier as they are in the frame of a step; views, no copies."""
    layout = run.layout(step)
    if layout is None or step.exposure is None or run.detector is None:
        return
    for amp in run.detector:
        places = [piece.from_raw(amp.raw_data_bbox.intersect(piece.raw)) for piece in layout.pieces]
        box = Box.around(places).intersect(step.exposure.bbox)
        if not box.is_empty:
            yield amp.name, cut_out(step.exposure, layout, box, layout)


def amplifier_rows(run: RunResults, name: str, exclude: tuple[str, ...] = EXCLUDED) -> tuple[AmplifierRow, ...]:
    """Describe every amplifier after the step `name`; reads the whole frame: work for a worker thread."""
    step = run.step(name)
    if step is None or run.detector is None:
        return ()
    overscans = {detail.amplifier: detail for detail in overscan_details(run)}
    rows = []
    for amp_name, cutout in _imaging(run, step):
        amp, overscan = run.detector[amp_name], overscans.get(amp_name)
        measured = measure(step.name, step.label, step.unit, cutout, exclude)
        rows.append(
            AmplifierRow(
                amp_name,
                step.unit,
                measured.median,
                measured.clipped_sigma,
                overscan.level_before if overscan is not None else math.nan,
                residual_noise(overscan) if overscan is not None else math.nan,
                amp.gain,
                amp.read_noise,
                amp.saturation,
                cutout.pixels.image.size,
                _flagged(cutout),
            )
        )
    return tuple(rows)


def _flagged(cutout: Cutout) -> tuple[tuple[str, float], ...]:
    bits = cutout.pixels.mask.array
    set_bits = bits[bits != 0]
    fractions = []
    for plane, bit in sorted(cutout.pixels.mask.planes.as_dict().items(), key=lambda item: item[1]):
        count = int(np.count_nonzero(set_bits >> np.int32(bit) & np.int32(1)))
        if count:
            fractions.append((plane, count / bits.size))
    return tuple(fractions)


def seam_jumps(run: RunResults, names: tuple[str, ...], exclude: tuple[str, ...] = EXCLUDED) -> tuple[SeamJump, ...]:
    """The jump at every border between amplifiers after several steps; steps that are not on hand are left out."""
    if run.detector is None:
        return ()
    of, jumps = Layout.assembled(run.detector), []
    for name in names:
        step = run.step(name)
        layout = run.layout(step) if step is not None else None
        if step is None or step.exposure is None or layout is None:
            continue
        for first, second, low, high in _seams(run.detector):
            sides = cut_out(step.exposure, layout, low, of), cut_out(step.exposure, layout, high, of)
            jump, error, rows = _jump(sides, exclude, along_x=low.y0 == high.y0)
            jumps.append(SeamJump(step.name, step.label, step.unit, first, second, jump, error, rows))
    return tuple(jumps)


def _seams(detector: Detector) -> Iterator[tuple[str, str, Box, Box]]:
    """Pairs of amplifiers that touch, with the pixels to compare on each side."""
    for first in detector:
        for second in detector:
            a, b = first.bbox, second.bbox
            y0, y1 = max(a.y0, b.y0), min(a.y1, b.y1)
            x0, x1 = max(a.x0, b.x0), min(a.x1, b.x1)
            if a.x1 == b.x0 and y1 > y0:
                depth = min(SEAM_DEPTH, a.width, b.width)
                yield first.name, second.name, Box(a.x1 - depth, y0, depth, y1 - y0), Box(b.x0, y0, depth, y1 - y0)
            if a.y1 == b.y0 and x1 > x0:
                depth = min(SEAM_DEPTH, a.height, b.height)
                yield first.name, second.name, Box(x0, a.y1 - depth, x1 - x0, depth), Box(x0, b.y0, x1 - x0, depth)


def _jump(sides: tuple[Cutout, Cutout], exclude: tuple[str, ...], along_x: bool) -> tuple[float, float, int]:
    levels = []
    for side in sides:
        pixels = np.where(side.usable(exclude), side.pixels.image.astype(np.float64), np.nan)
        rows = pixels if along_x else pixels.T
        medians = np.full(rows.shape[0], np.nan)
        some = np.isfinite(rows).any(axis=1)
        medians[some] = np.nanmedian(rows[some], axis=1)
        levels.append(medians)
    steps = levels[1] - levels[0]
    steps = steps[np.isfinite(steps)]
    if steps.size < 2:
        return math.nan, math.nan, int(steps.size)
    found = make_statistics(steps, Property.MEANCLIP | Property.STDEVCLIP)
    return found.value(Property.MEANCLIP), found.value(Property.STDEVCLIP) / math.sqrt(steps.size), int(steps.size)


def histograms(
    run: RunResults,
    name: str,
    exclude: tuple[str, ...] = EXCLUDED,
    bins: int = 256,
    limits: tuple[float, float] | None = None,
) -> tuple[Histogram, ...]:
    """Histogram of each amplifier after a step, with common bins; reads the whole frame: work for a worker thread.

    Parameters
    ----------
    run : `RunResults`
    name : str
        Step, by LSST name.
    exclude : tuple of str
        Mask planes whose pixels do not count.
    bins : int
        At most this many. Bins are whole numbers wide unless that is too coarse for pixels that are no integers: the
        converter counts in whole ADU, and bins of other widths would be fuller in turn by that alone.
    limits : (float, float), optional
        Default the central 99.8 % of a sample of the usable pixels, widened by a tenth.
    """
    step = run.step(name)
    if step is None:
        return ()
    values = {amp: cutout.pixels.image[cutout.usable(exclude)] for amp, cutout in _imaging(run, step)}
    integers = all(array.dtype.kind in "iu" for array in values.values())
    edges = _edges(list(values.values()), bins, limits, integers)
    found = []
    for amp, array in values.items():
        counts, _ = np.histogram(array, edges)
        below, above = int(np.count_nonzero(array < edges[0])), int(np.count_nonzero(array > edges[-1]))
        found.append(Histogram(amp, step.unit, edges, counts.astype(np.int64), below, above))
    return tuple(found)


def _edges(
    arrays: list[NDArray[np.number]], bins: int, limits: tuple[float, float] | None, integers: bool
) -> NDArray[np.float64]:
    if limits is None:
        parts = [array[:: max(1, array.size // 50_000)].astype(np.float64) for array in arrays]
        sample = np.concatenate([np.empty(0), *parts])
        low, high = np.quantile(sample, (0.001, 0.999)).tolist() if sample.size else (0.0, 1.0)
        margin = 0.1 * (high - low) or 1.0
        limits = low - margin, high + margin
    low, high = limits
    if not high > low:
        raise ValueError(f"histogram limits {low:g} to {high:g} do not grow: choose an upper limit above {low:g}")
    if integers or high - low >= bins:
        step = max(1, math.ceil((high - low) / bins))
        first = math.floor(low)
        return np.arange(first, math.ceil(high) + step + 1, step, dtype=np.float64) - 0.5
    return np.linspace(low, high, bins + 1)
