"""Shapes as a DS9 region file, in image coordinates or in fk5."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from isrcore.regions.shapes import Shape
from isrcore.regions.sky import SkyGrid

__all__ = ["region_text"]

_SKY = "fk5"


def region_text(
    shapes: Iterable[Shape],
    offset: tuple[float, float] = (0.0, 0.0),
    wcs: Any = None,
    colour: str = "",
    comments: Iterable[str] = (),
) -> str:
    """The text of a file that DS9 draws and `isrcore.regions.reading.read_regions` reads.

    Parameters
    ----------
    shapes : iterable of `Shape`
        0-based, in pixels of a frame.
    offset : (float, float)
        Where the first pixel of the array, that the file calls (1, 1), is in the frame.
    wcs : `astropy.wcs.WCS`, optional
        Of the 0-based pixels of the frame: the file then has fk5 coordinates, not those of the array.
    colour : str
        Of all shapes that have none.
    comments : iterable of str
        Lines for the head.

    Raises
    ------
    ValueError
        If the sky of `wcs` is in no known system.
    """
    grid = None if wcs is None else SkyGrid(wcs)
    lines = ["# Region file format: DS9 version 4.1", *(f"# {_one_line(comment)}" for comment in comments)]
    lines += [f"global color={colour or 'green'} width=1", "image" if grid is None else _SKY]
    for shape in shapes:
        text = _pixels(shape, offset) if grid is None else _sky(shape, grid)
        words = _properties(shape)
        if shape.kind == "text":  # It stands in a comment already.
            lines.append(f"# {text} {words}")
        else:
            lines.append(f"{text} # {words}" if words else text)
    return "\n".join(lines) + "\n"


def _pixels(shape: Shape, offset: tuple[float, float]) -> str:
    numbers = [value - offset[axis] + 1.0 for point in shape.points for axis, value in enumerate(point)]
    numbers += [length / 2.0 for length in shape.size] if shape.kind == "ellipse" else list(shape.size)
    words = [_number(value) for value in numbers]
    words += [_number(shape.angle)] if shape.kind in ("box", "ellipse") else []
    return f"{shape.kind}({','.join(words)})"


def _sky(shape: Shape, grid: SkyGrid) -> str:
    places = [grid.to_sky(_SKY, x, y) for x, y in shape.points]
    words = [word for longitude, latitude in places for word in (f"{longitude:.8f}", f"{latitude:.8f}")]
    if shape.size:
        half = 0.5 if shape.kind == "ellipse" else 1.0
        scale = grid.degrees_per_pixel(_SKY, *places[0]) * 3600.0 * half
        words += [f'{_number(length * scale)}"' for length in shape.size]
    if shape.kind in ("box", "ellipse"):
        words.append(_number(grid.sky_angle(_SKY, *places[0], shape.angle)))
    return f"{shape.kind}({','.join(words)})"


def _properties(shape: Shape) -> str:
    words = [f"color={shape.colour}"] if shape.colour else []
    words += [f"text={_quoted(shape.text)}"] if shape.text else []
    words += [f"tag={_quoted(tag)}" for tag in shape.tags]
    return " ".join(words)


def _quoted(text: str) -> str:
    text = _one_line(text)
    for opening, closing in ("{}", '""', "''"):
        if closing not in text and opening not in text:
            return f"{opening}{text}{closing}"
    return f"{{{text.replace('{', '(').replace('}', ')')}}}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
