"""Drawing into a defect map in the panels: tools by mouse and by key, choosing, undo."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import Status
from isrcore.audit.pixels import PixelSet, line_pixels
from isrcore.geom import Box
from isrviewer.audit.audit import begin_audit
from isrviewer.audit.style import status_text
from isrviewer.render.view import Orientation, View
from isrviewer.shell.window import Window
from tests.gui.audited_map import BOXES, small_document
from tests.gui.conftest import settle
from tests.gui.image_frames import at, drag, move
from tests.gui.painted_map import audit_closely, document, look, use, view_of
from tests.gui.small_engine import HEIGHT, SmallEngine

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def audited(opened: Window, qtbot: QtBot) -> Window:
    return audit_closely(opened, qtbot)


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
    assert document(audited) == small_document(*BOXES)


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
    audited.actions_by_table.trigger("audit.undo")
    assert document(audited) == small_document(*BOXES)
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
        audited.actions_by_table.trigger("audit.undo")
        audited.audits.select(0)


def test_escape_drops_a_stroke_and_then_puts_the_tool_away(
    audited: Window, engine: SmallEngine, qtbot: QtBot
) -> None:
    view = view_of(audited)
    engine.gate.clear()
    audited.commands.run.toggle_field("doFlat")
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
    audited.commands.run.toggle_field("doFlat")
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
    audited.commands.run.choose_ccd(1)
    settle(audited, qtbot)
    assert view_of(audited).defects.picture is None
    assert not view_of(audited).pen.is_on
    audited.commands.run.choose_ccd(0)
    settle(audited, qtbot)
    assert len(document(audited)) == 6
    for state in reversed(states[:-1]):
        audited.actions_by_table.trigger("audit.undo")
        assert document(audited) == state
    assert document(audited) == small_document(*BOXES)


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
    opened.audits.adopt(begin_audit(0, small_document(Box(5, 5, 4, 4), Box(6, 6, 2, 2))))
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
    assert document(audited) == small_document(*BOXES)


def test_the_readout_names_the_defect_under_the_cursor(audited: Window) -> None:
    view = view_of(audited)
    move(view, at(view, 10, 21))
    assert audited.readout.defect.text() == f"2 · cluster · {status_text('unseen')}"
    assert audited.readout.defect.isVisible()
    move(view, at(view, 12, 21))
    assert audited.readout.defect.text() == ""
