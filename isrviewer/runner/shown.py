"""The planes that a panel shows, made from the results of steps; derived ones are work for a worker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isrcore.changes import not_finite
from isrcore.image.mask import MAX_PLANES
from isrviewer.render.arithmetic import added_bits, difference, ratio, signal_to_noise
from isrviewer.render.expression import parse_planes, with_expression
from isrviewer.render.planes import NOT_FINITE, ImagePlanes
from isrviewer.runner.identity import PlanesOf, Result
from isrviewer.session import Shows

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["is_derived", "make_planes", "with_not_finite"]


def is_derived(shows: Shows, other: Result | None, expression: str = "") -> bool:
    """Whether the planes have to be computed pixel by pixel."""
    return other is not None or shows.plane in {"S/N", "mask"} or bool(expression)


def make_planes(shows: Shows, result: Result, other: Result | None, expression: str = "") -> ImagePlanes:
    """What is to be drawn.

    Parameters
    ----------
    shows : `Shows`
    result : `Result`
        Of ``shows.of``.
    other : `Result` or None
        Result of what it is compared with.
    expression : str
        Combination of mask planes to add as one more plane; left out where this mask cannot answer it.

    Raises
    ------
    ValueError
        If the two results do not cover the same pixels.
    """
    planes = _compared(shows, result, other)
    try:
        return with_expression(planes, parse_planes(expression)) if expression else planes
    except ValueError:
        # An early step lacks planes of later ones; the mask panel says so at the expression's field.
        return planes


def with_not_finite(planes: ImagePlanes, shows: Shows, result: Result, other: Result | None) -> ImagePlanes:
    """The planes with pixels that are not finite as one more mask plane; themselves where there are none. For a worker.

    Where the mask shows what was added, only pixels that became so are.
    """
    where = not_finite(result.exposure)
    if where is not None and other is not None and _combination(shows) == "bits added":
        before = not_finite(other.exposure)
        where = where if before is None else where & ~before
    if where is None or planes.mask is None or len(planes.plane_bits) >= MAX_PLANES:
        return planes
    return planes.with_plane(NOT_FINITE, where)


def _combination(shows: Shows) -> str:
    """How results are compared: bits of a mask cannot be subtracted, what differs is what was added."""
    return "bits added" if shows.plane == "mask" else shows.combine


def _compared(shows: Shows, result: Result, other: Result | None) -> ImagePlanes:
    planes = _plane(shows.plane, result)
    if other is None:
        return planes
    compute, title = _COMBINE[_combination(shows)]
    title = title.format(label=result.of.label, other=_beside(result.of, other.of), plane=shows.plane)
    return replace(compute(planes, _plane(shows.plane, other)), title=title)


_COMBINE = {
    "difference": (difference, "{label} − {other} · {plane}"),
    "ratio": (ratio, "{label} / {other} · {plane}"),
    "bits added": (added_bits, "{label} · mask bits added since {other}"),
}
"""What `session.state.COMBINATIONS` compute, and what the picture is called."""


def _beside(mine: PlanesOf, other: PlanesOf) -> str:
    """What planes are called beside others: of another file, that is said."""
    return other.label if other.whose == mine.whose else f"{other.whose} {other.label}"


def _plane(plane: str, result: Result) -> ImagePlanes:
    of, exposure = result.of, result.exposure
    image = ImagePlanes(
        image=exposure.image,
        mask=exposure.mask.array,
        variance=exposure.variance,
        xy0=exposure.masked_image.xy0,
        plane_bits=exposure.mask.planes.as_dict(),
        whose=of.whose,
        title=f"{of.label} · {plane}",
        unit=of.unit,
        sky=_sky(exposure),
    )
    match plane:
        case "variance":
            return _with_image(image, exposure.variance, f"{of.unit}²")
        case "S/N":
            return signal_to_noise(image)
        case "mask":
            # The overlay shows the mask; below it is nothing.
            return replace(image, image=np.zeros(exposure.image.shape, np.uint8), unit="", is_blank=True)
    return image


def _with_image(planes: ImagePlanes, image: NDArray[Any], unit: str) -> ImagePlanes:
    return replace(planes, image=image, unit=unit)


def _sky(exposure: Exposure) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if exposure.wcs is None:
        return None
    (e_x, e_y), (n_x, n_y) = exposure.wcs.pixel_scale_matrix[:2, :2].tolist()
    return (e_x, e_y), (n_x, n_y)
