"""The thread that answers requests, and its face in the GUI thread.

One request waits at most: a newer one takes its place and stops the one at work. A plain thread rather than a QThread:
closing the window must not wait for a step that takes longer than a second, and a running QThread cannot be left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from isrviewer.runner.mailbox import Mailbox
from isrviewer.runner.messages import Engine, Event, Opened, Problem, Request, RunEnded

__all__ = ["Runner"]

_log = logging.getLogger(__name__)

_PAINT_SECONDS = 0.5
"""How long the import of the chain waits at most for the first picture: two busy threads would hold up each other."""


_PREPARED = -2
"""Number under which the worker says that the engine is prepared; no request has it."""


class _Worker(threading.Thread):
    def __init__(self, make_engine: Callable[[], Engine], mailbox: Mailbox) -> None:
        super().__init__(name="isrviewer-runner", daemon=True)
        self._make_engine = make_engine
        self._mailbox: Mailbox | None = mailbox
        self._changed = threading.Condition()
        self._next: Request | None = None
        self._prepares = False
        self._wanted_generation = 0
        self._closing = False
        self.painted = threading.Event()

    def prepare(self) -> None:
        with self._changed:
            self._prepares = True
            self._changed.notify()

    def submit(self, request: Request) -> None:
        with self._changed:
            self._next = request
            self._wanted_generation = request.generation
            self._changed.notify()

    def cancel(self, generation: int) -> None:
        """Drop what waits and stop what runs; `generation` is one that no request has."""
        with self._changed:
            self._next = None
            self._wanted_generation = generation

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._wanted_generation = -1
            self._mailbox = None
            self._changed.notify()
        self.painted.set()

    def run(self) -> None:
        engine: Engine | None = None
        while True:
            with self._changed:
                while self._next is None and not self._prepares and not self._closing:
                    self._changed.wait()
                if self._closing:
                    return
                request, self._next = self._next, None
                self._prepares = False
            engine = engine or self._make_engine()
            if request is not None:
                self._answer(engine, request)
            else:
                self._prepare(engine)

    def _prepare(self, engine: Engine) -> None:
        try:
            engine.prepare()
        except Exception:
            _log.exception("the chain could not be imported")
            return
        with self._changed:
            if self._mailbox is not None:
                self._mailbox.put(_PREPARED, None)

    def _answer(self, engine: Engine, request: Request) -> None:
        generation = request.generation

        def stale() -> bool:
            return self._wanted_generation != generation

        def emit(event: Event) -> None:
            with self._changed:
                if not stale() and self._mailbox is not None:
                    self._mailbox.put(generation, event)
            if isinstance(event, Opened) and not event.steps:
                self.painted.wait(_PAINT_SECONDS)

        try:
            engine.run(request, emit, stale)
        except Exception as error:
            # Nobody hears of the end of a run that was cancelled.
            emit(Problem.of("run", error))
            emit(RunEnded(False, 0.0, 0))


class Runner(QObject):
    """Request a run, hear its events in the GUI thread.

    Parameters
    ----------
    make_engine : callable
        Called once, in the worker thread at the first request, so that slow imports do not hold up the window.
    """

    told = Signal(object)
    busy_changed = Signal(bool)
    prepared = Signal()

    def __init__(self, make_engine: Callable[[], Engine], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.generation = 0
        self.busy = False
        self._mailbox = Mailbox(self._deliver)
        self._worker = _Worker(make_engine, self._mailbox)
        self._worker.start()

    def prepare(self) -> None:
        """Have the engine ready for the first request; `prepared` tells when it is, unless a request comes first."""
        self._worker.prepare()

    def painted(self) -> None:
        """The first picture is on the screen, or there is none to come."""
        self._worker.painted.set()

    def request(self, make: Callable[[int], Request]) -> None:
        """Ask for a run; `make` gets the new generation number."""
        self.generation += 1
        self._set_busy(True)
        self._worker.submit(make(self.generation))

    def stop(self) -> None:
        """End the run at the next step; what is finished stays."""
        if self.busy:
            self.generation += 1
            self._worker.cancel(self.generation)
            self._set_busy(False)

    def close(self, timeout: float = 0.2) -> bool:
        """Stop for good; returns whether the thread ended within `timeout` seconds (else it ends with the process)."""
        self.generation += 1
        self._worker.close()
        self._worker.join(timeout)
        self._set_busy(False)
        return not self._worker.is_alive()

    @Slot(int, object)
    def _deliver(self, generation: int, event: Any) -> None:
        if generation == _PREPARED:
            self.prepared.emit()
        if generation != self.generation:
            return
        if isinstance(event, RunEnded):
            self._set_busy(False)
        self.told.emit(event)

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit(busy)
