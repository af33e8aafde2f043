"""Regions and pinned pixels on every panel, whichever step it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isrviewer.commands.regions import raw_offset
from isrviewer.panels.image_overlay import Shape
from isrviewer.panels.region_shapes import region_shapes
from isrviewer.session import Session
from isrviewer.theme import ACCENT

if TYPE_CHECKING:
    from isrviewer.window import Window

__all__ = ["Marks"]


class Marks:
    """Keeps the marks of the panels in line with the session."""

    def __init__(self, window: Window) -> None:
        self._window = window
        window.grid.shown.connect(self._draw)
        window.model.observe(self._session_changed)

    def _session_changed(self, old: Session, new: Session) -> None:
        if (old.regions, old.pins) != (new.regions, new.pins):
            for index in range(len(self._window.grid.panels)):
                self._draw(index)

    def _draw(self, index: int) -> None:
        session, panel = self._window.model.session, self._window.grid.panels[index]
        is_marked = bool(session.regions or session.pins)
        offset = raw_offset(panel.exposure) if is_marked and panel.exposure is not None else None
        if offset is None:
            panel.view.set_shapes(())
            return
        pins = (Shape("cross", ((pin.x - offset[0], pin.y - offset[1]),), colour=ACCENT.name()) for pin in session.pins)
        panel.view.set_shapes((*region_shapes(session.regions, offset), *pins))
