"""One small computation at a time beside the GUI thread; of those that wait only the newest is done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Slot

from isrviewer.runner.mailbox import Mailbox

__all__ = ["Background"]

_log = logging.getLogger(__name__)


class Background(QObject):
    """Compute something about the planes on screen.

    A new `compute` forgets the one before: its answer is dropped. The thread lives only as long as there is work. A job
    that raises has no answer; the error is logged.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._job: tuple[int, Callable[[], Any]] | None = None
        self._working = False
        self._number = 0
        self._closed = False
        self._answer: Callable[[Any], None] | None = None
        self._mailbox = Mailbox(self._deliver)

    def compute(self, job: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        """Call ``answer(job())``, the job beside and the answer in the GUI thread."""
        with self._lock:
            if self._closed:
                return
            self._number += 1
            self._job = (self._number, job)
            self._answer = answer
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="isrviewer-background", daemon=True).start()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._answer is not None

    def close(self) -> None:
        """Drop what waits; the answer of what is under way goes nowhere."""
        with self._lock:
            self._closed = True
            self._job = self._answer = None
            self._number += 1

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._job is None:
                    self._working = False
                    return
                number, job = self._job
                self._job = None
            try:
                result = job()
            except Exception:
                # The thread must go on: what is asked next would wait for ever.
                _log.exception("work beside the window failed; what it was for stays as it is")
                with self._lock:
                    if number == self._number:
                        self._answer = None
                continue
            with self._lock:
                if not self._closed and number == self._number:
                    self._mailbox.put(number, result)

    @Slot(int, object)
    def _deliver(self, number: int, result: Any) -> None:
        answer = self._answer
        if number == self._number and answer is not None:
            self._answer = None
            answer(result)
