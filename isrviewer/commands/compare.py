"""A against B: the present parameters, and a named state on the same frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from isrviewer.session.changes import compare, remember, set_panel_count, show
from isrviewer.session.planes import SAME_OF_B, Planes, Run

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["CompareCommands"]


class CompareCommands:
    """What can be done with two sets of parameters."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def keep(self) -> None:
        """Remember the present parameters under the name B and compare with them."""
        session = compare(remember(self._model.session, "B"), "B")
        self._model.change(session, "keep as B")
        self._desk.docks.raise_dock("compare")
        self._desk.strip.note("The present parameters are kept as B. Change A now; both results follow.")

    def swap(self) -> None:
        """Use the parameters of B and keep the present ones under its name."""
        session, other = self._model.session, self._model.session.other
        if other is not None:
            kept = remember(session, other.name)
            self._model.change(replace(kept, config=other.config, calibs=other.calibs), f"swap with {other.name}")

    def beside(self) -> None:
        """The same step of A and of B in the first two panels."""
        session = self._model.session
        shows = replace(session.panel.shows, of=self._of_a(), other=None)
        session = set_panel_count(session, max(2, len(session.panels)))
        session = show(show(session, 0, shows), 1, replace(shows, of=Planes(shows.of.name, Run.B)))
        self._model.change(replace(session, focused=0), "A beside B")

    def minus(self) -> None:
        """Subtract B's result of the step on screen in the focused panel, or nothing again."""
        session = self._model.session
        shows = replace(session.panel.shows, of=self._of_a())
        is_on = shows.other == SAME_OF_B and shows.combine == "difference"
        shows = replace(shows, other=None if is_on else SAME_OF_B, combine="difference")
        self._model.change(show(session, session.focused, shows))

    def _of_a(self) -> Planes:
        """The step on screen as A has it; for raw and calibration frames, which are common, the last step."""
        of = self._model.session.panel.shows.of
        return Planes(self._desk.runs.last_step() if of.is_raw or of.is_calibration else of.name)
