"""Where the panels look and what they show: zoom, orientation, planes, comparisons, blink and curtain."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from isrcore.inspect.layout import Layout
from isrviewer.render.view import Orientation
from isrviewer.session import Planes, Run, Shows
from isrviewer.session.changes import (
    focus_panel,
    next_plane,
    set_curtain,
    set_panel_count,
    set_view,
    share_limits,
    show,
    toggle_comparison,
)
from isrviewer.session.readout import is_trimmed

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["ViewCommands", "parse_place"]


def parse_place(text: str) -> tuple[str, float, float]:
    """Read ``x y`` (``"pixel"``) or right ascension and declination (``"sky"``, degrees).

    Sky positions are two sexagesimal numbers (hours and degrees), or two decimal degrees behind the word ``sky``.

    Raises
    ------
    ValueError
        For anything else.
    """
    parts = text.replace("−", "-").replace(",", " ").split()
    sky = parts[:1] == ["sky"]
    parts = parts[1:] if sky else parts
    if len(parts) == 2:
        try:
            if ":" in parts[0] and ":" in parts[1]:
                return "sky", 15 * _sexagesimal(parts[0]), _sexagesimal(parts[1])
            place = float(parts[0]), float(parts[1])
        except ValueError:
            place = math.nan, math.nan
        if all(map(math.isfinite, place)):
            return "sky" if sky else "pixel", *place
    raise ValueError(f"expected x y, hh:mm:ss dd:mm:ss, or sky and two degrees; found {text!r}")


def _sexagesimal(text: str) -> float:
    match = re.fullmatch(r"([+-]?)(\d+):(\d+)(?::(\d+(?:\.\d*)?))?", text)
    if match is None:
        raise ValueError(text)
    sign, whole, minutes, seconds = match.groups()
    return (-1 if sign == "-" else 1) * (int(whole) + int(minutes) / 60 + float(seconds or 0) / 3600)


class ViewCommands:
    """The View menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def zoom_in(self) -> None:
        self._desk.grid.focused.view.zoom_in()

    def zoom_out(self) -> None:
        self._desk.grid.focused.view.zoom_out()

    def fit(self) -> None:
        self._model.change(set_view(self._model.session, self._model.session.focused, None))

    def one_to_one(self) -> None:
        self._desk.grid.focused.view.one_to_one()

    def move_cursor(self, step: tuple[int, int]) -> None:
        self._desk.grid.focused.view.move_cursor(*step)

    def go_to(self) -> None:
        self._desk.prompt.ask("Go to x y (0-based), or hh:mm:ss dd:mm:ss", "", self.go_to_place)

    def go_to_place(self, text: str) -> None:
        """Centre the focused panel on a place typed by the user."""
        try:
            system, first, second = parse_place(text)
            if system == "sky":
                first, second = self._from_sky(first, second)
            self._check_is_inside(first, second)
        except ValueError as error:
            self._desk.strip.error(str(error))
            return
        self._desk.grid.focused.view.go_to(first, second)

    def _check_is_inside(self, x: float, y: float) -> None:
        """A panel that shows no pixel at all would look broken."""
        planes = self._desk.grid.focused.planes
        if planes is not None and planes.index(x, y) is None:
            (height, width), (x0, y0) = planes.shape, planes.xy0
            raise ValueError(
                f"x {x:g} y {y:g} is not in this panel: expected x from {x0} to {x0 + width - 1} and y from {y0} to "
                f"{y0 + height - 1}"
            )

    def _from_sky(self, ra: float, dec: float) -> tuple[float, float]:
        exposure = self._desk.grid.focused.exposure
        if exposure is None or exposure.wcs is None:
            raise ValueError("the header of this frame has no usable WCS; give x and y instead")
        x, y = (float(value) for value in exposure.wcs.world_to_pixel_values(ra, dec))
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError(f"RA {ra:.5f} Dec {dec:.5f} has no place in this frame; look at the header for its centre")
        if is_trimmed(exposure) and exposure.detector is not None:
            place = Layout.assembled(exposure.detector).from_raw(round(x), round(y))
            if place is None:
                raise ValueError(
                    f"RA {ra:.5f} Dec {dec:.5f} falls on raw pixel {x:.0f} {y:.0f}, outside the imaging area"
                )
            return float(place[0]), float(place[1])
        return x, y

    def next_plane(self) -> None:
        self._model.change(next_plane(self._model.session))

    def plane(self, plane: str) -> None:
        shows = self._model.session.panel.shows
        self._show(replace(shows, plane=plane))

    def calibration(self, kind: str) -> None:
        """Show a calibration frame, or the step that the list has selected again."""
        shows, frame = self._model.session.panel.shows, Planes(kind, Run.CALIBRATION)
        if shows.of == frame:
            self._show(replace(shows, of=Planes(self._desk.runs.last_step()), other=None))
        elif kind in self._desk.runs.calibrations():
            self._show(replace(shows, of=frame, other=None))
        else:
            self._desk.strip.note(f"No {kind} frame is in memory: its step is off or has not run yet.")

    def compare(self, combine: str) -> None:
        if self._model.session.panel.shows.of.is_raw:
            self._desk.strip.note("The raw planes have no previous step; select a step first.")
        self._model.change(toggle_comparison(self._model.session, combine))

    def _show(self, shows: Shows) -> None:
        self._model.change(show(self._model.session, self._model.session.focused, shows))

    def orient(self, how: str) -> None:
        """Turn or mirror the focused panel."""
        view, planes = self._desk.grid.focused.view, self._desk.grid.focused.planes
        sky = None if planes is None else planes.sky
        match how:
            case "rotate":
                view.orient(view.orientation.rotated())
            case "mirror_x":
                view.orient(view.orientation.mirrored_x())
            case "mirror_y":
                view.orient(view.orientation.mirrored_y())
            case "detector":
                view.orient(Orientation())
            case "north" if sky is not None:
                view.orient(Orientation.north_up(sky))
            case "north":
                self._desk.strip.note("The header of this frame has no usable WCS, so north is not known.")

    def peek(self) -> None:
        """Swap to the previous step, or back: the menu's way; the key swaps while it is held."""
        self._desk.grid.peek(not self._desk.grid.is_peeking)

    def flip(self) -> None:
        self._desk.grid.flip()

    def blink(self) -> None:
        self._desk.grid.blink()

    def curtain(self) -> None:
        session = self._model.session
        part = 0.5 if session.panel.curtain is None else None
        self._model.change(set_curtain(session, session.focused, part))

    def same_limits(self) -> None:
        session = self._model.session
        self._model.change(share_limits(session, not session.same_limits), "same limits")

    def panels(self, count: int) -> None:
        self._model.change(set_panel_count(self._model.session, count), f"{count} panels")

    def next_panel(self) -> None:
        session = self._model.session
        self._model.change(focus_panel(session, (session.focused + 1) % len(session.panels)))

    def link(self, mode: str) -> None:
        self._model.change(replace(self._model.session, link=mode), f"link {mode}")

    def full_panel(self) -> None:
        self._desk.docks.toggle()
        self._desk.requests.update_actions()

