"""The maps of all CCDs in numbers: of the open audits as they are edited, or of a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from isrcore import audit as core_audit
from isrviewer.audit.model import AuditModel
from isrviewer.runner.background import Background

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.audit.document import DefectDocument
    from isrcore.audit.summary import MapSummary


__all__ = ["FocalPlane", "summary_table"]


class FocalPlane(QObject):
    """What the panel of the focal plane shows.

    Parameters
    ----------
    audits : `AuditModel`

    Attributes
    ----------
    summary : `FocalPlaneSummary` or None
    folder : str
        Folder or file that was summarised; empty for the open audits.
    is_watched : bool
        Whether somebody looks: open audits are summarised only then.

    Signals
    -------
    changed()
    progressed(int, int)
        Maps of the folder that are read, and all of them; may come from another thread.
    """

    changed = Signal()
    progressed = Signal(int, int)

    def __init__(self, audits: AuditModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._audits = audits
        self._background = Background(self)
        self._known: dict[int, tuple[DefectDocument, MapSummary]] = {}
        self.summary: core_audit.focal_plane.FocalPlaneSummary | None = None
        self.folder = ""
        self.is_watched = False
        audits.opened.connect(self.follow)
        audits.document_changed.connect(self.follow)

    def show_open(self) -> None:
        """Summarise the open audits from now on."""
        self.folder, self.summary = "", None
        self.follow()

    def take(self, summary: core_audit.focal_plane.FocalPlaneSummary, folder: str) -> None:
        """Show the summary of a folder or file."""
        self.summary, self.folder = summary, folder
        self.changed.emit()

    def read(self, path: str, check: Callable[[], None]) -> core_audit.focal_plane.FocalPlaneSummary:
        """Summarise a folder or a mask of many CCDs; to be called beside the window.

        Raises
        ------
        OSError, ValueError
            If there are no maps.
        """
        def is_cancelled() -> bool:
            check()
            return False

        return core_audit.focal_plane.summarise_folder(path, is_cancelled, self.progressed.emit)

    def follow(self, *_: object) -> None:
        """Bring the summary of the open audits up to date, if somebody looks at it."""
        if self.folder or not self.is_watched:
            return
        documents = {number: audit.document for number, audit in self._audits.audits.items()}
        known = dict(self._known)

        def work() -> tuple[core_audit.focal_plane.FocalPlaneSummary, dict[int, tuple[DefectDocument, MapSummary]]]:
            fresh = {}
            for number, document in sorted(documents.items()):
                one = known.get(number)
                if one is None or one[0] is not document:
                    one = document, core_audit.summary.summarise(document)
                fresh[number] = one
            return core_audit.focal_plane.FocalPlaneSummary(tuple(summary for _, summary in fresh.values()), {}), fresh

        def show(
            found: tuple[core_audit.focal_plane.FocalPlaneSummary, dict[int, tuple[DefectDocument, MapSummary]]],
        ) -> None:
            if not self.folder:
                self.summary, self._known = found
                self.changed.emit()

        self._background.compute(work, show)

    @property
    def title(self) -> str:
        """What is summarised."""
        return Path(self.folder).name if self.folder else "the open maps"

    def close(self) -> None:
        """The window closes."""
        self._background.close()


def summary_table(summary: core_audit.focal_plane.FocalPlaneSummary) -> Table:
    """One row per CCD for other programs: fractions, counts by kind and status, the worst columns."""
    from astropy.table import Table

    amplifiers = sorted({name for one in summary.maps for name in one.fractions})
    columns: dict[str, list[object]] = {"ccd": [one.detector for one in summary.maps]}
    columns["fraction_bad"] = [one.fraction for one in summary.maps]
    for amplifier in amplifiers:
        columns[f"fraction_bad_{amplifier}"] = [one.fractions.get(amplifier, 0.0) for one in summary.maps]
    for kind in core_audit.defect.DefectKind:
        columns[kind.replace(" ", "_")] = [one.kinds.get(kind, 0) for one in summary.maps]
    for status in core_audit.defect.Status:
        columns[str(status)] = [one.statuses.get(status, 0) for one in summary.maps]
    columns["worst_columns"] = [" ".join(f"{x}:{count}" for x, count in one.worst_columns) for one in summary.maps]
    table = Table(columns)
    table["worst_columns"].description = "column (trimmed frame, from 0) : flagged pixels"
    return table
