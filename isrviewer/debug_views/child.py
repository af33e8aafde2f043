"""The process of the panels: takes views from the script's process, shows them, ends with the script or its window."""

from __future__ import annotations

import json
import os
import sys
import threading
from multiprocessing.connection import Connection

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from isrcore.kernels.memory import new_plane
from isrviewer.debug_views.assembler import Assembler, Received
from isrviewer.debug_views.ring import RingReader
from isrviewer.debug_views.window import DebugWindow
from isrviewer.process.screen import replace_qt_messages
from isrviewer.theme import apply_theme

__all__ = ["Receiver", "main"]

_NICER = 5


class Receiver(QObject):
    """Copies planes out of the shared memory as they come, beside the GUI thread; of views that wait the newest counts.

    Parameters
    ----------
    connection : `multiprocessing.connection.Connection`
    ring : `RingReader`

    Signals
    -------
    arrived()
        `take` has something.
    ended()
        The script's process is gone or has let go.
    """

    arrived = Signal()
    ended = Signal()

    def __init__(self, connection: Connection, ring: RingReader) -> None:
        super().__init__()
        self._connection, self._ring = connection, ring
        self._assembler = Assembler()
        self._waiting: dict[int, Received] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="isrviewer-receiver", daemon=True).start()

    def take(self) -> list[Received]:
        """The newest view of every panel since the last call."""
        with self._lock:
            found, self._waiting = list(self._waiting.values()), {}
        return found

    def _work(self) -> None:
        self._ring.touch()
        try:
            while True:
                view, placed = self._connection.recv()
                new = {}
                for kind, place in placed.items():
                    new[kind] = new_plane(place.shape, place.dtype)
                    self._ring.take(place, new[kind])
                self._connection.send([place.offset for place in placed.values()])
                received = self._assembler.add(view, new)
                with self._lock:
                    self._waiting[view.panel] = received
                self.arrived.emit()
        except (EOFError, OSError):
            self.ended.emit()


class _Presenter(QObject):
    def __init__(self, window: DebugWindow, receiver: Receiver) -> None:
        super().__init__()
        self._window, self._receiver = window, receiver
        receiver.arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _show(self) -> None:
        for received in self._receiver.take():
            self._window.show_view(received)


def main(arguments: list[str]) -> int:
    """Show a window until it is closed or the other side ends.

    Parameters
    ----------
    arguments : list of str
        Descriptors of the connection and of the shared memory; names of the panels as JSON.
    """
    # The script comes first.
    os.nice(_NICER)
    connection, ring = Connection(int(arguments[0])), RingReader(int(arguments[1]))
    replace_qt_messages()
    application = QApplication(["isrviewer"])
    apply_theme(application)
    window = DebugWindow(json.loads(arguments[2]))
    receiver = Receiver(connection, ring)
    presenter = _Presenter(window, receiver)
    receiver.ended.connect(application.quit, Qt.ConnectionType.QueuedConnection)
    window.show()
    code = application.exec()
    window.close()
    del presenter
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
