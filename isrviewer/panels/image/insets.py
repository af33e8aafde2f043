"""Two small pictures beside the large one: the whole plane with the visible part marked, and the cursor magnified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, QTimer, SignalInstance
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from isrcore.geom import Box
from isrviewer.render.compose import Picture, PictureRequest, compose
from isrviewer.render.layer import Layer
from isrviewer.render.view import CDMatrix, Grid, View, fit_view, north_and_east
from isrviewer.theme import ACCENT

if TYPE_CHECKING:
    from isrviewer.panels.image.view import ImageView

__all__ = ["Magnifier", "Panner"]

_ARROW, _LETTER = 22, 8
_LOOK_AGAIN_MS = 100
_MAGNIFICATION = 4
_LEAST_ZOOM = 8.0


class _Inset(QWidget):
    """A small picture of what an `ImageView` shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source: ImageView | None = None
        self._picture: Picture | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumSize(80, 80)

    def follow(self, view: ImageView) -> None:
        """Show what `view` shows, from now on and instead of what was followed before."""
        if view is self._source:
            return
        if self._source is not None:
            for signal in self._signals(self._source):
                signal.disconnect(self.update)
        self._source = view
        for signal in self._signals(view):
            signal.connect(self.update)
        self.update()

    @staticmethod
    def _signals(view: ImageView) -> tuple[SignalInstance, ...]:
        return view.scale_changed, view.refined, view.moved, view.cursor_moved

    def sizeHint(self) -> QSize:
        return QSize(180, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            layer = self._source.layer if self._source is not None else None
            painter.fillRect(self.rect(), QColor("#2B2D30"))
            if layer is not None and self._source is not None:
                self._paint(painter, self._source, layer)

    def _size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _paint(self, painter: QPainter, source: ImageView, layer: Layer) -> None:
        raise NotImplementedError

    def _paint_picture(self, painter: QPainter, source: ImageView, layer: Layer, view: View) -> Grid | None:
        """Paint a view if its levels are there; they come with the large picture's."""
        request = PictureRequest(layer.planes, layer.stats, view, self._size(), layer.limits, layer.style)
        if self._picture is None or not self._picture.final or self._picture.request != request:
            self._picture = compose(request, source.cache, self._picture)
        if self._picture is None or not self._picture.final:
            # The levels of a small picture are built last, and perhaps for another panel, which tells nobody.
            QTimer.singleShot(_LOOK_AGAIN_MS, self, self.update)
        if self._picture is None:
            return None
        width, height = self._size()
        image = QImage(self._picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.devicePixelRatioF())
        painter.drawImage(QPointF(0, 0), image)
        return self._picture.grid

    def _to_widget(self, grid: Grid, x: float, y: float) -> QPointF:
        across, down = grid.to_screen(x, y)
        return QPointF(across, down) / self.devicePixelRatioF()


class Panner(_Inset):
    """The whole plane; the frame marks the visible part and follows the mouse. Arrows point to north and east."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Panner")
        self.setToolTip("Drag to move the view")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._move(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move(event)

    def _move(self, event: QMouseEvent) -> None:
        if self._source is None or self._picture is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        place = event.position() * self.devicePixelRatioF()
        self._source.center_on(*self._picture.grid.to_image(place.x(), place.y()))

    def _paint(self, painter: QPainter, source: ImageView, layer: Layer) -> None:
        height, width = layer.planes.shape
        view = fit_view(Box(*layer.planes.xy0, width, height), self._size(), source.orientation)
        grid = self._paint_picture(painter, source, layer, view)
        if grid is None or source.grid is None:
            return
        across, down = source.grid.size
        corners = [source.grid.to_image(*corner) for corner in ((0, 0), (across, down))]
        frame = QRectF(*(self._to_widget(grid, *corner) for corner in corners)).intersected(QRectF(self.rect()))
        painter.setPen(QPen(ACCENT, 2))
        painter.drawRect(frame.adjusted(1, 1, -1, -1))
        if layer.planes.sky is not None:
            self._paint_compass(painter, source, layer.planes.sky)

    def _paint_compass(self, painter: QPainter, source: ImageView, sky: CDMatrix) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor("#FFD400"), 1.5))
        arrows = []
        for name, direction in zip("NE", north_and_east(sky), strict=True):
            right, up = source.orientation.screen_direction(*direction)
            arrows.append((name, QPointF(right, -up)))
        # The arrows may lead anywhere: move their foot away from the corner as far as they reach towards it.
        reach = _ARROW + 2 * _LETTER
        across = max(0.0, *(arrow.x() for _, arrow in arrows)) * reach + _LETTER
        down = max(0.0, *(arrow.y() for _, arrow in arrows)) * reach + _LETTER
        start = QPointF(self.width() - across, self.height() - down)
        for name, arrow in arrows:
            painter.drawLine(QLineF(start, start + arrow * _ARROW))
            beyond = start + arrow * (_ARROW + _LETTER)
            box = QRectF(beyond.x() - _LETTER, beyond.y() - _LETTER, 2 * _LETTER, 2 * _LETTER)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)


class Magnifier(_Inset):
    """The pixels around the cursor, several times larger."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Magnifier")

    def _paint(self, painter: QPainter, source: ImageView, layer: Layer) -> None:
        place = source.cursor_place
        if place is None:
            painter.setPen(QColor("#9A9DA1"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Magnifier")
            return
        x, y = round(place[0]), round(place[1])
        zoom = max(_LEAST_ZOOM, _MAGNIFICATION * source.view.zoom)
        grid = self._paint_picture(painter, source, layer, View((x, y), zoom, source.orientation))
        if grid is None:
            return
        corners = (self._to_widget(grid, x - 0.5, y - 0.5), self._to_widget(grid, x + 0.5, y + 0.5))
        pixel = QRectF(*corners).normalized()
        for pen, margin in ((QPen(QColor(0, 0, 0, 150), 1), 1.0), (QPen(ACCENT, 1), 0.0)):
            painter.setPen(pen)
            painter.drawRect(pixel.adjusted(-margin, -margin, margin, margin))
