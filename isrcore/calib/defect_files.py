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
from isrcore.calib.mask_image import bad_pixels
from isrcore.camera import Amplifier, Detector
from isrcore.fits_limits import check_fits
from isrcore.geom import Box
from isrcore.image.footprints import footprint_boxes
from isrcore.readable import explained, read_text
from isrcore.regions.reading import RegionFrame, read_regions
from isrcore.regions.shapes import Problem, Shape
from isrcore.regions.writing import region_text

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
        For another size, or pixels that are neither bad nor good.
    """
    pixels = np.asarray(image)
    if pixels.shape == detector.bbox.shape:
        return Defects(footprint_boxes(bad_pixels(pixels), (detector.bbox.x0, detector.bbox.y0)), normalize=False)
    raw = detector.raw_bbox
    if pixels.shape != raw.shape:
        raise ValueError(
            f"a mask image of {detector.name} has {raw.width} x {raw.height} pixels (raw) or {detector.bbox.width} x "
            f"{detector.bbox.height} (trimmed), found {pixels.shape[-1]} x {pixels.shape[0]}"
        )
    trimmed = np.zeros(detector.bbox.shape, np.bool_)
    for amp in detector:
        part = bad_pixels(pixels[amp.raw_data_bbox.slices((raw.x0, raw.y0))])
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
    with explained(path, ValueError, "not a readable mask file"):
        check_fits(path)
        with fits.open(path) as hdus:
            for hdu in hdus:
                if str(hdu.header.get("EXTNAME", "")).strip().lower() == detector.name.lower():
                    if any(_ELIXIR_KEY.match(key) for key in hdu.header):
                        return defects_from_elixir_header(hdu.header, detector)
                    return defects_from_mask_image(hdu.data, detector)
            names = [hdu.name for hdu in hdus[1:]]
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
            box = Box(*map(int, words))
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
    path: str | Path,
    normalize: bool = True,
    left_out: Callable[[str], None] = _LOG.warning,
    tile: int | None = None,
) -> Defects:
    """Read boxes and points from a DS9 region file in image coordinates (1-based, trimmed frame).

    Physical coordinates, which DS9 writes unless told otherwise, are taken as image coordinates. A box covers the
    pixels whose centres lie in it (`Box.of_centres`). Other shapes, excluded regions, boxes at an angle and those of
    another tile of a mosaic are left out.

    Parameters
    ----------
    path : path-like
    normalize : bool
    left_out : callable
        Told about each region that is left out; a warning by default.
    tile : int, optional
        Which tile of a mosaic the detector is, from 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no text, regions are in sky coordinates, or a number is missing.
    """
    try:
        reading = read_regions(path, RegionFrame(tile=tile))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    for one in reading.left_out:
        if one.problem in (Problem.SYSTEM, Problem.DAMAGED):
            raise ValueError(f"{path}, line {one.line}: {one.reason}, in {one.text!r}")
        left_out(f"{path}, {one}")
    boxes = []
    for shape in reading.shapes:
        box = _as_box(shape)
        if box is None:
            what = "it is rotated" if shape.kind == "box" else "only boxes and points can be defects"
            left_out(f"{path}, line {shape.line}: the {shape.kind} is left out: {what}")
        else:
            boxes.append(box)
    return Defects(boxes, normalize=normalize)


def _as_box(shape: Shape) -> Box | None:
    """The pixels of a point or an upright box; None for other shapes."""
    if shape.kind == "point":
        return Box.of_centres(*shape.points[0], 1.0, 1.0)
    if shape.kind != "box":
        return None
    width, height = shape.size
    quarter_turns = shape.angle / 90.0
    if not math.isclose(quarter_turns, round(quarter_turns), abs_tol=1e-6):
        return None
    if round(quarter_turns) % 2:
        width, height = height, width
    return Box.of_centres(*shape.points[0], width, height)


def write_ds9_regions(
    defects: Defects,
    path: str | Path,
    colour: str = "red",
    kinds_of: Callable[[Box], Iterable[str]] = lambda box: (),
) -> None:
    """Write boxes as DS9 regions in image coordinates (1-based, trimmed frame).

    Parameters
    ----------
    defects : `Defects`
    path : path-like
    colour : str
        A name of X11, or ``#rrggbb``.
    kinds_of : callable
        Tags of a box.
    """
    shapes = []
    for box in defects:
        centre = box.x0 + (box.width - 1) / 2.0, box.y0 + (box.height - 1) / 2.0
        size = (float(box.width), float(box.height))
        shapes.append(Shape("box", (centre,), size, tags=tuple(kinds_of(box))))
    Path(path).write_text(region_text(shapes, colour=colour), encoding="utf-8")


def _lines(path: str | Path) -> list[str]:
    try:
        return read_text(path).splitlines()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a text file: {error}") from error
