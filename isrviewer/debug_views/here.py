"""Views shown by a window of this process, for who has an event loop running or wants the window's objects at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal
from PySide6.QtWidgets import QApplication

from isrcore.kernels.memory import new_plane
from isrviewer.debug_views.assembler import Assembler, Received
from isrviewer.debug_views.elsewhere import PanelsGone
from isrviewer.debug_views.sender import View
from isrviewer.debug_views.window import DebugWindow

__all__ = ["ThisProcess"]


class _Mailbox(QObject):
    arrived = Signal(object)


class ThisProcess:
    """The window of the panels in this process. To be made in the GUI thread; views may come from any thread.

    Parameters
    ----------
    names : list of str
        Of the panels.

    Raises
    ------
    RuntimeError
        If there is a Qt application without windows.
    """

    def __init__(self, names: list[str]) -> None:
        application = QCoreApplication.instance()
        if application is not None and not isinstance(application, QApplication):
            raise RuntimeError(
                "panels in this process need a QApplication, found a QCoreApplication, which cannot show windows: "
                "make a QApplication first, or leave out in_process=True"
            )
        self._application = application or QApplication(["isrviewer"])
        self.window: DebugWindow | None = DebugWindow(names)
        self.window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.window.closed.connect(self._closed)
        self._assembler = Assembler()
        self._mailbox = _Mailbox()
        self._mailbox.arrived.connect(self._show)
        self.window.show()

    def put(self, view: View, new: dict[str, NDArray[Any]]) -> bool:
        """Copy the planes and show them when the event loop runs next; without one events are handled here.

        Raises
        ------
        PanelsGone
            If the window was closed.
        """
        if self.window is None:
            raise PanelsGone("the window of the panels was closed")
        copies = {kind: new_plane(plane.shape, plane.dtype) for kind, plane in new.items()}
        for kind, plane in new.items():
            np.copyto(copies[kind], plane)
        self._mailbox.arrived.emit(self._assembler.add(view, copies))
        if QThread.currentThread() is self._application.thread() and QThread.currentThread().loopLevel() == 0:
            self._application.processEvents()
        return True

    def block(self) -> None:
        """Handle events until the window is closed; where an event loop runs already there is nothing to wait for."""
        if self.window is not None and QThread.currentThread().loopLevel() == 0:
            self._application.exec()

    def close(self) -> None:
        """Close the window."""
        if self.window is not None:
            self.window.close()

    @property
    def is_open(self) -> bool:
        return self.window is not None

    def _show(self, received: Received) -> None:
        if self.window is not None:
            self.window.show_view(received)

    def _closed(self) -> None:
        self.window = None
