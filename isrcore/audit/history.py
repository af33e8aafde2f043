"""What was done to a document, in order: undo and redo of any depth, which looking elsewhere never clears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from isrcore.audit.document import DefectDocument, Edit

__all__ = ["DefectHistory", "Event"]

Event = tuple[str, Edit]
"""``do``, ``undo`` or ``redo``, and the edit."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class DefectHistory:
    """The document under audit and the way to it.

    Parameters
    ----------
    document : `DefectDocument`
        Where the audit starts.
    who : str
        Who edits.
    now : callable
        Gives the time as text.

    Attributes
    ----------
    document : `DefectDocument`
        As it is now.
    base : `DefectDocument`
        As it was at the start.
    done, undone : list of `Edit`
        Oldest first; the last of `undone` is redone first.
    on_event : list of callable
        Told about every event after it took place.
    """

    def __init__(self, document: DefectDocument, who: str = "", now: Callable[[], str] = _now) -> None:
        self.base = self.document = document
        self.who = who
        self.done: list[Edit] = []
        self.undone: list[Edit] = []
        self.on_event: list[Callable[[Event], None]] = []
        self._now = now

    def do(self, edit: Edit) -> DefectDocument:
        """Make an edit; what was undone before can no longer be redone.

        Raises
        ------
        ValueError
            If it was made for another state of the document.
        """
        return self.replay("do", edit.stamped(self.who, self._now()))

    def undo(self) -> DefectDocument:
        """Take back the last edit; `ValueError` when there is none."""
        if not self.done:
            raise ValueError("there is nothing to undo")
        return self.replay("undo", self.done[-1])

    def redo(self) -> DefectDocument:
        """Make the edit again that was undone last; `ValueError` when there is none."""
        if not self.undone:
            raise ValueError("there is nothing to redo")
        return self.replay("redo", self.undone[-1])

    def replay(self, what: str, edit: Edit) -> DefectDocument:
        """Let an event take place as it is written, name and time included."""
        if what == "undo":
            self.document = self.document.revert(edit)
            self.undone.append(self.done.pop())
        elif what in ("do", "redo"):
            self.document = self.document.apply(edit)
            if what == "redo":
                self.undone.pop()
            else:
                self.undone.clear()
            self.done.append(edit)
        else:
            raise ValueError(f"an event is do, undo or redo, found {what!r}")
        for listener in self.on_event:
            listener((what, edit))
        return self.document
