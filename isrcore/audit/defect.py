"""One defect of a map: its pixels, what it is, and what was decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from isrcore.audit.pixels import PixelSet
from isrcore.camera import Detector
from isrcore.geom import Box

__all__ = ["DETECTED", "Defect", "DefectKind", "Status", "guess_kind"]

DETECTED = "detection"
"""Source of defects that the detection proposes."""


class DefectKind(StrEnum):
    """What a defect is."""

    HOT_PIXEL = "hot pixel"
    HOT_COLUMN = "hot column"
    DEAD_COLUMN = "dead column"
    TRAP = "trap"
    CLUSTER = "cluster"
    EDGE = "edge"
    AMPLIFIER = "amplifier"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """What the audit has decided. A rejected defect and a candidate stay in the document and are no part of the map."""

    CANDIDATE = "candidate"
    """Found by a search, and neither taken nor rejected yet."""

    UNSEEN = "unseen"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CHANGED = "changed"
    NEW = "new"


@dataclass(frozen=True)
class Defect:
    """A defect; immutable.

    Attributes
    ----------
    id : int
        Identity in its document, never used again for another one.
    pixels : `PixelSet`
        0-based, trimmed frame.
    kind : `DefectKind`
    status : `Status`
    source : str
        Where it comes from: a map, a hand, the detection.
    note : str
    who, when : str
        Who decided last, and the time (UTC, ISO 8601); empty before any decision.
    """

    id: int
    pixels: PixelSet
    kind: DefectKind = DefectKind.UNKNOWN
    status: Status = Status.UNSEEN
    source: str = ""
    note: str = ""
    who: str = ""
    when: str = ""

    @property
    def bbox(self) -> Box:
        return self.pixels.bbox

    @property
    def flags(self) -> bool:
        """Whether its pixels are bad in the map."""
        return self.status not in (Status.REJECTED, Status.CANDIDATE)

    @property
    def is_detected(self) -> bool:
        """Whether the detection has found it, and no map had it."""
        return self.source == DETECTED

    def replace(self, **changes: Any) -> Defect:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: str(getattr(self, name)) for name in ("kind", "status", "source", "note", "who", "when")}
        boxes = [[x0, y0, x1 - x0, y1 - y0] for y0, x0, y1, x1 in self.pixels.corners.tolist()]
        return {"id": self.id, "boxes": boxes} | values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Defect:
        """The inverse of `to_json`; `KeyError`, `TypeError` or `ValueError` when it is not one."""
        texts = {name: str(values[name]) for name in ("source", "note", "who", "when")}
        return cls(
            id=int(values["id"]),
            pixels=PixelSet.of(_box(box) for box in values["boxes"]),
            kind=DefectKind(values["kind"]),
            status=Status(values["status"]),
            **texts,
        )


def _box(numbers: Any) -> Box:
    """A box of a file; `ValueError` unless it has four whole numbers that a chip, or what lies near it, can have."""
    if not isinstance(numbers, list) or len(numbers) != 4 or any(type(number) is not int for number in numbers):
        raise ValueError(f"expected a box as four whole numbers, found {numbers!r:.100}")
    if any(abs(number) > _FARTHEST for number in numbers):
        raise ValueError(f"expected a box on the chip or near it, found {numbers!r:.100}")
    return Box(*numbers)


_FARTHEST = 1_000_000
"""Pixels: far outside any chip, and nowhere near what an array can have."""

_LONG = 64
"""Pixels from which a narrow defect counts as a column."""

_NARROW = 4


def guess_kind(pixels: PixelSet, detector: Detector) -> DefectKind:
    """What the shape alone tells; data are needed to tell hot from dead columns.

    A whole amplifier; a strip along an edge of the chip; a column that begins inside the chip and runs to the last row
    is a trap (MegaCam reads from row 0, so blocked charge trails to the top); other columns are unknown; anything
    compact of several pixels is a cluster.
    """
    box, chip = pixels.bbox, detector.bbox
    # No amplifier is as narrow: most defects need no look at any.
    amplifiers = [amp.bbox for amp in detector] if box.width > _NARROW and box.height > _NARROW else []
    if any(map(box.contains, amplifiers)) and pixels.area >= min(amp.area for amp in amplifiers):
        return DefectKind.AMPLIFIER
    along_row = box.width == chip.width and box.height <= _NARROW
    if along_row and (box.y0 == chip.y0 or box.y1 == chip.y1):
        return DefectKind.EDGE
    if box.width <= _NARROW and box.height >= _LONG:
        return DefectKind.TRAP if box.y1 == chip.y1 and box.y0 > chip.y0 + 1 else DefectKind.UNKNOWN
    return DefectKind.CLUSTER if pixels.area > 1 else DefectKind.UNKNOWN
