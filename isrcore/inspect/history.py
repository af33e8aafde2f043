"""The pixel time machine: what one pixel was after every step, and what each step took from where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from isrcore.image import Exposure
from isrcore.inspect.layout import Layout, amplifier_at, region_of
from isrcore.inspect.overscan import overscan_level
from isrcore.inspect.results import RunResults, StepResult
from isrcore.steps.interpolate import INTERPOLATE, Term, explain_pixel
from isrcore.values import frozen

__all__ = ["Interpolation", "PixelFacts", "PixelHistory", "PixelRow", "UsedPixel", "pixel_history"]

ON_HAND, DROPPED, TRIMMED = "", "not kept", "trimmed away"


@frozen
class PixelRow:
    """A pixel after one step.

    Attributes
    ----------
    step, label, unit : str
    status : str
        Empty, ``not kept`` (the planes are not on hand) or ``trimmed away``; then there are no numbers.
    x, y : int
        Place in the frame of this step, 0-based.
    value, variance : float
        `unit` and its square; NaN where not known.
    change : float
        From the value after the step before, in `unit`; NaN when that is not known or has another unit.
    planes, added, cleared : tuple of str
        Mask planes set; those that this step set and cleared.
    """

    step: str
    label: str
    unit: str
    status: str = ON_HAND
    x: int = -1
    y: int = -1
    value: float = math.nan
    variance: float = math.nan
    change: float = math.nan
    planes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    @property
    def sigma(self) -> float:
        """Standard deviation; NaN where the variance is not positive."""
        return math.sqrt(self.variance) if self.variance > 0 else math.nan

    @property
    def signal_to_noise(self) -> float:
        return self.value / self.sigma


@frozen
class UsedPixel:
    """A neighbour that an interpolated pixel was made of.

    Attributes
    ----------
    x, y : int or None
        In the frame of the interpolation step; None for a constant.
    weight, value : float
        `value` before the interpolation; NaN when those planes are not on hand.
    """

    x: int | None
    y: int | None
    weight: float
    value: float


@dataclass(frozen=True)
class Interpolation:
    """What an interpolated pixel was made of.

    Attributes
    ----------
    unit : str
    first, last : int
        Columns of the run of bad pixels around it.
    terms : tuple of `UsedPixel`
        The value is the sum of weight times value, but for the rules in `isrcore.steps.interpolate.PixelOrigin`.
    """

    unit: str
    first: int
    last: int
    terms: tuple[UsedPixel, ...]


@frozen
class PixelFacts:
    """What is known about a pixel besides its history.

    Attributes
    ----------
    raw_x, raw_y : int
        0-based raw coordinates.
    assembled : (int, int) or None
        0-based; None for overscan and prescan.
    amplifier, region : str
        Name, and what the pixel is for (`isrcore.inspect.layout.region_of`).
    gain : float
        electron / ADU.
    overscan : float
        Level that overscan correction took off, ADU; NaN when it did not run or is not known.
    calibrations : tuple of (str, float, str)
        Kind, value and unit of every calibration frame at this pixel.
    interpolation : `Interpolation` or None
    """

    raw_x: int
    raw_y: int
    assembled: tuple[int, int] | None = None
    amplifier: str = ""
    region: str = ""
    gain: float = math.nan
    overscan: float = math.nan
    calibrations: tuple[tuple[str, float, str], ...] = ()
    interpolation: Interpolation | None = None


@dataclass(frozen=True)
class PixelHistory:
    """Facts and rows, one row for the raw planes and one for each step that ran."""

    facts: PixelFacts
    rows: tuple[PixelRow, ...]


def pixel_history(run: RunResults, raw_x: int, raw_y: int) -> PixelHistory:
    """Follow a raw pixel through all steps; looks at single pixels and one row, so it is cheap.

    Parameters
    ----------
    run : `RunResults`
    raw_x, raw_y : int
        0-based raw coordinates; a pixel outside of the frame has no numbers.
    """
    rows: list[PixelRow] = []
    for step in run.steps:
        row = _row(run, step, raw_x, raw_y)
        rows.append(_compared(row, rows[-1]) if rows else row)
    return PixelHistory(_facts(run, raw_x, raw_y), tuple(rows))


def _row(run: RunResults, step: StepResult, raw_x: int, raw_y: int) -> PixelRow:
    layout, exposure = run.layout(step), step.exposure
    if layout is None or exposure is None:
        return PixelRow(step.name, step.label, step.unit, DROPPED)
    place = layout.from_raw(raw_x, raw_y)
    index = None if place is None else _index(exposure, *place)
    if place is None or index is None:
        return PixelRow(step.name, step.label, step.unit, TRIMMED)
    planes = tuple(exposure.mask.planes.names_of(int(exposure.mask.array[index])))
    value, variance = float(exposure.image[index]), float(exposure.variance[index])
    return PixelRow(step.name, step.label, step.unit, ON_HAND, *place, value, variance, planes=planes)


def _index(exposure: Exposure, x: int, y: int) -> tuple[int, int] | None:
    """Array index of a pixel; None outside."""
    if not exposure.bbox.contains_pixel(x, y):
        return None
    x0, y0 = exposure.masked_image.xy0
    return y - y0, x - x0


def _compared(row: PixelRow, before: PixelRow) -> PixelRow:
    if row.status or before.status:
        return row
    change = row.value - before.value if row.unit == before.unit else math.nan
    added = tuple(plane for plane in row.planes if plane not in before.planes)
    cleared = tuple(plane for plane in before.planes if plane not in row.planes)
    return replace(row, change=change, added=added, cleared=cleared)


def _facts(run: RunResults, raw_x: int, raw_y: int) -> PixelFacts:
    amp = amplifier_at(run.detector, raw_x, raw_y)
    assembled = Layout.assembled(run.detector).from_raw(raw_x, raw_y) if run.detector is not None else None
    return PixelFacts(
        raw_x,
        raw_y,
        assembled,
        amp.name if amp is not None else "",
        region_of(amp, raw_x, raw_y) if amp is not None else "",
        amp.gain if amp is not None else math.nan,
        overscan_level(run, amp, raw_x, raw_y) if amp is not None else math.nan,
        tuple(_calibrations(run, raw_x, raw_y)),
        _interpolation(run, raw_x, raw_y),
    )


_UNITS = {"bias": "ADU", "dark": "ADU", "flat": "", "fringe": "ADU"}


def _calibrations(run: RunResults, raw_x: int, raw_y: int) -> list[tuple[str, float, str]]:
    if run.calibs is None:
        return []
    frames = {kind: getattr(run.calibs, kind, None) for kind in ("bias", "dark", "flat")}
    frames["fringe"] = getattr(getattr(run.calibs, "fringes", None), "fringes", None)
    found = []
    for kind, frame in frames.items():
        members: Sequence[Any] = frame if isinstance(frame, (list, tuple)) else [frame]
        for number, member in enumerate(members, start=1):
            value = _calibration_value(run, member, raw_x, raw_y) if isinstance(member, Exposure) else math.nan
            if not math.isnan(value):
                found.append((kind if len(members) == 1 else f"{kind} {number}", value, _UNITS[kind]))
    return found


def _calibration_value(run: RunResults, frame: Exposure, raw_x: int, raw_y: int) -> float:
    """The value that corrects a raw pixel; a frame that is smaller than the CCD corrects its centre."""
    place, pixels = Layout.of(frame, run.detector).from_raw(raw_x, raw_y), frame.masked_image
    whole = run.detector.bbox if run.detector is not None else frame.bbox
    margin = (whole.height - pixels.shape[0]) // 2
    if run.detector is not None and margin > 0:
        place = Layout.assembled(run.detector).from_raw(raw_x, raw_y)
        if place is not None:
            place = place[0] - margin + pixels.xy0[0] - whole.x0, place[1] - margin + pixels.xy0[1] - whole.y0
    index = None if place is None else _index(frame, *place)
    return math.nan if index is None else float(frame.image[index])


def _interpolation(run: RunResults, raw_x: int, raw_y: int) -> Interpolation | None:
    names = [step.name for step in run.steps]
    if INTERPOLATE.name not in names:
        return None
    number = names.index(INTERPOLATE.name)
    after, layout = run.steps[number].exposure, run.layout(run.steps[number])
    place = layout.from_raw(raw_x, raw_y) if layout is not None else None
    index = _index(after, *place) if after is not None and place is not None else None
    if after is None or index is None or place is None:
        return None
    planes = [plane for plane in run.interpolated if plane in after.mask.planes]
    row, column = index
    where = after.mask.view((slice(row, row + 1), slice(None))).has(planes)
    origin = explain_pixel(where, column, 0)
    if origin is None:
        return None
    before, x0 = run.steps[number - 1].exposure, after.masked_image.xy0[0]
    known = [(term, _term_value(before, row, term)) for term in origin.terms]
    # The fallback value is written down nowhere: it is what is missing from the sum.
    rest = sum(term.weight * value for term, value in known if not _is_fallback(term))
    terms = []
    for term, value in known:
        if _is_fallback(term) and sum(_is_fallback(other) for other in origin.terms) == 1:
            value = (float(after.image[index]) - rest) / term.weight
        x, y = (None, None) if term.x is None else (term.x + x0, place[1])
        terms.append(UsedPixel(x, y, term.weight, value))
    return Interpolation(run.steps[number].unit, origin.first + x0, origin.last + x0, tuple(terms))


def _is_fallback(term: Term) -> bool:
    return term.x is None and term.constant is None


def _term_value(before: Exposure | None, row: int, term: Term) -> float:
    if term.x is None:
        return math.nan if term.constant is None else term.constant
    return math.nan if before is None else float(before.image[row, term.x])
