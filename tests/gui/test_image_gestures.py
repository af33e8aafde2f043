"""The user's gestures in an image view: what they do to view, style and cursor, and what is told about it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from isrcore.geom import Box
from isrviewer.render.view import Orientation, View
from tests.gui.image_frames import STYLE, at, colour_at, drag, flat, gradient, move, opened, settle, turn_wheel

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot):
    return opened(qtbot, gradient(xy0=(32, 0)))


def test_the_wheel_zooms_at_the_cursor(qtbot, view):
    told = []
    view.view_changed.connect(told.append)
    place = at(view, 80, 90)
    before = view.to_image(place.toPointF())
    turn_wheel(view, place, 3)
    assert view.view.zoom == pytest.approx(4.0)
    assert view.to_image(place.toPointF()) == pytest.approx(before, abs=0.3)
    assert told == [view.view]
    turn_wheel(view, place, -6)
    assert view.view.zoom == pytest.approx(1.0)


def test_from_any_zoom_the_wheel_meets_whole_factors(view):
    view.set_view(View((100, 60), 0.83))
    turn_wheel(view, QPoint(200, 150), 1)
    assert view.view.zoom == pytest.approx(1.0)


def test_a_left_drag_moves_the_pixel_with_the_mouse(view):
    view.set_view(View((132, 60), 4.0))
    start, end = QPoint(150, 120), QPoint(210, 95)
    held = view.to_image(start.toPointF())
    drag(view, start, end)
    assert view.to_image(end.toPointF()) == pytest.approx(held, abs=0.3)


def test_a_drag_in_a_turned_view_too(view):
    for flags in itertools.product((False, True), repeat=3):
        view.set_view(View((132, 60), 3.0, Orientation(*flags)))
        start, end = QPoint(150, 120), QPoint(210, 95)
        held = view.to_image(start.toPointF())
        drag(view, start, end)
        assert view.to_image(end.toPointF()) == pytest.approx(held, abs=0.4)


def test_a_click_chooses_the_pixel_and_a_drag_does_not(qtbot, view):
    clicks = []
    view.clicked.connect(lambda x, y: clicks.append((round(x), round(y))))
    QTest.mouseClick(view, LEFT, pos=at(view, 52, 110))
    drag(view, QPoint(100, 100), QPoint(160, 100))
    assert clicks == [(52, 110)]


def test_a_middle_click_centres(view):
    view.set_view(View((132, 60), 2.0))
    QTest.mouseClick(view, MIDDLE, pos=at(view, 100, 40))
    assert view.view.center == pytest.approx((100, 40), abs=0.5)


def test_a_right_drag_changes_bias_and_contrast_as_in_ds9(qtbot, view):
    told = []
    view.style_changed.connect(told.append)
    middle = colour_at(view, 132, 60)
    drag(view, QPoint(100, 100), QPoint(200, 100), RIGHT)
    assert told[-1].stretch.bias == pytest.approx(0.75)
    assert told[-1].stretch.contrast == pytest.approx(1.0)
    assert colour_at(view, 132, 60) < middle
    drag(view, QPoint(100, 200), QPoint(100, 50), RIGHT)
    assert told[-1].stretch.contrast == pytest.approx(10**0.5)
    assert view.style_wanted == told[-1]
    assert view.style_wanted.limits == STYLE.limits


def test_a_right_click_asks_for_a_menu(qtbot, view):
    with qtbot.waitSignal(view.menu_asked):
        QTest.mouseClick(view, RIGHT, pos=QPoint(100, 100))
    assert view.style_wanted == STYLE


def test_a_double_click_goes_to_one_to_one_and_back(qtbot, view):
    told = []
    view.view_changed.connect(told.append)
    QTest.mouseDClick(view, LEFT, pos=at(view, 60, 30))
    assert view.view.zoom == 1.0
    assert view.view.center == pytest.approx((60, 30), abs=0.5)
    QTest.mouseDClick(view, LEFT, pos=QPoint(200, 150))
    assert view.is_fitted
    assert told[-1] is None


def test_with_shift_a_drag_draws_a_box_of_whole_pixels(qtbot, view):
    for start, end in (((50, 20), (69, 29)), ((69, 29), (50, 20)), ((50, 29), (69, 20))):
        with qtbot.waitSignal(view.box_drawn) as told:
            drag(view, at(view, *start), at(view, *end), modifiers=SHIFT)
        assert told.args == [Box(50, 20, 20, 10)]


def test_with_control_a_drag_draws_a_line(qtbot, view):
    with qtbot.waitSignal(view.line_drawn) as told:
        drag(view, at(view, 50, 20), at(view, 90, 70), modifiers=CONTROL)
    assert told.args == pytest.approx([50, 20, 90, 70], abs=0.5)


def test_a_press_asks_for_the_focus_and_the_title_is_not_the_picture(qtbot, view):
    entered, clicked = [], []
    view.entered.connect(lambda: entered.append(True))
    view.clicked.connect(lambda *place: clicked.append(place))
    with qtbot.waitSignal(view.title_clicked):
        QTest.mouseClick(view, LEFT, pos=QPoint(50, 4))
    assert entered == [True]
    assert clicked == []


def test_the_cursor_is_told_in_image_coordinates(qtbot, view):
    places = []
    view.cursor_moved.connect(lambda x, y: places.append((round(x), round(y))))
    move(view, at(view, 52, 110))
    move(view, at(view, 32, 0))
    assert places == [(52, 110), (32, 0)]
    assert view.planes.index(*view.cursor_place) == (0, 0)


@pytest.mark.parametrize(
    ("key", "modifier", "dx", "dy"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, -1, 0),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 1, 0),
        (Qt.Key.Key_Up, SHIFT, 0, 10),
        (Qt.Key.Key_Down, SHIFT, 0, -10),
    ],
)
def test_arrow_keys_move_the_cursor(view, key, modifier, dx, dy):
    move(view, at(view, 132, 60))
    QTest.keyClick(view, key, modifier)
    assert view.cursor_place == (132 + dx, 60 + dy)


def test_arrow_keys_follow_the_screen_when_the_picture_is_turned(view):
    for flags in itertools.product((False, True), repeat=3):
        view.set_view(View((132, 60), 2.0, Orientation(*flags)))
        view.go_to(132, 60)
        before = view.to_widget(132, 60)
        QTest.keyClick(view, Qt.Key.Key_Right)
        after = view.to_widget(*view.cursor_place)
        assert (after.x() - before.x(), after.y() - before.y()) == pytest.approx((2, 0), abs=1e-6)
        QTest.keyClick(view, Qt.Key.Key_Up)
        after_up = view.to_widget(*view.cursor_place)
        assert (after_up.x() - after.x(), after_up.y() - after.y()) == pytest.approx((0, -2), abs=1e-6)


def test_the_cursor_stays_on_the_plane_and_the_view_follows_it(view):
    view.set_view(View((40, 5), 20.0))
    view.go_to(40, 5)
    for _ in range(30):
        QTest.keyClick(view, Qt.Key.Key_Left, SHIFT)
    assert view.cursor_place == (32, 5)
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Right, SHIFT)
    assert view.cursor_place == (62, 5)
    assert view.rect().contains(at(view, 62, 5))


def test_a_pinned_pixel_is_told_only_on_the_plane(qtbot, view):
    pins = []
    view.pinned.connect(lambda x, y: pins.append((x, y)))
    move(view, at(view, 52, 110))
    view.pin()
    move(view, QPoint(2, 290))
    view.set_view(View((900, 900), 2.0))
    move(view, QPoint(200, 150))
    view.pin()
    assert pins == [(52, 110)]


def test_the_curtain_is_dragged_by_its_divider(qtbot, view):
    view.set_planes(flat(100))
    view.set_second(flat(200))
    settle(qtbot, view)
    view.set_curtain(0.5)
    center = view.view.center
    drag(view, QPoint(201, 150), QPoint(100, 150))
    assert view.view.center == center
    assert view.grab().toImage().pixelColor(150, 150).red() == 200
    assert view.grab().toImage().pixelColor(50, 150).red() == 100


def test_a_view_that_is_set_is_not_told(view):
    told = []
    view.view_changed.connect(told.append)
    view.orientation_changed.connect(told.append)
    view.set_view(View((100, 50), 3.0, Orientation(flip_x=True)))
    view.set_view(None)
    view.set_style(replace(STYLE, reduction="min"))
    assert told == []
    assert view.orientation == Orientation(flip_x=True)
    view.orient(Orientation(flip_y=True))
    assert told == [Orientation(flip_y=True)]


def test_zooming_methods(view):
    view.one_to_one()
    assert view.view.zoom == 1.0
    view.zoom_in()
    assert view.view.zoom == 2.0
    view.zoom_out()
    view.zoom_out()
    assert view.view.zoom == 0.5
    view.go_to(99, 33)
    assert view.view.center == (99, 33)
    assert view.cursor_place == (99, 33)
    view.fit()
    assert view.is_fitted
