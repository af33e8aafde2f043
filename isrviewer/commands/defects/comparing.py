"""Maps compared with each other, and the maps of the whole focal plane in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isrviewer.commands.defects.work import MAPS, MapWork

if TYPE_CHECKING:
    from isrcore.audit.focal_plane import FocalPlaneSummary
    from isrcore.audit.reading import MapReading
    from isrviewer.audit.comparing import Comparing

__all__ = ["MapComparing"]


class MapComparing(MapWork):
    """The part of the Defects menu that compares."""

    def compare(self) -> None:
        self._desk.paths.ask_open("Compare with another map", MAPS, self.compare_file)

    def compare_file(self, path: str) -> None:
        """Compare the map under audit with another one."""
        audit, detector = self._audits.current, self._detector()
        if audit is None or detector is None:
            return

        def show(reading: MapReading) -> None:
            self._comparing.begin(audit, reading.document.replace_source(str(Path(path).absolute())))
            self._desk.docks.raise_dock("maps")
            words = [f"{Path(path).name}: {reading.form}, {reading.frame}", *reading.notes]
            self._desk.strip.note("; ".join(words) + ".")

        self._read(path, detector, show)

    def compare_opened(self) -> None:
        """Show what the edits have done to the map."""
        audit = self._audits.current
        if audit is not None:
            self._comparing.begin(audit, None)
            self._desk.docks.raise_dock("maps")

    def compare_end(self) -> None:
        """Compare no more."""
        self._audits.show_comparison(False)
        self._comparing.end()

    def show_comparison(self) -> None:
        """Draw the differences in the image panels in place of the map, or the map again."""
        self._audits.show_comparison(not self._audits.shows_comparison)

    def apply_difference(self) -> None:
        """Bring the chosen differences into the map."""
        self._comparing.apply()

    def apply_all(self) -> None:
        """Bring all differences into the map, as one edit."""
        self._comparing.apply(everything=True)

    # The focal plane

    def focal_plane(self) -> None:
        """Summarise the open maps."""
        self._desk.docks.raise_dock("focal_plane")
        self._desk.focal_plane.show_open()

    def focal_plane_folder(self) -> None:
        self._desk.paths.ask_folder("Summarise the maps of a folder", self.summarise)

    def focal_plane_file(self) -> None:
        self._desk.paths.ask_open("Summarise a mask of many CCDs", MAPS, self.summarise)

    def summarise(self, path: str) -> None:
        """Summarise all maps of a folder, or of a file with many CCDs."""
        plane = self._desk.focal_plane

        def show(summary: FocalPlaneSummary) -> None:
            self._desk.docks.raise_dock("focal_plane")
            plane.take(summary, path)
            problems = summary.problems
            left_out = f" Left out: {len(problems)}, such as {problems[0]}." if problems else ""
            self._desk.strip.note(f"{len(summary.maps)} maps of {path}.{left_out}")

        self._desk.docks.raise_dock("focal_plane")
        self._start(f"Reading the maps of {Path(path).name}", lambda check: plane.read(path, check), show)

    def go_to_ccd(self, number: int) -> None:
        """Open a CCD that was clicked, if the frame has it."""
        view = self._desk.runs.view
        if view.facts is None or number not in dict(view.facts.detectors):
            self._desk.strip.note(f"This frame has no ccd{number:02d}.")
        elif number != view.detector:
            self._run.choose_ccd(number)

    @property
    def _comparing(self) -> Comparing:
        return self._desk.comparing
