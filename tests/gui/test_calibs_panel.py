"""The calibration chooser by the user's hands."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from isrviewer.session import CalibPick
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


@pytest.fixture
def calibs(opened: Window) -> Window:
    opened.docks.raise_dock("calibs")
    return opened


def button(window: Window, text: str) -> QToolButton:
    return next(found for found in window.calibs.findChildren(QToolButton) if found.text().strip() == text)


def test_the_check_box_switches_the_step(calibs: Window, qtbot: QtBot) -> None:
    box = calibs.calibs.findChild(QCheckBox)
    assert not box.isChecked()
    box.click()
    settle(calibs, qtbot)
    assert calibs.desk.config.value.doFlat
    assert calibs.calibs.findChild(QCheckBox).isChecked()


def test_another_file_of_the_folder_and_back(calibs: Window, qtbot: QtBot) -> None:
    actions = button(calibs, "…").menu().actions()
    assert [action.text() for action in actions if action.text()] == ["flat.fits", "flat2.fits", "Another file…"]
    assert actions[0].isChecked()
    actions[1].trigger()
    settle(calibs, qtbot)
    assert calibs.model.session.calibs == (CalibPick("flat", "/calib/flat2.fits"),)
    calibs.model.undo()
    assert calibs.model.session.calibs == ()


def test_any_file_by_the_dialog(
    calibs: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = str(tmp_path / "mine.fits")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    button(calibs, "…").menu().actions()[-1].trigger()
    settle(calibs, qtbot)
    assert calibs.model.session.calibs == (CalibPick("flat", path),)


def test_why_it_was_chosen_is_on_screen(calibs: Window, qtbot: QtBot) -> None:
    texts = [label.toolTip() for label in calibs.calibs.findChildren(object) if hasattr(label, "toolTip")]
    assert "the nearest in time" in texts
    qtbot.mouseClick(button(calibs, "auto"), Qt.MouseButton.LeftButton)
    assert calibs.model.session.calibs == ()
