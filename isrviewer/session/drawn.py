"""What the user drew over a picture last: the box and the line that the panels with numbers measure."""

from __future__ import annotations

from dataclasses import dataclass

from isrcore.geom import Box
from isrviewer.render.checks import FARTHEST, require_choice, require_in

__all__ = ["DrawnBox", "DrawnLine"]

_FRAMES = ("raw", "assembled", "untrimmed")
"""The names of `isrcore.inspect.layout`, which is slow to import."""


@dataclass(frozen=True)
class DrawnBox:
    """A box over the pixels of a frame.

    Attributes
    ----------
    box : `Box`
        0-based, in the coordinates of the frame.
    frame : str
        ``raw``, ``assembled`` or ``untrimmed``: a name of `isrcore.inspect.layout.Layout`.

    Raises
    ------
    ValueError
        For an empty box, one that no frame reaches, and a frame of another name.
    """

    box: Box
    frame: str

    def __post_init__(self) -> None:
        require_choice("frame", self.frame, _FRAMES)
        require_in("corners of the box", (self.box.x0, self.box.y0, self.box.x1, self.box.y1), -FARTHEST, FARTHEST)
        if self.box.is_empty:
            raise ValueError("the box must hold at least one pixel, found none")

    def elsewhere(self, shown: str) -> str:
        """What to say when a panel shows another frame than the one that was drawn over."""
        return f"The box was drawn over the {self.frame} frame, this panel shows the {shown} one: show a step of that."


@dataclass(frozen=True)
class DrawnLine:
    """A line from pixel (x0, y0) to pixel (x1, y1), 0-based, of a frame named as in `DrawnBox`."""

    x0: int
    y0: int
    x1: int
    y1: int
    frame: str

    def __post_init__(self) -> None:
        require_choice("frame", self.frame, _FRAMES)
        require_in("ends of the line", (self.x0, self.y0, self.x1, self.y1), -FARTHEST, FARTHEST)
