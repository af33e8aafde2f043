"""DS9 region files as regions of the session, and back. Pure functions over the engine's one reader and writer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from isrcore import regions as core_regions
from isrcore.atomic import written_atomically
from isrcore.regions.shapes import Shape
from isrviewer.session.state import Region

__all__ = ["RegionFileError", "read_regions", "write_regions"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?|[A-Za-z]+")


class RegionFileError(ValueError):
    """A region file that cannot be used; the message says which and what to do."""


def read_regions(
    path: Path,
    offset: tuple[float, float],
    wcs: Any = None,
    tile: int | None = None,
    ltv: tuple[float, float] = (0.0, 0.0),
) -> tuple[tuple[Region, ...], list[str]]:
    """Read a file.

    Parameters
    ----------
    path : `pathlib.Path`
    offset : (float, float)
        What to add to image coordinates of the file to get raw ones: image coordinates mean the pixels of the plane
        that the file was made for.
    wcs : `astropy.wcs.WCS`, optional
        Of the raw frame; for regions in sky coordinates.
    tile : int, optional
        Which tile of a mosaic the CCD is, from 1: of files with tiles, only its regions are read.
    ltv : (float, float)
        Image minus physical coordinates; without such cards in a header they are the same.

    Returns
    -------
    regions : tuple of `Region`
    left_out : list of str
        One line for each region that is not among them, with the reason.

    Raises
    ------
    RegionFileError
        If the file cannot be read, or is none that DS9 would read.
    """
    try:
        frame = core_regions.reading.RegionFrame(offset, wcs, ltv, tile=tile)
        found = core_regions.reading.read_regions(path, frame)
    except OSError as error:
        raise RegionFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise RegionFileError(f"{error}; expected a DS9 region file") from None
    if not found.is_region_file:
        raise RegionFileError(f"{path}: expected a DS9 region file; there is no region in it")
    regions, left_out = [], list(map(str, found.left_out))
    for shape in found.shapes:
        try:
            regions.append(_region(shape))
        except ValueError as error:
            left_out.append(f"{shape.kind}: {error}")
    return tuple(regions), left_out


def _region(shape: Shape) -> Region:
    kind = "point" if shape.kind == "text" else shape.kind
    colour = shape.colour if _COLOUR.fullmatch(shape.colour) else ""
    return Region(kind, shape.points, shape.size, shape.angle, shape.text, colour)


def write_regions(path: Path, regions: tuple[Region, ...], offset: tuple[float, float], wcs: Any = None) -> None:
    """Write a file in image coordinates, or in fk5.

    Parameters
    ----------
    path : `pathlib.Path`
    regions : tuple of `Region`
    offset : (float, float)
        As in `read_regions`: subtracted, so that the file fits the plane on screen.
    wcs : `astropy.wcs.WCS`, optional
        Of the raw frame. The file then has fk5 coordinates, and fits every plane.

    Raises
    ------
    RegionFileError
        If the sky of `wcs` is in no known system.
    OSError
        If the file cannot be written; an old one is then untouched.
    """
    shapes = [Shape(one.kind, one.points, one.size, one.angle, one.text, one.colour) for one in regions]
    try:
        text = core_regions.writing.region_text(shapes, offset, wcs)
    except ValueError as error:
        raise RegionFileError(f"{path}: {error}; save image coordinates instead") from error
    with written_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
