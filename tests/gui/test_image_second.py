"""The second picture of a view: blink, curtain, its own limits, the same place."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

import isrviewer.scene.slot as image_slot
from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.view import View
from tests.gui.image_frames import STYLE, flat, gradient, gray, opened, pixels, settle


def test_blink_and_curtain_show_two_planes_at_one_view(qtbot):
    view = opened(qtbot, flat(100))
    view.set_second(flat(200))
    settle(qtbot, view)
    assert pixels(view)[150, 200] == gray(100)
    view.show_second(True)
    assert pixels(view)[150, 200] == gray(200)
    view.show_second(False)
    view.set_curtain(0.25)
    row = pixels(view)[150]
    assert (row[2:98] == gray(100)).all()
    assert (row[102:398] == gray(200)).all()
    view.set_second(None)
    assert (pixels(view)[150, 2:398] == gray(100)).all()


def test_the_second_planes_take_the_limits_of_the_first(qtbot):
    view = opened(qtbot, gradient(), style=PictureStyle(limits=Limits("minmax")))
    view.set_second(flat(127.5))
    settle(qtbot, view)
    view.show_second(True)
    assert pixels(view)[150, 200] in (gray(127), gray(128))


def test_a_second_that_is_not_ready_is_not_shown_as_the_one_before(qtbot, monkeypatch):
    view = opened(qtbot, flat(100))
    view.set_second(flat(200))
    settle(qtbot, view)
    release = threading.Event()
    prepare = image_slot.prepare
    monkeypatch.setattr(image_slot, "prepare", lambda *arguments: release.wait(10) and prepare(*arguments))
    view.set_second(flat(250))
    view.show_second(True)
    assert pixels(view)[150, 200] == gray(100)
    release.set()
    settle(qtbot, view)
    assert pixels(view)[150, 200] == gray(250)


def test_the_second_picture_is_shifted_to_the_same_place(qtbot):
    view = opened(qtbot, gradient())
    view.set_view(View((100, 60), 4.0))
    wider = ImagePlanes(np.pad(gradient().image, ((0, 0), (32, 0))), title="raw", unit="ADU")
    view.set_second(wider, (32, 0))
    settle(qtbot, view)
    first = pixels(view)
    view.show_second(True)
    second = pixels(view)
    top = int(view._top()) + 1
    assert np.array_equal(first[top:], second[top:])
    assert view.title.startswith("raw")


def test_a_second_picture_far_outside_of_the_limits_has_its_own(qtbot):
    view = opened(qtbot, gradient())
    near, far = gradient(), gradient()
    view.set_second(ImagePlanes(near.image + 100, title="near", unit="ADU"))
    settle(qtbot, view)
    view.set_curtain(0.5)
    assert "own limits" not in view.facts
    view.set_style(replace(STYLE, limits=Limits("minmax")))
    view.set_second(ImagePlanes(far.image + 5000, title="far", unit="ADU"))
    settle(qtbot, view)
    view.set_curtain(0.5)
    assert "second with own limits" in view.facts
    assert len(np.unique(pixels(view)[30:-30, 250:380])) > 20
