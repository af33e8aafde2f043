"""Work that the user waits for beside the GUI thread: it says that it goes on, and it can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from isrviewer.runner.mailbox import Mailbox

__all__ = ["JobCancelled", "Jobs"]

PATIENCE_MS = 300
"""What takes longer than this is announced."""


class JobCancelled(Exception):
    """The user cancelled a job; whatever it was writing stays as it was."""


class _Job:
    def __init__(self, text: str, done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        self.text, self.done, self.failed = text, done, failed
        self.cancelled = threading.Event()

    def check(self) -> None:
        """To be called by the work now and then."""
        if self.cancelled.is_set():
            raise JobCancelled(self.text)


class Jobs(QObject):
    """Jobs under way, each in a thread of its own.

    Signals
    -------
    announced(str)
        What is going on, once it has lasted `PATIENCE_MS`; empty when nothing is going on any more.
    cancelled(str)
        What the user has cancelled.
    """

    announced = Signal(str)
    cancelled = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, _Job] = {}
        self._number = 0
        self._mailbox: Mailbox | None = Mailbox(self._deliver)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._announce)

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def start(
        self,
        text: str,
        work: Callable[[Callable[[], None]], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Do something in a thread.

        Parameters
        ----------
        text : str
            What is done, for the user: "Writing a.fits".
        work : callable
            Gets a function to call now and then, which raises `JobCancelled` when the user has cancelled.
        done : callable
            Gets the result, in the GUI thread.
        failed : callable
            Gets the error, in the GUI thread.
        """
        self._number += 1
        job = self._jobs[self._number] = _Job(text, done, failed)
        thread = threading.Thread(
            target=self._run, args=(self._number, job, work), name="isrviewer-job", daemon=True
        )
        self._patience.start()
        thread.start()

    def cancel(self) -> None:
        """Cancel everything; answers that still come are dropped."""
        texts = [job.text for job in self._jobs.values()]
        self._drop()
        self.announced.emit("")
        if texts:
            self.cancelled.emit(", ".join(texts))

    def close(self) -> None:
        """The window closes: drop everything, and hear nothing any more."""
        self._drop()
        self._mailbox = None

    def _drop(self) -> None:
        for job in self._jobs.values():
            job.cancelled.set()
        self._jobs.clear()
        self._patience.stop()

    def _run(self, number: int, job: _Job, work: Callable[[Callable[[], None]], Any]) -> None:
        try:
            result = work(job.check)
        except JobCancelled:
            return
        except Exception as error:
            result = error
        mailbox = self._mailbox
        if mailbox is not None and not job.cancelled.is_set():
            mailbox.put(number, result)

    @Slot(int, object)
    def _deliver(self, number: int, result: Any) -> None:
        job = self._jobs.pop(number, None)
        if job is None:
            return
        if not self._patience.isActive() or not self._jobs:
            self._announce()
        (job.failed if isinstance(result, Exception) else job.done)(result)

    def _announce(self) -> None:
        self._patience.stop()
        self.announced.emit(" · ".join(f"{job.text}…" for job in self._jobs.values()))
