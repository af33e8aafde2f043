"""Two histories, one undo: the session's and the one of the map under audit; which is meant, and both in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from isrcore.values import frozen
from isrviewer.audit.model import AuditModel
from isrviewer.session import Session, SessionModel
from isrviewer.session.undo import Command, Scope

__all__ = ["Entry", "Histories"]

if TYPE_CHECKING:
    from isrcore.audit.document import Edit

    Change = Command | Edit


@frozen
class Entry:
    """One change in the list.

    Attributes
    ----------
    scope : `Scope`
        Whose change it is, the session's or the map's.
    depth : int
        How many changes of its history are done when it is the last one; 0 for how it all began.
    text : str
        What was done.
    when : float
        Seconds since 1970; 0 when that is not known.
    is_done : bool
        False when it is undone.
    is_now : bool
        Whether it is the last one of its history that is done.
    """

    scope: Scope
    depth: int
    text: str
    when: float
    is_done: bool
    is_now: bool


class Histories(QObject):
    """The histories of the session and of the map of the CCD on screen.

    Parameters
    ----------
    model : `SessionModel`
    audits : `AuditModel`
    parent : `QObject`, optional

    Signals
    -------
    changed()
        There is another change, one is undone or done again, or undo is about something else.
    said(str)
        What was taken back or done again.
    """

    changed = Signal()
    said = Signal(str)
    _heard = Signal()

    def __init__(self, model: SessionModel, audits: AuditModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._audits = model, audits
        self._scope = Scope.BOTH
        self._known = model.history, model.history.version
        # Queued: the histories hear of a session before the panels do, which those ask who hear from the histories.
        self._heard.connect(self.changed, Qt.ConnectionType.QueuedConnection)
        model.observe(self._session_changed)
        for signal in (audits.opened, audits.document_changed, audits.tool_changed):
            signal.connect(lambda *_: self.changed.emit())

    @property
    def scope(self) -> Scope:
        """What undo is about now."""
        if self._audits.current is None:
            return Scope.SESSION
        return Scope.MAP if self._scope is Scope.BOTH and self._audits.tool else self._scope

    def follow(self, scope: Scope) -> None:
        """The user has turned to a place where this is at work."""
        if scope is not self._scope:
            self._scope = scope
            self.changed.emit()

    def whose(self, scope: Scope) -> str:
        """In words: ``session``, ``map of ccd12``."""
        document = self._audits.document
        return f"map of {document.detector}" if scope is Scope.MAP and document is not None else Scope.SESSION.value

    def entries(self) -> list[Entry]:
        """All changes, in the order in which they were made; those that are undone stand where they stood."""
        return list(merge(*map(self._of, (Scope.SESSION, Scope.MAP)), key=lambda entry: entry.when))

    def next_undo(self, scope: Scope | None = None) -> Entry | None:
        """What undo takes back; None for nothing."""
        found = []
        for one in self._scopes(scope):
            done, _ = self._changes(one)
            found += [_entry(one, len(done), done[-1], len(done))] if done else []
        return max(found, key=lambda entry: entry.when, default=None)

    def next_redo(self, scope: Scope | None = None) -> Entry | None:
        """What redo does again; None for nothing."""
        found = []
        for one in self._scopes(scope):
            done, undone = self._changes(one)
            found += [_entry(one, len(done) + 1, undone[-1], len(done))] if undone else []
        return min(found, key=lambda entry: entry.when, default=None)

    def next_text(self, entry: Entry | None) -> str:
        """A change in words; empty for none."""
        if entry is None:
            return ""
        return entry.text if entry.scope is Scope.SESSION else f"{entry.text} ({self.whose(entry.scope)})"

    def undo(self, scope: Scope | None = None) -> None:
        """Take back the last change, by default of what undo is about now."""
        entry = self.next_undo(scope)
        if entry is not None:
            self._replay(entry.scope, entry.depth - 1)

    def redo(self, scope: Scope | None = None) -> None:
        """Do the change again that was undone last."""
        entry = self.next_redo(scope)
        if entry is not None:
            self._replay(entry.scope, entry.depth)

    def go_to(self, entry: Entry) -> None:
        """Go back or forward until a change is the last one of its history that is done; the other one stays."""
        self._replay(entry.scope, entry.depth)

    def _replay(self, scope: Scope, depth: int) -> None:
        before = list(self._of(scope))
        now = next(entry.depth for entry in before if entry.is_now)
        depth = min(depth, len(before) - 1)
        if depth == now:
            return
        if scope is Scope.SESSION:
            self._model.go_to(depth)
        elif not self._audits.go_to(depth):
            return
        steps, what = abs(depth - now), "Undone" if depth < now else "Done again"
        if steps == 1:
            self.said.emit(f"{what}: {self.next_text(before[max(depth, now)])}")
        else:
            self.said.emit(f"{what}: {steps} changes of the {self.whose(scope)}. Now at: {before[depth].text}")

    def _scopes(self, scope: Scope | None) -> tuple[Scope, ...]:
        scope = self.scope if scope is None else scope
        return (Scope.SESSION, Scope.MAP) if scope is Scope.BOTH else (scope,)

    def _changes(self, scope: Scope) -> tuple[Sequence[Change], Sequence[Change]]:
        """What is done, oldest first, and what is undone, the next one to be done again last."""
        if scope is Scope.SESSION:
            return self._model.history.done, self._model.history.undone
        audit = self._audits.current
        return ((), ()) if audit is None else (audit.history.done, audit.history.undone)

    def _of(self, scope: Scope) -> Iterator[Entry]:
        """The changes of one history, oldest first."""
        if scope is Scope.MAP and self._audits.current is None:
            return
        done, undone = self._changes(scope)
        now, start = len(done), "as opened" if scope is Scope.MAP else "before these changes"
        yield Entry(scope, 0, start, 0.0, True, now == 0)
        for depth, change in enumerate((*done, *reversed(undone)), 1):
            yield _entry(scope, depth, change, now)

    def _session_changed(self, old: Session, new: Session) -> None:
        """Most changes of a session, of views above all, are no commands."""
        known = self._model.history, self._model.history.version
        if known != self._known:
            self._known = known
            self._heard.emit()


def _entry(scope: Scope, depth: int, change: Change, now: int) -> Entry:
    text, when = (
        (change.text, change.when) if isinstance(change, Command) else (_words(change), _seconds(change.when))
    )
    return Entry(scope, depth, text, when, depth <= now, depth == now)


def _words(edit: Edit) -> str:
    numbers = [change.id for change in edit.changes]
    return f"{edit.label}, {f'defect {numbers[0]}' if len(numbers) == 1 else f'{len(numbers)} defects'}"


def _seconds(when: str) -> float:
    """The time of an edit; 0 where a file of somebody else says it in another way."""
    try:
        return datetime.fromisoformat(when).timestamp()
    except ValueError:
        return 0.0
