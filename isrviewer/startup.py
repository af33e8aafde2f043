"""What waits until the first picture is on the screen: everything that takes long to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from isrviewer.window import Window

__all__ = ["Startup"]

_LOOK_MS = 100


class Startup(QObject):
    """Completes the window in two steps: the chain is imported beside the GUI thread, then what needs it is shown.

    The chain is imported by the thread that runs it, when the pixels of the first frame are on the screen, or when no
    frame is asked for.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._prepare_if_idle)
        window.grid.painted.connect(window.runs.painted)
        window.runs.prepared.connect(self._complete)

    def begin(self) -> None:
        """The window has been painted, and what the user asked for at the start is on its way."""
        if not self._window.runs.is_prepared:
            self._timer.start()

    def close(self) -> None:
        """The window closes."""
        self._timer.stop()

    def _prepare_if_idle(self) -> None:
        if not (self._window.runs.busy or self._window.jobs.busy):
            self._timer.stop()
            self._window.runs.prepare()

    def _complete(self) -> None:
        self._timer.stop()
        self._window.update_icons()
        self._window.show_config()
        self._window.problems.note_missing_step()
