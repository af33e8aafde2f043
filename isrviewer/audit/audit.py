"""The map of one CCD under audit: its history, the journal that keeps it, and what was measured about its defects."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.audit.queue import Queue
from isrviewer.session.settings import state_folder

if TYPE_CHECKING:
    from isrcore.audit.compare import MapComparison
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.history import DefectHistory
    from isrcore.audit.planes import AuditData
    from isrcore.audit.statistics import DefectStatistics
    from isrcore.audit.storage import Journal

__all__ = ["Audit", "begin_audit", "reopen_audit"]


@dataclass(eq=False)
class Audit:
    """One map.

    Attributes
    ----------
    number : int
        Of the CCD.
    history : `DefectHistory`
    journal : `Journal`
        On disk after every edit.
    notes : tuple of str
        What was odd about the map's file.
    data : `AuditData` or None
        The frames that were looked at.
    data_of : tuple of str
        Folder of calibrations and files of which they were made.
    statistics : mapping of int to `DefectStatistics`
        Of the defects that were measured.
    findings : `Findings` or None
        What the map misses and what it flags without need, when that was looked for.
    comparison : `MapComparison` or None
        With another map, or with the map as it was opened.
    other : `DefectDocument` or None
        The other map; None for the map as it was opened.
    queue : `Queue`
    selected : int
        Number of the chosen defect; 0 for none.
    group : tuple of int
        Defects that are chosen together, the chosen one among them; empty for it alone.
    is_named : bool
        Whether a session that the user saved may name the file.
    """

    number: int
    history: DefectHistory
    journal: Journal
    notes: tuple[str, ...] = ()
    data: AuditData | None = None
    data_of: tuple[str, ...] = ()
    statistics: Mapping[int, DefectStatistics] = field(default_factory=dict)
    findings: core_audit.findings.Findings | None = None
    comparison: MapComparison | None = None
    other: DefectDocument | None = None
    queue: Queue = field(default_factory=Queue)
    selected: int = 0
    group: tuple[int, ...] = ()
    is_named: bool = False

    @property
    def document(self) -> DefectDocument:
        """The map as it is now."""
        return self.history.document

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self.journal.path

    @property
    def has_edits(self) -> bool:
        return bool(self.history.done or self.history.undone)

    def replay(self, depth: int) -> None:
        """Undo or redo edits until `depth` of them are done; `OSError` when the file does not have all in the end."""
        history, problem = self.history, None
        while len(history.done) != depth:
            try:
                (history.undo if len(history.done) > depth else history.redo)()
            except OSError as error:
                problem = error
        if problem is not None and self.journal.is_behind:
            raise problem

    def close(self) -> None:
        """Stop writing. An audit without an edit leaves no file behind, unless the user or a session has named it."""
        self.journal.close()
        if not (self.has_edits or self.is_named) and self.path.parent == _folder():
            self.path.unlink(missing_ok=True)


def _folder() -> Path:
    """Where audits are kept that have no other place."""
    return state_folder() / "audits"


def begin_audit(number: int, document: DefectDocument, notes: tuple[str, ...] = ()) -> Audit:
    """An audit of a map, kept in a new file.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document.detector}-{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1000:03d}.jsonl"
    history = core_audit.history.DefectHistory(document, getpass.getuser())
    return Audit(number, history, core_audit.storage.Journal(history, path), notes)


def reopen_audit(path: Path) -> Audit:
    """Go on with an audit where its file ends.

    Raises
    ------
    OSError, ValueError
        If there is no such file, or it is no audit.
    """
    history = core_audit.storage.load_history(path, getpass.getuser())
    return Audit(history.document.camera_detector.id, history, core_audit.storage.Journal(history, path), is_named=True)
