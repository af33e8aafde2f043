"""Defects: the rectangles of a detector that no calibration can save (manual: files, Defects).

All boxes are 0-based and in the trimmed, assembled frame of the detector. Files that use another frame are converted in
`isrcore.calib.defect_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from isrcore.calib.defect_boxes import boxes_from_table
from isrcore.geom import Box
from isrcore.image import MaskedImage
from isrcore.image.footprints import Runs, cover_runs, footprint_boxes
from isrcore.metadata import PropertyList

__all__ = ["Defects", "as_boxes"]


class Defects:
    """A list of boxes, kept disjoint and without duplicates.

    Boxes are normalised when they come in: painted together, split into connected regions, and cut into rectangles
    again, so that overlaps and duplicates vanish and touching boxes may merge.

    Parameters
    ----------
    boxes : iterable, optional
        Boxes, pairs ``(x, y)`` for single pixels, or objects with ``getBBox()``.
    metadata : `PropertyList`, optional
    normalize : bool
        False keeps the boxes as they are.

    Raises
    ------
    ValueError
        For anything else in `boxes`.
    """

    OBSTYPE = "defects"

    def __init__(
        self, boxes: Iterable[Any] | None = None, metadata: PropertyList | None = None, normalize: bool = True
    ) -> None:
        self._boxes = [_as_box(item) for item in boxes or ()]
        self.metadata = PropertyList() if metadata is None else metadata
        self.metadata.set("OBSTYPE", self.OBSTYPE)
        self._suspended = not normalize
        self._normalize()
        self._suspended = False

    def _normalize(self) -> None:
        if not self._suspended and self._boxes:
            self._boxes = _normalized(self._boxes)

    @contextmanager
    def bulk_update(self) -> Iterator[None]:
        """Postpone normalisation until the end of a ``with`` block."""
        self._suspended = True
        try:
            yield
        finally:
            self._suspended = False
            self._normalize()

    def append(self, item: Any) -> None:
        """Add a box and normalise."""
        self._boxes.append(_as_box(item))
        self._normalize()

    def insert(self, index: int, item: Any) -> None:
        """Insert a box and normalise."""
        self._boxes.insert(index, _as_box(item))
        self._normalize()

    def __len__(self) -> int:
        return len(self._boxes)

    def __iter__(self) -> Iterator[Box]:
        return iter(self._boxes)

    def __getitem__(self, index: int) -> Box:
        return self._boxes[index]

    def __setitem__(self, index: int, item: Any) -> None:
        self._boxes[index] = _as_box(item)
        self._normalize()

    def __delitem__(self, index: int) -> None:
        del self._boxes[index]

    def __eq__(self, other: object) -> bool:
        """Same boxes in the same order; metadata is not compared."""
        return isinstance(other, Defects) and self._boxes == other._boxes

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Defects({len(self)} boxes, {self.area} pixels)"

    @property
    def area(self) -> int:
        """Number of pixels; counts double what un-normalised boxes share."""
        return sum(box.area for box in self._boxes)

    def copy(self) -> Defects:
        return Defects(self._boxes, self.metadata.copy(), normalize=False)

    def transpose(self) -> Defects:
        """Defects with x and y exchanged."""
        turned = [Box(box.y0, box.x0, box.height, box.width) for box in self._boxes]
        return Defects(turned, self.metadata.copy(), normalize=False)

    def maskPixels(self, maskedImage: MaskedImage, maskName: str = "BAD") -> None:
        """Set a mask plane on every box, in place.

        Parameters
        ----------
        maskedImage : `MaskedImage`
            Boxes are clipped to it.
        maskName : str
            `ValueError` when the mask has no such plane.
        """
        for box in self._boxes:
            maskedImage.mask.set_box(box, maskName, maskedImage.xy0)

    @classmethod
    def fromMask(cls, maskedImage: MaskedImage, maskName: str) -> Defects:
        """The regions where a mask plane is set, not normalised again."""
        return cls(footprint_boxes(maskedImage.mask.has(maskName), maskedImage.xy0), normalize=False)

    @classmethod
    def fromFootprintList(cls, footprints: Iterable[Runs]) -> Defects:
        """Boxes that cover regions given by their horizontal runs, not normalised."""
        return cls([box for runs in footprints for box in cover_runs(runs)], normalize=False)

    @classmethod
    def fromTable(cls, table: Any, normalize: bool = True) -> Defects:
        """From an `astropy.table.Table` in one of the two forms of `isrcore.calib.defect_boxes`."""
        return cls(boxes_from_table(table), PropertyList(dict(table.meta)), normalize)


def _as_box(item: Any) -> Box:
    if isinstance(item, Box):
        return item
    if hasattr(item, "getBBox"):
        return _as_box(item.getBBox())
    if isinstance(item, (tuple, list)) and len(item) == 2 and all(isinstance(part, (int, np.integer)) for part in item):
        return Box(int(item[0]), int(item[1]), 1, 1)
    raise ValueError(f"a defect is a Box, an (x, y) pixel or an object with getBBox(), found {item!r}")


def as_boxes(defects: Iterable[Any]) -> list[Box]:
    """The boxes of a defect list of any kind, in its order and as they are."""
    return [_as_box(item) for item in defects]


def _normalized(boxes: list[Box]) -> list[Box]:
    """Disjoint boxes with the same union.

    The work is done on a grid whose lines are the edges of the boxes: between two lines nothing changes, so the grid
    has the same regions and rectangles as the pixels, and full columns cost no more than single pixels.
    """
    boxes = [box for box in boxes if not box.is_empty]
    # The first pixel of a run decides the order of regions, so it gets a cell of its own.
    if not boxes:
        return []
    sides = np.array([(box.x0, box.x0 + 1, box.x1, box.y0, box.y1) for box in boxes])
    x_lines, y_lines = np.unique(sides[:, :3]), np.unique(sides[:, 3:])
    cells = np.zeros((len(y_lines), len(x_lines)), np.bool_)
    columns, rows = np.searchsorted(x_lines, sides[:, [0, 2]]).tolist(), np.searchsorted(y_lines, sides[:, 3:]).tolist()
    for (left, right), (bottom, top) in zip(columns, rows, strict=True):
        cells[bottom:top, left:right] = True
    xs, ys = x_lines.tolist(), y_lines.tolist()
    return [
        Box(xs[cell.x0], ys[cell.y0], xs[cell.x1] - xs[cell.x0], ys[cell.y1] - ys[cell.y0])
        for cell in footprint_boxes(cells)
    ]
