"""The order of things in `CfhtIsrTask.run`: what it does before the run of `IsrTask`, outside its timing."""

from __future__ import annotations

from typing import Any

import pytest

from isrcore.cfht import CfhtIsrTask
from isrcore.config.fields import set_field
from isrcore.image import Exposure
from tests.small_frame import SmallFrame, make_small_frame

OFF = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)


@pytest.fixture
def frame() -> SmallFrame:
    return make_small_frame()


def make_task(**values: Any) -> CfhtIsrTask:
    config = CfhtIsrTask.ConfigClass()
    for path, value in {**OFF, **values}.items():
        set_field(config, path, value, "test")
    config.validate()
    return CfhtIsrTask(config=config)


def without_gain(raw: Exposure) -> None:
    raw.metadata.remove("GAINB")


def without_detector(raw: Exposure) -> None:
    raw.detector = None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [(without_gain, KeyError, "GAINB"), (without_detector, AttributeError, "no detector")],
)
def test_the_preamble_is_not_timed(frame: SmallFrame, change: Any, error: type[Exception], message: str) -> None:
    change(frame.raw)
    before, task = frame.raw.detector, make_task()
    with pytest.raises(error, match=message):
        task.run(frame.raw)
    assert list(task.metadata) == []
    assert frame.raw.detector is before


def test_a_failed_check_of_the_inputs_is_timed(frame: SmallFrame) -> None:
    task = make_task(doBias=True)
    with pytest.raises(RuntimeError, match="bias"):
        task.run(frame.raw)
    assert {"runStartUtc", "runEndUtc"} <= set(task.metadata)
    assert frame.raw.detector is not None
    assert frame.raw.detector["A"].read_noise == 3.3, "the detector of the frame is attached all the same"


def test_every_step_is_seen_once(frame: SmallFrame) -> None:
    task, seen = make_task(), list[str]()
    task.debug_callback = lambda exposure, step: seen.append(step)
    task.run(frame.raw)
    assert seen[:3] == ["cfhtDetector", "checkInputs", "convertIntToFloat"]
    assert seen[-1] == "postISRCCD"
    assert len(set(seen)) == len(seen)


def test_stop_after_the_preamble(frame: SmallFrame) -> None:
    task, seen = make_task(), list[str]()
    task.debug_callback = lambda exposure, step: seen.append(step)
    task.stop_after = frozenset({"cfhtDetector"})
    assert task.run(frame.raw).exposure is frame.raw
    assert seen == ["cfhtDetector"]


def test_the_saturation_is_estimated_before_the_detector_is_missed(frame: SmallFrame) -> None:
    frame.raw.detector = None
    frame.raw.metadata.remove("SATURATE")
    frame.raw.image[...] = 1000
    with pytest.raises(KeyError, match="SATURATE"):
        make_task().run(frame.raw)
