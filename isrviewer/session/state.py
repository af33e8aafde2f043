"""The session as a value: every choice of the user, frozen, comparable and writable as JSON.

Pixels are not in it. They follow from it: the runner turns frame, CCD, config and calibrations into planes, the panels
turn planes and picture settings into a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

from isrviewer.render.compose import PictureStyle
from isrviewer.render.plane_colours import OverlayStyle
from isrviewer.render.view import View

__all__ = [
    "LINK_MODES",
    "PLANES",
    "RAW",
    "Bookmark",
    "CalibPick",
    "NamedState",
    "Override",
    "PanelState",
    "Pin",
    "Route",
    "Session",
    "Shows",
]

RAW = "raw"
"""Name of the planes before the first step, used wherever a step name is expected."""

PLANES = ("image", "variance", "S/N", "mask")
"""Planes of a step that a panel can show, in the order in which one key walks through them."""

LINK_MODES = ("off", "zoom", "zoom+centre")


@dataclass(frozen=True)
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
        object.__setattr__(self, "value", _comparable(self.value))


def _comparable(value: Any) -> Any:
    """Equal values must compare equal: NaN is always one object, which Python takes for equal inside containers."""
    if isinstance(value, (list, tuple)):
        return tuple(_comparable(item) for item in value)
    return math.nan if isinstance(value, float) and math.isnan(value) else value


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
    step : str
        LSST name of the step whose result is shown, or `RAW`.
    plane : str
        One of `PLANES`.
    minus : str
        Name of the step to subtract, or ``""``.
    """

    step: str = RAW
    plane: str = "image"
    minus: str = ""


@dataclass(frozen=True)
class PanelState:
    """One image panel.

    Attributes
    ----------
    shows : `Shows`
    picture : `PictureStyle`
        Without its overlay, which is common to all panels (`Session.overlay`).
    view : `View` or None
        None fits the plane into the panel.
    """

    shows: Shows = Shows()
    picture: PictureStyle = field(default_factory=PictureStyle)
    view: View | None = None


@dataclass(frozen=True)
class Pin:
    """A pixel to follow through the steps, in 0-based coordinates of the raw frame: every step leads back to it."""

    x: int
    y: int


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
    overlay : `OverlayStyle`
        How masks are drawn, by plane name, in all panels.
    pins, bookmarks, named : tuple
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
    overlay: OverlayStyle = field(default_factory=OverlayStyle)
    pins: tuple[Pin, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    named: tuple[NamedState, ...] = ()

    @property
    def panel(self) -> PanelState:
        """The focused panel."""
        return self.panels[self.focused]

    def style(self, index: int) -> PictureStyle:
        """How panel `index` is drawn, masks included."""
        return replace(self.panels[index].picture, overlay=self.overlay)

    def overridden(self, field: str) -> Override | None:
        """The override of one config field, if there is one."""
        return next((override for override in self.config if override.field == field), None)
