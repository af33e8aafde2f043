"""The chain keeps its word.

Steps change only what they declare, keys see every field that matters, and caching changes nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isrcore.chain import CHAIN, RunOptions, run_chain
from isrcore.checkpoints import Checkpoint, CheckpointStore, StepReport, protect
from isrcore.task import IsrTask, calibrations
from tests.chain.full_chain import (
    BASES,
    OTHER_ORDER,
    PATHS,
    SWITCHES,
    alternatives,
    config_with_hooks,
    full_config,
    outcome,
    planes,
    same,
    start,
)
from tests.small_frame import SmallFrame

COMPONENTS = (
    "detector",
    "wcs",
    "filter_label",
    "visit_info",
    "photo_calib",
    "valid_polygon",
    "transmission_curve",
)


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


def test_everything_runs(frame: SmallFrame) -> None:
    result = outcome(full_config(), frame, None)
    assert result[0] is not None
    assert not isinstance(result[0], str), result


def test_store_gives_what_a_plain_run_gives(frame: SmallFrame) -> None:
    assert same(outcome(full_config(), frame, None), outcome(full_config(), frame, CheckpointStore()))


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


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
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
