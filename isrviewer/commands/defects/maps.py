"""Defect maps from files, from the run and from the screen, to audit them; and what runs take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.audit.audit import Audit, begin_audit, reopen_audit
from isrviewer.commands.defects.comparing import MapComparing
from isrviewer.commands.defects.exports import AUDITS, MapExports
from isrviewer.commands.defects.judging import MapJudging
from isrviewer.commands.defects.work import MAPS
from isrviewer.session.settings import state_folder

if TYPE_CHECKING:
    from isrcore.audit.reading import MapReading
    from isrviewer.desk import Check

__all__ = ["MapCommands"]


class MapCommands(MapExports, MapJudging, MapComparing):
    """The Defects menu, as far as it is not about single defects."""

    def open(self) -> None:
        self._desk.paths.ask_open("Open a defect map", MAPS, self.open_file)

    def reopen(self) -> None:
        folder = str(state_folder() / "audits")
        self._desk.paths.ask_open("Continue an audit", AUDITS, self.reopen_file, folder)

    def open_file(self, path: str) -> None:
        """Begin an audit of a map in any form, or go on with a saved one."""
        if path.endswith(".jsonl"):
            self.reopen_file(path)
            return
        detector = self._detector()
        if detector is None:
            return

        def show(reading: MapReading) -> None:
            document = reading.document.replace_source(str(Path(path).absolute()))
            try:
                self._audits.adopt(begin_audit(detector.id, document, reading.notes))
            except OSError as error:
                self._desk.strip.error(f"The audit cannot be kept: {error}; free some room and open the map again.")
                return
            words = [f"{len(document)} defects of {Path(path).name}", str(reading.form), str(reading.frame)]
            self._desk.strip.note("; ".join([*words, *reading.notes]) + ".")

        self._read(path, detector, show, before=self._epoch_check(path))

    def open_used(self) -> None:
        """Audit the map that the calibrations have for this CCD."""
        audit = self._audits.current
        if audit is not None and self._desk.model.session.audit_feeds:
            self._desk.strip.note("The run takes the map under audit already; close it for that of the calibrations.")
            return
        info = next((info for info in self._desk.runs.view.calibs if info.kind == "defects"), None)
        if info is None or not info.path:
            why = info.why if info is not None else "its chain takes none"
            self._desk.strip.error(f"The run has no defect map: {why}. Open one with Defects → Open map.")
            return
        self.open_file(info.path)

    def open_plane(self) -> None:
        """Audit the BAD pixels of the mask on screen."""
        panel, detector = self._desk.grid.focused, self._detector()
        exposure = panel.exposure
        if detector is None or exposure is None:
            return
        title = panel.title

        def read(check: Check) -> Audit:
            document = core_audit.reading.document_from_plane(exposure, "BAD", detector, f"mask plane BAD of {title}")
            check()
            return begin_audit(detector.id, document)

        def show(audit: Audit) -> None:
            self._audits.adopt(audit)
            self._desk.strip.note(f"{len(audit.document)} defects of the mask plane BAD of {title}.")

        self._start("Reading the mask on screen", read, show)

    def new(self) -> None:
        """Begin with a map without defects."""
        detector = self._detector()
        if detector is None:
            return

        def make(check: Check) -> Audit:
            return begin_audit(detector.id, core_audit.document.DefectDocument.of(detector))

        self._start("Beginning a map", make, self._audits.adopt)

    def reopen_file(self, path: str) -> None:
        """Go on with an audit where its file ends."""
        for audit in self._audits.audits.values():
            if audit.path.resolve() == Path(path).resolve():
                # Two writers of one file would lose edits.
                self._go_to(audit, f"This audit of {audit.document.detector} is open.")
                return

        def show(audit: Audit) -> None:
            self._audits.adopt(audit)
            done = len(audit.history.done)
            self._go_to(audit, f"The audit of {audit.document.detector} goes on after {done} edits.")

        self._start(f"Reading {Path(path).name}", lambda check: reopen_audit(Path(path)), show)

    def close(self) -> None:
        audit = self._audits.current
        self._audits.close_map()
        if audit is not None and audit.has_edits:
            self._desk.strip.note(f"The audit stays in {audit.path}; Defects → Continue an audit goes on with it.")

    def feed(self) -> None:
        """Let runs take the map under audit, or that of the calibrations again."""
        session = self._desk.model.session
        on = not session.audit_feeds
        text = f"run with the map under audit {'on' if on else 'off'}"
        self._desk.model.change(replace(session, audit_feeds=on), text)

    def _go_to(self, audit: Audit, text: str) -> None:
        """Show the CCD of an audit, if the frame has it; otherwise say that the map waits."""
        view = self._desk.runs.view
        if view.detector in (None, audit.number):
            self._audits.show_detector(audit.number)
        elif view.facts is not None and audit.number in dict(view.facts.detectors):
            self._run.choose_ccd(audit.number)
        else:
            self._audits.show_detector(view.detector)
            text = f"{text} This frame does not have that CCD: the map waits for one that does."
        self._desk.strip.note(text)

    def _epoch_check(self, path: str) -> Callable[[], None]:
        """Refuses a map that does not hold for the date of the open frame."""
        frame = self._desk.model.session.frame

        def check() -> None:
            from isrcore.data.raw import open_raw

            problem = core_audit.reading.epoch_problem(path, open_raw(frame).exposure)
            if problem is not None:
                raise ValueError(f"{path}: {problem}")

        return check
