"""Colour maps by name and the table that turns positions between the limits into packed screen colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.limits import PlaneStats
from isrviewer.render.stretch import HIGHEST, LOWEST, NAN, OVER, UNDER, Stretch, positions, scale

__all__ = ["COLOUR_MAPS", "DIVERGING_MAP", "ColourMap", "colour_distance", "colour_table", "map_colours", "packed"]

COLOUR_MAPS = (
    "gray",
    "viridis",
    "inferno",
    "magma",
    "plasma",
    "cividis",
    "heat",
    "cubehelix",
    "turbo",
    "vik",
    "coolwarm",
    "RdBu_r",
)
"""Maps to offer; any name that the package cmap knows works."""

DIVERGING_MAP = "vik"
"""For values around zero: dark at both ends, light in the middle, safe for colour-blind eyes."""

# Some short names stand for maps of several makers; say which one is meant.
_FULL_NAMES = {"coolwarm": "matplotlib:coolwarm", "RdBu_r": "colorbrewer:RdBu_r", "gray": "matlab:gray"}

Table = NDArray[np.uint32]


def packed(colour: str) -> int:
    """A colour ``#RRGGBB`` as the opaque 32-bit number ``0xffRRGGBB`` of the screen.

    Raises
    ------
    ValueError
        If it is not of that form.
    """
    digits = colour[1:]
    if len(colour) != 7 or colour[0] != "#" or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(f"expected a colour such as #D55E00, found {colour!r}")
    return 0xFF000000 | int(digits, 16)


@dataclass(frozen=True)
class ColourMap:
    """Colours for values between the limits, outside them, and for pixels without a value.

    Attributes
    ----------
    name : str
        Any name that cmap knows.
    inverted : bool
    nan : str
        For NaN; by default the colour of the plane UNMASKEDNAN.
    under, over : str, optional
        Below and above the limits; by default the ends of the map.

    Raises
    ------
    ValueError
        For a colour that is not of the form ``#RRGGBB``; the name is looked up when the map is drawn.
    """

    name: str = "gray"
    inverted: bool = False
    nan: str = "#0072B2"
    under: str | None = None
    over: str | None = None

    def __post_init__(self) -> None:
        for colour in (self.nan, self.under, self.over):
            if colour is not None:
                packed(colour)


@lru_cache(maxsize=64)
def _lut(name: str) -> Table:
    import cmap  # its catalogue takes a quarter of a second, which no start should pay before the window shows

    try:
        colours = cmap.Colormap(_FULL_NAMES.get(name, name)).lut(256)[:, :3]
    except ValueError as error:
        raise ValueError(
            f"there is no colour map {name!r}; choose for instance one of {', '.join(COLOUR_MAPS)}"
        ) from error
    red, green, blue = np.rint(colours * 255).astype(np.uint32).T
    table: Table = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    table.flags.writeable = False
    return table


def map_colours(colours: ColourMap) -> Table:
    """The map's 256 packed colours from low to high, (256,) uint32 ``0xffRRGGBB``.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    table = _lut(colours.name)
    return table[::-1] if colours.inverted else table


@lru_cache(maxsize=16)
def _table(
    stretch: Stretch, colours: ColourMap, limits: tuple[float, float] | None, stats: PlaneStats | None, centred: bool
) -> Table:
    table = np.empty(OVER + 1, np.uint32)
    table[LOWEST : HIGHEST + 1] = map_colours(colours)[scale(stretch, limits or (0.0, 1.0), stats, centred)]
    table[NAN] = packed(colours.nan)
    table[UNDER] = packed(colours.under) if colours.under else table[LOWEST]
    table[OVER] = packed(colours.over) if colours.over else table[HIGHEST]
    table.flags.writeable = False
    return table


def colour_table(
    stretch: Stretch,
    colours: ColourMap,
    limits: tuple[float, float],
    stats: PlaneStats | None = None,
    highlight: tuple[float, float] | None = None,
    centred: bool = False,
) -> Table:
    """Packed colour for each 16-bit position, (65536,) uint32 ``0xffRRGGBB``.

    Parameters
    ----------
    stretch : `Stretch`
    colours : `ColourMap`
    limits : (float, float)
    stats : `PlaneStats`, optional
        For histogram equalisation.
    highlight : (float, float), optional
        Values to light up; they get a colour that the map has nowhere near.
    centred : bool
        See `Stretch.curve`.
    """
    # Only histogram equalisation depends on the limits: the others share one table while limits are dragged.
    equalise = stretch.name == "histogram"
    table = _table(stretch, colours, limits if equalise else None, stats if equalise else None, centred)
    if highlight is not None:
        first, last = positions(np.array(highlight, np.float64), limits).tolist()
        table = table.copy()
        table[max(first, UNDER) : last + 1] = _standing_out(colours)
    return table


def _standing_out(colours: ColourMap) -> int:
    candidates = [packed(name) for name in ("#00E5FF", "#FF2D95", "#39FF14", "#FFD400")]
    sample = map_colours(colours)[::16].tolist()
    return max(candidates, key=lambda candidate: min(colour_distance(candidate, colour) for colour in sample))


def colour_distance(first: int, second: int) -> float:
    """How different two packed colours look: distance in CIELAB (CIE 1976). Below about 25 they are easily confused."""
    a, b = _lab(first), _lab(second)
    return math.dist(a, b)


@lru_cache(maxsize=1024)
def _lab(colour: int) -> tuple[float, float, float]:
    # IEC 61966-2-1 (sRGB) to XYZ under D65, then CIE 15:2004.
    channels = [(colour >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
