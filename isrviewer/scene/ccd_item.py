"""A CCD as an item of a pyqtgraph scene: it paints the picture made for the visible device pixels.

Its coordinates are the 0-based pixels of its planes: the centre of the first pixel is at `ImagePlanes.xy0`, y grows
upwards in a `pyqtgraph.ViewBox`. Methods are named as those of `pyqtgraph.ImageItem`, so that colour bars, ROIs and
exporters of pyqtgraph work on it; what is drawn is the reduction of `isrviewer.render`, in which no defect disappears.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from isrviewer.render.colour import ColourMap, map_colours
from isrviewer.render.compose import Picture, PictureStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.render.view import MIN_ZOOM, Orientation, View
from isrviewer.scene.slot import PlaneSlot

__all__ = ["CcdItem"]

_SAME_ZOOM = 1e-7
"""Relative difference below which two zooms are one: a transform carries the noise of its arithmetic."""


class CcdItem(pg.GraphicsObject):  # type: ignore[misc]
    """Planes of one CCD in a scene.

    Parameters
    ----------
    cache : `LevelCache`
        Where reduced planes are kept; items that show the same planes share it.
    style : `PictureStyle`, optional

    Signals
    -------
    sigImageChanged()
        Other planes are on the screen.
    sigLevelsChanged((float, float))
        The limits are others, as `pyqtgraph.ColorBarItem` wants to hear it.
    failed(str)
        The planes could not be drawn; the old picture stays.
    """

    sigImageChanged = Signal()
    sigLevelsChanged = Signal(object)
    failed = Signal(str)
    axisOrder = "row-major"

    def __init__(self, cache: LevelCache, style: PictureStyle | None = None) -> None:
        super().__init__()
        self._style = style or PictureStyle()
        self._wanted: ImagePlanes | None = None
        self._slot = PlaneSlot(cache)
        self._slot.swapped.connect(self._swapped)
        self._slot.improved.connect(self.update)
        self._slot.failed.connect(self.failed)
        self._shown: ImagePlanes | None = None

    # Data

    @property
    def planes(self) -> ImagePlanes | None:
        """What is on the screen; None before the first picture."""
        return self._shown

    @property
    def image(self) -> NDArray[Any] | None:
        """Pixels on the screen, (height, width)."""
        return None if self._shown is None else self._shown.image

    @property
    def is_settled(self) -> bool:
        """Whether what was asked for is on the screen."""
        return not self._slot.is_busy

    def setPlanes(self, planes: ImagePlanes) -> None:
        """Show other planes as soon as their picture is made; the old ones stay until then."""
        self._wanted = planes
        self._slot.show(planes, self._style, self._zoom())

    def setStyle(self, style: PictureStyle) -> None:
        """Draw in another style."""
        self._style = style
        if self._wanted is not None:
            self._slot.show(self._wanted, style, self._zoom())

    @property
    def style(self) -> PictureStyle:
        return self._style

    def getLevels(self) -> tuple[float, float] | None:
        """Values with the end colours."""
        return None if self._slot.layer is None else self._slot.layer.limits

    @property
    def levels(self) -> tuple[float, float] | None:
        return self.getLevels()

    def setLevels(self, levels: tuple[float, float]) -> None:
        """Values with the end colours, until planes with other limits are shown."""
        self._slot.relimit((float(levels[0]), float(levels[1])))

    def getColorMap(self) -> pg.ColorMap:
        """The colour map of values, as pyqtgraph's items want it."""
        colours = self._style.colours
        table = map_colours(colours)
        channels = np.stack([table >> np.uint32(shift) & np.uint32(255) for shift in (16, 8, 0)], axis=1)
        return pg.ColorMap(np.linspace(0.0, 1.0, len(table)), channels.astype(np.uint8), name=colours.name)

    def setColorMap(self, colours: str | ColourMap | pg.ColorMap) -> None:
        """Colours of values: ours, or one of pyqtgraph by its name.

        Raises
        ------
        ValueError
            For a map that has no name that we know.
        """
        if not isinstance(colours, ColourMap):
            name = colours if isinstance(colours, str) else colours.name
            if name == self._style.colours.name:
                return
            colours = ColourMap(name)
        map_colours(colours)
        self.setStyle(replace(self._style, colours=colours))

    def channels(self) -> None:
        """No colour channels; pyqtgraph asks."""

    def mapToData(self, obj: Any) -> Any:
        """From item coordinates to (row, column), which is what `pyqtgraph.ROI` indexes arrays with."""
        if isinstance(obj, QPointF):
            corner = self.boundingRect().topLeft()
            return QPointF(obj.y() - corner.y(), obj.x() - corner.x())
        return QTransform(0, 1, 1, 0, 0, 0).map(obj)

    def getHistogram(self, **_: Any) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """Lower edges and counts of a sample of the finite pixels, for pyqtgraph's histogram items."""
        if self.image is None:
            return None, None
        rows, columns = (max(1, math.ceil(length / 512)) for length in self.image.shape)
        sample = self.image[::rows, ::columns]
        counts, edges = np.histogram(sample[np.isfinite(sample)], bins=256)
        return edges[:-1], counts

    # Geometry

    def boundingRect(self) -> QRectF:
        if self._shown is None:
            return QRectF()
        (x0, y0), (height, width) = self._shown.xy0, self._shown.shape
        return QRectF(x0 - 0.5, y0 - 0.5, width, height)

    def width(self) -> int | None:
        return None if self._shown is None else self._shown.shape[1]

    def height(self) -> int | None:
        return None if self._shown is None else self._shown.shape[0]

    def close(self) -> None:
        """Drop all work and let go of the planes."""
        self._wanted = None
        self._slot.show(None, self._style, 1.0)
        self._slot.close()

    # Painting

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._shown is None:
            return
        device = painter.device()
        ratio = device.devicePixelRatioF()
        # Not deviceTransform: that one holds the place of the viewport in its window.
        to_device = painter.worldTransform() * QTransform.fromScale(ratio, ratio)
        found = _right_angled(to_device)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        try:
            if found is None or found[1] < MIN_ZOOM:
                self._paint_turned(painter)
            else:
                # Pictures know their device pixels; of a printer's page or a QImage only these are physical already.
                size = _device_size(device, ratio)
                self._paint_visible(painter, to_device, *found, size, ratio)
        finally:
            painter.restore()

    def _paint_visible(
        self, painter: QPainter, to_device: QTransform, orientation: Orientation, zoom: float,
        size: tuple[int, int], ratio: float,
    ) -> None:  # fmt: skip
        screen = QRect(0, 0, *size)
        mine = to_device.mapRect(self.boundingRect()).toAlignedRect() & screen
        if mine.isEmpty():
            return
        before = self._slot.picture
        if before is not None and abs(before.request.view.zoom / zoom - 1) < _SAME_ZOOM:
            zoom = before.request.view.zoom
        # The picture of the whole viewport: its size stays while the view moves, so that what stays is only shifted.
        back, _ = to_device.inverted()
        centre = back.map(QPointF(size[0] / 2, size[1] / 2))
        view = View((centre.x(), centre.y()), zoom, orientation)
        picture = self._slot.draw(view, size, None, max(1, round(ratio)))
        if picture is None:
            return
        painter.resetTransform()
        target = QRectF(mine.x() / ratio, mine.y() / ratio, mine.width() / ratio, mine.height() / ratio)
        painter.drawImage(target, _as_image(picture), QRectF(mine))

    def _paint_turned(self, painter: QPainter) -> None:
        """Under any other transform: the whole plane at the nearest zoom, turned by Qt."""
        planes = self._shown
        assert planes is not None
        transform = painter.worldTransform()
        zoom = min(1.0, math.hypot(transform.m11(), transform.m12()))
        height, width = planes.shape
        centre = planes.xy0[0] + (width - 1) / 2, planes.xy0[1] + (height - 1) / 2
        size = max(1, round(width * zoom)), max(1, round(height * zoom))
        picture = self._slot.draw(View(centre, zoom, Orientation(flip_y=True)), size, None, 1)
        if picture is not None:
            painter.drawImage(self.boundingRect(), _as_image(picture))

    def _zoom(self) -> float:
        found = _right_angled(self.sceneTransform())
        return 1.0 if found is None else found[1]

    def _swapped(self) -> None:
        layer = self._slot.layer
        planes = None if layer is None else layer.planes
        if planes is not self._shown:
            before = self.boundingRect()
            self.prepareGeometryChange()
            self._shown = planes
            if self.boundingRect() != before:
                self.informViewBoundsChanged()
            self.sigImageChanged.emit()
        self.update()
        if layer is not None:
            self.sigLevelsChanged.emit(layer.limits)


def _right_angled(transform: QTransform) -> tuple[Orientation, float] | None:
    """Orientation and zoom of a transform from pixels to the screen; None where it turns, shears or stretches."""
    across, down = (transform.m11(), transform.m12()), (transform.m21(), transform.m22())
    noise = 1e-6 * max(map(abs, (*across, *down)))
    if abs(across[1]) <= noise and abs(down[0]) <= noise:
        x_scale, y_scale, transpose = across[0], down[1], False
    elif abs(across[0]) <= noise and abs(down[1]) <= noise:
        x_scale, y_scale, transpose = down[0], across[1], True
    else:
        return None
    if not noise or abs(abs(x_scale) - abs(y_scale)) > 1e-3 * abs(x_scale):
        return None
    # Screen rows count downwards: y points up where its scale is negative.
    return Orientation(transpose, x_scale < 0, y_scale > 0), abs(x_scale)


def _device_size(device: Any, ratio: float) -> tuple[int, int]:
    scale = 1.0 if isinstance(device, QImage) else ratio
    return round(device.width() * scale), round(device.height() * scale)


def _as_image(picture: Picture) -> QImage:
    """The picture's own pixels as an image; valid as long as the picture is."""
    height, width = picture.pixels.shape
    return QImage(picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
