"""The planes that the GUI thread can show right now, without keeping the store from dropping any of them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from isrviewer.runner.progress import RunView
from isrviewer.session import RAW

if TYPE_CHECKING:
    from isrcore.checkpoints import Checkpoint, StepReport
    from isrcore.image import Exposure

__all__ = ["Results"]


class Results:
    """Step name -> latest checkpoint, held weakly except for what is on screen."""

    def __init__(self) -> None:
        self._known: dict[str, weakref.ref[Checkpoint]] = {}
        self._on_screen: dict[str, Checkpoint] = {}

    def clear(self) -> None:
        """Another frame or CCD: nothing of the old one may be shown."""
        self._known.clear()
        self._on_screen.clear()

    def put(self, report: StepReport) -> None:
        """Remember the result that a report carries."""
        if report.status in {"done", "cached"} and report.checkpoint is not None:
            self._known[report.step.name] = weakref.ref(report.checkpoint)
        elif report.status in {"skipped", "failed"}:
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

    def exposure(self, name: str, view: RunView) -> Exposure | None:
        """The planes after step `name`, for a skipped step those before it; None when they are not on hand."""
        owner = view.owner(name)
        if owner == RAW:
            return view.raw
        checkpoint = self._checkpoint(owner)
        return None if checkpoint is None else checkpoint.exposure

    def _checkpoint(self, owner: str) -> Checkpoint | None:
        reference = self._known.get(owner)
        return None if reference is None else reference()
