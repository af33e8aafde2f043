"""What is known about a run: one row per step, made from the runner's events by a pure function. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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
from isrviewer.session import RAW, Shows
from isrviewer.session.state import COMPARED, PREVIOUS, SAME_COMPARED, PanelState

if TYPE_CHECKING:
    from isrcore.changes import PlaneChanges
    from isrcore.checkpoints import StepReport
    from isrcore.image import Exposure
    from isrcore.steps.step import Step

__all__ = ["GLYPHS", "Row", "RunView", "advance", "begin"]

GLYPHS = {
    "done": "✓",
    "cached": "✓",
    "running": "▶",
    "will run": "◌",
    "stale": "◌",
    "skipped": "–",
    "failed": "✗",
    "": "",
}
"""Sign of each state; the word stands beside it, so that no state is told by sign or colour alone."""


@frozen
class Row:
    """What is known about one step.

    Attributes
    ----------
    step : `Step`
    status : str
        A key of `GLYPHS`: ``stale`` means that the numbers are of a run with other parameters.
    reason : str
        Why it was skipped or failed.
    seconds : float
    changes : `PlaneChanges` or None
    nbytes : int
        Memory of the planes that the step has changed; those that it left alone are shared with the step before.
    """

    step: Step
    status: str = ""
    reason: str = ""
    seconds: float = 0.0
    changes: PlaneChanges | None = None
    nbytes: int = 0

    @property
    def has_planes(self) -> bool:
        """Whether the step has made planes that can be shown; a check makes none."""
        return self.status in {"done", "cached"} and not self.step.is_check


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
    rows: tuple[Row, ...] = ()
    running: bool = False
    activity: str = ""
    seconds: float = 0.0
    store_bytes: int = 0

    @property
    def ccd(self) -> str:
        """Name of the CCD that is open; empty for none."""
        return "" if self.facts is None else next((name for n, name in self.facts.detectors if n == self.detector), "")

    def row(self, name: str) -> Row | None:
        """The row of a step by its LSST name."""
        return next((row for row in self.rows if row.step.name == name), None)

    def previous(self, name: str) -> str:
        """The nearest earlier step that did something, or the raw planes; in the compared run for a name from there."""
        if name.startswith(COMPARED):
            return COMPARED + self.previous(name.removeprefix(COMPARED))
        names = [row.step.name for row in self.rows]
        before = names.index(name) if name in names else 0
        useful = (row.step.name for row in reversed(self.rows[:before]) if row.has_planes)
        return next(useful, RAW)

    def owner(self, name: str) -> str:
        """The step whose planes are what step `name` left: itself, or the one before if it made none of its own."""
        row = self.row(name)
        if row is None:
            return name
        return self.previous(name) if row.status == "skipped" or row.step.is_check else name

    def other_of(self, shows: Shows) -> str:
        """Name of what is compared with; empty for nothing."""
        if not shows.is_comparison:
            return ""
        if shows.other == SAME_COMPARED:
            return COMPARED + shows.step.removeprefix(COMPARED)
        return self.previous(shows.step) if shows.other == PREVIOUS else shows.other

    def second_of(self, panel: PanelState) -> str:
        """Name of what a panel blinks with and shows behind its curtain."""
        return self.previous(panel.shows.step) if panel.second == PREVIOUS else panel.second


def begin(view: RunView) -> RunView:
    """A new request is under way: what is known stays on screen and is marked stale."""
    rows = tuple(
        replace(row, status="stale") if row.status in {"done", "cached", "failed"} else row for row in view.rows
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
    if report.status == "running":
        # The numbers of the last time stay until the new ones come.
        rows[report.index] = replace(rows[report.index], status="running", reason="")
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
            rows.append(Row(row.step, "skipped", reason))
        else:
            rows.append(row if row.status == "stale" else Row(row.step, "will run"))
    return replace(view, calibs=event.calibs, rows=tuple(rows), activity="running")
