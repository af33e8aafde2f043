"""The colour bar: which value has which colour, how many pixels have it, and two ends to drag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from isrviewer.render.colour import colour_table
from isrviewer.render.layer import Layer
from isrviewer.render.stretch import positions
from isrviewer.theme import ACCENT, GRID, number_font, soft

if TYPE_CHECKING:
    from isrviewer.panels.image.view import ImageView

__all__ = ["ColourBar"]

_HISTOGRAM, _STRIP = 20, 10
_REACH = 7
_BEYOND = 0.3
"""Part of the range between the limits that is shown on either side of them."""


class ColourBar(QWidget):
    """Histogram, colours and limits of what an `ImageView` shows.

    The ends can be dragged, or both at once by what lies between them; for changes the ends stay at equal distance
    from zero. Pointing at a value lights up its pixels, beyond an end all pixels beyond it.

    Signals
    -------
    limits_dragged(float, float)
    reset_asked()
        By a double click.
    pressed()
        The user works here.
    hovered((float, float) or None)
        The values of the bar's pixel under the mouse.
    """

    limits_dragged = Signal(float, float)
    reset_asked = Signal()
    pressed = Signal()
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self._range = (0.0, 1.0)
        self._grip: str | None = None
        self._held = (0.0, 0.0, 0.0)
        self._pointed: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour bar")
        self.setToolTip("Drag the ends to set the limits, double click for zscale; pointing lights pixels up")

    def follow(self, view: ImageView) -> None:
        """Show what `view` shows, and let this bar change its limits."""
        view.scale_changed.connect(lambda: self.set_layer(view.layer))
        self.limits_dragged.connect(view.set_limits)
        self.reset_asked.connect(view.reset_limits)
        self.hovered.connect(view.set_highlight)
        self.set_layer(view.layer)

    def set_layer(self, layer: Layer | None) -> None:
        self._layer = None if layer is not None and layer.planes.is_blank else layer
        if layer is not None and self._grip is None:
            low, high = layer.limits
            self._range = low - _BEYOND * (high - low), high + _BEYOND * (high - low)
        self.update()

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(number_font(1)).height()
        return QSize(240, round(_HISTOGRAM + _STRIP + text + GRID))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def place_of(self, value: float) -> float:
        """Horizontal place of a value."""
        low, high = self._range
        return (value - low) / (high - low) * self.width()

    def value_at(self, place: float) -> float:
        """Value at a horizontal place."""
        low, high = self._range
        return low + place / max(self.width(), 1) * (high - low)

    def pointed_text(self) -> str:
        """The value under the mouse; beyond the limits there is one colour for all values, and all light up."""
        if self._layer is None or self._pointed is None:
            return ""
        low, high = self._layer.limits
        if self._pointed < low:
            return f"below {low:.5g}"
        return f"above {high:.5g}" if self._pointed > high else f"{self._pointed:.5g}"

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
            if self._layer is not None:
                self._paint_histogram(painter, self._layer)
                self._paint_strip(painter, self._layer)
                self._paint_limits(painter, self._layer)

    def _edges(self) -> NDArray[np.float64]:
        return np.linspace(*self._range, self.width() + 1)

    def _paint_histogram(self, painter: QPainter, layer: Layer) -> None:
        counts = np.log1p(np.diff(np.searchsorted(layer.stats.sample, self._edges())))
        if not counts.size or counts.max() == 0:
            return
        heights = (_HISTOGRAM - 2) * counts / counts.max()
        outline = [QPointF(x + 0.5, _HISTOGRAM - height) for x, height in enumerate(heights.tolist())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft(self.palette(), 0.45))
        painter.drawPolygon(QPolygonF([QPointF(0, _HISTOGRAM), *outline, QPointF(self.width(), _HISTOGRAM)]))

    def _paint_strip(self, painter: QPainter, layer: Layer) -> None:
        style = layer.style
        table = colour_table(style.stretch, style.colours, layer.limits, layer.stats, centred=layer.planes.zero_centred)
        colours = table[positions(self._edges()[:-1], layer.limits)]
        image = QImage(colours.data, len(colours), 1, 4 * len(colours), QImage.Format.Format_RGB32)
        painter.drawImage(QRectF(0, _HISTOGRAM, self.width(), _STRIP), image)

    def _paint_limits(self, painter: QPainter, layer: Layer) -> None:
        painter.setFont(number_font(1))
        metrics = QFontMetricsF(painter.font())
        bottom = _HISTOGRAM + _STRIP
        low, high = layer.limits
        ends = [(low, f"{low:.5g}"), (high, f"{high:.5g} {layer.planes.unit}".rstrip())]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for value, text in ends:
            x = self.place_of(value)
            painter.setPen(QPen(ACCENT, 1.5))
            painter.setBrush(ACCENT)
            painter.drawLine(QPointF(x, 2), QPointF(x, bottom))
            painter.drawPolygon(QPolygonF([QPointF(x - 4, 0), QPointF(x + 4, 0), QPointF(x, 6)]))
            self._paint_text(painter, metrics, x, text, self.palette().color(QPalette.ColorRole.WindowText))
        if self._pointed is not None:
            x = self.place_of(self._pointed)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1))
            painter.drawLine(QPointF(x, 2), QPointF(x, bottom))
            taken = [self._text_span(metrics, self.place_of(value), text) for value, text in ends]
            text = self.pointed_text()
            first, last = self._text_span(metrics, x, text)
            if all(last < start or first > stop for start, stop in taken):
                self._paint_text(painter, metrics, x, text, soft(self.palette()))

    def _text_span(self, metrics: QFontMetricsF, x: float, text: str) -> tuple[float, float]:
        width = metrics.horizontalAdvance(text)
        left = min(max(x - width / 2, 2), self.width() - width - 2)
        return left, left + width

    def _paint_text(self, painter: QPainter, metrics: QFontMetricsF, x: float, text: str, colour: object) -> None:
        painter.setPen(colour)
        left, _ = self._text_span(metrics, x, text)
        painter.drawText(QPointF(left, _HISTOGRAM + _STRIP + metrics.ascent() + GRID / 2), text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        if self._layer is None or event.button() != Qt.MouseButton.LeftButton:
            return
        x, (low, high) = event.position().x(), self._layer.limits
        distances = {"low": abs(x - self.place_of(low)), "high": abs(x - self.place_of(high))}
        nearest = min(distances, key=lambda name: distances[name])
        if distances[nearest] <= _REACH:
            self._grip = nearest
        elif low < self.value_at(x) < high and not self._layer.planes.zero_centred:
            self._grip = "both"
        self._held = self.value_at(x), low, high
        self._point(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._layer is None:
            return
        x = event.position().x()
        if self._grip is None:
            self._point(self.value_at(x))
            return
        held, low, high = self._held
        moved = self.value_at(x) - held
        if self._grip in ("low", "both"):
            low += moved
        if self._grip in ("high", "both"):
            high += moved
        if self._layer.planes.zero_centred:
            size = abs(low if self._grip == "low" else high)
            low, high = -size, size
        if low < high:
            self.limits_dragged.emit(low, high)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.set_layer(self._layer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_asked.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def _point(self, value: float | None) -> None:
        self._pointed = value
        half = (self.value_at(1) - self.value_at(0)) / 2
        self.hovered.emit(None if value is None else (value - half, value + half))
        self.update()
