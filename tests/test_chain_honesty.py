"""The chain keeps its word.

Steps change only what they declare, keys see every field that matters, and caching changes nothing.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.pex.config import ChoiceField

from isrcore.calib.defects import Defects
from isrcore.camera import Camera
from isrcore.chain import CHAIN, Cancelled, RunOptions, StepReport, run_chain
from isrcore.checkpoints import Checkpoint, CheckpointStore, identity, protect
from isrcore.config import IsrTaskConfig
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.pipe.timer import TIMING_ITEMS
from isrcore.steps.amp_offset import AmpOffsetTask
from isrcore.steps.masking import MaskingTask
from isrcore.steps.step import IsrState
from isrcore.steps.stray_light import StrayLightTask
from isrcore.task import IsrTask, calibrations
from tests.small_frame import HEIGHT, WIDTH, SmallFrame, make_detector, make_small_frame


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """Thousands of runs would fill the log; other tests look at theirs."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


EVERYTHING = {
    "doCrosstalk": True,
    "doBrighterFatter": True,
    "brighterFatterMaskGrowSize": 1,
    "doSuspect": True,
    "numEdgeSuspect": 2,
    "doIlluminationCorrection": True,
    "illumFilters": ["i.MP9702"],
    "doMeasureBackground": True,
    "qa.flatness.meshX": 20,
    "qa.flatness.meshY": 14,
    "qa.doThumbnailOss": True,
    "qa.doThumbnailFlattened": True,
    "doVignette": True,
    "vignette.doWriteVignettePolygon": True,
    "vignette.radius": 0.45,
    "doSaveInterpPixels": True,
    "fringe.filters": ["i.MP9702"],
    "fringe.num": 90,
    "fringe.large": 10,
    "doAttachTransmissionCurve": True,
    "doCameraSpecificMasking": True,
    "doStrayLight": True,
}

BASES: tuple[dict[str, Any], ...] = (
    {},
    {"doCrosstalk": False, "doLinearize": False, "doBrighterFatter": False, "fringeAfterFlat": False},
)

ALTERNATIVES: dict[str, list[Any]] = {
    "saturatedMaskName": ["CR"],
    "suspectMaskName": ["CR"],
    "negativeVarianceMaskName": ["CR"],
    "maskListToInterpolate": [["BAD"], ["SAT", "BAD", "SUSPECT"]],
    "brighterFatterMaskListToInterpolate": [["BAD"]],
    "saturation": [20000.0],
    "overscan.maskPlanes": [["SAT", "BAD"]],
    "overscan.order": [2],
    "overscan.fitType": ["MEANCLIP", "MEDIAN_PER_ROW", "POLY"],
    "overscanMaxDev": [4.0],
    "overscanBiasJump": [True],
    "overscanBiasJumpKeyword": ["DETID"],
    "overscanBiasJumpDevices": [["ccd00"]],
    "overscanBiasJumpLocation": [20],
    "crosstalk.minPixelToMask": [3000.0],
    "crosstalk.crosstalkMaskPlane": ["CR"],
    "crosstalk.crosstalkValues": [[0.0, 1e-3, 1e-3, 0.0]],
    "fringe.filters": [["r.MP9601"], ["i"]],
    "fringe.stats.badMaskPlanes": [["SAT", "BAD"]],
    "fringe.stats.stat": [128, 4],
    "fringe.small": [2],
    "fringe.large": [12],
    "fringe.num": [60],
    "fringe.clip": [1.5],
    "fringe.iterations": [1],
    "illumFilters": [[]],
    "fluxMag0T1": [{"i.MP9702": 1e11}],
    "qa.flatness.meshX": [16],
    "qa.flatness.meshY": [10],
    "qa.thumbnailBinning": [2],
    "vignette.radius": [0.4],
    "vignette.xCenter": [0.02],
    "vignette.yCenter": [0.02],
    "assembleCcd.keysToRemove": [["KEEPME"]],
    "fwhm": [2.0],
    "brighterFatterThreshold": [1.0],
    "brighterFatterMaxIter": [2],
    "readNoise": [1.0],
    "fallbackFilterName": ["r"],
}


