"""Every change of a session as a pure function: session in, session out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from isrviewer.render.compose import PictureStyle
from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.render.view import Orientation, View
from isrviewer.session.planes import PREVIOUS, Planes, Run
from isrviewer.session.state import (
    PLANES,
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
    "compare",
    "delete_bookmark",
    "focus_panel",
    "forget",
    "free_bookmark_name",
    "go_to_bookmark",
    "load_overrides",
    "next_plane",
    "open_frame",
    "orient",
    "pick_calib",
    "recall",
    "remember",
    "rename_bookmark",
    "route",
    "set_curtain",
    "set_field",
    "set_panel_count",
    "set_picture",
    "set_plane_style",
    "set_second",
    "set_view",
    "share_limits",
    "show",
    "show_step",
    "toggle_breakpoint",
    "toggle_comparison",
    "toggle_pin",
]


def open_frame(session: Session, path: str, detector: int | None) -> Session:
    """Another frame or CCD; parameters, panels and styles stay, pinned pixels and places of the old frame go."""
    if (path, detector) == (session.frame, session.detector):
        return session
    other = replace(session, frame=path, detector=detector)
    return other if session.frame in ("", path) else replace(other, pins=(), bookmarks=())


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
    """Show a step in the focused panel; plane stays, and so does what it is compared with unless it is the same."""
    shows, planes = session.panel.shows, Planes(step)
    other = None if shows.other == planes else shows.other
    return show(session, session.focused, replace(shows, of=planes, other=other))


def next_plane(session: Session) -> Session:
    """Image, variance, S/N and mask in turn."""
    shows = session.panel.shows
    plane = PLANES[(PLANES.index(shows.plane) + 1) % len(PLANES)]
    return show(session, session.focused, replace(shows, plane=plane))


def toggle_comparison(session: Session, combine: str) -> Session:
    """Compare with the previous step in the focused panel, or with nothing again; raw pixels have no previous step."""
    shows = session.panel.shows
    off = (shows.other is not None and shows.combine == combine) or shows.of.is_raw
    return show(session, session.focused, replace(shows, other=None if off else PREVIOUS, combine=combine))


def set_picture(session: Session, index: int, picture: PictureStyle) -> Session:
    """Change limits, stretch or colours of one panel; limits that are the same everywhere change everywhere."""
    session = _change_panel(session, index, picture=picture)
    return _spread_limits(session, picture) if session.same_limits else session


def share_limits(session: Session, on: bool) -> Session:
    """Give all panels the limits of the focused one from now on, or let each have its own again."""
    session = replace(session, same_limits=on)
    return _spread_limits(session, session.panel.picture) if on else session


def _spread_limits(session: Session, picture: PictureStyle) -> Session:
    panels = (
        replace(panel, picture=replace(panel.picture, limits=picture.limits, change_limits=picture.change_limits))
        for panel in session.panels
    )
    return replace(session, panels=tuple(panels))


def set_view(session: Session, index: int, view: View | None, shifts: Sequence[tuple[float, float]] = ()) -> Session:
    """Move one panel, and the panels that are linked to it.

    Parameters
    ----------
    session : `Session`
    index : int
    view : `View` or None
    shifts : sequence of (float, float)
        For each panel what to add to a place in panel `index` to be at the same place of the sky; none if empty.
    """
    if session.link == "off":
        return _change_panel(session, index, view=view)
    panels = []
    for number, panel in enumerate(session.panels):
        if number == index or view is None:
            new = view
        elif session.link == "zoom+centre" or panel.view is None:
            dx, dy = shifts[number] if shifts else (0.0, 0.0)
            new = replace(view, center=(view.center[0] + dx, view.center[1] + dy))
        else:
            new = replace(panel.view, zoom=view.zoom)
        if new is not None and number != index:
            new = replace(new, orientation=panel.orientation)
        panels.append(replace(panel, view=new))
    return replace(session, panels=tuple(panels))


def orient(session: Session, index: int, orientation: Orientation) -> Session:
    """Turn or mirror one panel; panels that are linked in zoom and centre turn with it."""
    panels = list(session.panels)
    for number, panel in enumerate(panels):
        if number == index or session.link == "zoom+centre":
            view = panel.view and replace(panel.view, orientation=orientation)
            panels[number] = replace(panel, view=view, orientation=orientation)
    return replace(session, panels=tuple(panels))


def set_curtain(session: Session, index: int, part: float | None) -> Session:
    """Draw a panel's curtain to a part of its width, or take it away."""
    return _change_panel(session, index, curtain=part)


