"""What every test of the window gets: its own settings, a small engine, and a check that nothing is left behind."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme
from tests.gui.inspected_run import InspectedRun
from tests.gui.small_engine import SmallEngine


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and autosaves of this test only."""
    home = tmp_path / "home"
    monkeypatch.setenv("ISRVIEWER_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def garbage_between_tests() -> Iterator[None]:
    """As `isrviewer.garbage`: nothing is collected in another thread, nor while Qt delivers an event.

    What was there before the first window, modules above all, is left out of every collection.
    """
    gc.disable()
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
    yield
    gc.collect()
    gc.enable()


@contextmanager
def leaving_nothing_behind(application: QApplication) -> Iterator[None]:
    """Fail what leaves a thread, a running timer or a top-level widget."""
    started: list[QTimer] = []
    start = QTimer.start

    def remember(timer: QTimer, *arguments: int) -> None:
        started.append(timer)
        start(timer, *arguments)

    threads = set(threading.enumerate())
    widgets = set(map(id, application.topLevelWidgets()))
    handlers = _log_handlers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QTimer, "start", remember)
        yield
    _settle(application)
    for thread in set(threading.enumerate()) - threads:
        if thread.name.startswith("isrviewer"):
            thread.join(2)
    left = [thread.name for thread in set(threading.enumerate()) - threads if thread.name.startswith("isrviewer")]
    assert not left, f"threads still run: {left}"
    running = [timer.objectName() or timer.interval() for timer in started if _is_running(timer)]
    assert not running, f"timers still run: {running}"
    windows = [widget for widget in application.topLevelWidgets() if id(widget) not in widgets and widget.isVisible()]
    assert not windows, f"widgets are still open: {windows}"
    assert _log_handlers() == handlers, "a log handler was not removed"


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves something behind."""
    with leaving_nothing_behind(qapp):
        yield


def _log_handlers() -> list[logging.Handler]:
    """Those that are not pytest's, which has others for every part of a test."""
    return [one for one in logging.getLogger().handlers if not type(one).__module__.startswith("_pytest.")]


def _is_running(timer: QTimer) -> bool:
    try:
        return timer.isActive()
    except RuntimeError:
        return False


def _settle(application: QApplication) -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()


@pytest.fixture
def engine() -> SmallEngine:
    return SmallEngine()


def new_window(engine: SmallEngine, qtbot: QtBot) -> Window:
    """A window on screen that has begun; who asks for it closes it."""
    window = Window(lambda settings: engine, fresh_layout=True)
    window.resize(1400, 900)
    window.show()
    qtbot.waitExposed(window)
    window.begin()
    qtbot.waitUntil(lambda: window.startup.is_complete, timeout=10000)
    return window


@pytest.fixture
def make_window(qtbot: QtBot, qapp: QApplication, engine: SmallEngine) -> Iterator[Callable[[], Window]]:
    """Windows that are closed at the end, whatever happens."""
    made: list[Window] = []
    apply_theme(qapp)

    def make() -> Window:
        made.append(new_window(engine, qtbot))
        return made[-1]

    yield make
    engine.gate.set()
    engine.reading.set()
    for window in made:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(make_window: Callable[[], Window]) -> Window:
    return make_window()


@pytest.fixture
def frame(tmp_path: Path) -> str:
    """A file that exists; the small engine does not read it."""
    path = tmp_path / "1234567o.fits"
    path.write_bytes(b"")
    return str(path)


@pytest.fixture
def opened(window: Window, frame: str, qtbot: QtBot) -> Window:
    """A window with a frame open, its run complete, and its picture on screen."""
    open_frame(window, frame, qtbot)
    return window


@pytest.fixture
def run(qtbot: QtBot) -> Iterator[InspectedRun]:
    """A complete run of CFHT's chain on the small frame, for panels with numbers."""
    made = InspectedRun(qtbot)
    yield made
    made.close()


def open_frame(window: Window, frame: str, qtbot: QtBot) -> None:
    """Open a frame and wait for its run and its picture."""
    window.commands.file.open_path(frame)
    qtbot.waitUntil(lambda: not window.runs.busy and bool(window.runs.view.rows), timeout=10000)
    settle(window, qtbot)


def settle(window: Window, qtbot: QtBot) -> None:
    """Wait until runs and pictures are complete, and panels have followed the map."""

    def is_settled() -> bool:
        return not (window.runs.busy or window.jobs.busy) and window.grid.is_settled and window.audits.is_at_rest

    qtbot.waitUntil(is_settled, timeout=10000)
