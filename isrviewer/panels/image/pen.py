"""The pen of an image panel: with a tool of the audit in hand, mouse and keys draw into the defect map.

It follows the panel's cursor, whatever moves that: a stroke may begin and end by mouse or by key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from isrcore.geom import Box
from isrviewer.audit.stroke import Stroke, brush_box
from isrviewer.audit.style import status_colour

if TYPE_CHECKING:
    from isrviewer.panels.image.view import ImageView

__all__ = ["DefectPen"]

_APART = Qt.KeyboardModifier.ControlModifier
_PAN = Qt.KeyboardModifier.ShiftModifier


class DefectPen(QObject):
    """Draws strokes over one `ImageView`.

    Signals
    -------
    drawn(Stroke)
        A stroke is complete.
    put_away()
        The user wants no tool any more.
    """

    drawn = Signal(object)
    put_away = Signal()

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view = view
        self._tool = ""
        self._brush = 1
        self._frame = Box()
        self._detector = ""
        self._stroke: Stroke | None = None
        view.cursor_moved.connect(self._move)
        view.cursor_left.connect(self._look)

    def set_tool(self, tool: str, brush: int, frame: Box, detector: str) -> None:
        """Take a tool in hand, or none (``""``); a stroke that was begun with another one is dropped.

        Parameters
        ----------
        tool : str
            One of `isrviewer.audit.model.TOOLS`.
        brush : int
            Width of strokes in pixels.
        frame : `Box`
            The chip, in the map's coordinates.
        detector : str
            Name of the CCD of the map.
        """
        if (tool, detector) != (self._tool, self._detector):
            self._stroke = None
        self._tool, self._brush, self._frame, self._detector = tool, brush, frame, detector
        self._view.defects.pen_colour = status_colour("rejected" if tool == "erase" else "new")
        self._look()

    @property
    def is_on(self) -> bool:
        """Whether there is a tool, and the map has a place in the picture."""
        place = self._view.defects.place_of(self._view.planes)
        return bool(self._tool) and place is not None and place.detector == self._detector

    @property
    def is_down(self) -> bool:
        """Whether a stroke is being drawn."""
        return self._stroke is not None

    def takes(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether a drag with these keys held draws; with Shift it moves the picture."""
        return self.is_on and not modifiers & _PAN

    def begin(self, x: float, y: float, modifiers: Qt.KeyboardModifier) -> None:
        """Put the pen down at a place of the planes; with Control the stroke stays apart from the chosen defect."""
        self._begin(self._tool, self._pixel(x, y), bool(modifiers & _APART))

    def end(self) -> None:
        """Lift the pen: what was drawn becomes an edit. A stroke that missed the chip is dropped."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and not stroke.pixels.is_empty:
            self.drawn.emit(stroke)
        self._look()

    def drop(self) -> None:
        """Forget the stroke."""
        self._stroke = None
        self._look()

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a key is the pen's although an action has it, too."""
        return event.key() == Qt.Key.Key_Escape and event.type() == QEvent.Type.ShortcutOverride and self.is_on

    def key(self, event: QKeyEvent) -> bool:
        """Escape drops the stroke or puts the tool away, Space draws at the cursor; False for every other key."""
        if not self.is_on:
            return False
        if event.key() == Qt.Key.Key_Escape:
            if self.is_down:
                self.drop()
            else:
                self.put_away.emit()
            return True
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space(bool(event.modifiers() & _APART))
            return True
        return False

    def _space(self, apart: bool) -> None:
        """Toggle or erase what is under the brush; of box, column and line mark the start, and then the end."""
        place = self._view.cursor_place
        if place is None:
            return
        if self.is_down:
            self.end()
            return
        by_point = {"paint": "toggle", "erase": "erase"}.get(self._tool, "")
        self._begin(by_point or self._tool, self._pixel(*place), apart)
        if by_point:
            self.end()

    def _begin(self, tool: str, at: tuple[int, int], apart: bool) -> None:
        self._stroke = Stroke.begin(tool, self._brush, self._frame, at, apart)
        self._look()

    def _move(self, x: float, y: float) -> None:
        if not self._tool:
            return
        here = self._pixel(x, y)
        if self._stroke is not None and here != self._stroke.here:
            self._stroke = self._stroke.to(here)
        self._look()

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        """The pixel of the map at a place of the planes."""
        place = self._view.defects.place_of(self._view.planes)
        dx, dy = (place.dx, place.dy) if place is not None else (0, 0)
        return round(x) + dx, round(y) + dy

    def _look(self) -> None:
        """Show stroke and brush, if they are others than before."""
        layer, place = self._view.defects, self._view.cursor_place
        corners = None if self._stroke is None else self._stroke.pixels.corners
        brush = None
        if self.is_on and place is not None:
            brush = brush_box(*self._pixel(*place), 1 if self._tool == "box" else self._brush)
        if corners is not layer.stroke or brush != layer.brush:
            layer.stroke, layer.brush = corners, brush
            self._view.update()
