"""Results that are kept: what runs again after a change, a stop, a failure, a small budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isrcore.calib.defects import Defects
from isrcore.camera import Camera
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport, identity
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.pipe import Cancelled
from isrcore.steps.step import IsrState
from isrcore.task import IsrTask, calibrations
from tests.chain.full_chain import (
    config_with_hooks,
    full_config,
    outcome,
    planes,
    same,
    start,
)
from tests.small_frame import HEIGHT, WIDTH, SmallFrame, make_detector, make_small_frame


def test_a_retargeted_subtask_makes_another_result(frame: SmallFrame) -> None:
    store = CheckpointStore()
    outcome(full_config(), frame, store)
    assert same(outcome(config_with_hooks(), frame, None), outcome(config_with_hooks(), frame, store))


def test_off_and_on_again_finds_the_old_result(frame: SmallFrame) -> None:
    store = CheckpointStore()
    outcome(full_config(), frame, store)
    outcome(full_config({"doFlat": False}), frame, store)
    assert computed(full_config(), frame, store) == []


@pytest.mark.parametrize("then", [True, False])
def test_a_subtask_that_the_kept_run_had_may_be_gone(frame: SmallFrame, then: bool) -> None:
    """Metadata without a subtask that takes them must not end the run."""
    field, store = "ampOffset.detection.doTempLocalBackground", CheckpointStore()
    outcome(full_config({field: not then}), frame, store)
    last = full_config({field: then})
    assert same(outcome(last, frame, store), outcome(last, frame, None))


def computed(config: Any, frame: SmallFrame, store: CheckpointStore, stop: str = "", **arguments: Any) -> list[str]:
    """Names of the steps that a run had to compute; checks, which always run, are left out."""
    reports: list[StepReport] = []
    task = IsrTask(config=config)
    state = task.initial_state(frame.raw, calibrations(**{**frame.arguments, **arguments}))
    options = RunOptions(store=store, input_key="raw", on_step=reports.append, stop_after=frozenset({stop}))
    run_chain(task, state, options)
    return [report.step.name for report in reports if report.status == "done" and not report.step.is_check]


def test_a_changed_option_runs_only_the_rest(frame: SmallFrame) -> None:
    store = CheckpointStore()
    config = {"doBrighterFatter": False}
    everything = computed(full_config(config), frame, store)
    rest = computed(full_config({**config, "flatUserScale": 2.0}), frame, store)
    assert rest == everything[everything.index("doFlat") :]
    off = computed(full_config({**config, "doFlat": False}), frame, store)
    assert off == everything[everything.index("doFlat") + 1 :]


def test_another_calibration_is_used_and_only_the_rest_runs(frame: SmallFrame) -> None:
    store = CheckpointStore()
    config = full_config({"doBrighterFatter": False})
    everything = computed(config, frame, store)
    flat = make_small_frame(seed=11).arguments["flat"]
    assert computed(config, frame, store, flat=flat) == everything[everything.index("doFlat") :]
    other = SmallFrame(frame.raw, {**frame.arguments, "flat": flat})
    assert same(outcome(config, other, None), outcome(config, other, store))


def test_a_missing_calibration_is_said_although_results_are_kept(frame: SmallFrame) -> None:
    store = CheckpointStore()
    config = full_config({"doBrighterFatter": False})
    computed(config, frame, store)
    with pytest.raises(RuntimeError, match="doFlat"):
        computed(config, frame, store, flat=None)


def test_stopping_at_a_kept_result_runs_nothing_behind_it(frame: SmallFrame) -> None:
    store = CheckpointStore()
    first = computed(full_config(), frame, store, stop="doDark")
    assert first[-1] == "doDark"
    assert computed(full_config(), frame, store, stop="doDark") == []
    assert computed(full_config(), frame, store, stop="doBias") == []


def test_the_same_input_object_is_recognised_without_a_key(frame: SmallFrame) -> None:
    store = CheckpointStore()
    for expected in (True, False):
        reports: list[StepReport] = []
        task = IsrTask(config=full_config())
        state = task.initial_state(frame.raw, calibrations(**frame.arguments))
        run_chain(task, state, RunOptions(store=store, on_step=reports.append))
        assert any(report.status == "done" and not report.step.is_check for report in reports) == expected


def test_budget_drops_results_and_they_come_back(frame: SmallFrame) -> None:
    generous = CheckpointStore()
    expected = outcome(full_config(), frame, generous)
    small = CheckpointStore(generous.nbytes() / 4)
    assert same(expected, outcome(full_config(), frame, small))
    assert small.nbytes() <= generous.nbytes() / 4
    assert same(expected, outcome(full_config(), frame, small))


def test_inputs_that_a_check_completes(frame: SmallFrame) -> None:
    """Bare images and a missing detector are completed in a resumed run as in a full one."""
    arguments = {name: frame.arguments[name].image for name in ("bias", "flat")}
    arguments |= {"camera": Camera("small", [make_detector()]), "detectorNum": 0, "isGen3": True}
    arguments["linearizer"] = frame.arguments["linearizer"]
    off = dict.fromkeys(("doDark", "doFringe", "doDefect", "doBrighterFatter", "doCrosstalk"), False)
    off["doIlluminationCorrection"] = False
    raw = frame.raw.clone()
    raw.detector = None
    bare, store = SmallFrame(raw, arguments), CheckpointStore()
    for changes in ({}, {"flatScalingType": "MEAN"}, {"doLinearize": False}, {}):
        config = full_config({**off, **changes})
        fresh = outcome(config, bare, None)
        assert isinstance(fresh[0], np.ndarray)
        assert same(fresh, outcome(config, bare, store))


def test_cancel_keeps_what_is_finished(frame: SmallFrame) -> None:
    store = CheckpointStore()
    task = IsrTask(config=full_config())
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        run_chain(task, start(task, frame), RunOptions(store=store, input_key="raw", cancel=lambda: next(asked) >= 8))
    finished = len(store)
    assert finished >= 5
    reports: list[StepReport] = []
    run_chain(task, start(task, frame), RunOptions(store=store, input_key="raw", on_step=reports.append))
    assert sum(report.status == "cached" for report in reports) >= finished


def stopped_within_fringes(frame: SmallFrame, store: CheckpointStore | None) -> tuple[IsrState, list[StepReport]]:
    """Cancel a run after the fringe step has begun; its input and its reports."""
    reports: list[StepReport] = []
    asked_within = iter(range(1000))

    def cancel() -> bool:
        return reports[-1:] != [] and reports[-1].step.name == "doFringe" and next(asked_within) >= 2

    task = IsrTask(config=full_config({"fringeAfterFlat": False}))
    state = start(task, frame)
    with pytest.raises(Cancelled, match="within"):
        run_chain(task, state, RunOptions(store=store, input_key="raw", on_step=reports.append, cancel=cancel))
    return state, reports


def test_cancel_within_a_long_step_leaves_the_checkpoint_before_it(frame: SmallFrame) -> None:
    config = full_config({"fringeAfterFlat": False})
    store = CheckpointStore()
    state, reports = stopped_within_fringes(frame, store)
    assert (reports[-1].step.name, reports[-1].status) == ("doFringe", "running")
    np.testing.assert_array_equal(state.exposure.image, frame.raw.image)
    everything = computed(config, frame, CheckpointStore())
    assert computed(config, frame, store) == everything[everything.index("doFringe") :]
    assert same(outcome(config, frame, None), outcome(config, frame, store))


def test_cancel_within_a_long_step_leaves_nothing_half_applied(frame: SmallFrame) -> None:
    """Also without checkpoints: the exposure is as the step before left it."""
    state, reports = stopped_within_fringes(frame, None)
    before = [report.step.name for report in reports if report.status == "done"][-1]
    task = IsrTask(config=full_config({"fringeAfterFlat": False}))
    expected = run_chain(task, start(task, frame), RunOptions(stop_after=frozenset({before}))).exposure
    assert same(tuple(planes(state.exposure)), tuple(planes(expected)))


def test_a_failing_step_leaves_the_checkpoint_before_it(frame: SmallFrame) -> None:
    half = frame.arguments["flat"].subset(Box(0, 0, WIDTH // 2, HEIGHT))
    arguments = {**frame.arguments, "flat": half}
    task = IsrTask(config=full_config({"doBrighterFatter": False}))
    reports: list[StepReport] = []
    state = task.initial_state(frame.raw.clone(), calibrations(**arguments))
    with pytest.raises(RuntimeError, match="flat"):
        run_chain(task, state, RunOptions(store=CheckpointStore(), on_step=reports.append))
    assert reports[-1].status == "failed"
    assert reports[-1].step.name == "doFlat"
    last = [report for report in reports if report.status == "done"][-1]
    assert last.checkpoint is not None
    assert np.isfinite(last.checkpoint.exposure.image).any()


def test_stop_after_a_step_or_view(frame: SmallFrame) -> None:
    for name in ("doAssembleCcd", "maskAmplifier"):
        task = IsrTask(config=full_config())
        seen: list[str] = []
        task.debug_callback = lambda exposure, step, seen=seen: seen.append(step)
        task.stop_after = frozenset({name})
        arguments = {key: value for key, value in frame.arguments.items() if key != "opticsTransmission"}
        task.run(frame.raw.clone(), **arguments)
        assert seen[-1] == name


def test_of_two_steps_with_one_view_the_one_that_runs_is_the_end(frame: SmallFrame) -> None:
    """The bias before overscan and the later one both show the view ``doBias``; at most one of them runs."""
    reports: list[StepReport] = []
    task = IsrTask(config=full_config())
    run_chain(task, start(task, frame), RunOptions(on_step=reports.append, stop_after=frozenset({"doBias"})))
    assert (reports[-1].step.name, reports[-1].status) == ("doBias", "done")


def test_other_defects_make_another_key() -> None:
    """Two maps with as many boxes and pixels as each other are not the same calibration."""
    here, there = Defects([Box(1, 2, 1, 1)]), Defects([Box(5, 2, 1, 1)])
    assert identity(here) != identity(there)
    assert identity(here) == identity(Defects([Box(1, 2, 1, 1)]))


class _OwnCorrections(IsrTask):
    """Overrides documented methods the way that people do: by changing the planes in place."""

    def biasCorrection(self, exposure: Exposure, biasExposure: Exposure) -> None:
        exposure.image[:] -= biasExposure.image
        exposure.image[0, 0] = 7.0

    def maskNan(self, exposure: Exposure) -> None:
        exposure.mask.planes.add("UNMASKEDNAN")
        exposure.mask.array[1, 1] |= exposure.mask.planes.bitmask("UNMASKEDNAN")


def test_methods_of_a_subclass_may_change_planes_in_place(frame: SmallFrame) -> None:
    results = []
    for store in (None, CheckpointStore()):
        task = _OwnCorrections(config=full_config())
        raw = frame.raw.clone() if store is None else frame.raw
        state = task.initial_state(raw, calibrations(**frame.arguments))
        results.append(run_chain(task, state, RunOptions(store=store)).exposure)
    ours, kept = results
    assert np.array_equal(ours.image, kept.image, equal_nan=True)
    assert np.array_equal(ours.mask.array, kept.mask.array)
    assert np.array_equal(ours.variance, kept.variance, equal_nan=True)
