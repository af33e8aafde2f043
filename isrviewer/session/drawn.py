"""What the user drew over a picture last: the box and the line that the panels with numbers measure."""

from __future__ import annotations

from dataclasses import dataclass

from isrcore.geom import Box

__all__ = ["DrawnBox", "DrawnLine"]


@dataclass(frozen=True)
class DrawnBox:
    """A box over the pixels of a frame.

    Attributes
    ----------
    box : `Box`
        0-based, in the coordinates of the frame.
    frame : str
        ``raw``, ``assembled`` or ``untrimmed``: a name of `isrcore.inspect.layout.Layout`.
    """

    box: Box
    frame: str

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
