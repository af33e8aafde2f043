"""Mask planes painted over the picture: fills, outlines and rims, blended into packed colours.

One look-up per pixel decides about all planes: the mask's bits, taken 16 at a time, index a table of what to add to the
colour below and how much of it to keep. Planes lie on each other in the order of their bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.colour import ColourMap, packed
from isrviewer.render.plane_colours import OverlayStyle, rim_colour

__all__ = ["Overlay", "overlay_for"]

Bits = NDArray[np.uint32]
Pixels = NDArray[np.uint32]

_HALF = 16
_RED_BLUE = np.uint32(0x00FF00FF)
_GREEN = np.uint32(0x0000FF00)
_OPAQUE = np.uint32(0xFF000000)


@dataclass(frozen=True, eq=False)
class _Layer:
    """Tables for 16 bits of the mask: what to add (premultiplied colour) and how much to keep (0 to 256)."""

    shift: int
    add: Pixels
    keep: Pixels

    def blend(self, below: Pixels, bits: Bits) -> None:
        """Paint over the packed colours `below`, in place."""
        index = bits >> np.uint32(self.shift) & np.uint32(len(self.add) - 1)
        keep = self.keep.take(index, mode="clip")
        green = below & _GREEN
        green *= keep
        green >>= np.uint32(8)
        green &= _GREEN
        below &= _RED_BLUE
        below *= keep
        below >>= np.uint32(8)
        below &= _RED_BLUE
        below |= green
        below += self.add.take(index, mode="clip")
        below |= _OPAQUE


@dataclass(frozen=True, eq=False)
class Overlay:
    """Everything that is needed to paint the planes of one mask.

    Attributes
    ----------
    fill, outline, rim : int
        Bits of the planes that are filled, drawn by their border, and given a rim for contrast.
    """

    fill: int
    outline: int
    rim: int
    layers: tuple[_Layer, ...]
    rims: tuple[_Layer, ...]

    @property
    def bits(self) -> int:
        """All bits that are drawn."""
        return self.fill | self.outline

    @property
    def needs_neighbours(self) -> bool:
        return bool(self.outline | self.rim)

    def paint(self, below: Pixels, bits: Bits, line: int = 0) -> None:
        """Paint the planes over packed colours, in place.

        Parameters
        ----------
        below : ndarray, (height, width), uint32, contiguous
        bits : ndarray, (height + 2 line, width + 2 line), uint32
            Mask values of the same pixels, and of `line` pixels around them.
        line : int
            Width of outlines and rims in pixels; 0 if nothing has any.
        """
        if not line:
            self._blend(self.layers, below, bits & np.uint32(self.bits))
            return
        height, width = below.shape
        inner = bits[line:-line, line:-line]
        around = [
            bits[line + dy : line + dy + height, line + dx : line + dx + width]
            for dy, dx in ((-line, 0), (line, 0), (0, -line), (0, line))
        ]
        shown = inner & np.uint32(self.fill)
        if self.outline:
            interior = around[0] & around[1] & around[2] & around[3]
            shown |= inner & ~interior & np.uint32(self.outline)
        self._blend(self.layers, below, shown)
        if self.rim:
            near = (around[0] | around[1] | around[2] | around[3]) & ~inner & np.uint32(self.rim)
            # A rim must not hide a pixel that is itself flagged.
            near[shown != 0] = 0
            self._blend(self.rims, below, near)

    @staticmethod
    def _blend(layers: tuple[_Layer, ...], below: Pixels, bits: Bits) -> None:
        # Few pixels are flagged as a rule; picking them out costs less than blending all.
        where = np.flatnonzero(bits != 0)
        if not where.size:
            return
        flat = below.reshape(-1)
        colours, flags = flat[where], bits.reshape(-1)[where]
        for layer in layers:
            layer.blend(colours, flags)
        flat[where] = colours


def overlay_for(plane_bits: Mapping[str, int], style: OverlayStyle, colours: ColourMap) -> Overlay | None:
    """Tables to paint a mask with these planes over a picture in these colours; None if no plane is drawn."""
    return _overlay(tuple(sorted(plane_bits.items(), key=lambda item: item[1])), style, colours)


@lru_cache(maxsize=32)
def _overlay(plane_bits: tuple[tuple[str, int], ...], style: OverlayStyle, colours: ColourMap) -> Overlay | None:
    if not style.visible:
        return None
    styles = style.styles([name for name, _ in plane_bits])
    fill = outline = rim = 0
    paints: dict[int, tuple[int, float]] = {}
    rim_paints: dict[int, tuple[int, float]] = {}
    for name, bit in plane_bits:
        plane = styles[name]
        opacity = min(max(plane.opacity * style.opacity, 0.0), 1.0)
        if not plane.visible or opacity == 0 or not style.is_drawn(name):
            continue
        if plane.outline:
            outline |= 1 << bit
        else:
            fill |= 1 << bit
        paints[bit] = packed(plane.colour), opacity
        contrast = rim_colour(plane.colour, colours)
        if contrast is not None:
            rim |= 1 << bit
            rim_paints[bit] = packed(contrast), opacity
    if not paints:
        return None
    return Overlay(fill, outline, rim, _layers(paints), _layers(rim_paints))


def _layers(paints: Mapping[int, tuple[int, float]]) -> tuple[_Layer, ...]:
    halves = (
        {bit - start: paint for bit, paint in paints.items() if start <= bit < start + _HALF} for start in (0, _HALF)
    )
    return tuple(_layer(half, shift) for half, shift in zip(halves, (0, _HALF), strict=True) if half)


def _layer(paints: Mapping[int, tuple[int, float]], shift: int) -> _Layer:
    colour = np.zeros((1, 3))
    keep = np.ones(1)
    for bit in range(max(paints) + 1):
        # Values with this bit are the values without it, painted over once more.
        over, over_keep = colour, keep
        if bit in paints:
            value, opacity = paints[bit]
            top = np.array([value >> 16 & 0xFF, value >> 8 & 0xFF, value & 0xFF], float)
            over, over_keep = colour * (1 - opacity) + top * opacity, keep * (1 - opacity)
        colour, keep = np.concatenate([colour, over]), np.concatenate([keep, over_keep])
    red, green, blue = np.floor(colour).astype(np.uint32).T
    add = red << np.uint32(16) | green << np.uint32(8) | blue
    return _Layer(shift, add, np.floor(keep * 256).astype(np.uint32))
