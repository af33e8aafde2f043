"""Two maps side by side: what one has and the other has not, in numbers, in pictures, and as edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.defect import Defect, DefectKind, Status
from isrcore.audit.document import Change, DefectDocument, Edit

__all__ = ["Difference", "DifferenceKind", "MapComparison", "apply_differences", "compare_maps"]


class DifferenceKind(StrEnum):
    """How a defect of two maps differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    COMMON = "common"


@dataclass(frozen=True)
class Difference:
    """A defect in the old and in the new map; None where it is not.

    Attributes
    ----------
    kind : `DifferenceKind`
        Changed: common pixels, but not the same ones.
    old, new : `Defect` or None
    """

    kind: DifferenceKind
    old: Defect | None
    new: Defect | None

    @property
    def defect(self) -> Defect:
        """The one that there is, the new one first."""
        defect = self.new if self.new is not None else self.old
        assert defect is not None
        return defect


@dataclass(frozen=True)
class MapComparison:
    """All differences of two maps of one CCD.

    Attributes
    ----------
    old, new : `DefectDocument`
    differences : tuple of `Difference`
        By position, common defects included.
    """

    old: DefectDocument
    new: DefectDocument
    differences: tuple[Difference, ...]

    def of_kind(self, kind: DifferenceKind) -> list[Difference]:
        return [difference for difference in self.differences if difference.kind is kind]

    def counts(self) -> dict[tuple[str, DifferenceKind, DefectKind], int]:
        """Number of defects by amplifier (of the middle of the defect), difference, and kind of defect."""
        counts: dict[tuple[str, DifferenceKind, DefectKind], int] = {}
        for difference in self.differences:
            defect = difference.defect
            key = (self._amplifier(defect), difference.kind, defect.kind)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def _amplifier(self, defect: Defect) -> str:
        box = defect.bbox
        x, y = (box.x0 + box.x1 - 1) // 2, (box.y0 + box.y1 - 1) // 2
        return next(amp.name for amp in self.old.camera_detector if amp.bbox.contains_pixel(x, y))

    def pixels(self) -> NDArray[np.uint8]:
        """What to draw in three colours: 0 good in both, 1 only in the old map, 2 only in the new, 3 in both."""
        return self.old.mask().astype(np.uint8) + np.uint8(2) * self.new.mask().astype(np.uint8)

    def pixel_counts(self) -> dict[DifferenceKind, int]:
        """Flagged pixels that were added, removed, or are common."""
        found = np.bincount(self.pixels().ravel(), minlength=4)
        kinds = (DifferenceKind.REMOVED, DifferenceKind.ADDED, DifferenceKind.COMMON)
        return {kind: int(found[value]) for value, kind in enumerate(kinds, start=1)}


def compare_maps(old: DefectDocument, new: DefectDocument) -> MapComparison:
    """Compare two maps, rejected defects left out.

    Defects with the same pixels are common. Of the others, those that share most pixels are one defect that has
    changed; the rest are added or removed.

    Raises
    ------
    ValueError
        If the maps are of different CCDs.
    """
    if old.detector != new.detector:
        raise ValueError(f"only maps of one CCD can be compared: found {old.detector} and {new.detector}")
    by_pixels = {defect.pixels: defect for defect in old if defect.flags}
    left: list[Defect] = []
    differences: list[Difference] = []
    for defect in (defect for defect in new if defect.flags):
        same = by_pixels.pop(defect.pixels, None)
        if same is None:
            left.append(defect)
        else:
            differences.append(Difference(DifferenceKind.COMMON, same, defect))
    kept = {defect.id: defect for defect in by_pixels.values()}
    # Duplicates of a common defect differ from nothing.
    pairs = [
        ((one.pixels & other.pixels).area, one, other)
        for other in left
        for one in kept.values()
        if one.pixels.touches(other.pixels)
    ]
    changed_new: set[int] = set()
    for area, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1].id, pair[2].id)):
        if area and one.id in kept and other.id not in changed_new:
            differences.append(Difference(DifferenceKind.CHANGED, one, other))
            changed_new.add(other.id)
            del kept[one.id]
    differences += [Difference(DifferenceKind.REMOVED, one, None) for one in kept.values()]
    differences += [Difference(DifferenceKind.ADDED, None, other) for other in left if other.id not in changed_new]
    differences.sort(key=lambda difference: (difference.defect.bbox.y0, difference.defect.bbox.x0))
    return MapComparison(old, new, tuple(differences))


def apply_differences(document: DefectDocument, differences: Iterable[Difference], source: str = "") -> Edit:
    """Bring differences, one or all, into a document, as one edit.

    Added defects come in as new ones, removed ones are rejected, changed ones take the new pixels.

    Parameters
    ----------
    document : `DefectDocument`
        The old map of the comparison, maybe edited since.
    differences : iterable of `Difference`
    source : str
        Where they come from; default the source of the new defects.

    Raises
    ------
    KeyError
        If a defect of the old map is no longer there.
    ValueError
        If there is nothing to apply.
    """
    changes = []
    number = document.next_id
    for difference in differences:
        old = None if difference.old is None else document[difference.old.id]
        new = difference.new
        if difference.kind is DifferenceKind.COMMON:
            continue
        if new is None:
            assert old is not None
            changes.append(Change(old, old.replace(status=Status.REJECTED)))
        elif old is None:
            fresh = new.replace(id=number, status=Status.NEW, source=source or new.source)
            changes.append(Change(None, fresh))
            number += 1
        else:
            changes.append(Change(old, old.replace(pixels=new.pixels, status=Status.CHANGED)))
    if not changes:
        raise ValueError("there is no difference to apply")
    return Edit("apply differences", tuple(changes))


