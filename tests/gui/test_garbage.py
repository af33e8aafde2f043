"""Cyclic garbage is collected by the window's timer, and by nothing else."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from isrviewer.garbage import GarbageCollector

ROOT = Path(__file__).resolve().parents[2]

IN_THE_PROGRAM = """
import gc, sys, threading
collected = []
gc.callbacks.append(lambda phase, info: collected.append(threading.current_thread().name))
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from isrviewer import app
import tests.gui.small_engine as small

application = QApplication([])

class Cycle:
    def __init__(self):
        self.me = self

class WastefulEngine(small.SmallEngine):
    def run(self, request, emit, cancel):
        super().run(request, emit, cancel)
        for _ in range(8):
            collected.clear()
            [Cycle() for _ in range(5000)]
            while not collected:
                pass
            print(*set(collected), flush=True)
        QTimer.singleShot(0, application, application.closeAllWindows)

app.make_engine = lambda settings: WastefulEngine()
sys.exit(app.main([sys.argv[1]]))
"""


class Cycle:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collections() -> Iterator[list[tuple[int, str]]]:
    """Generation and thread of each collection."""
    seen: list[tuple[int, str]] = []

    def remember(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append((info["generation"], threading.current_thread().name))

    gc.callbacks.append(remember)
    yield seen
    gc.callbacks.remove(remember)


@pytest.fixture
def start() -> Iterator[Callable[[float], GarbageCollector]]:
    """Start a hasty collector; given are the seconds between two collections of everything."""
    started: list[GarbageCollector] = []
    gc.unfreeze()

    def begin(full_seconds: float = 1000.0) -> GarbageCollector:
        started.append(GarbageCollector(period_ms=1, full_seconds=full_seconds))
        return started[-1]

    yield begin
    for collector in started:
        collector.stop()
    gc.unfreeze()


def test_young_garbage_is_collected_in_the_gui_thread(
    start: Callable[..., GarbageCollector], collections: list[tuple[int, str]], qtbot: QtBot
) -> None:
    start()
    assert not gc.isenabled()
    alive: weakref.WeakSet[Cycle] = weakref.WeakSet()

    def waste() -> None:
        for _ in range(3000):
            alive.add(Cycle())

    for _ in range(20):
        worker = threading.Thread(target=waste)
        worker.start()
        worker.join()
        qtbot.waitUntil(lambda: len(alive) < 1000)
    assert {thread for _, thread in collections} == {"MainThread"}
    assert {0, 1} <= {generation for generation, _ in collections}


def test_old_garbage_is_collected_too(start: Callable[..., GarbageCollector], qtbot: QtBot) -> None:
    start(0.0)
    old = Cycle()
    gone = weakref.ref(old)
    for generation in (0, 1):
        gc.collect(generation)
    del old
    qtbot.waitUntil(lambda: gone() is None)


def test_what_modules_hold_is_left_out(start: Callable[..., GarbageCollector]) -> None:
    before = gc.get_freeze_count()
    start()
    assert gc.get_freeze_count() > before + 10_000
    assert len(gc.get_objects()) < 10_000


def test_modules_that_come_later_are_left_out_too(
    start: Callable[..., GarbageCollector], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    before = gc.get_freeze_count()
    held = [[number] for number in range(20_000)]
    monkeypatch.setitem(sys.modules, "isrviewer_of_later", type(sys)("isrviewer_of_later"))
    qtbot.waitUntil(lambda: gc.get_freeze_count() >= before + len(held))


def test_not_everything_is_collected_while_the_user_drags(
    start: Callable[..., GarbageCollector], collections: list[tuple[int, str]], qtbot: QtBot
) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    handle = widget.windowHandle()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    start(0.0)
    young = [Cycle() for _ in range(3000)]
    qtbot.waitUntil(lambda: (0, "MainThread") in collections)
    del young
    assert 2 not in {generation for generation, _ in collections}
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    qtbot.waitUntil(lambda: (2, "MainThread") in collections)


def test_nothing_is_collected_in_the_middle_of_an_event(
    start: Callable[..., GarbageCollector], collections: list[tuple[int, str]], qtbot: QtBot
) -> None:
    """A dialog opened by a click waits in an event loop of its own; the click is not over."""
    during: list[int] = []

    def click() -> None:
        collections.clear()
        inner = QEventLoop()
        QTimer.singleShot(50, inner.quit)
        inner.exec()
        during.append(len(collections))

    start(0.0)
    QTimer.singleShot(0, click)
    qtbot.waitUntil(lambda: during == [0])
    qtbot.waitUntil(lambda: bool(collections))


def test_the_program_collects_in_the_gui_thread_only(frame: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_PROGRAM, frame],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["MainThread"] * 8
