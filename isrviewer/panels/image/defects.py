"""The defect map over the pixels of an image panel: its defects in the colours of their statuses, and the pen's stroke.

Zoomed out, defects are filled, so that none gets lost; zoomed in, they are outlined and the pixels below show. What
the map no longer flags is crossed out. Where the defects lie on the screen is found once for a view and a map.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from itertools import starmap

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLine, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from isrcore.geom import Box
from isrviewer.audit.picture import PAINTS, MapPicture
from isrviewer.audit.style import STATUS_MARKS
from isrviewer.render.boxes import fill_boxes, screen_borders, screen_boxes
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.view import Grid
from isrviewer.theme import ACCENT

__all__ = ["DefectLayer", "Place"]

OUTLINE_ZOOM = 4
"""Widget pixels per image pixel from which on defects are outlined."""

MARKS_ZOOM = 16
"""The same for the marks of the statuses."""

_REJECTED = "rejected"
_LONG = 8
_FRAME_MARGIN = 4
_SMALLEST_FRAME = 14


@dataclass(frozen=True)
class Place:
    """Where the pixels of a map are in planes: add `dx`, `dy` to a pixel of the planes; and whose map."""

    dx: int
    dy: int
    detector: str


@dataclass(frozen=True)
class _Lines:
    """Lines and marks of one colour."""

    pen: QPen
    borders: list[QLine]
    crosses: list[QLine]
    marks: list[QPointF]
    mark: str


@dataclass(frozen=True)
class _Drawing:
    """What one view shows of one map, ready to be painted.

    Attributes
    ----------
    fills : `QImage`
        Its memory is that of `pixels`.
    """

    fills: QImage
    pixels: NDArray[np.uint32]
    corner: QPoint
    lines: list[_Lines]


class DefectLayer:
    """What is drawn of a map in one panel. All boxes are in the map's coordinates.

    Attributes
    ----------
    picture : `MapPicture` or None
    chosen : `Box` or None
        Around the defect to mark.
    label : str
        What stands beside it.
    stroke : ndarray, (n, 4), int, or None
        Rectangles of the stroke that is being drawn, as `MapPicture.corners`.
    brush : `Box` or None
        Pixels under the pen.
    pen_colour : str
        Of stroke and brush.
    """

    def __init__(self) -> None:
        self.picture: MapPicture | None = None
        self.chosen: Box | None = None
        self.label = ""
        self.stroke: NDArray[np.intp] | None = None
        self.brush: Box | None = None
        self.pen_colour = ""
        self._places: weakref.WeakKeyDictionary[ImagePlanes, Place | None] = weakref.WeakKeyDictionary()
        self._key: tuple[MapPicture, Grid] | None = None
        self._drawing: _Drawing | None = None

    def set_place(self, planes: ImagePlanes, place: Place | None) -> None:
        """Say where the map lies in planes; None when it has no place there."""
        self._places[planes] = place

    def place_of(self, planes: ImagePlanes | None, shift: tuple[float, float] = (0.0, 0.0)) -> Place | None:
        """Where the map lies in planes, or in others whose coordinates are larger by `shift`; None for no place."""
        place = None if planes is None else self._places.get(planes)
        return place and replace(place, dx=place.dx - round(shift[0]), dy=place.dy - round(shift[1]))

    def paint(self, painter: QPainter, grid: Grid, place: Place, ratio: float, top: float) -> None:
        """Paint map, mark, stroke and brush over a picture.

        Parameters
        ----------
        painter : `QPainter`
            In widget coordinates.
        grid : `Grid`
            Of the picture, in the coordinates of its planes.
        place : `Place`
        ratio : float
            Device pixels per widget pixel.
        top : float
            Where the picture begins, in widget pixels.
        """
        grid, line = grid.moved(place.dx, place.dy), max(1, round(ratio))
        with _DevicePixels(painter, ratio, top):
            if self.picture is not None and place.detector == self.picture.detector:
                _paint_drawing(painter, self._prepared(self.picture, grid, line))
                if self.chosen is not None:
                    _paint_frame(painter, _on_screen(grid, self.chosen), self.label, grid.size, line)
            if self.stroke is not None:
                _paint_stroke(painter, grid, self.stroke, self.pen_colour, line)
            if self.brush is not None:
                _paint_brush(painter, _on_screen(grid, self.brush), self.pen_colour, line)

    def _prepared(self, picture: MapPicture, grid: Grid, line: int) -> _Drawing:
        """What one view shows of one map, found once."""
        if self._drawing is None or self._key is None or self._key[0] is not picture or self._key[1] != grid:
            self._key, self._drawing = (picture, grid), _draw(picture, grid, line)
        return self._drawing


class _DevicePixels:
    """Paint in whole device pixels of the picture meanwhile."""

    def __init__(self, painter: QPainter, ratio: float, top: float) -> None:
        self._painter, self._ratio, self._top = painter, ratio, top

    def __enter__(self) -> None:
        self._painter.save()
        self._painter.translate(0, self._top)
        self._painter.scale(1 / self._ratio, 1 / self._ratio)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        font = self._painter.font()
        font.setPointSizeF(font.pointSizeF() * self._ratio)
        self._painter.setFont(font)

    def __exit__(self, *_: object) -> None:
        self._painter.restore()


def _draw(picture: MapPicture, grid: Grid, width: int) -> _Drawing:
    """Everything in view, sorted by colour, in the order of painting."""
    index, rectangles = screen_boxes(grid, picture.corners)
    order = np.argsort(picture.paints[index], kind="stable")
    index, rectangles = index[order], rectangles[order]
    paints, owners = picture.paints[index], picture.owners[index]
    zoom = grid.x.zoom
    is_outlined, is_marked = zoom >= OUTLINE_ZOOM * width, zoom >= MARKS_ZOOM * width
    alpha = 50 if is_outlined else 255 if zoom < 1 else 190
    fills = [_premultiplied(colour, alpha // 2 if name == _REJECTED else alpha) for name, colour in PAINTS.items()]
    pixels, left, top = fill_boxes(rectangles, np.array(fills, np.uint32)[paints], grid.size)
    height, across = pixels.shape
    image = QImage(pixels.data, across, height, 4 * across, QImage.Format.Format_ARGB32_Premultiplied)
    lines = []
    for number, (name, colour) in enumerate(PAINTS.items()):
        mine = paints == number
        is_rejected = name == _REJECTED
        if not mine.any() or not (is_rejected or is_outlined):
            continue
        pen = QPen(QColor(colour), 2 * width, Qt.PenStyle.DashLine if is_rejected else Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        borders: list[list[int]] = []
        if is_outlined:
            borders = screen_borders(grid, picture.corners[index[mine]], owners[mine])[1].tolist()
        lines.append(
            _Lines(
                pen=pen,
                borders=list(starmap(QLine, borders)),
                crosses=list(starmap(QLine, _crosses(rectangles[mine], not is_outlined))) if is_rejected else [],
                marks=_mark_places(rectangles[mine], owners[mine]) if is_marked else [],
                mark=STATUS_MARKS.get(name, ""),
            )
        )
    return _Drawing(image, pixels, QPoint(left, top), lines)


def _premultiplied(colour: str, alpha: int) -> int:
    """Packed colour, its parts multiplied by its opacity (0 to 255)."""
    parts = QColor(colour)
    red, green, blue = (part * alpha // 255 for part in (parts.red(), parts.green(), parts.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue


def _crosses(rectangles: NDArray[np.intp], along_long: bool) -> list[list[int]]:
    """Both diagonals of rectangles that have room for them; if asked, a line along those that are only long."""
    left, top, width, height = rectangles.T
    right, bottom = left + width - 1, top + height - 1
    is_large = (width >= _LONG) & (height >= _LONG)
    is_long = along_long & ~is_large & ((width >= _LONG) | (height >= _LONG))
    middle_x, middle_y = left + width // 2, top + height // 2
    across = width > height
    along = np.stack(
        [
            np.where(across, left, middle_x),
            np.where(across, middle_y, top),
            np.where(across, right, middle_x),
            np.where(across, middle_y, bottom),
        ],
        axis=1,
    )
    falling, rising = np.stack([left, top, right, bottom], axis=1), np.stack([left, bottom, right, top], axis=1)
    lines: list[list[int]] = np.concatenate([falling[is_large], rising[is_large], along[is_long]]).tolist()
    return lines


def _mark_places(rectangles: NDArray[np.intp], owners: NDArray[np.intp]) -> list[QPointF]:
    """The corner on the screen of the first rectangle of every defect."""
    _, first = np.unique(owners, return_index=True)
    return [QPointF(left, top) for left, top in rectangles[first, :2].clip(0).tolist()]


def _paint_drawing(painter: QPainter, drawing: _Drawing) -> None:
    painter.drawImage(drawing.corner, drawing.fills)
    for lines in drawing.lines:
        painter.setPen(lines.pen)
        painter.drawLines(lines.borders)
        painter.setPen(QPen(lines.pen.color(), max(1, lines.pen.width() // 2), lines.pen.style()))
        painter.drawLines(lines.crosses)
        if lines.mark:
            _paint_marks(painter, lines)


def _paint_marks(painter: QPainter, lines: _Lines) -> None:
    size = QFontMetricsF(painter.font()).height()
    painter.setPen(lines.pen.color().lighter(130))
    for place in lines.marks:
        ground = QRectF(place.x(), place.y(), size, size)
        painter.fillRect(ground, QColor(0, 0, 0, 170))
        painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, lines.mark)


def _on_screen(grid: Grid, box: Box) -> QRect | None:
    """Where a box is; None when it is out of view."""
    _, rectangles = screen_boxes(grid, np.array([(box.y0, box.x0, box.y1, box.x1)]))
    return QRect(*rectangles[0].tolist()) if len(rectangles) else None


def _paint_stroke(painter: QPainter, grid: Grid, corners: NDArray[np.intp], colour: str, line: int) -> None:
    _, rectangles = screen_boxes(grid, corners)
    fill = QColor(colour)
    fill.setAlpha(255 if grid.x.zoom < OUTLINE_ZOOM * line else 150)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRects(list(starmap(QRect, rectangles.tolist())))


def _paint_brush(painter: QPainter, inside: QRect | None, colour: str, line: int) -> None:
    """Outline the pixels under the pen, and nothing of them."""
    if inside is None:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, margin in ((QColor(0, 0, 0, 200), 2 * line), (QColor(colour), line)):
        painter.setPen(QPen(shade, line))
        painter.drawRect(inside.adjusted(-margin, -margin, margin - line, margin - line))


def _paint_frame(painter: QPainter, inside: QRect | None, label: str, size: tuple[int, int], line: int) -> None:
    """A frame around the chosen defect, large enough to be found, and its label where there is room."""
    if inside is None:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    margin_x = max(_FRAME_MARGIN * line, (_SMALLEST_FRAME * line - inside.width()) // 2)
    margin_y = max(_FRAME_MARGIN * line, (_SMALLEST_FRAME * line - inside.height()) // 2)
    frame = inside.adjusted(-margin_x, -margin_y, margin_x, margin_y)
    for shade, width in ((QColor(0, 0, 0, 160), 4 * line), (ACCENT.lighter(130), 2 * line)):
        painter.setPen(QPen(shade, width, j=Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(frame)
    metrics = QFontMetricsF(painter.font())
    text = QRectF(0, 0, metrics.horizontalAdvance(label) + 8 * line, metrics.height() + 2 * line)
    above = frame.top() - text.height() - 3 * line
    below = min(frame.bottom() + 4 * line, size[1] - text.height())
    text.moveTo(min(max(frame.left(), 0), size[0] - text.width()), above if above >= 0 else below)
    painter.fillRect(text, QColor(0, 0, 0, 180))
    painter.setPen(QColor("white"))
    painter.drawText(text, Qt.AlignmentFlag.AlignCenter, label)
