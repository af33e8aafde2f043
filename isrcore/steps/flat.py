"""Division by the flat field."""

from __future__ import annotations

from isrcore.image import MaskedImage
from isrcore.image.statistics import Property, make_statistics
from isrcore.steps.calibration_frame import fit_to_calibration
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["FLAT", "flat_correction"]


def flat_correction(
    data: MaskedImage,
    flat: MaskedImage,
    scaling_type: str,
    user_scale: float = 1.0,
    invert: bool = False,
    trim_to_fit: bool = False,
) -> None:
    """Divide by a flat in units of its scale, in place (manual: calibration, Flat).

    Parameters
    ----------
    data, flat : `MaskedImage`
    scaling_type : {"MEAN", "MEDIAN", "USER"}
        The scale is the mean or median of all finite pixels of the flat (its mask is ignored), or `user_scale`.
    user_scale : float
    invert : bool
        Multiply instead.
    trim_to_fit : bool
        Correct only the centre of the data if the flat is smaller (manual: calibration, Smaller calibration frames).

    Raises
    ------
    RuntimeError
        If the sizes do not match or `scaling_type` is unknown.
    ZeroDivisionError
        If the scale is zero.
    """
    part = fit_to_calibration(data, flat, "flat", trim_to_fit)
    if scaling_type in ("MEAN", "MEDIAN"):
        scale = make_statistics(flat.image, Property[scaling_type]).value()
    elif scaling_type == "USER":
        scale = user_scale
    else:
        raise RuntimeError(f"flatScalingType must be MEAN, MEDIAN or USER, found {scaling_type!r}")
    if scale == 0.0:
        raise ZeroDivisionError(f"the scale of the flat ({scaling_type}) is 0: set flatScalingType or flatUserScale")
    if invert:
        part.scaled_multiplies(1.0 / scale, flat)
    else:
        part.scaled_divides(1.0 / scale, flat)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.flatCorrection(state.exposure, state.calibs.flat)


FLAT = Step(
    name="doFlat",
    label="flat",
    method="flatCorrection",
    doc="Divide by the flat field.",
    why_not=switched_by("doFlat"),
    run=_run,
    switch="doFlat",
    reads=("doFlat", "doTrimToMatchCalib", "flatScalingType", "flatUserScale"),
    needs=("flat",),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doFlat",
    makes_new_planes=True,
)
