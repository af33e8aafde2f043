"""Undo as a stack of differences: a command keeps the old and new values of the fields that it changed, nothing else.

So undoing a config change does not move the view back, and a hundred commands cost next to no memory.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import field, fields, replace
from enum import Enum
from typing import Any

from isrcore.values import frozen
from isrviewer.session.state import Session

__all__ = ["Command", "Scope", "UndoStack"]

DEPTH = 500


class Scope(Enum):
    """What undo is about."""

    SESSION = "session"
    MAP = "map"
    BOTH = "both"
    """Where both are at work, in the pictures above all: the change made last, of either."""


@frozen
class Command:
    """One undoable change.

    Attributes
    ----------
    text : str
        What the menu says ("doFlat off").
    old, new : dict
        Values of the session fields that differ.
    merge : str
        Consecutive commands with the same non-empty word become one (a drag, typing in one field).
    when : float
        Seconds since 1970.
    """

    text: str
    old: dict[str, Any]
    new: dict[str, Any]
    merge: str = ""
    when: float = field(default_factory=time.time)

    @classmethod
    def between(cls, old: Session, new: Session, text: str, merge: str = "") -> Command:
        names = [field.name for field in fields(Session) if getattr(old, field.name) != getattr(new, field.name)]
        return cls(
            text, {name: getattr(old, name) for name in names}, {name: getattr(new, name) for name in names}, merge
        )


class UndoStack:
    """What was done and what was undone.

    Attributes
    ----------
    version : int
        Another one after every change of the stack.
    """

    def __init__(self) -> None:
        self.version = 0
        self._done: list[Command] = []
        self._undone: list[Command] = []

    def push(self, command: Command) -> None:
        """Remember a command that has just been done; what was undone before is forgotten."""
        self.version += 1
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last is not None and command.merge and last.merge == command.merge:
            self._done[-1] = Command(
                command.text, {**command.old, **last.old}, {**last.new, **command.new}, command.merge
            )
            return
        self._done.append(command)
        del self._done[:-DEPTH]

    def end_merge(self) -> None:
        """The next command is a new one even if it carries the same merge word (the mouse button went up)."""
        if self._done:
            self._done[-1] = replace(self._done[-1], merge="")

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty for nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; empty for nothing."""
        return self._undone[-1].text if self._undone else ""

    @property
    def depth(self) -> int:
        """How many commands are done."""
        return len(self._done)

    @property
    def done(self) -> Sequence[Command]:
        """Oldest first."""
        return self._done

    @property
    def undone(self) -> Sequence[Command]:
        """The last one is done again first."""
        return self._undone

    def go_to(self, session: Session, depth: int) -> Session:
        """The session with commands taken back or done again until `depth` of them are done, or no more are left."""
        self.version += 1
        while self._done and len(self._done) > depth:
            command = self._done.pop()
            self._undone.append(command)
            session = _with_values(session, command.old)
        while self._undone and len(self._done) < depth:
            command = replace(self._undone.pop(), merge="")
            self._done.append(command)
            session = _with_values(session, command.new)
        return session


def _with_values(session: Session, values: dict[str, Any]) -> Session:
    """The session with other values; the focus, which moves without a command, stays on a panel that there is."""
    panels = values.get("panels", session.panels)
    focused = values.get("focused", session.focused)
    return replace(session, **values | {"focused": min(focused, len(panels) - 1)})
