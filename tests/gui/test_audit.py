"""Auditing the map of a small CCD in the window: edits, queue, undo, runs that follow, and what a crash leaves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import Status
from isrcore.audit.storage import load_history
from isrcore.geom import Box
from isrviewer.shell.window import Window
from tests.gui.audited_map import BOXES, audit_small_map
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine


@pytest.fixture
def audited(opened: Window, qtbot: QtBot) -> Window:
    """A window with a map of three defects."""
    audit_small_map(opened, qtbot)
    return opened


def test_keys_walk_and_decide(audited: Window, qtbot: QtBot) -> None:
    view = audited.grid.focused.view
    audited.activateWindow()
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_N)
    assert audited.audits.defect is not None
    assert audited.audits.defect.bbox == BOXES[0]
    qtbot.keyClick(view, Qt.Key.Key_Y)
    qtbot.keyClick(view, Qt.Key.Key_K)
    document = audited.audits.document
    assert document is not None
    assert [defect.status for defect in document] == [Status.CONFIRMED, Status.UNSEEN, Status.REJECTED]
    qtbot.keyClick(view, Qt.Key.Key_U)
    assert audited.audits.document[3].status is Status.UNSEEN
    assert audited.audits.defect.id == 3


def test_runs_take_the_map_and_its_edits(audited: Window, engine: SmallEngine, qtbot: QtBot) -> None:
    assert engine.requests[-1].maps[0] is audited.audits.document
    audited.audits.select(1)
    before = len(engine.requests)
    audited.actions_by_table.trigger("audit.grow")
    qtbot.waitUntil(lambda: len(engine.requests) > before, timeout=5000)
    assert engine.requests[-1].maps[0][1].bbox == Box(2, 3, 3, 3)
    settle(audited, qtbot)
    audited.actions_by_table.trigger("maps.feed")
    settle(audited, qtbot)
    assert not engine.requests[-1].maps


def test_undo_survives_another_ccd_and_every_edit_is_on_disk(audited: Window, qtbot: QtBot) -> None:
    audited.audits.select(2)
    audited.actions_by_table.trigger("audit.reject")
    audited.commands.run.choose_ccd(1)
    settle(audited, qtbot)
    assert audited.audits.current is None
    audited.commands.run.choose_ccd(0)
    settle(audited, qtbot)
    audit = audited.audits.current
    assert audit is not None
    assert audit.document[2].status is Status.REJECTED
    assert load_history(audit.path).document == audit.document
    audited.actions_by_table.trigger("audit.undo")
    assert audit.document[2].status is Status.UNSEEN


def test_the_session_names_the_audit(audited: Window) -> None:
    audit = audited.audits.current
    assert audit is not None
    (file,) = audited.model.session.audits
    assert (file.number, file.path) == (0, str(audit.path))