def leaves(config: Any, prefix: str = "") -> list[str]:
    """Dotted names of all plain fields below a config."""
    names = []
    for name, field in config._fields.items():
        value = getattr(config, name)
        if hasattr(value, "_fields"):
            names += leaves(value, f"{prefix}{name}.")
        elif hasattr(value, "value") and hasattr(value.value, "_fields"):
            names += leaves(value.value, f"{prefix}{name}.")
        elif not getattr(field, "deprecated", None):
            names.append(prefix + name)
    return names


def find(config: Any, path: str) -> tuple[Any, str]:
    *parents, leaf = path.split(".")
    for name in parents:
        config = getattr(config, name)
    return (config.value if hasattr(config, "value") else config), leaf


def assign(config: Any, path: str, value: Any) -> None:
    owner, leaf = find(config, path)
    setattr(owner, leaf, value)


def alternatives(config: Any, path: str) -> list[Any]:
    """Other valid values of a field."""
    owner, leaf = find(config, path)
    value = getattr(owner, leaf)
    if path in ALTERNATIVES:
        return ALTERNATIVES[path]
    field = owner._fields[leaf]
    if isinstance(field, ChoiceField):
        return [choice for choice in field.allowed if choice != value and choice is not None][:3]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [1.5 * value + 0.25] if math.isfinite(value) else [1.5]
    if isinstance(value, str):
        return [value + "X"]
    return []


def full_config(values: dict[str, Any] | None = None) -> IsrTaskConfig:
    config = IsrTaskConfig()
    for path, value in {**EVERYTHING, **(values or {})}.items():
        assign(config, path, value)
    return config


COMPONENTS = (
    "detector",
    "wcs",
    "filter_label",
    "visit_info",
    "photo_calib",
    "valid_polygon",
    "transmission_curve",
)

PATHS = [
    path
    for path in leaves(IsrTaskConfig())
    if not path.startswith(("connections.", "ampOffset.")) and path not in ("saveMetadata", "saveLogOutput")
]


def _switches() -> list[str]:
    config = IsrTaskConfig()
    owners = {path: find(config, path) for path in PATHS}
    return [path for path, (owner, leaf) in owners.items() if isinstance(getattr(owner, leaf), bool)]


SWITCHES = _switches()


@pytest.fixture(scope="module")
def frame() -> SmallFrame:
    return make_small_frame()


@pytest.fixture(scope="module")
def warm(frame: SmallFrame) -> list[tuple[dict[str, Any], list[Checkpoint]]]:
    """Some configs and the results kept after each step of a run with them."""
    found = []
    for base in BASES:
        reports: list[StepReport] = []
        task = IsrTask(config=full_config(base))
        run_chain(
            task, start(task, frame), RunOptions(store=CheckpointStore(), input_key="raw", on_step=reports.append)
        )
        found.append((base, [report.checkpoint for report in reports if report.status == "done" and report.checkpoint]))
    return found


def start(task: IsrTask, frame: SmallFrame) -> IsrState:
    return task.initial_state(frame.raw.clone(), calibrations(**frame.arguments))


def outcome(config: Any, frame: SmallFrame, store: CheckpointStore | None) -> tuple[Any, ...]:
    """Everything that a run gives, in comparable form: pixels, metadata, results, or the type of its error."""
    task = IsrTask(config=config)
    options = RunOptions(store=store, input_key="raw")
    try:
        state = run_chain(task, start(task, frame), options)
    except Exception as error:
        return ("error", type(error))
    metadata = {
        (name, key): repr(value)
        for name, subtask in task.getTaskDict().items()
        for key, value in subtask.metadata.items()
        if not any(key.endswith((f"Start{item}", f"End{item}")) for item in TIMING_ITEMS)
    }
    exposure = state.exposure
    copy = state.results.get("preInterpExposure")
    parts: list[Any] = [*planes(exposure), repr(exposure.metadata), repr(exposure.photo_calib), exposure.valid_polygon]
    parts += [exposure.transmission_curve is None, metadata]
    parts += [state.results.get("ossThumb"), state.results.get("flattenedThumb"), *(planes(copy) if copy else ())]
    return tuple(parts)


