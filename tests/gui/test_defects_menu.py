"""Every action of the Defects menu, as the user triggers it, and what is to be seen after it.

What needs frames and files of the real size is in `test_map_files` and `test_map_judging`, what belongs to the cut-outs
of the queue in `test_audit_queue`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import DefectKind, Status
from isrcore.geom import Box
from isrviewer.actions.defects import DEFECTS
from isrviewer.actions.table import ACTIONS
from isrviewer.shell.window import Window
from tests.gui.audited_map import add_candidate, prepare_audit
from tests.gui.conftest import settle

Check = Callable[[Window], bool]


def _status(number: int, status: Status) -> Check:
    return lambda window: window.audits.document[number].status is status


def _box(number: int, box: Box) -> Check:
    return lambda window: window.audits.document[number].bbox == box


def _panel(name: str) -> Check:
    return lambda window: not window.docks.by_name[name].isHidden()


EFFECTS: dict[str, Check] = {
    # Defect 3 is chosen, the column from (25, 5) to the last row; one edit was made and one was undone.
    "audit.next": lambda window: window.audits.defect.id != 3,
    "audit.previous": lambda window: window.audits.defect.id != 3,
    "audit.confirm": _status(3, Status.CONFIRMED),
    "audit.reject": _status(3, Status.REJECTED),
    "audit.reject_part": lambda window: not window.audits.document[3].pixels.contains_pixel(25, 10),
    "audit.take_candidates": _status(4, Status.NEW),
    "audit.take_kind": _status(4, Status.NEW),
    "audit.drop_candidates": lambda window: 4 not in window.audits.document,
    "audit.skip": lambda window: window.audits.current.queue.numbers[-1] == 3 and window.audits.defect.id != 3,
    "audit.undo": _box(3, Box(25, 5, 1, 55)),
    "audit.redo": lambda window: window.audits.document[3].kind is DefectKind.TRAP,
    "audit.grow": _box(3, Box(23, 3, 5, 57)),
    "audit.shrink": _box(3, Box(25, 5, 1, 55)),
    "audit.split": lambda window: len(window.audits.document) == 4,
    "audit.merge": lambda window: "expected at least two defects" in window.strip.text.text(),
    "audit.remove": lambda window: 3 not in window.audits.document,
    "audit.note": lambda window: window.prompt.isVisible(),
    "maps.close": lambda window: window.audits.current is None,
    "maps.new": lambda window: len(window.audits.document) == 0,
    "maps.feed": lambda window: not window.model.session.audit_feeds,
    "maps.open_plane": lambda window: window.audits.document.source.startswith("mask plane BAD"),
    "maps.open_used": lambda window: "takes the map under audit" in window.strip.text.text(),
    "maps.forget_frames": lambda window: not window.model.session.audit_frames,
    "maps.thresholds": _panel("thresholds"),
    "maps.reset_thresholds": lambda window: not window.model.session.audit_thresholds,
    "maps.compare_opened": lambda window: window.audits.current.other is None,
    "maps.compare_end": lambda window: window.audits.current.comparison is None,
    "maps.show_comparison": lambda window: window.audits.shows_comparison,
    "maps.apply_difference": lambda window: len(window.audits.current.history.done) == 2,
    "maps.apply_all": lambda window: len(window.audits.document) == 4,
    "maps.focal_plane": _panel("focal_plane"),
    "audit.show_map": lambda window: not window.audits.shows_map,
    "audit.brush_1": lambda window: window.audits.brush == 2,
    "audit.brush_-1": lambda window: window.audits.brush == 1,
    **{
        f"audit.kind_{kind}": lambda window, kind=kind: window.audits.defect.kind is DefectKind(kind)
        for kind in DefectKind
    },
    **{
        f"audit.tool_{tool}": lambda window, tool=tool: window.audits.tool == tool
        for tool in ("paint", "erase", "box", "column", "line")
    },
    **{
        f"audit.order_{order}": lambda window, order=order: window.audits.current.queue.order == order
        for order in ("position", "size", "type", "status")
    },
    **{
        f"audit.order_{order}": lambda window: "statistics" in window.strip.text.text()
        for order in ("severity", "suspicion")
    },
    **{
        f"audit.choice_{choice}": lambda window, choice=choice: window.audits.current.queue.choice == choice
        for choice in ("all", "undecided", "missed", "over-flagged")
    },
}

ASKS = {
    "maps.open": "getOpenFileName",
    "maps.reopen": "getOpenFileName",
    "maps.compare": "getOpenFileName",
    "maps.focal_plane_file": "getOpenFileName",
    "maps.focal_plane_folder": "getExistingDirectory",
    "maps.add_frames": "getOpenFileNames",
    "maps.export_log": "getSaveFileName",
    "maps.export_report": "getSaveFileName",
    "maps.save_audit": "getSaveFileName",
    **{action.id: "getSaveFileName" for action in DEFECTS if action.handler == "maps.export"},
}
"""Actions that ask for a file, and how. What they do with it is tested where there are real files."""

MEASURE = {"maps.measure", "maps.detect"}
"""Those need frames; here the frame is an empty file, which is said."""


def in_menu(menu: QMenu) -> list[QAction]:
    """All entries of a menu and its submenus."""
    found: list[QAction] = []
    for action in menu.actions():
        below = action.menu()
        found += in_menu(below) if isinstance(below, QMenu) else [action]
    return found


def trigger(window: Window, qtbot: QtBot, action_id: str) -> None:
    """By its key if it has one, else by its entry in the menu."""
    action = window.actions_by_table.by_id[action_id]
    assert action.isEnabled(), action_id
    keys = next(entry.keys for entry in ACTIONS if entry.id == action_id).split()
    view = window.grid.focused.view
    window.activateWindow()
    view.setFocus()
    if keys:
        with qtbot.waitSignal(action.triggered, timeout=5000):
            qtbot.keySequence(view, QKeySequence(keys[0]))
    else:
        next(entry for entry in in_menu(window.menus["Defects"]) if entry is action).trigger()


def test_every_action_has_a_test() -> None:
    of_the_queue = {action.id for action in DEFECTS if action.handler == "audit.cutout" or "audit.part_" in action.id}
    assert {action.id for action in DEFECTS} - of_the_queue == EFFECTS.keys() | ASKS.keys() | MEASURE


@pytest.mark.parametrize("action", EFFECTS)
def test_what_an_action_does(opened: Window, qtbot: QtBot, action: str) -> None:
    prepare_audit(opened, qtbot)
    if "candidates" in action or action == "audit.take_kind":
        add_candidate(opened, qtbot)
    opened.grid.focused.view.go_to(25, 30)
    if action == "audit.tool_paint":
        assert opened.audits.tool == ""
    trigger(opened, qtbot, action)
    qtbot.waitUntil(lambda: EFFECTS[action](opened), timeout=5000)
    settle(opened, qtbot)
    opened.prompt.close_prompt()


@pytest.mark.parametrize("action", ASKS)
def test_what_asks_for_a_file(
    opened: Window, qtbot: QtBot, action: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare_audit(opened, qtbot)
    before, asked = opened.audits.document, []
    nothing = ([], "") if ASKS[action].endswith("Names") else "" if ASKS[action].endswith("Directory") else ("", "")
    monkeypatch.setattr(QFileDialog, ASKS[action], lambda *arguments: asked.append(arguments) or nothing)
    trigger(opened, qtbot, action)
    settle(opened, qtbot)
    assert len(asked) == 1
    assert opened.audits.document is before


@pytest.mark.parametrize("action", sorted(MEASURE))
def test_a_frame_that_cannot_be_read_is_said(opened: Window, qtbot: QtBot, action: str, frame: str) -> None:
    prepare_audit(opened, qtbot)
    before = opened.audits.document
    trigger(opened, qtbot, action)
    settle(opened, qtbot)
    assert frame in opened.strip.text.text()
    assert opened.audits.document is before


def test_a_note_by_keys(opened: Window, qtbot: QtBot) -> None:
    prepare_audit(opened, qtbot)
    trigger(opened, qtbot, "audit.note")
    qtbot.keyClicks(opened.prompt.field, "seen in two flats")
    qtbot.keySequence(opened.prompt.field, QKeySequence("Return"))
    assert opened.audits.document[3].note == "seen in two flats"
