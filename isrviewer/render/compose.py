"""The picture: visible pixels, reduced to the screen, stretched, coloured, with the mask planes over them.

All work is done for the pixels of the screen only and in bands of rows that stay in the processor's cache, so a repaint
costs the same for a CCD and for a mosaic. The bands run on threads of their own: the picture must not queue behind the
pipeline's work.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isrcore.values import frozen
from isrviewer.render.checks import require_choice
from isrviewer.render.colour import DIVERGING_MAP, ColourMap, colour_table, packed
from isrviewer.render.limits import Limits, PlaneStats
from isrviewer.render.overlay import overlay_for
from isrviewer.render.plane_colours import OverlayStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import REDUCTIONS, LevelCache, factor_for, kinds_for
from isrviewer.render.sampling import ImageSource, MaskSource
from isrviewer.render.stretch import Stretch, positions
from isrviewer.render.view import Grid, View

__all__ = ["Picture", "PictureRequest", "PictureStyle", "compose", "levels_needed"]

_BAND_PIXELS = 1 << 17

Array = NDArray[Any]
Pixels = NDArray[np.uint32]


@dataclass(frozen=True)
class PictureStyle:
    """Every choice of how planes are drawn.

    Attributes
    ----------
    reduction : {"mean", "max", "min", "deviation"}
        What a screen pixel shows of several image pixels. "max" by default: no isolated hot pixel gets lost.
    limits : `Limits`
    stretch : `Stretch`
    colours : `ColourMap`
    overlay : `OverlayStyle`
    background : str
        ``#RRGGBB`` around the plane.
    change_limits : `Limits`
    change_colours : `ColourMap`
        Used instead of `limits` and `colours` for planes whose values are changes.
    """

    reduction: str = "max"
    limits: Limits = field(default_factory=Limits)
    stretch: Stretch = field(default_factory=Stretch)
    colours: ColourMap = field(default_factory=ColourMap)
    overlay: OverlayStyle = field(default_factory=OverlayStyle)
    background: str = "#2B2D30"
    change_limits: Limits = field(default_factory=Limits)
    change_colours: ColourMap = field(default_factory=lambda: ColourMap(DIVERGING_MAP))

    def __post_init__(self) -> None:
        require_choice("reduction", self.reduction, REDUCTIONS)
        packed(self.background)

    def for_planes(self, planes: ImagePlanes) -> PictureStyle:
        """The style as these planes need it.

        Changes have limits and colours of their own, and where values are reduced to the largest, changes are to the
        furthest from the typical one: a drop matters as much as a rise.
        """
        if not planes.zero_centred:
            return self
        reduction = "deviation" if self.reduction == "max" else self.reduction
        return replace(self, reduction=reduction, limits=self.change_limits, colours=self.change_colours)

    def with_limits(self, limits: Limits, zero_centred: bool = False) -> PictureStyle:
        """The same with other limits, for values or for changes."""
        return replace(self, change_limits=limits) if zero_centred else replace(self, limits=limits)

    def with_colours(self, colours: ColourMap, zero_centred: bool = False) -> PictureStyle:
        """The same with another colour map, for values or for changes."""
        return replace(self, change_colours=colours) if zero_centred else replace(self, colours=colours)


@frozen
class PictureRequest:
    """One picture, completely described; equal requests give equal pictures.

    Attributes
    ----------
    planes : `ImagePlanes`
    stats : `PlaneStats`
        Measured on `planes`.
    view : `View`
    size : (int, int)
        Width and height of the screen in device pixels.
    limits : (float, float)
        Values with the end colours, ``low < high``.
    style : `PictureStyle`
        Already that for these planes, see `PictureStyle.for_planes`.
    highlight : (float, float), optional
        Values to light up.
    line_width : int
        Of outlines and rims, in device pixels.
    """

    planes: ImagePlanes
    stats: PlaneStats
    view: View
    size: tuple[int, int]
    limits: tuple[float, float]
    style: PictureStyle = field(default_factory=PictureStyle)
    highlight: tuple[float, float] | None = None
    line_width: int = 1

    @property
    def grid(self) -> Grid:
        return Grid.of(self.view, self.size, self.planes.xy0)


class _Rectangle(NamedTuple):
    """Screen pixels along the image's rows and columns."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def within(self, other: _Rectangle) -> _Rectangle:
        return _Rectangle(
            max(self.top, other.top),
            min(self.bottom, other.bottom),
            max(self.left, other.left),
            min(self.right, other.right),
        )


@dataclass(frozen=True, eq=False)
class Picture:
    """A finished picture.

    Attributes
    ----------
    pixels : ndarray, (height, width), uint32
        ``0xffRRGGBB``, first row at the top; contiguous.
    request : `PictureRequest`
    final : bool
        False if made from a coarser level than the screen could show, because the right one was not there yet.
    gathered : dict
        Values and mask bits for each painted rectangle, for the next picture.
    gathered_for : tuple
        All that those depend on.
    """

    pixels: Pixels
    request: PictureRequest
    final: bool
    gathered: dict[_Rectangle, tuple[Array, NDArray[np.uint32] | None]]
    gathered_for: tuple[Any, ...]

    @property
    def grid(self) -> Grid:
        """Where its pixels lie on the plane."""
        return self.request.grid


