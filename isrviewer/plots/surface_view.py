"""A surface that can be turned with the mouse."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from isrviewer.plots.number_table import number_text
from isrviewer.plots.relief import Relief, project
from isrviewer.render.colour import ColourMap, map_colours
from isrviewer.theme import soft

__all__ = ["SurfaceView"]

_DEGREES_PER_PIXEL = 0.5


class SurfaceView(QWidget):
    """Drag to turn; double click for the first view again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._relief: Relief | None = None
        self._turned = (-35.0, 30.0)
        self._held: QPointF | None = None
        self.setMinimumSize(160, 120)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to turn, double click for the first view")

    def sizeHint(self) -> QSize:
        return QSize(360, 240)

    @property
    def direction(self) -> tuple[float, float]:
        """Azimuth and elevation, degrees."""
        return self._turned

    def show_relief(self, relief: Relief | None) -> None:
        """Draw this surface."""
        self._relief = relief
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            moved = event.position() - self._held
            self._held = event.position()
            azimuth, elevation = self._turned
            elevation = min(max(elevation + _DEGREES_PER_PIXEL * moved.y(), 5.0), 85.0)
            self._turned = ((azimuth - _DEGREES_PER_PIXEL * moved.x()) % 360, elevation)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._turned = (-35.0, 30.0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self._relief is not None:
                self._paint(painter, self._relief)

    def _to_widget(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        screen, depth = project(points, *self._turned)
        size = min(self.width() / 1.7, self.height() / 1.35)
        across = self.width() / 2 + screen[..., 0] * size
        down = self.height() / 2 - screen[..., 1] * size
        return np.stack([across, down], axis=-1), depth

    def _paint(self, painter: QPainter, relief: Relief) -> None:
        low, high = relief.limits
        ny, nx = relief.z.shape
        longest = max(nx, ny, 2) - 1
        # Equal pixels in x and y; the shorter side is centred.
        x = 0.5 + (np.arange(nx) - (nx - 1) / 2) / longest
        y = 0.5 + (np.arange(ny) - (ny - 1) / 2) / longest
        height = 0.6 * (relief.z - low) / (high - low) + 0.2
        ground = np.array([[x[0], y[0], 0.2], [x[-1], y[0], 0.2], [x[-1], y[-1], 0.2], [x[0], y[-1], 0.2]])
        if nx > 1 and ny > 1:
            self._paint_cells(painter, x, y, height)
        self._paint_scale(painter, relief, ground)

    def _paint_cells(self, painter: QPainter, x: np.ndarray, y: np.ndarray, height: np.ndarray) -> None:
        grid = np.stack([*np.meshgrid(x, y), height], axis=-1)
        corners = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2).reshape(-1, 4, 3)
        corners = corners[np.isfinite(corners[..., 2]).all(axis=1)]
        places, depth = self._to_widget(corners)
        share = np.clip((corners[..., 2].mean(axis=1) - 0.2) / 0.6, 0, 1)
        colours = map_colours(ColourMap("viridis"))[np.rint(255 * share).astype(np.intp)]
        painter.setPen(QPen(QColor(0, 0, 0, 70), 0.6))
        # Far cells first: near ones hide them.
        for cell in np.argsort(-depth.mean(axis=1)):
            painter.setBrush(QColor.fromRgb(int(colours[cell])))
            painter.drawConvexPolygon(QPolygonF([QPointF(*point) for point in places[cell].tolist()]))

    def _paint_scale(self, painter: QPainter, relief: Relief, ground: np.ndarray) -> None:
        """Coordinates of the near corners, and the height of the lowest and highest value."""
        low, high = relief.limits
        corners, depth = self._to_widget(ground)
        points = [QPointF(*point) for point in corners.tolist()]
        painter.setPen(QPen(soft(self.palette()), 1))
        places = [(relief.x[column], relief.y[row]) for column, row in ((0, 0), (-1, 0), (-1, -1), (0, -1))]
        near = int(np.argmin(depth))
        for number in (near, (near + 1) % 4, (near - 1) % 4):
            self._label(painter, points[number], f"x {places[number][0]:g} y {places[number][1]:g}", below=True)
        # The scale stands at the leftmost corner, where nothing hides it.
        left = int(np.argmin(corners[:, 0]))
        scale, _ = self._to_widget(np.array([[*ground[left, :2], 0.2], [*ground[left, :2], 0.8]]))
        foot, top = (QPointF(*point) for point in scale.tolist())
        painter.drawLine(foot, top)
        self._label(painter, top, f"{number_text(high, 6)} {relief.unit}", below=False)
        self._label(painter, foot, f"{number_text(low, 6)} {relief.unit}", below=False)

    def _label(self, painter: QPainter, place: QPointF, text: str, below: bool) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        width, height = painter.fontMetrics().horizontalAdvance(text) + 2, painter.fontMetrics().height()
        area = QRectF(place.x() - width / 2, place.y() + height / 2, width, height)
        if not below:
            area = QRectF(place.x() - width - 4, place.y() - height / 2, width, height)
        area.moveLeft(min(max(area.left(), 2), self.width() - width - 2))
        area.moveTop(min(max(area.top(), 0), self.height() - height))
        ground = self.palette().color(QPalette.ColorRole.Base)
        ground.setAlpha(190)
        painter.fillRect(area, ground)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(soft(self.palette()), 1))
