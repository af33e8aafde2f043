"""DS9 region files, and the box that was drawn last as a region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore.image.trimming import trim_offset
from isrviewer.session.region_file import read_regions, write_regions
from isrviewer.session.state import Region

if TYPE_CHECKING:
    from isrcore.image import Exposure
    from isrviewer.desk import Desk

__all__ = ["RegionCommands"]

REGIONS = "DS9 regions (*.reg);;All files (*)"

_SAID = 3
"""Regions left out whose lines are quoted."""


class RegionCommands:
    """What can be done with regions. Image coordinates in a file are those of the plane in the focused panel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._model = desk.model

    def load(self) -> None:
        self._desk.paths.ask_open("Load regions", REGIONS, self.load_file)

    def save(self) -> None:
        self._desk.paths.ask_save("Save regions", "regions.reg", REGIONS, self.save_file)

    def save_on_sky(self) -> None:
        self._desk.paths.ask_save("Save regions in fk5", "regions.reg", REGIONS, partial(self.save_file, on_sky=True))

    def load_file(self, path: str) -> None:
        """Add the regions of a file, as one undoable change."""
        frame = self._frame()
        if frame is None:
            return
        offset, exposure = frame
        tile, ltv = self._tile(), _physical(exposure, offset)
        self._desk.jobs.start(
            f"Reading {Path(path).name}",
            lambda check: read_regions(Path(path), offset, exposure.wcs, tile, ltv),
            lambda found: self._add(path, *found),
            lambda error: self._desk.strip.error(str(error)),
        )

    def save_file(self, path: str, on_sky: bool = False) -> None:
        """Write the regions and the pinned pixels, in image coordinates of the plane in the focused panel or in fk5."""
        frame = self._frame()
        if frame is None:
            return
        wcs = frame[1].wcs if on_sky else None
        if on_sky and wcs is None:
            self._desk.strip.error("The frame on screen has no sky coordinates: save image coordinates instead.")
            return
        session = self._model.session
        pins = tuple(Region("point", ((pin.x, pin.y),), text=f"pin {pin.x} {pin.y}") for pin in session.pins)
        regions = session.regions + pins

        def write(check: Callable[[], None]) -> None:
            write_regions(Path(path), regions, frame[0], wcs)

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
        name = self._desk.runs.view.frame_name(exposure)
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
            some = "; ".join(left_out[:_SAID]) + ("; ..." if len(left_out) > _SAID else "")
            self._desk.strip.error(f"{len(regions)} regions loaded, {len(left_out)} of {name} left out: {some}")
        else:
            self._desk.strip.note(f"{len(regions)} regions loaded from {name}.")

    def _tile(self) -> int | None:
        """Which tile of the mosaic of all CCDs DS9 takes the open one for."""
        view = self._desk.runs.view
        if view.facts is None or view.detector is None:
            return None
        numbers = [number for number, _ in view.facts.detectors]
        return numbers.index(view.detector) + 1 if len(numbers) > 1 else view.detector + 1

    def _frame(self) -> tuple[tuple[int, int], Exposure] | None:
        exposure = self._desk.grid.focused.exposure
        offset = None if exposure is None else trim_offset(exposure)
        if exposure is None or offset is None:
            self._desk.strip.error("Regions need a frame on screen whose pixels lead back to the raw frame.")
            return None
        return offset, exposure


def _physical(exposure: Exposure, offset: tuple[int, int]) -> tuple[float, float]:
    """Image minus physical coordinates: none, or where the header has LTV cards, which belong to the raw frame."""
    cards = [exposure.metadata.get(key) for key in ("LTV1", "LTV2")]
    if not all(isinstance(card, (int, float)) for card in cards):
        return 0.0, 0.0
    x, y = (float(card) - shift for card, shift in zip(cards, offset, strict=True))
    return x, y
