"""The config editor: values by the user's hands, errors at the field, who set what."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from isrviewer.panels.log import ErrorsPanel
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


def item_of(window: Window, path: str) -> QTreeWidgetItem:
    return window.config_panel._items[path]


def type_value(window: Window, qtbot: QtBot, path: str, text: str) -> None:
    window.config_panel.go_to(path)
    tree = window.config_panel.tree
    tree.editItem(item_of(window, path), 1)
    editor = tree.findChild(QLineEdit)
    editor.setText(text)
    with qtbot.waitSignal(tree.itemDelegate().closeEditor):
        qtbot.keyClick(editor, Qt.Key.Key_Return)


def test_every_field_is_there_once_under_a_step(window: Window) -> None:
    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.config.fields import iter_fields

    assert set(window.config_panel._items) == {path for path, _, _ in iter_fields(CfhtIsrTaskConfig())}
    assert item_of(window, "doFlat").parent().text(0) == "flat"
    assert item_of(window, "overscan.fitType").parent().text(0) == "overscan"
    assert item_of(window, "doBias").text(2) == "CFHT"


def test_a_typed_number_runs_and_is_marked(opened: Window, qtbot: QtBot) -> None:
    type_value(opened, qtbot, "overscan.numSigmaClip", "4.5")
    settle(opened, qtbot)
    assert opened.desk.config.value.overscan.numSigmaClip == 4.5
    item = item_of(opened, "overscan.numSigmaClip")
    assert (item.text(1), item.text(2), item.font(0).bold()) == ("4.5", "● you", True)
    opened.model.undo()
    assert (item.text(1), item.text(2), item.font(0).bold()) == ("3.0", "", False)


def test_a_refused_value_stays_visible_with_its_reason_and_changes_nothing(opened: Window, qtbot: QtBot) -> None:
    before = opened.model.session.config
    type_value(opened, qtbot, "overscan.order", "many")
    item = item_of(opened, "overscan.order")
    assert opened.model.session.config == before
    assert item.text(1) == "many"
    assert "overscan.order takes an integer" in item.child(0).text(0)
    opened.config_panel.reset_field("overscan.order")
    assert (item.text(1), item.childCount()) == ("1", 0)


def test_a_choice_offers_what_the_field_allows(opened: Window, qtbot: QtBot) -> None:
    opened.config_panel.go_to("overscan.fitType")
    tree = opened.config_panel.tree
    tree.editItem(item_of(opened, "overscan.fitType"), 1)
    box = tree.findChild(QComboBox)
    assert "MEDIAN" in [box.itemText(number) for number in range(box.count())]
    box.setCurrentText("MEAN")
    box.activated.emit(box.currentIndex())
    assert opened.desk.config.value.overscan.fitType == "MEAN"


def test_a_broken_rule_is_shown_at_a_field_and_in_the_errors(opened: Window, qtbot: QtBot) -> None:
    for field in ("doFlat", "doApplyGains"):
        opened.commands.run.toggle_field(field)
    settle(opened, qtbot)
    assert opened.panels[ErrorsPanel].list.count() == 1
    assert "doApplyGains" in opened.panels[ErrorsPanel].list.item(0).text()
    opened.model.undo()
    settle(opened, qtbot)
    assert "stale" not in {row.status for row in opened.runs.view.rows}


def test_search_and_only_changed(opened: Window) -> None:
    opened.commands.run.toggle_field("doFlat")
    opened.config_panel.only_changed.setChecked(True)
    shown = [path for path, item in opened.config_panel._items.items() if not item.isHidden()]
    assert "doFlat" in shown
    assert "overscan.order" not in shown
    opened.config_panel.only_changed.setChecked(False)
    opened.config_panel.search.setText("fringe pedestal")
    shown = [path for path, item in opened.config_panel._items.items() if not item.isHidden()]
    assert "fringe.pedestal" in shown
    assert "doFlat" not in shown


def test_override_files_go_in_and_out(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("config.doFlat = True\nconfig.overscan.order = 3\n")
    opened.commands.file.open_path(str(path))
    settle(opened, qtbot)
    assert item_of(opened, "overscan.order").text(2) == "● file mine.py"
    copy = tmp_path / "copy.py"
    opened.commands.file.save_config_as(str(copy))
    opened.actions_by_table.by_id["edit.reset_config"].trigger()
    assert opened.desk.config.value.overscan.order == 1
    opened.commands.file.open_path(str(copy))
    assert (opened.desk.config.value.doFlat, opened.desk.config.value.overscan.order) == (True, 3)


def test_a_refused_file_names_its_line_and_changes_nothing(opened: Window, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text("config.doFlat = True\nimport os; os.remove('x')\n")
    before = opened.model.session
    opened.commands.file.open_path(str(path))
    assert "line 2" in opened.strip.text.text()
    assert opened.model.session == before
