"""Undo, redo, named states, shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from isrviewer.session.changes import clear_fields, recall, remember

if TYPE_CHECKING:
    from isrviewer.window import Window

__all__ = ["EditCommands"]


class EditCommands:
    """The Edit menu."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._model = window.model

    def undo(self) -> None:
        text = self._model.history.undo_text
        self._model.undo()
        self._window.strip.note(f"Undone: {text}")

    def redo(self) -> None:
        text = self._model.history.redo_text
        self._model.redo()
        self._window.strip.note(f"Done again: {text}")

    def remember(self) -> None:
        """Ask for a name; the field is offered with the next free one."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Remember these parameters")
        dialog.setLabelText("Name")
        dialog.setTextValue(f"state {len(self._model.session.named) + 1}")
        dialog.textValueSelected.connect(self.remember_as)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

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

    def reset_config(self) -> None:
        self._model.change(clear_fields(self._model.session), "reset config")

    def shortcuts(self) -> None:
        self._window.open_keys()
