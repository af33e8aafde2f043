"""Panner and magnifier show what the large view shows, and the panner moves it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from isrviewer.panels.image.insets import Magnifier, Panner
from isrviewer.render.view import Orientation, View
from isrviewer.theme import ACCENT
from tests.gui.image_frames import at, drag, flat, gradient, move, opened, pixels

SAT = 0xFFE69F00
FRAME = ACCENT.rgb()


@pytest.fixture
def view(qtbot):
    return opened(qtbot, gradient())


def inset(qtbot, kind, view):
    widget = kind()
    qtbot.addWidget(widget)
    widget.resize(200, 200)
    widget.show()
    widget.follow(view)
    return widget


def frame_of(panner: Panner) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(pixels(panner) == FRAME)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_the_panner_marks_the_visible_part(qtbot, view):
    panner = inset(qtbot, Panner, view)
    view.set_view(View((50, 60), 8.0))
    left, top, right, bottom = frame_of(panner)
    across, down = view.grid.size
    assert right - left == pytest.approx(across / 8, abs=4)
    assert bottom - top == pytest.approx(down / 8, abs=4)
    assert (left + right) / 2 == pytest.approx(50, abs=3)
    view.set_view(View((150, 60), 8.0))
    assert (frame_of(panner)[0] + frame_of(panner)[2]) / 2 == pytest.approx(150, abs=3)


def test_dragging_in_the_panner_moves_the_view(qtbot, view):
    panner = inset(qtbot, Panner, view)
    view.set_view(View((50, 60), 8.0))
    pixels(panner)
    drag(panner, QPoint(50, 100), QPoint(120, 110))
    assert view.view.center == pytest.approx((119.5, 50), abs=2)
    assert view.view.zoom == 8.0


def test_the_panner_turns_with_the_view_and_points_north(qtbot):
    view = opened(qtbot, flat(0, sky=((-5e-5, 0), (0, 5e-5))))
    panner = inset(qtbot, Panner, view)
    down, right = _foot(panner)
    assert down > 0
    assert right > 0
    view.orient(Orientation(flip_x=True, flip_y=True))
    down, right = _foot(panner)
    assert down < 0
    assert right < 0


def _foot(panner: Panner) -> tuple[float, float]:
    """How far below and right of the middle of the compass its arrows meet; all of it lies inside the panner."""
    shown = pixels(panner)
    red, green, blue = (shown >> shift & 0xFF for shift in (16, 8, 0))
    rows, columns = np.nonzero((red > 120) & (green > 100) & (blue < 60))
    assert len(rows) > 60
    # The arrows are the longest lines along a row and along a column.
    return np.bincount(rows).argmax() - rows.mean(), np.bincount(columns).argmax() - columns.mean()


def test_the_magnifier_shows_the_pixel_under_the_cursor(qtbot, view):
    magnifier = inset(qtbot, Magnifier, view)
    assert (pixels(magnifier) != SAT).all()
    move(view, at(view, 20, 110))
    rows, columns = np.nonzero(pixels(magnifier) == SAT)
    assert (rows.mean(), columns.mean()) == pytest.approx((100, 100), abs=2)
    assert len(rows) >= 36
    move(view, at(view, 24, 110))
    assert np.nonzero(pixels(magnifier) == SAT)[1].mean() < 75


def test_insets_can_follow_another_view_or_none(qtbot, view):
    panner = Panner()
    qtbot.addWidget(panner)
    panner.resize(200, 200)
    panner.show()
    assert len(np.unique(pixels(panner))) == 1
    other = opened(qtbot, flat(255))
    panner.follow(view)
    panner.follow(other)
    assert 0xFFFFFFFF in pixels(panner)
    view.set_view(View((50, 60), 30.0))
    assert 0xFFFFFFFF in pixels(panner)
