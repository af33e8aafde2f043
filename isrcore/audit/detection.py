"""What the data say is bad: pixels, columns, amplifiers, each with the frames that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from isrcore.audit.background import Residuals, measure_residuals
from isrcore.audit.chance import GAUSSIAN, Chance, Tail
from isrcore.audit.columns import find_column_parts
from isrcore.audit.planes import AuditData, AuditPlane, PlaneKind
from isrcore.audit.settings import DetectionSettings
from isrcore.camera import Detector
from isrcore.kernels.bands import for_bands

__all__ = ["Detection", "Evidence", "detect"]

Floats = NDArray[np.float32]


class Evidence(IntFlag):
    """Why a pixel is bad; values are combined."""

    HOT_BIAS = 1
    COLD_BIAS = 2
    HOT_DARK = 4
    LOW_FLAT = 8
    HIGH_FLAT = 16
    REPEATED_HIGH = 32
    REPEATED_LOW = 64
    COLUMN = 128
    """Together with the flag of the frame in which the column stands out."""

    DEAD_AMPLIFIER = 256

    def __str__(self) -> str:
        return ", ".join(_WORDS[flag] for flag in Evidence if flag in self)


_WORDS = {
    Evidence.HOT_BIAS: "high in bias",
    Evidence.COLD_BIAS: "low in bias",
    Evidence.HOT_DARK: "hot in dark",
    Evidence.LOW_FLAT: "low response",
    Evidence.HIGH_FLAT: "high response",
    Evidence.REPEATED_HIGH: "high in science",
    Evidence.REPEATED_LOW: "low in science",
    Evidence.COLUMN: "column",
    Evidence.DEAD_AMPLIFIER: "dead amplifier",
}

_SIGNS = {
    PlaneKind.BIAS: (Evidence.HOT_BIAS, Evidence.COLD_BIAS),
    PlaneKind.DARK: (Evidence.HOT_DARK, None),
    PlaneKind.FLAT: (Evidence.HIGH_FLAT, Evidence.LOW_FLAT),
    PlaneKind.SCIENCE: (Evidence.REPEATED_HIGH, Evidence.REPEATED_LOW),
}
"""What a pixel above and below its surroundings means in each kind of frame."""


_SHARP_ROWS, _SHARP_COLUMNS = 16, 11


@dataclass(frozen=True)
class Detection:
    """The result for one CCD.

    Attributes
    ----------
    evidence : ndarray, (height, width), uint16
        Bits of `Evidence`, trimmed frame; 0 is good.
    peak : ndarray, (height, width), float32
        Largest significance in any frame, sigma.
    notes : tuple of str
        Kinds of evidence that could not be used, and why.
    chance : `Chance`
        How many pixels pass a significance by chance.
    """

    evidence: NDArray[np.uint16]
    peak: Floats
    notes: tuple[str, ...] = field(default=())
    chance: Chance = field(default_factory=lambda: Chance(0))

    @property
    def bad(self) -> NDArray[np.bool_]:
        where: NDArray[np.bool_] = self.evidence != 0
        return where


def detect(data: AuditData, settings: DetectionSettings | None = None) -> Detection:
    """Find what is bad in the frames at hand.

    Parameters
    ----------
    data : `AuditData`
    settings : `DetectionSettings`, optional

    Returns
    -------
    detection : `Detection`
    """
    settings = DetectionSettings() if settings is None else settings
    found = Detection(
        np.zeros(data.detector.bbox.shape, np.uint16), np.zeros(data.detector.bbox.shape, np.float32), ()
    )
    planes = [plane for plane in data.planes if plane.kind is not PlaneKind.SCIENCE]
    signs = sum(flag is not None for plane in planes for flag in _SIGNS[plane.kind])
    chance = Chance(signs * data.detector.bbox.area)
    for plane in planes:
        tail = _detect_in_calibration(plane, data.detector, settings, found, chance)
        if tail.slope < chance.tail.slope:
            chance = replace(chance, tail=tail)
    for plane in data.of_kind(PlaneKind.FLAT):
        _find_dead_amplifiers(plane, data.detector, settings, found)
    notes = _detect_in_science(data.of_kind(PlaneKind.SCIENCE), data.detector, settings, found)
    return Detection(found.evidence, found.peak, notes, chance)


def _amplitudes(plane: AuditPlane, settings: DetectionSettings) -> tuple[float, float]:
    """Smallest difference of a pixel and of a column: ADU, or relative in flats."""
    if plane.kind is PlaneKind.BIAS:
        return settings.bias_excess, settings.column_bias
    if plane.kind is PlaneKind.DARK:
        return settings.dark_rate * plane.seconds, settings.column_dark_rate * plane.seconds
    return settings.response_change, settings.column_response


def _detect_in_calibration(
    plane: AuditPlane, detector: Detector, settings: DetectionSettings, found: Detection, chance: Chance
) -> Tail:
    """Mark pixels and columns of one frame; returns the widest tail of its amplifiers."""
    relative = plane.kind is PlaneKind.FLAT
    smallest, smallest_column = _amplitudes(plane, settings)
    dust = settings.dust_depth if relative else 0.0
    residuals = measure_residuals(plane.pixels, [amp.bbox for amp in detector], smallest, relative, dust)
    significance = np.empty_like(residuals.pixels)
    high, low = _SIGNS[plane.kind]
    widest = GAUSSIAN
    for amp in detector:
        index = amp.bbox.slices()
        unit = abs(residuals.levels[amp.bbox]) if relative else 1.0
        amplitude = smallest * unit
        pixels, significant = residuals.pixels[index], significance[index]
        evidence, peak = found.evidence[index], found.peak[index]
        offsets = residuals.column_offsets(amp.bbox, smallest_column * unit)
        own, beyond = np.empty_like(pixels), np.zeros(pixels.shape, np.int8)
        for rows in (slice(y, y + 64) for y in range(0, len(pixels), 64)):
            noise = residuals.sigma(amp.bbox, rows)
            np.divide(pixels[rows], noise, out=significant[rows])
            # In a column that is odd, but not bad, a pixel is bad if it differs from the others of the column.
            value = pixels[rows] - offsets(rows)
            sigma = np.divide(value, noise, out=own[rows])
            beyond[rows] = np.sign(value) * (np.abs(value) > amplitude)
            np.maximum(peak[rows], np.abs(sigma), out=peak[rows])
        tail = Tail.of(own)
        threshold = chance.threshold(settings.false_pixels, tail)
        joined = tail.significance(settings.joined_significance)
        for sign, flag in ((1, high), (-1, low)):
            if flag is not None:
                signed = sign * own
                weak = (beyond == sign) & (signed > min(joined, threshold))
                evidence[_with_a_strong_one(weak, signed > threshold)] |= np.uint16(flag)
        widest = min(widest, tail, key=lambda one: one.slope)
    _mark_columns(significance, residuals, detector, plane.kind, settings, smallest_column, relative, found)
    return widest


def _with_a_strong_one(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of those connected groups of `weak` ones, corners included, that have at least one strong one."""
    labels, _ = ndimage.label(weak, np.ones((3, 3)))
    chosen = np.zeros(int(labels.max()) + 1, np.bool_)
    chosen[labels[weak & strong]] = True
    chosen[0] = False
    result: NDArray[np.bool_] = chosen[labels]
    return result


