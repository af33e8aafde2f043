"""The session as a value: every choice of the user, frozen, comparable and writable as JSON.

Pixels are not in it. They follow from it: the runner turns frame, CCD, config and calibrations into planes, the panels turn
planes and picture settings into a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "LINK_MODES",
    "PLANES",
    "RAW",
    "Bookmark",
    "CalibPick",
    "Limits",
    "MaskStyle",
    "NamedState",
    "Override",
    "PanelState",
    "Picture",
    "Pin",
    "Route",
    "Session",
    "Shows",
    "ViewState",
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
        Scalar, or a tuple or dict of scalars.
    origin : str
        Who set it: ``"you"``, or the name of the override file.
    """

    field: str
    value: Any
    origin: str = "you"


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
class Limits:
    """Which values get the two ends of the colour map.

    Attributes
    ----------
    mode : str
        ``zscale``, ``percentile``, ``minmax`` or ``manual``.
    percent : float
        Central part of the pixels for ``percentile``, in percent.
    low, high : float or None
        The numbers for ``manual``, in the unit of the pixels.
    sticky : bool
        Keep the numbers when other pixels come.
    """

    mode: str = "zscale"
    percent: float = 99.5
    low: float | None = None
    high: float | None = None
    sticky: bool = False


@dataclass(frozen=True)
class Picture:
    """How values become colours: limits, stretch, colour map, contrast and bias as in DS9, reduction when zoomed out."""

    limits: Limits = Limits()
    stretch: str = "linear"
    colormap: str = "gray"
    inverted: bool = False
    contrast: float = 1.0
    bias: float = 0.5
    reduction: str = "mean"


@dataclass(frozen=True)
class ViewState:
    """Which part of the plane is on screen: centre in 0-based pixels and screen pixels per image pixel; None fits the panel."""

    x: float | None = None
    y: float | None = None
    zoom: float | None = None


@dataclass(frozen=True)
class PanelState:
    """One image panel."""

    shows: Shows = Shows()
    picture: Picture = Picture()
    view: ViewState = ViewState()


@dataclass(frozen=True)
class MaskStyle:
    """How one mask plane is drawn, keyed by its name so that it survives from frame to frame."""

    plane: str
    colour: str
    visible: bool = True


@dataclass(frozen=True)
class Pin:
    """A pixel to follow through the steps, in 0-based coordinates of the raw frame, which every step can be traced back to."""

    x: int
    y: int


@dataclass(frozen=True)
class Bookmark:
    """A named place: step and view."""

    name: str
    shows: Shows
    view: ViewState


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
    masks_on : bool
    mask_opacity : float
        From 0 to 1.
    mask_styles : tuple of `MaskStyle`
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
    masks_on: bool = True
    mask_opacity: float = 0.6
    mask_styles: tuple[MaskStyle, ...] = ()
    pins: tuple[Pin, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    named: tuple[NamedState, ...] = ()

    @property
    def panel(self) -> PanelState:
        """The focused panel."""
        return self.panels[self.focused]

    def overridden(self, field: str) -> Override | None:
        """The override of one config field, if there is one."""
        return next((override for override in self.config if override.field == field), None)
