"""The panels with numbers as one group, so that the window tells all of them at once where the user points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from isrviewer.panels.numbers.amplifiers import AmplifiersPanel
from isrviewer.panels.numbers.box_statistics import StatisticsPanel
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.histograms import HistogramsPanel
from isrviewer.panels.numbers.overscan_view import OverscanView
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.plots.inspector import InspectorPanel, frame_name
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel
from isrviewer.session.drawn import DrawnBox, DrawnLine

if TYPE_CHECKING:
    from isrcore.geom import Box
    from isrcore.image import Exposure

__all__ = ["INSPECTORS", "Inspectors"]

_RIGHT, _BOTTOM = Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea

INSPECTORS = (
    ("pixel", "Pixel", _RIGHT),
    ("statistics", "Statistics", _BOTTOM),
    ("cuts", "Cuts", _BOTTOM),
    ("overscan", "Overscan", _BOTTOM),
    ("amplifiers", "Amplifiers", _BOTTOM),
    ("histograms", "Histograms", _BOTTOM),
    ("surface", "Surface", _BOTTOM),
)
"""Name, title and first place of the dock of every panel."""


class Inspectors(QObject):
    """All panels with numbers.

    Parameters
    ----------
    model : `SessionModel`
    runs : `RunModel`

    Attributes
    ----------
    panels : mapping of str to `InspectorPanel`
        By the names in `INSPECTORS`.

    Signals
    -------
    place_chosen(int, int)
        The user clicked a pixel in a plot: column and row in the frame on screen, 0-based.
    raise_asked(str)
        The user drew something: this panel shows it.
    """

    place_chosen = Signal(int, int)
    raise_asked = Signal(str)

    def __init__(self, model: SessionModel, runs: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._runs = model, runs
        self.pixel = TimeMachine(model, runs)
        self.statistics = StatisticsPanel(model, runs)
        self.cuts = CutsPanel(model, runs)
        self.surface = SurfacePanel(model, runs)
        self.panels: Mapping[str, InspectorPanel] = {
            "pixel": self.pixel,
            "statistics": self.statistics,
            "cuts": self.cuts,
            "overscan": OverscanView(model, runs),
            "amplifiers": AmplifiersPanel(model, runs),
            "histograms": HistogramsPanel(model, runs),
            "surface": self.surface,
        }
        self.cuts.place_chosen.connect(self.place_chosen)

    def show_cursor(self, raw: tuple[int, int] | None) -> None:
        """The cursor is on this raw pixel, or on none."""
        self.pixel.show_cursor(raw)
        self.cuts.show_cursor(raw)

    def show_box(self, box: Box, exposure: Exposure) -> None:
        """The user drew a box over these planes, in their coordinates."""
        inside = box.intersect(exposure.bbox)
        if inside.is_empty:
            return
        drawn = DrawnBox(inside, frame_name(self._runs, exposure))
        self._model.change(replace(self._model.session, box=drawn), "box")
        if not self.surface.is_seen:
            self.raise_asked.emit("statistics")

    def show_line(self, x0: float, y0: float, x1: float, y1: float, exposure: Exposure) -> None:
        """The user drew a line over these planes, in their coordinates."""
        box = exposure.bbox
        ends = [round(min(max(x, box.x0), box.x1 - 1)) for x in (x0, x1)]
        heights = [round(min(max(y, box.y0), box.y1 - 1)) for y in (y0, y1)]
        drawn = DrawnLine(ends[0], heights[0], ends[1], heights[1], frame_name(self._runs, exposure))
        self._model.change(replace(self._model.session, line=drawn), "line")
        self.raise_asked.emit("cuts")

    def close(self) -> None:
        """The window closes: drop all work."""
        for panel in self.panels.values():
            panel.close_background()
