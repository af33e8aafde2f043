"""Collect Python's cyclic garbage in the GUI thread only, in short pauses between events.

Python collects wherever an allocation happens to cross a threshold: in a worker thread, or in the middle of an event
that Qt delivers. A widget that is destroyed there takes the program down with it. So the automatic collector is off
while the window lives, and this timer does its work.
"""

from __future__ import annotations

import gc
import sys
import time

from PySide6.QtCore import QObject, Qt, QThread, QTimer
from PySide6.QtGui import QGuiApplication

__all__ = ["GarbageCollector"]

PERIOD_MS = 250
"""How often it looks whether there is something to do."""

FULL_SECONDS = 10.0
"""Least time between two collections of everything."""

PAUSE_RATIO = 1000
"""A collection of everything waits at least that many times as long as the last one took."""

FLOOD = 10_000
"""New objects that, if they came with new modules, are taken for those of the modules."""


class GarbageCollector(QObject):
    """Switches the automatic collector off, and collects from a timer.

    Young objects are collected as soon as Python's own thresholds say so; all of them now and then, never while a mouse
    button is down, because the user may be dragging. Nothing is collected inside a nested event loop: who started it
    waits in the middle of an event.

    What modules hold stays for good, and looking through it takes a tenth of a second: it is taken out of every
    collection.

    Parameters
    ----------
    parent : `QObject`, optional
    period_ms : int
        Milliseconds between two looks.
    full_seconds : float
        Least time between two collections of everything.
    """

    def __init__(
        self, parent: QObject | None = None, period_ms: int = PERIOD_MS, full_seconds: float = FULL_SECONDS
    ) -> None:
        super().__init__(parent)
        gc.disable()
        self._modules = 0
        self._full_seconds = full_seconds
        self._next_full = time.monotonic() + full_seconds
        self._leave_modules_out()
        self._timer = QTimer(self, interval=period_ms)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """Collect no more; the automatic collector stays off."""
        self._timer.stop()

    def _look(self) -> None:
        if QThread.currentThread().loopLevel() > 1:
            return
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[0] > FLOOD and len(sys.modules) > self._modules:
            self._leave_modules_out()
        elif time.monotonic() > self._next_full and QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._collect_all()
        elif counts[0] > thresholds[0]:
            gc.collect(1 if counts[1] > thresholds[1] else 0)

    def _leave_modules_out(self) -> None:
        self._modules = len(sys.modules)
        gc.freeze()

    def _collect_all(self) -> None:
        start = time.monotonic()
        gc.collect()
        end = time.monotonic()
        self._next_full = end + max(self._full_seconds, PAUSE_RATIO * (end - start))
