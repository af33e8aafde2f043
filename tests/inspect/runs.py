"""Small runs with kept results, with and without mirrored amplifiers."""

from __future__ import annotations

import logging
from typing import Any

from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config import IsrTaskConfig
from isrcore.config.fields import set_field
from isrcore.image import Exposure
from isrcore.inspect.results import RunResults, results_of
from isrcore.task import IsrTask, calibrations
from tests.small_frame import make_small_frame

__all__ = ["FLIPS", "small_raw", "small_run"]

FLIPS = ((False, False), (True, False), (False, True), (True, True))


def small_raw(flips: tuple[bool, bool] = (False, False)) -> tuple[Exposure, dict[str, Any]]:
    """The small frame with amplifier B mirrored, and its calibrations."""
    frame = make_small_frame()
    detector = frame.raw.detector
    assert detector is not None
    a, b = detector
    frame.raw.detector = detector.with_amplifiers([a, b.replace(raw_flip_x=flips[0], raw_flip_y=flips[1])])
    return frame.raw, frame.arguments


def small_run(flips: tuple[bool, bool] = (False, False), **changes: Any) -> RunResults:
    """Correct the small frame with bias, dark, flat and defects.

    Parameters
    ----------
    flips : (bool, bool)
        Whether amplifier B is mirrored in x and y.
    **changes
        Config fields with ``__`` for points.
    """
    raw, arguments = small_raw(flips)
    config = IsrTaskConfig()
    fields = {"doLinearize": False, "doBrighterFatter": False, "doFringe": False, **changes}
    for name, value in fields.items():
        set_field(config, name.replace("__", "."), value, "test")
    config.validate()
    task = IsrTask(config=config, log=logging.getLogger("inspected"))
    task.log.setLevel(logging.ERROR)
    calibs = calibrations(**{kind: arguments[kind] for kind in ("bias", "dark", "flat", "defects")})
    reports: list[StepReport] = []
    options = RunOptions(store=CheckpointStore(), on_step=reports.append)
    run_chain(task, task.initial_state(raw, calibs), options)
    return results_of(raw, reports, tuple(config.maskListToInterpolate))
