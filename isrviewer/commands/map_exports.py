"""Defect maps into files: every form, the log, the report, and the audit itself to go on with elsewhere."""

from __future__ import annotations

from pathlib import Path

from isrviewer.audit.audit import Audit
from isrviewer.commands.map_work import Check, MapWork

__all__ = ["AUDITS", "MapExports"]

AUDITS = "Audits (*.jsonl)"


class MapExports(MapWork):
    """The part of the Defects menu that writes."""

    def export(self, form: str) -> None:
        from isrcore.audit.reading import MapForm
        from isrcore.audit.writing import SUFFIXES

        suffixes = SUFFIXES[MapForm(form)]
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
        history, document, names = audit.history, audit.document, self._names(audit)

        def write(check: Check) -> Path:
            from isrcore.audit.provenance import provenance_of
            from isrcore.audit.reading import MapForm
            from isrcore.audit.writing import write_map

            return write_map(document, path, MapForm(form), provenance_of(history, names), overwrite=True)

        self._write(path, write)

    def export_log_file(self, path: str) -> None:
        """Write every edit with who and when."""
        audit = self._audits.current
        if audit is None:
            return
        history, names = audit.history, self._names(audit)

        def write(check: Check) -> None:
            from isrcore.audit.provenance import provenance_of
            from isrcore.audit.tables import audit_log, write_table

            write_table(audit_log(history, provenance_of(history, names).cards()), Path(path))

        self._write(path, write)

    def export_report_file(self, path: str) -> None:
        """Write the page that can be signed off; what was not measured yet is measured for it."""
        audit = self._audits.current
        if audit is None:
            return
        gather, settings, document = self._gathering(audit), self._settings, audit.document

        def write(check: Check) -> Audit:
            from isrcore.audit.compare import compare_maps
            from isrcore.audit.detection import detect
            from isrcore.audit.findings import find_problems
            from isrcore.audit.provenance import provenance_of
            from isrcore.audit.report import report_page, write_report

            base = audit.history.base
            data = gather(check)
            detection = detect(data, settings)
            check()
            findings = find_problems(base, detection, data, settings)
            cards = provenance_of(audit.history, data.names).cards()
            comparison = compare_maps(base, document)
            notes = (*audit.notes, *data.notes, *detection.notes)
            page = report_page(base, findings, data, settings, cards, comparison, notes)
            check()
            write_report(page, Path(path))
            return audit

        self._write(path, write)

    def save_audit_file(self, path: str) -> None:
        """Write the whole audit, undo included, to go on with elsewhere."""
        audit = self._audits.current
        if audit is None:
            return
        if Path(path).resolve() == audit.path.resolve():
            # The journal has it open: another file in its place would not get the next edits.
            self._window.strip.note(f"The audit is kept in {path} already; every edit is written at once.")
            return

        def write(check: Check) -> None:
            from isrcore.audit.storage import save_history

            save_history(audit.history, path)

        self._write(path, write)
