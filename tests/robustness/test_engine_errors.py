"""Bad input to the engine: the reference's exception, a message that helps, the exposure as before the failing step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config.fields import set_field
from isrcore.image import Exposure
from isrcore.task import calibrations
from tests.robustness.error_cases import CASES, Case
from tests.small_frame import make_small_frame

ALL_ON = {
    "doCrosstalk": True,
    "doBrighterFatter": True,
    "doIlluminationCorrection": True,
    "illumFilters": ["i.MP9702"],
    "fringe.filters": ["i.MP9702"],
    "fringe.num": 50,
    "fringe.large": 10,
    "qa.doThumbnailOss": True,
}


def set_up(case: Case) -> tuple[Any, Exposure, dict[str, Any]]:
    frame = make_small_frame(dtype=np.float32 if case.name == "planes are all taken" else np.uint16)
    config = case.task.ConfigClass()
    values = {**ALL_ON, **case.config}
    if case.task is CfhtIsrTask:
        values |= {"doBrighterFatter": False}
        del frame.arguments["bfKernel"]
    for path, value in values.items():
        set_field(config, path, value, "test")
    config.validate()
    case.change(frame.raw, frame.arguments)
    return case.task(config=config), frame.raw, frame.arguments


def snapshot(exposure: Exposure) -> list[Any]:
    parts = [exposure.image, exposure.mask.array, exposure.variance]
    return [*(np.copy(part) for part in parts), exposure.mask.planes.as_dict(), exposure.metadata.copy()]


def equal(a: list[Any], b: list[Any]) -> bool:
    return all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x == y
        for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_error_and_the_checkpoint_before_it(case: Case) -> None:
    task, raw, arguments = set_up(case)
    before = snapshot(raw)
    reports: list[StepReport] = []
    kept: list[tuple[Exposure, list[Any]]] = []

    def note(report: StepReport) -> None:
        reports.append(report)
        if report.status == "done" and not report.step.is_check:
            assert report.checkpoint is not None
            kept.append((report.checkpoint.exposure, snapshot(report.checkpoint.exposure)))

    store = CheckpointStore()
    state = task.initial_state(raw, calibrations(**arguments))
    with pytest.raises(case.error, match=case.message):
        run_chain(task, state, RunOptions(store=store, input_key="raw", on_step=note))
    failed = reports[-1]
    assert (failed.status, failed.step.name) == ("failed", case.step)
    assert str(failed.error)
    assert equal(before, snapshot(raw)), "the input changed"
    for exposure, planes in kept:
        assert equal(snapshot(exposure), planes), "a checkpoint changed"
    assert len(store) == len(kept), "the failing step left something"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_a_store_nothing_is_half_applied(case: Case) -> None:
    task, raw, arguments = set_up(case)
    last: list[Any] = [raw, snapshot(raw)]

    def note(exposure: Exposure, stepname: str) -> None:
        last[:] = [exposure, snapshot(exposure)]

    task.debug_callback = note
    state = task.initial_state(raw, calibrations(**arguments))
    with pytest.raises(case.error, match=case.message):
        run_chain(task, state)
    assert equal(snapshot(last[0])[:3], last[1][:3])
