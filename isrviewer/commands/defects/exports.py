"""Defect maps into files: every form, the log, the report, and the audit itself to go on with elsewhere."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.commands.defects.work import MapWork

if TYPE_CHECKING:
    from isrcore.audit.history import DefectHistory
    from isrviewer.audit.audit import Audit
    from isrviewer.desk import Check

__all__ = ["AUDITS", "MapExports"]

AUDITS = "Audits (*.jsonl)"


class MapExports(MapWork):
    """The part of the Defects menu that writes."""

    def export(self, form: str) -> None:
        suffixes = core_audit.writing.SUFFIXES[core_audit.reading.MapForm(form)]
        kinds = f"{form} ({' '.join(f'*{suffix}' for suffix in suffixes)})"
        self._ask_save(f"Export as {form}", suffixes[0], kinds, lambda path: self.export_file(form, path))

    def export_log(self) -> None:
        self._ask_save("Export the audit log", "_log.ecsv", "ECSV (*.ecsv)", self.export_log_file)

    def export_report(self) -> None:
        self._ask_save("Export the report", "_report.html", "HTML (*.html)", self.export_report_file)

    def save_audit(self) -> None:
        self._ask_save("Save the audit", ".jsonl", AUDITS, self.save_audit_file)

    def export_file(self, form: str, path: str) -> None:
        """Write the map with its provenance."""
        audit = self._audits.current
        if audit is None:
            return
        history, names = _snapshot(audit), self._names(audit)

        def write(check: Check, part: Path) -> None:
            kind, provenance = core_audit.reading.MapForm(form), core_audit.provenance.provenance_of(history, names)
            core_audit.writing.write_map(history.document, part, kind, provenance, overwrite=True)

        self._write(path, write)

    def export_log_file(self, path: str) -> None:
        """Write every edit with who and when."""
        audit = self._audits.current
        if audit is None:
            return
        history, names = _snapshot(audit), self._names(audit)

        def write(check: Check, part: Path) -> None:
            cards = core_audit.provenance.provenance_of(history, names).cards()
            core_audit.tables.write_table(core_audit.tables.audit_log(history, cards), part)

        self._write(path, write)

    def export_report_file(self, path: str) -> None:
        """Write the page that can be signed off; what was not measured yet is measured for it."""
        audit = self._audits.current
        if audit is None:
            return
        gather, settings, history = self._gathering(audit), self._settings, _snapshot(audit)

        def write(check: Check, part: Path) -> None:
            base = history.base
            data = gather(check)
            detection = core_audit.detection.detect(data, settings)
            check()
            findings = core_audit.findings.find_problems(base, detection, data, settings)
            cards = core_audit.provenance.provenance_of(history, data.names).cards()
            comparison = core_audit.compare.compare_maps(base, history.document)
            notes = (*audit.notes, *data.notes, *detection.notes)
            page = core_audit.report.report_page(base, findings, data, settings, cards, comparison, notes)
            check()
            core_audit.report.write_report(page, part)

        self._write(path, write)

    def save_audit_file(self, path: str) -> None:
        """Write the whole audit, undo included, to go on with elsewhere."""
        audit = self._audits.current
        if audit is None:
            return
        if Path(path).resolve() in {one.path.resolve() for one in self._audits.audits.values()}:
            # A journal has it open: another file in its place would not get the next edits.
            self._desk.strip.note(f"An open audit is kept in {path}; every edit is written to it at once.")
            return
        history = _snapshot(audit)

        def write(check: Check, part: Path) -> None:
            core_audit.storage.save_history(history, part)

        self._write(path, write)


def _snapshot(audit: Audit) -> DefectHistory:
    """The history as it is now: edits go on while a file is written."""
    history = copy(audit.history)
    history.done, history.undone = list(history.done), list(history.undone)
    return history
