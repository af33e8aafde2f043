"""From image pixels to screen pixels and back.

A view has one zoom for both axes and one of the eight orientations, so each screen axis belongs to one image axis.
Screen pixels lie on a grid that is fixed to the image: bin ``j`` covers ``j / zoom <= x' < (j + 1) / zoom`` with ``x'
= x + 0.5`` counted from the left edge of the first pixel. A view shows a run of whole bins. So every panel at one
zoom sees the same bins, and a reduced picture does not shimmer while it is panned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from isrcore.geom import Box
from isrcore.values import frozen
from isrviewer.render.checks import FARTHEST, require_finite, require_in

__all__ = ["MAX_ZOOM", "MIN_ZOOM", "Axis", "CDMatrix", "Grid", "Orientation", "View", "fit_view", "north_and_east"]

MIN_ZOOM, MAX_ZOOM = 1 / 128, 256.0

_NO_PLACE = 100 * FARTHEST
"""Nobody drags a picture that far: what lies beyond is a mistake in a file."""

CDMatrix = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How image axes lie on the screen; by default x to the right and y up, as FITS viewers have it.

    Attributes
    ----------
    transpose : bool
        Put y on the horizontal and x on the vertical screen axis.
    flip_x, flip_y : bool
        Then mirror the screen left to right, top to bottom.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def mirrored_x(self) -> Orientation:
        """Mirror left to right what is on the screen."""
        return replace(self, flip_x=not self.flip_x)

    def mirrored_y(self) -> Orientation:
        """Mirror top to bottom what is on the screen."""
        return replace(self, flip_y=not self.flip_y)

    def rotated(self) -> Orientation:
        """Turn what is on the screen by 90 degrees counter-clockwise."""
        # (right, up) -> (-up, right): the axes swap, and the old up axis now points to the left.
        return Orientation(not self.transpose, not self.flip_y, self.flip_x)

    def screen_direction(self, dx: float, dy: float) -> tuple[float, float]:
        """Image direction ``(dx, dy)`` as ``(right, up)`` on the screen."""
        right, up = (dy, dx) if self.transpose else (dx, dy)
        return -right if self.flip_x else right, -up if self.flip_y else up

    @classmethod
    def north_up(cls, sky: CDMatrix) -> Orientation:
        """The orientation that comes closest to north up and east left.

        Parameters
        ----------
        sky : ((e_x, e_y), (n_x, n_y))
            CD matrix, see `ImagePlanes.sky`.

        Raises
        ------
        ValueError
            If the matrix has no inverse.
        """
        north, east = north_and_east(sky)

        def agreement(orientation: Orientation) -> float:
            return orientation.screen_direction(*north)[1] - orientation.screen_direction(*east)[0]

        return max((cls(t, x, y) for t in (False, True) for x in (False, True) for y in (False, True)), key=agreement)


def north_and_east(sky: CDMatrix) -> tuple[tuple[float, float], tuple[float, float]]:
    """Unit vectors in the image that lead north and east.

    Parameters
    ----------
    sky : ((e_x, e_y), (n_x, n_y))
        CD matrix, see `ImagePlanes.sky`.

    Raises
    ------
    ValueError
        If the matrix has no inverse.
    """
    (e_x, e_y), (n_x, n_y) = sky
    determinant = e_x * n_y - e_y * n_x
    if not math.isfinite(determinant) or determinant == 0:
        raise ValueError(f"the CD matrix {sky} of the WCS has no inverse, so there is no direction to north")
    sign = math.copysign(1, determinant)
    # The columns of the inverse matrix but for their length.
    north, east = math.hypot(e_x, e_y), math.hypot(n_x, n_y)
    return (-sign * e_y / north, sign * e_x / north), (sign * n_y / east, -sign * n_x / east)


@frozen(slots=True)
class View:
    """Which part of a plane is on screen.

    Attributes
    ----------
    center : (float, float)
        Image coordinates x, y in the middle of the screen; pixel centres are integers. Brought within `FARTHEST`.
    zoom : float
        Device pixels per image pixel; brought into the range from `MIN_ZOOM` to `MAX_ZOOM`.
    orientation : `Orientation`

    Raises
    ------
    ValueError
        For a zoom that is not finite, and a centre that cannot be meant.
    """

    center: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    orientation: Orientation = field(default_factory=Orientation)

    def __post_init__(self) -> None:
        require_finite("zoom", self.zoom)
        require_in("center", self.center, -_NO_PLACE, _NO_PLACE)
        x, y = (min(max(place, -FARTHEST), FARTHEST) for place in self.center)
        object.__setattr__(self, "center", (x, y))
        object.__setattr__(self, "zoom", min(max(self.zoom, MIN_ZOOM), MAX_ZOOM))


def fit_view(box: Box, size: tuple[int, int], orientation: Orientation | None = None) -> View:
    """The view that just holds `box` on a screen of ``size = (width, height)`` device pixels."""
    orientation = orientation or Orientation()
    width, height = (box.height, box.width) if orientation.transpose else (box.width, box.height)
    zoom = min(size[0] / max(width, 1), size[1] / max(height, 1))
    return View((box.x0 + (box.width - 1) / 2, box.y0 + (box.height - 1) / 2), zoom, orientation)


@frozen(slots=True)
class Axis:
    """Screen pixels along one image axis: `count` bins from bin `first` on, backwards if `reverse`."""

    first: int
    count: int
    zoom: float
    reverse: bool
    origin: int

    @classmethod
    def around(cls, center: float, count: int, zoom: float, reverse: bool, origin: int) -> Axis:
        return cls(round((center - origin + 0.5) * zoom - count / 2), count, zoom, reverse, origin)

    def to_image(self, position: float) -> float:
        """Image coordinate at a screen position, both continuous; screen pixel k covers k <= position < k + 1."""
        offset = self.count - position if self.reverse else position
        return (self.first + offset) / self.zoom - 0.5 + self.origin

    def to_screen(self, coordinate: float) -> float:
        """Screen position of an image coordinate; the inverse of `to_image`."""
        offset = (coordinate - self.origin + 0.5) * self.zoom - self.first
        return self.count - offset if self.reverse else offset


@dataclass(frozen=True, slots=True)
class Grid:
    """All screen pixels of a view: the bins along image x and along image y.

    Attributes
    ----------
    x, y : `Axis`
        Along the image's columns and rows.
    transpose : bool
        Whether image y runs along the screen's horizontal axis.
    """

    x: Axis
    y: Axis
    transpose: bool

    @classmethod
    def of(cls, view: View, size: tuple[int, int], xy0: tuple[int, int] = (0, 0)) -> Grid:
        """Grid of `view` on a screen of `size` (width, height) device pixels for a plane whose first pixel is `xy0`."""
        across = size[0], view.orientation.flip_x
        # Screen rows count downwards, so an axis that points up runs in reverse.
        down = size[1], not view.orientation.flip_y
        (x_count, x_reverse), (y_count, y_reverse) = (down, across) if view.orientation.transpose else (across, down)
        return cls(
            Axis.around(view.center[0], x_count, view.zoom, x_reverse, xy0[0]),
            Axis.around(view.center[1], y_count, view.zoom, y_reverse, xy0[1]),
            view.orientation.transpose,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Screen width and height in device pixels."""
        return (self.y.count, self.x.count) if self.transpose else (self.x.count, self.y.count)

    def to_image(self, across: float, down: float) -> tuple[float, float]:
        """Image coordinates at a screen position (device pixels from the top left corner)."""
        along_x, along_y = (down, across) if self.transpose else (across, down)
        return self.x.to_image(along_x), self.y.to_image(along_y)

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Screen position (across, down) of an image coordinate; a pixel's centre has integer coordinates."""
        along_x, along_y = self.x.to_screen(x), self.y.to_screen(y)
        return (along_y, along_x) if self.transpose else (along_x, along_y)

    def moved(self, dx: int, dy: int) -> Grid:
        """The same screen for coordinates that are larger by `dx` and `dy`."""
        x, y = replace(self.x, origin=self.x.origin + dx), replace(self.y, origin=self.y.origin + dy)
        return Grid(x, y, self.transpose)

    def visible_box(self) -> Box:
        """The image pixels that at least partly lie on the screen, whether the plane has them or not."""
        ends = [sorted((axis.to_image(0), axis.to_image(axis.count))) for axis in (self.x, self.y)]
        (x0, x1), (y0, y1) = ends
        return Box.from_corners(round(x0), round(y0), math.ceil(x1 - 0.5), math.ceil(y1 - 0.5))
