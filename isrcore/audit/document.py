"""The map as a document: immutable snapshots that share their defects, and edits that lead from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.defect import Defect, guess_kind
from isrcore.audit.pixels import PixelSet
from isrcore.calib.defects import Defects
from isrcore.camera import Detector
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

__all__ = ["Change", "DefectDocument", "Edit"]


@dataclass(frozen=True)
class Change:
    """One defect before and after an edit; None where it does not exist.

    Raises
    ------
    ValueError
        If neither exists, or they are different defects.
    """

    before: Defect | None
    after: Defect | None

    def __post_init__(self) -> None:
        if len({defect.id for defect in (self.before, self.after) if defect is not None}) != 1:
            raise ValueError(f"a change is about one defect, found {self.before} and {self.after}")

    @property
    def id(self) -> int:
        defect = self.after if self.after is not None else self.before
        assert defect is not None
        return defect.id

    @property
    def inverse(self) -> Change:
        return Change(self.after, self.before)


@dataclass(frozen=True)
class Edit:
    """Something a person did: changes that belong together, and that are undone together.

    Attributes
    ----------
    label : str
        In words: ``grow``, ``confirm``.
    changes : tuple of `Change`
    who, when : str
        When: UTC, ISO 8601.
    """

    label: str
    changes: tuple[Change, ...]
    who: str = ""
    when: str = ""

    def stamped(self, who: str, when: str) -> Edit:
        """The edit made by somebody: the changed defects bear the name and time, too."""
        changes = tuple(
            change if change.after is None else Change(change.before, change.after.replace(who=who, when=when))
            for change in self.changes
        )
        return Edit(self.label, changes, who, when)

    def to_json(self) -> dict[str, Any]:
        pairs = [[None if d is None else d.to_json() for d in (c.before, c.after)] for c in self.changes]
        return {"label": self.label, "who": self.who, "when": self.when, "changes": pairs}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Edit:
        changes = tuple(
            Change(*(None if defect is None else Defect.from_json(defect) for defect in pair))
            for pair in values["changes"]
        )
        return cls(str(values["label"]), changes, str(values["who"]), str(values["when"]))


@dataclass(frozen=True)
class DefectDocument:
    """A defect map of one CCD at one moment.

    Attributes
    ----------
    detector : str
        Name of the CCD, ``ccd12``.
    frame : `Box`
        The trimmed chip.
    by_id : mapping of int to `Defect`
        Ascending; read-only.
    source : str
        The map that it was read from; empty for a new one.
    next_id : int
        Not compared: numbers of defects that were undone are not used again.
    """

    detector: str
    frame: Box
    by_id: Mapping[int, Defect] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    next_id: int = field(default=1, compare=False)

    @classmethod
    def of(cls, detector: Detector, pixel_sets: Iterable[PixelSet] = (), source: str = "") -> DefectDocument:
        """A document of unseen defects, kinds guessed from their shapes; pixels outside the chip are left out."""
        clipped = (pixels.clip(detector.bbox) for pixels in pixel_sets)
        full = enumerate((pixels for pixels in clipped if not pixels.is_empty), start=1)
        defects = {n: Defect(n, pixels, guess_kind(pixels, detector), source=source) for n, pixels in full}
        return cls(detector.name, detector.bbox, MappingProxyType(defects), source, len(defects) + 1)

    def __iter__(self) -> Iterator[Defect]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def __contains__(self, number: object) -> bool:
        return number in self.by_id

    def __getitem__(self, number: int) -> Defect:
        try:
            return self.by_id[number]
        except KeyError:
            raise KeyError(f"the map of {self.detector} has no defect {number}") from None

    @property
    def camera_detector(self) -> Detector:
        """The CCD as MegaCam's tables describe it."""
        return megacam_camera()[self.detector]

    def replace_source(self, source: str) -> DefectDocument:
        return replace(self, source=source)

    def apply(self, edit: Edit) -> DefectDocument:
        """The next document; defects that the edit does not name are shared.

        Raises
        ------
        ValueError
            If the edit was made for another state of the document. Nothing has changed then.
        """
        defects = dict(self.by_id)
        next_id, sort = self.next_id, False
        for change in edit.changes:
            if defects.get(change.id) != change.before:
                raise ValueError(
                    f"edit {edit.label!r} does not fit the map of {self.detector}: expected defect {change.id} to be "
                    f"{change.before}, found {defects.get(change.id)}"
                )
            if change.after is None:
                del defects[change.id]
            else:
                sort = sort or (change.before is None and change.id < next_id)
                defects[change.id] = change.after
                next_id = max(next_id, change.id + 1)
        if sort:
            defects = dict(sorted(defects.items()))
        return replace(self, by_id=MappingProxyType(defects), next_id=next_id)

    def revert(self, edit: Edit) -> DefectDocument:
        """The document before an edit that was applied last."""
        return self.apply(Edit(edit.label, tuple(change.inverse for change in reversed(edit.changes))))

    def at(self, x: int, y: int) -> list[Defect]:
        """The defects that have a pixel, rejected ones included."""
        return [defect for defect in self if defect.pixels.contains_pixel(x, y)]

    def mask(self) -> NDArray[np.bool_]:
        """Where the map flags: bool (height, width) over `frame`."""
        where = np.zeros(self.frame.shape, np.bool_)
        for defect in self:
            if defect.flags:
                defect.pixels.paint(where, (self.frame.x0, self.frame.y0))
        return where

    def to_defects(self) -> Defects:
        """The map as the pipeline takes it: normalised boxes of everything that is not rejected."""
        return Defects(box for defect in self if defect.flags for box in defect.pixels.boxes)
