"""The planes that a panel shows, made from the results of steps; derived ones are work for a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from isrviewer.render.arithmetic import added_bits, difference, ratio, signal_to_noise
from isrviewer.render.expression import parse_planes, with_expression
from isrviewer.render.planes import ImagePlanes
from isrviewer.session import Shows

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["Source", "is_derived", "make_planes"]


@dataclass(frozen=True, eq=False)
class Source:
    """Result of one step: its label on screen, the unit of its image, its planes."""

    label: str
    unit: str
    exposure: Exposure


def is_derived(shows: Shows, other: Source | None, expression: str = "") -> bool:
    """Whether the planes have to be computed pixel by pixel."""
    return other is not None or shows.plane in {"S/N", "mask"} or bool(expression)


def make_planes(shows: Shows, source: Source, other: Source | None, expression: str = "") -> ImagePlanes:
    """What is to be drawn.

    Parameters
    ----------
    shows : `Shows`
    source : `Source`
        Result of ``shows.step``.
    other : `Source` or None
        Result of what it is compared with.
    expression : str
        Combination of mask planes to add as one more plane; left out where this mask cannot answer it.

    Raises
    ------
    ValueError
        If the two results do not cover the same pixels.
    """
    planes = _compared(shows, source, other)
    try:
        return with_expression(planes, parse_planes(expression)) if expression else planes
    except ValueError:
        # An early step lacks planes of later ones; the mask panel says so at the expression's field.
        return planes


def _compared(shows: Shows, source: Source, other: Source | None) -> ImagePlanes:
    planes = _plane(shows.plane, source)
    if other is None:
        return planes
    # Bits of a mask cannot be subtracted: what differs is what was added.
    combine = "bits added" if shows.plane == "mask" else shows.combine
    compute, title = _COMBINE[combine]
    title = title.format(label=source.label, other=other.label, plane=shows.plane)
    return replace(compute(planes, _plane(shows.plane, other)), title=title)


_COMBINE = {
    "difference": (difference, "{label} − {other} · {plane}"),
    "ratio": (ratio, "{label} / {other} · {plane}"),
    "bits added": (added_bits, "{label} · mask bits added since {other}"),
}
"""What `session.state.COMBINATIONS` compute, and what the picture is called."""


def _plane(plane: str, source: Source) -> ImagePlanes:
    exposure = source.exposure
    image = ImagePlanes(
        image=exposure.image,
        mask=exposure.mask.array,
        variance=exposure.variance,
        xy0=exposure.masked_image.xy0,
        plane_bits=exposure.mask.planes.as_dict(),
        title=f"{source.label} · {plane}",
        unit=source.unit,
        sky=_sky(exposure),
    )
    match plane:
        case "variance":
            return _with_image(image, exposure.variance, f"{source.unit}²")
        case "S/N":
            return signal_to_noise(image)
        case "mask":
            # The overlay shows the mask; below it is nothing.
            return replace(image, image=np.zeros(exposure.image.shape, np.uint8), unit="", is_blank=True)
    return image


def _with_image(planes: ImagePlanes, image: np.ndarray, unit: str) -> ImagePlanes:
    return replace(planes, image=image, unit=unit)


def _sky(exposure: Exposure) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if exposure.wcs is None:
        return None
    (e_x, e_y), (n_x, n_y) = exposure.wcs.pixel_scale_matrix[:2, :2].tolist()
    return (e_x, e_y), (n_x, n_y)
