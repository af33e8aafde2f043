"""The image view shows what it was given, never a blank in between, and says what it shows."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import isrviewer.scene.slot as image_slot
from isrcore.geom import Box
from isrviewer.panels.image.overlay import Shape, short_number
from isrviewer.panels.image.view import ImageView
from isrviewer.render.arithmetic import difference
from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.view import Orientation, View
from tests.gui.image_frames import STYLE, colour_at, flat, gradient, gray, opened, pixels, settle
from tests.render.frames import planes_of

SAT = 0xFFE69F00
BACKGROUND = 0xFF2B2D30


def test_the_picture_shows_the_pixels(qtbot):
    planes = gradient()
    view = opened(qtbot, planes)
    assert view.planes is planes
    assert view.view.zoom == pytest.approx(2.0)
    assert colour_at(view, 0, 50) == "#000000"
    assert colour_at(view, 199, 50) == "#FFFFFF"
    assert colour_at(view, 20, 110) == "#E69F00"
    assert np.count_nonzero(pixels(view) == SAT) == 4
    assert np.count_nonzero(pixels(view) == BACKGROUND) > 0


@pytest.mark.parametrize(
    "orientation",
    [Orientation(), Orientation(flip_x=True), Orientation(flip_y=True), Orientation(True), Orientation().rotated()],
    ids=str,
)
@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.0, 5.0])
def test_a_flagged_pixel_is_found_at_its_place_in_every_orientation(qtbot, orientation, zoom):
    view = opened(qtbot, gradient(xy0=(32, 5)))
    view.set_view(View((52, 115), zoom, orientation))
    settle(qtbot, view)
    assert colour_at(view, 52, 115) == "#E69F00"
    assert np.count_nonzero(pixels(view) == SAT) == max(1, zoom**2)


def test_there_is_no_blank_between_two_planes(qtbot, monkeypatch):
    view = opened(qtbot, flat(100))
    release = threading.Event()
    prepare = image_slot.prepare

    def slow(*arguments):
        assert release.wait(10)
        return prepare(*arguments)

    monkeypatch.setattr(image_slot, "prepare", slow)
    view.set_planes(flat(200))
    shown = set()
    for _ in range(5):
        QApplication.processEvents()
        shown.add(int(pixels(view)[150, 200]))
    assert shown == {gray(100)}
    assert view.is_busy
    assert view.planes.title == "100"
    release.set()
    settle(qtbot, view)
    assert pixels(view)[150, 200] == gray(200)
    assert view.planes.title == "200"


def test_of_many_planes_only_the_newest_stays(qtbot):
    view = opened(qtbot, flat(0))
    seen = []
    view.shown.connect(lambda planes: seen.append(planes.title))
    for value in range(10, 200, 10):
        view.set_planes(flat(value))
    settle(qtbot, view)
    assert view.planes.title == "190"
    assert seen[-1] == "190"
    assert pixels(view)[150, 200] == gray(190)


def test_planes_seen_before_come_back_at_once(qtbot):
    first, second = flat(50), flat(150)
    view = opened(qtbot, first)
    view.set_planes(second)
    settle(qtbot, view)
    view.set_planes(first)
    assert view.planes is first
    assert not view.is_busy


def test_a_step_that_cannot_be_drawn_leaves_the_old_picture(qtbot, monkeypatch):
    view = opened(qtbot, flat(100))

    def fail(*arguments):
        raise MemoryError("no room")

    monkeypatch.setattr(image_slot, "prepare", fail)
    with qtbot.waitSignal(view.failed) as told:
        view.set_planes(flat(200, title="flat"))
    assert told.args == ["flat cannot be drawn: no room"]
    assert pixels(view)[150, 200] == gray(100)
    assert not view.is_busy


def test_an_empty_panel_says_so_and_answers_every_call(qtbot):
    view = opened(qtbot, None)
    assert view.planes is None
    assert view.layer is None
    for call in (view.fit, view.one_to_one, view.zoom_in, view.zoom_out, view.pin):
        call()
    view.move_cursor(1, 0)
    view.set_crosshair((3, 4))
    assert len(np.unique(pixels(view))) > 2
    shown = opened(qtbot, flat(100))
    shown.set_planes(None)
    assert shown.planes is None
    assert gray(100) not in pixels(shown)


def test_zooming_out_never_shows_a_blank(qtbot):
    rng = np.random.default_rng(3)
    view = opened(qtbot, planes_of(rng.uniform(100, 255, (1600, 1200)).astype(np.float32)))
    view.set_view(View((600, 800), 4.0))
    for zoom in (2.0, 1.0, 0.45, 0.3, 0.2, 0.11, 0.05):
        view.set_view(View((600, 800), zoom))
        middle = pixels(view)[145:165, 195:205]
        assert (middle != BACKGROUND).all()
    settle(qtbot, view)
    assert colour_at(view, 600, 800) not in ("#2B2D30", "#000000")


def test_limits_stay_only_when_they_are_sticky(qtbot):
    style = PictureStyle(limits=Limits("minmax"))
    view = opened(qtbot, gradient(), style=style)
    assert view.layer.limits == (0.0, 255.0)
    brighter = replace(gradient(), image=gradient().image * 10)
    view.set_planes(brighter)
    settle(qtbot, view)
    assert view.layer.limits == (0.0, 2550.0)
    view.set_style(replace(style, limits=Limits("minmax", sticky=True)))
    view.set_planes(gradient())
    settle(qtbot, view)
    assert view.layer.limits == (0.0, 2550.0)


def test_differences_have_limits_and_colours_of_their_own(qtbot):
    a, b = gradient(), gradient()
    a.image[60, 100] -= 30
    view = opened(qtbot, a)
    view.set_planes(difference(a, b))
    settle(qtbot, view)
    assert view.layer.limits == (-30.0, 30.0)
    assert view.layer.style.reduction == "deviation"
    view.set_view(View((100, 60), 1.0))
    settle(qtbot, view)
    assert colour_at(view, 100, 60) != colour_at(view, 90, 60)
    view.set_limits(-5.0, 5.0)
    assert view.layer.limits == (-5.0, 5.0)
    assert view.style_wanted.limits == STYLE.limits
    view.set_planes(a)
    settle(qtbot, view)
    assert view.layer.limits == (0.0, 255.0)


def test_masked_pixels_left_out_are_named_in_the_title(qtbot):
    planes = gradient()
    planes.image[110, 20] = 60000
    view = opened(qtbot, planes, style=PictureStyle(limits=Limits("minmax")))
    assert view.layer.limits[1] == 60000
    view.set_style(PictureStyle(limits=Limits("minmax", exclude_masked=True)))
    settle(qtbot, view)
    assert view.layer.limits[1] == 255
    assert "masked left out" in view.facts
    # The same image with another mask, as after a step that only flags.
    view.set_planes(replace(planes, mask=np.zeros_like(planes.mask)))
    settle(qtbot, view)
    assert view.layer.limits[1] == 60000


def test_the_title_says_what_is_on_the_screen(qtbot):
    view = opened(qtbot, flat(100, title="flat · image"))
    pixels(view)
    assert view.title == "flat · image · ADU"
    assert view.facts == "×2 · manual"
    view.set_second(flat(200, title="assembled · image"))
    settle(qtbot, view)
    view.show_second(True)
    pixels(view)
    assert view.title == "assembled · image · ADU"
    view.show_second(False)
    view.set_curtain(0.5)
    view.set_status("running flat")
    pixels(view)
    assert view.title == "flat · image | assembled · image · ADU · running flat"


def test_fit_follows_the_size_of_the_panel(qtbot):
    view = opened(qtbot, gradient())
    assert view.is_fitted
    view.resize(220, 260)
    settle(qtbot, view)
    assert view.view.zoom == pytest.approx(1.1)
    view.one_to_one()
    view.resize(300, 200)
    assert view.view.zoom == 1.0


class Dense(ImageView):
    """A view on a screen with more device pixels than widget pixels."""

    ratio = 2.0

    def devicePixelRatioF(self) -> float:
        return self.ratio


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_on_a_dense_screen_the_picture_is_exact_to_the_device_pixel(qtbot, ratio):
    rng = np.random.default_rng(8)
    planes = planes_of(np.floor(rng.uniform(0, 256, (900, 1000))).astype(np.float32))
    view = Dense()
    view.ratio = ratio
    qtbot.addWidget(view, before_close_func=lambda widget: widget.close_view())
    view.resize(400, 300)
    view.set_style(STYLE)
    view.set_planes(planes)
    view.set_view(View((500, 450), 1.0))
    settle(qtbot, view)
    screen = QImage(round(400 * ratio), round(300 * ratio), QImage.Format.Format_RGB32)
    screen.setDevicePixelRatio(ratio)
    view.render(screen)
    shown = np.frombuffer(screen.constBits(), np.uint32).reshape(screen.height(), -1) & 0xFF
    width, height = view.grid.size
    assert width == screen.width()
    x, y = (round(value) for value in view.grid.to_image(0.5, 0.5))
    expected = planes.image[y - height + 1 : y + 1, x : x + width][::-1]
    assert np.array_equal(shown[-height:], expected)


def test_highlight_lights_the_pixels_of_a_value(qtbot):
    view = opened(qtbot, gradient())
    before = pixels(view)
    view.set_highlight((100.0, 110.0))
    lit = pixels(view)
    changed = np.flatnonzero((before != lit).any(axis=0))
    ends = [view.to_image(QPointF(column + 0.5, 150))[0] / 199 * 255 for column in (changed[0], changed[-1])]
    assert ends == pytest.approx([100, 110], abs=2)
    view.set_highlight(None)
    assert np.array_equal(pixels(view), before)


def test_marks_are_painted_where_they_belong(qtbot):
    view = opened(qtbot, flat(100))
    plain = pixels(view)
    view.set_shapes([Shape.around(Box(50, 40, 20, 10), "#FF0000", "pin")])
    red = np.argwhere(pixels(view) & 0xFFFFFF == 0xFF0000)
    corner, opposite = view.to_widget(49.5, 49.5), view.to_widget(69.5, 39.5)
    assert red.min(axis=0) == pytest.approx((corner.y(), corner.x()), abs=14)
    assert red[:, 0].max() == pytest.approx(opposite.y(), abs=2)
    view.set_shapes(
        [
            Shape("circle", ((100, 60),), 10),
            Shape("cross", ((10, 10),)),
            Shape("line", ((0, 0), (50, 50)), dashed=True),
            Shape("polygon", ((20, 20), (40, 20), (30, 40))),
        ]
    )
    assert (pixels(view) != plain).sum() > 200
    view.set_shapes([])
    view.set_crosshair((100, 60))
    crossed = pixels(view) != plain
    place = view.to_widget(100, 60)
    assert crossed[int(place.y()), 5]
    assert crossed[40, int(place.x())]
    assert not crossed[int(place.y()), int(place.x())]


def test_values_are_written_into_large_pixels(qtbot):
    view = opened(qtbot, flat(100))
    view.set_view(View((100, 60), 16.0))
    without = len(np.unique(pixels(view)[40:]))
    view.set_view(View((100, 60), 48.0))
    assert len(np.unique(pixels(view)[40:])) > without + 10
    integers = ImagePlanes(np.full((20, 20), 1234, np.uint16))
    view.set_planes(integers)
    settle(qtbot, view)
    pixels(view)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1234.5678, 8, "1234.568"),
        (1234.5678, 6, "1234.6"),
        (1234.5678, 4, "1235"),
        (1234.5678, 2, "1235"),
        (-0.25, 7, "-0.250"),
        (1.5e12, 6, "1.5e+12"),
        (float("nan"), 6, "nan"),
        (65535, 3, "65535"),
    ],
)
def test_numbers_fit_their_pixel_if_they_can(value, digits, text):
    assert short_number(value, digits) == text


def test_a_focused_panel_has_a_frame(qtbot):
    view = opened(qtbot, flat(100))
    before = pixels(view)
    view.set_accent(True)
    assert (pixels(view)[:, 0] != before[:, 0]).all()


def test_mask_styles_apply_at_once(qtbot):
    view = opened(qtbot, gradient())
    view.set_style(replace(STYLE, overlay=STYLE.overlay.with_plane("SAT", PlaneStyle("#00FF00"))))
    assert np.count_nonzero(pixels(view) == 0xFF00FF00) == 4
    view.set_style(replace(STYLE, overlay=replace(STYLE.overlay, visible=False)))
    assert np.count_nonzero(pixels(view) == SAT) == 0


def test_closing_during_work_leaves_nothing_behind(qtbot):
    before = threading.active_count()
    view = ImageView()
    view.resize(300, 300)
    view.show()
    view.set_planes(planes_of(np.zeros((3000, 2000), np.float32)))
    view.close_view()
    view.close()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    own = {"picture-bands", "isrcore-bands"}

    def ended():
        others = [t for t in threading.enumerate() if not any(t.name.startswith(name) for name in own)]
        assert len(others) <= before

    qtbot.waitUntil(ended, timeout=5000)


def test_a_closed_view_is_freed_with_its_planes(qtbot):
    def use() -> list[weakref.ref]:
        view = ImageView()
        view.resize(200, 200)
        view.show()
        planes = gradient()
        view.set_planes(planes)
        settle(qtbot, view)
        pixels(view)
        references = [weakref.ref(view), weakref.ref(planes), weakref.ref(planes.image)]
        view.close_view()
        view.close()
        view.deleteLater()
        return references

    references = use()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]
