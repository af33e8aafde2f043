"""Watching a folder for new frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from isrviewer.watch import FolderWatch

if TYPE_CHECKING:
    from isrviewer.shell.window import Window

__all__ = ["WatchCommands"]


class WatchCommands:
    """Start and end the watch; offer what arrives."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.watch = FolderWatch(window)
        self.watch.arrived.connect(self._offer)
        self.watch.lost.connect(window.strip.error)

    @property
    def is_on(self) -> bool:
        return self.watch.folder is not None

    def folder(self) -> None:
        """Ask for the folder; a watch that goes on ends instead."""
        if self.is_on:
            self._window.strip.note(f"{self.watch.folder} is no longer watched.")
            self.watch.stop()
            return
        frame = self._window.model.session.frame
        start = str(Path(frame).parent) if frame else ""
        path = QFileDialog.getExistingDirectory(self._window, "Watch a folder", start)
        if path:
            self.start(path)

    def start(self, path: str) -> None:
        """Watch a folder from now on."""
        try:
            self.watch.start(Path(path))
        except OSError as error:
            self._window.strip.error(f"{path} cannot be watched: {error.strerror or error}")
        else:
            self._window.strip.note(f"Watching {path}: new frames are offered here.")

    def close(self) -> None:
        self.watch.stop()

    def _offer(self, path: str) -> None:
        name = Path(path).name
        self._window.strip.offer(f"New frame {name}", {f"Open {name}": lambda: self._window.files.open_path(path)})
