"""Drawing into a defect map in the panels: tools by mouse and by key, choosing, undo, and what stands on the screen."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from isrcore.audit.compare import compare_maps
from isrcore.audit.defect import Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet, line_pixels
from isrcore.geom import Box
from isrviewer.audit.audit import begin_audit
from isrviewer.audit.style import DIFFERENCE_COLOURS, status_colour, status_text
from isrviewer.legend import picture_with_legend
from isrviewer.panels.image_defects import Place
from isrviewer.panels.image_view import ImageView
from isrviewer.render.view import Orientation, View
from isrviewer.window import Window
from tests.gui.conftest import settle
from tests.gui.image_frames import at, drag, move, pixels
from tests.gui.small_engine import HEIGHT, WIDTH, SmallEngine, small_detector

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
BOXES = (Box(3, 4, 1, 1), Box(10, 20, 2, 3), Box(25, 5, 1, 55))


def small_map(*boxes: Box) -> DefectDocument:
    return DefectDocument.of(small_detector(0), [PixelSet.of([box]) for box in boxes], "small.fits")


@pytest.fixture
def audited(opened: Window, qtbot: QtBot) -> Window:
    """A window with a map of three defects, seen at 8 screen pixels a pixel."""
    opened.audits.adopt(begin_audit(0, small_map(*BOXES)))
    settle(opened, qtbot)
    opened.activateWindow()
    view_of(opened).setFocus()
    look(opened, qtbot, View((20.0, 30.0), 8.0))
    return opened


def view_of(window: Window) -> ImageView:
    return window.grid.focused.view


def look(window: Window, qtbot: QtBot, view: View) -> None:
    view_of(window).set_view(view)
    qtbot.waitUntil(lambda: view_of(window).is_idle, timeout=5000)


def document(window: Window) -> DefectDocument:
    found = window.audits.document
    assert found is not None
    return found


def use(window: Window, tool: str, brush: int = 1) -> None:
    window.actions_by_table.trigger(f"audit.tool_{tool}")
    window.audits.set_tool(tool, brush)


def shows(window: Window, colour: str) -> Any:
    """Pixels of the panel that have exactly this colour."""
    return pixels(view_of(window)) == np.uint32(QColor(colour).rgb())


# Drawing into the map


def test_painting_adds_to_the_chosen_defect_in_one_edit(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    audited.audits.select(2)
    look(audited, qtbot, View((20.0, 30.0), 8.0))
    use(audited, "paint", 3)
    assert "paint 3 px into defect 2" in view.title
    drag(view, at(view, 10, 24), at(view, 18, 32))
    defect = document(audited)[2]
    assert defect.pixels == PixelSet.of([BOXES[1]]) | line_pixels(10, 24, 18, 32, 3)
    assert defect.status is Status.CHANGED
    assert len(audited.audits.current.history.done) == 1
    qtbot.keyClick(view, Qt.Key.Key_U)
    assert document(audited) == small_map(*BOXES)


def test_a_press_alone_paints_and_two_quick_ones_paint_twice(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    use(audited, "paint")
    QTest.mouseClick(view, LEFT, pos=at(view, 15, 40))
    assert document(audited)[4].bbox == Box(15, 40, 1, 1)
    assert document(audited)[4].status is Status.NEW
    assert audited.audits.defect.id == 4
    QTest.mouseDClick(view, LEFT, pos=at(view, 16, 40))
    QTest.mouseRelease(view, LEFT, pos=at(view, 16, 40))
    assert document(audited)[4].bbox == Box(15, 40, 2, 1)
    assert view.view == View((20.0, 30.0), 8.0), "the view stays where one paints"


def test_control_begins_a_new_defect(audited: Window) -> None:
    view = view_of(audited)
    use(audited, "paint")
    for x in (15, 30):
        drag(view, at(view, x, 40), at(view, x, 42), modifiers=CONTROL)
    assert [defect.bbox for defect in document(audited)][3:] == [Box(15, 40, 1, 3), Box(30, 40, 1, 3)]


def test_erasing_takes_from_the_chosen_defect_or_from_all(audited: Window) -> None:
    view = view_of(audited)
    use(audited, "erase")
    drag(view, at(view, 8, 21), at(view, 30, 21))
    assert not document(audited)[2].pixels.contains_pixel(10, 21)
    assert not document(audited)[3].pixels.contains_pixel(25, 21)
    audited.audits.undo()
    assert document(audited) == small_map(*BOXES)
    audited.audits.select(3)
    drag(view, at(view, 8, 21), at(view, 30, 21))
    assert document(audited)[2].bbox == BOXES[1]
    assert not document(audited)[3].pixels.contains_pixel(25, 21)
    drag(view, at(view, 8, 22), at(view, 13, 22), modifiers=CONTROL)
    assert document(audited)[2].bbox == Box(10, 20, 2, 2)


@pytest.mark.parametrize(
    ("tool", "brush", "expected"),
    [
        ("box", 5, PixelSet.of([Box(6, 30, 5, 9)])),
        ("column", 1, PixelSet.of([Box(6, 38, 5, HEIGHT - 38)])),
        ("column", 3, PixelSet.of([Box(5, 38, 7, HEIGHT - 38)])),
        ("line", 2, line_pixels(10, 38, 6, 30, 2)),
    ],
)
def test_shapes_are_new_defects_although_one_is_chosen(
    audited: Window, tool: str, brush: int, expected: PixelSet
) -> None:
    audited.audits.select(1)
    view = view_of(audited)
    use(audited, tool, brush)
    view.set_view(View((20.0, 30.0), 8.0))
    drag(view, at(view, 10, 38), at(view, 6, 30))
    assert document(audited)[4].pixels == expected
    assert document(audited)[1].bbox == BOXES[0]


def test_a_stroke_ends_at_the_edge_of_the_chip_and_one_outside_is_no_edit(audited: Window) -> None:
    view = view_of(audited)
    use(audited, "paint", 3)
    drag(view, at(view, -4, 10), at(view, 3, 10), modifiers=CONTROL)
    assert document(audited)[4].bbox == Box(0, 9, 5, 3)
    drag(view, at(view, -6, 10), at(view, -3, 12), modifiers=CONTROL)
    assert len(audited.audits.current.history.done) == 1


def test_in_turned_views_the_pixels_under_the_mouse_are_painted(audited: Window, qtbot: QtBot) -> None:
    use(audited, "paint")
    for flags in itertools.product((False, True), repeat=3):
        look(audited, qtbot, View((20.0, 30.0), 8.0, Orientation(*flags)))
        view = view_of(audited)
        drag(view, at(view, 12, 33), at(view, 16, 29), modifiers=CONTROL)
        number = document(audited).next_id - 1
        assert document(audited)[number].pixels == line_pixels(12, 33, 16, 29)
        audited.audits.undo()
        audited.audits.select(0)


def test_escape_drops_a_stroke_and_then_puts_the_tool_away(
    audited: Window, engine: SmallEngine, qtbot: QtBot
) -> None:
    view = view_of(audited)
    engine.gate.clear()
    audited.run_commands.toggle_field("doFlat")
    qtbot.waitUntil(lambda: audited.runs.busy and audited.actions_by_table.by_id["run.stop"].isEnabled(), timeout=5000)
    use(audited, "paint")
    QTest.mousePress(view, LEFT, pos=at(view, 15, 40))
    move(view, at(view, 18, 40), LEFT)
    assert view.defects.stroke is not None
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.defects.stroke is None
    QTest.mouseRelease(view, LEFT, pos=at(view, 18, 40))
    assert len(document(audited)) == 3
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert audited.audits.tool == ""
    assert audited.runs.busy, "the run goes on"
    QTest.keyClick(view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not audited.runs.busy, timeout=5000)


def test_strokes_during_a_run_reach_the_next_one(audited: Window, engine: SmallEngine, qtbot: QtBot) -> None:
    view = view_of(audited)
    engine.gate.clear()
    audited.run_commands.toggle_field("doFlat")
    qtbot.waitUntil(lambda: audited.runs.busy, timeout=5000)
    use(audited, "paint")
    drag(view, at(view, 15, 40), at(view, 17, 40))
    assert document(audited)[4].bbox == Box(15, 40, 3, 1)
    engine.gate.set()
    settle(audited, qtbot)
    assert engine.requests[-1].maps[0][4].bbox == Box(15, 40, 3, 1)


def test_undo_goes_on_after_step_panel_and_ccd_have_changed(audited: Window, qtbot: QtBot) -> None:
    use(audited, "paint")
    states = [document(audited)]

    def stroke(y: int) -> None:
        view = view_of(audited)
        look(audited, qtbot, View((20.0, 30.0), 8.0))
        drag(view, at(view, 15, y), at(view, 18, y), modifiers=CONTROL)
        states.append(document(audited))

    stroke(40)
    audited.actions_by_table.trigger("run.next_step")
    settle(audited, qtbot)
    stroke(42)
    audited.actions_by_table.trigger("view.panels_2")
    settle(audited, qtbot)
    audited.actions_by_table.trigger("view.next_panel")
    settle(audited, qtbot)
    stroke(44)
    audited.run_commands.choose_ccd(1)
    settle(audited, qtbot)
    assert view_of(audited).defects.picture is None
    assert not view_of(audited).pen.is_on
    audited.run_commands.choose_ccd(0)
    settle(audited, qtbot)
    assert len(document(audited)) == 6
    for state in reversed(states[:-1]):
        audited.actions_by_table.trigger("audit.undo")
        assert document(audited) == state
    assert document(audited) == small_map(*BOXES)


# By key


def test_space_toggles_the_pixel_under_the_cursor(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    audited.audits.select(2)
    qtbot.keyClick(view, Qt.Key.Key_A)
    view.go_to(10, 22)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert document(audited)[2].pixels == PixelSet.of([BOXES[1], Box(10, 23, 1, 1)])
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert document(audited)[2].bbox == BOXES[1]
    qtbot.keyClick(view, Qt.Key.Key_A, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert document(audited)[2].pixels == PixelSet.of([BOXES[1]]) - PixelSet.of([Box(10, 22, 1, 1)])


def test_a_tool_brings_the_keys_to_the_panel_and_the_map_to_sight(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    qtbot.keyClick(view, Qt.Key.Key_H)
    assert view.defects.picture is None
    audited.steps.list.setFocus()
    audited.actions_by_table.trigger("audit.tool_paint")
    assert view.hasFocus()
    assert view.defects.picture is not None
    audited.actions_by_table.trigger("audit.tool_paint")
    assert audited.audits.tool == ""
    assert "paint" not in view.title


def test_a_box_by_keys(audited: Window, qtbot: QtBot) -> None:
    view = view_of(audited)
    use(audited, "box")
    view.go_to(12, 33)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert document(audited)[4].bbox == Box(12, 32, 2, 2)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.pen.is_down
    assert audited.audits.tool == "box"


# Choosing and reading


def test_a_click_chooses_a_defect_without_moving_the_view(audited: Window) -> None:
    view = view_of(audited)
    before = view.view
    QTest.mouseClick(view, LEFT, pos=at(view, 25, 30))
    assert audited.audits.defect.id == 3
    assert view.view == before
    QTest.mouseClick(view, LEFT, pos=at(view, 35, 50))
    assert audited.audits.defect.id == 3


def test_of_defects_on_each_other_a_click_chooses_the_next(opened: Window, qtbot: QtBot) -> None:
    opened.audits.adopt(begin_audit(0, small_map(Box(5, 5, 4, 4), Box(6, 6, 2, 2))))
    settle(opened, qtbot)
    look(opened, qtbot, View((20.0, 30.0), 8.0))
    view = view_of(opened)
    found = []
    for _ in range(3):
        QTest.mouseClick(view, LEFT, pos=at(view, 7, 7))
        found.append(opened.audits.defect.id)
    assert found == [1, 2, 1]


def test_with_a_tool_shift_moves_the_picture_and_chooses(audited: Window) -> None:
    view = view_of(audited)
    use(audited, "paint")
    drag(view, QPoint(200, 200), QPoint(240, 232), modifiers=SHIFT)
    assert view.view.center == pytest.approx((15.0, 34.0), abs=0.3)
    QTest.mouseClick(view, LEFT, SHIFT, at(view, 10, 21))
    assert audited.audits.defect.id == 2
    assert document(audited) == small_map(*BOXES)


def test_the_readout_names_the_defect_under_the_cursor(audited: Window) -> None:
    view = view_of(audited)
    move(view, at(view, 10, 21))
    assert audited.readout.defect.text() == f"2 · cluster · {status_text('unseen')}"
    assert audited.readout.defect.isVisible()
    move(view, at(view, 12, 21))
    assert audited.readout.defect.text() == ""


# On the screen


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
    other = small_map(Box(10, 20, 2, 4), Box(25, 5, 1, 55), Box(33, 8, 2, 2))
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
    audits.undo()
    followed, made = view_of(audited).defects.picture, MapPicture.of(document(audited))

    def rows(picture: MapPicture) -> list[list[int]]:
        return sorted(np.column_stack([picture.owners, picture.paints, picture.corners]).tolist())

    assert rows(followed) == rows(made)


def test_the_legend_of_a_screenshot_names_the_colours_of_the_defects(audited: Window) -> None:
    text = picture_with_legend(audited).text("Description")
    assert f"defects: unseen {status_colour('unseen')}" in text
    audited.audits.show_map(False)
    assert "defects:" not in picture_with_legend(audited).text("Description")
