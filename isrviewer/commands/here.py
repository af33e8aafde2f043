"""What is done with the place under the cursor and with the picture of one panel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from isrcore.geom import Box
from isrviewer.commands.files import write_picture

if TYPE_CHECKING:
    from isrviewer.desk import Desk

__all__ = ["HereCommands"]

_SIDE = 32


class HereCommands:
    """Entries of the menus View and Tools."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def copy(self) -> None:
        """Put frame, step and everything that the status bar says of the pixel on the clipboard."""
        readout, panel = self._desk.readout, self._desk.grid.focused
        fields = (readout.value, readout.place, readout.planes, readout.sky)
        told = [field.text() for field in fields if field.text()]
        if not told:
            self._desk.strip.note("Put the cursor on a pixel first.")
            return
        frame = "" if panel.on_screen is None else Path(panel.on_screen.result.of.frame).name
        words = [frame, panel.view.title, *told]
        QGuiApplication.clipboard().setText(" · ".join(word for word in words if word))
        self._desk.strip.note(f"Copied: {' · '.join(told)}")

    def box(self) -> None:
        """Measure the surroundings of the cursor, as if a box had been drawn there."""
        panel = self._desk.grid.focused
        if panel.exposure is None or panel.pixel is None:
            self._desk.strip.note("Put the cursor on a pixel first.")
            return
        x, y = panel.pixel
        self._desk.numbers.show_box(Box(x - _SIDE // 2, y - _SIDE // 2, _SIDE, _SIDE), panel.exposure)

    def zoom_to_box(self) -> None:
        """Fill the focused panel with the box that was drawn last."""
        panel, drawn = self._desk.grid.focused, self._model.session.box
        if drawn is None or panel.exposure is None:
            return
        frame = self._desk.runs.view.frame_name(panel.exposure)
        if frame != drawn.frame:
            self._desk.strip.note(drawn.elsewhere(frame))
            return
        panel.view.show_box(drawn.box)

    def unpin_all(self) -> None:
        self._model.change(replace(self._model.session, pins=()), "unpin all")

    def picture(self) -> None:
        kinds = "Pictures (*.png);;All files (*)"
        self._desk.paths.ask_save("Save picture of the panel", "panel.png", kinds, self.picture_as)

    def picture_as(self, path: str) -> None:
        """Write the focused panel as it is on screen: title, pixels, colour bar."""
        self._desk.write_now(path, lambda: write_picture(self._desk.grid.focused.grab().toImage(), path))
