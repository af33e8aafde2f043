"""What went wrong, told where the user looks, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from isrviewer.runner.messages import Problem
from isrviewer.session import RAW
from isrviewer.session.state import CALIB, COMPARED

if TYPE_CHECKING:
    from isrviewer.shell.window import Window

__all__ = ["Problems"]


class Problems:
    """Brings problems to the message strip and the list of errors, and carries out the cures that are chosen there."""

    def __init__(self, window: Window) -> None:
        self._window = window
        window.runs.problem.connect(self.tell)
        window.runs.planes_changed.connect(window.errors.resolve)
        window.steps.cure_asked.connect(self.cure)
        window.errors.chosen.connect(self.go_to)
        window.errors.count_changed.connect(self._count)

    def tell(self, problem: Problem) -> None:
        """Show a problem; it stays until it is dismissed or its step runs."""
        self._window.errors.add(problem)
        cures: dict[str, Callable[[], None]] = {}
        row = self._window.runs.view.row(problem.where)
        if row is not None and (row.step.needs or row.step.switch):
            cures["Switch off what has no calibration"] = self._window.run_commands.switch_off_missing
            cures["Calibration folder…"] = self._window.files.calib_folder
        self._window.strip.error(f"{problem.where}: {problem.text}", cures)

    def cure(self, cure: str, step: str) -> None:
        """Do what the user chose at a step: ``off``, ``missing``, ``calibration`` or ``field``."""
        row = self._window.runs.view.row(step)
        match cure:
            case "off" if row is not None and row.step.switch:
                self._window.run_commands.toggle_field(row.step.switch)
            case "missing":
                self._window.run_commands.switch_off_missing()
            case "calibration":
                self._window.raise_panel("calibs")
            case "field" if row is not None:
                self._window.raise_panel("config")
                self._window.config_panel.show_group(row.step.label)

    def go_to(self, where: str) -> None:
        """Show the config field that a problem names; a step's problem stands at the step already."""
        if self._window.runs.view.row(where) is None:
            self._window.raise_panel("config")
            self._window.config_panel.go_to(where)

    def note_missing_step(self) -> None:
        """Say so when the step to be shown is none of the open frame's chain."""
        shown = self._window.model.session.panel.shows.step.removeprefix(COMPARED)
        view = self._window.runs.view
        if view.rows and shown != RAW and not shown.startswith(CALIB) and view.row(shown) is None:
            self._window.strip.note(f"This chain has no step {shown}.")

    def _count(self, count: int) -> None:
        self._window.docks.by_name["errors"].setWindowTitle(f"Errors ({count})" if count else "Errors")
