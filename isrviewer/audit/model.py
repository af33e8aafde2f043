"""The audits of this window: which map is on screen, what is chosen in it, and every edit on its way to the disk.

A map has its own undo, apart from the session's: it survives a change of step, panel or CCD, and so does the choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from isrcore import audit as core_audit
from isrviewer.audit.audit import Audit
from isrviewer.audit.queue import Queue
from isrviewer.runner.background import Background
from isrviewer.session import SessionModel
from isrviewer.session.state import AuditFile

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument, Edit
    from isrcore.audit.pixels import PixelSet
    from isrcore.audit.storage import Journal

__all__ = ["TOOLS", "AuditModel"]

TOOLS = ("", "paint", "erase", "box", "column", "line")
"""What dragging with the left button does in a panel while a map is open; nothing in particular for the empty one."""

_SYNC_MS = 2000
_REST_MS = 30


class AuditModel(QObject):
    """The maps under audit, one per CCD, and the one of the CCD on screen.

    Attributes
    ----------
    current : `Audit` or None
        The map of the CCD on screen.
    audits : dict of int to `Audit`
        By CCD.
    tool : str
        One of `TOOLS`.
    brush : int
        Width of strokes in pixels.
    shows_map : bool
        Whether the image panels draw the current map.
    shows_comparison : bool
        Whether they draw its comparison instead, once there is one.

    Signals
    -------
    opened()
        Another map is current, or none is.
    document_changed(DefectDocument, DefectDocument)
        The current map before and after an edit, undo or redo.
    rested()
        No edit of the current map followed for a moment: time for what need not keep up with the mouse.
    selected(int)
        Number of the chosen defect; 0 for none.
    queue_changed()
    measured()
        New statistics, findings or a comparison of the current map.
    tool_changed()
    drawing_changed()
        `shows_map` or `shows_comparison`.
    failed(str)
        What could not be done, and why.
    """

    opened = Signal()
    document_changed = Signal(object, object)
    rested = Signal()
    selected = Signal(int)
    queue_changed = Signal()
    measured = Signal()
    tool_changed = Signal()
    drawing_changed = Signal()
    failed = Signal(str)

    def __init__(self, model: SessionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.audits: dict[int, Audit] = {}
        self.current: Audit | None = None
        self.tool = ""
        self.brush = 1
        self.shows_map = True
        self.shows_comparison = False
        self._sync = QTimer(self, singleShot=True, interval=_SYNC_MS)
        self._sync.timeout.connect(self._write_through)
        self._syncing = Background(self)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.rested)

    # Which map

    @property
    def document(self) -> DefectDocument | None:
        """The current map."""
        return None if self.current is None else self.current.document

    @property
    def is_at_rest(self) -> bool:
        """Whether everything has followed the last edit."""
        return not self._rest.isActive()

    @property
    def defect(self) -> Defect | None:
        """The chosen defect."""
        audit = self.current
        return audit.document[audit.selected] if audit is not None and audit.selected in audit.document else None

    @property
    def has_candidates(self) -> bool:
        """Whether a search has found something that nobody has decided about."""
        audit = self.current
        return audit is not None and any(_is_candidate(defect) for defect in audit.document)

    @property
    def is_candidate(self) -> bool:
        """Whether the chosen defect is one of those."""
        return self.defect is not None and _is_candidate(self.defect)

    @property
    def over_flagged_parts(self) -> tuple[PixelSet, ...]:
        """What is left of those parts of the chosen defect that the search found to be like their neighbours."""
        audit, defect = self.current, self.defect
        if audit is None or defect is None or audit.findings is None:
            return ()
        found = (finding for finding in audit.findings.over_flagged if finding.defect == defect.id)
        left = [defect.pixels & finding.pixels for finding in found]
        return tuple(pixels for pixels in left if 0 < pixels.area < defect.pixels.area)

    def show_detector(self, number: int | None) -> None:
        """Another CCD is on screen: go on with its map if it has one."""
        audit = None if number is None else self.audits.get(number)
        if audit is not self.current:
            self.current = audit
            self.opened.emit()
            self.selected.emit(audit.selected if audit is not None else 0)

    def adopt(self, audit: Audit) -> None:
        """Take up an audit. One of the same CCD that was open is closed, and its file stays if it has edits."""
        before = self.audits.get(audit.number)
        if before is not None:
            before.close()
        self.audits[audit.number] = audit
        self._requeue(audit, audit.queue.order, audit.queue.choice)
        self._remember()
        self.current = None
        self.show_detector(audit.number)

    def close_map(self) -> None:
        """End the audit of the CCD on screen; its file stays if it has edits."""
        audit = self.current
        if audit is not None:
            del self.audits[audit.number]
            audit.close()
            self._remember()
            self.show_detector(None)

    def keep_files(self) -> None:
        """A session that is saved names the files of the open maps: they stay, edits or not."""
        for audit in self.audits.values():
            audit.is_named = True

    def close(self) -> None:
        """The window closes: everything is on the disk."""
        self._sync.stop()
        self._rest.stop()
        self._syncing.close()
        for audit in self.audits.values():
            audit.close()
        self.audits.clear()
        self.current = None

    def _remember(self) -> None:
        """The session names the files: a recovered one finds them."""
        files = tuple(AuditFile(number, str(audit.path)) for number, audit in sorted(self.audits.items()))
        self._model.change(replace(self._model.session, audits=files))

    # Edits

    @property
    def targets(self) -> tuple[int, ...]:
        """The defects that a decision is about: those chosen together, or the chosen one; raises `ValueError`."""
        audit = self.current
        if audit is None or not (audit.group or audit.selected):
            raise ValueError("no defect is chosen; N goes to the next one")
        return audit.group or (audit.selected,)

    def do(self, make: Callable[[DefectDocument], Edit], audit: Audit | None = None) -> bool:
        """Make an edit of a map, by default the current one; False when it cannot be made, which `failed` explains."""
        audit = self.current if audit is None else audit
        if audit is None:
            self.failed.emit("No defect map is open; open one with Defects → Open map.")
            return False
        return self._event(audit, lambda: audit.history.do(make(audit.document)))

    def go_to(self, depth: int) -> bool:
        """Take back or repeat edits of the current map until `depth` of them are done, and go to what changed last."""
        audit = self.current
        edits = () if audit is None else (*audit.history.done, *reversed(audit.history.undone))
        if audit is None or not 0 <= depth <= len(edits):
            return False
        changed = edits[depth if depth < len(audit.history.done) else depth - 1].changes[0].id
        happened = self._event(audit, lambda: audit.replay(depth))
        if happened and changed in audit.document:
            self.select(changed)
        return happened

    def _event(self, audit: Audit, happen: Callable[[], Any]) -> bool:
        before = audit.document
        try:
            happen()
        except (ValueError, KeyError) as error:
            self.failed.emit(str(error.args[0] if error.args else error))
            return False
        except OSError as error:
            cure = "free some room; the next edit writes all of them"
            self.failed.emit(f"{audit.path}: the edit is made but could not be saved ({error.strerror}); {cure}")
        if notice := audit.journal.take_notice():
            self.failed.emit(notice)
        if not self._sync.isActive():
            self._sync.start()
        queue, audit.queue = audit.queue, audit.queue.following(audit.document, audit.findings)
        if audit is self.current:
            self.document_changed.emit(before, audit.document)
            self._rest.start()
            if audit.queue != queue:
                self.queue_changed.emit()
            if audit.selected and audit.selected not in audit.document:
                self.select(0)
        return True

    def _write_through(self) -> None:
        """What the file has survives a killed program at once, and after this a power failure as well."""
        journals = [audit.journal for audit in self.audits.values()]

        def answer(problem: str) -> None:
            if problem:
                self.failed.emit(problem)

        self._syncing.compute(lambda: _synced(journals), answer)

    def _attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except (OSError, ValueError) as error:
            self.failed.emit(str(error))

    # The queue, and what is chosen

    def select(self, number: int) -> None:
        """Choose a defect of the current map; 0 for none."""
        audit = self.current
        if audit is not None and number != audit.selected:
            audit.selected = number
            if number not in audit.group:
                audit.group = ()
            self.selected.emit(number)

    def mark(self, numbers: tuple[int, ...]) -> None:
        """Choose several defects together, for decisions about all of them."""
        if self.current is not None:
            self.current.group = numbers

    def visit(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) defect of the queue."""
        if self.current is not None:
            self.select(self.current.queue.step(self.current.selected, direction))

    def skip(self) -> None:
        """Leave the chosen defect undecided, put it at the end of the queue, and go on."""
        audit = self.current
        if audit is not None and audit.selected:
            following = audit.queue.step(audit.selected, 1)
            audit.queue = audit.queue.later(audit.selected)
            self.queue_changed.emit()
            self.select(following)

    def queue_by(self, order: str, choice: str) -> None:
        """Begin the queue again in another order, or with other defects."""
        audit = self.current
        if audit is not None:
            self._attempt(lambda: self._requeue(audit, order, choice))

    def _requeue(self, audit: Audit, order: str, choice: str) -> None:
        audit.queue = Queue.of(audit.document, order, choice, audit.statistics, audit.findings)
        self.queue_changed.emit()

    def set_tool(self, tool: str, brush: int | None = None) -> None:
        """Choose what dragging does, and how wide strokes are."""
        self.tool, self.brush = tool, self.brush if brush is None else max(1, min(brush, 99))
        self.tool_changed.emit()

    def show_map(self, on: bool) -> None:
        """Draw the map in the image panels, or hide it."""
        self.shows_map = on
        self.drawing_changed.emit()

    def show_comparison(self, on: bool) -> None:
        """Draw what another map has more, less and as well, or the map itself."""
        self.shows_comparison = on
        self.drawing_changed.emit()

    # What was measured

    def take(self, audit: Audit, **results: Any) -> None:
        """Keep results of background work: ``data``, ``statistics``, ``findings``, ``comparison``."""
        for name, value in results.items():
            setattr(audit, name, value)
        if audit is self.current:
            self.measured.emit()


def _synced(journals: Iterable[Journal]) -> str:
    """Flush journals to the disk; the problem, or nothing."""
    for journal in journals:
        try:
            journal.sync()
        except ValueError:
            # Closed meanwhile, which has flushed it.
            continue
        except OSError as error:
            return f"{journal.path} could not be flushed to the disk: {error.strerror or error}"
    return ""


def _is_candidate(defect: Defect) -> bool:
    return defect.status is core_audit.defect.Status.CANDIDATE
