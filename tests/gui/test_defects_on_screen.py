"""A defect map over the pictures of the panels: what is seen of it, in which colours, and where."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from isrcore.audit.compare import compare_maps
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrviewer.audit.style import DIFFERENCE_COLOURS, status_colour
from isrviewer.panels.image.defects import Place
from isrviewer.render.view import Orientation, View
from isrviewer.shell.window import Window
from tests.gui.audited_map import BOXES, small_document
from tests.gui.image_frames import at, move, pixels
from tests.gui.painted_map import audit_closely, document, look, shows, use, view_of
from tests.gui.small_engine import WIDTH

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def audited(opened: Window, qtbot: QtBot) -> Window:
    return audit_closely(opened, qtbot)


def test_the_switch_hides_the_map(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    look(audited, qtbot, View((20.0, 30.0), 2.0))
    drawn = pixels(view)
    qtbot.keyClick(view, Qt.Key.Key_H)
    hidden = pixels(view)
    top = int(view.to_widget(3, 4).y())
    assert (drawn[40:] != hidden[40:]).any()
    assert top > 40
    qtbot.keyClick(view, Qt.Key.Key_H)
    assert np.array_equal(pixels(view), drawn)


@pytest.mark.parametrize("flags", list(itertools.product((False, True), repeat=3)), ids=str)
def test_every_defect_pixel_is_seen_in_every_view(audited: Window, qtbot: QtBot, flags: Any) -> None:
    view = view_of(audited)
    colour = status_colour("unseen")
    for zoom in (0.3, 0.9):
        look(audited, qtbot, View((20.0, 30.0), zoom, Orientation(*flags)))
        seen = shows(audited, colour)
        for box in BOXES:
            for x, y in ((box.x0, box.y0), (box.x1 - 1, box.y1 - 1)):
                place = view.to_widget(x, y)
                down, across = int(place.y()), int(place.x())
                assert seen[down - 1 : down + 2, across - 1 : across + 2].any()
        assert seen.sum() <= sum(box.area for box in BOXES)
    look(audited, qtbot, View((20.0, 30.0), 5.0, Orientation(*flags)))
    seen = shows(audited, colour)
    for box in BOXES:
        corner, end = view.to_widget(box.x0 - 0.5, box.y0 - 0.5), view.to_widget(box.x1 - 0.5, box.y1 - 0.5)
        left, right = sorted((round(corner.x()), round(end.x())))
        top, bottom = sorted((round(corner.y()), round(end.y())))
        inside = seen[top + 2 : bottom - 2, left + 2 : right - 2]
        assert not inside.any(), "the pixels of an outlined defect can be seen"
        assert seen[top:bottom, left].all()
        assert seen[top:bottom, right - 1].all()
        assert seen[top, left:right].all()


def test_in_a_raw_frame_the_map_lies_over_the_pixels_that_the_pen_meets(audited: Window, qtbot: QtBot) -> None:
    """Raw frames have columns before the image: pixel x of the map is column x + 2 of the planes here."""
    view = view_of(audited)
    assert view.planes is not None
    view.defects.set_place(view.planes, Place(-2, 0, "ccd00"))
    view.update()
    where = at(view, 3 + 2, 4)
    assert where.x() > at(view, 3, 4).x()
    picture = view.grab().toImage()
    hidden = QColor(picture.pixel(at(view, 3, 4)))
    drawn = QColor(picture.pixel(where))
    assert drawn.saturation() > hidden.saturation()
    QTest.mouseClick(view, LEFT, pos=where)
    assert audited.audits.current is not None
    assert audited.audits.current.selected == 1


def test_colours_follow_decisions_and_rejected_ones_are_dashed(audited: Window, qtbot: QtBot) -> None:
    from isrcore.audit import edits

    view = view_of(audited)
    audited.audits.do(lambda before: edits.confirm(before, [2]))
    audited.audits.do(lambda before: edits.reject(before, [3]))
    place = view.to_widget(9.5, 21)
    assert shows(audited, status_colour("confirmed"))[int(place.y()), round(place.x())]
    side = view.to_widget(24.5, 30)
    rejected = shows(audited, status_colour("rejected"))[int(side.y()) - 100 : int(side.y()) + 100, round(side.x())]
    assert 0.3 < rejected.mean() < 0.9


def test_a_stroke_is_seen_while_it_is_drawn(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    look(audited, qtbot, View((20.0, 30.0), 2.0))
    use(audited, "paint")
    colour = status_colour("new")
    QTest.mousePress(view, LEFT, pos=at(view, 15, 40))
    assert shows(audited, colour).sum() >= 4
    for x in (20, 25, 30):
        move(view, at(view, x, 40), LEFT)
    assert shows(audited, colour).sum() >= 4 * 16
    QTest.mouseRelease(view, LEFT, pos=at(view, 30, 40))
    assert document(audited)[4].bbox == Box(15, 40, 16, 1)


def test_a_comparison_has_three_colours(audited: Window, qtbot: QtBot) -> None:
    other = small_document(Box(10, 20, 2, 4), Box(25, 5, 1, 55), Box(33, 8, 2, 2))
    audit = audited.audits.current
    audited.audits.take(audit, comparison=compare_maps(audit.document, other))
    look(audited, qtbot, View((20.0, 30.0), 0.9))
    assert not shows(audited, DIFFERENCE_COLOURS["added"]).any()
    audited.audits.show_comparison(True)
    view = view_of(audited)
    qtbot.waitUntil(lambda: view.defects.picture.paints.min() > 4, timeout=5000)
    view.set_view(View((20.0, 30.0), 0.99))
    qtbot.waitUntil(lambda: view.is_idle, timeout=5000)
    assert shows(audited, DIFFERENCE_COLOURS["removed"]).sum() == 1
    assert 5 <= shows(audited, DIFFERENCE_COLOURS["added"]).sum() <= 6
    assert 54 <= shows(audited, DIFFERENCE_COLOURS["common"]).sum() <= 61
    audited.audits.show_comparison(False)
    assert not shows(audited, DIFFERENCE_COLOURS["added"]).any()


def test_the_picture_of_a_map_follows_its_edits(audited: Window) -> None:
    from isrcore.audit import edits
    from isrviewer.audit.picture import MapPicture

    audits = audited.audits
    audits.do(lambda before: edits.paint(before, PixelSet.of([Box(30, 40, 2, 2)])))
    audits.do(lambda before: edits.erase(before, PixelSet.of([Box(0, 0, WIDTH, 6)])))
    audits.do(lambda before: edits.confirm(before, [2]))
    audits.do(lambda before: edits.merge(before, [4, 3]))
    audited.actions_by_table.trigger("audit.undo")
    followed, made = view_of(audited).defects.picture, MapPicture.of(document(audited))

    def rows(picture: MapPicture) -> list[list[int]]:
        return sorted(np.column_stack([picture.owners, picture.paints, picture.corners]).tolist())

    assert rows(followed) == rows(made)


def test_the_legend_of_a_screenshot_names_the_colours_of_the_defects(audited: Window) -> None:
    text = audited.desk.requests.picture().text("Description")
    assert f"defects: unseen {status_colour('unseen')}" in text
    audited.audits.show_map(False)
    assert "defects:" not in audited.desk.requests.picture().text("Description")