def set_second(session: Session, index: int, planes: Planes) -> Session:
    """Choose what a panel blinks with and shows behind its curtain."""
    return _change_panel(session, index, second=planes)


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
    others = delete_bookmark(session, name).bookmarks
    return replace(session, bookmarks=(*others, Bookmark(name, panel.shows, panel.view)))


def free_bookmark_name(session: Session) -> str:
    """A name that no bookmark has: the step on screen and a number."""
    taken = {mark.name for mark in session.bookmarks}
    names = (f"{session.panel.shows.of.key} {number}" for number in itertools.count(1))
    return next(name for name in names if name not in taken)


def go_to_bookmark(session: Session, name: str) -> Session:
    """Show step and place of a bookmark in the focused panel; `KeyError` when there is none of this name."""
    for mark in session.bookmarks:
        if mark.name == name:
            return set_view(show(session, session.focused, mark.shows), session.focused, mark.view)
    raise KeyError(f"there is no bookmark {name!r}; there are {[mark.name for mark in session.bookmarks]}")


def rename_bookmark(session: Session, name: str, new: str) -> Session:
    """Give a bookmark another name; `ValueError` for an empty name or one that another bookmark has."""
    if not new:
        raise ValueError("A bookmark needs a name.")
    if new != name and any(mark.name == new for mark in session.bookmarks):
        raise ValueError(f"There is a bookmark “{new}” already: choose another name, or delete that one first.")
    marks = (replace(mark, name=new) if mark.name == name else mark for mark in session.bookmarks)
    return replace(session, bookmarks=tuple(marks))


def delete_bookmark(session: Session, name: str) -> Session:
    """Forget a bookmark."""
    return replace(session, bookmarks=tuple(mark for mark in session.bookmarks if mark.name != name))


def remember(session: Session, name: str) -> Session:
    """Keep config and calibration choices under a name; one of the same name is replaced."""
    others = tuple(old for old in session.named if old.name != name)
    return replace(session, named=(*others, NamedState(name, session.config, session.calibs)))


def forget(session: Session, name: str) -> Session:
    """Drop the parameters kept under a name; they are no longer compared with."""
    if session.compared == name:
        session = compare(session, "")
    return replace(session, named=tuple(state for state in session.named if state.name != name))


def compare(session: Session, name: str) -> Session:
    """Compare with the parameters kept under a name; an empty name ends the comparison, also in the panels."""
    if name:
        return replace(session, compared=name)
    panels = tuple(replace(panel, shows=_without_compared(panel.shows)) for panel in session.panels)
    seconds = tuple(replace(panel, second=PREVIOUS) if panel.second.run is Run.B else panel for panel in panels)
    return replace(session, compared="", panels=seconds)


def _without_compared(shows: Shows) -> Shows:
    other = None if shows.other is not None and shows.other.run is Run.B else shows.other
    return replace(shows, of=Planes(shows.of.name) if shows.of.run is Run.B else shows.of, other=other)


def recall(session: Session, name: str) -> Session:
    """Return to the parameters kept under a name; `KeyError` when there are none."""
    for state in session.named:
        if state.name == name:
            return replace(session, config=state.config, calibs=state.calibs)
    raise KeyError(f"there is no named state {name!r}; there are {[state.name for state in session.named]}")
