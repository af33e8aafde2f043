"""The session as a value: every choice of the user, frozen, comparable and writable as JSON.

Pixels are not in it. They follow from it: the runner turns frame, CCD, config and calibrations into planes, the panels
turn planes and picture settings into a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from isrcore.values import frozen
from isrviewer.render.checks import FARTHEST, require_choice, require_finite, require_in
from isrviewer.render.colour import ColourMap
from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.plane_colours import OverlayStyle
from isrviewer.render.view import Orientation, View
from isrviewer.session.drawn import DrawnBox, DrawnLine
from isrviewer.session.planes import PREVIOUS, RAW_PLANES, Planes

__all__ = [
    "COMBINATIONS",
    "LINK_MODES",
    "PLANES",
    "AuditFile",
    "Bookmark",
    "CalibPick",
    "NamedState",
    "Override",
    "PanelState",
    "Pin",
    "Region",
    "Route",
    "Session",
    "Shows",
    "Threshold",
]

COMBINATIONS = ("difference", "ratio", "bits added")
"""What a panel can make of two steps."""

PLANES = ("image", "variance", "S/N", "mask")
"""Planes of a step that a panel can show, in the order in which one key walks through them."""

LINK_MODES = ("off", "zoom", "zoom+centre")

MOST_PANELS = 36
"""One for each CCD; every panel holds a picture of its own."""

_REGION_PARTS = {
    "point": (1, 1, 0),
    "line": (2, 2, 0),
    "polygon": (3, math.inf, 0),
    "circle": (1, 1, 1),
    "box": (1, 1, 2),
    "ellipse": (1, 1, 2),
    "annulus": (1, 1, 2),
}
"""Kind of region -> fewest and most points, number of sizes."""


@frozen
class Override:
    """One config field that differs from what the task sets by default.

    Attributes
    ----------
    field : str
        Dotted path below the task config (``overscan.fitType``).
    value : object
        Scalar, or a tuple or dict of scalars; a list becomes a tuple.
    origin : str
        Who set it: ``"you"``, or the name of the override file.
    """

    field: str
    value: Any
    origin: str = "you"

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _with_tuples(self.value))


def _with_tuples(value: Any) -> Any:
    """The value with lists as tuples, so that nothing changes in place."""
    return tuple(map(_with_tuples, value)) if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True)
class CalibPick:
    """The user's choice for one kind of calibration; without one the calibration folder decides.

    Attributes
    ----------
    kind : str
        ``bias``, ``dark``, ``flat``, ``fringe``, ``defects``...
    path : str
        The file; empty to go without this calibration.
    """

    kind: str
    path: str


@dataclass(frozen=True)
class Shows:
    """What a panel shows.

    Attributes
    ----------
    of : `Planes`
    plane : str
        One of `PLANES`.
    other : `Planes` or None
        What to compare with, also `PREVIOUS` or `SAME_OF_B`.
    combine : str
        What is made of the two, one of `COMBINATIONS`.
    """

    of: Planes = RAW_PLANES
    plane: str = "image"
    other: Planes | None = None
    combine: str = "difference"

    def __post_init__(self) -> None:
        require_choice("plane", self.plane, PLANES)
        require_choice("combination", self.combine, COMBINATIONS)

    @property
    def step(self) -> str:
        """LSST name of the step of A that is shown, or `RAW`; empty for planes of B and of calibrations."""
        return self.of.step

    @property
    def is_comparison(self) -> bool:
        """Whether two results are compared; raw pixels and calibrations have no previous step."""
        has_previous = not (self.of.is_raw or self.of.is_calibration)
        return self.other is not None and (has_previous or self.other != PREVIOUS)

    @property
    def is_change(self) -> bool:
        """Whether the values shown are changes, with zero in the middle of their colours."""
        return self.is_comparison and self.combine == "difference" and self.plane != "mask"


@frozen
class PanelState:
    """One image panel.

    Attributes
    ----------
    shows : `Shows`
    picture : `PictureStyle`
        Without its overlay, which is common to all panels (`Session.overlay`).
    view : `View` or None
        None fits the plane into the panel.
    orientation : `Orientation`
        Also that of `view`.
    second : `Planes`
        What to blink with and to show behind the curtain, also `PREVIOUS`.
    curtain : float or None
        Part of the width left of the curtain; None for no curtain.
    """

    shows: Shows = Shows()
    picture: PictureStyle = field(default_factory=PictureStyle)
    view: View | None = None
    orientation: Orientation = field(default_factory=Orientation)
    second: Planes = PREVIOUS
    curtain: float | None = None

    def __post_init__(self) -> None:
        if self.curtain is not None:
            require_in("curtain", (self.curtain,), 0, 1)

    @property
    def limits(self) -> Limits:
        """How the limits of what is shown are chosen."""
        return self.picture.change_limits if self.shows.is_change else self.picture.limits

    @property
    def colours(self) -> ColourMap:
        """The colours of what is shown."""
        return self.picture.change_colours if self.shows.is_change else self.picture.colours


@dataclass(frozen=True)
class Pin:
    """A pixel to follow through the steps, in 0-based coordinates of the raw frame: every step leads back to it."""

    x: int
    y: int

    def __post_init__(self) -> None:
        require_in("pixel", (self.x, self.y), -FARTHEST, FARTHEST)


@frozen
class Region:
    """Something marked on the sky or on the detector, in 0-based coordinates of the raw frame; pixel centres are whole.

    Attributes
    ----------
    kind : str
        ``point``, ``line``, ``polygon``, ``circle``, ``box``, ``ellipse`` or ``annulus``.
    points : tuple of (float, float)
        Centre, ends of a line or corners of a polygon.
    size : tuple of float
        Pixels: radius of a circle, two radii of an annulus, full width and height of a box or an ellipse.
    angle : float
        Of a box or an ellipse, degrees counter-clockwise.
    text, colour : str
        Empty for none, and for the default colour.

    Raises
    ------
    ValueError
        For an unknown kind, a wrong number of points or sizes, and values that are negative, not finite or beyond any
        frame.
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    size: tuple[float, ...] = ()
    angle: float = 0.0
    text: str = ""
    colour: str = ""

    def __post_init__(self) -> None:
        require_choice("kind of region", self.kind, _REGION_PARTS)
        fewest, most, sizes = _REGION_PARTS[self.kind]
        if not fewest <= len(self.points) <= most or len(self.size) != sizes:
            found = f"{len(self.points)} points and {len(self.size)} sizes"
            points = fewest if fewest == most else f"at least {fewest}"
            raise ValueError(f"{self.kind} needs {points} points and {sizes} sizes, found {found}")
        require_in("coordinates", (value for point in self.points for value in point), -FARTHEST, FARTHEST)
        require_in("size", self.size, 0, 2 * FARTHEST)
        require_finite("angle", self.angle)


