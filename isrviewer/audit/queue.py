"""The order in which an audit visits the defects: it stays as it is while one decides, and new defects come last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from isrcore import audit as core_audit

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrcore.audit.statistics import DefectStatistics

__all__ = ["CHOICES", "Queue"]

CHOICES = ("all", "undecided", "missed", "over-flagged")
"""Which defects a queue visits: all; those that nobody has decided about; those that the detection added; those that
it found indistinguishable from their neighbours."""


@dataclass(frozen=True)
class Queue:
    """Which defects are visited, in which order.

    Attributes
    ----------
    order : str
        A `QueueOrder`.
    choice : str
        One of `CHOICES`.
    numbers : tuple of int
        The defects.
    """

    order: str = "position"
    choice: str = "all"
    numbers: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        document: DefectDocument,
        order: str,
        choice: str,
        statistics: Mapping[int, DefectStatistics],
        findings: core_audit.findings.Findings | None,
    ) -> Queue:
        """Begin a queue; `ValueError` when an order needs statistics and there are none."""
        wanted = _chosen(document, choice, findings)
        ordered = core_audit.summary.order_defects(document, core_audit.summary.QueueOrder(order), statistics or None)
        return cls(order, choice, tuple(number for number in ordered if number in wanted))

    def following(self, document: DefectDocument, findings: core_audit.findings.Findings | None) -> Queue:
        """The same queue after an edit: what is gone is left out, what is new comes last. Decided ones stay."""
        wanted = _chosen(document, self.choice, findings)
        kept = tuple(number for number in self.numbers if number in document)
        known = set(kept)
        fresh = tuple(number for number in sorted(wanted) if number not in known)
        return replace(self, numbers=kept + fresh)

    def step(self, number: int, direction: int) -> int:
        """The defect after (1) or before (-1) another one, round at the ends; 0 when the queue is empty."""
        if not self.numbers:
            return 0
        if number not in self.numbers:
            return self.numbers[0 if direction > 0 else -1]
        return self.numbers[(self.numbers.index(number) + direction) % len(self.numbers)]

    def later(self, number: int) -> Queue:
        """Put a defect at the end."""
        if number not in self.numbers:
            return self
        return replace(self, numbers=(*(other for other in self.numbers if other != number), number))


def _chosen(document: DefectDocument, choice: str, findings: core_audit.findings.Findings | None) -> set[int]:
    if choice == "over-flagged":
        listed = findings.over_flagged if findings is not None else ()
        return {finding.defect for finding in listed if finding.defect is not None and finding.defect in document}
    if choice == "undecided":
        status = core_audit.defect.Status
        open_ones = {status.CANDIDATE, status.UNSEEN, status.NEW}
        return {defect.id for defect in document if defect.status in open_ones}
    if choice == "missed":
        return {defect.id for defect in document if defect.is_detected}
    return set(document.by_id)
