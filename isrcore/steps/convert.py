"""Integer pixels to float: every later step works in single precision."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.kernels.bands import for_bands
from isrcore.kernels.memory import new_plane
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["CONVERT", "convert_int_to_float", "require_float"]

NO_DATA = "NO_DATA"
"""The plane of pixels without a value."""

_log = logging.getLogger(__name__)


def convert_int_to_float(exposure: Exposure, log: logging.Logger = _log) -> Exposure:
    """A float32 exposure with the pixel values of `exposure` (manual: chain, Integer pixels).

    Integers cannot say that a pixel has no value; readers put ``NO_DATA`` into the mask there. Such pixels become NaN
    and keep the flag (manual: differences, Pixels without a value).

    Parameters
    ----------
    exposure : `Exposure`
        Any pixel type.
    log : `logging.Logger`, optional

    Returns
    -------
    exposure : `Exposure`
        The very same object for float32 pixels. Otherwise a new one with variance 1 and mask 0 (but for ``NO_DATA`` of
        integers); metadata are copied, other components shared.

    Raises
    ------
    RuntimeError
        If `exposure` is not an exposure, or its pixels are no real numbers.
    """
    if not hasattr(exposure, "convertF"):
        raise RuntimeError(f"expected an exposure to convert to float pixels, found {type(exposure).__name__}")
    pixels = exposure.masked_image
    if pixels.image.dtype.kind not in "iuf":
        raise RuntimeError(f"pixels of type {pixels.image.dtype} cannot be converted to float: expected real numbers")
    if pixels.image.dtype == np.float32:
        log.debug("Exposure has float pixels already; nothing to convert.")
        return exposure
    image, bits, variance = (new_plane(pixels.shape, dtype) for dtype in (np.float32, np.int32, np.float32))

    planes, is_integer = pixels.mask.planes.copy(), pixels.image.dtype.kind in "iu"
    no_data = planes.bitmask(NO_DATA) if is_integer and NO_DATA in planes else 0

    def convert(rows: slice) -> None:
        image[rows] = pixels.image[rows]
        bits[rows] = 0
        variance[rows] = 1.0
        if no_data and (undefined := (pixels.mask.array[rows] & np.int32(no_data)) != 0).any():
            image[rows][undefined] = np.nan
            bits[rows][undefined] = no_data

    for_bands(convert, pixels.shape)
    mask = Mask(bits, planes)
    log.debug("Converted exposure from %s to float32 pixels.", pixels.image.dtype)
    return exposure.with_pixels(MaskedImage(image, mask, variance, pixels.xy0), exposure.metadata.copy())


def require_float(image: NDArray[Any], step: str) -> None:
    """Refuse integer pixels, which no step after the flagging of saturation supports (manual: chain, Integer pixels).

    Raises
    ------
    TypeError
        The same type as in the reference.
    """
    if image.dtype.kind != "f":
        raise TypeError(f"{step} needs float pixels, found {image.dtype}: switch doConvertIntToFloat on")


def _run(task: IsrTaskLike, state: IsrState) -> None:
    state.exposure = task.convertIntToFloat(state.exposure)


CONVERT = Step(
    name="convertIntToFloat",
    label="convert",
    method="convertIntToFloat",
    doc="Turn integer pixels into float pixels with variance 1 and an empty mask, NaN where there are no data.",
    why_not=switched_by("doConvertIntToFloat"),
    run=_run,
    switch="doConvertIntToFloat",
    reads=("doConvertIntToFloat",),
    writes=frozenset({"image", "mask", "variance"}),
    makes_new_planes=True,
)
