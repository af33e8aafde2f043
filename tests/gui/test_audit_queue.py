"""The audit queue by mouse and keys on the small chip: what is seen at a defect, and what is decided about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import DefectKind, Status
from isrcore.checkpoints import CheckpointStore
from isrcore.geom import Box
from isrcore.steps.step import IsrState
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.runner.messages import Event, Request
from isrviewer.session.changes import show_step
from isrviewer.shell.window import Window
from tests.gui.audited_map import BOXES, audit_small_map
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine

CLUSTER, COLUMN = 2, 3


class MapEngine(SmallEngine):
    """Interpolates over the map that it is given, before the three steps."""

    def _run(
        self,
        task: Any,
        state: IsrState,
        request: Request,
        emit: Callable[[Event], None],
        cancel: Callable[[], bool],
    ) -> bool:
        document = request.maps.get(0)
        if document is not None:
            exposure = state.exposure.clone()
            where = document.mask()
            exposure.mask.set_where(where, "INTRP")
            exposure.image[where] = 0
            state = replace(state, exposure=exposure)
        self.store = CheckpointStore()
        return super()._run(task, state, request, emit, cancel)


@pytest.fixture
def engine() -> MapEngine:
    return MapEngine()


@pytest.fixture
def panel(opened: Window, qtbot: QtBot) -> AuditQueuePanel:
    """The queue of a map of three defects."""
    audit_small_map(opened, qtbot)
    found = opened.panels[AuditQueuePanel]
    wait(opened, qtbot)
    return found


def wait(window: Window, qtbot: QtBot) -> None:
    settle(window, qtbot)
    qtbot.waitUntil(lambda: window.panels[AuditQueuePanel].is_settled, timeout=5000)


def press(window: Window, qtbot: QtBot, *keys: Qt.Key) -> None:
    view = window.grid.focused.view
    window.activateWindow()
    view.setFocus()
    for key in keys:
        qtbot.keyClick(view, key)
    wait(window, qtbot)


def visit(window: Window, qtbot: QtBot, number: int) -> None:
    """Go on by key until a defect is chosen; the queue goes by rows: 1, 3, 2."""
    for _ in BOXES:
        if window.audits.current is not None and window.audits.current.selected != number:
            press(window, qtbot, Qt.Key.Key_N)
    assert window.audits.defect is not None
    assert window.audits.defect.id == number


def button(panel: AuditQueuePanel, action_id: str) -> QToolButton:
    buttons = panel.bar.findChildren(QToolButton)
    return next(one for one in buttons if one.defaultAction() and one.defaultAction().objectName() == action_id)


def counts(panel: AuditQueuePanel) -> dict[str, int]:
    return {status: count for status, count in panel.bar.line.counts.items() if count}


def test_opening_a_map_shows_the_queue(panel: AuditQueuePanel, opened: Window) -> None:
    assert panel.isVisible()
    assert panel.facts.title.text() == "No defect is chosen."
    assert panel.bar.position.text() == "<b>– of 3</b> · 0 decided"
    opened.actions_by_table.trigger("audit.choice_over-flagged")
    assert panel.facts.title.text() == "This queue is empty."
    opened.actions_by_table.trigger("audit.choice_all")
    assert panel.facts.title.text() == "No defect is chosen."


def test_a_visit_shows_the_place_in_every_frame(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.toggle_field("doFlat")
    opened.model.change(show_step(opened.model.session, "doFlat"))
    press(opened, qtbot, Qt.Key.Key_N)
    scene = panel.strip.scene
    assert scene is not None
    assert [one.witness.title for one in scene.cutouts] == ["raw", "after flat", "flat"]
    assert scene.box == Box(3 - 20, 4 - 20, 41, 41)
    assert np.argwhere(scene.defect).tolist() == [[20, 20]]
    assert scene.on_chip.sum() == (41 - 17) * (41 - 16)
    raw, after, flat = (one.values[20, 20 + 1] for one in scene.cutouts)
    assert (raw, after, flat) == (4 * 40 + 4, 2 * (4 * 40 + 4), 0.5)
    assert "Defect 1" in panel.facts.title.text()
    assert panel.facts.place.text() == "x 3 y 4, trimmed, from 0 · amp A"
    assert panel.facts.extent.text() == "1 pixel, from small.fits"
    assert panel.bar.position.text() == "<b>1 of 3</b> · 0 decided"


def test_numbers_come_by_themselves_without_a_file(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    visit(opened, qtbot, CLUSTER)
    rows = {row[0]: row[1:] for row in panel.facts.table.texts()}
    assert list(rows) == ["flat", "science"]
    # A ramp of 40 ADU a row: the mean of rows 20 to 22 and columns 10 and 11.
    assert float(rows["science"][0].replace("−", "-")) == pytest.approx(21 * 40 + 10.5, abs=1)
    assert rows["flat"][0].startswith("0.5")
    assert "Measure" in panel.facts.share.text()


def test_buttons_decide_and_count(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    for action in ("audit.next", "audit.confirm", "audit.skip", "audit.grow", "audit.reject"):
        qtbot.mouseClick(button(panel, action), Qt.MouseButton.LeftButton)
    wait(opened, qtbot)
    document = opened.audits.document
    assert document is not None
    assert [defect.status for defect in document] == [Status.CONFIRMED, Status.REJECTED, Status.UNSEEN]
    assert document[2].bbox.width == 4
    assert counts(panel) == {"confirmed": 1, "rejected": 1, "unseen": 1}
    assert panel.bar.position.text().endswith("2 decided")
    assert "confirmed: 1" in panel.bar.line.toolTip()
    for _ in range(3):
        qtbot.mouseClick(button(panel, "audit.undo"), Qt.MouseButton.LeftButton)
    wait(opened, qtbot)
    assert counts(panel) == {"unseen": 3}
    qtbot.mouseClick(button(panel, "audit.redo"), Qt.MouseButton.LeftButton)
    wait(opened, qtbot)
    assert counts(panel) == {"confirmed": 1, "unseen": 2}


def test_kind_and_note_are_shown(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    press(opened, qtbot, Qt.Key.Key_N, Qt.Key.Key_1, Qt.Key.Key_E)
    qtbot.keyClicks(opened.prompt.field, "hot in darks")
    qtbot.keyClick(opened.prompt.field, Qt.Key.Key_Return)
    assert opened.audits.defect is not None
    assert opened.audits.defect.kind is DefectKind.HOT_PIXEL
    wait(opened, qtbot)
    assert "hot pixel" in panel.facts.title.text()
    assert panel.facts.note.text() == "“hot in darks”"


def test_order_and_choice_are_combos_that_take_a_refusal_back(
    panel: AuditQueuePanel, opened: Window, qtbot: QtBot
) -> None:
    order = panel.bar.order
    order.setFocus()
    qtbot.keyClick(order, Qt.Key.Key_Down)
    assert opened.audits.current is not None
    assert opened.audits.current.queue.order == "size"
    assert opened.audits.current.queue.numbers == (3, 2, 1)
    qtbot.keyClicks(order, "By sev")
    assert opened.audits.current.queue.order == "size"
    assert order.currentData() == "size"
    assert panel.bar.choice.currentData() == "all"
    opened.actions_by_table.trigger("audit.choice_undecided")
    assert panel.bar.choice.currentData() == "undecided"


def test_clicks_choose_the_profiles(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.toggle_field("doFlat")
    opened.model.change(show_step(opened.model.session, "doFlat"))
    press(opened, qtbot, Qt.Key.Key_N)
    layout = panel.strip.layout_now()
    assert layout is not None
    places = [cell.center().toPoint() for cell in layout.cells]
    qtbot.mouseClick(panel.strip, Qt.MouseButton.LeftButton, pos=places[0])
    assert panel.strip.titles == ("raw",)
    row = panel.profiles.plots["x"]
    along, values = row.curves[1].getData()
    assert (along[0], len(along)) == (3 - 20, 41)
    assert values[20] == 4 * 40 + 3
    assert np.isnan(values[0])
    assert row.getPlotItem().getAxis("left").labelText == "ADU"
    qtbot.mouseClick(
        panel.strip, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, pos=places[1] + QPoint(2, 2)
    )
    assert panel.strip.titles == ("raw", "after flat")
    assert row.names == ["raw", "after flat"]
    assert row.getPlotItem().getAxis("left").labelText == "σ"
    panel.strip.setFocus()
    qtbot.keyClick(panel.strip, Qt.Key.Key_Right)
    assert panel.strip.titles == ("flat",)
    qtbot.keyClick(panel.strip, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.strip.titles == ("flat", "after flat")


def test_the_defect_is_shaded_in_both_profiles(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    visit(opened, qtbot, CLUSTER)
    for axis, ends in (("x", (9.5, 11.5)), ("y", (19.5, 22.5))):
        assert panel.profiles.plots[axis].curves[0].getRegion() == pytest.approx(ends)


def test_a_long_defect_is_seen_in_parts(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("audit.cutout_21")
    visit(opened, qtbot, COLUMN)
    panel.strip.setFocus()
    assert panel.strip.scene is not None
    assert panel.strip.scene.box == Box(25 - 10, 5 - 10, 21, 21)
    qtbot.keyClick(panel.strip, Qt.Key.Key_Up)
    assert panel.strip.scene.box == Box(25 - 10, 5 + 21 - 10, 21, 21)
    assert opened.grid.focused.pixel == (25, 26)
    opened.actions_by_table.trigger("audit.part_on")
    opened.actions_by_table.trigger("audit.part_on")
    opened.actions_by_table.trigger("audit.part_on")
    assert panel.strip.scene.box == Box(25 - 10, 59 - 10, 21, 21)
    opened.actions_by_table.trigger("audit.part_back")
    assert panel.strip.scene.box.y0 == 5 + 42 - 10
    press(opened, qtbot, Qt.Key.Key_N)
    visit(opened, qtbot, COLUMN)
    assert panel.strip.scene.box.y0 == 5 - 10
    wait(opened, qtbot)


def test_a_visit_moves_all_linked_panels_and_keeps_a_close_zoom(
    panel: AuditQueuePanel, opened: Window, qtbot: QtBot
) -> None:
    opened.actions_by_table.trigger("view.panels_2")
    settle(opened, qtbot)
    press(opened, qtbot, Qt.Key.Key_N)
    first, second = (one.view for one in opened.grid.panels)
    before = first.view.zoom
    assert before >= 4
    assert first.view.center == second.view.center == (3, 4)
    first.zoom_by(2.5)
    visit(opened, qtbot, CLUSTER)
    assert first.view.zoom == pytest.approx(2.5 * before)
    assert first.view == second.view
    assert first.view.center == (10.5, 21)


def test_a_double_click_goes_to_the_pixel(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    visit(opened, qtbot, CLUSTER)
    layout = panel.strip.layout_now()
    assert layout is not None
    corner = layout.cells[0].topLeft().toPoint()
    step = round(layout.zoom * 30.5)
    found = panel.strip.pixel_at(layout.cells[0].topLeft() + QPoint(step, step).toPointF())
    qtbot.mouseDClick(panel.strip, Qt.MouseButton.LeftButton, pos=corner + QPoint(step, step))
    assert found is not None
    assert opened.grid.focused.pixel == found[1:]


def test_the_effect_of_an_edit_is_measured_before_and_after(
    panel: AuditQueuePanel, opened: Window, qtbot: QtBot
) -> None:
    press(opened, qtbot, Qt.Key.Key_N)
    flagged = sum(box.area for box in BOXES)
    assert panel.effects.last is None
    opened.actions_by_table.trigger("audit.grow")
    assert panel.facts.residual.text() == "The chain runs with the edit…"
    qtbot.waitUntil(lambda: panel.effects.last is not None, timeout=5000)
    effect = panel.effects.last
    assert effect is not None
    assert (effect.label, effect.defects) == ("grow", (1,))
    assert (effect.before.interpolated, effect.after.interpolated) == (flagged, flagged + 8)
    assert panel.facts.interpolated.text() == f"Interpolated {flagged} → {flagged + 8} pixels (+8)"
    assert panel.facts.residual.text().startswith("Grow, defect 1: residual")
    press(opened, qtbot, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: panel.effects.last is not effect, timeout=5000)
    assert panel.effects.last is not None
    assert panel.effects.last.label == "undo"
    assert panel.effects.last.after.interpolated == flagged
    # A decision that changes no pixel has no effect of its own.
    shown = panel.effects.last
    press(opened, qtbot, Qt.Key.Key_Y)
    assert panel.effects.last is shown


def test_edits_that_do_not_reach_the_run_are_said_and_cured(
    panel: AuditQueuePanel, opened: Window, qtbot: QtBot
) -> None:
    cure = panel.facts.cure
    opened.commands.run.toggle_field("doDefect")
    wait(opened, qtbot)
    assert cure.isVisible()
    assert cure.text() == "Switch doDefect on"
    assert cure.toolTip() == "doDefect is off: the run does not flag the defects"
    qtbot.mouseClick(cure, Qt.MouseButton.LeftButton)
    wait(opened, qtbot)
    assert not cure.isVisible()
    opened.actions_by_table.trigger("maps.feed")
    wait(opened, qtbot)
    assert cure.text() == "Run with this map"
    qtbot.mouseClick(cure, Qt.MouseButton.LeftButton)
    wait(opened, qtbot)
    assert opened.model.session.audit_feeds
    assert not cure.isVisible()


def test_closing_the_map_leaves_a_word(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("maps.close")
    settle(opened, qtbot)
    assert not panel.bar.isVisible()
    assert "Open map" in panel.note.text()
    assert panel.strip.scene is None or not panel.strip.isVisible()


def test_words_leave_the_buttons_when_there_is_no_room(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    opened.desk.requests.draw_icons()
    confirm = button(panel, "audit.confirm")
    panel.bar.resize(2400, panel.bar.height())
    assert confirm.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    panel.bar.resize(420, panel.bar.height())
    assert confirm.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    assert confirm.toolTip().endswith("(Y)")


def test_nothing_is_drawn_or_held_behind_another_tab(panel: AuditQueuePanel, opened: Window, qtbot: QtBot) -> None:
    press(opened, qtbot, Qt.Key.Key_N)
    opened.docks.raise_dock("log")
    qtbot.waitUntil(lambda: not panel.is_seen)
    scene = panel.strip.scene
    press(opened, qtbot, Qt.Key.Key_N)
    assert panel.strip.scene is scene
    opened.docks.raise_dock("audit")
    wait(opened, qtbot)
    assert panel.strip.scene is not None
    assert panel.strip.scene.box == Box(25 - 20, 5 - 20, 41, 41)
    assert "Defect 3" in panel.facts.title.text()


def test_numbers_that_fail_are_said_and_the_next_ones_come(
    panel: AuditQueuePanel, opened: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import isrcore.audit.statistics as statistics

    def fail(*_: Any) -> None:
        raise IndexError("row 70 of 60")

    with monkeypatch.context() as patch:
        patch.setattr(statistics, "measure_defects", fail)
        visit(opened, qtbot, 1)
        assert panel.facts.share.text() == "Could not be measured: row 70 of 60"
    visit(opened, qtbot, CLUSTER)
    assert panel.facts.table.texts()
