"""DS9 region files, read and written with the optional package ``regions``. Pure functions."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from isrcore.atomic import written_atomically
from isrviewer.session.state import Region

__all__ = ["RegionFileError", "read_regions", "write_regions"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}|[A-Za-z]+")


class RegionFileError(ValueError):
    """A region file that cannot be used, or the package for it is missing; the message says which and what to do."""


def _package() -> ModuleType:
    try:
        import regions
    except ImportError:
        raise RegionFileError(
            "DS9 region files need the package regions, which is not installed; install it with "
            "pip install 'isrviewer[regions]'"
        ) from None
    package: ModuleType = regions
    return package


def read_regions(path: Path, offset: tuple[float, float], wcs: Any = None) -> tuple[tuple[Region, ...], list[str]]:
    """Read a file.

    Parameters
    ----------
    path : `pathlib.Path`
    offset : (float, float)
        What to add to image coordinates of the file to get raw ones: image coordinates mean the pixels of the plane
        that the file was made for.
    wcs : `astropy.wcs.WCS`, optional
        Of the raw frame; for regions in sky coordinates.

    Returns
    -------
    regions : tuple of `Region`
    left_out : list of str
        Lines that cannot be understood; kinds of regions that cannot be drawn, or not without a WCS.

    Raises
    ------
    RegionFileError
        If the package is missing or the file is none that DS9 would read.
    """
    package = _package()
    try:
        with warnings.catch_warnings(record=True) as skipped_lines:
            warnings.simplefilter("always")
            found = package.Regions.read(str(path), format="ds9")
    except OSError as error:
        raise RegionFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # the parser raises whatever the broken line makes its parts raise
        raise RegionFileError(f"{path}: expected a DS9 region file; {error}") from None
    if not len(found) and "#" not in path.read_text(errors="replace"):
        raise RegionFileError(f"{path}: expected a DS9 region file; there is no region in it")
    kept, left_out = [], [str(warning.message) for warning in skipped_lines]
    for item in found:
        kind = type(item).__name__
        if hasattr(item, "to_pixel"):
            region = None if wcs is None else _region(item.to_pixel(wcs))
        else:
            region = _region(item, offset)
        if region is None:
            left_out.append(kind.removesuffix("SkyRegion").removesuffix("PixelRegion").lower())
        else:
            kept.append(region)
    return tuple(kept), left_out


def _region(item: Any, offset: tuple[float, float] = (0.0, 0.0)) -> Region | None:
    """A region of the package as ours; None for a kind that cannot be drawn."""
    dx, dy = offset

    def place(at: Any) -> tuple[float, float]:
        return float(at.x) + dx, float(at.y) + dy

    text = str(item.meta.get("text", "") or "")
    colour = str(item.visual.get("edgecolor") or item.visual.get("color") or "")
    colour = colour if _COLOUR.fullmatch(colour) else ""
    match type(item).__name__.removesuffix("PixelRegion"):
        case "Circle":
            return Region("circle", (place(item.center),), (float(item.radius),), 0.0, text, colour)
        case "CircleAnnulus":
            radii = (float(item.inner_radius), float(item.outer_radius))
            return Region("annulus", (place(item.center),), radii, 0.0, text, colour)
        case "Rectangle" | "Ellipse" as kind:
            size, angle = (float(item.width), float(item.height)), float(item.angle.to_value("deg"))
            return Region("box" if kind == "Rectangle" else "ellipse", (place(item.center),), size, angle, text, colour)
        case "Polygon":
            xs, ys = item.vertices.xy
            corners = tuple((float(x) + dx, float(y) + dy) for x, y in zip(xs, ys, strict=True))
            return Region("polygon", corners, (), 0.0, text, colour)
        case "Line":
            return Region("line", (place(item.start), place(item.end)), (), 0.0, text, colour)
        case "Point" | "Text":
            return Region("point", (place(item.center),), (), 0.0, text or str(getattr(item, "text", "")), colour)
    return None


def write_regions(path: Path, regions: tuple[Region, ...], offset: tuple[float, float]) -> None:
    """Write a file in image coordinates.

    Parameters
    ----------
    path : `pathlib.Path`
    regions : tuple of `Region`
    offset : (float, float)
        As in `read_regions`: subtracted, so that the file fits the plane on screen.

    Raises
    ------
    RegionFileError
        If the package is missing.
    OSError
        If the file cannot be written; an old one is then untouched.
    """
    package = _package()
    dx, dy = offset
    moved = [replace(region, points=tuple((x - dx, y - dy) for x, y in region.points)) for region in regions]
    text = package.Regions([_item(package, region) for region in moved]).serialize(format="ds9")
    with written_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _item(package: ModuleType, region: Region) -> Any:
    from astropy.coordinates import Angle

    places = [package.PixCoord(x, y) for x, y in region.points]
    words = {"meta": package.RegionMeta({"text": region.text} if region.text else {})}
    words["visual"] = package.RegionVisual({"color": region.colour} if region.colour else {})
    angle = Angle(region.angle, "deg")
    match region.kind:
        case "circle":
            return package.CirclePixelRegion(places[0], *region.size, **words)
        case "annulus":
            return package.CircleAnnulusPixelRegion(places[0], *region.size, **words)
        case "box":
            return package.RectanglePixelRegion(places[0], *region.size, angle, **words)
        case "ellipse":
            return package.EllipsePixelRegion(places[0], *region.size, angle, **words)
        case "polygon":
            corners = package.PixCoord([x for x, _ in region.points], [y for _, y in region.points])
            return package.PolygonPixelRegion(corners, **words)
        case "line":
            return package.LinePixelRegion(*places, **words)
    return package.PointPixelRegion(places[0], **words)
