"""One undo for session and map: it follows the focus, says what it took back, and one list shows both histories."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import Status
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.history import HistoryPanel
from isrviewer.session.undo import Scope
from isrviewer.shell.window import Window
from tests.gui.audited_map import audit_small_map
from tests.gui.conftest import settle


@pytest.fixture
def audited(opened: Window, qtbot: QtBot) -> Window:
    """A map of three defects; a config switch is the last change of the session, a rejection that of the map."""
    audit_small_map(opened, qtbot)
    reject(opened, 1)
    opened.commands.run.toggle_field("doFlat")
    reject(opened, 2)
    settle(opened, qtbot)
    opened.activateWindow()
    return opened


def reject(window: Window, number: int) -> None:
    window.audits.select(number)
    window.actions_by_table.trigger("audit.reject")


def press(widget: QWidget, qtbot: QtBot, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    qtbot.keyClick(widget, Qt.Key.Key_Z, keys)


def is_rejected(window: Window, number: int) -> bool:
    document = window.audits.document
    assert document is not None
    return document[number].status is Status.REJECTED


def has_flat(window: Window) -> bool:
    return window.model.session.overridden("doFlat") is not None


def rows(window: Window) -> list[tuple[str, str, str]]:
    """Change, whose, and state of every row of the history."""
    tree = window.panels[HistoryPanel].list
    items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [(item.text(1), item.text(2), item.text(3)) for item in items if item is not None]


def action(window: Window, name: str) -> QAction:
    return window.actions_by_table.by_id[name]


def test_undo_in_the_audit_takes_back_the_decision_and_not_a_switch_made_later(audited: Window, qtbot: QtBot) -> None:
    audited.commands.run.toggle_field("doDefect")
    audited.docks.raise_dock("defects")
    table = audited.panels[DefectTablePanel].table
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    assert action(audited, "edit.undo").text() == "Undo: reject, defect 2 (map of ccd00)"
    press(table, qtbot)
    assert (is_rejected(audited, 1), is_rejected(audited, 2), has_flat(audited)) == (True, False, True)
    assert audited.strip.text.text() == "Undone: reject, defect 2 (map of ccd00)"
    assert audited.audits.current is not None
    assert audited.audits.current.selected == 2
    assert action(audited, "edit.redo").text() == "Redo: reject, defect 2 (map of ccd00)"
    press(table, qtbot, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert is_rejected(audited, 2)
    assert audited.strip.text.text() == "Done again: reject, defect 2 (map of ccd00)"
    for _ in range(4):
        press(table, qtbot)
    assert not any(is_rejected(audited, number) for number in (1, 2))
    assert audited.model.session.overridden("doDefect") is not None, "with the map done, undo went on in the session"
    assert not action(audited, "edit.undo").isEnabled()


def test_undo_elsewhere_takes_back_the_session(audited: Window, qtbot: QtBot) -> None:
    audited.steps.list.setFocus()
    qtbot.waitUntil(audited.steps.list.hasFocus)
    assert action(audited, "edit.undo").text() == "Undo: doFlat on"
    assert action(audited, "edit.undo").toolTip().endswith(": doFlat on (Ctrl+Z)")
    press(audited.steps.list, qtbot)
    assert (is_rejected(audited, 2), has_flat(audited)) == (True, False)
    assert audited.strip.text.text() == "Undone: doFlat on"
    qtbot.keyClick(audited.steps.list, Qt.Key.Key_U)
    assert not is_rejected(audited, 2)
    assert audited.strip.text.text() == "Undone: reject, defect 2 (map of ccd00)"


def test_in_a_picture_both_histories_go_back_in_time_and_the_pen_is_about_the_map(
    audited: Window, qtbot: QtBot
) -> None:
    view = audited.grid.focused.view
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    seen = []
    for _ in range(3):
        press(view, qtbot)
        seen.append((is_rejected(audited, 1), is_rejected(audited, 2), has_flat(audited)))
    assert seen == [(True, False, True), (True, False, False), (False, False, False)]
    for _ in range(3):
        press(view, qtbot, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert (is_rejected(audited, 1), is_rejected(audited, 2), has_flat(audited)) == (True, True, True)
    audited.commands.run.toggle_field("doDefect")
    assert action(audited, "edit.undo").text().startswith("Undo: doDefect")
    audited.actions_by_table.trigger("audit.tool_paint")
    assert action(audited, "edit.undo").text() == "Undo: reject, defect 2 (map of ccd00)"
    press(view, qtbot)
    assert not is_rejected(audited, 2)


def test_a_click_on_a_button_that_takes_no_focus_counts_as_well(audited: Window, qtbot: QtBot) -> None:
    audited.steps.list.setFocus()
    qtbot.waitUntil(audited.steps.list.hasFocus)
    audited.audits.select(3)
    confirm = action(audited, "audit.confirm")
    buttons = audited.panels[AuditQueuePanel].findChildren(QToolButton)
    button = next(button for button in buttons if button.defaultAction() is confirm)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert audited.desk.histories.scope is Scope.MAP
    assert action(audited, "edit.undo").text() == "Undo: confirm, defect 3 (map of ccd00)"


def test_without_a_map_there_is_the_session_alone(audited: Window, qtbot: QtBot) -> None:
    audited.docks.focus_dock("defects")
    audited.actions_by_table.trigger("maps.close")
    assert action(audited, "edit.undo").text() == "Undo: doFlat on"


def test_the_list_shows_both_and_a_click_goes_there(audited: Window, qtbot: QtBot) -> None:
    audited.actions_by_table.trigger("tools.show_panel_history")
    panel = audited.panels[HistoryPanel]
    qtbot.waitUntil(lambda: panel.isVisible() and panel.list.hasFocus())
    assert rows(audited) == [
        ("before these changes", "session", ""),
        ("as opened", "map of ccd00", ""),
        ("reject, defect 1", "map of ccd00", ""),
        ("doFlat on", "session", "now"),
        ("reject, defect 2", "map of ccd00", "now"),
    ]
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert [state for _, _, state in rows(audited)] == ["", "", "", "now", "now"], "the last row is the selected one"
    place = panel.list.visualItemRect(panel.list.topLevelItem(1)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (is_rejected(audited, 1), is_rejected(audited, 2), has_flat(audited)) == (False, False, True)
    assert [state for _, _, state in rows(audited)] == ["", "now", "undone", "now", "undone"]
    assert audited.strip.text.text() == (
        "Undone: 2 changes of the map of ccd00. Now at: as opened"
    )
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert (is_rejected(audited, 1), is_rejected(audited, 2)) == (True, False)
    qtbot.keyClick(panel.list, Qt.Key.Key_Home)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert not has_flat(audited)
    qtbot.waitUntil(lambda: [state for _, _, state in rows(audited)] == ["now", "", "now", "undone", "undone"])
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    press(panel.list, qtbot, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert has_flat(audited), "what was made first is done again first"
    audited.commands.run.toggle_field("doDefect")
    qtbot.waitUntil(lambda: rows(audited)[-1][0].startswith("doDefect"))
    reject(audited, 3)
    assert [text for text, whose, _ in rows(audited) if whose != "session"][1:] == [
        "reject, defect 1",
        "reject, defect 3",
    ]
    settle(audited, qtbot)


def test_going_back_is_one_change_of_the_session_and_one_run(opened: Window, qtbot: QtBot) -> None:
    for _ in range(6):
        opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    heard: list[object] = []

    class Watcher:
        def hear(self, old: object, new: object) -> None:
            heard.append(new)

    watcher = Watcher()
    opened.model.observe(watcher.hear)
    histories = opened.desk.histories
    histories.go_to(histories.entries()[1])
    assert len(heard) == 1
    assert opened.model.history.depth == 1
    settle(opened, qtbot)


def test_edits_that_cannot_be_saved_are_taken_back_all_the_same(
    audited: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audited.audits.current
    assert audit is not None
    said: list[str] = []
    audited.audits.failed.connect(said.append)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(audit.history, "on_event", [full])
        patch.setattr(audit.journal, "_is_behind", True)
        audited.audits.go_to(0)
    assert audit.history.done == []
    assert "could not be saved" in said[0]
