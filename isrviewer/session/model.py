"""The one place where the present session lives: change it here, and whoever watches learns old and new."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable

from isrviewer.session.state import Session
from isrviewer.session.undo import Command, UndoStack

__all__ = ["SessionModel"]

Observer = Callable[[Session, Session], None]
_log = logging.getLogger(__name__)


class SessionModel:
    """Present session, its undo stack and its observers.

    Methods are held weakly: a panel that is gone is no longer told. An observer that raises is logged and does not keep
    the others from learning of the change.
    """

    def __init__(self, session: Session | None = None) -> None:
        self._session = session or Session()
        self._observers: list[weakref.WeakMethod[Observer]] = []
        self.history = UndoStack()

    @property
    def session(self) -> Session:
        return self._session

    def observe(self, method: Observer) -> None:
        """Call the bound `method` with the old and the new session after every change."""
        self._observers.append(weakref.WeakMethod(method))

    def change(self, new: Session, text: str = "", merge: str = "") -> None:
        """Make `new` the present session.

        Parameters
        ----------
        new : `Session`
        text : str
            Name of the change in the undo menu; without one the change cannot be undone (views, selection).
        merge : str
            See `Command`.
        """
        old = self._session
        if new == old:
            return
        if text:
            self.history.push(Command.between(old, new, text, merge))
        self._set(new)

    def replace_all(self, new: Session) -> None:
        """Begin again with a restored session and an empty history."""
        self.history = UndoStack()
        self._set(new)

    def undo(self) -> None:
        self.go_to(self.history.depth - 1)

    def redo(self) -> None:
        self.go_to(self.history.depth + 1)

    def go_to(self, depth: int) -> None:
        """Take back or repeat changes, as one change, until `depth` of those in the history are done."""
        self._set(self.history.go_to(self._session, depth))

    def _set(self, new: Session) -> None:
        old, self._session = self._session, new
        if new == old:
            return
        for reference in list(self._observers):
            method = reference()
            if method is None:
                self._observers.remove(reference)
                continue
            try:
                method(old, new)
            except Exception:
                _log.exception("a panel could not follow a change of the session")
