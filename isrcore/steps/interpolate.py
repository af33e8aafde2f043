"""Interpolation over flagged pixels along rows (manual: interpolation, Pixels)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.image import Mask, MaskedImage
from isrcore.image.footprints import Bools, grow_diamond, paint_boxes
from isrcore.image.statistics import Property, make_statistics
from isrcore.kernels.bands import for_bands, map_bands
from isrcore.kernels.memory import new_plane
from isrcore.steps.interpolation_plan import Plan, plan_rows
from isrcore.steps.interpolation_weights import weights
from isrcore.steps.planes import require_planes
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by
from isrcore.values import frozen

__all__ = [
    "INTERPOLATE",
    "PixelOrigin",
    "Term",
    "explain_pixel",
    "grow_masks",
    "interpolate_defect_list",
    "interpolate_from_mask",
    "interpolate_rows",
    "interpolate_where",
]


def grow_masks(
    mask: Mask, radius: int = 0, mask_name_list: str | Sequence[str] = ("BAD",), mask_value: str = "BAD"
) -> None:
    """Dilate the pixels that have any of some planes with a diamond and set `mask_value` there, in place.

    Parameters
    ----------
    mask : `Mask`
    radius : int
        Pixels; nothing happens for 0 or less.
    mask_name_list : str or sequence of str
    mask_value : str

    Raises
    ------
    ValueError
        For an unknown plane.
    """
    if radius > 0:
        mask.set_where(grow_diamond(mask.has(mask_name_list), radius), mask_value)


def interpolate_from_mask(
    masked_image: MaskedImage,
    fwhm: float,
    grow_saturated_footprints: int = 1,
    mask_name_list: Sequence[str] = ("SAT",),
    fallback_value: float | None = None,
) -> MaskedImage:
    """Interpolate over the pixels that have any of some planes, in place.

    Parameters
    ----------
    masked_image : `MaskedImage`
        float32. Image and variance are interpolated along rows, and ``INTRP`` is set.
    fwhm : float
        Width of the point-spread function. The result does not depend on it (manual: oddities, Interpolation).
    grow_saturated_footprints : int
        Radius by which ``SAT`` is grown first, for good, if that literal name is in the list.
    mask_name_list : sequence of str
    fallback_value : float, optional
        For pixels with no good ones within reach; default the clipped mean of all finite pixels.

    Returns
    -------
    masked_image : `MaskedImage`
        The argument.

    Raises
    ------
    ValueError
        For an unknown plane or a `fwhm` that is not positive; nothing has changed then.
    """
    mask = masked_image.mask
    _check_fwhm(fwhm)
    mask.planes.bitmask(mask_name_list)
    grown = None
    if grow_saturated_footprints > 0 and "SAT" in mask_name_list:
        grown = grow_diamond(mask.has("SAT"), grow_saturated_footprints)
    where = _flag(mask, grown, mask_name_list)
    _interpolate_planes([masked_image.image, masked_image.variance], where, masked_image.image, fallback_value, True)
    return masked_image


def _flag(mask: Mask, saturated: Bools | None, names: Sequence[str]) -> Bools:
    """Set ``SAT`` where `saturated`, then ``INTRP`` on all pixels with one of the planes; returns those pixels."""
    mask.planes.add("INTRP")
    wanted, interpolated = np.int32(mask.planes.bitmask(names)), np.int32(mask.planes.bitmask("INTRP"))
    sat = np.int32(0 if saturated is None else mask.planes.bitmask("SAT"))
    where: Bools = new_plane(mask.array.shape, np.bool_)

    def band(rows: slice) -> None:
        bits = mask.array[rows]
        if saturated is not None:
            bits |= saturated[rows] * sat
        np.not_equal(bits & wanted, 0, out=where[rows])
        bits |= where[rows] * interpolated

    for_bands(band, where.shape)
    return where


def interpolate_defect_list(
    masked_image: MaskedImage, defects: Iterable[Box], fwhm: float, fallback_value: float | None = None
) -> None:
    """Interpolate over boxes (parent coordinates, clipped to the image), in place; see `interpolate_from_mask`."""
    interpolate_where(masked_image, paint_boxes(list(defects), masked_image.bbox), fwhm, fallback_value)


def interpolate_where(
    masked_image: MaskedImage, where: Bools, fwhm: float, fallback_value: float | None = None
) -> None:
    """Interpolate over a set of pixels, in place; see `interpolate_from_mask`."""
    _check_fwhm(fwhm)
    mask = masked_image.mask
    mask.planes.add("INTRP")
    planes = [masked_image.image, masked_image.variance]
    _interpolate_planes(planes, where, masked_image.image, fallback_value, True)
    mask.set_where(where, "INTRP")


def interpolate_rows(
    plane: NDArray[np.float32], where: Bools, fallback_value: float, use_fallback_at_edge: bool = True
) -> None:
    """Interpolate one plane over a set of pixels, in place.

    Parameters
    ----------
    plane : ndarray, (height, width), float32
    where : ndarray, bool
        Bad pixels.
    fallback_value : float
    use_fallback_at_edge : bool
        See `isrcore.steps.interpolation_plan.plan_rows`.
    """
    _interpolate_planes([plane], where, plane, fallback_value, use_fallback_at_edge)


def _check_fwhm(fwhm: float) -> None:
    if not fwhm > 0:
        raise ValueError(f"fwhm must be positive, found {fwhm}: set the config field fwhm (no pixel depends on it)")


def _interpolate_planes(
    planes: list[NDArray[Any]],
    where: Bools,
    image: NDArray[Any],
    fallback: float | None,
    use_fallback_at_edge: bool,
) -> None:
    # One part per processor: the work within a part consists of few large operations.
    part = -(-where.size // (os.cpu_count() or 1))
    plans: dict[int, Plan] = {}

    def prepare(rows: slice) -> None:
        plans[rows.start] = plan_rows(where[rows], use_fallback_at_edge)

    map_bands(prepare, where.shape, part)
    if fallback is None:
        # The statistic costs more than everything else: it is taken only if a pixel will get it.
        needed = any(plan.needs_fallback for plan in plans.values())
        fallback = make_statistics(image, Property.MEANCLIP).value() if needed else 0.0
    value = fallback
    contiguous = [np.ascontiguousarray(plane) for plane in planes]

    def apply(rows: slice) -> None:
        # The variance gets the same weights, and the fallback of the image (manual: oddities, Interpolation).
        for plane in contiguous:
            plans[rows.start].apply(plane[rows], value)

    map_bands(apply, where.shape, part)
    for plane, result in zip(planes, contiguous, strict=True):
        if result is not plane:
            plane[...] = result


@frozen
class Term:
    """One neighbour that an interpolated pixel is made of.

    Attributes
    ----------
    x : int or None
        Its column; None for the fallback value or a constant.
    weight : float
    constant : float or None
        What stands in place of a pixel: None for the fallback value, or -1.
    """

    x: int | None
    weight: float
    constant: float | None = None


@dataclass(frozen=True)
class PixelOrigin:
    """Where the value of an interpolated pixel comes from.

    The reference cuts off negative results in runs of two pixels with one usable neighbour on each side, which the
    terms do not show. A neighbour that is bad itself counts with its value before the interpolation, except to the left
    of a run at the right edge.

    Attributes
    ----------
    y : int
        Row of the pixel and of all its neighbours.
    first, last : int
        Columns of the run of bad pixels around it.
    terms : tuple of `Term`
        The value is the sum of weight times neighbour. A single term without column: the fallback value.
    """

    y: int
    first: int
    last: int
    terms: tuple[Term, ...]


def explain_pixel(where: Bools, x: int, y: int, use_fallback_at_edge: bool = True) -> PixelOrigin | None:
    """Which neighbours and weights a pixel was interpolated with; None for a pixel that was not.

    Parameters
    ----------
    where : ndarray, (height, width), bool
        The interpolated pixels: ``mask.has(maskListToInterpolate)`` after the step.
    x, y : int
        Array indices of the pixel.
    use_fallback_at_edge : bool
        As in the interpolation.
    """
    row = where[y]
    if not row[x]:
        return None
    good_left, good_right = np.flatnonzero(~row[:x]), np.flatnonzero(~row[x:])
    first = int(good_left[-1]) + 1 if good_left.size else 0
    last = x + int(good_right[0]) - 1 if good_right.size else row.size - 1
    return PixelOrigin(y, first, last, _terms(plan_rows(row[None, :], use_fallback_at_edge), x))


def _terms(plan: Plan, x: int) -> tuple[Term, ...]:
    for segment in plan.segments:
        for first in segment.begin.tolist():
            if first <= x < first + segment.width:
                row = weights(segment.width, segment.left, segment.right)[x - first]
                return tuple(
                    _term(first + offset, float(row[k]), constant) for k, offset, constant in segment.neighbours()
                )
    return (Term(None, 1.0),)


def _term(x: int, weight: float, constant: float | str | None) -> Term:
    if constant is None:
        return Term(x, weight)
    return Term(None, weight, None if isinstance(constant, str) else constant)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    config = task.config
    require_planes(state.exposure.mask, "maskListToInterpolate", config.maskListToInterpolate)
    interpolate_from_mask(
        state.exposure.masked_image,
        fwhm=config.fwhm,
        grow_saturated_footprints=config.growSaturationFootprintSize,
        mask_name_list=list(config.maskListToInterpolate),
    )


INTERPOLATE = Step(
    name="doInterpolate",
    label="interpolation",
    method="interpolateFromMask",
    doc="Interpolate over flagged pixels along rows.",
    why_not=switched_by("doInterpolate"),
    run=_run,
    switch="doInterpolate",
    reads=("doInterpolate", "fwhm", "growSaturationFootprintSize", "maskListToInterpolate"),
    writes=frozenset({"image", "mask", "variance"}),
)
