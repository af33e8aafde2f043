"""What is painted over the pixels of an image panel: title, cross-hair, shapes, pixel grid with values."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from isrcore.geom import Box
from isrcore.values import frozen
from isrviewer.render.compose import Picture
from isrviewer.theme import ACCENT, number_font, soft

__all__ = [
    "Shape",
    "ToWidget",
    "paint_crosshair",
    "paint_hatching",
    "paint_pixel_grid",
    "paint_shapes",
    "paint_title",
    "short_number",
]

GRID_ZOOM = 8
"""Widget pixels per image pixel from which on the borders of the pixels are drawn."""

VALUES_ZOOM = 32
"""The same for the values of the pixels."""


@frozen
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
        self.ratio = ratio
        self.top = top

    @property
    def scale(self) -> float:
        """Widget pixels per image pixel."""
        return self._grid.x.zoom / self.ratio

    def __call__(self, x: float, y: float) -> QPointF:
        across, down = self._grid.to_screen(x, y)
        return QPointF(across / self.ratio, down / self.ratio + self.top)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> QRectF:
        return QRectF(self(x0, y0), self(x1, y1)).normalized()


def paint_title(painter: QPainter, area: QRectF, title: str, facts: str, palette: QPalette) -> None:
    """The strip above the picture: what it shows on the left, how on the right."""
    painter.fillRect(area, palette.color(QPalette.ColorRole.Window))
    inner = area.adjusted(6, 0, -6, 0)
    metrics = QFontMetricsF(painter.font())
    gap = 12 if facts else 0
    room = max(inner.width() - metrics.horizontalAdvance(title) - gap, inner.width() / 2)
    facts_width = min(metrics.horizontalAdvance(facts), room)
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    shown = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, inner.width() - facts_width - gap)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    painter.setPen(soft(palette))
    # One pixel more than measured: text of exactly its own width may still be cut.
    elided = metrics.elidedText(facts, Qt.TextElideMode.ElideRight, facts_width + 1)
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, elided)


def paint_hatching(painter: QPainter, area: QRectF) -> None:
    """Oblique lines, light beside dark, so that they show on any picture."""
    painter.save()
    for colour, shift in ((QColor(0, 0, 0, 150), 0.0), (QColor(255, 255, 255, 190), 1.0)):
        painter.setBrushOrigin(QPointF(shift, 0.0))
        painter.fillRect(area, QBrush(colour, Qt.BrushStyle.BDiagPattern))
    painter.restore()


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


def paint_pixel_grid(painter: QPainter, picture: Picture, to_widget: ToWidget) -> None:
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
    columns = [frame.left() + n * scale for n in range(round(frame.width() / scale) + 1)]
    rows = [frame.top() + n * scale for n in range(round(frame.height() / scale) + 1)]
    painter.drawLines([QLineF(x, frame.top(), x, frame.bottom()) for x in columns])
    painter.drawLines([QLineF(frame.left(), y, frame.right(), y) for y in rows])
    if scale >= VALUES_ZOOM:
        _paint_values(painter, picture, to_widget, box)


def _paint_values(painter: QPainter, picture: Picture, to_widget: ToWidget, box: Box) -> None:
    """Values of a few thousand pixels at most; all that is not drawing is done at once for all of them."""
    scale = to_widget.scale
    painter.save()
    font = number_font()
    font.setPixelSize(int(max(7, min(13, scale / 4))))
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    digit = metrics.horizontalAdvance("0")
    digits = int((scale - 4) / digit)
    drop = (metrics.ascent() - metrics.descent()) / 2
    planes = picture.request.planes
    values = planes.image[box.slices(planes.xy0)].ravel().tolist()
    y, x = (axis.ravel() for axis in np.mgrid[box.y0 : box.y1, box.x0 : box.x1])
    across, down = (np.asarray(place) for place in picture.grid.to_screen(x, y))
    height, width = picture.pixels.shape
    colours = picture.pixels[np.clip(down, 0, height - 1).astype(int), np.clip(across, 0, width - 1).astype(int)]
    is_light = 299 * (colours >> 16 & 0xFF) + 587 * (colours >> 8 & 0xFF) + 114 * (colours & 0xFF) > 140_000
    places = zip(
        (across / to_widget.ratio).tolist(), (down / to_widget.ratio + to_widget.top + drop).tolist(), strict=True
    )
    texts: dict[bool, list[tuple[QPointF, str]]] = {False: [], True: []}
    for light, value, (left, bottom) in zip(is_light.tolist(), values, places, strict=True):
        text = short_number(value, digits)
        texts[light].append((QPointF(left - len(text) * digit / 2, bottom), text))
    for light, colour in ((True, QColor(0, 0, 0, 210)), (False, QColor(255, 255, 255, 210))):
        painter.setPen(colour)
        for place, text in texts[light]:
            painter.drawText(place, text)
    painter.restore()


def short_number(value: float, digits: int) -> str:
    """The value in at most `digits` characters if that is possible without losing its integer part."""
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    whole = len(f"{value:.0f}")
    if whole > max(digits, 7):
        return f"{value:.1e}"
    return f"{value:.{min(max(digits - whole - 1, 0), 3)}f}"
