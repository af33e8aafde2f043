"""What waits until the first picture is on the screen: everything that takes long to import."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from isrviewer.panels.parameters.rows import field_rows
from isrviewer.runner.background import Background
from isrviewer.session.config import effective_config

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["Startup"]

_LOOK_MS = 100


class Startup(QObject):
    """Completes the window step by step: chain and config, prepared beside the GUI thread, and icons.

    The chain is imported by the thread that runs it, when the pixels of the first frame are on the screen, or when no
    frame is asked for.

    Parameters
    ----------
    desk : `Desk`
    show_config : callable
        Shows the config in the editor, now that it can be built.
    parent : `QObject`

    Attributes
    ----------
    is_complete : bool
        Whether nothing is missing any more.
    """

    def __init__(self, desk: Desk, show_config: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.is_complete = False
        self._desk = desk
        self._show_config = show_config
        self._background = Background(self)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._prepare_if_idle)
        desk.grid.painted.connect(desk.runs.painted)
        desk.runs.prepared.connect(self._complete)

    def begin(self) -> None:
        """The window has been painted, and what the user asked for at the start is on its way."""
        if not self._desk.runs.is_prepared:
            self._timer.start()

    def close(self) -> None:
        """The window closes."""
        self._timer.stop()
        self._background.close()

    def _prepare_if_idle(self) -> None:
        if not (self._desk.runs.busy or self._desk.jobs.busy):
            self._timer.stop()
            self._desk.runs.prepare()

    def _complete(self) -> None:
        self._timer.stop()
        self._background.compute(_describe_fields, self._finish)

    def _finish(self, _: None) -> None:
        self._show_config()
        # Qt's classes are made when they are first looked up, which only one thread may do at a time: what imports
        # many of them, as the library of icons does and that of plots, cannot be prepared beside the GUI thread.
        self._desk.requests.draw_icons()
        QApplication.setWindowIcon(QIcon("isrviewer:isrviewer.svg"))
        self.is_complete = True


def _describe_fields() -> None:
    """Find out once what does not change about the config fields."""
    config, _ = effective_config(())
    field_rows(config, ())
