"""What is the same everywhere: help, questions without dialogs, colours, headers, long work, screenshots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from isrcore.chain import CHAIN
from isrcore.metadata import PropertyList
from isrviewer.actions.table import ACTIONS
from isrviewer.panels.header import pair_cards
from isrviewer.panels.log import ErrorsPanel
from isrviewer.runner.jobs import JobCancelled
from isrviewer.session.settings import load_settings
from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme, is_dark
from tests.gui.conftest import settle


def test_the_help_is_made_from_steps_fields_and_actions(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("help.page")
    text = opened.desk.help.text.toPlainText()
    assert [step.name for step in CHAIN if step.doc not in text] == []
    assert [path for path in opened.config_panel._items if path not in text] == []
    assert [action.id for action in ACTIONS if action.tip not in text] == []
    qtbot.keyClicks(opened.desk.help.search, "numSigmaClip")
    assert opened.desk.help.text.textCursor().selectedText() == "numSigmaClip"


def test_questions_are_asked_in_the_window_and_escape_takes_them_back(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("edit.remember")
    assert opened.prompt.isVisible()
    assert QApplication.activeModalWidget() is None
    qtbot.keyClick(opened.prompt.field, Qt.Key.Key_Escape)
    assert not opened.prompt.isVisible()
    assert opened.model.session.named == ()
    opened.actions_by_table.trigger("edit.remember")
    opened.prompt.field.clear()
    qtbot.keyClicks(opened.prompt.field, "no dark")
    qtbot.keyClick(opened.prompt.field, Qt.Key.Key_Return)
    assert [state.name for state in opened.model.session.named] == ["no dark"]


def test_schemes_change_and_are_remembered(opened: Window, own_settings: Path, qapp: QApplication) -> None:
    opened.actions_by_table.trigger("tools.scheme_dark")
    assert is_dark()
    assert load_settings(own_settings).scheme == "dark"
    opened.actions_by_table.trigger("tools.scheme_light")
    assert not is_dark()
    apply_theme(qapp)


def test_presets_states_and_the_clipboard(opened: Window, qtbot: QtBot) -> None:
    tools = opened.config_panel.tools
    menu = tools.presets.menu()
    menu.aboutToShow.emit()
    assert "quick look" in [action.text() for action in menu.actions()]
    next(action for action in menu.actions() if action.text() == "electrons").trigger()
    settle(opened, qtbot)
    assert {override.origin for override in opened.model.session.config} == {"preset electrons"}
    opened.commands.edit.remember_as("in electrons")
    files = tools.files.menu()
    files.aboutToShow.emit()
    next(action for action in files.actions() if action.text() == "Copy as override file").trigger()
    assert "config.doApplyGains=True" in QGuiApplication.clipboard().text()
    next(action for action in files.actions() if action.text() == "Copy as command line").trigger()
    command = QGuiApplication.clipboard().text()
    assert command.startswith(f"isrcore run {opened.model.session.frame} --detector 0")
    assert "-c doApplyGains=True" in command
    opened.actions_by_table.trigger("edit.reset_config")
    states = tools.states.menu()
    states.aboutToShow.emit()
    next(action for action in states.actions() if action.text() == "in electrons").trigger()
    assert opened.desk.config.value.doApplyGains


def test_a_rule_about_two_fields_is_told_at_both(opened: Window, qtbot: QtBot) -> None:
    for field in ("doFlat", "doApplyGains"):
        opened.commands.run.toggle_field(field)
    settle(opened, qtbot)
    for field in ("doFlat", "doApplyGains"):
        assert "switch one of them off" in opened.config_panel._items[field].child(0).text(0)
    assert opened.panels[ErrorsPanel].list.count() == 1


def test_details_say_doc_unit_and_history(opened: Window) -> None:
    opened.commands.run.toggle_field("doFlat")
    opened.config_panel.go_to("doFlat")
    text = opened.config_panel.details.toPlainText()
    assert "default: True" in text
    assert "CFHT override: False" in text
    assert "you: True" in text


def test_headers_are_compared_with_those_of_another_file(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    from astropy.io import fits

    other = tmp_path / "other.fits"
    fits.HDUList([fits.PrimaryHDU(header=fits.Header([("EXPTIME", 60.0), ("FILTER", "r")]))]).writeto(other)
    opened.docks.raise_dock("header")
    opened.commands.file.compare_headers_with(str(other))
    settle(opened, qtbot)
    opened.desk.header.only_differences.setChecked(True)
    tree = opened.desk.header.tree
    shown = {
        tree.topLevelItem(n).text(0): (tree.topLevelItem(n).text(1), tree.topLevelItem(n).text(2))
        for n in range(tree.topLevelItemCount())
        if not tree.topLevelItem(n).isHidden()
    }
    assert shown["EXPTIME"] == ("30.0", "60.0")
    assert shown["FILTER"] == ("—", "r")


def test_cards_are_paired_by_keyword() -> None:
    mine = PropertyList({"A": 1, "B": 2}, {"A": "first"})
    pairs = pair_cards(mine, PropertyList({"B": 2, "C": 3}))
    assert [(pair.keyword, pair.value, pair.other, pair.differs) for pair in pairs] == [
        ("A", 1, None, True),
        ("B", 2, 2, False),
        ("C", None, 3, True),
    ]
    assert not any(pair.differs for pair in pair_cards(mine, None))


def test_long_work_is_announced_and_can_be_cancelled(window: Window, qtbot: QtBot) -> None:
    ended = threading.Event()
    heard: list[object] = []

    def work(check: Callable[[], None]) -> None:
        try:
            while True:
                check()
        except JobCancelled:
            ended.set()
            raise

    window.jobs.start("Counting", work, heard.append, heard.append)
    assert not window.progress.isVisible()
    qtbot.waitUntil(window.progress.isVisible, timeout=3000)
    assert window.progress.text.text() == "Counting…"
    qtbot.mouseClick(window.progress.cancel, Qt.MouseButton.LeftButton)
    assert ended.wait(2)
    assert not window.progress.isVisible()
    assert heard == []


def test_two_jobs_both_answer(window: Window, qtbot: QtBot) -> None:
    heard: list[object] = []
    for number in (1, 2):
        window.jobs.start(f"job {number}", lambda check, n=number: n, heard.append, heard.append)
    qtbot.waitUntil(lambda: sorted(map(str, heard)) == ["1", "2"], timeout=3000)


def test_a_screenshot_carries_its_legend(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "shot.png"
    opened.commands.file.screenshot_as(str(path))
    image = QImage(str(path))
    ratio = opened.devicePixelRatioF()
    assert image.width() == round(opened.width() * ratio)
    assert image.height() > round(opened.height() * ratio)
    legend = image.text("Description")
    assert "1234567" in legend
    assert "raw · image" in legend
    assert "limits" in legend


@pytest.mark.parametrize("name", ["absent/shot.png"])
def test_a_screenshot_that_cannot_be_written_says_so(opened: Window, tmp_path: Path, name: str) -> None:
    opened.commands.file.screenshot_as(str(tmp_path / name))
    assert "could not be written" in opened.strip.text.text()
