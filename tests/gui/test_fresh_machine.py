"""A machine on which something is missing: a library, a screen, a folder to write to. One line says what, and why."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

import isrcore
from isrcore.resource_files import resource
from isrviewer import theme
from isrviewer.process import screen
from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme

SCREENS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XDG_RUNTIME_DIR")

WITHOUT_A_LIBRARY = """
import ctypes, sys
LOADER = "libEGL.so.1: cannot open shared object file: No such file or directory"
def load(name):
    if name == "libEGL.so.1":
        raise OSError(LOADER)
ctypes.CDLL = load
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("PySide6.Qt"):
            raise ImportError(LOADER)
sys.meta_path.insert(0, Refusing())
from isrviewer.app import main
sys.exit(main([]))
"""

DEMO_CANNOT_BE_WRITTEN = """
import errno, os, sys
from isrcore.simulate import demo
def refuse(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
demo.simulate_raw = refuse
from isrviewer.app import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, and only the screens named here."""
    kept = {name: value for name, value in os.environ.items() if name not in SCREENS}
    return subprocess.run(
        [sys.executable, *arguments], env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )


def lines(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What is on the terminal: nothing but our own text."""
    found = (result.stdout + result.stderr).splitlines()
    assert all(line.startswith("isrviewer: ") for line in found), found
    return found


def test_a_missing_library_is_told_on_one_line() -> None:
    result = run("-c", WITHOUT_A_LIBRARY, QT_QPA_PLATFORM="offscreen")
    (line,) = lines(result)
    assert result.returncode == 2
    assert "libEGL.so.1" in line
    assert line.endswith("apt install libegl1")


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_that_is_not_there_is_told_on_one_line(variable: str, tmp_path: Path) -> None:
    result = run("-m", "isrviewer", XDG_RUNTIME_DIR=str(tmp_path), **{variable: ":4999"})
    (line,) = lines(result)
    assert result.returncode == 2
    # Without the library for X there is no asking; then it is the library that is missing.
    assert f"the display :4999 ({variable}) does not answer" in line or "libxcb.so.1" in line


def test_a_platform_that_qt_does_not_have_is_told_on_one_line() -> None:
    result = run("-m", "isrviewer", QT_QPA_PLATFORM="cinema")
    (line,) = lines(result)
    assert result.returncode == 2
    assert "QT_QPA_PLATFORM=cinema" in line


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in SCREENS:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def silent_display() -> Iterator[str]:
    """An X display that takes connections and never says a word."""
    for number in range(400, 500):
        with socket.socket() as server:
            try:
                server.bind(("127.0.0.1", 6000 + number))
            except OSError:
                continue
            server.listen()
            yield f"127.0.0.1:{number}"
            return
    pytest.skip("needs a free port from 6400 to 6499")


def test_a_display_that_keeps_us_waiting_is_given_up(no_screen: pytest.MonkeyPatch, silent_display: str) -> None:
    no_screen.setenv("DISPLAY", silent_display)
    no_screen.setattr(screen, "_PATIENCE_S", 0.1)
    problem = screen.find_screen(fall_back=False)
    assert f"the display {silent_display} (DISPLAY) does not answer" in problem


def test_qt_is_led_to_the_screen_that_answers(no_screen: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_screen.setenv("DISPLAY", ":4999")
    no_screen.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    no_screen.setenv("WAYLAND_DISPLAY", "wayland-7")
    no_screen.setenv("QT_QPA_PLATFORM", "")
    no_screen.setattr(screen, "_x_answers", lambda: True)
    assert screen.find_screen(fall_back=False) == ""
    assert os.environ["QT_QPA_PLATFORM"] == "xcb"
    no_screen.setenv("QT_QPA_PLATFORM", "")
    with socket.socket(socket.AF_UNIX) as compositor:
        compositor.bind(str(tmp_path / "wayland-7"))
        compositor.listen()
        assert screen.find_screen(fall_back=False) == ""
    assert os.environ["QT_QPA_PLATFORM"] == "", "with both at hand the choice is Qt's"


def test_where_no_screen_answers_all_that_were_tried_are_named(no_screen: pytest.MonkeyPatch) -> None:
    no_screen.setenv("DISPLAY", ":4999")
    no_screen.setenv("WAYLAND_DISPLAY", "wayland-7")
    no_screen.setenv("QT_QPA_PLATFORM", "")
    no_screen.setattr(screen, "_x_answers", lambda: False)
    problem = screen.find_screen(fall_back=False)
    assert ":4999" in problem
    assert "wayland-7" in problem
    assert screen.find_screen(fall_back=True) == ""
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_a_screenshot_of_nothing_is_bad_usage(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    result = run("-m", "isrviewer", "--screenshot", str(picture))
    assert result.returncode == 2
    assert "nothing to show" in result.stderr
    result = run("-m", "isrviewer", "--demo", "--screenshot", str(tmp_path / "none" / "window.png"))
    assert result.returncode == 2
    assert "no such folder" in result.stderr


def test_a_file_that_shows_no_frame_ends_a_screenshot_with_a_code(tmp_path: Path) -> None:
    session, overrides = tmp_path / "session.json", tmp_path / "overrides.py"
    session.write_text("{}")
    overrides.write_text("config.doFlat = False\n")
    for file, reason in ((session, "session.json"), (overrides, "no frame to show")):
        result = run("-m", "isrviewer", str(file), "--screenshot", str(tmp_path / "window.png"))
        (line,) = lines(result)
        assert result.returncode == 1
        assert reason in line


def test_overrides_that_were_refused_end_a_screenshot_with_a_code(frame: str, tmp_path: Path) -> None:
    overrides = tmp_path / "overrides.py"
    overrides.write_text("config.noSuchField = 1\n")
    result = run("-m", "isrviewer", frame, "--config", str(overrides), "--screenshot", str(tmp_path / "window.png"))
    assert result.returncode == 1
    assert any("noSuchField" in line for line in lines(result))


def test_a_demo_that_cannot_be_written_anywhere_ends_a_screenshot_with_a_code(tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    folders = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    result = run("-c", DEMO_CANNOT_BE_WRITTEN, "--demo", "--screenshot", str(picture), **folders)
    found = lines(result)
    assert result.returncode == 1
    cache, spare = tmp_path / "cache" / "isrviewer" / "demo", tmp_path / f"isrviewer-demo-{os.getuid()}"
    assert f"making the demo frame and its calibrations in {cache}" in found[0]
    assert f"{cache} cannot be written (No space left on device); the demo goes to {spare}" in found[1]
    assert f"making the demo frame and its calibrations in {spare}" in found[2]
    assert "The demo could not be made" in found[3]
    assert len(found) == 4


def shows_tick(qtbot: QtBot) -> bool:
    """Whether a checked box has a white tick on its coloured ground."""
    box = QCheckBox()
    qtbot.addWidget(box)
    box.setChecked(True)
    box.resize(40, 24)
    image = box.grab().toImage()
    colours = [image.pixelColor(x, y) for x in range(2, 10) for y in range(image.height())]
    return any(colour.saturation() < 20 and colour.lightness() > 240 for colour in colours) and any(
        colour.rgb() == theme.ACCENT.rgb() for colour in colours
    )


@pytest.mark.parametrize("name", ["plain", "o'brien", "Zoë 日本", 'a "b" (c)', "back\\slash", "50%20;{}"])
def test_ticks_are_seen_wherever_the_package_lies(
    name: str, qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, empty = tmp_path / name, tmp_path / "empty"
    shutil.copytree(resource("icons"), folder)
    empty.mkdir()
    monkeypatch.setattr(theme, "resource", lambda *_: empty)
    apply_theme(qapp)
    assert not shows_tick(qtbot)
    monkeypatch.setattr(theme, "resource", lambda *_: folder)
    apply_theme(qapp)
    assert shows_tick(qtbot)
    monkeypatch.undo()
    apply_theme(qapp)


def test_the_program_has_an_icon(window: Window) -> None:
    assert not QApplication.windowIcon().pixmap(32).isNull()


@pytest.mark.parametrize("package", ["isrcore", "isrviewer"])
def test_version_and_exit_codes_are_told(package: str) -> None:
    assert run("-m", package, "--version").stdout == f"{package} {isrcore.__version__}\n"
    assert "exit codes: 0 done; 1 " in run("-m", package, "--help").stdout
