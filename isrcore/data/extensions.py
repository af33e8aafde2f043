"""Which extension holds which CCD, for raw frames and masters alike.

Names come first, positions last, because files lose names, lose extensions and come in three layouts: one amplifier per
extension (2002-12 to 2003-02), one CCD per extension, or one CCD as the primary image of a file of its own.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from isrcore.camera.megacam import N_DETECTORS, detector_name, load_geometry
from isrcore.data.errors import FrameError
from isrcore.data.fits_file import FitsFile, Hdu

__all__ = ["Layout", "Source", "Sources", "check_frame", "find_sources"]

_LOG = logging.getLogger(__name__)

_NAME = re.compile(r"(ccd|amp)(\d\d)")
"""Matched in lower case: astropy writes names in capitals."""


class Layout(StrEnum):
    """How a file divides the mosaic; the value is the text for people."""

    AMPLIFIERS = "one amplifier per extension"
    CCDS = "one CCD per extension"
    SINGLE = "one CCD as the primary image"


@dataclass(frozen=True)
class Source:
    """Where the pixels of one CCD are: one extension, or two (A, B) in the amplifier layout."""

    detector: int
    hdus: tuple[Hdu, ...]


@dataclass
class Sources:
    """The CCDs of a file.

    Attributes
    ----------
    layout : `Layout`
    found : dict
        `Source` by detector number, ascending.
    problems : dict
        `FrameError` by detector number, for CCDs that are there but cannot be used.
    """

    layout: Layout
    found: dict[int, Source] = field(default_factory=dict)
    problems: dict[int, FrameError] = field(default_factory=dict)


def find_sources(file: FitsFile) -> Sources:
    """All CCDs of a file, by name.

    The number of a CCD is that of the last EXTNAME ``ccdNN``; without one it is EXTVER, then the CCD with the CCDNAME
    of the header, then the position in the file. Amplifiers go by ``ampNN``, EXTVER, position. Of two extensions with
    one number the first counts, and the log says so.
    """
    images = [hdu for hdu in file.hdus if hdu.is_image]
    by_amplifier = bool(images) and all(_is_amplifier(hdu) for hdu in images)
    numbered: dict[int, Hdu] = {}
    for hdu in images:
        number = _number(hdu, by_amplifier)
        if number is None:
            _LOG.warning("%s, HDU %s: cannot tell which CCD this is; it is left out", file.path, hdu.label)
        elif number in numbered:
            _LOG.warning(
                "%s: HDU %s and %s are the same CCD; the first counts", file.path, numbered[number].label, hdu.label
            )
        else:
            numbered[number] = hdu
    if not by_amplifier:
        layout = Layout.SINGLE if images and images[0].index == 0 else Layout.CCDS
        return Sources(layout, {number: Source(number, (numbered[number],)) for number in sorted(numbered)})
    return _pair_amplifiers(file.path, numbered)


def _pair_amplifiers(path: Path, numbered: dict[int, Hdu]) -> Sources:
    sources = Sources(Layout.AMPLIFIERS)
    for name, pair in load_geometry()["amplifier_extensions"]["extension"].items():
        detector = int(name[3:])
        present = [amp for amp in "AB" if pair[amp] in numbered]
        if len(present) == 2:
            sources.found[detector] = Source(detector, (numbered[pair["A"]], numbered[pair["B"]]))
        elif present:
            lost = f"amp{pair['B' if present == ['A'] else 'A']:02d}"
            sources.problems[detector] = FrameError(
                path,
                f"{name} has only amplifier {present[0]}",
                keyword="EXTNAME",
                expected=f"an extension {lost} as well",
                found=f"HDU {numbered[pair[present[0]]].label} only",
                cure="get the complete file",
            )
    return sources


def _is_amplifier(hdu: Hdu) -> bool:
    match = _NAME.fullmatch(hdu.name.lower())
    width, height = load_geometry()["amplifier_extensions"]["size"]
    return match[1] == "amp" if match else hdu.shape == (height, width)


def _number(hdu: Hdu, by_amplifier: bool) -> int | None:
    limit = 2 * N_DETECTORS if by_amplifier else N_DETECTORS
    match = _NAME.fullmatch(hdu.name.lower())
    version = hdu.header.integer("EXTVER")
    if match:
        number: int | None = int(match[2])
    elif version is not None:
        number = version
    elif not by_amplifier and hdu.header.text("CCDNAME") in _ccd_names():
        number = _ccd_names()[hdu.header.text("CCDNAME")]
    else:
        number = hdu.index - 1
    return number if number is not None and 0 <= number < limit else None


@cache
def _ccd_names() -> dict[str, int]:
    """Detector number by CCDNAME, which has not changed since 2002."""
    return {row["ccd_name"]: int(name[3:]) for name, row in load_geometry()["ccds"]["rows"].items()}


def check_frame(file: FitsFile, source: Source) -> None:
    """Raise `FrameError` unless the extensions hold whole, unbinned frames.

    Binned frames and rasters (a range of rows, or the 8 x 8 binning of some tests) are refused: their section keywords
    describe the full frame, so that no pixel could be placed.
    """
    group = "amplifier_extensions" if len(source.hdus) == 2 else "sections"
    width, height = load_geometry()[group]["size" if len(source.hdus) == 2 else "raw_size"]
    cure = "only full, unbinned frames can be processed"
    for hdu in source.hdus:
        header = hdu.header
        for key in ("CCDBIN1", "CCDBIN2", "CCDSUM"):
            binning = header.text(key).split()
            if any(factor != "1" for factor in binning):
                raise FrameError(
                    file.path,
                    "the frame is binned",
                    hdu=hdu.label,
                    keyword=key,
                    expected=1,
                    found=" ".join(binning),
                    cure=cure,
                )
        raster = header.text("RASTER")
        if raster not in ("", "FULL"):
            raise FrameError(
                file.path, "a sub-raster", hdu=hdu.label, keyword="RASTER", expected="FULL", found=raster, cure=cure
            )
        if hdu.shape != (height, width):
            prefix = "ZNAXIS" if hdu.is_compressed else "NAXIS"
            keyword, expected, found = (
                (f"{prefix}1", width, hdu.shape[1]) if hdu.shape[1] != width else (f"{prefix}2", height, hdu.shape[0])
            )
            problem = f"wrong size for {detector_name(source.detector)}: {hdu.shape[1]} x {hdu.shape[0]} pixels"
            raise FrameError(
                file.path, problem, hdu=hdu.label, keyword=keyword, expected=expected, found=found, cure=cure
            )
        file.check(hdu)
