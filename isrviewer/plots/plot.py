"""A plot in the look of the window: units on the axes, plain numbers, colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
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


class Plot(pg.PlotWidget):
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
        self._legend = item.addLegend(offset=(-8, 8), labelTextSize="8pt")
        self._curves: list[Any] = []
        self.scene().sigMouseMoved.connect(self._moved)
        self.scene().sigMouseClicked.connect(self._clicked)
        self._paint_theme()

    def sizeHint(self) -> QSize:
        return QSize(360, 180)

    def set_axis(self, side: str, name: str, unit: str) -> None:
        """Name an axis (``bottom`` or ``left``)."""
        self._names[side] = (name, unit)
        self.getPlotItem().getAxis(side).setLabel(f"{name} ({unit})" if unit else name)

    def begin(self) -> None:
        """Take all curves away; what the user zoomed into stays."""
        for curve in self._curves:
            self.removeItem(curve)
        self._curves = []
        self._legend.clear()

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
        options = {"stepMode": "center"} if steps else {"connect": "finite"}
        self._add(pg.PlotDataItem(np.asarray(x), np.asarray(y), pen=pen, name=name or None, **options))

    def segments(self, x: Any, y: Any, colour: str, name: str = "") -> None:
        """Separate lines, each between two successive points."""
        pen = pg.mkPen(colour, width=1.5)
        self._add(pg.PlotDataItem(np.asarray(x), np.asarray(y), pen=pen, name=name or None, connect="pairs"))

    def points(self, x: Any, y: Any, number: int, symbol: str = "o", size: int = 5, name: str = "") -> None:
        """Separate symbols; values that are not finite are left out."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        good = np.isfinite(y)
        brush = pg.mkBrush(series_colour(number))
        self._add(
            pg.PlotDataItem(
                x[good], y[good], pen=None, symbol=symbol, symbolSize=size, symbolBrush=brush, symbolPen=None,
                name=name or None,
            )
        )  # fmt: skip

    def marks(self, x: Any, y: Any, name: str = "") -> None:
        """Grey crosses for what does not count."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        good = np.isfinite(y)
        if good.any():
            pen = pg.mkPen(soft(self.palette(), 0.7))
            self._add(
                pg.PlotDataItem(
                    x[good], y[good], pen=None, symbol="x", symbolSize=6, symbolBrush=None, symbolPen=pen,
                    name=name or None,
                )
            )  # fmt: skip

    def errors(self, x: Any, y: Any, sigma: Any, number: int) -> None:
        """Bars of one standard deviation up and down."""
        x, y, sigma = (np.asarray(each, np.float64) for each in (x, y, sigma))
        good = np.isfinite(y) & np.isfinite(sigma)
        if good.any():
            pen = pg.mkPen(series_colour(number))
            self._add(pg.ErrorBarItem(x=x[good], y=y[good], height=2 * sigma[good], beam=0.3, pen=pen))

    def level(self, value: float, number: int, vertical: bool = False) -> None:
        """A thin dashed line across."""
        pen = pg.mkPen(series_colour(number), style=Qt.PenStyle.DashLine)
        self._add(pg.InfiniteLine(value, angle=90 if vertical else 0, pen=pen))

    def picture(self, pixels: np.ndarray, x0: float, y0: float, width: float, height: float) -> None:
        """An image of RGBA pixels, (rows, columns, 4) uint8, over an area of the axes."""
        from PySide6.QtCore import QRectF

        image = pg.ImageItem(pixels, axisOrder="row-major", levels=None)
        image.setRect(QRectF(x0, y0, width, height))
        image.setZValue(-10)
        self._add(image)

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
        return list(self._curves)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_names"):
            self._paint_theme()

    def _add(self, item: Any) -> None:
        self._curves.append(item)
        self.addItem(item)

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
