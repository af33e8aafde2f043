"""Wait until nothing goes on any more and all is drawn, write the window as a picture, end the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from isrviewer.commands.files import write_picture
from isrviewer.session import RAW
from isrviewer.session.changes import show_step

if TYPE_CHECKING:
    from isrviewer.shell.window import Window

__all__ = ["ScreenshotTaker"]

_POLL_MS = 50


class ScreenshotTaker(QObject):
    """Takes one screenshot; whatever failed on the way is told on the terminal and by the exit code.

    Parameters
    ----------
    window : `Window`
    path : `pathlib.Path`
        PNG to write.
    step : str or None
        Step to show; default the last one that ran.
    """

    def __init__(self, window: Window, path: Path, step: str | None) -> None:
        super().__init__(window)
        self._window, self._path, self._step = window, path, step
        self._failures: list[str] = []
        window.strip.failed.connect(self._failures.append)
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._go_on)
        self._timer.start()

    def _go_on(self) -> None:
        """Take the next step if the one before is complete."""
        window = self._window
        if window.runs.busy or window.jobs.busy or not window.startup.is_complete:
            return
        reached = window.runs.last_step()
        if self._step is None and reached != RAW:
            self._step = reached
            window.model.change(show_step(window.model.session, reached))
            return
        # The panner is drawn from levels that are built when the picture itself is done.
        if window.grid.is_settled and all(panel.view.is_idle for panel in window.grid.panels):
            self._timer.stop()
            self._take()

    def _take(self) -> None:
        if self._window.runs.view.raw is None and not self._failures:
            self._failures.append("there is no frame to show")
        try:
            write_picture(self._window.grab().toImage(), str(self._path))
        except OSError as error:
            self._failures.append(f"{self._path} could not be written: {error.strerror or error}")
        for text in self._failures:
            print(f"isrviewer: {' '.join(text.split())}", file=sys.stderr)
        self._window.close()
        QApplication.exit(1 if self._failures else 0)
