"""The place of a defect in every frame, side by side at one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from isrcore.geom import Box
from isrcore.values import frozen
from isrviewer.audit.cutouts import Cutout, outline
from isrviewer.plots.number_table import number_text
from isrviewer.plots.plot import series_colour
from isrviewer.render.colour import ColourMap
from isrviewer.render.compose import PictureStyle
from isrviewer.theme import ACCENT, GRID, soft

__all__ = ["CutoutStrip", "Scene"]

_CHOSEN = 2
_DEFECT, _OTHERS, _SHADOW = "#F0A030", "#56B4E9", QColor(0, 0, 0, 150)
_OFF_CHIP = QColor(PictureStyle().background)
_TICK, _FEWEST_FOR_TICKS = 6, 64
_WIDEST_GAP = 48
_FEWEST_SHOWN, _SMALLEST = 0.68, 15
_FRAME = 3


@dataclass(frozen=True, eq=False)
class Scene:
    """What is to be seen.

    Attributes
    ----------
    cutouts : tuple of `Cutout`
    box : `Box`
        Trimmed frame, from 0.
    defect, others, on_chip : ndarray, (height, width), bool
        Pixels of the defect, of the rest of the map, and of the chip; row 0 is the lowest.
    colours : `ColourMap`
    """

    cutouts: tuple[Cutout, ...]
    box: Box
    defect: NDArray[np.bool_]
    others: NDArray[np.bool_]
    on_chip: NDArray[np.bool_]
    colours: ColourMap


@frozen
class _Layout:
    """Where the pictures are, as far as there is room for them; logical pixels.

    `room` is the width for words, `margin` the number of pixels left out on every side, `zoom` the size of a pixel.
    """

    cells: tuple[QRectF, ...]
    room: float
    margin: int
    zoom: float


class CutoutStrip(QWidget):
    """Cut-outs in as many rows as give the largest pictures; those chosen have the colours of their profiles.

    Click to choose one, Ctrl and click to lay its profile over the others, double click to go to a pixel.

    Signals
    -------
    chosen()
        Others are chosen.
    place_chosen(int, int)
        Column and row, trimmed frame, from 0.
    part_asked(int)
        The next (1) or previous (-1) part of a long defect.
    """

    chosen = Signal()
    place_chosen = Signal(int, int)
    part_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.titles: tuple[str, ...] = ()
        self._scene: Scene | None = None
        self._images: list[QImage] = []
        self._outlines: list[tuple[QColor, NDArray[np.int_]]] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)
        self.setAccessibleName("Cut-outs around the defect")
        self.setToolTip("Cut-outs around the defect: click one for its profile, Ctrl and click for several")

    def sizeHint(self) -> QSize:
        return QSize(900, 200)

    # What is shown

    def show_scene(self, scene: Scene | None) -> None:
        """Show other cut-outs; the choice stays where the same frames are there."""
        self._scene = scene
        self._images, self._outlines = [], []
        if scene is not None:
            self._images = [_image(one.picture(scene.colours, scene.on_chip)) for one in scene.cutouts]
            self._outlines = [
                (QColor(_OTHERS), outline(scene.others & ~scene.defect)),
                (QColor(_DEFECT), outline(scene.defect)),
            ]
            there = [one.witness.title for one in scene.cutouts]
            kept = tuple(title for title in self.titles if title in there)
            self.titles = kept or tuple(there[_first_choice(there) :][:1])
        self.update()

    @property
    def scene(self) -> Scene | None:
        return self._scene

    @property
    def chosen_cutouts(self) -> tuple[Cutout, ...]:
        """Those whose profiles are wanted, in the order of the choice."""
        known = {one.witness.title: one for one in self._scene.cutouts} if self._scene is not None else {}
        return tuple(known[title] for title in self.titles if title in known)

    def choose(self, titles: Sequence[str]) -> None:
        """Choose cut-outs by their titles."""
        if titles and tuple(titles) != self.titles:
            self.titles = tuple(titles)
            self.update()
            self.chosen.emit()

    # Where it is

    def layout_now(self) -> _Layout | None:
        """The arrangement with the largest pixels, and of those the one with the most of them."""
        if self._scene is None or not self._scene.cutouts:
            return None
        count, size = len(self._scene.cutouts), self._scene.box.width
        ratio, text = self.devicePixelRatioF(), self._line()
        width, height = self.width() - 2 * _FRAME, self.height() - 2 * _FRAME
        best = 0, 0, 0, 0
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            across = (width - GRID * (columns - 1)) / columns
            down = (height - GRID * (rows - 1)) / rows - 2 * text
            room = int(min(across, down) * ratio)
            if room >= _SMALLEST:
                # As few rows as possible, and these as even as possible.
                best = max(best, (*_zoom(room, size), -rows, -columns))
        if not best[0]:
            # Not even small ones all fit: as many as there is room for.
            best = 1, _SMALLEST, 0, -max(int((width + GRID) * ratio / (_SMALLEST + GRID * ratio)), 1)
        zoom, shown, _, columns = (abs(number) for number in best)
        side = zoom * shown / ratio
        pitch = min(side + _WIDEST_GAP, max((width + GRID) / columns, side + GRID))
        line = side + 2 * text + GRID
        corners = [(number % columns * pitch, number // columns * line + text) for number in range(count)]
        cells = tuple(
            QRectF(_snap(_FRAME + x, ratio), _snap(_FRAME + y, ratio), side, side)
            for x, y in corners
            if x + side <= width + 1 and y + side <= height + 1
        )
        return _Layout(cells, pitch - GRID, (size - shown) // 2, zoom / ratio)

    def pixel_at(self, place: QPointF) -> tuple[int, int, int] | None:
        """Number of the cut-out under a place of the widget, and its pixel, trimmed frame, from 0."""
        scene, layout = self._scene, self.layout_now()
        if scene is None or layout is None:
            return None
        for number, cell in enumerate(layout.cells):
            if cell.contains(place):
                column = int((place.x() - cell.x()) / layout.zoom) + layout.margin
                row = int((place.y() - cell.y()) / layout.zoom) + layout.margin
                return number, scene.box.x0 + column, scene.box.y1 - 1 - row
        return None

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            scene, layout = self._scene, self.layout_now()
            if scene is None or layout is None:
                return
            font = self.font()
            font.setPointSizeF(font.pointSizeF() - 1)
            painter.setFont(font)
            for number, (cell, one) in enumerate(zip(layout.cells, scene.cutouts, strict=False)):
                self._draw(painter, cell, self._images[number], layout)
                self._label(painter, cell, one, round(layout.room))
            if self.hasFocus():
                painter.setPen(ACCENT)
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw(self, painter: QPainter, cell: QRectF, image: QImage, layout: _Layout) -> None:
        margin, zoom = layout.margin, layout.zoom
        painter.fillRect(cell, _OFF_CHIP)
        painter.drawImage(cell, image, QRectF(image.rect()).adjusted(margin, margin, -margin, -margin))
        painter.save()
        painter.setClipRect(cell)
        for colour, lines in self._outlines:
            places = (lines - margin) * zoom + np.array([cell.x(), cell.y(), cell.x(), cell.y()])
            painter.setPen(QPen(colour, 1.0))
            painter.drawLines([QLineF(*line) for line in places.tolist()])
        painter.restore()
        self._draw_ticks(painter, cell, layout)

    def _draw_ticks(self, painter: QPainter, cell: QRectF, layout: _Layout) -> None:
        """Where the profiles go through."""
        scene = self._scene
        assert scene is not None
        rows, columns = np.nonzero(scene.defect)
        if not rows.size or cell.width() < _FEWEST_FOR_TICKS:
            return
        x = cell.x() + (float(columns.mean()) + 0.5 - layout.margin) * layout.zoom
        y = cell.y() + (scene.box.height - float(rows.mean()) - 0.5 - layout.margin) * layout.zoom
        lines = [
            QLineF(cell.left(), y, cell.left() + _TICK, y),
            QLineF(cell.right() - _TICK, y, cell.right(), y),
            QLineF(x, cell.top(), x, cell.top() + _TICK),
            QLineF(x, cell.bottom() - _TICK, x, cell.bottom()),
        ]
        for pen in (QPen(_SHADOW, 3.5), QPen(QColor("#FFFFFF"), 1.5)):
            painter.setPen(pen)
            painter.drawLines(lines)

    def _label(self, painter: QPainter, cell: QRectF, one: Cutout, room: int) -> None:
        title = one.witness.title
        is_chosen = title in self.titles
        text = self.palette().color(QPalette.ColorRole.Text)
        if is_chosen:
            colour = QColor(series_colour(self.titles.index(title)))
            painter.setPen(QPen(colour, _CHOSEN))
            painter.drawRect(cell.adjusted(-1, -1, 1, 1))
        height = self._line()
        metrics = painter.fontMetrics()
        above = QRectF(cell.x(), cell.y() - height, room, height)
        painter.setPen(text)
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        # File names differ at their ends.
        mode = Qt.TextElideMode.ElideLeft if one.witness.is_exposure else Qt.TextElideMode.ElideRight
        painter.drawText(above, side, metrics.elidedText(title, mode, room))
        below = QRectF(cell.x(), cell.bottom(), room, height)
        painter.setPen(soft(self.palette()))
        painter.drawText(below, side, _fitting(metrics.horizontalAdvance, room, *_range_texts(one)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.pixel_at(event.position())
        if found is None or self._scene is None or event.button() != Qt.MouseButton.LeftButton:
            return
        title = self._scene.cutouts[found[0]].witness.title
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            rest = tuple(one for one in self.titles if one != title)
            self.choose(rest if title in self.titles else (*self.titles, title))
        else:
            self.choose((title,))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.pixel_at(event.position())
        if found is not None:
            self.place_chosen.emit(found[1], found[2])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose, with Shift several; up and down walk along a long defect."""
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
        parts = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        key = Qt.Key(event.key())
        if key in parts:
            self.part_asked.emit(parts[key])
        elif key in steps and self._scene is not None and self._scene.cutouts:
            there = [one.witness.title for one in self._scene.cutouts]
            here = there.index(self.titles[-1]) if self.titles and self.titles[-1] in there else 0
            title = there[(here + steps[key]) % len(there)]
            several = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            rest = tuple(one for one in self.titles if one != title)
            self.choose((*rest, title) if several else (title,))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._scene is not None:
            found = self.pixel_at(QPointF(event.pos()))
            if found is not None:
                QToolTip.showText(event.globalPos(), self._tip(*found), self)
                return True
        return super().event(event)

    def _tip(self, number: int, x: int, y: int) -> str:
        scene = self._scene
        assert scene is not None
        one = scene.cutouts[number]
        value = number_text(float(one.values[y - scene.box.y0, x - scene.box.x0]), 6)
        reading = f"x {x} y {y}, trimmed, from 0: {f'{value} {one.witness.unit}'.strip() or 'no value'}"
        contrast = "\nAll exposures have the same contrast." if one.witness.is_exposure else ""
        return f"{one.witness.name}\n{reading}\nBlack to white: {_range_texts(one)[0]}{contrast}"

    def _line(self) -> int:
        return self.fontMetrics().height()


