"""The comparison of the map under audit with another one: kept up to date with every edit, applied as edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from isrcore import audit as core_audit
from isrviewer.audit.audit import Audit
from isrviewer.audit.model import AuditModel
from isrviewer.runner.background import Background

if TYPE_CHECKING:
    from isrcore.audit.compare import Difference, DifferenceKind, MapComparison
    from isrcore.audit.document import DefectDocument

__all__ = ["Comparing"]


class Comparing(QObject):
    """Compares maps beside the GUI thread.

    Parameters
    ----------
    audits : `AuditModel`

    Attributes
    ----------
    pixels : mapping of `DifferenceKind` to int
        Flagged pixels of the current comparison that were added, removed, or are common.
    chosen : tuple of `Difference`
        What the user has chosen to apply.
    is_advancing : bool
        What was chosen has just been applied: the next difference is to be looked at.

    Signals
    -------
    choice_changed()
    """

    choice_changed = Signal()

    def __init__(self, audits: AuditModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._audits = audits
        self._background = Background(self)
        self.pixels: Mapping[DifferenceKind, int] = {}
        self.chosen: tuple[Difference, ...] = ()
        self.is_advancing = False
        audits.document_changed.connect(self._follow)
        audits.opened.connect(self._follow)

    @property
    def comparison(self) -> MapComparison | None:
        """Of the current map."""
        return None if self._audits.current is None else self._audits.current.comparison

    @property
    def can_apply(self) -> bool:
        """Whether the other map is another one, and not the current one before its edits."""
        audit = self._audits.current
        return audit is not None and audit.comparison is not None and audit.other is not None

    def begin(self, audit: Audit, other: DefectDocument | None) -> None:
        """Compare with another map, or with the map as it was opened (None)."""
        audit.other = other
        self._compare(audit)

    def end(self) -> None:
        """Compare no more."""
        audit = self._audits.current
        if audit is not None:
            audit.other = None
            self.choose(())
            self._audits.take(audit, comparison=None)

    def choose(self, differences: tuple[Difference, ...]) -> None:
        """Choose what `apply` is about."""
        self.chosen = differences
        self.choice_changed.emit()

    def apply(self, everything: bool = False) -> bool:
        """Bring the chosen differences, or all, into the current map, as one edit; False when that was not possible."""
        comparison = self.comparison
        if comparison is None or not self.can_apply:
            return False
        differences = comparison.differences if everything else self.chosen
        source = comparison.new.source
        apply = core_audit.compare.apply_differences
        self.is_advancing = self._audits.do(lambda document: apply(document, differences, source))
        return self.is_advancing

    @property
    def is_busy(self) -> bool:
        """Whether a comparison is under way."""
        return self._background.is_busy

    def close(self) -> None:
        """The window closes."""
        self._background.close()

    def _follow(self, *_: object) -> None:
        audit = self._audits.current
        if audit is not None and audit.comparison is not None:
            self._compare(audit)

    def _compare(self, audit: Audit) -> None:

        # What an edit has done is told from the map before to the map now, what another map has from this one to that.
        document, other = audit.document, audit.other
        old, new = (audit.history.base, document) if other is None else (document, other)

        def work() -> tuple[MapComparison, Mapping[DifferenceKind, int]]:
            comparison = core_audit.compare.compare_maps(old, new)
            return comparison, comparison.pixel_counts()

        def show(found: tuple[MapComparison, Mapping[DifferenceKind, int]]) -> None:
            comparison, self.pixels = found
            self._audits.take(audit, comparison=comparison)
            if audit.document is not document:
                # An edit came before there was a comparison to follow it.
                self._compare(audit)

        self._background.compute(work, show)
