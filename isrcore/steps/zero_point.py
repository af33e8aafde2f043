"""A rough photometric zero point from the filter and the exposure time."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

from isrcore.image import AB_ZERO_FLUX_NJY, Exposure, PhotoCalib
from isrcore.steps.filters import physical_filter
from isrcore.steps.step import IsrState, IsrTaskLike, Step, always_runs

__all__ = ["ZERO_POINT", "rough_zero_point"]

_log = logging.getLogger(__name__)


def rough_zero_point(
    exposure: Exposure, flux_mag0: Mapping[str, float], default_flux_mag0: float, log: logging.Logger = _log
) -> None:
    """Set the photometric calibration from the flux of magnitude 0 and the exposure time.

    See manual: measurements, Zero point.

    Parameters
    ----------
    exposure : `Exposure`
        Its calibration stays as it is when the exposure time is not positive.
    flux_mag0 : mapping
        Flux of magnitude 0 in 1 s by physical filter, ADU/s.
    default_flux_mag0 : float
        The same for other filters, used with a warning.
    log : `logging.Logger`, optional

    Raises
    ------
    AttributeError
        If the exposure has no visit info.
    ValueError
        If the flux of magnitude 0 is not positive.
    """
    name = physical_filter(exposure.filter_label, log)
    if name in flux_mag0:
        flux = flux_mag0[name]
    else:
        log.warning("No rough magnitude zero point for filter %s in fluxMag0T1; using defaultFluxMag0T1.", name)
        flux = default_flux_mag0
    if exposure.visit_info is None:
        raise AttributeError("the exposure has no visit info, so its exposure time is unknown: give it one (EXPTIME)")
    exposure_time = exposure.visit_info.exposure_time
    if not exposure_time > 0:
        log.warning("Exposure time is %s s; no rough magnitude zero point is set.", exposure_time)
        return
    if flux <= 0:
        raise ValueError(
            f"the flux of magnitude 0 in filter {name} must be positive, found {flux:g} ADU/s: correct fluxMag0T1 or "
            "defaultFluxMag0T1"
        )
    log.info("Rough magnitude zero point: %f.", 2.5 * math.log10(flux * exposure_time))
    exposure.photo_calib = PhotoCalib(AB_ZERO_FLUX_NJY / (flux * exposure_time))


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.roughZeroPoint(state.exposure)


ZERO_POINT = Step(
    name="roughZeroPoint",
    label="zero point",
    method="roughZeroPoint",
    doc="Set an approximate magnitude zero point from filter and exposure time.",
    why_not=always_runs,
    run=_run,
    reads=("fluxMag0T1", "defaultFluxMag0T1"),
    writes=frozenset({"geometry"}),
)
