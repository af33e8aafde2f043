"""An engine with three steps on a small frame with two amplifiers: fast, exact, and able to wait and to fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from isrcore.camera import Amplifier, Detector
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config import CfhtIsrTaskConfig
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.pipe import Cancelled, Struct
from isrcore.status import Status
from isrcore.steps.step import IsrState, Step, always_runs, switched_by
from isrcore.task import IsrTask
from isrviewer.runner.messages import (
    CalibInfo,
    Compared,
    Event,
    FrameFacts,
    Loading,
    Opened,
    Planned,
    Problem,
    Request,
    RunEnded,
    Stepped,
)
from isrviewer.session.config import distinct_problems, effective_config

WIDTH, HEIGHT = 40, 60


def small_detector(number: int) -> Detector:
    half = WIDTH // 2
    a = Amplifier("A", Box(0, 0, half, HEIGHT), Box(0, 0, half, HEIGHT), Box(0, 0, half, HEIGHT))
    b = Amplifier("B", Box(half, 0, half, HEIGHT), Box(half, 0, half, HEIGHT), Box(half, 0, half, HEIGHT))
    return Detector(f"ccd{number:02d}", number, "s", Box(0, 0, WIDTH, HEIGHT), (a, b))


def small_exposure(number: int) -> Exposure:
    image = np.arange(WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH) + 1000 * number
    pixels = MaskedImage(image, Mask.zeros(image.shape), np.full(image.shape, 100, np.float32))
    metadata = PropertyList({"EXPTIME": 30.0}, {"EXPTIME": "seconds"})
    return Exposure(pixels, metadata, small_detector(number))


def _defects(task: Any, state: IsrState) -> None:
    state.exposure.mask.set_where((slice(10, 20), slice(5, 8)), "BAD")


def _flat(task: Any, state: IsrState) -> None:
    state.exposure.masked_image.image *= np.float32(2)


def _finish(task: Any, state: IsrState) -> None:
    pass


DEFECTS = Step(
    "doDefect",
    "defects",
    "maskDefect",
    "Flag defects.",
    switched_by("doDefect"),
    _defects,
    "doDefect",
    ("doDefect",),
    (),
    frozenset({"mask"}),
)
FLAT = Step(
    "doFlat",
    "flat",
    "flatCorrection",
    "Divide by the flat.",
    switched_by("doFlat"),
    _flat,
    "doFlat",
    ("doFlat",),
    ("flat",),
    frozenset({"image", "variance"}),
    "doFlat",
)
FINISH = Step("postISRCCD", "final", "run", "The end.", always_runs, _finish)


class SmallTask(IsrTask):
    ConfigClass: ClassVar[Any] = CfhtIsrTaskConfig
    chain: ClassVar[tuple[Step, ...]] = (DEFECTS, FLAT, FINISH)


class SmallEngine:
    """Answers requests about any file name; CCDs 0 to 2.

    Attributes
    ----------
    gate : `threading.Event`
        Cleared, every step waits until it is set (or the run is cancelled).
    reading : `threading.Event`
        Cleared, no frame is read until it is set (or the run is cancelled).
    failing : str
        Name of a step that raises.
    requests : list
        What was asked.
    """

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.reading = threading.Event()
        self.reading.set()
        self.failing = ""
        self.requests: list[Request] = []
        self.threads: set[str] = set()
        self.store = CheckpointStore()
        self.flat = small_exposure(0)
        self.flat.image[:] = 0.5
        self._exposures: dict[tuple[str, int], Exposure] = {}

    def prepare(self) -> None:
        """There is nothing to import."""

    def run(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> None:
        self.requests.append(request)
        complete = self._answer(request, emit, cancel)
        other = request.of_other()
        if other is not None:
            self._answer(other, lambda event: emit(Compared(event)), cancel)
        emit(RunEnded(complete, 0.01, self.store.nbytes()))

    def _answer(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> bool:
        self.threads.add(threading.current_thread().name)
        emit(Loading(f"reading {request.frame}"))
        while not self.reading.is_set() and not cancel():
            time.sleep(0.005)
        if cancel():
            raise Cancelled("another request came")
        if not Path(request.frame).exists():
            emit(Problem("frame", f"{request.frame}: no such file"))
            return False
        number = request.detector or 0
        exposure = self._exposures.setdefault((request.frame, number), small_exposure(number))
        detectors = tuple((n, f"ccd{n:02d}") for n in range(3))
        facts = FrameFacts(request.frame, "1234567 · i.MP9702 · 30 s", detectors)
        config, problems = effective_config(request.config)
        task = SmallTask(config=config)
        state = IsrState(exposure, Struct(flat=self.flat), exposure.detector)
        emit(Opened(facts, number, exposure, task.chain))
        files = ("/calib/flat.fits", "/calib/flat2.fits")
        infos = (CalibInfo("flat", files[0], "the nearest in time", "doFlat", config.doFlat, files),)
        emit(Planned(infos, tuple(step.why_not(task, state) for step in task.chain), state.calibs))
        for field, text in distinct_problems(problems).items():
            emit(Problem(field, text))
        return not problems and self._run(task, state, request, emit, cancel)

    def _run(
        self,
        task: SmallTask,
        state: IsrState,
        request: Request,
        emit: Callable[[Event], None],
        cancel: Callable[[], bool],
    ) -> bool:
        def on_step(report: StepReport) -> None:
            emit(Stepped(report))
            if report.status is Status.RUNNING:
                while not self.gate.is_set() and not cancel():
                    time.sleep(0.005)
                if report.step.name == self.failing:
                    raise RuntimeError(f"{self.failing} cannot go on: expected 1, found 2; switch it off")

        options = RunOptions(
            self.store,
            f"{request.frame} {request.detector}",
            on_step=on_step,
            cancel=cancel,
            stop_after=request.stop_after,
            measure=True,
        )
        try:
            run_chain(task, state, options)
        except RuntimeError:
            return False
        return not request.stop_after
