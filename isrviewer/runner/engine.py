"""The engine behind the runner: reads the frame and its calibrations, builds the task and runs its chain.

Lives in the worker thread. Everything it reads is kept until another frame or CCD is asked for, so that a changed
option costs only the steps behind it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions
from isrcore.checkpoints import CheckpointStore, identity
from isrcore.data.raw import RawFrame, open_raw
from isrcore.image import Exposure
from isrcore.steps.step import IsrState
from isrviewer.runner.calibs import CalibLoader
from isrviewer.runner.messages import (
    Compared,
    Event,
    FrameFacts,
    Loading,
    Opened,
    Planned,
    Problem,
    Request,
    RunEnded,
)
from isrviewer.runner.recompute import run_and_recompute
from isrviewer.session.config import distinct_problems, effective_config

__all__ = ["IsrEngine", "frame_title"]

Emit = Callable[[Event], None]


@dataclass(frozen=True)
class _Input:
    """What was read for one CCD of one frame."""

    frame: RawFrame
    facts: FrameFacts
    detector: int
    exposure: Exposure


class IsrEngine:
    """Answers requests with CFHT's ISR task; see `isrviewer.runner.messages.Engine`.

    Parameters
    ----------
    budget : int
        Bytes that kept results may take.
    """

    def __init__(self, budget: int) -> None:
        self.store = CheckpointStore(budget)
        self._input: _Input | None = None
        self._calibs = CalibLoader()

    def run(self, request: Request, emit: Emit, cancel: Callable[[], bool]) -> None:
        """Read what is new, run the chain, make sure that the wanted planes are on hand."""
        start = time.perf_counter()
        complete = False
        try:
            given = self._read(request, emit)
        except (OSError, ValueError, LookupError) as error:
            emit(Problem.of("frame", error))
        else:
            complete = self._answer(request, given, emit, cancel)
            other = request.of_other()
            if other is not None:
                self._answer(other, given, lambda event: emit(Compared(event)), cancel)
        emit(RunEnded(complete, time.perf_counter() - start, self.store.nbytes()))

    def _read(self, request: Request, emit: Emit) -> _Input:
        known = self._input
        if known is None or known.facts.path != request.frame or not _is_current(known.frame):
            emit(Loading(f"reading {Path(request.frame).name}"))
            frame = open_raw(request.frame)
            known = None
        else:
            frame = known.frame
        detector = request.detector if request.detector is not None else frame.detectors[0]
        if known is not None and known.detector == detector:
            return known
        emit(Loading(f"reading CCD {detector}"))
        self._input = _Input(frame, _facts(frame, request.frame), detector, frame.read(detector))
        return self._input

    def _answer(self, request: Request, given: _Input, emit: Emit, cancel: Callable[[], bool]) -> bool:
        config, problems = effective_config(request.config)
        task = CfhtIsrTask(config=config)
        emit(Opened(given.facts, given.detector, given.exposure, task.chain))

        def announce(text: str) -> None:
            emit(Loading(text))

        calibs, infos, calib_problems = self._calibs.load(request, given.frame, given.detector, config, announce)
        state = IsrState(given.exposure, calibs, given.exposure.detector)
        plan = tuple(step.why_not(task, state) for step in task.chain)
        emit(Planned(infos, plan))
        for kind, error in calib_problems:
            emit(Problem.of(kind, error))
        for field, text in distinct_problems(problems).items():
            emit(Problem(field or "config", text))
        if problems:
            return False
        options = RunOptions(store=self.store, input_key=identity(state.exposure), cancel=cancel, measure=True)
        return run_and_recompute(request, task, state, options, emit)


def _is_current(frame: RawFrame) -> bool:
    """Whether the file is still the one that was read."""
    try:
        stat = Path(frame.path).stat()
    except OSError:
        return False
    return frame.identity[1:] == (stat.st_size, stat.st_mtime_ns)


def _facts(frame: RawFrame, path: str) -> FrameFacts:
    names = tuple((number, f"ccd{number:02d}") for number in frame.detectors)
    headers = tuple(
        (header.text("EXTNAME") or ("" if number else "primary"), header) for number, header in enumerate(frame.headers)
    )
    return FrameFacts(path, frame_title(frame), names, headers)


def frame_title(frame: RawFrame) -> str:
    """One line: odometer number, type where it is no object, filter, exposure time."""
    facts = frame.exposure
    parts = [str(facts.exposure_id) if facts.exposure_id else Path(frame.path).name.partition(".")[0]]
    if facts.obs_type and facts.obs_type != "OBJECT":
        parts.append(facts.obs_type.lower())
    if facts.filter:
        parts.append(facts.filter)
    if facts.exposure_time is not None:
        parts.append(f"{facts.exposure_time:.4g} s")
    return " · ".join(parts)
