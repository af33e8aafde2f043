"""Pixels that are not a number (specification S13, d.25)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.image import MaskedImage
from isrcore.image.bands import map_bands
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
    bits = np.int32(masked_image.mask.planes.bitmask(NAN_PLANE))
    image, variance, mask = masked_image.image, masked_image.variance, masked_image.mask.array

    def band(rows: slice) -> int:
        finite: NDArray[np.bool_] = np.isfinite(image[rows])
        np.logical_and(finite, np.isfinite(variance[rows]), out=finite)
        if finite.all():
            return 0
        mask[rows] |= ~finite * bits
        return finite.size - int(np.count_nonzero(finite))

    return sum(map_bands(band, image.shape))


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
)
