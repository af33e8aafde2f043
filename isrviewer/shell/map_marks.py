"""The defect map in every image panel: drawn over the pixels, chosen with a click, edited with the pen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isrcore.geom import Box
from isrviewer.audit.picture import MapPicture
from isrviewer.audit.places import map_offset
from isrviewer.audit.style import status_text
from isrviewer.panels.image.defects import Place
from isrviewer.runner.background import Background

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from isrcore.audit.compare import MapComparison
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument
    from isrviewer.audit.stroke import Stroke
    from isrviewer.desk import Desk
    from isrviewer.panels.image.panel import ImagePanel

__all__ = ["MapMarks"]

_REACH = 3
"""Screen pixels by which a click may miss a defect."""


class MapMarks:
    """Keeps the panels in line with the audit, and brings what is drawn in them into the map.

    Attributes
    ----------
    is_choosing : bool
        Whether a defect is being chosen in a panel right now: it is in view, and the view should stay.
    """

    def __init__(self, desk: Desk, parent: QObject) -> None:
        self._desk = desk
        self._audits = audits = desk.audits
        self.is_choosing = False
        self._tool = ""
        self._map: MapPicture | None = None
        self._compared: tuple[MapComparison, MapPicture] | None = None
        self._comparing = Background(parent)
        grid = desk.grid
        grid.shown.connect(self._place)
        grid.cursor_moved.connect(self._read)
        grid.clicked.connect(self._choose_at)
        grid.stroke_drawn.connect(self._edit)
        grid.tool_put_away.connect(lambda: audits.set_tool(""))
        audits.opened.connect(self._open)
        audits.document_changed.connect(self._follow)
        audits.selected.connect(lambda *_: self._draw())
        audits.tool_changed.connect(self._hand_tool)
        audits.drawing_changed.connect(self._draw)
        audits.measured.connect(self._draw)

    def close(self) -> None:
        """Drop all work."""
        self._comparing.close()

    # From the map to the panels

    def _open(self) -> None:
        document = self._audits.document
        self._map = None if document is None else MapPicture.of(document)
        for panel in self._desk.grid.panels:
            panel.view.pen.drop()
        self._draw()

    def _follow(self, before: DefectDocument, after: DefectDocument) -> None:
        if self._map is not None:
            self._map = self._map.following(before, after)
        self._draw()

    def _place(self, index: int) -> None:
        """A panel shows other planes."""
        panel = self._desk.grid.panels[index]
        exposure = panel.exposure
        if panel.planes is not None and exposure is not None:
            offset, detector = map_offset(exposure), exposure.detector
            place = None if offset is None or detector is None else Place(*offset, detector.name)
            panel.view.defects.set_place(panel.planes, place)
        self._draw_in(panel)

    def _draw(self) -> None:
        for panel in self._desk.grid.panels:
            self._draw_in(panel)
        self._read(self._desk.model.session.focused)

    def _draw_in(self, panel: ImagePanel) -> None:
        defect, layer = self._audits.defect, panel.view.defects
        layer.picture = self._picture()
        layer.chosen = None if defect is None or layer.picture is None else defect.bbox
        layer.label = "" if defect is None else _label(defect)
        self._hand_tool_to(panel)
        panel.view.update()

    def _picture(self) -> MapPicture | None:
        """What to draw: nothing, the map, or its comparison once that has been looked through."""
        audit = self._audits.current
        if audit is None or not self._audits.shows_map:
            return None
        comparison = audit.comparison
        if comparison is None or not self._audits.shows_comparison:
            return self._map
        if self._compared is None or self._compared[0] is not comparison:
            self._comparing.compute(
                lambda: MapPicture.of_comparison(comparison), lambda picture: self._arrived(comparison, picture)
            )
            return self._map if self._compared is None else self._compared[1]
        return self._compared[1]

    def _arrived(self, comparison: MapComparison, picture: MapPicture) -> None:
        self._compared = comparison, picture
        self._draw()

    def _hand_tool(self) -> None:
        """Let the pens have the tool; with a new one the keys go to the panel and the map is seen."""
        tool = self._audits.tool
        if tool and tool != self._tool:
            self._desk.grid.focused.view.setFocus()
            if not self._audits.shows_map:
                self._audits.show_map(True)
        self._tool = tool
        for panel in self._desk.grid.panels:
            self._hand_tool_to(panel)

    def _hand_tool_to(self, panel: ImagePanel) -> None:
        audits, document = self._audits, self._audits.document
        tool = audits.tool if document is not None else ""
        frame, detector = (Box(), "") if document is None else (document.frame, document.detector)
        panel.view.pen.set_tool(tool, audits.brush, frame, detector)
        hint = self._hint(tool)
        if tool and panel.planes is not None and panel.view.defects.place_of(panel.planes) is None:
            hint = f"{tool}: the map has no place in this picture"
        panel.view.set_hint(hint)

    def _hint(self, tool: str) -> str:
        """What dragging does now, in words."""
        audit = self._audits.current
        if audit is None or not tool:
            return ""
        wide = f"{self._audits.brush} px"
        chosen = f"defect {audit.selected}" if audit.selected else ""
        what = {
            "paint": f"paint {wide} into {chosen or 'a new defect'}",
            "erase": f"erase {wide} from {chosen or 'all defects'}",
            "box": "draw a box",
            "column": f"draw columns to the top, {wide}",
            "line": f"draw a line, {wide}",
        }[tool]
        return f"{what} · Esc ends"

    def _read(self, index: int) -> None:
        """Tell the defects under the cursor."""
        document = self._audits.document
        panel = self._desk.grid.panels[index]
        place = panel.view.defects.place_of(panel.planes)
        defects = []
        if document is not None and self._map is not None and place is not None and panel.pixel is not None:
            numbers = self._map.near(panel.pixel[0] + place.dx, panel.pixel[1] + place.dy)
            defects = [document[number] for number in numbers]
        text = _label(defects[0]) if defects else ""
        more = f" +{len(defects) - 1}" if len(defects) > 1 else ""
        self._desk.readout.show_defect(text + more, document is not None)

    # From the panels to the map

    def _choose_at(self, index: int, x: float, y: float) -> None:
        """Choose the defect that was clicked on; of several that lie there the next."""
        audit, panel = self._audits.current, self._desk.grid.panels[index]
        place = panel.view.defects.place_of(panel.planes)
        if audit is None or self._map is None or place is None:
            return
        numbers = self._map.near(round(x) + place.dx, round(y) + place.dy, _REACH / panel.view.view.zoom)
        if numbers:
            here = numbers.index(audit.selected) + 1 if audit.selected in numbers else 0
            self._choose(numbers[here % len(numbers)])

    def _choose(self, number: int) -> None:
        self.is_choosing = True
        self._audits.select(number)
        self.is_choosing = False

    def _edit(self, stroke: Stroke) -> None:
        """A stroke becomes an edit; the defect that it made is chosen."""
        audit = self._audits.current
        if audit is None:
            return
        fresh, chosen = audit.document.next_id, audit.selected
        if self._audits.do(lambda document: stroke.edit(document, chosen)) and fresh in audit.document:
            self._choose(fresh)


def _label(defect: Defect) -> str:
    return f"{defect.id} · {defect.kind} · {status_text(defect.status)}"
