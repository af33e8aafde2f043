"""DS9 region files as shapes in pixels: the one reader of the format, for defects and for the window.

Follows the reference manual of DS9 and what its version 8.4.1 does. Regions that cannot be read rightly are left out,
and each of them is listed with its reason: nothing is guessed, and nothing is lost silently.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from isrcore.regions.numbers import PIXEL_UNITS, Measure, measure, plain_numbers
from isrcore.regions.shapes import LeftOut, Problem, RegionReading, Shape
from isrcore.regions.sky import SKY_SYSTEMS, SkyGrid
from isrcore.regions.statements import Statement, cut, read_text
from isrcore.values import frozen

__all__ = ["RegionFrame", "read_regions"]

_PIXEL_SYSTEMS = {"image", "logical", "physical"}
_ALTERNATE = {f"wcs{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"}
_OTHER_SYSTEMS = {"amplifier", "b1950", "detector", "fk4", "linear"} | _ALTERNATE
_POINTS = {"circle", "box", "diamond", "cross", "x", "arrow", "boxcircle"}
_OTHER_KINDS = {
    *("bpanda", "compass", "epanda", "field", "panda", "pie", "projection", "rectangle", "rotrectangle", "ruler"),
    *("sector", "segment", "vector"),
}
_SIZES = {"circle": (1, 1), "annulus": (2, 2), "box": (2, 3), "ellipse": (2, 3)}
"""Numbers behind the centre, at least and at most, the angle included."""
_RINGS = {"annulus": "an annulus of several rings", "box": "a box annulus", "ellipse": "an elliptical annulus"}
"""What more numbers than that mean."""

_NAME = re.compile(r"[^\W_]*")
_EXCLUDED = {"0", "false", "no"}


@frozen
class RegionFrame:
    """The frame that regions are read for.

    Attributes
    ----------
    offset : (float, float)
        Added to image coordinates: where the first pixel of the array, that the file calls (1, 1), is in the frame.
    wcs : `astropy.wcs.WCS` or None
        Of the 0-based pixels of the frame.
    ltv, ltm : (float, float)
        Image = ``ltm`` times physical + ``ltv``, from the header of the array. Without these cards they are the same.
    tile : int or None
        Which tile of a mosaic the array is, from 1; None for an array that is none. Files with tiles then are refused.
    """

    offset: tuple[float, float] = (0.0, 0.0)
    wcs: Any = None
    ltv: tuple[float, float] = (0.0, 0.0)
    ltm: tuple[float, float] = (1.0, 1.0)
    tile: int | None = None


class _LeaveOut(Exception):
    def __init__(self, problem: Problem, reason: str) -> None:
        super().__init__(reason)
        self.problem, self.reason = problem, reason


def read_regions(path: str | Path, frame: RegionFrame | None = None) -> RegionReading:
    """Read a file.

    Parameters
    ----------
    path : path-like
    frame : `RegionFrame`, optional

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no text.
    """
    reader = _Reader(RegionFrame() if frame is None else frame)
    for statement in cut(read_text(Path(path))):
        reader.take(statement)
    return RegionReading(tuple(reader.shapes), tuple(reader.left_out), reader.is_region_file)


class _Reader:
    """What the statements of a file change: system, tile, and what holds for all regions."""

    def __init__(self, frame: RegionFrame) -> None:
        self.shapes: list[Shape] = []
        self.left_out: list[LeftOut] = []
        self.is_region_file = False
        self._frame = frame
        self._grid: SkyGrid | None = None
        self._system = "physical"
        self._tile: int | None = None
        self._defaults: dict[str, str] = {}
        self._saotng_sky = False

    def take(self, statement: Statement) -> None:
        sign, name, words = _parts(statement.text)
        if not words and (name in _PIXEL_SYSTEMS or name in SKY_SYSTEMS or name in _OTHER_SYSTEMS):
            self._system, self.is_region_file = name, True
        elif name == "global":
            self._defaults |= statement.properties
            self.is_region_file = True
        elif statement.text.startswith("#"):
            self._head(statement.text[1:])
        elif name == "tile" and len(words) == 1 and words[0].isdecimal():
            self._tile = int(words[0][:9])
            self.is_region_file = True
        elif name != "composite":  # Its members follow, each with its own place.
            self._region(statement, sign, name, words)

    def _head(self, text: str) -> None:
        self.is_region_file = True
        if text.lower().startswith("format:"):
            # SAOtng: sizes are pixels even where positions are degrees.
            self._saotng_sky = "pixels" not in text.lower()

    def _region(self, statement: Statement, sign: str, name: str, words: list[str]) -> None:
        name = "box" if name == "rotbox" else name
        known = name in _SIZES or name in _OTHER_KINDS or name in ("point", "text", "line", "polygon")
        self.is_region_file = self.is_region_file or known
        properties = {**self._defaults, **statement.properties} if statement.properties else self._defaults
        included = not sign and properties.get("include", "1").lower() not in _EXCLUDED
        try:
            if not known:
                raise _LeaveOut(Problem.KIND, "no shape of DS9")
            self._require_tile()
            if sign in ("-", "!") or (sign != "+" and not included):
                raise _LeaveOut(Problem.EXCLUDED, "excluded regions cannot be kept as such")
            if self._saotng_sky:
                raise _LeaveOut(Problem.SYSTEM, "SAOtng form, sizes have no sky unit; save it in the format ds9")
            points, size, angle = self._geometry(name, words)
        except _LeaveOut as why:
            text = statement.text if len(statement.text) <= 60 else f"{statement.text[:57]}..."
            self.left_out.append(LeftOut(statement.line, text, why.problem, why.reason))
            return
        text, colour = statement.properties.get("text", ""), properties.get("color", "")
        self.shapes.append(Shape(name, points, size, angle, text, colour, statement.tags, statement.line))

    def _require_tile(self) -> None:
        if self._tile is not None and self._tile != self._frame.tile:
            here = "what is open is no mosaic" if self._frame.tile is None else f"this is tile {self._frame.tile}"
            raise _LeaveOut(Problem.OTHER_TILE, f"of tile {self._tile} of a mosaic, {here}")

    def _geometry(
        self, name: str, words: list[str]
    ) -> tuple[tuple[tuple[float, float], ...], tuple[float, ...], float]:
        if name in _OTHER_KINDS:
            raise _LeaveOut(Problem.KIND, f"a {name} cannot be drawn")
        if name in _SIZES and len(words) > 2 + _SIZES[name][1]:
            raise _LeaveOut(*_more_numbers(name))
        if name in _SIZES and self._is_in_pixels and len(words) >= 2 + _SIZES[name][0]:
            plain = plain_numbers(words)
            if plain is not None:
                # As nearly all are: no unit to look at.
                x, y, *rest = plain
                (x0, y0), angle = self._frame.offset, rest.pop() if len(rest) == 3 else 0.0
                return ((x - 1.0 + x0, y - 1.0 + y0),), _size(name, rest), angle
        try:
            numbers = [measure(word) for word in words]
        except ValueError as error:
            if name in _SIZES and any("=" in word for word in words):  # n=3: three rings
                raise _LeaveOut(*_more_numbers(name)) from error
            raise _LeaveOut(Problem.DAMAGED, str(error)) from error
        if name not in _SIZES:
            exact = {"point": 2, "text": 2, "line": 4}.get(name, len(numbers))
            if len(numbers) % 2 or len(numbers) != exact or len(numbers) < (6 if name == "polygon" else 2):
                raise _LeaveOut(*_wrong(name))
            pairs = zip(numbers[::2], numbers[1::2], strict=True)
            return tuple(self._place(*pair) for pair in pairs), (), 0.0
        if len(numbers) < 2 + _SIZES[name][0]:
            raise _LeaveOut(*_wrong(name))
        return self._round_a_centre(name, numbers)

    def _round_a_centre(
        self, name: str, numbers: list[Measure]
    ) -> tuple[tuple[tuple[float, float], ...], tuple[float, ...], float]:
        at, lengths = (numbers[0], numbers[1]), numbers[2:]
        angle = lengths.pop() if len(lengths) == 3 else Measure(0.0, "")
        centre = self._place(*at)
        size = _size(name, [self._length(at, length, axis) for axis, length in enumerate(lengths)])
        turned = angle.value
        if name in ("box", "ellipse") and self._is_sky(*at):
            turned = self._sky().pixel_angle(self._system, *self._degrees(*at), turned)
        return (centre,), size, turned

    @property
    def _is_in_pixels(self) -> bool:
        """Whether plain numbers are image pixels."""
        frame = self._frame
        is_image = frame.ltv == (0.0, 0.0) and frame.ltm == (1.0, 1.0)
        return self._system in ("image", "logical") or (self._system == "physical" and is_image)

    def _is_sky(self, first: Measure, second: Measure) -> bool:
        return self._system in SKY_SYSTEMS and not {first.unit, second.unit} & {"i", "p"}

    def _place(self, first: Measure, second: Measure) -> tuple[float, float]:
        """A position in the frame."""
        if self._system in _OTHER_SYSTEMS:
            raise _LeaveOut(Problem.SYSTEM, _must_be_image(self._system))
        if self._is_sky(first, second):
            try:
                return self._sky().to_pixel(self._system, *self._degrees(first, second))
            except ValueError as error:
                raise _LeaveOut(Problem.SYSTEM, str(error)) from error
        if not {first.unit, second.unit} <= PIXEL_UNITS:
            raise _LeaveOut(Problem.SYSTEM, f"a position on the sky in the system {self._system}")
        x0, y0 = self._frame.offset
        return self._image(first, 0) - 1.0 + x0, self._image(second, 1) - 1.0 + y0

    def _image(self, one: Measure, axis: int) -> float:
        if one.unit == "p" or (not one.unit and self._system == "physical"):
            return self._frame.ltm[axis] * one.value + self._frame.ltv[axis]
        return one.value

    def _length(self, at: tuple[Measure, Measure], length: Measure, axis: int) -> float:
        """A length in pixels."""
        if length.unit == "hour":
            raise _LeaveOut(Problem.DAMAGED, "expected a size, found a position")
        if length.unit == "i" or (not length.unit and self._system in ("image", "logical")):
            return length.value
        if length.unit == "p" or (not length.unit and self._system == "physical"):
            return abs(self._frame.ltm[min(axis, 1)]) * length.value
        if not self._is_sky(*at):
            sky = self._sky()
            return length.value / sky.degrees_per_pixel("wcs", *sky.to_sky("wcs", *self._place(*at)))
        return length.value / self._sky().degrees_per_pixel(self._system, *self._degrees(*at))

    def _degrees(self, first: Measure, second: Measure) -> tuple[float, float]:
        is_equatorial = SKY_SYSTEMS[self._system] not in ("galactic", "barycentricmeanecliptic")
        return first.value * (15.0 if first.unit == "hour" and is_equatorial else 1.0), second.value

    def _sky(self) -> SkyGrid:
        if self._frame.wcs is None:
            raise _LeaveOut(Problem.SYSTEM, _must_be_image(self._system))
        if self._grid is None:
            try:
                self._grid = SkyGrid(self._frame.wcs)
            except ValueError as error:
                raise _LeaveOut(Problem.SYSTEM, f"in {self._system}; {error}") from error
        return self._grid


def _must_be_image(system: str) -> str:
    if system in SKY_SYSTEMS:
        return f"regions must be in image coordinates where there is no WCS, found {system!r}"
    return f"regions must be in image, physical, fk5 or icrs coordinates, found {system!r}: save them in one of these"


def _size(name: str, lengths: list[float]) -> tuple[float, ...]:
    """Sizes as a `Shape` has them."""
    if min(lengths) < 0:
        raise _LeaveOut(Problem.DAMAGED, "expected sizes from 0, found a negative one")
    return tuple(2.0 * half for half in lengths) if name == "ellipse" else tuple(lengths)


def _more_numbers(name: str) -> tuple[Problem, str]:
    return (Problem.KIND, f"{_RINGS[name]} cannot be drawn") if name in _RINGS else _wrong(name)


def _wrong(name: str) -> tuple[Problem, str]:
    forms = {
        "annulus": "annulus(x,y,inner,outer)",
        "box": "box(x,y,width,height,angle)",
        "circle": "circle(x,y,radius)",
        "ellipse": "ellipse(x,y,radius,radius,angle)",
        "line": "line(x1,y1,x2,y2)",
        "polygon": "polygon(x1,y1,x2,y2,x3,y3,...)",
    }
    return Problem.DAMAGED, f"expected {forms.get(name, f'{name}(x,y)')}"


def _parts(text: str) -> tuple[str, str, list[str]]:
    """Sign, name in lower case and arguments of a statement."""
    sign = text[0] if text[0] in "+-!" else ""
    text = text[len(sign) :].strip().removesuffix("||").rstrip()
    length = len(_NAME.match(text)[0])  # type: ignore[index]  # an empty name matches, too
    name, rest = text[:length].lower(), text[length:].strip()
    if name in _POINTS and rest[:5].lower() == "point":
        name, rest = "point", rest[5:].strip()
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1]
    return sign, name, rest.replace(",", " ").split()
