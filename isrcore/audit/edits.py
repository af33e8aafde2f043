"""The operations on a map: each looks at a document and returns the edit, which `DefectHistory.do` makes.

All raise `ValueError` when there is nothing that they could do, and `KeyError` for a defect that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isrcore.audit.defect import Defect, DefectKind, Status, guess_kind
from isrcore.audit.document import Change, DefectDocument, Edit
from isrcore.audit.pixels import PixelSet, line_pixels
from isrcore.geom import Box

__all__ = [
    "add",
    "add_box",
    "add_column",
    "add_line",
    "confirm",
    "drop_candidates",
    "erase",
    "grow",
    "merge",
    "paint",
    "reject",
    "set_kind",
    "set_note",
    "set_status",
    "shrink",
    "split",
    "take_candidates",
]

_BY_HAND = "by hand"
_DECISIONS = {Status.CONFIRMED: "confirm", Status.REJECTED: "reject"}


def add(
    document: DefectDocument,
    pixel_sets: Iterable[PixelSet],
    kinds: Sequence[DefectKind] = (),
    source: str = _BY_HAND,
    label: str = "add",
    notes: Sequence[str] = (),
    status: Status = Status.NEW,
) -> Edit:
    """Add new defects, one for each set of pixels; those outside the chip are clipped.

    Parameters
    ----------
    kinds : sequence of `DefectKind`, optional
        One for each; default guessed from the shapes.
    notes : sequence of str, optional
        One for each.
    status : `Status`
    """
    sets = list(pixel_sets)
    detector = document.camera_detector
    changes = []
    for index, pixels in enumerate(sets):
        inside = _inside(document, pixels)
        kind = kinds[index] if kinds else guess_kind(inside, detector)
        note = notes[index] if notes else ""
        fresh = Defect(document.next_id + index, inside, kind, status, source=source, note=note)
        changes.append(Change(None, fresh))
    if not changes:
        raise ValueError(f"{label}: no pixels are given")
    return Edit(label, tuple(changes))


def add_box(document: DefectDocument, box: Box) -> Edit:
    """A new defect: a box."""
    return add(document, [PixelSet.of([box])], label="box")


def add_column(document: DefectDocument, x: int, y_first: int = 0, width: int = 1) -> Edit:
    """A new defect: columns from `y_first` to the last row, the way in which charge trails in MegaCam."""
    box = Box(x, y_first, width, document.frame.y1 - y_first)
    return add(document, [PixelSet.of([box])], label="column")


def add_line(document: DefectDocument, x0: int, y0: int, x1: int, y1: int, width: int = 1) -> Edit:
    """A new defect: a straight line, both ends included."""
    return add(document, [line_pixels(x0, y0, x1, y1, width)], label="line")


def paint(document: DefectDocument, pixels: PixelSet, number: int | None = None) -> Edit:
    """Add pixels to a defect, or make them a new one."""
    if number is None:
        return add(document, [pixels], label="paint")
    defect = document[number]
    grown = defect.pixels | _inside(document, pixels)
    if grown == defect.pixels:
        raise ValueError(f"paint: defect {number} has these pixels already")
    return Edit("paint", (_reshaped(defect, grown),))


def erase(document: DefectDocument, pixels: PixelSet, number: int | None = None) -> Edit:
    """Take pixels from one defect, or from all that are flagged; a defect without pixels is removed."""
    chosen = [document[number]] if number is not None else [defect for defect in document if defect.flags]
    touched = [defect for defect in chosen if defect.pixels.touches(pixels)]
    changes = [
        _reshaped(defect, left) for defect in touched if (left := defect.pixels - pixels).area != defect.pixels.area
    ]
    if not changes:
        raise ValueError("erase: no defect has these pixels")
    return Edit("erase", tuple(changes))


def grow(document: DefectDocument, number: int, dx: int = 1, dy: int = 1) -> Edit:
    """Add all pixels within `dx` columns and `dy` rows."""
    defect = document[number]
    grown = defect.pixels.grow(dx, dy, document.frame)
    if grown == defect.pixels:
        raise ValueError(f"grow: defect {number} fills the chip in this direction already")
    return Edit("grow", (_reshaped(defect, grown),))


def shrink(document: DefectDocument, number: int, dx: int = 1, dy: int = 1) -> Edit:
    """Remove the pixels within `dx` columns and `dy` rows of good ones."""
    defect = document[number]
    left = defect.pixels.shrink(dx, dy, document.frame)
    if left.is_empty:
        raise ValueError(f"shrink: nothing would be left of defect {number}; reject it instead")
    if left == defect.pixels:
        raise ValueError(f"shrink: defect {number} has no good neighbours in this direction")
    return Edit("shrink", (_reshaped(defect, left),))


def split(document: DefectDocument, number: int, row: int | None = None, column: int | None = None) -> Edit:
    """Split a defect into its connected parts, or below and from a row, or left of and from a column.

    The first part keeps the identity.
    """
    defect = document[number]
    if row is None and column is None:
        parts = defect.pixels.regions()
    else:
        frame = document.frame
        x = frame.x1 if column is None else column
        y = frame.y1 if row is None else row
        low = defect.pixels & PixelSet.of([Box(frame.x0, frame.y0, x - frame.x0, y - frame.y0)])
        parts = [part for part in (low, defect.pixels - low) if not part.is_empty]
    if len(parts) < 2:
        raise ValueError(f"split: defect {number} is in one piece")
    changes = [_reshaped(defect, parts[0])]
    for offset, part in enumerate(parts[1:]):
        status = Status.CANDIDATE if defect.status is Status.CANDIDATE else Status.NEW
        fresh = defect.replace(id=document.next_id + offset, pixels=part, status=status)
        changes.append(Change(None, fresh))
    return Edit("split", tuple(changes))


def merge(document: DefectDocument, numbers: Iterable[int]) -> Edit:
    """Make several defects one, which keeps the identity of the first; notes are joined."""
    defects = [document[number] for number in dict.fromkeys(numbers)]
    if len(defects) < 2:
        raise ValueError(f"merge: expected at least two defects, found {len(defects)}")
    first, *others = defects
    pixels = PixelSet.of(box for defect in defects for box in defect.pixels.boxes)
    note = "; ".join(dict.fromkeys(defect.note for defect in defects if defect.note))
    after = first.replace(pixels=pixels, note=note, status=_after_reshaping(first))
    return Edit("merge", (Change(first, after), *(Change(other, None) for other in others)))


def set_status(document: DefectDocument, numbers: Iterable[int], status: Status, note: str | None = None) -> Edit:
    """Decide about defects, with a new note where one is given."""
    changes: dict[str, object] = {"status": status} if note is None else {"status": status, "note": note}
    return _each(document, numbers, _DECISIONS.get(status, str(status)), changes)


def confirm(document: DefectDocument, numbers: Iterable[int], note: str | None = None) -> Edit:
    """They are defects."""
    return set_status(document, numbers, Status.CONFIRMED, note)


def reject(document: DefectDocument, numbers: Iterable[int], note: str | None = None) -> Edit:
    """They are none: the map no longer has them, the document keeps them as rejected."""
    return set_status(document, numbers, Status.REJECTED, note)


def take_candidates(document: DefectDocument, kind: DefectKind | None = None) -> Edit:
    """All candidates, or those of one kind, become part of the map."""
    chosen = [one for one in document if one.status is Status.CANDIDATE and kind in (None, one.kind)]
    if not chosen:
        what = "there are no candidates" if kind is None else f"there is no candidate of kind {kind}"
        raise ValueError(f"take: {what}; a search finds them")
    label = "take candidates" if kind is None else f"take candidates: {kind}"
    return Edit(label, tuple(Change(one, one.replace(status=Status.NEW)) for one in chosen))


def drop_candidates(document: DefectDocument) -> Edit:
    """Remove all candidates."""
    chosen = [one for one in document if one.status is Status.CANDIDATE]
    if not chosen:
        raise ValueError("drop candidates: there are none; a search finds them")
    return Edit("drop candidates", tuple(Change(one, None) for one in chosen))


def set_note(document: DefectDocument, numbers: Iterable[int], note: str) -> Edit:
    """Write down why."""
    return _each(document, numbers, "note", {"note": note})


def set_kind(document: DefectDocument, numbers: Iterable[int], kind: DefectKind) -> Edit:
    """Say what they are."""
    return _each(document, numbers, "kind", {"kind": kind})


def _each(document: DefectDocument, numbers: Iterable[int], label: str, values: dict[str, object]) -> Edit:
    defects = [document[number] for number in dict.fromkeys(numbers)]
    # A decision that repeats the last one counts: somebody has looked again.
    changes = tuple(Change(defect, defect.replace(**values)) for defect in defects)
    if not changes:
        raise ValueError(f"{label}: no defect is chosen")
    return Edit(label, changes)


def _inside(document: DefectDocument, pixels: PixelSet) -> PixelSet:
    inside = pixels.clip(document.frame)
    if inside.is_empty:
        what = f"found {pixels.bbox}" if not pixels.is_empty else "found none"
        raise ValueError(f"expected pixels on {document.detector}, which covers {document.frame}; {what}")
    return inside


def _after_reshaping(defect: Defect) -> Status:
    return defect.status if defect.status in (Status.NEW, Status.CANDIDATE) else Status.CHANGED


def _reshaped(defect: Defect, pixels: PixelSet) -> Change:
    return Change(defect, None if pixels.is_empty else defect.replace(pixels=pixels, status=_after_reshaping(defect)))
