"""What the data say of a map: the frames to judge by, significances, what the map misses and what it over-flags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isrcore import audit as core_audit
from isrviewer.commands.defects.work import MapWork

if TYPE_CHECKING:
    from isrcore.audit.findings import Finding, Findings
    from isrviewer.audit.audit import Audit
    from isrviewer.desk import Check

__all__ = ["MapJudging"]

FRAMES = "MegaCam frames (*.fits *.fits.fz *.fits.gz *.fz);;All files (*)"


class MapJudging(MapWork):
    """The part of the Defects menu that measures."""

    def add_frames(self) -> None:
        self._desk.paths.ask_open_many("More frames to judge defects by", FRAMES, self.add_frame_files)

    def add_frame_files(self, paths: list[str]) -> None:
        """Judge defects by more raw frames of this CCD."""
        session = self._desk.model.session
        known = (*session.audit_frames, *(str(Path(path).absolute()) for path in paths))
        opened = str(Path(session.frame).absolute())
        frames = tuple(dict.fromkeys(path for path in known if path != opened))
        self._desk.model.change(replace(session, audit_frames=frames), "frames to judge defects by")
        if self._audits.current is not None:
            self.measure()
        else:
            self._desk.strip.note(f"Defects will be judged by {len(frames)} frames besides the open one.")

    def forget_frames(self) -> None:
        """Judge defects by the open frame alone again."""
        session = self._desk.model.session
        self._desk.model.change(replace(session, audit_frames=()), "forget frames")
        self._desk.strip.note("Defects are judged by the open frame and its calibrations alone.")

    def measure(self) -> None:
        """Measure every defect against its surroundings in every frame at hand."""
        audit = self._audits.current
        if audit is None:
            return
        gather, used, document = self._gathering(audit), self._frames(), audit.document
        threshold = self._settings.science_significance

        def work(check: Check) -> dict[str, Any]:
            data = gather(check)
            defects = list(document)
            pixels = [defect.pixels for defect in defects]
            found = core_audit.statistics.measure_defects(pixels, data, document.mask(), threshold)
            return {"data": data, "statistics": {d.id: one for d, one in zip(defects, found, strict=True)}}

        def show(found: dict[str, Any]) -> None:
            self._keep(audit, used, found)
            number, frames = len(found["statistics"]), ", ".join(found["data"].names)
            self._desk.strip.note(f"Measured {number} defects of {audit.document.detector} in {frames}.")

        self._start("Measuring the defects", work, show)

    def detect(self) -> None:
        """Find what the map misses and what it flags without need; what is missed becomes candidates."""
        audit = self._audits.current
        if audit is None:
            return
        gather, used, document, settings = self._gathering(audit), self._frames(), audit.document, self._settings

        def work(check: Check) -> dict[str, Any]:
            data = gather(check)
            detection = core_audit.detection.detect(data, settings)
            check()
            findings = core_audit.findings.find_problems(document, detection, data, settings)
            return {"data": data, "findings": findings, "statistics": findings.statistics, "notes": detection.notes}

        self._start("Looking for missed and over-flagged pixels", work, lambda found: self._found(audit, used, found))

    def thresholds(self) -> None:
        """Show what counts as a defect, to change it."""
        self._desk.docks.focus_dock("thresholds")

    def reset_thresholds(self) -> None:
        """Search by the default thresholds again."""
        session = self._desk.model.session
        self._desk.model.change(replace(session, audit_thresholds=()), "default thresholds")

    def _found(self, audit: Audit, used: tuple[str, ...], found: dict[str, Any]) -> None:
        """Add what is missed as candidates, whichever CCD is on screen by now, and say what there is."""
        notes = found.pop("notes")
        self._keep(audit, used, found)
        findings: Findings = found["findings"]
        fresh, rejected = _not_known(audit, findings)
        if fresh and not self._add(audit, fresh):
            return
        parts = sum(_is_part(audit, finding) for finding in findings.over_flagged)
        words = [f"Missed: {len(fresh)} new candidates" if fresh else "Nothing more is missed"]
        if rejected:
            words.append(f"{rejected} more that you have rejected stay out")
        over = len(findings.over_flagged)
        words.append(f"over-flagged: {over}, {parts} of them only in part" if parts else f"over-flagged: {over}")
        words.append("Defects → Queue visits them, Take all candidates puts them into the map")
        self._desk.strip.note("; ".join([*words, *notes]) + ".")

    def _add(self, audit: Audit, missed: list[Finding]) -> bool:
        """Add missed defects as candidates in one edit, with what was measured about them."""
        first = audit.document.next_id
        add, candidate = core_audit.findings.add_missed, core_audit.defect.Status.CANDIDATE
        added = self._audits.do(lambda document: add(document, missed, "add candidates", candidate), audit)
        if added:
            measured = {number: finding.statistics for number, finding in enumerate(missed, first)}
            self._audits.take(audit, statistics={**audit.statistics, **measured})
        return added


def _is_part(audit: Audit, finding: Finding) -> bool:
    number = finding.defect
    return number is not None and number in audit.document and finding.pixels.area < audit.document[number].pixels.area


def _not_known(audit: Audit, findings: Findings) -> tuple[list[Finding], int]:
    """What is missed, less what the map has by now and what somebody has rejected; and how many were rejected."""
    known = {defect.pixels: defect.status for defect in audit.document}
    rejected = [pixels for pixels, status in known.items() if status is core_audit.defect.Status.REJECTED]
    fresh, n_rejected = [], 0
    for finding in findings.missed:
        pixels = finding.pixels
        if pixels in known:
            n_rejected += known[pixels] is core_audit.defect.Status.REJECTED
        elif any(other.touches(pixels) and (pixels - other).is_empty for other in rejected):
            n_rejected += 1
        else:
            fresh.append(finding)
    return fresh, n_rejected
