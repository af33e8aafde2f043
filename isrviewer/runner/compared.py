"""B of A and B: what is known about the run of other parameters on the same frame."""

from __future__ import annotations

from collections.abc import Iterable

from isrviewer.runner.identity import Recipe, Result, of_step
from isrviewer.runner.messages import Event, Opened, Request, Stepped
from isrviewer.runner.progress import RunView, advance, begin
from isrviewer.runner.results import Results
from isrviewer.session import Planes, Run

__all__ = ["ComparedRun"]


class ComparedRun:
    """View and results of the run with the parameters to compare with."""

    def __init__(self) -> None:
        self.view = RunView()
        self._results = Results()
        self._request: Request | None = None

    def clear(self) -> None:
        """Nothing is compared any more, or another frame is."""
        self.view = RunView()
        self._results.clear()

    def begin(self, request: Request | None) -> None:
        """A request is under way, with the parameters of B or without any."""
        self._request = request
        self.view = begin(self.view)

    def advance(self, event: Event) -> None:
        """Follow one event of the run."""
        is_other = isinstance(event, Opened) and (event.facts, event.detector) != (self.view.facts, self.view.detector)
        if is_other:
            self.clear()
        self.view = advance(self.view, event)
        if isinstance(event, Stepped):
            recipe = Recipe.of(self._request, self.view)
            self._results.put(event.report, of_step(self.view, event.report.step.name, Run.B, recipe))

    def result(self, name: str) -> Result | None:
        """Planes after a step; None when they are not on hand."""
        return self._results.result(name, self.view)

    def is_dropped(self, name: str) -> bool:
        """Whether a result has been made and is no longer on hand."""
        row = self.view.row(name)
        return row is not None and row.status.has_result and self.result(name) is None

    def hold(self, wanted: Iterable[Planes]) -> None:
        """Keep the planes of these steps alive and let go of the rest."""
        self._results.hold([planes.name for planes in wanted if planes.run is Run.B], self.view)
