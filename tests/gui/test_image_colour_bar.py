"""The colour bar: its colours and numbers are the picture's, its ends can be dragged, its values light up."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from isrviewer.panels.image.colour_bar import ColourBar
from isrviewer.render.arithmetic import difference
from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.view import Orientation
from tests.gui.image_frames import drag, gradient, move, opened, pixels, settle
from tests.render.frames import PLAIN, planes_of

STRIP = 25
"""A row of the bar that lies in the strip of colours."""


@pytest.fixture
def view(qtbot):
    return opened(qtbot, gradient(), style=PictureStyle(limits=Limits("minmax")))


@pytest.fixture
def bar(qtbot, view):
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.resize(400, bar.sizeHint().height())
    bar.show()
    bar.follow(view)
    return bar


def place(bar: ColourBar, value: float) -> QPoint:
    return QPoint(round(bar.place_of(value)), 12)


def test_the_strip_shows_the_colours_of_the_values(bar):
    row = (pixels(bar)[STRIP] & 0xFF).astype(int)
    assert row[:50].max() == 0
    assert row[-40:].min() == 255
    assert row[round(bar.place_of(127.5))] == pytest.approx(127, abs=4)
    assert bar.value_at(bar.place_of(77.0)) == pytest.approx(77.0)


def test_the_histogram_stands_where_the_values_are(bar, view, qtbot):
    planes = gradient()
    planes.image[:] = 200
    view.set_style(PictureStyle(limits=Limits("manual", low=0, high=255)))
    view.set_planes(planes)
    settle(qtbot, view)
    drawn = pixels(bar)[12]
    filled = np.flatnonzero(drawn != drawn[3])
    peak = bar.place_of(200)
    assert any(abs(column - peak) < 3 for column in filled)
    assert not any(abs(column - bar.place_of(100)) < 10 for column in filled)


def test_dragging_an_end_sets_that_limit(bar, view):
    told = []
    view.style_changed.connect(told.append)
    drag(bar, place(bar, 255), place(bar, 155))
    low, high = view.layer.limits
    assert (low, high) == pytest.approx((0, 155), abs=2)
    assert told[-1].limits.mode == "manual"
    drag(bar, place(bar, low), place(bar, 40))
    assert view.layer.limits == pytest.approx((40, 155), abs=2)


def test_the_axis_stands_still_while_an_end_is_dragged(bar):
    start = place(bar, 255)
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    middle = bar.place_of(100)
    move(bar, start - QPoint(60, 0), Qt.MouseButton.LeftButton)
    assert bar.place_of(100) == middle
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=start - QPoint(60, 0))
    assert bar.place_of(100) != middle


def test_dragging_between_the_ends_moves_both(bar, view):
    drag(bar, place(bar, 100), place(bar, 130))
    assert view.layer.limits == pytest.approx((30, 285), abs=3)


def test_the_ends_cannot_cross(bar, view):
    drag(bar, place(bar, 255), place(bar, -60))
    low, high = view.layer.limits
    assert low < high


def test_a_double_click_returns_to_zscale(bar, view):
    drag(bar, place(bar, 255), place(bar, 155))
    QTest.mouseDClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(200, 12))
    assert view.style_wanted.limits.mode == "zscale"


def test_pointing_lights_the_pixels_of_that_value_and_leaving_ends_it(bar, view):
    before = pixels(view)
    move(bar, place(bar, 100))
    lit = np.argwhere(pixels(view) != before)
    assert len(lit)
    assert view.to_widget(100 / 255 * 199, 50).x() == pytest.approx(np.median(lit[:, 1]), abs=3)
    QApplication.sendEvent(bar, QEvent(QEvent.Type.Leave))
    assert np.array_equal(pixels(view), before)


@pytest.mark.parametrize("orientation", [Orientation(), Orientation(True, True, False)])
def test_as_many_pixels_light_up_as_have_the_value(qtbot, orientation):
    """At 1:1 a screen pixel is an image pixel: they can be counted."""
    values = np.random.default_rng(5).integers(0, 256, (70, 110)).astype(np.float32)
    values[:4, :9] = 100
    style = PictureStyle(limits=Limits("manual", low=20.0, high=220.0), overlay=PLAIN)
    view = opened(qtbot, planes_of(values, np.zeros(values.shape, np.int32)), style=style)
    view.set_orientation(orientation)
    view.one_to_one((55, 35))
    settle(qtbot, view)
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.resize(1200, bar.sizeHint().height())
    bar.show()
    bar.follow(view)
    before = pixels(view)
    for value in (100, 101, 150, 219):
        move(bar, place(bar, value))
        half = (bar.value_at(1) - bar.value_at(0)) / 2
        middle = bar.value_at(place(bar, value).x())
        meant = np.abs(values - middle) <= half
        assert meant.any()
        assert (pixels(view) != before).sum() == np.count_nonzero(meant)
    for beyond, meant in ((240, values > 220), (5, values < 20)):
        move(bar, place(bar, beyond))
        assert (pixels(view) != before).sum() == np.count_nonzero(meant)
    assert bar.pointed_text() == "below 20"


def test_the_ends_for_changes_stay_at_equal_distance_from_zero(qtbot, bar, view):
    changed = gradient()
    changed.image[60, 60:120] += 40
    view.set_planes(difference(changed, gradient()))
    settle(qtbot, view)
    assert view.layer.limits == pytest.approx((-40, 40))
    drag(bar, place(bar, 40), place(bar, 20))
    low, high = view.layer.limits
    assert high == pytest.approx(20, abs=1)
    assert low == -high
    drag(bar, place(bar, low), place(bar, -30))
    low, high = view.layer.limits
    assert low == pytest.approx(-30, abs=1)
    assert low == -high


def test_a_bar_without_a_picture_is_quiet(qtbot):
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.show()
    told = []
    bar.limits_dragged.connect(lambda *limits: told.append(limits))
    drag(bar, QPoint(20, 10), QPoint(60, 10))
    pixels(bar)
    assert told == []
