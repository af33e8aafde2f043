"""Bringing the data to the size of a calibration frame, shared by bias, dark, flat and illumination correction."""

from __future__ import annotations

from isrcore.geom import Box
from isrcore.image import MaskedImage

__all__ = ["fit_to_calibration", "trim_to_match_calib"]


def fit_to_calibration(data: MaskedImage, calib: MaskedImage, kind: str, trim_to_fit: bool) -> MaskedImage:
    """The part of `data` that a calibration frame corrects, after a check of the sizes.

    Parameters
    ----------
    data, calib : `MaskedImage`
    kind : str
        What the calibration is ("bias", "flat"); for the message.
    trim_to_fit : bool
        Whether a smaller calibration may correct the centre of the data (config ``doTrimToMatchCalib``).

    Returns
    -------
    part : `MaskedImage`
        `data` itself, or a view of its centre that shares its memory.

    Raises
    ------
    RuntimeError
        If the sizes do not match.
    """
    if trim_to_fit:
        return trim_to_match_calib(data, calib, kind)
    if data.shape != calib.shape:
        raise RuntimeError(
            f"the {kind} has {_size(calib)} pixels, the data has {_size(data)}: switch on doAssembleIsrExposures to "
            f"assemble raw calibrations or doTrimToMatchCalib to correct the centre only, or choose another {kind}"
        )
    return data


def trim_to_match_calib(data: MaskedImage, calib: MaskedImage, kind: str = "calibration") -> MaskedImage:
    """A view of `data` with the size of `calib`, the same number of pixels taken off every side.

    See manual: calibration, Smaller calibration frames.

    The plane ``EDGE`` is set on `data` outside the view.

    Raises
    ------
    RuntimeError
        If the calibration is larger, or the difference in width and height is not the same even number.
    """
    (height, width), (calib_height, calib_width) = data.shape, calib.shape
    nx, ny = width - calib_width, height - calib_height
    if nx != ny or nx % 2 or nx < 0:
        raise RuntimeError(
            f"doTrimToMatchCalib needs a {kind} that is smaller by one even number of pixels in width and height: the "
            f"{kind} has {_size(calib)} pixels, the data has {_size(data)} (width x height); choose another {kind}"
        )
    n = nx // 2
    if n == 0:
        return data
    data.make_writable("image", "mask", "variance")
    x0, y0 = data.xy0
    for strip in (
        Box(x0, y0, width, n),
        Box(x0, y0 + height - n, width, n),
        Box(x0, y0 + n, n, calib_height),
        Box(x0 + width - n, y0 + n, n, calib_height),
    ):
        data.mask.set_box(strip, "EDGE", data.xy0)
    return data.subset(data.bbox.grow(-n))


def _size(masked_image: MaskedImage) -> str:
    height, width = masked_image.shape
    return f"{width} x {height}"
