"""What waits until the first picture is on the screen: everything that takes long to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from isrviewer.panels.parameters.rows import field_rows
from isrviewer.runner.background import Background
from isrviewer.session.config import effective_config

if TYPE_CHECKING:
    from isrviewer.shell.window import Window

__all__ = ["Startup"]

_LOOK_MS = 100


class Startup(QObject):
    """Completes the window step by step: chain and config, prepared beside the GUI thread, and icons.

    The chain is imported by the thread that runs it, when the pixels of the first frame are on the screen, or when no
    frame is asked for.

    Attributes
    ----------
    is_complete : bool
        Whether nothing is missing any more.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.is_complete = False
        self._window = window
        self._background = Background(self)
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
        self._background.close()

    def _prepare_if_idle(self) -> None:
        if not (self._window.runs.busy or self._window.jobs.busy):
            self._timer.stop()
            self._window.runs.prepare()

    def _complete(self) -> None:
        self._timer.stop()
        self._window.problems.note_missing_step()
        self._background.compute(_describe_fields, self._show_config)

    def _show_config(self, _: None) -> None:
        self._window.show_config()
        # Qt's classes are made when they are first looked up, which only one thread may do at a time: what imports
        # many of them, as the library of icons does and that of plots, cannot be prepared beside the GUI thread.
        self._window.update_icons()
        self.is_complete = True


def _describe_fields() -> None:
    """Find out once what does not change about the config fields."""
    config, _ = effective_config(())
    field_rows(config, ())