def planes(exposure: Exposure) -> list[Any]:
    return [exposure.image, exposure.mask.array, exposure.variance, exposure.mask.planes.as_dict()]


def same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
            if not np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
                return False
        elif x is not y and x != y:
            return False
    return True


def test_everything_runs(frame: SmallFrame) -> None:
    result = outcome(full_config(), frame, None)
    assert result[0] is not None
    assert not isinstance(result[0], str), result


def test_store_gives_what_a_plain_run_gives(frame: SmallFrame) -> None:
    assert same(outcome(full_config(), frame, None), outcome(full_config(), frame, CheckpointStore()))


OTHER_ORDER = {
    "doBiasBeforeOverscan": True,
    "doCrosstalkBeforeAssemble": True,
    "fringeAfterFlat": False,
    "doBrighterFatter": False,
    "doAmpOffset": True,
    "doApplyGains": True,
}
"""Moves steps to their other place in the chain, and switches on those that are off in `EVERYTHING`."""


class ShiftingAmpOffset(AmpOffsetTask):
    """A camera's own amplifier offsets."""

    def run(self, exposure: Exposure) -> None:
        exposure.image[...] += 1.0


class FadingStrayLight(StrayLightTask):
    """A camera's own stray light."""

    def check(self, exposure: Exposure) -> bool:
        return True

    def run(self, exposure: Exposure, strayLightData: Any) -> None:
        exposure.image[...] -= 1.0


class CornerMasking(MaskingTask):
    """A camera's own mask."""

    def run(self, exposure: Exposure) -> None:
        exposure.mask.set_box(Box(0, 0, 3, 3), "SUSPECT")


def config_with_hooks(values: dict[str, Any] | None = None) -> IsrTaskConfig:
    config = full_config(values)
    config.ampOffset.retarget(ShiftingAmpOffset)
    config.strayLight.retarget(FadingStrayLight)
    config.masking.retarget(CornerMasking)
    return config


def reports_of(task: IsrTask, frame: SmallFrame) -> list[StepReport]:
    """A run with everything kept; the raw exposure counts as the result of step -1."""
    state = start(task, frame)
    if task.config.doBiasBeforeOverscan:
        state.calibs.bias = frame.raw.clone()
    reports = [StepReport(-1, CHAIN[0], "done", checkpoint=Checkpoint("", CHAIN[0], protect(state), {}, 0.0))]
    run_chain(task, state, RunOptions(store=CheckpointStore(), on_step=reports.append))
    return [report for report in reports if report.checkpoint is not None and report.status == "done"]


def test_steps_change_only_what_they_declare(frame: SmallFrame) -> None:
    ran = set()
    for values in ({}, OTHER_ORDER):
        for before, after in itertools.pairwise(reports_of(IsrTask(config=config_with_hooks(values)), frame)):
            ran.add(after.step.name)
            check_writes(before, after)
    assert ran == {step.name for step in CHAIN if not step.is_check}


def check_writes(before: StepReport, after: StepReport) -> None:
    assert before.checkpoint is not None
    assert after.checkpoint is not None
    old, new, step = before.checkpoint.exposure, after.checkpoint.exposure, after.step
    if "image" not in step.writes:
        assert np.shares_memory(old.image, new.image), f"{step.name} changed the image"
    if "variance" not in step.writes:
        assert np.shares_memory(old.variance, new.variance), f"{step.name} changed the variance"
    if "mask" not in step.writes:
        assert np.shares_memory(old.mask.array, new.mask.array), f"{step.name} changed the mask"
        assert old.mask.planes == new.mask.planes, f"{step.name} added a mask plane"
    if "metadata" not in step.writes:
        assert old.metadata == new.metadata, f"{step.name} changed the metadata"
    if "geometry" not in step.writes:
        for name in COMPONENTS:
            assert getattr(old, name) is getattr(new, name), f"{step.name} changed {name}"
        assert old.bbox == new.bbox


