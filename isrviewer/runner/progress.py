"""What is known about a run: one row per step, made from the runner's events by a pure function. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from isrcore.inspect.layout import Layout
from isrcore.status import Status
from isrcore.values import frozen
from isrviewer.runner.messages import (
    CalibInfo,
    Compared,
    Event,
    FrameFacts,
    Loading,
    Opened,
    Planned,
    Problem,
    RunEnded,
    Stepped,
)
from isrviewer.session import RAW, Planes, Run, Session, Shows
from isrviewer.session.planes import PREVIOUS, SAME_OF_B
from isrviewer.session.state import PanelState

if TYPE_CHECKING:
    from isrcore.changes import PlaneChanges
    from isrcore.checkpoints import StepReport
    from isrcore.image import Exposure
    from isrcore.pipe import Struct
    from isrcore.steps.step import Step

__all__ = ["GLYPHS", "Row", "RunView", "advance", "begin"]

GLYPHS = {
    Status.DONE: "✓",
    Status.CACHED: "✓",
    Status.RUNNING: "▶",
    Status.WILL_RUN: "◌",
    Status.STALE: "◌",
    Status.SKIPPED: "–",
    Status.FAILED: "✗",
    Status.UNKNOWN: "",
}
"""Sign of each state; the word stands beside it, so that no state is told by sign or colour alone."""


@frozen
class Row:
    """What is known about one step.

    Attributes
    ----------
    step : `Step`
    status : `Status`
    reason : str
        Why it was skipped or failed.
    seconds : float
    changes : `PlaneChanges` or None
    nbytes : int
        Memory of the planes that the step has changed; those that it left alone are shared with the step before.
    """

    step: Step
    status: Status = Status.UNKNOWN
    reason: str = ""
    seconds: float = 0.0
    changes: PlaneChanges | None = None
    nbytes: int = 0

    @property
    def has_planes(self) -> bool:
        """Whether the step has made planes that can be shown; a check makes none."""
        return self.status.has_run and not self.step.is_check


@frozen
class RunView:
    """What is known about the present run.

    Attributes
    ----------
    facts : `FrameFacts` or None
    detector : int or None
    raw : `Exposure` or None
        The planes before the first step.
    calibs : tuple of `CalibInfo`
    frames : `Struct` or None
        What of them is in memory; see `Planned`.
    rows : tuple of `Row`
    running : bool
    activity : str
        One line on what is going on.
    seconds : float
        Of the last complete answer.
    store_bytes : int
    """

    facts: FrameFacts | None = None
    detector: int | None = None
    raw: Exposure | None = None
    calibs: tuple[CalibInfo, ...] = ()
    frames: Struct | None = None
    rows: tuple[Row, ...] = ()
    running: bool = False
    activity: str = ""
    seconds: float = 0.0
    store_bytes: int = 0

    @property
    def ccd(self) -> str:
        """Name of the CCD that is open; empty for none."""
        return "" if self.facts is None else next((name for n, name in self.facts.detectors if n == self.detector), "")

    def frame_name(self, exposure: Exposure) -> str:
        """Name of the layout of planes on screen; see `isrcore.inspect.layout.Layout`."""
        return Layout.of(exposure, self.raw.detector if self.raw is not None else None).name

    def row(self, name: str) -> Row | None:
        """The row of a step by its LSST name."""
        return next((row for row in self.rows if row.step.name == name), None)

    def unit(self, name: str) -> str:
        """Unit of the image plane after a step."""
        for row in self.rows:
            if row.step.name == "doApplyGains" and row.status.has_run:
                return "electron"
            if row.step.name == name:
                break
        return "ADU"

    def previous(self, name: str) -> str:
        """The nearest earlier step that did something, or the raw planes."""
        names = [row.step.name for row in self.rows]
        before = names.index(name) if name in names else 0
        useful = (row.step.name for row in reversed(self.rows[:before]) if row.has_planes)
        return next(useful, RAW)

    def owner(self, name: str) -> str:
        """The step whose planes are what step `name` left: itself, or the one before if it made none of its own."""
        row = self.row(name)
        if row is None:
            return name
        return self.previous(name) if row.status is Status.SKIPPED or row.step.is_check else name

    def before(self, planes: Planes) -> Planes:
        """The planes before those of a step, in the same run; the raw ones for a calibration."""
        return replace(planes, name=RAW if planes.is_calibration else self.previous(planes.name))

    def other_of(self, shows: Shows) -> Planes | None:
        """What is compared with; None for nothing."""
        if not shows.is_comparison:
            return None
        if shows.other == SAME_OF_B:
            return Planes(shows.of.name, Run.B)
        return self.before(shows.of) if shows.other == PREVIOUS else shows.other

    def second_of(self, panel: PanelState) -> Planes:
        """What a panel blinks with and shows behind its curtain."""
        return self.before(panel.shows.of) if panel.second == PREVIOUS else panel.second

    def shown_in(self, session: Session) -> tuple[Planes, ...]:
        """Everything that the panels of a session show, each once."""
        shown = [planes for panel in session.panels for planes in (panel.shows.of, self.other_of(panel.shows))]
        shown += [self.second_of(panel) for panel in session.panels]
        return tuple(dict.fromkeys(planes for planes in shown if planes is not None))

    def why_missing(self, name: str) -> str:
        """Why a step has no planes when the run is over: ``final is missing: inputs failed``."""
        row = self.row(name)
        if row is None:
            return f"this chain has no step {name}" if self.rows else f"{name} is missing"
        failed = next((each for each in self.rows if each.status is Status.FAILED), None)
        why = f"{failed.step.label} failed" if failed is not None else "the run stopped before it"
        return f"{row.step.label} is missing: {why}"


def begin(view: RunView) -> RunView:
    """A new request is under way: what is known stays on screen and is marked stale."""
    rows = tuple(
        replace(row, status=Status.STALE) if row.status.has_run or row.status is Status.FAILED else row
        for row in view.rows
    )
    return replace(view, rows=rows, running=True, activity="starting")


def advance(view: RunView, event: Event) -> RunView:
    """The view after one event."""
    match event:
        case Loading(text):
            return replace(view, activity=text)
        case Opened():
            return _opened(view, event)
        case Planned():
            return _planned(view, event)
        case Stepped(report):
            return _stepped(view, report)
        case RunEnded(_, seconds, store_bytes):
            return replace(
                view, running=False, activity="", seconds=seconds, store_bytes=store_bytes or view.store_bytes
            )
        case Problem():
            return view
        case Compared(inner):
            return replace(view, activity=f"B: {inner.report.step.label}") if isinstance(inner, Stepped) else view


def _stepped(view: RunView, report: StepReport) -> RunView:
    rows = list(view.rows)
    if report.status is Status.RUNNING:
        # The numbers of the last time stay until the new ones come.
        rows[report.index] = replace(rows[report.index], status=Status.RUNNING, reason="")
        return replace(view, rows=tuple(rows), activity=report.step.label)
    nbytes = _own_bytes(report)
    rows[report.index] = Row(report.step, report.status, report.reason, report.seconds, report.changes, nbytes)
    return replace(view, rows=tuple(rows))


def _own_bytes(report: StepReport) -> int:
    """Memory of the planes that a result does not share with the one before it."""
    if report.checkpoint is None or report.step.is_check:
        return 0
    exposure = report.checkpoint.exposure
    planes = {"image": exposure.image, "mask": exposure.mask.array, "variance": exposure.variance}
    step = report.step
    return sum(array.nbytes for name, array in planes.items() if step.makes_new_planes or name in step.writes)


def _opened(view: RunView, event: Opened) -> RunView:
    """Rows of another frame or CCD begin empty; those of the same one stay, marked stale."""
    is_same = view.facts == event.facts and view.detector == event.detector
    rows = view.rows if is_same and view.rows else tuple(Row(step) for step in event.steps)
    return replace(view, facts=event.facts, detector=event.detector, raw=event.exposure, rows=rows)


def _planned(view: RunView, event: Planned) -> RunView:
    rows = []
    for row, reason in zip(view.rows, event.plan, strict=True):
        if reason is not None:
            rows.append(Row(row.step, Status.SKIPPED, reason))
        else:
            rows.append(row if row.status is Status.STALE else Row(row.step, Status.WILL_RUN))
    return replace(view, calibs=event.calibs, frames=event.frames, rows=tuple(rows), activity="running")
