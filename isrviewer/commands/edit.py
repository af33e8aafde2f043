"""Undo, redo, named states, shortcuts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from isrviewer.audit.kept_map import written_map
from isrviewer.session import Run
from isrviewer.session.changes import clear_fields, forget, load_overrides, recall, remember
from isrviewer.session.config import changed_by_preset, override_text

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["EditCommands"]


class EditCommands:
    """The Edit menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def undo(self) -> None:
        """Take back the last change of what has the focus: session or map."""
        self._desk.histories.undo()

    def redo(self) -> None:
        """Do again what was undone last there."""
        self._desk.histories.redo()

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

        def copy(map_file: Path | None = None) -> None:
            QGuiApplication.clipboard().setText(of.command(str(map_file or "")))
            run = "B of" if of.planes.run is Run.B else "of"
            kept = "" if map_file is None else f" The defect map with its edits is kept in {map_file}."
            self._desk.strip.note(f"Copied the command that repeats the correction {run} {of.whose}.{kept}")

        document = of.map_used
        if document is None:
            copy()
            return
        self._desk.jobs.start(
            f"Writing the defect map of {of.ccd} for the command",
            lambda check: written_map(document),
            copy,
            lambda error: self._desk.strip.error(f"No command was copied: the defect map has no file. {error}"),
        )

    def reset_config(self) -> None:
        self._model.change(clear_fields(self._model.session), "reset config")

    def shortcuts(self) -> None:
        self._desk.docks.focus_dock("keys")
