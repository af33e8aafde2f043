"""Regions of the session as marks on a panel."""

from __future__ import annotations

import math

from isrviewer.panels.image.overlay import Shape
from isrviewer.session.state import Region

__all__ = ["region_shapes"]

_COLOUR = "#56B4E9"
_CORNERS = 48


def region_shapes(regions: tuple[Region, ...], offset: tuple[float, float]) -> tuple[Shape, ...]:
    """Marks in the coordinates of a panel.

    Parameters
    ----------
    regions : tuple of `Region`
    offset : (float, float)
        Raw pixel minus the panel's pixel.
    """
    return tuple(shape for region in regions for shape in _shapes(region, offset))


def _shapes(region: Region, offset: tuple[float, float]) -> list[Shape]:
    points = tuple((x - offset[0], y - offset[1]) for x, y in region.points)
    colour = region.colour or _COLOUR
    match region.kind:
        case "circle" | "annulus":
            first, *others = region.size
            rings = [Shape("circle", points, first, colour, region.text)]
            return rings + [Shape("circle", points, radius, colour) for radius in others]
        case "box":
            half_x, half_y = region.size[0] / 2, region.size[1] / 2
            around = [(-half_x, -half_y), (half_x, -half_y), (half_x, half_y), (-half_x, half_y)]
            return [Shape("polygon", _turned(around, region.angle, points[0]), 0.0, colour, region.text)]
        case "ellipse":
            turns = [2 * math.pi * n / _CORNERS for n in range(_CORNERS)]
            around = [(region.size[0] / 2 * math.cos(t), region.size[1] / 2 * math.sin(t)) for t in turns]
            return [Shape("polygon", _turned(around, region.angle, points[0]), 0.0, colour, region.text)]
        case "point":
            return [Shape("cross", points, 0.0, colour, region.text)]
    return [Shape(region.kind, points, 0.0, colour, region.text)]


def _turned(
    around: list[tuple[float, float]], angle: float, centre: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """Points around a centre, turned counter-clockwise by `angle` degrees."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return tuple((centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos) for x, y in around)
