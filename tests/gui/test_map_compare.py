"""Two maps compared in the window: rows, counts, looking, applying, drawing, and edits that the comparison follows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import Status
from isrcore.geom import Box
from isrviewer.panels.defects.comparison import MapComparePanel
from isrviewer.shell.window import Window
from tests.gui.audited_map import BOXES, audit_small_map, choose_row, small_document
from tests.gui.conftest import settle

OTHER = (BOXES[0], Box(10, 20, 3, 3), Box(30, 30, 2, 2), Box(35, 50, 1, 1))
"""One common with the map, one changed, two added, and one removed."""


@pytest.fixture
def panel(opened: Window, qtbot: QtBot) -> MapComparePanel:
    audit = audit_small_map(opened, qtbot)
    opened.docks.raise_dock("maps")
    opened.activateWindow()
    opened.desk.comparing.begin(audit, small_document(*OTHER, source="other.fits"))
    panel = opened.panels[MapComparePanel]
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 4, timeout=5000)
    return panel


def words(panel: MapComparePanel) -> list[str]:
    return [panel.rows.index(row, 0).data() for row in range(panel.rows.rowCount())]


def wait_for(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not opened.desk.comparing.is_busy, timeout=5000)


def row_of(panel: MapComparePanel, box: Box) -> int:
    return next(n for n, difference in enumerate(panel.rows.differences) if difference.defect.bbox == box)


def test_rows_and_counts(panel: MapComparePanel, qtbot: QtBot) -> None:
    assert sorted(words(panel)) == ["+ added", "+ added", "− removed", "≈ changed"]
    assert panel.title.text() == "ccd00: small.fits (this map, first) → other.fits (second)"
    assert panel.ways["added"].text() == "+ added 2"
    assert panel.ways["common"].text() == "= common 1"
    assert "+ 8 added" in panel.pixels.text()
    assert "− 55 removed" in panel.pixels.text()
    assert "= 7 common" in panel.pixels.text()
    rows = panel.counts.texts()
    assert rows[-1] == ["all", "", "2", "1", "1", "1"]
    assert ["A", "unknown", "1", "", "", "1"] in rows
    panel.ways["common"].click()
    assert "= common" in words(panel)
    panel.ways["added"].click()
    assert "+ added" not in words(panel)


def test_sorting(panel: MapComparePanel) -> None:
    panel.table.sortByColumn(7, Qt.SortOrder.DescendingOrder)
    assert [panel.rows.index(row, 7).data() for row in range(4)] == ["9", "4", "1", ""]


def test_a_row_leads_to_its_place(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    choose_row(panel.table, row_of(panel, Box(30, 30, 2, 2)))
    assert opened.grid.focused.pixel in {(30, 30), (31, 31), (30, 31), (31, 30)}
    choose_row(panel.table, row_of(panel, BOXES[2]))
    assert opened.audits.defect.id == 3
    assert opened.grid.focused.pixel[0] == 25


def test_one_difference_is_applied_and_taken_back(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    panel.table.setFocus()
    choose_row(panel.table, row_of(panel, Box(30, 30, 2, 2)))
    qtbot.keyClick(panel.table, Qt.Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
    fresh = opened.audits.document[4]
    assert (fresh.bbox, fresh.status, fresh.source) == (Box(30, 30, 2, 2), Status.NEW, "other.fits")
    wait_for(panel, opened, qtbot)
    assert panel.ways["added"].text() == "+ added 1"
    assert panel.ways["common"].text() == "= common 2"
    # The next one has moved up and is chosen: the same key goes through the list.
    (row,) = panel.table.selectionModel().selectedRows()
    box = panel.rows.differences[row.row()].defect.bbox
    assert opened.grid.focused.pixel[0] == box.x0 + (box.width - 1) // 2
    qtbot.keyClick(panel.table, Qt.Key.Key_U)
    wait_for(panel, opened, qtbot)
    assert 4 not in opened.audits.document
    assert panel.ways["added"].text() == "+ added 2"


def test_all_differences_are_one_edit(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    before = opened.audits.document
    opened.actions_by_table.trigger("maps.apply_all")
    wait_for(panel, opened, qtbot)
    assert (opened.audits.document.mask() == small_document(*OTHER).mask()).all()
    assert opened.audits.document[3].status is Status.REJECTED
    assert [edit.label for edit in opened.audits.current.history.done] == ["apply differences"]
    assert panel.rows.rowCount() == 0
    assert not opened.actions_by_table.by_id["maps.apply_difference"].isEnabled()
    opened.actions_by_table.trigger("maps.apply_all")
    assert "no difference to apply" in opened.strip.text.text()
    opened.actions_by_table.trigger("audit.undo")
    assert opened.audits.document == before


def test_compared_with_the_map_as_opened(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    opened.audits.select(2)
    opened.actions_by_table.trigger("audit.reject")
    opened.actions_by_table.trigger("maps.compare_opened")
    wait_for(panel, opened, qtbot)
    assert words(panel) == ["− removed"]
    assert "as it was opened" in panel.title.text()
    # What was done already cannot be applied; undo takes it back.
    assert not opened.actions_by_table.by_id["maps.apply_all"].isEnabled()
    choose_row(panel.table, 0)
    assert opened.audits.defect.id == 2
    opened.audits.select(1)
    opened.actions_by_table.trigger("audit.grow")
    wait_for(panel, opened, qtbot)
    assert sorted(words(panel)) == ["− removed", "≈ changed"]


def test_drawing_and_end(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    action = opened.actions_by_table.by_id["maps.show_comparison"]
    panel.buttons["maps.show_comparison"].click()
    assert opened.audits.shows_comparison
    assert action.isChecked()
    opened.actions_by_table.trigger("maps.compare_end")
    assert not opened.audits.shows_comparison
    assert panel.rows.rowCount() == 0
    assert not action.isEnabled()
    settle(opened, qtbot)


def test_a_map_that_is_none_changes_nothing(
    panel: MapComparePanel, opened: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, frame: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (frame, ""))
    before = opened.audits.current.comparison
    opened.actions_by_table.trigger("maps.compare")
    settle(opened, qtbot)
    assert frame in opened.strip.text.text()
    assert opened.audits.current.comparison is before


def test_another_ccd_has_no_comparison(panel: MapComparePanel, opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.choose_ccd(1)
    settle(opened, qtbot)
    assert panel.rows.rowCount() == 0
    opened.commands.run.choose_ccd(0)
    settle(opened, qtbot)
    wait_for(panel, opened, qtbot)
    assert panel.rows.rowCount() == 4