def test_checkpoints_do_not_change_later(frame: SmallFrame) -> None:
    """A result on screen must not change because a later step ran."""
    task = IsrTask(config=full_config())
    kept: list[tuple[StepReport, list[Any]]] = []

    def keep(report: StepReport) -> None:
        if report.status == "done" and report.checkpoint is not None:
            exposure = report.checkpoint.exposure
            kept.append((report, [np.copy(p) if isinstance(p, np.ndarray) else dict(p) for p in planes(exposure)]))

    run_chain(task, start(task, frame), RunOptions(store=CheckpointStore(), on_step=keep))
    for report, copies in kept:
        assert report.checkpoint is not None
        now = tuple(planes(report.checkpoint.exposure))
        assert same(now, tuple(copies)), f"the result of {report.step.name} changed"


def test_input_and_calibrations_stay_untouched(frame: SmallFrame) -> None:
    before = frame.raw.clone()
    fringe = frame.arguments["fringes"].fringes.clone()
    task = IsrTask(config=full_config())
    run_chain(task, task.initial_state(frame.raw, calibrations(**frame.arguments)), RunOptions(store=CheckpointStore()))
    assert same(tuple(planes(before)), tuple(planes(frame.raw)))
    assert before.metadata == frame.raw.metadata
    assert same(tuple(planes(fringe)), tuple(planes(frame.arguments["fringes"].fringes)))


@pytest.mark.parametrize("path", PATHS)
def test_declared_reads_are_complete(
    frame: SmallFrame, warm: list[tuple[dict[str, Any], list[Checkpoint]]], path: str
) -> None:
    """Change one field: what a warm cache gives must be what a fresh run gives."""
    for base, kept in warm:
        for value in alternatives(full_config(base), path):
            store = CheckpointStore()
            for checkpoint in kept:
                store.put(checkpoint)
            changed = full_config({**base, path: value})
            assert same(outcome(changed, frame, None), outcome(changed, frame, store)), f"{path} = {value!r}"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_resuming_equals_a_full_run(frame: SmallFrame, data: st.DataObject) -> None:
    """Random configs, random changes, one cache for all: never a difference to a fresh run."""
    store = CheckpointStore()
    chosen = data.draw(st.lists(st.sampled_from(SWITCHES), max_size=4))
    values: dict[str, Any] = {path: data.draw(st.booleans(), label=path) for path in chosen}
    outcome(full_config(values), frame, store)
    for _ in range(3):
        path = data.draw(st.sampled_from(PATHS))
        options = alternatives(full_config(values), path)
        if options:
            values = {**values, path: data.draw(st.sampled_from(options))}
        config = full_config(values)
        assert same(outcome(config, frame, None), outcome(config, frame, store))


def test_a_retargeted_subtask_makes_another_result(frame: SmallFrame) -> None:
    store = CheckpointStore()
    outcome(full_config(), frame, store)
    assert same(outcome(config_with_hooks(), frame, None), outcome(config_with_hooks(), frame, store))


def test_off_and_on_again_finds_the_old_result(frame: SmallFrame) -> None:
    store = CheckpointStore()
    outcome(full_config(), frame, store)
    outcome(full_config({"doFlat": False}), frame, store)
    assert computed(full_config(), frame, store) == []


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


def test_names_in_the_table_are_unique() -> None:
    assert len({step.name for step in CHAIN}) == len(CHAIN)
    config = full_config()
    for step in CHAIN:
        for path in step.reads:
            node: Any = config
            for part in path.rstrip(".").split("."):
                node = getattr(node, part)
        assert step.doc.endswith(".")
        assert step.switch is None or step.switch in step.reads


def test_other_defects_make_another_key() -> None:
    """Two maps with as many boxes and pixels as each other are not the same calibration."""
    here, there = Defects([Box(1, 2, 1, 1)]), Defects([Box(5, 2, 1, 1)])
    assert identity(here) != identity(there)
    assert identity(here) == identity(Defects([Box(1, 2, 1, 1)]))
