"""Nothing on screen is left unexplained."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from isrviewer.actions.table import ACTIONS, keys_of
from isrviewer.shell.window import Window
from tests.gui.conftest import settle

PARTS_OF_WIDGETS = {"qt_toolbar_ext_button", "qt_spinbox_lineedit", "ScrollLeftButton", "ScrollRightButton"}


def is_control(widget: QWidget) -> bool:
    """Whether the user works with it, and it is no part that Qt makes inside of another control."""
    if not isinstance(widget, (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider)):
        return False
    inner = isinstance(widget.parent(), (QComboBox, QAbstractSpinBox, QLineEdit))
    return not inner and widget.objectName() not in PARTS_OF_WIDGETS


def test_every_control_has_a_tooltip(opened: Window, qtbot: QtBot) -> None:
    for name in opened.docks.by_name:
        opened.docks.raise_dock(name)
    settle(opened, qtbot)
    silent = [
        f"{type(widget).__name__} {getattr(widget, 'text', str)()!r} in {type(widget.parent()).__name__}"
        for widget in opened.findChildren(QWidget)
        if is_control(widget) and not widget.toolTip()
    ]
    # Qt's own: buttons that scroll a row of tabs, and those of titles and menu bars that are not shown.
    own = {"QTabBar", "QMainWindowTabBar", "QDockWidget", "QMenuBar", "QKeySequenceEdit"}
    assert [line for line in silent if line.rpartition(" in ")[2] not in own] == []


def test_the_tooltip_of_an_action_says_what_it_does_and_its_keys(opened: Window) -> None:
    for action in ACTIONS:
        qt_action = opened.actions_by_table.by_id[action.id]
        assert qt_action.toolTip().startswith(action.tip)
        if keys_of(action, {}):
            assert qt_action.shortcut().toString() in qt_action.toolTip()


def test_every_config_row_says_doc_limits_and_history(opened: Window) -> None:
    for path, item in opened.config_panel._items.items():
        tip = item.toolTip(0)
        assert tip.startswith(path)
        assert "Takes " in tip
        assert "default: " in tip


def test_every_step_says_what_it_does(opened: Window) -> None:
    for line, row in zip(opened.steps.lines.lines[1:], opened.runs.view.rows, strict=True):
        assert row.step.doc in line.tip
