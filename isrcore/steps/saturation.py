"""Saturated and suspect pixels, and amplifiers without a usable pixel.

See manual: masking, Saturated and suspect pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from isrcore.calib.defects import Defects, as_boxes
from isrcore.camera import Amplifier
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.footprints import footprint_boxes, grow_diamond, smallest_at_least, threshold_mask
from isrcore.kernels.bands import for_bands, rows_of_bands
from isrcore.steps.interpolate import interpolate_where
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, Step, always_runs

__all__ = [
    "MASK_AMPLIFIER",
    "amplifiers_in",
    "flag_level",
    "make_threshold_mask",
    "mask_amplifier",
    "mask_level",
    "saturation_correction",
]


def flag_level(pixels: MaskedImage, level: float, names: str | Iterable[str]) -> None:
    """Set planes where the image is at or above `level`, in place; NaN pixels are not, infinity is."""
    bits = np.int32(pixels.mask.planes.bitmask(names))
    lowest = smallest_at_least(level, pixels.image.dtype)
    image, mask = pixels.image, pixels.mask.array

    def band(rows: slice) -> None:
        high = image[rows] >= lowest
        if high.any():
            mask[rows] |= high * bits

    for_bands(band, image.shape)


def make_threshold_mask(
    masked_image: MaskedImage, threshold: float, grow_footprints: int = 1, mask_name: str | Sequence[str] = "SAT"
) -> Defects:
    """Set planes on and around pixels at or above a threshold, in place.

    Parameters
    ----------
    masked_image : `MaskedImage`
    threshold : float
        Unit of the image.
    grow_footprints : int
        Radius of the diamond that the pixels are dilated with; 0 for none.
    mask_name : str or sequence of str

    Returns
    -------
    defects : `Defects`
        What was flagged.

    Raises
    ------
    ValueError
        For an unknown plane.
    """
    where = threshold_mask(masked_image.image, threshold)
    if grow_footprints > 0:
        where = grow_diamond(where, grow_footprints)
    for name in [mask_name] if isinstance(mask_name, str) else mask_name:
        masked_image.mask.set_where(where, name)
    return Defects(footprint_boxes(where, masked_image.xy0), normalize=False)


def saturation_correction(
    masked_image: MaskedImage,
    saturation: float,
    fwhm: float,
    grow_footprints: int = 1,
    interpolate: bool = True,
    mask_name: str | Sequence[str] = "SAT",
    fallback_value: float | None = None,
) -> None:
    """Flag saturated pixels and, if asked, interpolate over them, in place; parameters as `make_threshold_mask`."""
    flagged = make_threshold_mask(masked_image, saturation, grow_footprints, mask_name)
    if interpolate:
        where = np.zeros(masked_image.shape, np.bool_)
        for box in flagged:
            where[box.slices(masked_image.xy0)] = True
        interpolate_where(masked_image, where, fwhm, fallback_value)


def mask_level(exposure: Exposure, amp: Amplifier, level: float, plane: str) -> None:
    """Set `plane` on the raw box of an amplifier where the image is at or above `level` (ADU); NaN flags nothing."""
    if not math.isnan(level):
        flag_level(exposure.masked_image.subset(amp.raw_bbox), level, plane)


def mask_amplifier(
    exposure: Exposure,
    amp: Amplifier,
    defects: Iterable[Box] | None,
    *,
    saturated_mask_name: str = "SAT",
    suspect_mask_name: str = "SUSPECT",
    do_saturation: bool = True,
    do_suspect: bool = False,
    saturation: float = math.nan,
) -> bool:
    """Flag saturated and suspect pixels of an amplifier; tell whether the amplifier is dead.

    Parameters
    ----------
    exposure : `Exposure`
        Raw frame, ADU; the mask changes in place over the raw box of the amplifier, overscan included.
    amp : `Amplifier`
    defects : iterable of `Box`, or None
        Trimmed frame. An amplifier inside one single box is dead; boxes that cover it together do not count
        (manual: oddities, Dead amplifiers).
    saturated_mask_name, suspect_mask_name : str
    do_saturation, do_suspect : bool
        Whether the levels of the amplifier are used.
    saturation : float
        A finite level (ADU) is used in place of the amplifier's, also when `do_saturation` is off
        (manual: oddities, Saturation).

    Returns
    -------
    bad : bool
        Whether the amplifier lies inside a defect, or all its imaging pixels are saturated or suspect.

    Raises
    ------
    ValueError
        For an unknown plane, or a raw box outside the image.
    """
    mask = exposure.mask
    if defects is not None and any(box.contains(amp.bbox) for box in as_boxes(defects)):
        mask.set_box(amp.raw_bbox, "BAD", exposure.masked_image.xy0)
        return True
    levels: dict[str, float] = {}
    if do_saturation:
        levels[saturated_mask_name] = amp.saturation
    if do_suspect:
        levels[suspect_mask_name] = amp.suspect_level
    if math.isfinite(saturation):
        levels[saturated_mask_name] = saturation
    # What would fail after the first plane fails here: a refused call leaves the mask as it was.
    mask.planes.bitmask(list(levels))
    exposure.masked_image.subset(amp.raw_data_bbox)
    exposure.masked_image.subset(amp.raw_bbox)
    for plane, level in levels.items():
        mask_level(exposure, amp, level, plane)
    data = exposure.masked_image.subset(amp.raw_data_bbox)
    bad = _all_set(data.mask, [saturated_mask_name, suspect_mask_name])
    if bad:
        mask.set_box(amp.raw_data_bbox, "BAD", exposure.masked_image.xy0)
    return bad


def _all_set(mask: Mask, names: Sequence[str]) -> bool:
    """Whether every pixel has one of the planes; stops at the first band of rows that has not."""
    bits = np.int32(mask.planes.bitmask(names))
    return all(bool(((mask.array[rows] & bits) != 0).all()) for rows in rows_of_bands(mask.array.shape))


def amplifiers_in(task: IsrTaskLike, state: IsrState) -> list[Amplifier]:
    """Amplifiers whose trimmed box lies inside the image: those that the amplifier loop works on.

    See manual: chain, Order.

    Raises
    ------
    AttributeError
        If the exposure has no detector; the same type as in the reference, with a message that says what is missing.
    """
    if state.detector is None:
        raise AttributeError("the exposure has no detector: attach one, its amplifiers say where the pixels lie")
    bbox = state.exposure.bbox
    inside = []
    for amp in state.detector:
        if bbox.contains(amp.bbox):
            inside.append(amp)
        else:
            task.log.info("Amplifier %s is skipped: %s is outside the image, %s.", amp.name, amp.bbox, bbox)
    return inside


def _run(task: IsrTaskLike, state: IsrState) -> None:
    for field in ("saturatedMaskName", "suspectMaskName"):
        require_planes(state.exposure.mask, field, getattr(task.config, field))
    state.results["bad_amps"] = [
        task.maskAmplifier(state.exposure, amp, state.calibs.defects) for amp in amplifiers_in(task, state)
    ]


MASK_AMPLIFIER = Step(
    name="maskAmplifier",
    label="saturation",
    method="maskAmplifier",
    doc="Flag saturated and suspect pixels of each amplifier, and amplifiers without a usable pixel.",
    why_not=always_runs,
    run=_run,
    reads=("doSaturation", "saturatedMaskName", "doSuspect", "suspectMaskName", "saturation"),
    needs=("defects",),
    writes=frozenset({"mask"}),
)
