"""Defect maps from files and into files, other frames to judge them by, and what the data say of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from isrviewer.audit.audit import Audit, begin_audit, reopen_audit
from isrviewer.session.settings import state_folder

if TYPE_CHECKING:
    from isrcore.audit.planes import AuditData
    from isrcore.audit.reading import MapReading
    from isrcore.camera import Detector
    from isrviewer.window import Window

__all__ = ["MapCommands"]

MAPS = "Defect maps (*.fits *.fits.gz *.fits.fz *.ecsv *.reg *.txt *.jsonl);;All files (*)"
AUDITS = "Audits (*.jsonl)"
FRAMES = "MegaCam frames (*.fits *.fits.fz *.fits.gz *.fz);;All files (*)"

Check = Callable[[], None]


class MapCommands:
    """The Defects menu, as far as it is about files."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._audits = window.audits

    # What to open or write is asked here ...

    def open(self) -> None:
        self._ask_open("Open a defect map", MAPS, self.open_file)

    def reopen(self) -> None:
        folder = str(state_folder() / "audits")
        self._ask_open("Continue an audit", AUDITS, self.reopen_file, folder)

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

    def compare(self) -> None:
        self._ask_open("Compare with another map", MAPS, self.compare_file)

    def add_frames(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._window, "More frames to judge defects by", "", FRAMES)
        if paths:
            self.add_frame_files(paths)

    # ... and done here.

    def open_file(self, path: str) -> None:
        """Begin an audit of a map in any form, or go on with a saved one."""
        if path.endswith(".jsonl"):
            self.reopen_file(path)
            return
        detector = self._detector()
        if detector is None:
            return
        check_epoch = self._epoch_check(path)

        def read(check: Check) -> tuple[Audit, MapReading]:
            from isrcore.audit.reading import read_map

            check_epoch()
            reading = read_map(path, detector)
            document = reading.document.replace_source(str(Path(path).absolute()))
            return begin_audit(detector.id, document, reading.notes), reading

        def show(found: tuple[Audit, MapReading]) -> None:
            audit, reading = found
            self._audits.adopt(audit)
            words = [f"{len(audit.document)} defects of {Path(path).name}", str(reading.form), str(reading.frame)]
            self._window.strip.note("; ".join([*words, *reading.notes]) + ".")

        self._start(f"Reading {Path(path).name}", read, show)

    def open_used(self) -> None:
        """Audit the map that the calibrations have for this CCD."""
        info = next((info for info in self._window.runs.view.calibs if info.kind == "defects"), None)
        if info is None or not info.path:
            why = info.why if info is not None else "no frame is open"
            self._window.strip.error(f"The run has no defect map: {why}. Open one with Defects → Open map.")
            return
        self.open_file(info.path)

    def open_plane(self) -> None:
        """Audit the BAD pixels of the mask on screen."""
        panel, detector = self._window.grid.focused, self._detector()
        exposure = panel.exposure
        if detector is None or exposure is None:
            return

        def read(check: Check) -> Audit:
            from isrcore.audit.reading import document_from_plane

            document = document_from_plane(exposure, "BAD", detector, f"mask plane BAD of {panel.title}")
            return begin_audit(detector.id, document)

        self._start("Reading the mask on screen", read, self._audits.adopt)

    def new(self) -> None:
        """Begin with a map without defects."""
        detector = self._detector()
        if detector is None:
            return

        def make(check: Check) -> Audit:
            from isrcore.audit.document import DefectDocument

            return begin_audit(detector.id, DefectDocument.of(detector))

        self._start("Beginning a map", make, self._audits.adopt)

    def reopen_file(self, path: str) -> None:
        """Go on with an audit where its file ends."""
        self._start(f"Reading {Path(path).name}", lambda check: reopen_audit(Path(path)), self._audits.adopt)

    def close(self) -> None:
        audit = self._audits.current
        self._audits.close_map()
        if audit is not None and audit.has_edits:
            self._window.strip.note(f"The audit stays in {audit.path}; Defects → Continue an audit goes on with it.")

    def feed(self) -> None:
        """Let runs take the map under audit, or that of the calibrations again."""
        session = self._window.model.session
        on = not session.audit_feeds
        text = f"run with the map under audit {'on' if on else 'off'}"
        self._window.model.change(replace(session, audit_feeds=on), text)

    def export_file(self, form: str, path: str) -> None:
        """Write the map with its provenance."""
        audit = self._audits.current
        if audit is None:
            return
        history, names = audit.history, self._names(audit)

        def write(check: Check) -> Path:
            from isrcore.audit.provenance import provenance_of
            from isrcore.audit.reading import MapForm
            from isrcore.audit.writing import write_map

            return write_map(history.document, path, MapForm(form), provenance_of(history, names), overwrite=True)

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
        gather = self._gathering(audit)

        def write(check: Check) -> Audit:
            from isrcore.audit.compare import compare_maps
            from isrcore.audit.detection import detect
            from isrcore.audit.findings import find_problems
            from isrcore.audit.provenance import provenance_of
            from isrcore.audit.report import report_page, write_report
            from isrcore.audit.settings import DetectionSettings

            history, settings = audit.history, DetectionSettings()
            data = gather(check)
            findings = find_problems(history.base, detect(data, settings), data, settings)
            check()
            cards = provenance_of(history, data.names).cards()
            comparison = compare_maps(history.base, history.document)
            notes = (*audit.notes, *data.notes)
            write_report(report_page(history.base, findings, data, settings, cards, comparison, notes), Path(path))
            return audit

        self._write(path, write)

    def save_audit_file(self, path: str) -> None:
        """Write the whole audit, undo included, to go on with elsewhere."""
        audit = self._audits.current
        if audit is None:
            return

        def write(check: Check) -> None:
            from isrcore.audit.storage import save_history

            save_history(audit.history, path)

        self._write(path, write)

    def compare_file(self, path: str) -> None:
        """Compare the map under audit with another one."""
        audit, detector = self._audits.current, self._detector()
        if audit is None or detector is None:
            return

        def read(check: Check) -> object:
            from isrcore.audit.compare import compare_maps
            from isrcore.audit.reading import read_map

            reading = read_map(path, detector)
            return compare_maps(audit.document, reading.document.replace_source(Path(path).name))

        def show(comparison: object) -> None:
            self._audits.take(audit, comparison=comparison)
            self._window.raise_panel("maps")

        self._start(f"Comparing with {Path(path).name}", read, show)

    def add_frame_files(self, paths: list[str]) -> None:
        """Judge defects by more raw frames of this CCD."""
        session = self._window.model.session
        known = (*session.audit_frames, *(str(Path(path).absolute()) for path in paths))
        frames = tuple(dict.fromkeys(path for path in known if path != session.frame))
        self._window.model.change(replace(session, audit_frames=frames), "frames to judge defects by")
        if self._audits.current is not None:
            self.measure()

    def forget_frames(self) -> None:
        """Judge defects by the open frame alone again."""
        session = self._window.model.session
        self._window.model.change(replace(session, audit_frames=()), "forget frames")

    def measure(self) -> None:
        """Measure every defect against its surroundings in every frame at hand."""
        audit = self._audits.current
        if audit is None:
            return
        gather, document = self._gathering(audit), audit.document

        def work(check: Check) -> dict[str, object]:
            from isrcore.audit.statistics import measure_defects

            data = gather(check)
            defects = list(document)
            found = measure_defects([defect.pixels for defect in defects], data, document.mask())
            return {"data": data, "statistics": {d.id: one for d, one in zip(defects, found, strict=True)}}

        self._start("Measuring the defects", work, lambda found: self._audits.take(audit, **found))

    def detect(self) -> None:
        """Find what the map misses and what it flags without need; missed ones become new defects."""
        audit = self._audits.current
        if audit is None:
            return
        gather, document = self._gathering(audit), audit.document

        def work(check: Check) -> dict[str, object]:
            from isrcore.audit.detection import detect
            from isrcore.audit.findings import find_problems

            data = gather(check)
            detection = detect(data)
            check()
            findings = find_problems(document, detection, data)
            return {"data": data, "findings": findings, "statistics": findings.statistics}

        self._start("Looking for missed and over-flagged pixels", work, lambda found: self._found(audit, found))

    def _found(self, audit: Audit, found: dict[str, object]) -> None:
        from isrcore.audit import edits

        self._audits.take(audit, **found)
        findings = audit.findings
        assert findings is not None
        missed = findings.missed
        if missed and audit is self._audits.current:
            self._audits.do(
                lambda document: edits.add(
                    document,
                    [finding.pixels for finding in missed],
                    [finding.kind for finding in missed],
                    source="detection",
                    label="add missed",
                    notes=[f"{finding.evidence}: {finding.significance:.1f} sigma" for finding in missed],
                )
            )
        over = len(findings.over_flagged)
        self._window.strip.note(f"Missed: {len(missed)}, added as new defects. Over-flagged: {over}. Both are queues.")

    def _gathering(self, audit: Audit) -> Callable[[Check], AuditData]:
        """What reads and corrects all frames at hand, unless that was done for the same ones."""
        session = self._window.model.session
        frames, folder, number = (session.frame, *session.audit_frames), session.calib_folder, audit.number
        known = audit.data

        def gather(check: Check) -> AuditData:
            from isrcore.audit.planes import gather_planes

            science = [plane.name for plane in known.planes if plane.kind == "science"] if known is not None else []
            if known is not None and science == [Path(path).name for path in frames]:
                return known
            return gather_planes(frames, folder or None, number, lambda text: check())

        return gather

    def _names(self, audit: Audit) -> tuple[str, ...]:
        session = self._window.model.session
        return audit.data.names if audit.data is not None else (session.frame, *session.audit_frames)

    def _epoch_check(self, path: str) -> Callable[[], None]:
        """Refuses a map that does not hold for the date of the open frame."""
        frame = self._window.model.session.frame

        def check() -> None:
            from isrcore.audit.reading import epoch_problem
            from isrcore.data.raw import open_raw

            problem = epoch_problem(path, open_raw(frame).exposure)
            if problem is not None:
                raise ValueError(f"{path}: {problem}")

        return check

    def _detector(self) -> Detector | None:
        """The CCD on screen; an error in the strip without one."""
        raw = self._window.runs.view.raw
        if raw is None or raw.detector is None:
            self._window.strip.error("Open a frame first: a defect map belongs to the CCD on screen.")
            return None
        return raw.detector

    def _start(self, text: str, work: Callable[[Check], object], done: Callable[..., None]) -> None:
        self._window.jobs.start(text, work, done, lambda error: self._window.strip.error(str(error)))

    def _write(self, path: str, work: Callable[[Check], object]) -> None:
        self._window.jobs.start(
            f"Writing {Path(path).name}",
            work,
            lambda _: self._window.strip.note(f"Wrote {path}"),
            lambda error: self._window.strip.error(f"Nothing was written: {error}"),
        )

    def _ask_open(self, title: str, kinds: str, then: Callable[[str], None], folder: str = "") -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, title, folder, kinds)
        if path:
            then(path)

    def _ask_save(self, title: str, ending: str, kinds: str, then: Callable[[str], None]) -> None:
        audit = self._audits.current
        if audit is None:
            return
        path, _ = QFileDialog.getSaveFileName(self._window, title, f"{audit.document.detector}{ending}", kinds)
        if path:
            then(path)
