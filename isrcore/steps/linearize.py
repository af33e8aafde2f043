"""Linearity correction of the assembled image."""

from __future__ import annotations

from isrcore.camera import Detector
from isrcore.steps.step import IsrState, IsrTaskLike, Step

__all__ = ["LINEARIZE", "linearity_is_needed"]


def linearity_is_needed(detector: Detector | None) -> bool:
    """Whether the first amplifier has a linearity type other than ``"None"``; the others do not matter.

    See manual: oddities, Linearity.

    Raises
    ------
    AttributeError
        Without a detector.
    """
    if detector is None:
        raise AttributeError("there is no detector, so no linearity type: attach one, or switch doLinearize off")
    return detector[0].linearity_type != "None"


def _why_not(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doLinearize:
        return "doLinearize is off"
    if state.detector is None:
        return None  # The check of the inputs attaches one, or fails.
    if task.doLinearize(state.detector):
        return None
    if linearity_is_needed(state.detector):
        return f"{type(task).__name__}.doLinearize says that it is not needed"
    return 'the first amplifier has linearity type "None"'


def _run(task: IsrTaskLike, state: IsrState) -> None:
    state.calibs.linearizer.applyLinearity(image=state.exposure.image, detector=state.detector, log=task.log)


LINEARIZE = Step(
    name="doLinearize",
    label="linearity",
    method="linearizer.applyLinearity",
    doc="Correct the non-linear response of the amplifiers.",
    why_not=_why_not,
    run=_run,
    switch="doLinearize",
    reads=("doLinearize",),
    needs=("linearizer",),
    writes=frozenset({"image"}),
)
