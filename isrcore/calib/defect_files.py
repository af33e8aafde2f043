"""Defects from and for other programs: Elixir masks, DS9 regions, plain text.

This is the one place that converts between frames. Elixir describes raw, untrimmed frames in 1-based pixels, DS9 counts
trimmed pixels from 1, text files hold the 0-based trimmed boxes that `isrcore.calib.defects.Defects` always has.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.calib.defects import Defects
from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image.footprints import footprint_boxes

__all__ = [
    "defects_from_elixir_header",
    "defects_from_mask_image",
    "elixir_cards",
    "elixir_rectangles",
    "raw_from_trimmed",
    "read_ds9_regions",
    "read_elixir_mask",
    "read_text_boxes",
    "trimmed_from_raw",
    "write_ds9_regions",
    "write_text_boxes",
]

_LOG = logging.getLogger(__name__)

_ELIXIR_KEY = re.compile(r"^MASK_\d+$")
_ELIXIR_VALUE = re.compile(r"^\s*\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]\s*$")
_DS9_SHAPE = re.compile(r"^\s*([+-]?)\s*(\w+)\s*[( ]\s*([^)#]*?)\s*\)?\s*(?:#.*)?$")
_DS9_FRAMES = {"image", "physical"}
_DS9_SKY = {"fk4", "b1950", "fk5", "j2000", "icrs", "galactic", "ecliptic", "wcs", "linear", "amplifier", "detector"}


def trimmed_from_raw(boxes: Iterable[Box], detector: Detector) -> list[Box]:
    """Where boxes of the raw frame lie in the trimmed frame: one box for each amplifier that a box touches."""
    return [
        _mirrored(box.intersect(amp.raw_data_bbox), amp.raw_data_bbox, amp.bbox, amp)
        for box in boxes
        for amp in detector
        if not box.intersect(amp.raw_data_bbox).is_empty
    ]


def raw_from_trimmed(boxes: Iterable[Box], detector: Detector) -> list[Box]:
    """Where boxes of the trimmed frame lie in the raw frame: one box for each amplifier that a box touches."""
    return [
        _mirrored(box.intersect(amp.bbox), amp.bbox, amp.raw_data_bbox, amp)
        for box in boxes
        for amp in detector
        if not box.intersect(amp.bbox).is_empty
    ]


def _mirrored(part: Box, source: Box, target: Box, amp: Amplifier) -> Box:
    inside = part.shift(-source.x0, -source.y0).mirror(source.width, source.height, amp.raw_flip_x, amp.raw_flip_y)
    return inside.shift(target.x0, target.y0)


def elixir_rectangles(header: Mapping[str, Any]) -> list[Box]:
    """The rectangles ``MASK_nnn = '[x1:y1,x2:y2]'`` of an Elixir mask: two corners, 1-based, both included, raw frame.

    Returns
    -------
    boxes : list of `Box`
        0-based, raw frame.

    Raises
    ------
    ValueError
        If a value is not of that form.
    """
    boxes = []
    for key in header:
        if not _ELIXIR_KEY.match(key):
            continue
        match = _ELIXIR_VALUE.match(str(header[key]))
        if match is None:
            raise ValueError(f"{key}: expected two corners like '[963:1,963:4644]', found {header[key]!r}")
        xa, ya, xb, yb = (int(group) - 1 for group in match.groups())
        boxes.append(Box.from_corners(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)))
    return boxes


def defects_from_elixir_header(header: Mapping[str, Any], detector: Detector) -> Defects:
    """Defects from the rectangles in the header of an Elixir mask."""
    return Defects(trimmed_from_raw(elixir_rectangles(header), detector))


def elixir_cards(defects: Defects, detector: Detector) -> dict[str, str]:
    """Header keys ``MASK_nnn`` that describe defects in the raw frame as Elixir does."""
    boxes = raw_from_trimmed(defects, detector)
    return {
        f"MASK_{number:03d}": f"[{box.x0 + 1}:{box.y0 + 1},{box.x1}:{box.y1}]" for number, box in enumerate(boxes)
    }


def defects_from_mask_image(image: NDArray[Any], detector: Detector) -> Defects:
    """Defects from an Elixir mask image, in which 0 is bad and 1 is good.

    Parameters
    ----------
    image : ndarray, (height, width)
        Raw or trimmed frame, told by its size.
    detector : `Detector`

    Raises
    ------
    ValueError
        For another size.
    """
    bad = np.asarray(image) == 0
    if bad.shape == detector.bbox.shape:
        return Defects(footprint_boxes(bad, (detector.bbox.x0, detector.bbox.y0)), normalize=False)
    raw = detector.raw_bbox
    if bad.shape != raw.shape:
        raise ValueError(
            f"a mask image of {detector.name} has {raw.width} x {raw.height} pixels (raw) or {detector.bbox.width} x "
            f"{detector.bbox.height} (trimmed), found {bad.shape[-1]} x {bad.shape[0]}"
        )
    trimmed = np.zeros(detector.bbox.shape, np.bool_)
    for amp in detector:
        part = bad[amp.raw_data_bbox.slices((raw.x0, raw.y0))]
        part = part[:: -1 if amp.raw_flip_y else 1, :: -1 if amp.raw_flip_x else 1]
        trimmed[amp.bbox.slices((detector.bbox.x0, detector.bbox.y0))] = part
    return Defects(footprint_boxes(trimmed, (detector.bbox.x0, detector.bbox.y0)), normalize=False)


def read_elixir_mask(path: str | Path, detector: Detector) -> Defects:
    """Read the extension of a detector from an Elixir mask file: its rectangles, or its pixels where it has none.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not FITS, has no extension ``ccdNN`` of the detector, or that cannot be used.
    """
    try:
        with fits.open(path) as hdus:
            for hdu in hdus:
                if str(hdu.header.get("EXTNAME", "")).strip().lower() == detector.name.lower():
                    if any(_ELIXIR_KEY.match(key) for key in hdu.header):
                        return defects_from_elixir_header(hdu.header, detector)
                    return defects_from_mask_image(hdu.data, detector)
            names = [hdu.name for hdu in hdus[1:]]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such mask file") from None
    except OSError as error:
        raise ValueError(f"{path}: not a readable FITS file: {error}") from error
    raise ValueError(f"{path}: expected an extension {detector.name}, found {', '.join(names) or 'no extensions'}")


def read_text_boxes(path: str | Path, normalize: bool = True) -> Defects:
    """Read boxes from text: ``x0 y0 width height`` per line, 0-based trimmed frame, ``#`` begins a comment.

    Raises
    ------
    ValueError
        For a line that is not four whole numbers, or a box without pixels.
    """
    boxes = []
    for number, line in enumerate(_lines(path), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        try:
            box = Box(*(int(word) for word in words))
        except (ValueError, TypeError):
            box = Box()
        if len(words) != 4 or box.is_empty:
            raise ValueError(f"{path}, line {number}: expected 'x0 y0 width height' in pixels, found {line.strip()!r}")
        boxes.append(box)
    return Defects(boxes, normalize=normalize)


def write_text_boxes(defects: Defects, path: str | Path) -> None:
    """Write boxes as text that `read_text_boxes` reads."""
    lines = ["# x0 y0 width height: 0-based, trimmed frame, pixels"]
    lines += [f"{box.x0} {box.y0} {box.width} {box.height}" for box in defects]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_ds9_regions(
    path: str | Path, normalize: bool = True, left_out: Callable[[str], None] = _LOG.warning
) -> Defects:
    """Read boxes and points from a DS9 region file in image coordinates (1-based, trimmed frame).

    A box covers the pixels whose centres lie in it. Other shapes, excluded regions and boxes at an angle are left out.

    Parameters
    ----------
    path : path-like
    normalize : bool
    left_out : callable
        Told about each region that is left out; a warning by default.

    Raises
    ------
    ValueError
        If the regions are in sky coordinates, or a number is missing.
    """
    boxes = []
    for number, line in enumerate(_lines(path), start=1):
        for command in line.split("#")[0].split(";"):
            word = command.strip().lower()
            if not word or word in _DS9_FRAMES or word.startswith("global"):
                continue
            if word in _DS9_SKY:
                raise ValueError(f"{path}, line {number}: regions must be in image coordinates, found {word!r}")
            box = _ds9_box(command, f"{path}, line {number}", left_out)
            if box is not None:
                boxes.append(box)
    return Defects(boxes, normalize=normalize)


def _ds9_box(command: str, place: str, left_out: Callable[[str], None]) -> Box | None:
    match = _DS9_SHAPE.match(command)
    sign, shape, arguments = match.groups() if match else ("", command.strip(), "")
    try:
        values = [float(word) for word in arguments.replace(",", " ").split()]
        if not all(map(math.isfinite, values)):
            raise ValueError
    except ValueError:
        raise ValueError(f"{place}: expected pixel numbers, found {command.strip()!r}") from None
    shape = shape.lower()
    if shape not in ("box", "point") or sign == "-":
        left_out(f"{place}: {command.strip()!r} is left out: only boxes and points can be defects.")
        return None
    if len(values) < (4 if shape == "box" else 2):
        raise ValueError(f"{place}: expected box(x,y,width,height,angle) or point(x,y), found {command.strip()!r}")
    x, y = values[0] - 1.0, values[1] - 1.0
    width, height = (values[2], values[3]) if shape == "box" else (1.0, 1.0)
    quarter_turns = values[4] / 90.0 if shape == "box" and len(values) > 4 else 0.0
    if not math.isclose(quarter_turns, round(quarter_turns), abs_tol=1e-6):
        left_out(f"{place}: {command.strip()!r} is left out: it is rotated.")
        return None
    if round(quarter_turns) % 2:
        width, height = height, width
    first_x, first_y = math.ceil(x - width / 2.0), math.ceil(y - height / 2.0)
    last_x, last_y = math.ceil(x + width / 2.0) - 1, math.ceil(y + height / 2.0) - 1
    return Box.from_corners(first_x, first_y, last_x, last_y)


def write_ds9_regions(defects: Defects, path: str | Path, colour: str = "red") -> None:
    """Write boxes as DS9 regions in image coordinates (1-based, trimmed frame)."""
    lines = ["# Region file format: DS9 version 4.1", f"global color={colour} width=1", "image"]
    for box in defects:
        x, y = box.x0 + (box.width + 1) / 2.0, box.y0 + (box.height + 1) / 2.0
        lines.append(f"box({x:.1f},{y:.1f},{box.width},{box.height},0)")
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file: {error}") from error
