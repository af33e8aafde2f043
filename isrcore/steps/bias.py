"""Bias subtraction, before the overscan correction or, usually, after assembly."""

from __future__ import annotations

from isrcore.image import MaskedImage
from isrcore.steps.calibration_frame import fit_to_calibration
from isrcore.steps.step import IsrState, IsrTaskLike, Step

__all__ = ["BIAS", "EARLY_BIAS", "bias_correction"]


def bias_correction(data: MaskedImage, bias: MaskedImage, trim_to_fit: bool = False) -> None:
    """Subtract a bias frame in place (manual: calibration, Bias): variances add, masks are OR-ed.

    Parameters
    ----------
    data, bias : `MaskedImage`
        ADU.
    trim_to_fit : bool
        Correct only the centre of the data if the bias is smaller (manual: calibration, Smaller calibration frames).

    Raises
    ------
    RuntimeError
        If the sizes do not match.
    """
    part = fit_to_calibration(data, bias, "bias", trim_to_fit)
    part -= bias


def _run(task: IsrTaskLike, state: IsrState) -> None:
    bias_correction(state.exposure.masked_image, state.calibs.bias.masked_image, task.config.doTrimToMatchCalib)


def _why_not_early(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doBias:
        return "doBias is off"
    return None if task.config.doBiasBeforeOverscan else "doBiasBeforeOverscan is off"


def _why_not(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doBias:
        return "doBias is off"
    return "doBiasBeforeOverscan is on: left to the step early bias" if task.config.doBiasBeforeOverscan else None


EARLY_BIAS = Step(
    name="doBiasBeforeOverscan",
    label="early bias",
    method="biasCorrection",
    doc="Subtract the bias frame from the raw mosaic, before the overscan is measured.",
    why_not=_why_not_early,
    run=_run,
    switch="doBiasBeforeOverscan",
    reads=("doBias", "doBiasBeforeOverscan", "doTrimToMatchCalib"),
    needs=("bias",),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doBias",
    makes_new_planes=True,
)

BIAS = Step(
    name="doBias",
    label="bias",
    method="biasCorrection",
    doc="Subtract the bias frame.",
    why_not=_why_not,
    run=_run,
    switch="doBias",
    reads=("doBias", "doBiasBeforeOverscan", "doTrimToMatchCalib"),
    needs=("bias",),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doBias",
    makes_new_planes=True,
)
