"""Every change of a session as a pure function: session in, session out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from isrviewer.render.compose import PictureStyle
from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.render.view import View
from isrviewer.session.state import (
    PLANES,
    RAW,
    Bookmark,
    CalibPick,
    NamedState,
    Override,
    PanelState,
    Pin,
    Route,
    Session,
    Shows,
)

__all__ = [
    "add_bookmark",
    "clear_field",
    "clear_fields",
    "focus_panel",
    "load_overrides",
    "next_plane",
    "open_frame",
    "pick_calib",
    "recall",
    "remember",
    "route",
    "set_field",
    "set_panel_count",
    "set_picture",
    "set_plane_style",
    "set_view",
    "show",
    "show_step",
    "toggle_breakpoint",
    "toggle_difference",
    "toggle_pin",
]


def open_frame(session: Session, path: str, detector: int | None) -> Session:
    """Another frame or CCD; parameters, panels and styles stay, pinned pixels and places of the old frame go."""
    if (path, detector) == (session.frame, session.detector):
        return session
    other = replace(session, frame=path, detector=detector)
    return other if path == session.frame else replace(other, pins=(), bookmarks=())


def set_field(session: Session, field: str, value: Any, origin: str = "you") -> Session:
    """Set one config field; it keeps its place when it was overridden already."""
    new = Override(field, value, origin)
    if session.overridden(field) is None:
        return replace(session, config=(*session.config, new))
    return replace(session, config=tuple(new if old.field == field else old for old in session.config))


def clear_field(session: Session, field: str) -> Session:
    """Return one config field to what the task sets."""
    return replace(session, config=tuple(override for override in session.config if override.field != field))


def clear_fields(session: Session) -> Session:
    """Return all config fields to what the task sets."""
    return replace(session, config=())


def load_overrides(session: Session, values: Iterable[tuple[str, Any]], origin: str) -> Session:
    """Set many fields at once, as an override file does."""
    for field, value in values:
        session = set_field(session, field, value, origin)
    return session


def pick_calib(session: Session, kind: str, path: str | None) -> Session:
    """Choose the file of one calibration; an empty path goes without, None leaves the choice to the folder."""
    others = tuple(pick for pick in session.calibs if pick.kind != kind)
    return replace(session, calibs=others if path is None else (*others, CalibPick(kind, path)))


def toggle_breakpoint(session: Session, step: str) -> Session:
    """Stop after a step, or no longer."""
    if step in session.breakpoints:
        return replace(session, breakpoints=tuple(name for name in session.breakpoints if name != step))
    return replace(session, breakpoints=(*session.breakpoints, step))


def route(session: Session, step: str, panel: int | None) -> Session:
    """Send a step's result to a panel as soon as it exists; None for no panel."""
    others = tuple(old for old in session.routes if old.step != step)
    return replace(session, routes=others if panel is None else (*others, Route(step, panel)))


def _change_panel(session: Session, index: int, **changes: Any) -> Session:
    panels = list(session.panels)
    panels[index] = replace(panels[index], **changes)
    return replace(session, panels=tuple(panels))


def show(session: Session, index: int, shows: Shows) -> Session:
    """Change what panel `index` shows."""
    return _change_panel(session, index, shows=shows)


def show_step(session: Session, step: str) -> Session:
    """Show a step in the focused panel; plane stays, and so does the step of a difference unless it is the same."""
    shows = session.panel.shows
    minus = "" if shows.minus == step else shows.minus
    return show(session, session.focused, replace(shows, step=step, minus=minus))


def next_plane(session: Session) -> Session:
    """Image, variance, S/N and mask in turn."""
    shows = session.panel.shows
    plane = PLANES[(PLANES.index(shows.plane) + 1) % len(PLANES)]
    return show(session, session.focused, replace(shows, plane=plane))


def toggle_difference(session: Session, previous: str) -> Session:
    """Subtract the step `previous` in the focused panel, or nothing again; raw pixels have no previous step."""
    shows = session.panel.shows
    minus = "" if shows.minus or shows.step == RAW else previous
    return show(session, session.focused, replace(shows, minus=minus))


def set_picture(session: Session, index: int, picture: PictureStyle) -> Session:
    """Change limits, stretch or colours of one panel."""
    return _change_panel(session, index, picture=picture)


def set_view(session: Session, index: int, view: View | None) -> Session:
    """Move one panel, and the panels that are linked to it."""
    if session.link == "off":
        return _change_panel(session, index, view=view)
    panels = []
    for number, panel in enumerate(session.panels):
        if number == index or session.link == "zoom+centre" or view is None or panel.view is None:
            panels.append(replace(panel, view=view))
        else:
            panels.append(replace(panel, view=replace(panel.view, zoom=view.zoom)))
    return replace(session, panels=tuple(panels))


def set_panel_count(session: Session, count: int) -> Session:
    """Show `count` panels; new ones begin as copies of the focused one, the last ones go first."""
    panels = session.panels[:count] + (session.panel,) * (count - len(session.panels))
    return replace(session, panels=panels, focused=min(session.focused, count - 1))


def focus_panel(session: Session, index: int) -> Session:
    """Steer another panel."""
    return replace(session, focused=index)


def set_plane_style(session: Session, plane: str, style: PlaneStyle) -> Session:
    """Change colour or visibility of one mask plane."""
    return replace(session, overlay=session.overlay.with_plane(plane, style))


def toggle_pin(session: Session, pin: Pin) -> Session:
    """Follow a pixel, or no longer."""
    if pin in session.pins:
        return replace(session, pins=tuple(old for old in session.pins if old != pin))
    return replace(session, pins=(*session.pins, pin))


def add_bookmark(session: Session, name: str) -> Session:
    """Keep step and view of the focused panel; a bookmark of the same name is replaced."""
    panel: PanelState = session.panel
    others = tuple(old for old in session.bookmarks if old.name != name)
    return replace(session, bookmarks=(*others, Bookmark(name, panel.shows, panel.view)))


def remember(session: Session, name: str) -> Session:
    """Keep config and calibration choices under a name; one of the same name is replaced."""
    others = tuple(old for old in session.named if old.name != name)
    return replace(session, named=(*others, NamedState(name, session.config, session.calibs)))


def recall(session: Session, name: str) -> Session:
    """Return to the parameters kept under a name; `KeyError` when there are none."""
    for state in session.named:
        if state.name == name:
            return replace(session, config=state.config, calibs=state.calibs)
    raise KeyError(f"there is no named state {name!r}; there are {[state.name for state in session.named]}")
