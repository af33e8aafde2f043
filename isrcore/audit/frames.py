"""The one place of the audit where pixel frames are stated, converted and checked.

Maps count pixels from 0 or from 1, in the trimmed frame (2048 x 4612) or in the raw one (2112 x 4644, imaging columns
from 32). Nothing in a list of boxes says which, but every real map of MegaCam has the first and the last imaging row
flagged over their whole width: their ends tell the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isrcore.audit.pixels import PixelSet
from isrcore.calib.defect_files import raw_from_trimmed, trimmed_from_raw
from isrcore.camera import Detector
from isrcore.geom import Box

__all__ = ["RAW_0", "RAW_1", "TRIMMED_0", "TRIMMED_1", "MapFrame", "check_frame"]


@dataclass(frozen=True)
class MapFrame:
    """How a map counts pixels.

    Attributes
    ----------
    trimmed : bool
        Whether its columns are those of the imaging area; otherwise of the raw frame.
    first_pixel : int
        Number of the first column and row, 0 or 1.
    """

    trimmed: bool
    first_pixel: int

    def __post_init__(self) -> None:
        if self.first_pixel not in (0, 1):
            raise ValueError(f"pixels of a map are counted from 0 or 1, found {self.first_pixel}")

    def __str__(self) -> str:
        return f"{'trimmed' if self.trimmed else 'raw'} frame, counted from {self.first_pixel}"

    def to_pixels(self, box: Box, detector: Detector) -> PixelSet:
        """The pixels of a box of the map, 0-based, trimmed frame; what is no image in the raw frame is left out."""
        moved = box.shift(-self.first_pixel, -self.first_pixel)
        return PixelSet.of([moved] if self.trimmed else trimmed_from_raw([moved], detector))

    def from_boxes(self, boxes: Iterable[Box], detector: Detector) -> list[Box]:
        """Boxes of the trimmed frame, counted from 0, as this map writes them."""
        # Amplifiers lie side by side in raw frames of MegaCam: what was cut between them is joined again.
        raw = (box for one in boxes for box in PixelSet.of(raw_from_trimmed([one], detector)).boxes)
        return [box.shift(self.first_pixel, self.first_pixel) for box in (boxes if self.trimmed else raw)]


TRIMMED_0, TRIMMED_1 = MapFrame(True, 0), MapFrame(True, 1)
RAW_0, RAW_1 = MapFrame(False, 0), MapFrame(False, 1)


def check_frame(boxes: Iterable[Box], frame: MapFrame, detector: Detector) -> bool:
    """Compare the fixed rectangles of a map with those of the frame that it is said to have.

    Parameters
    ----------
    boxes : iterable of `Box`
        As the file has them.
    frame : `MapFrame`
    detector : `Detector`

    Returns
    -------
    verified : bool
        False when the map lacks the fixed rectangles, so that nothing can be told.

    Raises
    ------
    ValueError
        If they are those of another frame; the message says which.
    """
    boxes = list(boxes)
    matching = [(one, text) for one, text, rows in _signatures(detector) if _has(boxes, rows)]
    if any(one == frame for one, _ in matching):
        return True
    if not matching:
        return False
    found, text = matching[0]
    cure = "correct the map" if found is None else f"read it as a map in the {found}"
    raise ValueError(f"expected a map in the {frame}, found {text}: its first and last imaging rows say so; {cure}")


_Rows = list[tuple[int, set[tuple[int, int]]]]


def _signatures(detector: Detector) -> Iterator[tuple[MapFrame | None, str, _Rows]]:
    """Frames and known mistakes, with the runs of columns that the flagged rows of each can have."""
    chip, raw = detector.bbox, detector.raw_bbox
    data = Box.around(amp.raw_data_bbox for amp in detector)
    for frame in (TRIMMED_0, TRIMMED_1, RAW_0, RAW_1):
        shapes = [chip] if frame.trimmed else [data, raw]
        runs = {(box.x0 + frame.first_pixel, box.x1 + frame.first_pixel) for box in shapes}
        low = (chip if frame.trimmed else data).shift(frame.first_pixel, frame.first_pixel)
        yield frame, f"one in the {frame}", [(low.y0, runs), (low.y1 - 1, runs)]
    shift = data.x0 - chip.x0
    left = {(chip.x0 - shift, chip.x1 - shift), (chip.x0, chip.x1 - shift)}
    right = {(chip.x0 + shift, chip.x1)}
    for runs, side in ((left, "left"), (right, "right")):
        yield None, f"one whose boxes are {shift} columns too far {side}", [(chip.y0, runs), (chip.y1 - 1, runs)]


def _has(boxes: list[Box], rows: _Rows) -> bool:
    return all(_longest_run(boxes, y) in runs for y, runs in rows)


def _longest_run(boxes: list[Box], y: int) -> tuple[int, int]:
    """First column and end of the longest flagged part of a row."""
    longest, begin, end = (0, 0), 0, 0
    for x0, x1 in sorted((box.x0, box.x1) for box in boxes if box.y0 <= y < box.y1):
        begin, end = (x0, x1) if x0 > end or end == begin else (begin, max(end, x1))
        longest = max(longest, (begin, end), key=lambda run: run[1] - run[0])
    return longest
