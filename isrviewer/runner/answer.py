"""Run the chain for requests: their config, calibrations and results. Takes long to import."""

from __future__ import annotations

from collections.abc import Callable

from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions
from isrcore.checkpoints import CheckpointStore, identity
from isrcore.steps.step import IsrState
from isrviewer.runner.calibs import CalibLoader
from isrviewer.runner.messages import Event, Loading, Opened, Planned, Problem, Request
from isrviewer.runner.reading import Input
from isrviewer.runner.recompute import run_and_recompute
from isrviewer.session.config import distinct_problems, effective_config

__all__ = ["Answers"]


class Answers:
    """Builds the task of a request and runs its chain. Calibrations and results are kept from one to the next.

    Parameters
    ----------
    budget : int
        Bytes that kept results may take.
    """

    def __init__(self, budget: int) -> None:
        self.store = CheckpointStore(budget)
        self._calibs = CalibLoader()

    def answer(
        self, request: Request, given: Input, emit: Callable[[Event], None], cancel: Callable[[], bool]
    ) -> bool:
        """Run; returns whether the last step was reached."""
        config, problems = effective_config(request.config)
        task = CfhtIsrTask(config=config)
        emit(Opened(given.facts, given.detector, given.exposure, task.chain))

        def announce(text: str) -> None:
            emit(Loading(text))

        calibs, infos, calib_problems = self._calibs.load(
            request, given.frame, given.detector, config, announce, cancel
        )
        state = IsrState(given.exposure, calibs, given.exposure.detector)
        plan = tuple(step.why_not(task, state) for step in task.chain)
        emit(Planned(infos, plan, calibs))
        for kind, error in calib_problems:
            emit(Problem.of(kind, error))
        for field, text in distinct_problems(problems).items():
            emit(Problem(field or "config", text))
        if problems:
            return False
        options = RunOptions(store=self.store, input_key=identity(state.exposure), cancel=cancel, measure=True)
        return run_and_recompute(request, task, state, options, emit)
