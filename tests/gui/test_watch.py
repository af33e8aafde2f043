"""A watched folder: complete new frames are offered, half ones are not."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from isrviewer.runner.watch import FolderWatch
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


def test_a_frame_is_offered_when_it_no_longer_grows(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "old.fits").write_bytes(b"old")
    watch = FolderWatch()
    arrived: list[str] = []
    watch.arrived.connect(arrived.append)
    watch.start(tmp_path)
    path = tmp_path / "new.fits.fz"
    path.write_bytes(b"half")
    watch.look()
    path.write_bytes(b"half and more")
    watch.look()
    assert arrived == []
    watch.look()
    assert arrived == [str(path)]
    watch.look()
    assert arrived == [str(path)]
    watch.stop()


def test_of_several_new_frames_the_newest_is_offered(qtbot: QtBot, tmp_path: Path) -> None:
    watch = FolderWatch()
    arrived: list[str] = []
    watch.arrived.connect(arrived.append)
    watch.start(tmp_path)
    for name, time in (("b.fits", 2000), ("a.fits", 3000), ("note.txt", 4000), (".c.fits", 5000)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time, time))
    watch.look()
    watch.look()
    assert arrived == [str(tmp_path / "a.fits")]
    watch.stop()


def test_a_folder_that_goes_away_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    folder.mkdir()
    watch = FolderWatch()
    lost: list[str] = []
    watch.lost.connect(lost.append)
    watch.start(folder)
    folder.rmdir()
    watch.look()
    assert len(lost) == 1
    assert str(folder) in lost[0]
    assert watch.folder is None


def test_the_button_opens_the_new_frame(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "night"
    folder.mkdir()
    opened.commands.watch.start(str(folder))
    path = folder / "7654321o.fits"
    path.write_bytes(b"x")
    qtbot.waitUntil(lambda: "New frame 7654321o.fits" in opened.strip.text.text(), timeout=10000)
    button = next(button for button in opened.strip.findChildren(QPushButton) if "7654321o" in button.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(opened, qtbot)
    assert opened.model.session.frame == str(path)
    opened.actions_by_table.trigger("watch.folder")
    assert opened.desk.watch.folder is None