@dataclass(frozen=True)
class Bookmark:
    """A named place: step and view."""

    name: str
    shows: Shows
    view: View | None


@dataclass(frozen=True)
class Route:
    """A step whose result goes to one panel as soon as it exists."""

    step: str
    panel: int


@dataclass(frozen=True)
class AuditFile:
    """Where the audit of a CCD's defect map is kept: every edit is in the file, which a recovered session opens."""

    number: int
    path: str


@frozen
class Threshold:
    """A threshold of the search for defects that differs from its default; see `isrcore.audit.settings`."""

    name: str
    value: float

    def __post_init__(self) -> None:
        require_finite(self.name, self.value)


@dataclass(frozen=True)
class NamedState:
    """Parameters under a name, to return to or to compare with; values, not a position in the history."""

    name: str
    config: tuple[Override, ...] = ()
    calibs: tuple[CalibPick, ...] = ()


@dataclass(frozen=True)
class Session:
    """Everything that is open.

    Attributes
    ----------
    frame : str
        Path of the raw frame; empty when none is open.
    detector : int or None
        Number of the CCD.
    config : tuple of `Override`
        In the order in which they are applied; one per field.
    calib_folder : str
    calibs : tuple of `CalibPick`
    breakpoints : tuple of str
        Steps after which a run stops.
    pause_at_views : bool
        Also stop after each step that has a debug view.
    routes : tuple of `Route`
    panels : tuple of `PanelState`
        At least one.
    focused : int
        Index of the panel that the step list and the keys steer.
    link : str
        One of `LINK_MODES`.
    same_limits : bool
        All panels that show the same kind of values take the limits of the focused one.
    overlay : `OverlayStyle`
        How masks are drawn, by plane name, in all panels.
    pins, regions, bookmarks, named : tuple
    compared : str
        Name of the named state to compare with; empty for none.
    box : `DrawnBox` or None
    line : `DrawnLine` or None
        Drawn last, in any panel.
    audits : tuple of `AuditFile`
        Defect maps under audit.
    audit_feeds : bool
        Whether runs take these maps, edits included, instead of those of the calibrations.
    audit_frames : tuple of str
        More raw frames to judge defects by.
    audit_thresholds : tuple of `Threshold`
        What counts as a defect when frames are searched, where it differs from the default.

    Raises
    ------
    ValueError
        For another kind of link, and when `focused` names no panel.
    """

    frame: str = ""
    detector: int | None = None
    config: tuple[Override, ...] = ()
    calib_folder: str = ""
    calibs: tuple[CalibPick, ...] = ()
    breakpoints: tuple[str, ...] = ()
    pause_at_views: bool = False
    routes: tuple[Route, ...] = ()
    panels: tuple[PanelState, ...] = (PanelState(),)
    focused: int = 0
    link: str = "zoom+centre"
    same_limits: bool = False
    overlay: OverlayStyle = field(default_factory=OverlayStyle)
    pins: tuple[Pin, ...] = ()
    regions: tuple[Region, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    named: tuple[NamedState, ...] = ()
    compared: str = ""
    box: DrawnBox | None = None
    line: DrawnLine | None = None
    audits: tuple[AuditFile, ...] = ()
    audit_feeds: bool = True
    audit_frames: tuple[str, ...] = ()
    audit_thresholds: tuple[Threshold, ...] = ()

    def __post_init__(self) -> None:
        require_choice("link", self.link, LINK_MODES)
        require_in("panels: their number", (len(self.panels),), 1, MOST_PANELS)
        require_in("focused", (self.focused,), 0, len(self.panels) - 1)

    @property
    def panel(self) -> PanelState:
        """The focused panel."""
        return self.panels[self.focused]

    def style(self, index: int) -> PictureStyle:
        """How panel `index` is drawn, masks included."""
        return replace(self.panels[index].picture, overlay=self.overlay)

    @property
    def other(self) -> NamedState | None:
        """The parameters to compare with, B; None when nothing is compared."""
        return next((state for state in self.named if self.compared and state.name == self.compared), None)

    def overridden(self, field: str) -> Override | None:
        """The override of one config field, if there is one."""
        return next((override for override in self.config if override.field == field), None)
