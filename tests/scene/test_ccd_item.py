"""A CCD in a pyqtgraph scene has its pixels at their places in every orientation, and pyqtgraph's tools work on it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QTransform
from pytestqt.qtbot import QtBot

from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.scene.ccd_item import CcdItem

STYLE = PictureStyle(limits=Limits("manual", low=0.0, high=255.0))
BLACK, WHITE = 0xFF000000, 0xFFFFFFFF


def one_bright(row: int, column: int, shape: tuple[int, int] = (60, 40)) -> ImagePlanes:
    image = np.zeros(shape, np.float32)
    image[row, column] = 255
    return ImagePlanes(image, np.zeros(shape, np.int32), plane_bits={"BAD": 0}, title="one", unit="ADU")


Show = Callable[[ImagePlanes], tuple[pg.GraphicsLayoutWidget, pg.ViewBox, CcdItem]]


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    made: list[tuple[pg.GraphicsLayoutWidget, CcdItem]] = []

    def make(planes: ImagePlanes) -> tuple[pg.GraphicsLayoutWidget, pg.ViewBox, CcdItem]:
        widget = pg.GraphicsLayoutWidget()
        widget.resize(500, 400)
        box = widget.addViewBox(lockAspect=True)
        item = CcdItem(LevelCache(), STYLE)
        box.addItem(item)
        made.append((widget, item))
        widget.show()
        qtbot.waitExposed(widget)
        item.setPlanes(planes)
        qtbot.waitUntil(lambda: item.planes is planes)
        box.setRange(item.boundingRect(), padding=0)
        return widget, box, item

    yield make
    for widget, item in made:
        item.close()
        widget.close()
        widget.deleteLater()


def colour_at(widget: pg.GraphicsLayoutWidget, item: CcdItem, x: float, y: float) -> int:
    """The packed colour on the screen at item coordinates."""
    picture = widget.grab().toImage()
    place = widget.mapFromScene(item.mapToScene(QPointF(x, y)))
    return picture.pixel(place)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [1, -1])
def test_a_pixel_is_at_its_place_in_every_orientation(show: Show, qtbot: QtBot, turn: int, mirror: int) -> None:
    widget, box, item = show(one_bright(50, 10))
    item.setTransform(QTransform().rotate(turn).scale(mirror, 1))
    box.setRange(item.mapRectToParent(item.boundingRect()), padding=0)
    qtbot.waitUntil(lambda: colour_at(widget, item, 10, 50) == WHITE)
    for x, y in ((9, 50), (11, 50), (10, 49), (10, 51), (29, 9), (10, 9), (29, 50)):
        assert colour_at(widget, item, x, y) == BLACK, (x, y)


def test_the_centre_of_the_first_pixel_is_the_origin(show: Show) -> None:
    _, _, item = show(one_bright(0, 0))
    rectangle = item.boundingRect()
    assert (rectangle.left(), rectangle.top(), rectangle.width(), rectangle.height()) == (-0.5, -0.5, 40, 60)


def test_y_grows_upwards(show: Show) -> None:
    widget, _, item = show(one_bright(59, 0))
    top, bottom = item.mapToScene(QPointF(0, 59)).y(), item.mapToScene(QPointF(0, 0)).y()
    assert top < bottom
    assert colour_at(widget, item, 0, 59) == WHITE


@pytest.mark.parametrize(
    "transform", [QTransform().rotate(17), QTransform().scale(1.0, 2.0)], ids=["turned", "stretched"]
)
def test_any_other_transform_still_shows_the_pixels(show: Show, qtbot: QtBot, transform: QTransform) -> None:
    bright = np.zeros((60, 40), np.float32)
    bright[40:50, 5:15] = 255
    widget, box, item = show(ImagePlanes(bright, title="block"))
    item.setTransform(transform)
    box.setRange(item.mapRectToParent(item.boundingRect()), padding=0.1)
    qtbot.waitUntil(lambda: colour_at(widget, item, 10, 45) == WHITE)
    assert colour_at(widget, item, 30, 10) == BLACK


def test_the_old_picture_stays_until_the_new_one_is_there(show: Show, qtbot: QtBot) -> None:
    widget, _, item = show(one_bright(10, 10))
    before, after = item.planes, one_bright(20, 20)
    item.setPlanes(after)
    assert item.planes in (before, after)
    assert item.planes is not None
    qtbot.waitUntil(lambda: item.planes is after)
    assert colour_at(widget, item, 20, 20) == WHITE
    assert colour_at(widget, item, 10, 10) == BLACK


def test_a_colour_bar_of_pyqtgraph_sets_the_limits_and_follows_them(show: Show, qtbot: QtBot) -> None:
    _, _, item = show(one_bright(10, 10))
    plot = pg.PlotItem()
    bar = pg.ColorBarItem(interactive=True)
    bar.setImageItem(item, insert_in=plot)
    assert tuple(bar.levels()) == (0.0, 255.0)
    bar.setLevels((10.0, 99.0))
    assert item.getLevels() == (10.0, 99.0)
    item.setLevels((1.0, 2.0))
    assert tuple(bar.levels()) == (1.0, 2.0)
    item.setColorMap("viridis")
    qtbot.waitUntil(lambda: item.is_settled)
    assert item.getColorMap().name == "viridis"
    with pytest.raises(ValueError, match="no colour map"):
        item.setColorMap("nonsense")


def test_a_region_of_pyqtgraph_cuts_out_the_right_pixels(show: Show) -> None:
    values = np.arange(60 * 40, dtype=np.float32).reshape(60, 40)
    _, box, item = show(ImagePlanes(values, title="ramp"))
    # A region's corners lie on the borders of pixels.
    region = pg.RectROI((4.5, 19.5), (3, 2))
    box.addItem(region)
    cut = region.getArrayRegion(values, item, order=0)
    np.testing.assert_array_equal(np.sort(cut.ravel()), np.sort(values[20:22, 5:8].ravel()))


def test_an_exporter_of_pyqtgraph_writes_the_pixels(show: Show) -> None:
    from pyqtgraph.exporters import ImageExporter

    _, box, item = show(one_bright(50, 10))
    picture = ImageExporter(box).export(toBytes=True)
    assert isinstance(picture, QImage)
    scale = picture.width() / box.sceneBoundingRect().width()
    place = item.mapToScene(QPointF(10, 50)) - box.sceneBoundingRect().topLeft()
    assert picture.pixel(round(place.x() * scale), round(place.y() * scale)) == WHITE


def test_every_pixel_counts_when_the_picture_is_reduced(show: Show, qtbot: QtBot) -> None:
    widget, _, _ = show(one_bright(1234, 567, (3000, 2000)))
    qtbot.waitUntil(lambda: WHITE in colours(widget))
    widget.resize(100, 80)
    qtbot.waitUntil(lambda: WHITE in colours(widget))


def colours(widget: pg.GraphicsLayoutWidget) -> set[int]:
    picture = widget.grab().toImage()
    return {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}


def test_nothing_is_left_of_a_closed_item(show: Show) -> None:
    _, box, item = show(one_bright(1, 1))
    planes = weakref.ref(item.planes)
    box.removeItem(item)
    item.close()
    gc.collect()
    assert planes() is None
