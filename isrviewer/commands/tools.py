"""Masks, pins, bookmarks, palette, help."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from isrviewer.session.changes import add_bookmark, free_bookmark_name, go_to_bookmark, toggle_pin
from isrviewer.session.readout import read_pixel
from isrviewer.session.state import Pin
from isrviewer.theme import apply_theme

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["HelpCommands", "MaskCommands", "ToolCommands"]


class MaskCommands:
    """The Masks menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def toggle(self) -> None:
        session = self._model.session
        overlay = replace(session.overlay, visible=not session.overlay.visible)
        self._model.change(replace(session, overlay=overlay))

    def toggle_plane(self, row: int) -> None:
        self._desk.masks.toggle(row)

    def outline(self) -> None:
        self._desk.masks.toggle_outlines()

    def preset(self, name: str) -> None:
        session = self._model.session
        self._model.change(replace(session, overlay=replace(session.overlay, preset=name)), f"{name} mask colours")

    def expression(self) -> None:
        """Bring up the field for a combination of planes."""
        self._desk.docks.raise_dock("masks")
        self._desk.masks.edit_expression()

    def region(self, direction: int) -> None:
        """Go to the next or previous region of the plane selected in the list."""
        if not self._desk.masks.step_region(direction):
            self._desk.docks.raise_dock("masks")
            self._desk.strip.note("Select a plane in the list of mask planes first; its regions are listed below it.")

    def go_to_region(self, x: float, y: float) -> None:
        """Look at a region at a zoom at which its pixels can be seen."""
        view = self._desk.grid.focused.view
        if view.view.zoom < 1:
            view.one_to_one((x, y))
        view.go_to(x, y)


class ToolCommands:
    """The Tools menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def palette(self) -> None:
        self._desk.requests.find_action()

    def scheme(self, name: str) -> None:
        """Light, dark, or as the system has it; remembered for the next start."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, name)
        self._desk.settings.change(scheme=name)
        self._desk.requests.draw_icons()

    def find_field(self) -> None:
        self._desk.docks.raise_dock("config")
        self._desk.editor.focus_search()

    def pin(self) -> None:
        """Follow the pixel under the cursor, or no longer."""
        panel = self._desk.grid.focused
        reading = read_pixel(panel.exposure, *panel.pixel) if panel.exposure is not None and panel.pixel else None
        if reading is None or reading.raw is None:
            self._desk.strip.note("Put the cursor on a pixel first.")
            return
        self._model.change(toggle_pin(self._model.session, Pin(*reading.raw)), f"pin {reading.x} {reading.y}")
        self._desk.docks.raise_dock("pixel")

    def bookmark(self) -> None:
        name = free_bookmark_name(self._model.session)
        self._model.change(add_bookmark(self._model.session, name), f"bookmark {name}")
        self._desk.strip.note(f"Bookmarked as “{name}”.")

    def next_bookmark(self) -> None:
        """Walk through the bookmarks in their order."""
        session = self._model.session
        here = (session.panel.shows, session.panel.view)
        places = [(mark.shows, mark.view) for mark in session.bookmarks]
        if places:
            mark = session.bookmarks[(places.index(here) + 1) % len(places) if here in places else 0]
            self._model.change(go_to_bookmark(session, mark.name))

    def show_steps(self) -> None:
        self._desk.docks.focus_dock("steps")

    def show_panel(self, name: str) -> None:
        """Bring a dock to the front; the keys go to its list, if it has one that takes them."""
        self._desk.docks.focus_dock(name)


class HelpCommands:
    """The Help menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def page(self) -> None:
        """Open the help at the selected step."""
        self._show(self._desk.model.session.panel.shows.step)

    def manual(self) -> None:
        """Bring up the manual where it was left."""
        self._desk.docks.focus_dock("manual")

    def step(self) -> None:
        """Open the manual at what it says about the selected step."""
        self._desk.docks.focus_dock("manual")
        self._desk.manual.open_step(self._desk.model.session.panel.shows.step)

    def keys(self) -> None:
        self._desk.docks.focus_dock("keys")

    def about(self) -> None:
        self._show("about")

    def _show(self, topic: str) -> None:
        self._desk.docks.raise_dock("help")
        self._desk.help.show_topic(topic)
