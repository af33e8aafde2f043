"""A scripted walk through the program on a real X server, as a user would take it, with a screenshot of every stage.

Run by hand, for example ``xvfb-run -s "-screen 0 1920x1080x24" python -m tests.walk FRAME CALIBRATIONS FOLDER``, on a
simulated i-band frame with 36 CCDs. The first part ends by killing its own process; the second part starts again and
recovers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from isrviewer.app import make_engine
from isrviewer.session.changes import show_step
from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme

SIZE = (1920, 1080)


def pause(milliseconds: int) -> None:
    """Let Qt and the other threads work; QTest.qWait would keep the interpreter to itself."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Walk:
    """One window and the folder for its screenshots."""

    def __init__(self, folder: Path) -> None:
        self.application = QApplication([])
        apply_theme(self.application)
        self.folder = folder
        self.window = Window(make_engine, fresh_layout=True)
        self.window.resize(*SIZE)
        self.window.show()
        QTest.qWaitForWindowExposed(self.window)
        self.window.begin()

    def wait(self, until: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited for: {what}")
            pause(5)

    def settle(self) -> None:
        window = self.window
        pause(100)
        self.wait(lambda: not window.runs.busy and window.grid.is_settled, "the run and the pictures")

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow, "the window to have the keys")
        self.window.grid.focused.view.setFocus()
        QTest.keyClick(self.window.grid.focused.view, key, modifier)
        self.settle()

    def look(self, step: str) -> None:
        self.window.model.change(show_step(self.window.model.session, step))
        self.settle()

    def picture(self, name: str) -> None:
        pause(1500)  # Panels with numbers compute beside the pictures.
        self.window.grab().save(str(self.folder / f"{name}.png"))
        print(f"{name}.png", flush=True)


def first_part(frame: str, calibrations: str, folder: Path) -> None:
    """Open, step, toggle, pin, look at the history, blink, look at the overscan, save; then die."""
    walk = Walk(folder)
    window = walk.window
    window.commands.file.set_calib_folder(calibrations)
    window.commands.file.open_path(frame, 12)
    walk.wait(lambda: bool(window.runs.view.rows), "the frame")
    walk.settle()
    for switch in ("doBias", "doDark", "doFlat", "doFringe"):
        window.commands.run.toggle_field(switch)
    walk.settle()
    for step in ("raw", "doAssembleCcd", "doFlat", "postISRCCD"):
        walk.look(step)
        walk.picture(f"step-{step}")
    walk.key(Qt.Key.Key_BracketLeft)
    walk.key(Qt.Key.Key_BracketRight)
    window.commands.run.toggle_field("doFlat")
    walk.settle()
    walk.picture("without-flat")
    window.commands.run.toggle_field("doFlat")
    walk.settle()
    exposure = window.grid.focused.exposure
    assert exposure is not None
    y, x = np.argwhere(exposure.mask.has("SAT"))[0]
    view = window.grid.focused.view
    view.go_to(float(x), float(y))
    for _ in range(4):
        view.zoom_in()
    QTest.mouseMove(view, view.to_widget(float(x), float(y)).toPoint())
    walk.settle()
    walk.key(Qt.Key.Key_P)
    window.docks.raise_dock("pixel")
    walk.settle()
    walk.picture("pinned-saturated-pixel")
    walk.key(Qt.Key.Key_F)
    walk.key(Qt.Key.Key_B)
    pause(1200)
    walk.picture("blink")
    walk.key(Qt.Key.Key_B)
    window.docks.raise_dock("overscan")
    walk.settle()
    walk.picture("overscan")
    window.actions_by_table.trigger("view.panels_4")
    walk.settle()
    walk.picture("four-panels")
    session = folder / "walk.json"
    window.commands.file.save_session_as(str(session))
    assert session.exists()
    pause(2000)
    print("killed", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def second_part(folder: Path) -> None:
    """Start again after the kill: the session of the first part is offered and comes back."""
    walk = Walk(folder)
    window = walk.window
    walk.picture("start-page-after-kill")
    button = next(button for button in window.start.findChildren(QPushButton) if button.text() == "Restore")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    walk.wait(lambda: bool(window.runs.view.rows), "the recovered session")
    walk.settle()
    assert len(window.grid.panels) == 4
    assert window.model.session.pins
    walk.picture("recovered")
    window.close()


def main() -> int:
    if sys.argv[1] == "--first":
        first_part(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    if sys.argv[1] == "--second":
        second_part(Path(sys.argv[2]))
        return 0
    frame, calibrations, folder = sys.argv[1:4]
    Path(folder).mkdir(parents=True, exist_ok=True)
    program = [sys.executable, "-m", "tests.walk"]
    environment = {**os.environ, "ISRVIEWER_HOME": str(Path(folder) / "home")}
    died = subprocess.run([*program, "--first", frame, calibrations, folder], env=environment, check=False)
    if died.returncode != -signal.SIGKILL:
        return died.returncode or 1
    return subprocess.run([*program, "--second", folder], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