def _zoom(room: int, size: int) -> tuple[int, int]:
    """Device pixels for every pixel, a whole number so that none looks wider than its neighbour, and how many to show.

    A few pixels less on every side are worth it when the others become larger by that, and all frames are worth more
    than many pixels of some.
    """
    zoom = room // size
    shown = (room // (zoom + 1) - 1) // 2 * 2 + 1
    return (zoom + 1, shown) if shown >= _FEWEST_SHOWN * size or not zoom else (zoom, size)


def _first_choice(titles: Sequence[str]) -> int:
    """The latest step before the calibrations."""
    calibrations = [titles.index(kind) for kind in ("bias", "dark", "flat") if kind in titles]
    return max(min(calibrations, default=len(titles)) - 1, 0)


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    # A copy: the image outlives the array.
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32).copy()


def _snap(value: float, ratio: float) -> float:
    return round(value * ratio) / ratio


def _range_texts(one: Cutout) -> tuple[str, ...]:
    """The limits in words, the longest first."""
    low, high = one.limits
    digits = max(2, math.ceil(math.log10(max(abs(low), abs(high), 1e-9) / max(high - low, 1e-9))) + 2)
    short, unit = f"{number_text(low, digits)} … {number_text(high, digits)}", one.witness.unit
    return (f"{short} {unit}".strip(), short, short.replace(" … ", "…"))


def _fitting(advance: object, room: int, *texts: str) -> str:
    """The first text that fits, nothing if none does."""
    assert callable(advance)
    return next((text for text in texts if advance(text) <= room), "")
