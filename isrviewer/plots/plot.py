"""A plot in the look of the window: units on the axes, plain numbers, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from isrviewer.theme import is_dark, soft

__all__ = ["Plot", "series_colour"]

_ON_LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8C6BB1", "#B8860B", "#56B4E9", "#666666")
_ON_DARK = ("#56B4E9", "#E69F00", "#2BC49A", "#E39AC4", "#B39DDB", "#F0E442", "#4D9DE0", "#BBBBBB")
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)


def series_colour(number: int) -> str:
    """Colour of series `number`, after Okabe and Ito, readable on the present background."""
    colours = _ON_DARK if is_dark() else _ON_LIGHT
    return colours[number % len(colours)]


class Plot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph states no types
    """A plot with axes (name, unit).

    Drag to pan, wheel to zoom, double click to see everything.

    Signals
    -------
    pointed(float, float)
        The mouse is at these values.
    picked(float, float)
        The user clicked there.
    """

    pointed = Signal(float, float)
    picked = Signal(float, float)

    def __init__(self, x: tuple[str, str], y: tuple[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.setDownsampling(auto=True, mode="peak")
        item.setClipToView(True)
        self._names = {"bottom": x, "left": y}
        for side in ("bottom", "left"):
            axis = item.getAxis(side)
            # Thousands stay thousands: "1.2 kADU" is nobody's unit.
            axis.enableAutoSIPrefix(False)
        self._legend = item.addLegend(offset=(-4, 4), labelTextSize="8pt", horSpacing=4, verSpacing=-8)
        self._items: dict[tuple[Any, ...], Any] = {}
        self._old: dict[tuple[Any, ...], Any] = {}
        self.scene().sigMouseMoved.connect(self._moved)
        self.scene().sigMouseClicked.connect(self._clicked)
        self._paint_theme()

    def sizeHint(self) -> QSize:
        return QSize(360, 180)

    def set_axis(self, side: str, name: str, unit: str) -> None:
        """Name an axis (``bottom`` or ``left``)."""
        self._names[side] = (name, unit)
        self.getPlotItem().getAxis(side).setLabel(f"{name} ({unit})" if unit else name)

    @contextmanager
    def redraw(self) -> Iterator[None]:
        """Draw everything anew inside this block: what is drawn again is changed in place, what is not goes away.

        Making items costs more than a repaint, so that following the cursor would stutter. What the user zoomed into
        stays.
        """
        self._old, self._items = self._items, {}
        yield
        for item in self._old.values():
            self.removeItem(item)
        self._old = {}
        self._legend.setVisible(bool(self.names))

    def curve(self, x: Any, y: Any, number: int, name: str = "", steps: bool = False, width: float = 1.0) -> None:
        """A line that breaks where there is no value.

        Parameters
        ----------
        x, y : array
            With `steps` `x` has one value more: the borders of bins.
        number : int
            Of the series: its colour.
        name : str
            For the legend.
        steps : bool
        width : float
        """
        dash = _DASHES[number // len(_ON_LIGHT) % len(_DASHES)]
        pen = pg.mkPen(series_colour(number), width=width, style=dash)
        if steps:
            # As corners: pyqtgraph's own steps fail when there are more bins than the plot has pixels.
            x, y = np.repeat(x, 2)[1:-1], np.repeat(y, 2)
        self._data("curve", number, name, x, y, pen=pen, connect="finite")

    def segments(self, x: Any, y: Any, colour: str, number: int, name: str = "") -> None:
        """Separate lines, each between two successive points."""
        self._data("segments", number, name, x, y, pen=pg.mkPen(colour, width=1.5), connect="pairs")

    def points(self, x: Any, y: Any, number: int, size: int = 5, name: str = "") -> None:
        """Separate dots; values that are not finite are left out."""
        style = {"symbol": "o", "symbolSize": size, "symbolBrush": pg.mkBrush(series_colour(number)), "symbolPen": None}
        self._data("points", number, name, *_finite(x, y), pen=None, **style)

    def marks(self, x: Any, y: Any, number: int, name: str = "") -> None:
        """Grey crosses for what does not count."""
        x, y = _finite(x, y)
        if y.size:
            style = {"symbol": "x", "symbolSize": 6, "symbolBrush": None, "symbolPen": soft(self.palette(), 0.7)}
            self._data("marks", number, name, x, y, pen=None, **style)

    def errors(self, x: Any, y: Any, sigma: Any, number: int) -> None:
        """Bars of one standard deviation up and down."""
        x, y, sigma = (np.asarray(each, np.float64) for each in (x, y, sigma))
        good = np.isfinite(y) & np.isfinite(sigma)
        if good.any():
            options = {"pen": pg.mkPen(series_colour(number)), "beam": 0.3}
            bars = self._item(("errors", number), pg.ErrorBarItem)
            bars.setData(x=x[good], y=y[good], height=2 * sigma[good], **options)

    def level(self, value: float, number: int) -> None:
        """A thin dashed line across."""
        line = self._item(("level", number), lambda: pg.InfiniteLine(angle=0))
        line.setPen(pg.mkPen(series_colour(number), style=Qt.PenStyle.DashLine))
        line.setValue(value)

    def band(self, first: float, last: float, colour: str, number: int) -> None:
        """Shade a range of the horizontal axis."""
        shade = self._item(("band", number), lambda: pg.LinearRegionItem(movable=False, pen=pg.mkPen(None)))
        ground = QColor(colour)
        ground.setAlpha(56)
        shade.setBrush(ground)
        shade.setRegion((first, last))
        shade.setZValue(-20)

    def picture(self, pixels: np.ndarray, x0: float, y0: float, width: float, height: float) -> None:
        """An image of RGBA pixels, (rows, columns, 4) uint8, over an area of the axes."""
        image = self._item(("picture",), lambda: pg.ImageItem(axisOrder="row-major"))
        image.setImage(pixels, levels=None)
        image.setRect(QRectF(x0, y0, width, height))
        image.setZValue(-10)

    def ticks(self, side: str, labels: Sequence[tuple[float, str]] | None) -> None:
        """Label an axis at these values only; None for the usual round values."""
        self.getPlotItem().getAxis(side).setTicks(None if labels is None else [list(labels)])

    def see_heights(self, low: float, high: float) -> None:
        """Show this range of values with a margin, and the whole of the other axis."""
        margin = 0.05 * (high - low) or 1.0
        self.getPlotItem().enableAutoRange(axis="x")
        self.getPlotItem().setYRange(low - margin, high + margin, padding=0)

    def see_all(self) -> None:
        """Show everything again and follow new data."""
        self.getPlotItem().enableAutoRange()

    @property
    def names(self) -> list[str]:
        """Names in the legend."""
        return [label.text for _, label in self._legend.items]

    @property
    def curves(self) -> list[Any]:
        """The items drawn now, for tests."""
        return list(self._items.values())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_names"):
            self._paint_theme()

    def _data(self, kind: str, number: int, name: str, x: Any, y: Any, **style: Any) -> None:
        # A name cannot be changed: another one is another item. So are the colours of the other theme.
        key = (kind, number, name, is_dark())
        if key in self._old:
            self._item(key, pg.PlotDataItem).setData(np.asarray(x), np.asarray(y), **style)
        else:
            self._item(key, lambda: pg.PlotDataItem(np.asarray(x), np.asarray(y), name=name or None, **style))

    def _item(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The item that was drawn under this key before, or a new one."""
        item = self._old.pop(key, None)
        if item is None:
            item = make()
            self.addItem(item)
        self._items[key] = item
        return item

    def _paint_theme(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.Text)
        self.setBackground(palette.color(QPalette.ColorRole.Base))
        for side, (name, unit) in self._names.items():
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(soft(palette))
            axis.setTextPen(QColor(text))
            axis.setLabel(f"{name} ({unit})" if unit else name)
        self.getPlotItem().showGrid(x=True, y=True, alpha=0.15)
        self._legend.setLabelTextColor(text)
        ground = palette.color(QPalette.ColorRole.Base)
        ground.setAlpha(150)
        self._legend.setBrush(ground)

    def _values(self, place: QPointF) -> tuple[float, float]:
        point = self.getPlotItem().getViewBox().mapSceneToView(place)
        return point.x(), point.y()

    def _moved(self, place: QPointF) -> None:
        if self.getPlotItem().getViewBox().sceneBoundingRect().contains(place):
            self.pointed.emit(*self._values(place))

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.see_all()
        elif event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(*self._values(event.scenePos()))


def _finite(x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    good = np.isfinite(y)
    return x[good], y[good]
