"""Integer pixel boxes, the one place where pixel regions are computed.

A `Box` is half open: it covers columns ``x0 <= x < x1`` and rows ``y0 <= y < y1`` in 0-based array coordinates of
whatever frame its owner names (raw or assembled). Pixel centres lie on integers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Box", "parse_fits_section"]

_SECTION = re.compile(r"^\s*\[\s*(-?\d+)\s*:\s*(-?\d+)\s*,\s*(-?\d+)\s*:\s*(-?\d+)\s*\]\s*$")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels.

    Any box with a zero or negative side becomes the one empty box ``Box(0, 0, 0, 0)``.

    Parameters
    ----------
    x0, y0 : int
        Lowest column and row, 0-based.
    width, height : int
        Number of columns and rows.
    """

    x0: int = 0
    y0: int = 0
    width: int = 0
    height: int = 0

    def __post_init__(self) -> None:
        is_whole = type(self.x0) is type(self.y0) is type(self.width) is type(self.height) is int
        if is_whole and self.width > 0 and self.height > 0:
            return  # as nearly always; maps have many thousands
        empty = self.width <= 0 or self.height <= 0
        for name in ("x0", "y0", "width", "height"):
            object.__setattr__(self, name, 0 if empty else int(getattr(self, name)))

    @classmethod
    def from_corners(cls, x0: int, y0: int, x_last: int, y_last: int) -> Box:
        """Box from its lowest and highest pixel, both included."""
        return cls(x0, y0, x_last - x0 + 1, y_last - y0 + 1)

    @classmethod
    def of_centres(cls, x: float, y: float, width: float, height: float) -> Box:
        """The pixels whose centres lie in a rectangle around (x, y): the one rule of rounding for regions of all files.

        A centre on the left or lower side is outside, one on the right or upper side is inside, so that a whole number
        of columns covers as many pixels wherever it lies (manual: files, Defects).

        Raises
        ------
        ValueError
            If a number is not finite, or so large that pixels cannot be told apart.
        """
        if not all(abs(value) < 1 << 50 for value in (x, y, width, height)):
            raise ValueError(f"expected a box of pixels, found one of {width:g} x {height:g} around ({x:g}, {y:g})")
        x0, y0 = (math.floor(low) + 1 for low in (x - width / 2.0, y - height / 2.0))
        return cls.from_corners(x0, y0, math.floor(x + width / 2.0), math.floor(y + height / 2.0))

    @property
    def x1(self) -> int:
        """First column to the right of the box."""
        return self.x0 + self.width

    @property
    def y1(self) -> int:
        """First row above the box."""
        return self.y0 + self.height

    @property
    def is_empty(self) -> bool:
        return self.width == 0

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def shape(self) -> tuple[int, int]:
        """Shape ``(height, width)`` of an array that holds the box."""
        return self.height, self.width

    def contains(self, other: Box) -> bool:
        """Whether every pixel of `other` lies in this box; an empty box lies in every box."""
        if other.width == 0:
            return True
        # Spelled out: asked for every defect of a map.
        in_columns = self.x0 <= other.x0 and other.x0 + other.width <= self.x0 + self.width
        return in_columns and self.y0 <= other.y0 and other.y0 + other.height <= self.y0 + self.height

    def contains_pixel(self, x: int, y: int) -> bool:
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def intersect(self, other: Box) -> Box:
        """The common pixels; empty when there are none."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Box(x0, y0, min(self.x1, other.x1) - x0, min(self.y1, other.y1) - y0)

    def union(self, other: Box) -> Box:
        """The smallest box around both."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        x0, y0 = min(self.x0, other.x0), min(self.y0, other.y0)
        return Box(x0, y0, max(self.x1, other.x1) - x0, max(self.y1, other.y1) - y0)

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """The smallest box around all `boxes`; empty for none."""
        total = Box()
        for box in boxes:
            total = total.union(box)
        return total

    def grow(self, n: int) -> Box:
        """Extend by `n` pixels on every side; a negative `n` shrinks."""
        if self.is_empty:
            return self
        return Box(self.x0 - n, self.y0 - n, self.width + 2 * n, self.height + 2 * n)

    def shift(self, dx: int, dy: int) -> Box:
        return self if self.is_empty else Box(self.x0 + dx, self.y0 + dy, self.width, self.height)

    def mirror(self, frame_width: int, frame_height: int, flip_x: bool, flip_y: bool) -> Box:
        """The box after mirroring the frame it lies in; an empty box stays empty."""
        if self.is_empty:
            return self
        x0 = frame_width - self.x1 if flip_x else self.x0
        y0 = frame_height - self.y1 if flip_y else self.y0
        return Box(x0, y0, self.width, self.height)

    def slices(self, xy0: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
        """Index ``[rows, columns]`` of an array whose first pixel is at `xy0`.

        The box must lie inside the array: negative indices would silently wrap, so they raise `ValueError`.
        """
        x, y = self.x0 - xy0[0], self.y0 - xy0[1]
        if x < 0 or y < 0:
            raise ValueError(f"{self} begins outside an image with origin {xy0}")
        return slice(y, y + self.height), slice(x, x + self.width)

    def to_fits_section(self) -> str:
        """The FITS form ``[x1:x2,y1:y2]``, 1-based and inclusive."""
        return f"[{self.x0 + 1}:{self.x1},{self.y0 + 1}:{self.y1}]"

    def __str__(self) -> str:
        return "empty box" if self.is_empty else f"box ({self.x0}, {self.y0}) {self.width} x {self.height}"


def parse_fits_section(text: str) -> Box | None:
    """Read a FITS section ``[x1:x2,y1:y2]`` (1-based, inclusive, either order) as a `Box`.

    Returns
    -------
    box : `Box` or `None`
        None for MegaCam's void section ``[0:0,0:0]`` (manual: raw, Void sections).

    Raises
    ------
    ValueError
        If `text` is not a section.
    """
    match = _SECTION.match(text)
    if match is None:
        raise ValueError(f"expected a section like [1:1056,1:4612], found {text!r}")
    xa, xb, ya, yb = (int(group) for group in match.groups())
    if xa == xb == ya == yb == 0:
        return None
    return Box.from_corners(min(xa, xb) - 1, min(ya, yb) - 1, max(xa, xb) - 1, max(ya, yb) - 1)
