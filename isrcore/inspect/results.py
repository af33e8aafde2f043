"""What this room works on: the planes that steps left, in the order of the chain, and what the run used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isrcore.camera import Detector
from isrcore.checkpoints import StepReport
from isrcore.image import Exposure
from isrcore.inspect.layout import ASSEMBLED, Layout
from isrcore.pipe import Struct

__all__ = ["EXCLUDED", "RunResults", "StepResult", "results_of"]

EXCLUDED = ("BAD", "SAT", "INTRP", "CR", "EDGE", "SUSPECT", "NO_DATA", "UNMASKEDNAN")
"""Mask planes whose pixels statistics leave out unless told otherwise."""


@dataclass(frozen=True, eq=False)
class StepResult:
    """The planes after one step.

    Attributes
    ----------
    name, label : str
        LSST name and the words on screen; the planes before the first step are called ``raw``.
    unit : str
        Of the image: ``ADU`` or ``electron``.
    exposure : `Exposure` or None
        None when the planes are not on hand.
    """

    name: str
    label: str
    unit: str
    exposure: Exposure | None


@dataclass(frozen=True, eq=False)
class RunResults:
    """A run, as far as it is on hand.

    Attributes
    ----------
    steps : tuple of `StepResult`
        The raw planes and every step that ran, in order; not those that only check, which leave no planes of their own.
    detector : `Detector` or None
        That the steps used: raw geometry, gains from the header.
    calibs : `Struct` or None
        Calibrations under the names of the arguments of ``IsrTask.run``.
    overscans : tuple of (`Struct` or None)
        What overscan correction returned for each amplifier in the image; empty when it did not run.
    interpolated : tuple of str
        Planes that the interpolation step repairs (config ``maskListToInterpolate``).
    others : tuple of `StepResult`
        What can be measured too but is no result of a step: calibration frames.
    """

    steps: tuple[StepResult, ...]
    detector: Detector | None = None
    calibs: Struct | None = None
    overscans: tuple[Struct | None, ...] = ()
    interpolated: tuple[str, ...] = ()
    others: tuple[StepResult, ...] = ()

    @property
    def raw(self) -> Exposure | None:
        """The planes before the first step."""
        return self.steps[0].exposure if self.steps else None

    def step(self, name: str) -> StepResult | None:
        """The result of a step by its LSST name, or one of `others`."""
        return next((step for step in (*self.steps, *self.others) if step.name == name), None)

    def layout(self, step: StepResult) -> Layout | None:
        """Where raw pixels are in the planes of a step; None when they are not on hand."""
        return None if step.exposure is None else Layout.of(step.exposure, self.detector)

    def layout_named(self, name: str) -> Layout:
        """The layout of a frame by its name; `ValueError` when no planes on hand have it."""
        if name == ASSEMBLED and self.detector is not None:
            return Layout.assembled(self.detector)
        layouts = (self.layout(step) for step in (*self.steps, *self.others))
        found = next((layout for layout in layouts if layout is not None and layout.name == name), None)
        if found is None:
            raise ValueError(f"This was drawn over the {name} frame, which this run does not make: draw it again.")
        return found


def results_of(raw: Exposure, reports: Iterable[StepReport], interpolated: tuple[str, ...] = ()) -> RunResults:
    """Gather what a run with a checkpoint store reported.

    Parameters
    ----------
    raw : `Exposure`
        The input of the run.
    reports : iterable of `StepReport`
        As given to ``RunOptions.on_step``.
    interpolated : tuple of str
        ``config.maskListToInterpolate``.
    """
    steps, unit, state = [StepResult("raw", "raw", "ADU", raw)], "ADU", None
    for report in reports:
        if report.status not in {"done", "cached"} or report.step.is_check:
            continue
        if report.step.name == "doApplyGains":
            unit = "electron"
        state = report.checkpoint.state if report.checkpoint is not None else state
        exposure = report.checkpoint.exposure if report.checkpoint is not None else None
        steps.append(StepResult(report.step.name, report.step.label, unit, exposure))
    if state is None:
        return RunResults(tuple(steps), raw.detector, interpolated=interpolated)
    overscans = tuple(state.results.get("overscans", ()))
    return RunResults(tuple(steps), state.detector, state.calibs, overscans, interpolated)
