"""The planes that the GUI thread can show right now, without keeping the store from dropping any of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from isrviewer.runner.identity import PlanesOf, Result, of_raw
from isrviewer.runner.progress import RunView
from isrviewer.session import RAW

if TYPE_CHECKING:
    from isrcore.checkpoints import Checkpoint, StepReport

__all__ = ["Results"]


class Results:
    """Step name -> latest checkpoint and whose it is, held weakly except for what is on screen."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[weakref.ref[Checkpoint], PlanesOf]] = {}
        self._on_screen: dict[str, Checkpoint] = {}

    def clear(self) -> None:
        """Another frame or CCD: nothing of the old one may be shown."""
        self._known.clear()
        self._on_screen.clear()

    def put(self, report: StepReport, of: PlanesOf) -> None:
        """Remember the result that a report carries."""
        if report.status.has_run and report.checkpoint is not None:
            self._known[report.step.name] = weakref.ref(report.checkpoint), of
        elif report.status.is_over and not report.status.has_run:
            self._known.pop(report.step.name, None)

    def hold(self, names: Iterable[str], view: RunView) -> None:
        """Keep what the steps `names` show alive, and let go of the rest."""
        kept = {}
        for name in names:
            owner = view.owner(name)
            checkpoint = self._checkpoint(owner)
            if checkpoint is not None:
                kept[owner] = checkpoint
        self._on_screen = kept

    def checkpoint(self, name: str, view: RunView) -> Checkpoint | None:
        """The checkpoint that holds the planes after step `name`; None for raw planes and for dropped results."""
        return self._checkpoint(view.owner(name))

    def result(self, name: str, view: RunView) -> Result | None:
        """The planes after step `name`, for a skipped step those before it; None when they are not on hand."""
        owner = view.owner(name)
        if owner == RAW:
            of, exposure = of_raw(view), view.raw
        else:
            checkpoint = self._checkpoint(owner)
            of = None if checkpoint is None else self._known[owner][1]
            exposure = None if checkpoint is None else checkpoint.exposure
        if of is None or exposure is None:
            return None
        row = view.row(name)
        if owner != name and row is not None:
            of = replace(of, label=f"{of.label} ({row.step.label} {'checks' if row.step.is_check else 'skipped'})")
        return Result(of, exposure)

    def _checkpoint(self, owner: str) -> Checkpoint | None:
        known = self._known.get(owner)
        return None if known is None else known[0]()
