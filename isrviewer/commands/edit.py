"""Undo, redo, named states, shortcuts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from isrviewer.commands.repeat import command_of, map_to_keep, written_map
from isrviewer.session import Run
from isrviewer.session.changes import clear_fields, forget, load_overrides, recall, remember
from isrviewer.session.config import changed_by_preset, override_text

if TYPE_CHECKING:
    from isrviewer.desk import Desk
    from isrviewer.runner.identity import PlanesOf

__all__ = ["EditCommands"]


class EditCommands:
    """The Edit menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def undo(self) -> None:
        text = self._model.history.undo_text
        self._model.undo()
        self._desk.strip.note(f"Undone: {text}")

    def redo(self) -> None:
        text = self._model.history.redo_text
        self._model.redo()
        self._desk.strip.note(f"Done again: {text}")

    def remember(self) -> None:
        """Ask for a name; the field is offered with the next free one."""
        free = f"state {len(self._model.session.named) + 1}"
        self._desk.prompt.ask("Remember these parameters as", free, self.remember_as)

    def remember_as(self, name: str) -> None:
        """Keep config and calibrations under a name."""
        if name.strip():
            self._model.change(remember(self._model.session, name.strip()), f"remember {name.strip()}")

    def recall(self) -> None:
        """Return to the state remembered last; again: to the one before."""
        session = self._model.session
        now = (session.config, session.calibs)
        names = [state.name for state in reversed(session.named) if (state.config, state.calibs) != now]
        if names:
            self.recall_named(names[0])

    def recall_named(self, name: str) -> None:
        """Return to the parameters kept under a name."""
        self._model.change(recall(self._model.session, name), f"return to {name}")

    def forget_named(self, name: str) -> None:
        """Drop what is kept under a name."""
        self._model.change(forget(self._model.session, name), f"forget {name}")

    def load_preset(self, name: str) -> None:
        """Set the fields that a preset sets, as one undoable change."""
        values = changed_by_preset(self._model.session, name)
        self._model.change(load_overrides(self._model.session, values, f"preset {name}"), f"preset {name}")
        fields = "1 field" if len(values) == 1 else f"{len(values)} fields"
        self._desk.strip.note(f"The preset {name.replace('_', ' ')} changed {fields}.")

    def copy_overrides(self) -> None:
        QGuiApplication.clipboard().setText(override_text(self._model.session.config))
        self._desk.strip.note("Copied the changed config fields as an override file.")

    def copy_command_line(self) -> None:
        """Copy the command that makes the pixels of the focused panel; of the run on hand when they are of no run."""
        shown = self._desk.grid.focused.on_screen
        of = None if shown is None else shown.result.of
        if of is None or of.planes.is_raw or of.planes.is_calibration:
            of = self._desk.runs.made_of()
        if of is None:
            self._desk.strip.error("There is no correction to repeat; open a frame first.")
            return
        document = map_to_keep(of)
        if document is None:
            self._copy_command(of)
            return
        self._desk.jobs.start(
            f"Writing the defect map of {of.ccd} for the command",
            lambda check: written_map(document),
            partial(self._copy_command, of),
            lambda error: self._desk.strip.error(f"No command was copied: the defect map has no file. {error}"),
        )

    def _copy_command(self, of: PlanesOf, map_file: Path | None = None) -> None:
        QGuiApplication.clipboard().setText(command_of(of, map_file))
        run = "B of" if of.planes.run is Run.B else "of"
        kept = "" if map_file is None else f" The defect map with its edits is kept in {map_file}."
        self._desk.strip.note(f"Copied the command that repeats the correction {run} {of.whose}.{kept}")

    def reset_config(self) -> None:
        self._model.change(clear_fields(self._model.session), "reset config")

    def shortcuts(self) -> None:
        self._desk.docks.focus_dock("keys")
