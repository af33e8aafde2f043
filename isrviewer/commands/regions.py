"""DS9 region files, and the box that was drawn last as a region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore.image.trimming import trim_offset
from isrviewer.plots.inspector import frame_name
from isrviewer.session.region_file import read_regions, write_regions
from isrviewer.session.state import Region

if TYPE_CHECKING:
    from isrcore.image import Exposure
    from isrviewer.desk import Desk

__all__ = ["RegionCommands"]

REGIONS = "DS9 regions (*.reg);;All files (*)"


class RegionCommands:
    """What can be done with regions. Image coordinates in a file are those of the plane in the focused panel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def load(self) -> None:
        self._desk.paths.ask_open("Load regions", REGIONS, self.load_file)

    def save(self) -> None:
        self._desk.paths.ask_save("Save regions", "regions.reg", REGIONS, self.save_file)

    def load_file(self, path: str) -> None:
        """Add the regions of a file, as one undoable change."""
        frame = self._frame()
        if frame is None:
            return
        offset, exposure = frame
        self._desk.jobs.start(
            f"Reading {Path(path).name}",
            lambda check: read_regions(Path(path), offset, exposure.wcs),
            lambda found: self._add(path, *found),
            lambda error: self._desk.strip.error(str(error)),
        )

    def save_file(self, path: str) -> None:
        """Write the regions and the pinned pixels."""
        frame = self._frame()
        if frame is None:
            return
        session = self._model.session
        pins = tuple(Region("point", ((pin.x, pin.y),), text=f"pin {pin.x} {pin.y}") for pin in session.pins)
        regions = session.regions + pins

        def write(check: Callable[[], None]) -> None:
            write_regions(Path(path), regions, frame[0])

        self._desk.write_beside(path, write, f"Wrote {len(regions)} regions to {path}")

    def keep_box(self) -> None:
        """Make a region of the box that was drawn last."""
        session = self._model.session
        if session.box is None:
            self._desk.strip.note("Draw a box first: hold Shift and drag in a panel.")
            return
        frame = self._frame()
        if frame is None:
            return
        offset, exposure = frame
        name = frame_name(self._desk.runs, exposure)
        if name != session.box.frame:
            self._desk.strip.note(session.box.elsewhere(name))
            return
        box = session.box.box
        centre = (box.x0 + (box.width - 1) / 2 + offset[0], box.y0 + (box.height - 1) / 2 + offset[1])
        region = Region("box", (centre,), (float(box.width), float(box.height)))
        self._model.change(replace(session, regions=(*session.regions, region)), "box region")

    def clear(self) -> None:
        self._model.change(replace(self._model.session, regions=()), "clear regions")

    def clear_drawn(self) -> None:
        self._model.change(replace(self._model.session, box=None, line=None), "clear box and line")

    def _add(self, path: str, regions: tuple[Region, ...], left_out: list[str]) -> None:
        session, name = self._model.session, Path(path).name
        self._model.change(replace(session, regions=(*session.regions, *regions)), f"regions of {name}")
        if left_out:
            reason = f"{len(left_out)} of {name} left out: {'; '.join(sorted(set(left_out)))}"
            self._desk.strip.error(f"{len(regions)} regions loaded. {reason}")
        else:
            self._desk.strip.note(f"{len(regions)} regions loaded from {name}.")

    def _frame(self) -> tuple[tuple[int, int], Exposure] | None:
        exposure = self._desk.grid.focused.exposure
        offset = None if exposure is None else trim_offset(exposure)
        if exposure is None or offset is None:
            self._desk.strip.error("Regions need a frame on screen whose pixels lead back to the raw frame.")
            return None
        return offset, exposure
