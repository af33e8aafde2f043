"""Run, stop, step, switch steps, walk through steps and CCDs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from isrcore.status import Status
from isrviewer.session import RAW
from isrviewer.session.changes import open_frame, route, set_field, show_step, toggle_breakpoint
from isrviewer.session.config import is_on
from isrviewer.session.state import Route

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["RunCommands"]


class RunCommands:
    """The Run menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model
        self._runs = desk.runs

    def to_end(self) -> None:
        """Run on to the end or the next breakpoint."""
        self._runs.proceed()

    def step(self) -> None:
        """Run one more step and show it."""
        name = self._runs.next_step()
        self._runs.run(frozenset({name}) if name else frozenset())
        if name:
            self._model.change(show_step(self._model.session, name))

    def to_selected(self) -> None:
        selected = self._model.session.panel.shows.step
        if selected == RAW:
            self._desk.strip.note("The raw planes need no run; select a step first.")
            return
        self._runs.run(frozenset({selected}))

    def stop(self) -> None:
        self._runs.stop()

    def toggle_step(self) -> None:
        """Switch the selected step by its config field."""
        row = self._runs.view.row(self._model.session.panel.shows.step)
        if row is not None and row.step.switch:
            self.toggle_field(row.step.switch)

    def toggle_field(self, field: str) -> None:
        """Switch a boolean config field."""
        value = not is_on(self._desk.config.value, field)
        self._model.change(set_field(self._model.session, field, value), f"{field} {'on' if value else 'off'}")

    def switch_off_missing(self) -> None:
        """Switch off every step whose calibration is missing."""
        session, config = self._model.session, self._desk.config.value
        present = {info.kind for info in self._runs.view.calibs if info.path}
        fields = []
        for row in self._runs.view.rows:
            kinds = {"fringe" if kind == "fringes" else kind for kind in row.step.needs}
            field = row.step.switch
            if field and field not in fields and kinds and not kinds & present and is_on(config, field):
                fields.append(field)
                session = set_field(session, field, False)
        if fields:
            self._model.change(session, f"{', '.join(fields)} off")
        else:
            self._desk.strip.note("Every step that is on has its calibrations.")

    def breakpoint(self) -> None:
        selected = self._model.session.panel.shows.step
        if selected != RAW:
            self._model.change(toggle_breakpoint(self._model.session, selected), f"stop after {selected}")

    def pause_at_views(self) -> None:
        session = self._model.session
        self._model.change(replace(session, pause_at_views=not session.pause_at_views), "pause at debug views")

    def route(self) -> None:
        """Send the selected step to the focused panel from now on, or no longer."""
        session = self._model.session
        step, panel = session.panel.shows.step, session.focused
        known = Route(step, panel) in session.routes
        self._model.change(route(session, step, None if known else panel), f"route of {step}")

    def forget_routes(self) -> None:
        self._model.change(replace(self._model.session, routes=()), "forget routes")

    def next_step(self) -> None:
        self._walk(1)

    def previous_step(self) -> None:
        self._walk(-1)

    def _walk(self, direction: int) -> None:
        """To the nearest step that did something; steps that are off are passed over."""
        rows = self._runs.view.rows
        names = [RAW, *(row.step.name for row in rows if row.status is not Status.SKIPPED)]
        order = [RAW, *(row.step.name for row in rows)]
        here = order.index(current) if (current := self._model.session.panel.shows.step) in order else 0
        ahead = order[here + 1 :] if direction > 0 else order[:here][::-1]
        target = next((name for name in ahead if name in names), None)
        if target is not None:
            self._model.change(show_step(self._model.session, target))

    def next_ccd(self) -> None:
        self._change_ccd(1)

    def previous_ccd(self) -> None:
        self._change_ccd(-1)

    def _change_ccd(self, direction: int) -> None:
        facts, present = self._runs.view.facts, self._runs.detector_asked
        if facts is None or present is None:
            return
        numbers = [number for number, _ in facts.detectors]
        place = numbers.index(present) + direction
        if 0 <= place < len(numbers):
            self.choose_ccd(numbers[place])
        else:
            self._desk.strip.note(f"CCD {present} is the {'last' if direction > 0 else 'first'} in this frame.")

    def choose_ccd(self, number: int) -> None:
        """Open another CCD of the frame."""
        self._runs.open(lambda session: open_frame(session, session.frame, number), f"CCD {number}")
