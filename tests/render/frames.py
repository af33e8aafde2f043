"""Small asymmetric frames for picture tests, and counts of coloured screen pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrviewer.render.compose import Picture, PictureRequest, PictureStyle, compose, levels_needed
from isrviewer.render.limits import measure
from isrviewer.render.plane_colours import OverlayStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.render.view import Orientation, View, fit_view

BITS = {"BAD": 0, "SAT": 1, "INTRP": 2}

PLAIN = OverlayStyle(opacity=1.0)
"""An overlay that hides what is below it, so that its colours can be counted."""


def planes_of(image: NDArray[Any], mask: NDArray[np.int32] | None = None, **facts: Any) -> ImagePlanes:
    return ImagePlanes(image, mask, plane_bits=BITS, title="test", unit="ADU", **facts)


def draw(
    planes: ImagePlanes,
    view: View,
    size: tuple[int, int],
    limits: tuple[float, float] = (0.0, 1.0),
    style: PictureStyle | None = None,
    cache: LevelCache | None = None,
    previous: Picture | None = None,
    **more: Any,
) -> Picture:
    """A picture with all its levels built first, as the worker does."""
    style = style or PictureStyle()
    cache = cache or LevelCache()
    for plane, factor, kind in levels_needed(planes, style, view.zoom):
        cache.build(plane, factor, kind)
    request = PictureRequest(planes, measure(planes.image), view, size, limits, style, **more)
    picture = compose(request, cache, previous)
    assert picture is not None
    assert picture.pixels.shape == (size[1], size[0])
    return picture


def fitted(planes: ImagePlanes, size: tuple[int, int], orientation: Orientation | None = None) -> View:
    height, width = planes.shape
    return fit_view(Box(*planes.xy0, width, height), size, orientation)


def count(picture: Picture, colour: str) -> int:
    """Screen pixels of exactly this colour ``#RRGGBB``."""
    return int(np.count_nonzero(picture.pixels == np.uint32(0xFF000000 | int(colour[1:], 16))))
