"""What is painted over the pixels of an image panel: title, cross-hair, shapes, pixel grid with values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from isrcore.geom import Box
from isrviewer.render.compose import Picture
from isrviewer.theme import ACCENT, number_font, soft

__all__ = ["Shape", "ToWidget", "paint_crosshair", "paint_pixel_grid", "paint_shapes", "paint_title"]

GRID_ZOOM = 8
"""Widget pixels per image pixel from which on the borders of the pixels are drawn."""

VALUES_ZOOM = 32
"""The same for the values of the pixels."""


@dataclass(frozen=True)
class Shape:
    """Something marked on the image, in image coordinates.

    Attributes
    ----------
    kind : {"cross", "box", "circle", "line", "polygon"}
    points : tuple of (float, float)
        The centre of a cross or circle, opposite corners of a box, ends of a line, corners of a polygon. Pixel
        centres are integers; a box around whole pixels reaches half a pixel further.
    radius : float
        Of a circle, in image pixels.
    colour : str
    label : str
    dashed : bool
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    radius: float = 0.0
    colour: str = "#3D8BD4"
    label: str = ""
    dashed: bool = False

    @classmethod
    def around(cls, box: Box, colour: str = "#3D8BD4", label: str = "") -> Shape:
        """The outline of the whole pixels of `box`."""
        return cls("box", ((box.x0 - 0.5, box.y0 - 0.5), (box.x1 - 0.5, box.y1 - 0.5)), 0.0, colour, label)


class ToWidget:
    """Image coordinates to widget coordinates of one picture.

    Parameters
    ----------
    picture : `Picture`
    ratio : float
        Device pixels per widget pixel.
    top : float
        Where the picture begins below the title, in widget pixels.
    """

    def __init__(self, picture: Picture, ratio: float, top: float) -> None:
        self._grid = picture.grid
        self._ratio = ratio
        self._top = top

    @property
    def scale(self) -> float:
        """Widget pixels per image pixel."""
        return self._grid.x.zoom / self._ratio

    def __call__(self, x: float, y: float) -> QPointF:
        across, down = self._grid.to_screen(x, y)
        return QPointF(across / self._ratio, down / self._ratio + self._top)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> QRectF:
        return QRectF(self(x0, y0), self(x1, y1)).normalized()


def paint_title(painter: QPainter, area: QRectF, title: str, facts: str, palette: QPalette) -> None:
    """The strip above the picture: what it shows on the left, how on the right."""
    painter.fillRect(area, palette.color(QPalette.ColorRole.Window))
    inner = area.adjusted(6, 0, -6, 0)
    metrics = QFontMetricsF(painter.font())
    facts_width = min(metrics.horizontalAdvance(facts), inner.width() * 0.5) if facts else 0.0
    gap = 12 if facts else 0
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, inner.width() - facts_width - gap)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    painter.setPen(soft(palette))
    # One pixel more than measured: text of exactly its own width may still be cut.
    elided = metrics.elidedText(facts, Qt.TextElideMode.ElideRight, facts_width + 1)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, elided)


def paint_crosshair(painter: QPainter, at: QPointF, area: QRectF, scale: float) -> None:
    """Lines across the picture that leave the pixel itself free."""
    gap = max(6.0, scale / 2 + 2)
    lines = [
        QLineF(area.left(), at.y(), at.x() - gap, at.y()),
        QLineF(at.x() + gap, at.y(), area.right(), at.y()),
        QLineF(at.x(), area.top(), at.x(), at.y() - gap),
        QLineF(at.x(), at.y() + gap, at.x(), area.bottom()),
    ]
    if scale >= 4:
        painter.setPen(QPen(ACCENT, 0))
        painter.drawRect(QRectF(at.x() - scale / 2, at.y() - scale / 2, scale, scale))
    for pen in (QPen(QColor(0, 0, 0, 60), 3), QPen(ACCENT, 1)):
        painter.setPen(pen)
        painter.drawLines(lines)


