"""What the pen draws into a map between press and release: pixels as they grow, and the one edit they become."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrcore.geom import Box

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument, Edit
    from isrcore.audit.pixels import PixelSet

__all__ = ["Stroke", "brush_box"]


def brush_box(x: int, y: int, brush: int) -> Box:
    """The pixels under a brush."""
    low = (brush - 1) // 2
    return Box(x - low, y - low, brush, brush)


@dataclass(frozen=True)
class Stroke:
    """One drag with a tool. Coordinates are those of the map; pixels outside of the chip are left out.

    Attributes
    ----------
    tool : str
        ``paint``, ``erase``, ``toggle``, ``box``, ``column`` or ``line``.
    brush : int
    frame : `Box`
        The chip.
    start, here : (int, int)
        Column and row where it began, and where it is now.
    apart : bool
        Whether it does not belong to the chosen defect: what is painted becomes a new one, and it erases from all.
    """

    tool: str
    brush: int
    frame: Box
    start: tuple[int, int]
    here: tuple[int, int]
    apart: bool = False
    _drawn: PixelSet | None = field(default=None, repr=False)

    @classmethod
    def begin(cls, tool: str, brush: int, frame: Box, at: tuple[int, int], apart: bool = False) -> Stroke:
        """A stroke of one place."""
        return cls(tool, brush, frame, at, at, apart).to(at)

    def to(self, here: tuple[int, int]) -> Stroke:
        """The stroke drawn on to another pixel. Costs what lies between, however long it is by now."""
        if self.tool not in ("paint", "erase", "toggle"):
            return replace(self, here=here)

        added = core_audit.pixels.line_pixels(*self.here, *here, self.brush).clip(self.frame)
        return replace(self, here=here, _drawn=added if self._drawn is None else self._drawn | added)

    @property
    def pixels(self) -> PixelSet:
        """What it covers."""
        if self._drawn is not None:
            return self._drawn
        (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(self.start, self.here, strict=True))
        if self.tool == "line":
            return core_audit.pixels.line_pixels(*self.start, *self.here, self.brush).clip(self.frame)
        if self.tool == "column":
            wide = brush_box(x0, 0, self.brush)
            box = Box(wide.x0, self.start[1], wide.width + x1 - x0, self.frame.y1 - self.start[1])
        else:
            box = Box.from_corners(x0, y0, x1, y1)
        return core_audit.pixels.PixelSet.of([box.intersect(self.frame)])

    def edit(self, document: DefectDocument, chosen: int) -> Edit:
        """The edit of a map in which defect `chosen` is chosen (0 for none).

        Raises
        ------
        ValueError
            If nothing would change.
        """
        number = chosen if chosen and not self.apart else None
        erases = self.tool == "erase"
        if self.tool == "toggle" and number is not None:
            erases = document[number].pixels.contains_pixel(*self.here)
        if erases:
            return core_audit.edits.erase(document, self.pixels, number)
        if self.tool in ("paint", "toggle"):
            return core_audit.edits.paint(document, self.pixels, number)
        return core_audit.edits.add(document, [self.pixels], label=self.tool)
