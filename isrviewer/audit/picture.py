"""What the image panels draw of a map: the rectangles of all its defects in arrays, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isrcore import audit as core_audit
from isrviewer.audit.style import DIFFERENCE_COLOURS, STATUS_MARKS, status_colour

if TYPE_CHECKING:
    from isrcore.audit.compare import MapComparison
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument

__all__ = ["PAINTS", "MapPicture"]

_OUTSIDE = ("rejected", "candidate")
"""Statuses of what is no part of the map."""

PAINTS: Mapping[str, str] = {
    **{status: status_colour(status) for status in sorted(STATUS_MARKS, key=lambda status: status not in _OUTSIDE)},
    **DIFFERENCE_COLOURS,
}
"""Colour by status and by difference, in the order of painting: what the map does not flag lies below."""

_NUMBERS = {name: number for number, name in enumerate(PAINTS)}

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class MapPicture:
    """Everything to draw of one map.

    Attributes
    ----------
    detector : str
        The CCD.
    corners : ndarray, (n, 4), int
        Rectangles ``y0, x0, y1, x1``, half open, 0-based, trimmed frame.
    owners : ndarray, (n,), int
        Number of the defect of each.
    paints : ndarray, (n,), int
        Index of its status or difference in `PAINTS`.
    """

    detector: str
    corners: Ints
    owners: Ints
    paints: Ints

    @classmethod
    def of(cls, document: DefectDocument) -> MapPicture:
        """All defects of a map in the colours of their statuses."""
        return cls(document.detector, *_arrays(list(document)))

    @classmethod
    def of_comparison(cls, comparison: MapComparison) -> MapPicture:
        """Where two maps flag: pixels that only the new one has, only the old one, and both.

        Full-frame work, for a worker thread.
        """
        frame = comparison.old.frame
        where = comparison.pixels()
        # 1 only in the old map, 2 only in the new, 3 in both.
        names = ("removed", "added", "common")
        from_mask = core_audit.pixels.PixelSet.from_mask
        corners = [from_mask(where == value, (frame.x0, frame.y0)).corners for value in (1, 2, 3)]
        counts = [len(part) for part in corners]
        paints = np.repeat([_NUMBERS[name] for name in names], counts)
        return cls(comparison.old.detector, np.concatenate(corners), np.repeat(np.arange(1, 4), counts), paints)

    def following(self, before: DefectDocument, after: DefectDocument) -> MapPicture:
        """The picture of a map after an edit, made from that before it: only defects that changed are looked at."""
        old, new = before.by_id, after.by_id
        fresh = [defect for number, defect in new.items() if old.get(number) is not defect]
        gone = [number for number in old if number not in new]
        has_changed = np.zeros(1 + max([0, *old, *new]), np.bool_)
        has_changed[[*gone, *(defect.id for defect in fresh)]] = True
        kept = ~has_changed[self.owners]
        parts = zip((self.corners, self.owners, self.paints), _arrays(fresh), strict=True)
        return MapPicture(self.detector, *(np.concatenate([mine[kept], theirs]) for mine, theirs in parts))

    def near(self, x: int, y: int, reach: float = 0.0) -> tuple[int, ...]:
        """Numbers of the defects nearest to a pixel, as far as `reach` columns or rows away; 0 for this pixel only."""
        y0, x0, y1, x1 = self.corners.T
        distance = np.maximum(np.maximum(x0 - x, x - x1 + 1), np.maximum(y0 - y, y - y1 + 1)).clip(0)
        if not len(distance) or (nearest := distance.min()) > reach:
            return ()
        return tuple(sorted(set(self.owners[distance == nearest].tolist())))


def _arrays(defects: list[Defect]) -> tuple[Ints, Ints, Ints]:
    corners = [defect.pixels.corners for defect in defects]
    counts = [len(part) for part in corners]
    facts: NDArray[Any] = np.array([(defect.id, _NUMBERS[defect.status]) for defect in defects], np.intp).reshape(-1, 2)
    owners, paints = (np.repeat(column, counts) for column in facts.T)
    return np.concatenate([np.zeros((0, 4), np.intp), *corners]), owners, paints
