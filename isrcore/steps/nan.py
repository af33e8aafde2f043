"""Pixels that are not a number (manual: masking, Pixels that are not numbers)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.image import MaskedImage
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["NAN_MASKING", "NAN_PLANE", "mask_nan"]

NAN_PLANE = "UNMASKEDNAN"


def mask_nan(masked_image: MaskedImage) -> int:
    """Set ``UNMASKEDNAN`` where image or variance is NaN or infinite, whatever else is flagged there, in place.

    The plane is added when there is none.

    Returns
    -------
    count : int
        Number of such pixels.
    """
    masked_image.mask.planes.add(NAN_PLANE)
    image, variance = masked_image.image, masked_image.variance

    def not_finite(rows: slice) -> NDArray[np.bool_]:
        finite: NDArray[np.bool_] = np.isfinite(image[rows])
        np.logical_and(finite, np.isfinite(variance[rows]), out=finite)
        return np.logical_not(finite, out=finite)

    return masked_image.flag(not_finite, masked_image.mask.planes.bitmask(NAN_PLANE))


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.maskNan(state.exposure)


NAN_MASKING = Step(
    name="doNanMasking",
    label="NaN",
    method="maskNan",
    doc="Flag pixels whose value or variance is NaN or infinite.",
    why_not=switched_by("doNanMasking"),
    run=_run,
    switch="doNanMasking",
    reads=("doNanMasking",),
    writes=frozenset({"mask"}),
    makes_new_planes=True,
)
