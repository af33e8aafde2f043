"""Dark subtraction, scaled by the dark times of the data and of the dark frame."""

from __future__ import annotations

import logging
import math

from isrcore.image import Exposure, MaskedImage
from isrcore.steps.calibration_frame import fit_to_calibration
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["DARK", "correct_dark_exposure", "dark_correction"]

_log = logging.getLogger(__name__)


def dark_correction(
    data: MaskedImage,
    dark: MaskedImage,
    exp_scale: float,
    dark_scale: float,
    invert: bool = False,
    trim_to_fit: bool = False,
) -> None:
    """Subtract ``exp_scale / dark_scale`` times a dark frame in place (manual: calibration, Dark).

    Parameters
    ----------
    data, dark : `MaskedImage`
        ADU.
    exp_scale, dark_scale : float
        Dark times of the data and of the dark frame, seconds.
    invert : bool
        Add instead. The variance grows in both directions.
    trim_to_fit : bool
        Correct only the centre of the data if the dark is smaller (manual: calibration, Smaller calibration frames).

    Raises
    ------
    RuntimeError
        If the sizes do not match.
    ZeroDivisionError
        If `dark_scale` is zero.
    """
    part = fit_to_calibration(data, dark, "dark", trim_to_fit)
    if dark_scale == 0.0:
        raise ZeroDivisionError("the dark time of the dark frame is 0 s: correct its DARKTIME, or choose another dark")
    scale = exp_scale / dark_scale
    if invert:
        part.scaled_plus(scale, dark)
    else:
        part.scaled_minus(scale, dark)


def correct_dark_exposure(
    exposure: Exposure,
    dark_exposure: Exposure,
    invert: bool = False,
    trim_to_fit: bool = False,
    log: logging.Logger = _log,
) -> None:
    """`dark_correction` with the dark times of both exposures (manual: calibration, Dark).

    A dark frame without a dark time counts as 1 s, with a warning: the documentation promises an error there, the
    reference behaves like this.

    Raises
    ------
    RuntimeError
        If `exposure` has no dark time, or the sizes do not match.
    ZeroDivisionError
        If the dark time of the dark frame is zero.
    """
    if exposure.visit_info is None:
        raise RuntimeError("the exposure has no visit info, so no dark time: give it one, or switch doDark off")
    exp_scale = exposure.visit_info.dark_time
    if math.isnan(exp_scale):
        raise RuntimeError("the dark time of the exposure is NaN: put DARKTIME into the header, or switch doDark off")
    dark_scale = math.nan if dark_exposure.visit_info is None else dark_exposure.visit_info.dark_time
    if math.isnan(dark_scale):
        log.warning("The dark frame has no dark time (DARKTIME); it is taken as normalised to 1 s.")
        dark_scale = 1.0
    dark_correction(exposure.masked_image, dark_exposure.masked_image, exp_scale, dark_scale, invert, trim_to_fit)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.darkCorrection(state.exposure, state.calibs.dark)


DARK = Step(
    name="doDark",
    label="dark",
    method="darkCorrection",
    doc="Subtract the dark frame, scaled by the ratio of the dark times.",
    why_not=switched_by("doDark"),
    run=_run,
    switch="doDark",
    reads=("doDark", "doTrimToMatchCalib"),
    needs=("dark",),
    writes=frozenset({"image", "mask", "variance"}),
    debug_view="doDark",
    makes_new_planes=True,
)
