"""What the user points at and draws in a picture, told to the panels with numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel
from isrviewer.session.drawn import DrawnBox, DrawnLine

if TYPE_CHECKING:
    from isrcore.geom import Box
    from isrcore.image import Exposure

__all__ = ["Inspectors"]


class Inspectors(QObject):
    """Tells the panels with numbers what the user points at, and keeps what was drawn in the session.

    Parameters
    ----------
    model : `SessionModel`
    runs : `RunModel`
    pixel : `TimeMachine`
    cuts : `CutsPanel`
    surface : `SurfacePanel`

    Signals
    -------
    raise_asked(str)
        The user drew something: this panel shows it.
    """

    raise_asked = Signal(str)

    def __init__(
        self,
        model: SessionModel,
        runs: RunModel,
        pixel: TimeMachine,
        cuts: CutsPanel,
        surface: SurfacePanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._runs = model, runs
        self._pixel, self._cuts, self._surface = pixel, cuts, surface

    def show_cursor(self, raw: tuple[int, int] | None) -> None:
        """The cursor is on this raw pixel, or on none."""
        self._pixel.show_cursor(raw)
        self._cuts.show_cursor(raw)

    def show_box(self, box: Box, exposure: Exposure) -> None:
        """The user drew a box over these planes, in their coordinates."""
        inside = box.intersect(exposure.bbox)
        if inside.is_empty:
            return
        drawn = DrawnBox(inside, self._runs.view.frame_name(exposure))
        self._model.change(replace(self._model.session, box=drawn), "box")
        if not self._surface.is_seen:
            self.raise_asked.emit("statistics")

    def show_line(self, x0: float, y0: float, x1: float, y1: float, exposure: Exposure) -> None:
        """The user drew a line over these planes, in their coordinates."""
        box = exposure.bbox
        ends = [round(min(max(x, box.x0), box.x1 - 1)) for x in (x0, x1)]
        heights = [round(min(max(y, box.y0), box.y1 - 1)) for y in (y0, y1)]
        drawn = DrawnLine(ends[0], heights[0], ends[1], heights[1], self._runs.view.frame_name(exposure))
        self._model.change(replace(self._model.session, line=drawn), "line")
        self.raise_asked.emit("cuts")
