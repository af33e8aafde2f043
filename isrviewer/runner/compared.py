"""B of A and B: what is known about the run of other parameters on the same frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from isrviewer.runner.messages import Event, Opened, Stepped
from isrviewer.runner.progress import RunView, advance
from isrviewer.runner.results import Results
from isrviewer.session.state import COMPARED

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["ComparedRun"]


class ComparedRun:
    """View and results of the run with the parameters to compare with; steps are named with `COMPARED` before them."""

    def __init__(self) -> None:
        self.view = RunView()
        self._results = Results()

    def clear(self) -> None:
        """Nothing is compared any more, or another frame is."""
        self.view = RunView()
        self._results.clear()

    def advance(self, event: Event) -> None:
        """Follow one event of the run."""
        is_other = isinstance(event, Opened) and (event.facts, event.detector) != (self.view.facts, self.view.detector)
        if is_other:
            self.clear()
        self.view = advance(self.view, event)
        if isinstance(event, Stepped):
            self._results.put(event.report)

    def exposure(self, name: str) -> Exposure | None:
        """Planes after a step, by its name with `COMPARED`; None when they are not on hand."""
        return self._results.exposure(name.removeprefix(COMPARED), self.view)

    def is_dropped(self, name: str) -> bool:
        """Whether a result has been made and is no longer on hand."""
        row = self.view.row(name.removeprefix(COMPARED))
        return row is not None and row.status in {"done", "cached", "skipped"} and self.exposure(name) is None

    def hold(self, names: Iterable[str]) -> None:
        """Keep the planes of these steps alive and let go of the rest."""
        wanted = [name.removeprefix(COMPARED) for name in names if name.startswith(COMPARED)]
        self._results.hold(wanted, self.view)
