"""One constant value for all bad pixels (manual: interpolation, Bad regions)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isrcore.image import Exposure
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.kernels.bands import map_bands
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["BAD_REGIONS", "Replaced", "set_bad_regions"]


class Replaced(NamedTuple):
    """Number of pixels replaced, and by which value (unit of the image)."""

    number: int
    value: float


def set_bad_regions(exposure: Exposure, bad_statistic: str = "MEDIAN") -> Replaced:
    """Set pixels that are ``BAD`` and not ``INTRP`` to a statistic of all pixels that are not ``BAD``, in place.

    Mask and variance stay as they are.

    Parameters
    ----------
    exposure : `Exposure`
    bad_statistic : {"MEDIAN", "MEANCLIP"}

    Returns
    -------
    replaced : `Replaced`
        The value is NaN when every pixel is bad.

    Raises
    ------
    RuntimeError
        For another statistic.
    """
    if bad_statistic not in ("MEDIAN", "MEANCLIP"):
        raise RuntimeError(f"badStatistic must be MEDIAN or MEANCLIP, found {bad_statistic!r}")
    mask, image = exposure.mask, exposure.image
    control = StatisticsControl(and_mask=mask.planes.bitmask("BAD"))
    value = make_statistics(exposure.masked_image, Property[bad_statistic], control).value()
    bad, both = np.int32(mask.planes.bitmask("BAD")), np.int32(mask.planes.bitmask(["BAD", "INTRP"]))

    def band(rows: slice) -> int:
        where = (mask.array[rows] & both) == bad
        number = int(np.count_nonzero(where))
        if number:
            np.copyto(image[rows], value, where=where, casting="same_kind")
        return number

    return Replaced(sum(map_bands(band, image.shape)), value)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    # The default statistic, whatever badStatistic says (manual: oddities, Bad regions).
    number, value = set_bad_regions(state.exposure)
    if number > 0:
        task.log.info("Set %d BAD pixels to %f.", number, value)


BAD_REGIONS = Step(
    name="doSetBadRegions",
    label="bad regions",
    method="setBadRegions",
    doc="Replace bad pixels by the median of the good ones.",
    why_not=switched_by("doSetBadRegions"),
    run=_run,
    switch="doSetBadRegions",
    reads=("doSetBadRegions",),
    writes=frozenset({"image"}),
)
