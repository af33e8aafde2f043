"""What the mouse and the arrow keys do in an image panel; DS9's gestures where DS9 has one.

=====================  ========================================================
wheel                  zoom at the cursor
left drag              pan; with Shift draw a box, with Control a line
left drag with a tool  draw into the defect map, see `DefectPen`; with Shift pan
left click             choose the pixel
double click           between the whole plane and 1:1 at this place
middle click           centre this place
right drag             bias to the right, contrast upwards, as in DS9
right click            ask for a menu
drag on the divider    move the curtain
=====================  ========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent

from isrcore.geom import Box

if TYPE_CHECKING:
    from isrviewer.panels.image.view import ImageView

__all__ = ["Gestures"]

_CLICK_PIXELS = 4
_NOTCH = 120
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}

_DRAWING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier

Move = Callable[[QPointF], None]


class Gestures:
    """Turns events of an `ImageView` into calls of its methods."""

    def __init__(self, view: ImageView) -> None:
        self._view = view
        self._pressed: QPointF | None = None
        self._button = Qt.MouseButton.NoButton
        self._moved = False
        self._draws = False
        self._move: Move | None = None
        self._finish: Move | None = None
        self._turned = 0

    def press(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            return
        view, place = self._view, event.position()
        view.entered.emit()
        if view.in_title(place):
            view.title_clicked.emit(event.globalPosition().toPoint())
            return
        self._pressed, self._button, self._moved = place, event.button(), False
        self._move = self._finish = None
        self._draws = False
        if event.button() == Qt.MouseButton.LeftButton:
            self._start_left(place, event.modifiers())
        elif event.button() == Qt.MouseButton.RightButton:
            self._move = self._contrast_drag()
        elif event.button() == Qt.MouseButton.MiddleButton:
            view.center_on(*view.to_image(place))

    def move(self, event: QMouseEvent) -> None:
        place = event.position()
        self._view.point_at(place)
        if self._pressed is None:
            return
        if not self._moved and (place - self._pressed).manhattanLength() < _CLICK_PIXELS:
            return
        self._moved = True
        if self._move is not None:
            self._move(place)

    def release(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != self._button:
            return
        view, place = self._view, event.position()
        self._pressed = None
        view.show_rubber(None)
        if self._draws:
            view.pen.end()
        elif self._moved:
            if self._finish is not None:
                self._finish(place)
        elif event.button() == Qt.MouseButton.LeftButton:
            view.clicked.emit(*view.to_image(place))
        elif event.button() == Qt.MouseButton.RightButton:
            view.menu_asked.emit(event.globalPosition().toPoint())

    def double_click(self, event: QMouseEvent) -> None:
        view, place = self._view, event.position()
        if event.button() != Qt.MouseButton.LeftButton or view.in_title(place):
            return
        if view.pen.takes(event.modifiers()):
            # Two strokes in quick succession.
            self.press(event)
        elif view.is_fitted:
            view.one_to_one(view.to_image(place))
        else:
            view.fit()

    def wheel(self, event: QWheelEvent) -> None:
        view = self._view
        self._turned += event.angleDelta().y()
        notches = int(self._turned / _NOTCH)
        if notches and not view.in_title(event.position()):
            self._turned -= notches * _NOTCH
            view.zoom_notches(notches, view.to_image(event.position()))
        event.accept()

    def key(self, event: QKeyEvent) -> bool:
        """Arrow keys move the cursor, others may be the pen's; False for every other key."""
        if self._view.pen.key(event):
            return True
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None:
            return False
        size = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self._view.move_cursor(size * step[0], size * step[1])
        return True

    def _start_left(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        view = self._view
        if view.on_divider(place):
            self._move = lambda here: view.drag_curtain(here.x() / max(view.width(), 1))
        elif view.pen.takes(modifiers):
            self._draws = True
            view.pen.begin(*view.to_image(place), modifiers)
        elif modifiers & _DRAWING and not view.pen.is_on:
            is_box = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            start = view.to_image(place)
            self._move = lambda here: view.show_rubber((start, view.to_image(here)), is_box)
            self._finish = lambda here: self._drawn(start, view.to_image(here), is_box)
        else:
            self._move = self._pan_drag(place)

    def _drawn(self, start: tuple[float, float], end: tuple[float, float], is_box: bool) -> None:
        if not is_box:
            self._view.line_drawn.emit(*start, *end)
            return
        (x0, x1), (y0, y1) = (sorted((round(a), round(b))) for a, b in zip(start, end, strict=True))
        self._view.box_drawn.emit(Box.from_corners(x0, y0, x1, y1))

    def _pan_drag(self, place: QPointF) -> Move:
        view = self._view
        held = view.to_image(place)

        def drag(here: QPointF) -> None:
            x, y = view.to_image(here)
            center = view.view.center
            view.center_on(center[0] + held[0] - x, center[1] + held[1] - y)

        return drag

    def _contrast_drag(self) -> Move:
        view, start = self._view, self._pressed
        before = view.style_wanted

        def drag(here: QPointF) -> None:
            if start is None:
                return
            bias = before.stretch.bias + (here.x() - start.x()) / max(view.width(), 1)
            # Ten times the contrast for the height of the panel: as fine at 0.1 as at 10.
            contrast = before.stretch.contrast * 10 ** ((start.y() - here.y()) / max(view.height(), 1))
            stretch = replace(before.stretch, bias=min(max(bias, 0), 1), contrast=min(max(contrast, 0.05), 20))
            view.change_style(replace(view.style_wanted, stretch=stretch))

        return drag
