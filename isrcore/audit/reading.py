"""Defect maps of every form as documents: found out by content, converted to one frame, and said what was odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.document import DefectDocument
from isrcore.audit.frames import RAW_0, RAW_1, TRIMMED_0, TRIMMED_1, MapFrame, check_frame
from isrcore.audit.regions import join_boxes, mask_defects
from isrcore.audit.storage import load_history
from isrcore.calib.defect_boxes import first_pixel, table_form
from isrcore.calib.defect_files import defects_from_mask_image, read_ds9_regions, read_text_boxes
from isrcore.calib.defect_tables import OtherDetectorError, read_defect_table
from isrcore.calib.defects import Defects
from isrcore.camera import Detector
from isrcore.camera.megacam import load_masks, megacam_camera
from isrcore.data.calib_file import describe_calibration
from isrcore.data.exposure_file import read_exposure
from isrcore.data.facts import ExposureFacts
from isrcore.data.fits_file import open_fits
from isrcore.data.kinds import Kind, classify
from isrcore.data.masters import read_mask_boxes
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.image.footprints import paint_boxes
from isrcore.kernels.collector import collection_paused
from isrcore.readable import check_readable, explained

__all__ = [
    "UNSTATED",
    "MapForm",
    "MapReading",
    "document_from_plane",
    "epoch_problem",
    "find_form",
    "possible_frames",
    "read_map",
]


class MapForm(StrEnum):
    """Forms of defect maps; the value is the text for people."""

    TABLE = "LSST table"
    REGION = "FITS region table"
    ELIXIR = "Elixir mask"
    DS9 = "DS9 regions"
    TEXT = "text boxes"
    PLANE = "mask plane of an exposure"
    AUDIT = "saved audit"


FRAMES = {
    MapForm.TABLE: TRIMMED_0,
    MapForm.REGION: TRIMMED_1,
    MapForm.ELIXIR: RAW_1,
    MapForm.DS9: TRIMMED_1,
    MapForm.TEXT: TRIMMED_0,
    MapForm.PLANE: TRIMMED_0,
    MapForm.AUDIT: TRIMMED_0,
}
"""The frame that each form has unless somebody says otherwise."""

_TABLES = {"simple": MapForm.TABLE, "region": MapForm.REGION}

UNSTATED = (MapForm.DS9, MapForm.TEXT, MapForm.REGION)
"""Forms that people and other programs write, in whichever frame they think."""

_DS9 = re.compile(
    r"DS9|^[ \t]*(?:image|logical|physical|global|fk5|icrs|j2000|galactic|wcs[a-z]?"
    r"|[-+!]?(?:annulus|box|circle|ellipse|line|point|polygon|rotbox))\b",
    re.IGNORECASE | re.MULTILINE,
)
"""What only region files have near their begin."""

_FITS = (".fits", ".fits.gz", ".fits.fz", ".fit", ".fz")


@dataclass(frozen=True)
class MapReading:
    """A map that was read.

    Attributes
    ----------
    document : `DefectDocument`
    form : `MapForm`
    frame : `MapFrame`
        Of the file; the document is always in the trimmed frame, counted from 0.
    notes : tuple of str
        What was odd: clipped, empty, duplicate or overlapping boxes; a frame that could not be verified.
    is_verified : bool
        Whether its fixed rectangles, its form or who wrote it prove the frame.
    """

    document: DefectDocument
    form: MapForm
    frame: MapFrame
    notes: tuple[str, ...] = ()
    is_verified: bool = True


@dataclass
class _Found:
    """Boxes in the numbers of the file, the frame that they have by convention, and whether the file states it."""

    boxes: list[Box]
    frame: MapFrame
    notes: list[str] = field(default_factory=list)
    is_stated: bool = True


def find_form(path: str | Path) -> MapForm:
    """Which form a file has, by its headers or first lines.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is none of them.
    """
    path = Path(path)
    check_readable(path)
    name = path.name.lower()
    if name.endswith(_FITS):
        return _fits_form(path)
    with path.open("rb") as file:
        start = file.read(2048)
    text = start.decode("utf-8", "replace")
    if name.endswith(".ecsv") or text.startswith("# %ECSV"):
        with path.open(encoding="utf-8", errors="replace") as lines:
            columns = next((line for line in lines if line.strip() and not line.startswith("#")), "").upper().split()
        if "FINDING" in columns or "OPERATION" in columns:
            what = "a list of findings" if "FINDING" in columns else "the log of an audit"
            raise ValueError(f"{path}: expected a defect map, found {what}; choose the map that lies beside it")
        return _TABLES.get(table_form(columns) or "", MapForm.TABLE)
    if text.startswith('{"format":"isrcore defect audit"'):
        return MapForm.AUDIT
    if text.startswith("# x0 y0 width height"):
        # Our own: pages of provenance may come before the first box, and it may speak of DS9.
        return MapForm.TEXT
    if _DS9.search(text):
        return MapForm.DS9
    words = [line.split("#")[0].replace(",", " ").split() for line in text.splitlines()]
    if "\0" not in text and any(len(line) == 4 and line[0].lstrip("-").isdigit() for line in words):
        return MapForm.TEXT
    raise ValueError(f"{path}: expected a defect map ({', '.join(MapForm)}), found none of these forms")


def _fits_form(path: Path) -> MapForm:
    file = open_fits(path)
    kind = classify(file.hdus)
    if kind is Kind.DEFECTS:
        forms_of_tables = [_TABLES[form] for hdu in file.hdus if (form := table_form(hdu.columns)) is not None]
        return forms_of_tables[0]
    forms = {Kind.MASK: MapForm.ELIXIR, Kind.EXPOSURE: MapForm.PLANE}
    if kind not in forms:
        raise ValueError(f"{path}: expected a defect map ({', '.join(MapForm)}), found {kind.with_article}")
    return forms[kind]


@collection_paused()
def read_map(path: str | Path, detector: Detector, frame: MapFrame | None = None, plane: str = "BAD") -> MapReading:
    """Read the map of one CCD.

    Parameters
    ----------
    path : path-like
        Any `MapForm`. Every box is a defect of its own, but boxes that are one thing in pieces are joined
        (`isrcore.audit.regions.join_boxes`); in images the connected regions are defects, columns and rows apart.
    detector : `Detector`
    frame : `MapFrame`, optional
        How the file counts pixels, where that is not what its form has by convention (`FRAMES`).
    plane : str
        Mask plane to take from an exposure.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no map, of another CCD, in another frame, or has a damaged entry.
    """
    with explained(path, ValueError):
        return _read_map(Path(path), detector, frame, plane)


def _read_map(path: Path, detector: Detector, frame: MapFrame | None, plane: str) -> MapReading:
    form = find_form(path)
    if form is MapForm.AUDIT:
        document = load_history(path).document
        _require_detector(path, document.detector, detector)
        return MapReading(document, form, TRIMMED_0)
    if form is MapForm.PLANE:
        exposure = read_exposure(path)
        _require_detector(path, exposure.detector.name if exposure.detector else detector.name, detector)
        return MapReading(document_from_plane(exposure, plane, detector, path.name), form, TRIMMED_0)
    if form is MapForm.ELIXIR:
        used = TRIMMED_0
        found = _Found(read_mask_boxes(path, detector.id), used)
    else:
        found = _boxes_as_written(path, form, detector)
        used = found.frame if frame is None else frame
    try:
        verified = check_frame(found.boxes, used, detector)
        sets = join_boxes(_cleaned(found, used, detector), detector.bbox)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    # Without boxes there is nothing to mistake, and our own files have the frame of their form.
    known = verified or not found.boxes or found.is_stated or _is_our_own(path)
    if not found.boxes:
        found.notes.append("the map is empty")
    elif not verified:
        found.notes.append(f"no rows flagged over the whole chip: that it is in the {used} could not be verified")
    document = DefectDocument.of(detector, sets, path.name)
    return MapReading(document, form, RAW_1 if form is MapForm.ELIXIR else used, tuple(found.notes), known)


def _is_our_own(path: Path) -> bool:
    with path.open("rb") as file:
        return b"# MAPSOFT = isrviewer" in file.read(2048)


def possible_frames(path: str | Path, detector: Detector) -> tuple[MapFrame, ...]:
    """Frames in which a file of boxes can be read: the one that its fixed rectangles prove, or all that do not fail.

    The frame by convention comes first. Empty when the file is no map of this CCD in any frame.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, or is no map.
    """
    form = find_form(path)
    usual = FRAMES[form]
    if form is MapForm.REGION:
        try:
            usual = _boxes_as_written(Path(path), form, detector).frame
        except ValueError:
            return ()
    frames = (usual, *(frame for frame in (TRIMMED_0, TRIMMED_1, RAW_0, RAW_1) if frame != usual))
    readings = []
    for frame in frames:
        try:
            readings.append(read_map(path, detector, frame))
        except ValueError:
            continue
    proved = [reading for reading in readings if reading.is_verified]
    return tuple(reading.frame for reading in proved or readings)


def document_from_plane(exposure: Exposure, plane: str, detector: Detector, source: str = "") -> DefectDocument:
    """The regions where a mask plane of an exposure is set; the exposure may be raw or trimmed.

    Raises
    ------
    ValueError
        If there is no such plane, or the exposure is neither.
    """
    boxes = list(defects_from_mask_image(~exposure.mask.has(plane), detector))
    where = paint_boxes(boxes, detector.bbox)
    return DefectDocument.of(detector, mask_defects(where, (detector.bbox.x0, detector.bbox.y0)), source)


def _boxes_as_written(path: Path, form: MapForm, detector: Detector) -> _Found:
    """Boxes in the numbers of the file. The readers count from 0; here that is taken back."""
    left_out: list[str] = []
    frame, is_stated = FRAMES[form], form not in UNSTATED
    if form is MapForm.DS9:
        defects = read_ds9_regions(path, normalize=False, left_out=left_out.append, tile=detector.id + 1)
    elif form is MapForm.TEXT:
        defects = read_text_boxes(path, normalize=False)
    else:
        defects = _table_boxes(path, detector, left_out.append)
        if form is MapForm.REGION:
            # The package regions counts from 0 and says who it is; tables of the pipeline say what they are.
            frame = MapFrame(True, first_pixel(defects.metadata.toDict()))
            is_stated = frame == TRIMMED_0 or "DEFECTS_SCHEMA" in (key.upper() for key in defects.metadata)
    notes = [f"regions left out: {len(left_out)}, such as {left_out[0].removeprefix(f'{path}, ')}"] if left_out else []
    first = frame.first_pixel
    return _Found([box.shift(first, first) for box in defects] if first else list(defects), frame, notes, is_stated)


def _table_boxes(path: Path, detector: Detector, left_out: Callable[[str], None]) -> Defects:
    try:
        table = read_defect_table(path, detector.serial, normalize=False, name=detector.name, left_out=left_out)
    except OtherDetectorError as error:
        names = {other.serial: other.name for other in megacam_camera()}
        if error.found[0] in names.values():
            _require_detector(path, error.found[0], detector)
        owner = names.get(error.found[0], "a CCD that is not MegaCam's")
        raise ValueError(
            f"{path}: expected a map of {detector.name} (SERIAL {detector.serial}), found one of {owner} "
            f"(SERIAL {error.found[0]}); choose its own map"
        ) from error
    named = re.search(r"ccd\d\d", path.name)
    if not str(table.metadata.get("SERIAL", "")).strip() and named:
        _require_detector(path, named[0], detector)
    return table


def _require_detector(path: Path, found: str, detector: Detector) -> None:
    if found != detector.name:
        raise ValueError(f"{path}: expected a map of {detector.name}, found one of {found}; choose its own map")


def _cleaned(found: _Found, frame: MapFrame, detector: Detector) -> NDArray[np.intp]:
    """The pixels of all boxes that have any, each once and in order: rectangles ``y0, x0, y1, x1`` of the chip."""
    boxes = [box for box in found.boxes if not box.is_empty]
    counts = {"empty": len(found.boxes) - len(boxes)}
    corners = _as_corners(boxes)
    if frame.trimmed:
        corners -= frame.first_pixel
        inside = corners.clip([detector.bbox.y0, detector.bbox.x0] * 2, [detector.bbox.y1, detector.bbox.x1] * 2)
        on_chip = (inside[:, :2] < inside[:, 2:]).all(axis=1)
        counts["outside"] = int((~on_chip).sum())
        counts["clipped"] = int((inside != corners)[on_chip].any(axis=1).sum())
        inside = inside[on_chip]
    else:
        sets = [frame.to_pixels(box, detector).clip(detector.bbox) for box in boxes]
        counts["outside"] = sum(pixels.is_empty for pixels in sets)
        inside = np.concatenate([corners[:0], *(pixels.corners for pixels in sets)])
    _, first = np.unique(inside, axis=0, return_index=True)
    once: NDArray[np.intp] = inside[np.sort(first)]
    counts["duplicate"] = len(inside) - len(once)
    found.notes += [f"{_ODD[what]}: {count}" for what, count in counts.items() if count]
    overlap = int((once[:, 2:] - once[:, :2]).prod(axis=1).sum()) - _flagged(once, detector.bbox)
    if overlap:
        found.notes.append(f"pixels in more than one box: {overlap}")
    return once


def _as_corners(boxes: list[Box]) -> NDArray[np.intp]:
    rows = [(box.y0, box.x0, box.y0 + box.height, box.x0 + box.width) for box in boxes]
    far = next((n for n, row in enumerate(rows) if max(row) > _FARTHEST or min(row) < -_FARTHEST), None)
    if far is not None:
        raise ValueError(f"expected boxes on the chip or near it, found {boxes[far]}; the file is damaged")
    return np.array(rows, np.intp).reshape(-1, 4)


def _flagged(corners: NDArray[np.intp], chip: Box) -> int:
    """How many pixels of the chip lie in one of the rectangles."""
    where = np.zeros(chip.shape, np.bool_)
    for y0, x0, y1, x1 in (corners - [chip.y0, chip.x0] * 2).tolist():
        where[y0:y1, x0:x1] = True
    return int(np.count_nonzero(where))


_FARTHEST = 1 << 32
"""Pixels from the chip, beyond all that a table of 32-bit numbers can hold."""

_ODD = {
    "empty": "boxes without pixels left out",
    "outside": "boxes outside the chip left out",
    "clipped": "boxes clipped to the chip",
    "duplicate": "duplicate boxes left out",
}


def epoch_problem(path: str | Path, frame: ExposureFacts) -> str | None:
    """Why a map of a time when CCDs were dead does not hold for an exposure; None when it does, or nothing is known.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    described = describe_calibration(Path(path)) if str(path).lower().endswith(_FITS) else None
    if described is None or frame.day is None:
        return None
    date = frame.day
    rows: Sequence[dict[str, str]] = load_masks()["rows"]
    for row in rows:
        named = (row["run"], row["version"]) == (described.run, described.version)
        if named and not row["start"] <= date < row["stop"]:
            return f"the map holds from {row['start']} to {row['stop']}, the exposure is of {date}; choose another map"
    return None
