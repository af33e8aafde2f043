"""The program as a process of its own: killed and started again, closed in the middle of a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from isrviewer.session.state import Pin
from isrviewer.shell.window import Window

ROOT = Path(__file__).resolve().parents[2]
SCREENS = {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}

CHANGED_THEN_IDLE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from isrviewer import app
from isrviewer.session.changes import toggle_pin
from isrviewer.session.state import Pin
from tests.gui.small_engine import SmallEngine

application = QApplication([])
engine = SmallEngine()
app.make_engine = lambda settings: engine

def change():
    window = next(w for w in QApplication.topLevelWidgets() if hasattr(w, "recovery"))
    window.commands.file.open_path(sys.argv[1])
    window.commands.edit.remember_as("before")
    window.commands.run.toggle_field("doFlat")
    window.actions_by_table.trigger("view.panels_2")
    window.model.change(toggle_pin(window.model.session, Pin(3, 4)), "pin")
    watch = QTimer(window, interval=20)
    watch.timeout.connect(lambda: say_when_saved(window, watch))
    watch.start()

def say_when_saved(window, watch):
    from isrviewer.session.store import load_session
    session, path = window.model.session, window.recovery.path
    # The frame is open only when its pixels are there.
    if session.frame and path.exists() and load_session(path) == session:
        watch.stop()
        print("saved", flush=True)

QTimer.singleShot(200, change)
sys.exit(app.main([]))
"""

CLOSED_WHILE_RUNNING = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from isrviewer import app
import tests.gui.small_engine as small

application = QApplication([])

class SlowEngine(small.SmallEngine):
    def _run(self, task, state, request, emit, cancel):
        if cancel():
            return False
        print("running", flush=True)
        time.sleep(float(sys.argv[2]))
        return True

app.make_engine = lambda settings: SlowEngine()

def close_when_running():
    window = next(w for w in QApplication.topLevelWidgets() if hasattr(w, "recovery"))
    if window.runs.busy and window.runs.view.rows:
        watch.stop()
        print("closing", time.monotonic(), flush=True)
        window.close()

watch = QTimer(interval=20)
watch.timeout.connect(close_when_running)
QTimer.singleShot(200, watch.start)
sys.exit(app.main([sys.argv[1]]))
"""

CLOSED_WHILE_COMPUTING = """
import atexit, sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from isrviewer import app
from isrviewer.runner.background import Background
import tests.gui.small_engine as small

application = QApplication([])
app.make_engine = lambda settings: small.SmallEngine()
atexit.register(lambda: print("taken apart", flush=True))
background = Background()

def work():
    QTimer.singleShot(0, application, application.closeAllWindows)
    time.sleep(float(sys.argv[1]))

QTimer.singleShot(200, lambda: background.compute(work, print))
code = app.main([])
print("ended", code, flush=True)
sys.exit(code)
"""


HARMLESS = "This plugin does not support propagateSizeHints()"
"""What Qt's offscreen platform says whenever a window has a smallest size."""

STEP_SECONDS = 30
"""How long the step takes that the program must not wait for; a busy machine may need seconds to end a process."""

PATIENCE = 60
"""Seconds after which a process that says nothing is ended."""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when_saved(child: subprocess.Popen[str], patience: float) -> None:
    """Kill a process that says when its session is on the disk."""
    assert child.stdout is not None
    alarm = threading.Timer(patience, child.kill)
    alarm.start()
    said = child.stdout.readline()
    alarm.cancel()
    child.send_signal(signal.SIGKILL)
    errors = child.communicate(timeout=patience)[1]
    assert said == "saved\n", errors


def test_a_killed_process_is_recovered(
    make_window: Callable[[], Window], frame: str, qtbot: QtBot, own_settings: Path
) -> None:
    child = start(CHANGED_THEN_IDLE, frame)
    kill_when_saved(child, PATIENCE)
    window = make_window()
    restore = next(button for button in window.start.findChildren(QPushButton) if button.text() == "Restore")
    qtbot.waitUntil(lambda: restore.height() > 10)
    qtbot.mouseClick(restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.runs.busy and bool(window.runs.view.rows), timeout=20000)
    session = window.model.session
    assert session.frame == frame
    assert [(override.field, override.value) for override in session.config] == [("doFlat", True)]
    assert session.pins == (Pin(3, 4),)
    assert [state.name for state in session.named] == ["before"]
    assert len(window.grid.panels) == 2
    assert {row.step.name: row.status for row in window.runs.view.rows}["doFlat"] in {"done", "cached"}
    assert not list(own_settings.glob(f"autosave-{child.pid}-*"))


def test_closing_in_the_middle_of_a_step_ends_the_process_within_a_second(frame: str) -> None:
    child = start(CLOSED_WHILE_RUNNING, frame, str(STEP_SECONDS))
    out, errors = child.communicate(timeout=PATIENCE)
    ended = time.monotonic()
    closing = float(out.rpartition("closing ")[2])
    assert "running" in out
    assert child.returncode == 0
    assert [line for line in errors.splitlines() if line != HARMLESS] == []
    assert ended - closing < STEP_SECONDS / 10


def without_screen(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in SCREENS}
    command = [sys.executable, "-m", "isrviewer.app", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_machine_without_screen_is_told_what_to_do() -> None:
    result = without_screen()
    assert result.returncode == 2
    assert "there is no screen" in result.stderr
    assert "ssh -X" in result.stderr


def test_a_screenshot_needs_no_screen(frame: str, tmp_path: Path) -> None:
    """Its exit code tells of the frame, which is empty here."""
    picture = tmp_path / "window.png"
    result = without_screen(frame, "--screenshot", str(picture))
    assert result.returncode == 1
    assert "the file is empty" in result.stderr
    assert picture.stat().st_size > 10_000


def test_closing_leaves_what_a_thread_still_uses_alone() -> None:
    """Threads that compute for a panel must not find Python half taken apart."""
    child = start(CLOSED_WHILE_COMPUTING, str(STEP_SECONDS))
    out, errors = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (0, "")
    assert [line for line in errors.splitlines() if line != HARMLESS] == []
