"""The chain: the one table of ISR steps in their order, and the runner that executes it.

`IsrTask.run`, the step list on screen, the command line and the cache are all made from `CHAIN` (manual: chain, Order).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from isrcore.changes import PlaneChanges, measure_changes
from isrcore.checkpoints import Checkpoint, CheckpointStore, StepReport, identity, protect, step_key, working_copy
from isrcore.image import Exposure
from isrcore.pipe import Cancelled, Task, cancellable
from isrcore.status import Status
from isrcore.steps.amp_offset import AMP_OFFSET
from isrcore.steps.assemble import ASSEMBLE
from isrcore.steps.background import MEASURE_BACKGROUND
from isrcore.steps.bad_regions import BAD_REGIONS
from isrcore.steps.bias import BIAS, EARLY_BIAS
from isrcore.steps.brighter_fatter import BRIGHTER_FATTER
from isrcore.steps.convert import CONVERT
from isrcore.steps.crosstalk import CROSSTALK, EARLY_CROSSTALK
from isrcore.steps.dark import DARK
from isrcore.steps.defects import DEFECTS, EDGES
from isrcore.steps.finish import FINISH
from isrcore.steps.flat import FLAT
from isrcore.steps.fringe import EARLY_FRINGE, LATE_FRINGE
from isrcore.steps.gains import GAINS
from isrcore.steps.illumination import ILLUMINATION
from isrcore.steps.inputs import CHECK_INPUTS
from isrcore.steps.interpolate import INTERPOLATE
from isrcore.steps.keep_copy import KEEP_COPY
from isrcore.steps.linearize import LINEARIZE
from isrcore.steps.masking import CAMERA_MASKING
from isrcore.steps.nan import NAN_MASKING
from isrcore.steps.overscan import OVERSCAN
from isrcore.steps.saturation import MASK_AMPLIFIER
from isrcore.steps.saturation_trails import SATURATION_TRAILS
from isrcore.steps.step import IsrState, IsrTaskLike, NothingToDo, Step
from isrcore.steps.stray_light import STRAY_LIGHT
from isrcore.steps.thumbnail import FLATTENED_THUMBNAIL, OSS_THUMBNAIL
from isrcore.steps.transmission import TRANSMISSION
from isrcore.steps.variance import NEGATIVE_VARIANCE, VARIANCE
from isrcore.steps.vignette import VIGNETTE
from isrcore.steps.zero_point import ZERO_POINT

__all__ = ["CHAIN", "ChainTask", "RunOptions", "run_chain"]

CHAIN: tuple[Step, ...] = (
    CHECK_INPUTS,
    CONVERT,
    EARLY_BIAS,
    MASK_AMPLIFIER,
    OVERSCAN,
    EARLY_CROSSTALK,
    ASSEMBLE,
    OSS_THUMBNAIL,
    BIAS,
    VARIANCE,
    NEGATIVE_VARIANCE,
    LINEARIZE,
    CROSSTALK,
    DEFECTS,
    EDGES,
    NAN_MASKING,
    SATURATION_TRAILS,
    CAMERA_MASKING,
    BRIGHTER_FATTER,
    DARK,
    EARLY_FRINGE,
    STRAY_LIGHT,
    FLAT,
    GAINS,
    LATE_FRINGE,
    VIGNETTE,
    TRANSMISSION,
    FLATTENED_THUMBNAIL,
    ILLUMINATION,
    KEEP_COPY,
    BAD_REGIONS,
    INTERPOLATE,
    ZERO_POINT,
    AMP_OFFSET,
    MEASURE_BACKGROUND,
    FINISH,
)


class ChainTask(IsrTaskLike, Protocol):
    """A task that can be run: an `isrcore.task.IsrTask`."""

    @property
    def chain(self) -> Sequence[Step]: ...

    def debugView(self, exposure: Exposure, stepname: str) -> None: ...

    def getTaskDict(self) -> dict[str, Task]: ...


@dataclass
class RunOptions:
    """How to run a chain.

    Attributes
    ----------
    store : `CheckpointStore` or None
        Where results are kept and looked up. Without one the steps work on the input exposure in place, as the
        reference does.
    input_key : str or None
        Identity of the input exposure; default `isrcore.checkpoints.identity` of the object.
    calib_keys : mapping
        Identities of calibrations by name, where the caller knows better than the object's own identity.
    on_step : callable or None
        Called with a `StepReport` when a step starts (status ``running``) and when it ends.
    cancel : callable or None
        Asked before every step, and by long steps now and then from any thread; True raises `Cancelled`.
    stop_after : set of str
        Names of steps or debug views after which the run ends.
    measure : bool
        Whether to measure what each step changed; needs a store, because without one the exposure before is not kept.
    steps : sequence of `Step` or None
        What to run; default the chain of the task.
    """

    store: CheckpointStore | None = None
    input_key: str | None = None
    calib_keys: Mapping[str, str] = field(default_factory=dict)
    on_step: Callable[[StepReport], None] | None = None
    cancel: Callable[[], bool] | None = None
    stop_after: frozenset[str] = frozenset()
    measure: bool = False
    steps: Sequence[Step] | None = None


def run_chain(task: ChainTask, state: IsrState, options: RunOptions | None = None) -> IsrState:
    """Run the steps of ``task.chain``, or those of `options`, on `state` and return the state after the last one.

    With a store the input is never modified: each step gets copies of the planes that it declares to write, all other
    planes are shared and read-only, and the run starts after the longest prefix of steps whose result is kept.

    Raises
    ------
    Cancelled
        If ``options.cancel`` said so.
    Exception
        Whatever a step raises, unchanged, after ``on_step`` has reported it.
    """
    return _Run(task, options or RunOptions()).execute(state)


class _Run:
    """One execution of a chain."""

    def __init__(self, task: ChainTask, options: RunOptions) -> None:
        self.task = task
        self.options = options
        self.chain: Sequence[Step] = task.chain if self.options.steps is None else self.options.steps
        self.store = options.store

    def execute(self, state: IsrState) -> IsrState:
        first, last = 0, self._last_index(state)
        keys = [""] * len(self.chain)
        if self.store is not None:
            self.store.begin_run()
            input_key = self.options.input_key or identity(state.exposure)
            state = protect(state)
            keys = self._keys(state, input_key)
            first, state = self._resume(state, keys, last)
        for index in range(first, last + 1):
            if self.options.cancel is not None and self.options.cancel():
                raise Cancelled(f"stopped before {self.chain[index].label}")
            state = self._one(index, keys[index], state)
        return state

    def _keys(self, state: IsrState, key: str) -> list[str]:
        """Key of the result after each step; steps that do not run, or only check, have the key of the one before."""
        calibs = {name: identity(value) for name, value in state.calibs.getDict().items()}
        calibs.update(self.options.calib_keys)
        keys = []
        for step in self.chain:
            if not step.is_check and step.why_not(self.task, state) is None:
                key = step_key(key, step, self.task.config, calibs)
            keys.append(key)
        return keys

    def _resume(self, state: IsrState, keys: list[str], last: int) -> tuple[int, IsrState]:
        """Find the last step whose result is kept; report it and what lies before it.

        Returns
        -------
        first : int
            Index of the first step that has to run.
        state : `IsrState`
            From which it runs: the kept result, with the calibrations of this run as the checks completed them.
        """
        assert self.store is not None
        resumed = next((i for i in range(last, -1, -1) if self.store.get(keys[i]) is not None), -1)
        for index in range(resumed + 1):
            state = self._report_kept(index, keys[index], state)
        kept = self.store.get(keys[resumed]) if resumed >= 0 else None
        if kept is not None:
            calibs, state = state.calibs, kept.state.copy()
            state.calibs = calibs
            if "vignettePolygon" in state.results:
                self.task.vignettePolygon = state.results["vignettePolygon"]
            # The kept run may have had other subtasks: which of them there are follows from fields of later steps too.
            for name, task in self.task.getTaskDict().items():
                if name in kept.task_metadata:
                    task.metadata = kept.task_metadata[name].copy()
        return resumed + 1, state

    def _report_kept(self, index: int, key: str, state: IsrState) -> IsrState:
        """Report a step that need not run; checks run all the same, and may complete the state."""
        assert self.store is not None
        step, kept = self.chain[index], self.store.get(key)
        reason = step.why_not(self.task, state)
        if reason is not None:
            self._report(StepReport(index, step, Status.SKIPPED, reason, checkpoint=kept))
        elif step.is_check:
            return self._one(index, key, state)
        else:
            seconds, changes = (kept.seconds, kept.changes) if kept else (0.0, None)
            self._report(StepReport(index, step, Status.CACHED, "", seconds, kept, changes))
        return state

    def _last_index(self, state: IsrState) -> int:
        """Index of the step at which the run ends."""
        return next((i for i, step in enumerate(self.chain) if self._ends_at(step, state)), len(self.chain) - 1)

    def _ends_at(self, step: Step, state: IsrState) -> bool:
        """A skipped step shows no view: that of the bias before overscan is named like the later bias step."""
        stops = self.options.stop_after
        return step.name in stops or (step.view_name in stops and step.why_not(self.task, state) is None)

    def _one(self, index: int, key: str, state: IsrState) -> IsrState:
        step = self.chain[index]
        try:
            reason = step.why_not(self.task, state)
            if reason is not None:
                kept = self.store.get(key) if self.store is not None else None
                if isinstance(reason, NothingToDo):
                    step.run(self.task, state)
                    self.task.debugView(state.exposure, step.view_name)
                self._report(StepReport(index, step, Status.SKIPPED, reason, checkpoint=kept))
                return state
            self._report(StepReport(index, step, Status.RUNNING))
            working = state if self.store is None else working_copy(state, step, _is_documented(self.task, step))
            start = time.perf_counter()
            with cancellable(self.options.cancel):
                step.run(self.task, working)
            seconds = time.perf_counter() - start
            measured = self.options.measure and self.store is not None
            changes = measure_changes(state.exposure, working.exposure) if measured else None
        except Cancelled:
            raise  # It was wanted: that is no failure to report.
        except Exception as error:
            self._report(StepReport(index, step, Status.FAILED, str(error) or type(error).__name__, error=error))
            raise
        checkpoint = None
        if self.store is not None:
            working = protect(working)
            checkpoint = self.store.get(key) if step.is_check else self._keep(step, key, working, seconds, changes)
        self.task.debugView(working.exposure, step.view_name)
        self._report(StepReport(index, step, Status.DONE, "", seconds, checkpoint, changes))
        return working

    def _keep(
        self, step: Step, key: str, state: IsrState, seconds: float, changes: PlaneChanges | None
    ) -> Checkpoint:
        assert self.store is not None
        metadata = {name: task.metadata.copy() for name, task in self.task.getTaskDict().items()}
        checkpoint = Checkpoint(key, step, state, metadata, seconds, changes)
        self.store.put(checkpoint)
        return checkpoint

    def _report(self, report: StepReport) -> None:
        if self.options.on_step is not None:
            self.options.on_step(report)


def _is_documented(task: ChainTask, step: Step) -> bool:
    """Whether the method of this package does the work: one that overrides it may write to its planes in place."""
    method = getattr(type(task), step.method, None)
    return method is None or method.__module__.startswith("isrcore.")