def _mark_columns(
    significance: Floats,
    residuals: Residuals,
    detector: Detector,
    kind: PlaneKind,
    settings: DetectionSettings,
    smallest: float,
    relative: bool,
    found: Detection,
) -> None:
    """Mark the parts of columns, amplifier by amplifier."""
    high, low = _SIGNS[kind]
    for amp in detector:
        index = amp.bbox.slices()
        scale = abs(residuals.levels[amp.bbox]) if relative else 1.0
        least = smallest * scale / np.median(residuals.sigma(amp.bbox, slice(None, None, 64)), axis=0)
        for part in find_column_parts(significance[index], least, settings):
            flag = high if part.amplitude > 0 else low
            if flag is not None:
                rows, column = slice(part.y0, part.y1), part.x
                found.evidence[index][rows, column] |= np.uint16(flag | Evidence.COLUMN)
                peak = found.peak[index][rows, column]
                np.maximum(peak, part.significance, out=peak)


def _find_dead_amplifiers(
    plane: AuditPlane, detector: Detector, settings: DetectionSettings, found: Detection
) -> None:
    samples = {amp.name: plane.pixels[amp.bbox.slices()][::8, ::8] for amp in detector}
    levels = {name: float(np.nanmedian(sample)) for name, sample in samples.items()}
    best = max(levels, key=lambda name: levels[name])
    for amp in detector:
        # A master flat is 1 in a good CCD: where both amplifiers are dead, none is better than the other.
        if levels[amp.name] < settings.dead_response * max(levels[best], settings.dead_response):
            index = amp.bbox.slices()
            found.evidence[index] |= np.uint16(Evidence.DEAD_AMPLIFIER)
            missing = max(levels[best], settings.dead_response) - levels[amp.name]
            noise = float(np.nanmedian(np.abs(samples[best] - levels[best]))) or 1e-3
            found.peak[index] = np.maximum(found.peak[index], missing / noise * np.sqrt(amp.bbox.area))