def paint_shapes(painter: QPainter, shapes: Iterable[Shape], to_widget: ToWidget) -> None:
    """Marks with their labels, on a dark rim so that they show on any picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shape in shapes:
        style = Qt.PenStyle.DashLine if shape.dashed else Qt.PenStyle.SolidLine
        for pen in (QPen(QColor(0, 0, 0, 140), 3.5), QPen(QColor(shape.colour), 1.5, style)):
            painter.setPen(pen)
            anchor = _paint_shape(painter, shape, to_widget)
        if shape.label:
            painter.drawText(anchor + QPointF(4, -4), shape.label)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_shape(painter: QPainter, shape: Shape, to_widget: ToWidget) -> QPointF:
    """Paint with the present pen; return where a label fits."""
    points = [to_widget(*point) for point in shape.points]
    first = points[0]
    if shape.kind == "box":
        rectangle = QRectF(first, points[1]).normalized()
        painter.drawRect(rectangle)
        return rectangle.topRight()
    if shape.kind == "circle":
        radius = shape.radius * to_widget.scale
        painter.drawEllipse(first, radius, radius)
        return first + QPointF(radius, 0)
    if shape.kind == "cross":
        arm = max(5.0, to_widget.scale / 2)
        for dx, dy in ((1, 1), (1, -1)):
            painter.drawLine(first - QPointF(arm * dx, arm * dy), first + QPointF(arm * dx, arm * dy))
        return first + QPointF(arm, -arm)
    if shape.kind == "line":
        painter.drawLine(first, points[1])
        return points[1]
    if shape.kind == "polygon":
        painter.drawPolygon(QPolygonF(points))
        return first
    raise ValueError(f"there is no shape {shape.kind!r}; choose box, circle, cross, line or polygon")


def paint_pixel_grid(painter: QPainter, picture: Picture, to_widget: ToWidget, area: QRectF) -> None:
    """Borders of the image pixels, and their values once they fit; nothing at lower zoom."""
    scale = to_widget.scale
    if scale < GRID_ZOOM:
        return
    planes = picture.request.planes
    height, width = planes.shape
    box = picture.grid.visible_box().intersect(Box(*planes.xy0, width, height))
    if box.is_empty:
        return
    frame = to_widget.rectangle(box.x0 - 0.5, box.y0 - 0.5, box.x1 - 0.5, box.y1 - 0.5)
    painter.setPen(QPen(QColor(128, 128, 128, 70), 0))
    first = to_widget(box.x0 - 0.5, box.y0 - 0.5)
    last = to_widget(box.x1 - 0.5, box.y1 - 0.5)
    across, down = (round(abs(last.x() - first.x()) / scale), round(abs(last.y() - first.y()) / scale))
    columns = [frame.left() + n * scale for n in range(across + 1)]
    rows = [frame.top() + n * scale for n in range(down + 1)]
    painter.drawLines([QLineF(x, frame.top(), x, frame.bottom()) for x in columns])
    painter.drawLines([QLineF(frame.left(), y, frame.right(), y) for y in rows])
    if scale >= VALUES_ZOOM:
        _paint_values(painter, picture, to_widget, box, area)


def _paint_values(painter: QPainter, picture: Picture, to_widget: ToWidget, box: Box, area: QRectF) -> None:
    font = number_font()
    scale = to_widget.scale
    font.setPixelSize(int(max(7, min(13, scale / 4))))
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    digits = int((scale - 4) / metrics.horizontalAdvance("0"))
    values = picture.request.planes.image[box.slices(picture.request.planes.xy0)].tolist()
    heights = picture.pixels.shape
    dark, light = QColor(0, 0, 0, 210), QColor(255, 255, 255, 210)
    for row, y in enumerate(range(box.y0, box.y1)):
        for column, x in enumerate(range(box.x0, box.x1)):
            middle = to_widget(x, y)
            if not area.contains(middle):
                continue
            across, down = picture.grid.to_screen(x, y)
            colour = int(picture.pixels[min(int(down), heights[0] - 1), min(int(across), heights[1] - 1)])
            painter.setPen(dark if _is_light(colour) else light)
            cell = QRectF(middle.x() - scale / 2, middle.y() - scale / 2, scale, scale)
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, short_number(values[row][column], digits))


def _is_light(colour: int) -> bool:
    red, green, blue = (colour >> shift & 0xFF for shift in (16, 8, 0))
    return 299 * red + 587 * green + 114 * blue > 140_000


def short_number(value: float, digits: int) -> str:
    """The value in at most `digits` characters if that is possible without losing its integer part."""
    if isinstance(value, int):
        return str(value)
    if not np.isfinite(value):
        return str(value)
    for decimals in (3, 2, 1, 0):
        text = f"{value:.{decimals}f}"
        if len(text) <= digits:
            return text
    return f"{value:.0f}" if abs(value) < 1e6 else f"{value:.0e}"
