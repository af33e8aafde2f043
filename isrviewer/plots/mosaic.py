"""The CCDs of a camera as they lie in the focal plane, coloured by one number each; a click chooses one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from isrcore.values import frozen
from isrviewer.theme import ACCENT, GRID, is_dark, number_font, soft

__all__ = ["MosaicView", "Tile"]

_GAP = 1.0
_STRONG = {False: QColor("#0B3D73"), True: QColor("#9CCBF5")}
_FAINT = 0.06
"""How much of the strong colour the smallest value gets."""

_STEPS = 32
"""Colours in the scale."""


@frozen
class Tile:
    """One CCD.

    Attributes
    ----------
    number : int
    name : str
    x, y, width, height : float
        Centre and size in the focal plane, mm.
    value : float
        Its colour, logarithmically; NaN when there is none.
    tip : str
    """

    number: int
    name: str
    x: float
    y: float
    width: float
    height: float
    value: float = math.nan
    tip: str = ""


class MosaicView(QWidget):
    """North is up and east is left, as on the sky.

    Signals
    -------
    chosen(int)
        A click, or Return, on a CCD: its number.
    """

    chosen = Signal(int)

    def __init__(self, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self._tiles: tuple[Tile, ...] = ()
        self._marked = -1
        self._cursor = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("CCDs in the focal plane")
        self.setMinimumSize(160, 120)

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these CCDs."""
        self._tiles = tuple(tiles)
        self.update()

    def mark(self, number: int) -> None:
        """Frame the CCD that is on screen."""
        self._marked = self._cursor = number
        self.update()

    def place_of(self, number: int) -> QRectF:
        """Where a CCD is drawn, in pixels of the widget."""
        return next((place for tile, place in self._places() if tile.number == number), QRectF())

    def _places(self) -> list[tuple[Tile, QRectF]]:
        if not self._tiles:
            return []
        left, right = (
            min(tile.x - tile.width / 2 for tile in self._tiles),
            max(tile.x + tile.width / 2 for tile in self._tiles),
        )
        low, high = (
            min(tile.y - tile.height / 2 for tile in self._tiles),
            max(tile.y + tile.height / 2 for tile in self._tiles),
        )
        below = 2.5 * self.fontMetrics().height() + 2 * GRID
        scale = min((self.width() - 2 * GRID) / (right - left), (self.height() - 2 * GRID - below) / (high - low))
        x0 = (self.width() - scale * (right - left)) / 2
        return [
            (
                tile,
                QRectF(
                    x0 + scale * (tile.x - tile.width / 2 - left),
                    GRID + scale * (high - tile.y - tile.height / 2),
                    scale * tile.width,
                    scale * tile.height,
                ).adjusted(_GAP, _GAP, -_GAP, -_GAP),
            )
            for tile in self._tiles
        ]

    def _range(self) -> tuple[float, float]:
        values = [tile.value for tile in self._tiles if tile.value > 0]
        return (min(values), max(values)) if values else (0.0, 0.0)

    def _colour(self, value: float) -> QColor:
        low, high = self._range()
        part = math.log(value / low) / math.log(high / low) if value > 0 and high > low else 0.0
        return _mix(self.palette().color(QPalette.ColorRole.Base), _STRONG[is_dark()], _FAINT + (1 - _FAINT) * part)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), self.palette().base())
            quiet = soft(self.palette())
            places = self._places()
            if places:
                painter.setFont(_fitting(min(place.width() for _, place in places)))
            for tile, place in places:
                has_value = not math.isnan(tile.value)
                colour = self._colour(tile.value) if has_value else self.palette().color(QPalette.ColorRole.Base)
                painter.setPen(QPen(quiet, 0.8, Qt.PenStyle.SolidLine if has_value else Qt.PenStyle.DotLine))
                painter.setBrush(colour)
                painter.drawRect(place)
                painter.setPen(_readable(colour) if has_value else quiet)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, tile.name)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for tile, place in places:
                if tile.number == self._marked:
                    painter.setPen(QPen(ACCENT, 3))
                    painter.drawRect(place)
                elif tile.number == self._cursor and self.hasFocus():
                    painter.setPen(QPen(ACCENT, 1.5, Qt.PenStyle.DashLine))
                    painter.drawRect(place)
            painter.setFont(number_font(1))
            if places:
                self._draw_scale(painter, max(place.bottom() for _, place in places) + 2 * GRID)

    def _draw_scale(self, painter: QPainter, top: float) -> None:
        """The colours with their smallest and largest value, and below them the directions on the sky."""
        low, high = self._range()
        metrics = painter.fontMetrics()
        line = QRectF(2 * GRID, top, self.width() - 2 * GRID, metrics.height())
        across = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        if low < high:
            first = f"{low:.3g}"
            painter.drawText(line, across, first)
            begin = line.left() + metrics.horizontalAdvance(first) + 2 * GRID
            bar = QRectF(begin, line.top() + GRID / 2, min(96.0, line.width() / 3), line.height() - GRID)
            width = bar.width() / _STEPS
            for step in range(_STEPS):
                part = QRectF(bar.left() + step * width, bar.top(), width + 0.5, bar.height())
                painter.fillRect(part, self._colour(low * (high / low) ** (step / (_STEPS - 1))))
            after = QRectF(bar.right() + 2 * GRID, line.top(), line.right() - bar.right(), line.height())
            painter.drawText(after, across, f"{high:.3g} {self._unit}")
            painter.setPen(QPen(soft(self.palette()), 0.8))
            painter.drawRect(bar)
        elif high > 0:
            painter.drawText(line, across, f"{high:.3g} {self._unit}")
        painter.setPen(soft(self.palette()))
        painter.drawText(line.translated(0, metrics.height() + GRID / 2), across, "N up, E left")

    # Mouse and keys

    def _at(self, place: QPointF) -> Tile | None:
        return next((tile for tile, area in self._places() if area.contains(place)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        tile = self._at(event.position())
        if tile is not None and event.button() == Qt.MouseButton.LeftButton:
            self._cursor = tile.number
            self.chosen.emit(tile.number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go to the nearest CCD in their direction, Return chooses it."""
        directions = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor >= 0:
            self.chosen.emit(self._cursor)
        elif event.key() in directions and self._tiles:
            self._walk(*directions[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _walk(self, dx: int, dy: int) -> None:
        here = next((tile for tile in self._tiles if tile.number == self._cursor), self._tiles[0])

        def cost(tile: Tile) -> float:
            along = (tile.x - here.x) / here.width * dx + (tile.y - here.y) / here.height * dy
            across = (tile.y - here.y) / here.height * dx + (tile.x - here.x) / here.width * dy
            return along + 4 * abs(across) if along > 0.5 else math.inf

        best = min(self._tiles, key=cost)
        if cost(best) < math.inf:
            self._cursor = best.number
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tile = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tile.tip if tile is not None else "", self)
            return True
        return super().event(event)


def _fitting(width: float) -> QFont:
    """Digits of which two fit into a tile."""
    font = number_font(1)
    needed = QFontMetricsF(font).horizontalAdvance("00") + 2
    font.setPointSizeF(max(4.0, font.pointSizeF() * min(1.0, width / needed)))
    return font


def _mix(ground: QColor, colour: QColor, part: float) -> QColor:
    return QColor(*(round(a + part * (b - a)) for a, b in zip(_rgb(ground), _rgb(colour), strict=True)))


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def _readable(ground: QColor) -> QColor:
    red, green, blue = _rgb(ground)
    return QColor("black" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "white")
