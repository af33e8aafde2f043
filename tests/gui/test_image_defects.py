"""The defect map in one image view: in raw and trimmed frames, behind the curtain, at two device pixels a point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrviewer.audit.picture import MapPicture
from isrviewer.audit.stroke import Stroke
from isrviewer.audit.style import status_colour
from isrviewer.panels.image.defects import DefectLayer, Place
from isrviewer.panels.image.view import ImageView
from isrviewer.render.view import Grid, View
from tests.gui.image_frames import at, drag, flat, opened, pixels, settle
from tests.gui.small_engine import small_detector

CHIP = Box(0, 0, 40, 60)
TRIMMED, RAW = Place(0, 0, "ccd00"), Place(-32, 0, "ccd00")
"""In a raw frame with 32 columns of prescan, column 32 is column 0 of the map."""


def picture_of(*boxes: Box) -> MapPicture:
    return MapPicture.of(DefectDocument.of(small_detector(0), [PixelSet.of([box]) for box in boxes]))


def raw_view(qtbot: Any, place: Place | None = RAW) -> tuple[ImageView, list[Stroke]]:
    view = opened(qtbot, flat(10.0))
    assert view.planes is not None
    view.defects.set_place(view.planes, place)
    view.defects.picture = picture_of(Box(3, 4, 1, 1))
    view.pen.set_tool("paint", 1, CHIP, "ccd00")
    view.set_view(View((40.0, 20.0), 8.0))
    settle(qtbot, view)
    strokes: list[Stroke] = []
    view.pen.drawn.connect(strokes.append)
    return view, strokes


def places_of(view: ImageView, colour: str) -> set[tuple[int, int]]:
    """Image pixels of the view in which this colour is seen."""
    down, across = np.nonzero(pixels(view) == np.uint32(QColor(colour).rgb()))
    found = (view.to_image(QPoint(x, y).toPointF()) for x, y in zip(across.tolist(), down.tolist(), strict=True))
    return {(round(x), round(y)) for x, y in found}


def test_over_a_raw_frame_the_map_is_moved_and_overscan_is_not_painted(qtbot: Any) -> None:
    view, strokes = raw_view(qtbot)
    view.set_view(View((40.0, 20.0), 1.0))
    settle(qtbot, view)
    view.set_view(View((40.0, 20.0), 0.999))
    settle(qtbot, view)
    ((x, y),) = places_of(view, status_colour("unseen"))
    assert abs(x - 35) <= 1
    assert abs(y - 4) <= 1
    view.set_view(View((40.0, 20.0), 8.0))
    settle(qtbot, view)
    drag(view, at(view, 29, 20), at(view, 34, 20))
    drag(view, at(view, 25, 22), at(view, 30, 22))
    assert [stroke.pixels for stroke in strokes] == [PixelSet.of([Box(0, 20, 3, 1)])]


def test_where_the_map_has_no_place_the_pen_rests(qtbot: Any) -> None:
    view, strokes = raw_view(qtbot, None)
    before = view.view
    drag(view, QPoint(200, 150), QPoint(232, 150))
    assert not strokes
    assert view.view != before, "the drag moves the picture"
    assert not places_of(view, status_colour("unseen"))


def test_a_map_of_another_ccd_is_neither_drawn_nor_painted(qtbot: Any) -> None:
    view, strokes = raw_view(qtbot, Place(-32, 0, "ccd07"))
    assert not places_of(view, status_colour("unseen"))
    drag(view, at(view, 40, 20), at(view, 44, 20))
    assert not strokes


def test_a_map_without_defects_can_be_drawn(qtbot: Any) -> None:
    view, _ = raw_view(qtbot)
    view.defects.picture = picture_of()
    view.update()
    assert not places_of(view, status_colour("unseen"))


def test_the_second_picture_has_the_map_at_its_own_pixels(qtbot: Any) -> None:
    view, _ = raw_view(qtbot)
    view.pen.set_tool("", 1, CHIP, "ccd00")
    colour = np.uint32(QColor(status_colour("unseen")).rgb())
    first = pixels(view) == colour
    view.set_second(flat(10.0), (-32.0, 0.0))
    settle(qtbot, view)
    view.show_second(True)
    assert first.any()
    assert np.array_equal(pixels(view) == colour, first)


def test_a_stroke_can_be_dropped_by_a_new_tool_but_not_by_a_wider_brush(qtbot: Any) -> None:
    view, strokes = raw_view(qtbot)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(view, 40, 20))
    view.pen.set_tool("paint", 3, CHIP, "ccd00")
    assert view.pen.is_down
    view.pen.set_tool("erase", 3, CHIP, "ccd00")
    assert not view.pen.is_down
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at(view, 40, 20))
    assert not strokes


@pytest.mark.parametrize("ratio", [1, 2])
def test_it_is_painted_in_device_pixels(qapp: Any, ratio: int) -> None:
    layer = DefectLayer()
    layer.picture = picture_of(Box(3, 4, 1, 1), Box(10, 20, 2, 3))
    image = QImage(100 * ratio, 80 * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    grid = Grid.of(View((20.0, 30.0), 0.7), (100 * ratio, 70 * ratio))
    painter = QPainter(image)
    layer.paint(painter, grid, TRIMMED, ratio, 10.0)
    painter.end()
    shown = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1) & np.uint32(0xFFFFFF)
    wanted = np.uint32(QColor(status_colour("unseen")).rgb() & 0xFFFFFF)
    down, across = np.nonzero(shown == wanted)
    assert len(down) == len(np.flatnonzero(shown))
    expected = {tuple(map(int, grid.to_screen(x, y))) for x, y in ((3, 4), (10, 20), (11, 22))}
    found = set(zip(across.tolist(), (down - 10 * ratio).tolist(), strict=True))
    for x, y in expected:
        assert {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} & found
    assert len(found) <= 7
