"""Views shown by a process of their own: the script never waits for a window, and needs no event loop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from multiprocessing.connection import Connection
from typing import Any

from numpy.typing import NDArray

from isrcore.children import child_command
from isrviewer.debug_views.ring import RingWriter
from isrviewer.debug_views.sender import View

__all__ = ["ChildProcess", "PanelsGone"]

_PLANE_BYTES = 2112 * 4644 * 4
"""A plane of a raw MegaCam CCD in single precision."""

_MOST_UNANSWERED = 64


class PanelsGone(Exception):
    """The window was closed, or its process has ended."""


class ChildProcess:
    """The window of the panels in another process.

    Parameters
    ----------
    names : list of str
        Of the panels.
    budget : int
        Bytes of the memory shared with it.
    """

    def __init__(self, names: list[str], budget: int) -> None:
        mine, its = socket.socketpair()
        self._ring = RingWriter(_PLANE_BYTES, budget)
        shared = (its.fileno(), self._ring.fd)
        words = child_command("isrviewer.debug_views.child", *map(str, shared), json.dumps(names))
        with its:
            self._process = subprocess.Popen(words, pass_fds=shared, stdin=subprocess.DEVNULL)
        self._connection: Connection[Any, Any] | None = Connection(mine.detach())
        self._unanswered = 0

    def put(self, view: View, new: dict[str, NDArray[Any]]) -> bool:
        """Send a view; False when all shared memory is in use.

        Raises
        ------
        PanelsGone
            If nobody listens any more.
        """
        if self._connection is None:
            raise PanelsGone("the panels are closed")
        try:
            self._hear(self._connection)
            if self._ring.n_free < len(new) or self._unanswered >= _MOST_UNANSWERED:
                return False
            placed = {kind: self._ring.put(plane) for kind, plane in new.items()}
            self._connection.send((view, placed))
        except (OSError, EOFError):
            raise PanelsGone(self._why()) from None
        self._unanswered += 1
        return True

    def block(self) -> None:
        """Wait until the user closes the window."""
        self._process.wait()

    def close(self) -> None:
        """Close the window and let go of the memory."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._ring.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def is_open(self) -> bool:
        return self._connection is not None and self._process.poll() is None

    def _hear(self, connection: Connection[Any, Any]) -> None:
        while connection.poll():
            for offset in connection.recv():
                self._ring.give_back(offset)
            self._unanswered -= 1

    def _why(self) -> str:
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return "the process of the panels does not listen"
        if code == 0:
            return "the window of the panels was closed"
        said = f"signal {-code}" if code < 0 else f"code {code}"
        display = os.environ.get("DISPLAY")
        return f"the process of the panels ended with {said}; is there a screen? DISPLAY is {display!r}"