def levels_needed(planes: ImagePlanes, style: PictureStyle, zoom: float) -> list[tuple[Array, int, str]]:
    """Levels (plane, factor, kind) that a picture at this zoom is made from; none when nothing is reduced."""
    factor = factor_for(zoom)
    if factor == 1:
        return []
    needed: list[tuple[Array, int, str]] = [(planes.image, factor, kind) for kind in kinds_for(style.reduction)]
    if planes.mask is not None:
        needed.append((planes.mask, factor, "or"))
    return needed


def compose(request: PictureRequest, cache: LevelCache, previous: Picture | None = None) -> Picture | None:
    """Make a picture from levels that are there already.

    Parameters
    ----------
    request : `PictureRequest`
    cache : `LevelCache`
        If it lacks a level, the next coarser one stands in.
    previous : `Picture`, optional
        The picture on the screen now. What has not changed is taken from it: pixels when the view is only panned,
        gathered values when only limits or colours are new.

    Returns
    -------
    picture : `Picture` or None
        None if not even a coarser level is there.
    """
    planes, style, grid = request.planes, request.style, request.grid
    image = ImageSource.find(cache, planes.image, grid, style.reduction)
    overlay = overlay_for(planes.plane_bits, style.overlay, style.colours) if planes.mask is not None else None
    mask = None
    if overlay is not None and planes.mask is not None:
        mask = MaskSource.find(cache, planes.mask, grid, request.line_width if overlay.needs_neighbours else 0)
    if image is None or (mask is None and overlay is not None):
        return None
    wanted = factor_for(request.view.zoom)
    final = image.factor == wanted and (mask is None or mask.factor == wanted)

    width, height = request.size
    pixels = np.full((height, width), packed(style.background), np.uint32)
    # Work in image orientation: for a transposed view that is the transposed picture.
    target = pixels.T if grid.transpose else pixels
    inside = _Rectangle(
        image.rows.inside.start, image.rows.inside.stop, image.columns.inside.start, image.columns.inside.stop
    )
    missing = [inside]
    kept = {}
    gathered_for = (planes, request.view, request.size, style.reduction, mask is None, mask and mask.line)
    if final and previous is not None and previous.final:
        if previous.gathered_for == gathered_for:
            kept = previous.gathered
        else:
            missing = _scroll(previous, request, target, inside)
    table = colour_table(
        style.stretch, style.colours, request.limits, request.stats, request.highlight, planes.zero_centred
    )
    gathered = {}

    def paint(part: _Rectangle) -> None:
        if part in kept:
            values, bits = kept[part]
        else:
            values = image.values(*part.slices, request.stats.median)
            bits = mask.values(*part.slices) if mask is not None else None
        colours = np.take(table, positions(values, request.limits), mode="clip")
        if overlay is not None and mask is not None and bits is not None:
            overlay.paint(colours, bits, mask.line)
        target[part.slices] = colours
        gathered[part] = values, bits

    _for_each(paint, [band for rectangle in missing for band in _bands(rectangle)])
    return Picture(pixels, request, final, gathered if missing == [inside] else {}, gathered_for)


def _scroll(previous: Picture, request: PictureRequest, target: Pixels, inside: _Rectangle) -> list[_Rectangle]:
    """Copy what stays on the screen if only the centre of the view moved; return what is still to be painted."""
    before = previous.request
    if replace(before, view=replace(before.view, center=request.view.center)) != request:
        return [inside]
    old, new = before.grid, request.grid
    down = (new.y.first - old.y.first) * (-1 if new.y.reverse else 1)
    right = (new.x.first - old.x.first) * (-1 if new.x.reverse else 1)
    height, width = target.shape
    if abs(down) >= height or abs(right) >= width:
        return [inside]
    stay = _Rectangle(max(0, -down), min(height, height - down), max(0, -right), min(width, width - right))
    source = previous.pixels.T if new.transpose else previous.pixels
    target[stay.slices] = source[stay.top + down : stay.bottom + down, stay.left + right : stay.right + right]
    strips = [
        _Rectangle(0, stay.top, 0, width),
        _Rectangle(stay.bottom, height, 0, width),
        _Rectangle(stay.top, stay.bottom, 0, stay.left),
        _Rectangle(stay.top, stay.bottom, stay.right, width),
    ]
    cut = [
        _Rectangle(
            max(a.top, inside.top), min(a.bottom, inside.bottom), max(a.left, inside.left), min(a.right, inside.right)
        )
        for a in strips
    ]
    return [part for part in cut if part.top < part.bottom and part.left < part.right]


def _bands(part: _Rectangle) -> list[_Rectangle]:
    rows = max(1, _BAND_PIXELS // max(part.right - part.left, 1))
    return [part._replace(top=top, bottom=min(top + rows, part.bottom)) for top in range(part.top, part.bottom, rows)]


def _for_each(paint: Callable[[_Rectangle], None], bands: list[_Rectangle]) -> None:
    if len(bands) > 1:
        list(_pool().map(paint, bands))
    elif bands:
        paint(bands[0])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="picture-bands")
