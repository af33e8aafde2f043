"""Regions, pinned pixels and what was drawn last on every panel, whichever step it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from isrcore.image.trimming import trim_offset
from isrcore.inspect.layout import ASSEMBLED, RAW, Layout
from isrviewer.panels.image.overlay import Shape
from isrviewer.panels.image.region_shapes import region_shapes
from isrviewer.session import Session
from isrviewer.session.drawn import DrawnBox
from isrviewer.theme import ACCENT

if TYPE_CHECKING:
    from isrcore.image import Exposure
    from isrviewer.desk import Desk

__all__ = ["Marks"]

_DRAWN = "#F0A030"


class Marks:
    """Keeps the marks of the panels in line with the session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        desk.grid.shown.connect(self._draw)
        desk.model.observe(self._session_changed)

    def _session_changed(self, old: Session, new: Session) -> None:
        if (old.regions, old.pins, old.box, old.line) != (new.regions, new.pins, new.box, new.line):
            for index in range(len(self._desk.grid.panels)):
                self._draw(index)

    def _draw(self, index: int) -> None:
        panel = self._desk.grid.panels[index]
        panel.view.set_shapes(() if panel.exposure is None else tuple(self._shapes(panel.exposure)))

    def _shapes(self, exposure: Exposure) -> Iterator[Shape]:
        session = self._desk.model.session
        offset = trim_offset(exposure) if session.regions or session.pins else None
        if offset is not None:
            yield from region_shapes(session.regions, offset)
            for pin in session.pins:
                yield Shape("cross", ((pin.x - offset[0], pin.y - offset[1]),), colour=ACCENT.name())
        if session.box is not None or session.line is not None:
            yield from self._drawn(session, exposure)

    def _drawn(self, session: Session, exposure: Exposure) -> Iterator[Shape]:
        """The box in every frame that has its pixels; the line in its own frame, as others break it at amplifiers."""
        raw = self._desk.runs.view.raw
        here = Layout.of(exposure, raw.detector if raw is not None else None)
        line = session.line
        if line is not None and line.frame == here.name:
            yield Shape("line", ((line.x0, line.y0), (line.x1, line.y1)), colour=_DRAWN, dashed=True)
        of = None if session.box is None else self._layout(session.box, here)
        if session.box is not None and of is not None:
            for part in here.parts(session.box.box, of):
                corners = ((part.x0 - 0.5, part.y0 - 0.5), (part.x1 - 0.5, part.y1 - 0.5))
                yield Shape("box", corners, colour=_DRAWN, dashed=True)

    def _layout(self, drawn: DrawnBox, here: Layout) -> Layout | None:
        """Of the frame that a box was drawn over; None when it is neither `here` nor made from the raw frame alone."""
        raw = self._desk.runs.view.raw
        if drawn.frame == here.name:
            return here
        if raw is None or raw.detector is None:
            return None
        return {ASSEMBLED: Layout.assembled(raw.detector), RAW: Layout.of(raw, raw.detector)}.get(drawn.frame)
