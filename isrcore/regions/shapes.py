"""What a region file is read into: shapes in pixels, and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

__all__ = ["KINDS", "LeftOut", "Problem", "RegionReading", "Shape"]

KINDS = ("point", "text", "line", "polygon", "circle", "annulus", "box", "ellipse")
"""Shapes that are read and written."""


class Shape(NamedTuple):
    """One region, 0-based; pixel centres are whole.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    points : tuple of (float, float)
        Centre, both ends of a line or the corners of a polygon.
    size : tuple of float
        Pixels: radius of a circle, two radii of an annulus, full width and height of a box or an ellipse.
    angle : float
        Of a box or an ellipse, degrees counter-clockwise.
    text, colour : str
        Empty for none.
    tags : tuple of str
    line : int
        Of the file, from 1; 0 for a shape that was not read.
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    size: tuple[float, ...] = ()
    angle: float = 0.0
    text: str = ""
    colour: str = ""
    tags: tuple[str, ...] = ()
    line: int = 0


class Problem(Enum):
    """Why a region is left out."""

    KIND = "another kind of shape"
    EXCLUDED = "an excluded region"
    OTHER_TILE = "of another tile of the mosaic"
    SYSTEM = "in a system that cannot be used"
    DAMAGED = "not understood"


@dataclass(frozen=True)
class LeftOut:
    """A region that is not read.

    Attributes
    ----------
    line : int
        Of the file, from 1.
    text : str
        As it is written there, shortened.
    problem : `Problem`
    reason : str
    """

    line: int
    text: str
    problem: Problem
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text!r} is left out: {self.reason}"


@dataclass(frozen=True)
class RegionReading:
    """What a file holds, all of it: each region is in one of the two lists.

    Attributes
    ----------
    shapes : tuple of `Shape`
    left_out : tuple of `LeftOut`
    is_region_file : bool
        Whether anything in it is of the format.
    """

    shapes: tuple[Shape, ...]
    left_out: tuple[LeftOut, ...]
    is_region_file: bool
