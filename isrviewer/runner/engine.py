"""The engine behind the runner: reads the frame, shows its pixels, then runs the chain.

Lives in the worker thread. Everything it reads is kept until another frame or CCD is asked for, so that a changed
option costs only the steps behind it. The chain is imported when the pixels of the first frame are on their way to the
screen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from isrviewer.runner.messages import Compared, Event, Opened, Problem, Request, RunEnded
from isrviewer.runner.reading import FrameReader, Input

if TYPE_CHECKING:
    from isrviewer.runner.answer import Answers

__all__ = ["IsrEngine"]

Emit = Callable[[Event], None]

_AHEAD = 6
"""Planes that a changed late option makes: memory for them is at hand before the user changes it."""

_BYTES = 4
"""Of a pixel in any plane behind the first step."""


class IsrEngine:
    """Answers requests with CFHT's ISR task; see `isrviewer.runner.messages.Engine`.

    Parameters
    ----------
    budget : int
        Bytes that kept results may take.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._reader = FrameReader()
        self._answers: Answers | None = None

    def prepare(self) -> None:
        """Import the chain."""
        self._prepared()

    def run(self, request: Request, emit: Emit, cancel: Callable[[], bool]) -> None:
        """Read what is new, run the chain, make sure that the wanted planes are on hand."""
        start = time.perf_counter()
        complete = False
        try:
            given = self._read(request, emit, cancel)
        except (OSError, ValueError, LookupError) as error:
            emit(Problem.of("frame", error))
        else:
            answers = self._prepared()
            complete = answers.answer(request, given, emit, cancel)
            other = request.of_other()
            if other is not None:
                answers.answer(other, given, lambda event: emit(Compared(event)), cancel)
        nbytes = self._answers.store.nbytes() if self._answers is not None else 0
        emit(RunEnded(complete, time.perf_counter() - start, nbytes))
        if complete:
            from isrcore.kernels.memory import reserve

            reserve(_BYTES * given.exposure.image.size, _AHEAD, cancel)

    def _read(self, request: Request, emit: Emit, cancel: Callable[[], bool]) -> Input:
        if self._answers is None:
            given = self._reader.preview(request, emit, cancel)
            emit(Opened(given.facts, given.detector, given.exposure, ()))
        return self._reader.read(request, emit, cancel)

    def _prepared(self) -> Answers:
        if self._answers is None:
            from isrviewer.runner.answer import Answers

            self._answers = Answers(self._budget)
        return self._answers
