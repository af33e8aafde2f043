"""Division by the illumination correction, for the filters that need one."""

from __future__ import annotations

from isrcore.image import MaskedImage
from isrcore.steps.calibration_frame import fit_to_calibration
from isrcore.steps.filters import physical_filter
from isrcore.steps.step import IsrState, IsrTaskLike, Step

__all__ = ["ILLUMINATION", "illumination_correction"]


def illumination_correction(
    data: MaskedImage, illumination: MaskedImage, scale: float, trim_to_fit: bool = True
) -> None:
    """Divide by ``illumination / scale`` in place (manual: calibration, Illumination).

    Raises
    ------
    RuntimeError
        If the sizes do not match.
    ZeroDivisionError
        If `scale` is zero.
    """
    part = fit_to_calibration(data, illumination, "illumination correction", trim_to_fit)
    if scale == 0.0:
        raise ZeroDivisionError("illumScale is 0: give the scale of the illumination correction")
    part.scaled_divides(1.0 / scale, illumination)


def _why_not(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doIlluminationCorrection:
        return "doIlluminationCorrection is off"
    name = physical_filter(getattr(state.exposure, "filter_label", None), task.log)
    return None if name in task.config.illumFilters else f"filter {name} is not in illumFilters"


def _run(task: IsrTaskLike, state: IsrState) -> None:
    illumination_correction(
        state.exposure.masked_image,
        state.calibs.illumMaskedImage,
        task.config.illumScale,
        task.config.doTrimToMatchCalib,
    )


ILLUMINATION = Step(
    name="doIlluminationCorrection",
    label="illumination",
    method="illuminationCorrection",
    doc="Divide by the illumination correction of the filter.",
    why_not=_why_not,
    run=_run,
    switch="doIlluminationCorrection",
    reads=("doIlluminationCorrection", "illumFilters", "illumScale", "doTrimToMatchCalib"),
    needs=("illumMaskedImage",),
    writes=frozenset({"image", "mask", "variance"}),
)
