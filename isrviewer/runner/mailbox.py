"""What threads have for the GUI thread, delivered there in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

__all__ = ["Mailbox"]


class Mailbox(QObject):
    """To be made in the GUI thread; any thread may put something in.

    Parameters
    ----------
    deliver : callable
        A method of a `QObject` of the GUI thread; gets there, when the event loop runs next, what was put in.
    """

    _arrived = Signal(int, object)

    def __init__(self, deliver: Callable[[int, Any], None]) -> None:
        super().__init__()
        self._arrived.connect(deliver, Qt.ConnectionType.QueuedConnection)

    def put(self, number: int, content: object) -> None:
        """Have something delivered.

        Parameters
        ----------
        number : int
            Of the request that it answers.
        content : object
        """
        self._arrived.emit(number, content)
