"""The table of defects: filter, order, edits in place, the choice in step with the map, keys and menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from isrcore.audit import edits
from isrcore.audit.defect import DefectKind, Status
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrviewer.audit.values import DefectValues, parse_filter
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.defects.table_rows import COLUMNS
from isrviewer.shell.window import Window
from tests.gui.audited_map import audit_small_map, small_document
from tests.gui.conftest import settle

_NAMES = [column.name for column in COLUMNS]


@pytest.fixture
def panel(opened: Window, qtbot: QtBot) -> DefectTablePanel:
    opened.docks.raise_dock("defects")
    audit_small_map(opened, qtbot)
    opened.activateWindow()
    return opened.panels[DefectTablePanel]


def choose(panel: DefectTablePanel, *rows: int) -> None:
    """Click rows, the second and further ones with Ctrl."""
    flags = QItemSelectionModel.SelectionFlag
    for place, row in enumerate(rows):
        how = flags.ClearAndSelect if not place else flags.Select
        panel.table.selectionModel().setCurrentIndex(panel.rows.index(row, 0), how | flags.Rows)


def texts(panel: DefectTablePanel, name: str) -> list[str]:
    column = _NAMES.index(name)
    return [panel.rows.index(row, column).data() for row in range(panel.rows.rowCount())]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [1, 2, 3]),
        ("w>1", [2]),
        ("h>=3 x:10-30", [2, 3]),
        ("pixels=1", [1]),
        ("-cluster", [1]),
        ("kind:cluster status:unseen", [2, 3]),
        ("small UNKNOWN", [1]),
        ('"small.fits"', [1, 2, 3]),
        ("sigma<3", []),
        ("number:2", [2]),
        ("x<3", []),
        ("x<=3", [1]),
    ],
)
def test_filter_language(text: str, numbers: list[int]) -> None:
    document = small_document(Box(3, 4, 1, 1), Box(10, 20, 2, 3), Box(25, 5, 1, 55))
    values, picks = DefectValues(None), parse_filter(text)
    assert [defect.id for defect in document if picks(values, defect)] == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("foo>1", "there is no “foo”"),
        ("w>wide", "expected a number such as w>3"),
        ("w>1-3", "expected a number"),
        ("x:9-3", "the range begins after its end; write 3-9"),
        ("kind>trap", "kind holds words; write kind:trap"),
        ('"hot', "has no partner"),
    ],
)
def test_filter_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_filter(text)
    assert says in str(caught.value)


def test_the_table_says_what_there_is(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    assert panel.title.text() == "ccd00 · small.fits"
    assert "3&nbsp;unseen" in panel.counts.text()
    assert panel.saved.text() == "no edits yet"
    assert texts(panel, "kind") == ["unknown", "cluster", "cluster"]
    assert texts(panel, "x") == ["3", "10", "25"]
    assert texts(panel, "pixels") == ["1", "6", "55"]
    opened.audits.select(2)
    opened.actions_by_table.trigger("audit.confirm")
    settle(opened, qtbot)
    assert panel.saved.text() == "1 edit, all saved"
    assert "1&nbsp;confirmed" in panel.counts.text()


def test_filter_field_shows_counts_and_complains(panel: DefectTablePanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.filter, "w>1")
    assert panel.rows.numbers == [2]
    assert panel.shown.text() == "1 of 3"
    panel.filter.setText("w>1 wide>1")
    assert "there is no “wide”" in panel.problem.text()
    assert panel.problem.isVisible()
    assert panel.rows.numbers == [2]
    panel.filter.clear()
    assert not panel.problem.isVisible()
    assert panel.shown.text() == "3"
    qtbot.keyClicks(panel.filter, "sigma>3")
    assert "No significance has been measured" in panel.problem.text()


def test_sorting_keeps_the_choice(panel: DefectTablePanel, opened: Window) -> None:
    opened.audits.select(1)
    panel.table.sortByColumn(_NAMES.index("pixels"), Qt.SortOrder.DescendingOrder)
    assert panel.rows.numbers == [3, 2, 1]
    assert opened.audits.current is not None
    assert opened.audits.current.selected == 1
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [2]
    panel.table.sortByColumn(_NAMES.index("kind"), Qt.SortOrder.DescendingOrder)
    assert panel.rows.numbers == [1, 2, 3]
    # Nothing is measured: the numbers decide in both directions.
    panel.table.sortByColumn(_NAMES.index("sigma"), Qt.SortOrder.DescendingOrder)
    assert panel.rows.numbers == [1, 2, 3]


def test_a_row_chooses_the_defect_and_the_other_way_round(panel: DefectTablePanel, opened: Window) -> None:
    choose(panel, 1)
    assert opened.audits.defect is not None
    assert opened.audits.defect.id == 2
    assert opened.grid.focused.pixel == (10, 21)
    opened.audits.visit(1)
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [
        panel.rows.row_of(opened.audits.current.selected)
    ]


def test_keys_work_while_the_table_has_the_focus(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    panel.table.setFocus()
    choose(panel, 0)
    for key, status in ((Qt.Key.Key_Y, Status.CONFIRMED), (Qt.Key.Key_K, Status.REJECTED)):
        number = opened.audits.defect.id
        qtbot.keyClick(panel.table, key)
        assert opened.audits.document[number].status is status
    qtbot.keyClick(panel.table, Qt.Key.Key_U)
    qtbot.keyClick(panel.table, Qt.Key.Key_1)
    assert opened.audits.defect.kind is DefectKind.HOT_PIXEL
    before = opened.audits.defect.id
    qtbot.keyClick(panel.table, Qt.Key.Key_N)
    assert opened.audits.defect.id != before
    qtbot.keyClick(panel.table, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert opened.audits.defect.id == before


def test_decisions_about_several(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    panel.table.setFocus()
    choose(panel, 0, 1)
    qtbot.keyClick(panel.table, Qt.Key.Key_Y)
    statuses = [defect.status for defect in opened.audits.document]
    assert statuses == [Status.CONFIRMED, Status.CONFIRMED, Status.UNSEEN]
    assert len(opened.audits.current.history.done) == 1
    # The next decision is about the next defect, not about these again.
    assert len(opened.audits.targets) == 1
    choose(panel, 0, 2)
    qtbot.keyClick(panel.table, Qt.Key.Key_J, Qt.KeyboardModifier.AltModifier)
    assert list(opened.audits.document.by_id) == [1, 2]
    settle(opened, qtbot)
    assert panel.rows.numbers == [1, 2]


def test_edits_change_rows_and_move_nothing(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    boxes = [Box(x, y, 1, 1) for y in range(1, 58, 2) for x in range(1, 39, 2)]
    audit_small_map(opened, qtbot, *boxes)
    opened.audits.select(200)
    place = panel.table.verticalScrollBar().value()
    assert place > 0
    resets: list[None] = []
    panel.rows.modelReset.connect(lambda: resets.append(None))
    opened.actions_by_table.trigger("audit.grow")
    opened.audits.do(lambda document: edits.add_box(document, Box(0, 0, 4, 1)))
    opened.audits.do(lambda document: edits.merge(document, [200, 201, 202]))
    settle(opened, qtbot)
    assert texts(panel, "pixels")[panel.rows.row_of(200)] == "11"
    assert panel.rows.numbers[-1] == len(boxes) + 1
    assert panel.rows.row_of(203) == 200
    assert not resets
    assert opened.audits.defect.id == 200
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [199]
    assert panel.table.verticalScrollBar().value() == place
    opened.actions_by_table.trigger("audit.undo")
    settle(opened, qtbot)
    assert panel.rows.numbers == list(opened.audits.document.by_id)


def test_a_decision_does_not_take_the_row_away(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.filter, "unseen")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    assert panel.table.hasFocus()
    choose(panel, 0)
    qtbot.keyClick(panel.table, Qt.Key.Key_Y)
    settle(opened, qtbot)
    assert panel.rows.numbers == [1, 2, 3]
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    assert panel.rows.numbers == [2, 3]


def test_many_new_defects_and_back(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    sets = [PixelSet.of([Box(x, y, 1, 1)]) for y in range(0, 60, 3) for x in range(0, 40, 4)]
    opened.audits.do(lambda document: edits.add(document, sets))
    settle(opened, qtbot)
    assert panel.rows.numbers == list(range(1, 204))
    opened.actions_by_table.trigger("audit.undo")
    settle(opened, qtbot)
    assert panel.rows.numbers == [1, 2, 3]


def test_a_hidden_table_catches_up(opened: Window, panel: DefectTablePanel, qtbot: QtBot) -> None:
    opened.docks.raise_dock("config")
    opened.docks.by_name["defects"].hide()
    opened.audits.select(3)
    opened.actions_by_table.trigger("audit.reject")
    opened.docks.raise_dock("defects")
    settle(opened, qtbot)
    assert texts(panel, "status")[2] == "✗ rejected"
    assert [panel.rows.numbers[index.row()] for index in panel.table.selectionModel().selectedRows()] == [
        opened.audits.current.selected
    ]


def test_the_menu_of_a_row(panel: DefectTablePanel, opened: Window, qtbot: QtBot) -> None:
    choose(panel, 0)
    panel.table.customContextMenuRequested.emit(QPoint(5, 5))
    menu = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu) and widget.isVisible())
    names = [action.text() for action in menu.actions()]
    assert {"Confirm", "Reject", "Merge", "Note…"} <= set(names)
    menu.actions()[names.index("Reject")].trigger()
    menu.close()
    assert opened.audits.document[1].status is Status.REJECTED
    settle(opened, qtbot)


def test_no_map(opened: Window, panel: DefectTablePanel, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("maps.close")
    settle(opened, qtbot)
    assert panel.title.text() == "No defect map is open"
    assert panel.rows.rowCount() == 0
