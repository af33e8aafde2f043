"""Watching a folder for new frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isrviewer.commands.files import FileCommands
    from isrviewer.desk import Desk

__all__ = ["WatchCommands"]


class WatchCommands:
    """Start and end the watch; offer what arrives."""

    def __init__(self, desk: Desk, files: FileCommands) -> None:
        self._desk = desk
        self._files = files
        self._watch = desk.watch
        self._watch.arrived.connect(self._offer)
        self._watch.lost.connect(desk.strip.error)

    def folder(self) -> None:
        """Ask for the folder; a watch that goes on ends instead."""
        if self._watch.folder is not None:
            self._desk.strip.note(f"{self._watch.folder} is no longer watched.")
            self._watch.stop()
            return
        frame = self._desk.model.session.frame
        start = str(Path(frame).parent) if frame else ""
        self._desk.paths.ask_folder("Watch a folder", self.start, start)

    def start(self, path: str) -> None:
        """Watch a folder from now on."""
        try:
            self._watch.start(Path(path))
        except OSError as error:
            self._desk.strip.error(f"{path} cannot be watched: {error.strerror or error}")
        else:
            self._desk.strip.note(f"Watching {path}: new frames are offered here.")

    def _offer(self, path: str) -> None:
        name = Path(path).name
        self._desk.strip.offer(f"New frame {name}", {f"Open {name}": lambda: self._files.open_path(path)})
