"""Run a chain, then compute again what is wanted and was dropped from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from weakref import ref

from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import Checkpoint, StepReport
from isrcore.pipe import Cancelled
from isrcore.status import Status
from isrcore.steps.step import IsrState, Step
from isrcore.task import IsrTask
from isrviewer.runner.messages import Event, Request, Stepped
from isrviewer.session import RAW, Run

__all__ = ["run_and_recompute"]


def run_and_recompute(
    request: Request, task: IsrTask, state: IsrState, options: RunOptions, emit: Callable[[Event], None]
) -> bool:
    """Answer a request with a `Stepped` for every step; those in ``request.wanted`` come with their planes.

    Parameters
    ----------
    request : `Request`
    task : `IsrTask`
    state : `IsrState`
        From which the chain starts.
    options : `RunOptions`
        With a store; where to stop and whom to tell comes from the request.
    emit : callable

    Returns
    -------
    complete : bool
        Whether the last step was reached.
    """
    reports: dict[str, StepReport] = {}
    made: dict[str, ref[Checkpoint]] = {}

    def on_step(report: StepReport) -> None:
        # Who listens holds on to what is wanted; to hold everything until the end would pass over the store's budget.
        reports[report.step.name] = replace(report, checkpoint=None)
        if report.checkpoint is not None:
            made[report.step.name] = ref(report.checkpoint)
        emit(Stepped(report))

    def is_dropped(name: str) -> bool:
        return name not in made or made[name]() is None

    def on_repeated(report: StepReport) -> None:
        # What is known already need not be told again for every step that is computed again.
        if report.status not in (Status.CACHED, Status.SKIPPED) or report.checkpoint is not None:
            on_step(report)

    if not _completed(task, state, replace(options, on_step=on_step, stop_after=request.stop_after), reports):
        return False
    owners = {_owner(planes.name, task, reports) for planes in request.wanted if planes.run is Run.A}
    # In the order of the chain: each run goes on from what the one before it left.
    for step in task.chain:
        if step.name in owners and is_dropped(step.name):
            stop = frozenset({step.name})
            _completed(task, state, replace(options, on_step=on_repeated, stop_after=stop), reports)
    return task.chain[-1].name in reports


def _completed(task: IsrTask, state: IsrState, options: RunOptions, reports: dict[str, StepReport]) -> bool:
    """Run; a step that fails has been reported and ends the run."""
    try:
        run_chain(task, state, options)
    except Cancelled:
        raise
    except Exception:
        if any(report.status is Status.FAILED for report in reports.values()):
            return False
        raise
    return True


def _owner(name: str, task: IsrTask, reports: dict[str, StepReport]) -> str:
    """The step whose result is what `name` left: itself or the nearest one before it that made planes."""
    names = [step.name for step in task.chain]
    upto = task.chain[: names.index(name) + 1] if name in names else ()
    made = (step.name for step in reversed(upto) if _made_planes(step, reports))
    return next(made, RAW)


def _made_planes(step: Step, reports: dict[str, StepReport]) -> bool:
    return not step.is_check and step.name in reports and reports[step.name].status.has_run
