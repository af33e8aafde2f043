"""Wait until the run is complete and drawn, write the window as a picture, end the program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from isrviewer.session.changes import show_step

if TYPE_CHECKING:
    from isrviewer.runner.messages import Problem
    from isrviewer.shell.window import Window

__all__ = ["ScreenshotTaker"]

_POLL_MS = 50


class ScreenshotTaker(QObject):
    """Takes one screenshot.

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
        self._problems: list[Problem] = []
        self._ended = False
        window.runs.problem.connect(self._problems.append)
        window.runs.ended.connect(self._run_ended)
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._take_when_drawn)

    def _run_ended(self) -> None:
        if self._ended:
            return
        self._ended = True
        reached = [row.step.name for row in self._window.runs.view.rows if row.status in {"done", "cached"}]
        if self._step is None and reached:
            self._window.model.change(show_step(self._window.model.session, reached[-1]))
        self._timer.start()

    def _take_when_drawn(self) -> None:
        grid = self._window.grid
        # The panner is drawn from levels that are built when the picture itself is done.
        is_drawn = grid.is_settled and all(panel.view.is_idle for panel in grid.panels)
        if self._window.runs.busy or not (is_drawn and self._window.startup.is_complete):
            return
        self._timer.stop()
        written = self._window.grab().save(str(self._path), "PNG")
        for problem in self._problems:
            print(f"isrviewer: {problem.where}: {problem.text}", file=sys.stderr)
        if not written:
            print(f"isrviewer: {self._path} could not be written", file=sys.stderr)
        code = 0 if written and not self._problems else 1
        self._window.close()
        QApplication.exit(code)