def _detect_in_science(
    planes: Sequence[AuditPlane], detector: Detector, settings: DetectionSettings, found: Detection
) -> tuple[str, ...]:
    """Mark pixels that misbehave in most exposures; stars and cosmic rays do not, if the exposures are dithered."""
    if len(planes) < settings.min_exposures:
        return (
            f"repeated outliers were not looked for: they need {settings.min_exposures} exposures, "
            f"found {len(planes)}",
        )
    above, below = (np.zeros(detector.bbox.shape, np.uint8) for _ in range(2))
    faint = np.empty((len(planes), *detector.bbox.shape), np.int8)
    threshold = settings.science_significance
    for number, plane in enumerate(planes):
        amplitude = _science_amplitude(plane, detector)
        residuals = measure_residuals(plane.pixels, [amp.bbox for amp in detector], amplitude)
        significance = residuals.significance()

        def count(rows: slice, part: Floats = significance, store: NDArray[np.int8] = faint[number]) -> None:
            np.add(above[rows], part[rows] > threshold, out=above[rows])
            np.add(below[rows], part[rows] < -threshold, out=below[rows])
            # Tenths of a sigma are enough for columns, and a quarter of the memory.
            store[rows] = np.rint(np.clip(part[rows] * 20.0, -100.0, 100.0))

        for_bands(count, significance.shape)
    needed = int(np.ceil(settings.repeat_fraction * len(planes)))
    repeated = above >= needed
    unexplained = found.evidence == 0
    bright = float(np.sum(above, where=unexplained, dtype=np.float64)) / len(planes)
    notes: tuple[str, ...] = ()
    again = float(np.count_nonzero(repeated & unexplained))
    if again > settings.max_repeated * bright:
        notes = (
            f"high outliers of science exposures were not used: {again:.0f} of {bright:.0f} bright pixels repeat, "
            "so that the exposures seem not to be dithered",
        )
    else:
        found.evidence[repeated] |= np.uint16(Evidence.REPEATED_HIGH)
        np.maximum(found.peak, threshold, out=found.peak, where=repeated)
    low = below >= needed
    found.evidence[low] |= np.uint16(Evidence.REPEATED_LOW)
    np.maximum(found.peak, threshold, out=found.peak, where=low)
    _mark_science_columns(faint, detector, settings, found)
    return notes


def _science_amplitude(plane: AuditPlane, detector: Detector) -> float:
    """Blocks that differ by more than this many ADU from those around are full of stars or bad pixels."""
    sample = plane.pixels[::8, ::8]
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        # A dead CCD divided by its flat: there is nothing that could stand out.
        return 1.0
    low, middle = np.percentile(finite, (16, 50))
    return 2.0 * float(middle - low)


def _mark_science_columns(
    faint: NDArray[np.int8], detector: Detector, settings: DetectionSettings, found: Detection
) -> None:
    """Columns in the median of the exposures, which has no stars."""
    median = np.empty(faint.shape[1:], np.float32)

    def middle(rows: slice) -> None:
        part = _sorted_stack(faint[:, rows])
        half = len(part) // 2
        median[rows] = part[half] if len(part) % 2 else (part[half - 1].astype(np.float32) + part[half]) / 2.0
        # From twentieths of the noise of one exposure to the noise of the median.
        median[rows] *= 0.05 / (1.2533 / np.sqrt(len(part)))

    for_bands(middle, median.shape)
    _sharpen(median, detector)
    least = settings.column_science / (1.2533 / np.sqrt(len(faint)))
    columns_only = replace(settings, column_significance=settings.science_column_significance)
    for amp in detector:
        index = amp.bbox.slices()
        for part in find_column_parts(median[index], least, columns_only):
            x, sign = amp.bbox.x0 + part.x, np.sign(part.amplitude)
            columns = [max(x - 2, amp.bbox.x0), x, min(x + 2, amp.bbox.x1 - 1)]
            left, means, right = faint[:, part.y0 : part.y1, columns].mean(axis=1).T * sign * 0.05
            # Bright stars reach far and may overlap in a few exposures; a bad column is in nearly all. What is smooth
            # in x is no column, wherever it comes from.
            stands_out = (means > settings.column_science / 2.0) & (
                means - np.minimum(left, right) > settings.column_science
            )
            if np.count_nonzero(stands_out) < settings.repeat_fraction * len(faint):
                continue
            flag = Evidence.REPEATED_HIGH if part.amplitude > 0 else Evidence.REPEATED_LOW
            found.evidence[index][part.y0 : part.y1, part.x] |= np.uint16(flag | Evidence.COLUMN)
            peak = found.peak[index][part.y0 : part.y1, part.x]
            np.maximum(peak, part.significance, out=peak)


def _sorted_stack(stack: NDArray[np.int8]) -> NDArray[np.int8]:
    """Sort along the first axis by exchanging neighbours: whole planes at a time, which suits short stacks of bytes."""
    ordered = stack.copy()
    smaller = np.empty_like(ordered[0])
    for turn in range(len(ordered)):
        for lower in range(turn % 2, len(ordered) - 1, 2):
            np.minimum(ordered[lower], ordered[lower + 1], out=smaller)
            np.maximum(ordered[lower], ordered[lower + 1], out=ordered[lower + 1])
            ordered[lower] = smaller
    return ordered


def _sharpen(image: Floats, detector: Detector) -> None:
    """Take out, in place, what is wider than a few columns: fringes stay where they are in all exposures, too."""
    for amp in detector:
        part = image[amp.bbox.slices()]
        whole = len(part) - len(part) % _SHARP_ROWS
        means = part[:whole].reshape(-1, _SHARP_ROWS, part.shape[1]).mean(axis=1)
        smooth = ndimage.median_filter(means, (1, _SHARP_COLUMNS), mode="reflect")
        rows = np.minimum(np.arange(len(part)) // _SHARP_ROWS, len(means) - 1)
        for first in range(0, len(part), 64):
            part[first : first + 64] -= smooth[rows[first : first + 64]]
