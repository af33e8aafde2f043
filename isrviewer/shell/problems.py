"""What went wrong, told where the user looks, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from isrviewer.panels.log import ErrorsPanel
from isrviewer.panels.steps import StepsPanel
from isrviewer.runner.messages import Problem
from isrviewer.session import Planes

if TYPE_CHECKING:
    from isrviewer.actions.panels import Panels
    from isrviewer.commands import Commands
    from isrviewer.desk import Desk

__all__ = ["Problems"]


class Problems:
    """Brings problems to the message strip and the list of errors, and carries out the cures that are chosen there."""

    def __init__(self, desk: Desk, commands: Commands, panels: Panels) -> None:
        self._desk, self._commands = desk, commands
        self._errors = panels[ErrorsPanel]
        desk.runs.problem.connect(self.tell)
        desk.runs.loaded.connect(self.note_missing_step)
        desk.runs.prepared.connect(self.note_missing_step)
        desk.runs.planes_changed.connect(self._resolve)
        panels[StepsPanel].cure_asked.connect(self.cure)
        self._errors.chosen.connect(self.go_to)
        self._errors.count_changed.connect(self._count)

    def tell(self, problem: Problem) -> None:
        """Show a problem; it stays until it is dismissed or its step runs."""
        self._errors.add(problem)
        cures: dict[str, Callable[[], None]] = {}
        row = self._desk.runs.view.row(problem.where)
        if row is not None and (row.step.needs or row.step.switch):
            cures["Switch off what has no calibration"] = self._commands.run.switch_off_missing
            cures["Calibration folder…"] = self._commands.file.calib_folder
        self._desk.strip.error(f"{problem.where}: {problem.text}", cures)

    def _resolve(self, planes: Planes) -> None:
        self._errors.resolve(planes.key)

    def cure(self, cure: str, step: str) -> None:
        """Do what the user chose at a step: ``off``, ``missing``, ``calibration`` or ``field``."""
        row = self._desk.runs.view.row(step)
        match cure:
            case "off" if row is not None and row.step.switch:
                self._commands.run.toggle_field(row.step.switch)
            case "missing":
                self._commands.run.switch_off_missing()
            case "calibration":
                self._desk.docks.raise_dock("calibs")
            case "field" if row is not None:
                self._desk.docks.raise_dock("config")
                self._desk.editor.show_group(row.step.label)

    def go_to(self, where: str) -> None:
        """Show the config field that a problem names; a step's problem stands at the step already."""
        if self._desk.runs.view.row(where) is None:
            self._desk.docks.raise_dock("config")
            self._desk.editor.go_to(where)

    def note_missing_step(self) -> None:
        """Say so when the step to be shown is none of the open frame's chain."""
        shown, view = self._desk.model.session.panel.shows.of, self._desk.runs.view
        if view.rows and not (shown.is_raw or shown.is_calibration) and view.row(shown.name) is None:
            self._desk.strip.note(f"This chain has no step {shown.name}.")

    def _count(self, count: int) -> None:
        self._desk.docks.set_title("errors", f"Errors ({count})" if count else "Errors")
