"""Which extension holds which CCD, for raw frames, masters and masks alike.

What an extension says about itself is read in `isrcore.data.identity`; here the extensions of a file are put together.
Files come in three layouts: one amplifier per extension (2002-12 to 2003-02), one CCD per extension, or one CCD as the
primary image of a file of its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from isrcore.camera.megacam import N_DETECTORS, detector_name, load_geometry
from isrcore.data.errors import FrameError
from isrcore.data.fits_file import FitsFile, Hdu
from isrcore.data.identity import (
    KEYWORDS,
    Verdict,
    claims_of,
    detector_of_amplifier,
    exposure_claims,
    is_amplifier,
    is_nameless,
    is_plane,
    weigh,
)

__all__ = ["Layout", "Source", "Sources", "check_frame", "exposure_detector", "find_sources"]

_LOG = logging.getLogger(__name__)


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
    """All CCDs of a file, each by what its header says (`isrcore.data.identity`).

    An image without name, CCDNAME, DETSEC and EXTVER goes by its position, when the file has all its extensions and
    those that say which CCD they are stand at their positions. Of two images of one CCD the one with the stronger claim
    counts, else the first; the log says so, as it does for claims that contradict each other. Where names do, the CCDs
    that they name are among the problems.
    """
    images = [hdu for hdu in file.hdus if hdu.is_image and not is_plane(hdu)]
    by_amplifier = bool(images) and all(is_amplifier(hdu) for hdu in images)
    verdicts = {hdu.index: weigh(claims_of(hdu, by_amplifier)) for hdu in images}
    by_position = _positions(file, images, verdicts, 2 * N_DETECTORS if by_amplifier else N_DETECTORS)
    numbered: dict[int, Hdu] = {}
    quarrels = _counted_from_one(images, verdicts)
    for hdu in sorted(images, key=lambda hdu: _rank(verdicts[hdu.index])):
        verdict = verdicts[hdu.index]
        number = by_position.get(hdu.index) if verdict.claim is None else verdict.number
        if verdict.against is not None:
            quarrels.append(f"HDU {hdu.label}: {verdict.quarrel}")
        if number is None:
            _LOG.warning("%s, HDU %s: cannot tell which CCD this is; it is left out", file.path, hdu.label)
        elif number in numbered:
            first = numbered[number].label
            _LOG.warning("%s: HDU %s and %s are the same CCD; %s counts", file.path, first, hdu.label, first)
        else:
            numbered[number] = hdu
    if quarrels:
        more = f", and so in {len(quarrels) - 1} more" if len(quarrels) > 1 else ""
        _LOG.warning("%s, %s%s", file.path, quarrels[0], more)
    sources = _pair_amplifiers(file.path, numbered) if by_amplifier else _whole_ccds(numbered)
    for hdu in images:
        verdict = verdicts[hdu.index]
        if verdict.is_refused:
            _refuse(file.path, hdu, verdict, sources, by_amplifier)
    return sources


def _rank(verdict: Verdict) -> int:
    """How strong the claim of an image is; smaller is stronger."""
    return len(KEYWORDS) if verdict.claim is None else KEYWORDS.index(verdict.claim.keyword)


def _positions(file: FitsFile, images: list[Hdu], verdicts: dict[int, Verdict], limit: int) -> dict[int, int]:
    """Numbers of nameless images by their place in the file, by HDU; empty when places do not tell."""
    known = {index: verdict.number for index, verdict in verdicts.items() if verdict.number is not None}
    stated = file.hdus[0].header.integer("NEXTEND")
    in_order = all(number == index - 1 for index, number in known.items())
    if not in_order or (stated is not None and stated > len(images)):
        return {}
    return {hdu.index: hdu.index - 1 for hdu in images if is_nameless(hdu) and 0 < hdu.index <= limit}


def _counted_from_one(images: list[Hdu], verdicts: dict[int, Verdict]) -> list[str]:
    """What to say where images known by EXTVER alone look as if a tool had counted them from 1."""
    by_version = [hdu for hdu in images if _rank(verdicts[hdu.index]) == KEYWORDS.index("EXTVER")]
    if len(by_version) < 2 or any(verdicts[hdu.index].number != hdu.index for hdu in by_version):
        return []
    hdu = by_version[0]
    return [
        f"HDU {hdu.label}: EXTVER says {detector_name(hdu.index)}, its position {detector_name(hdu.index - 1)}; EXTVER "
        "counts, which a tool may have counted from 1"
    ]


def _whole_ccds(numbered: dict[int, Hdu]) -> Sources:
    layout = Layout.SINGLE if any(hdu.index == 0 for hdu in numbered.values()) else Layout.CCDS
    return Sources(layout, {number: Source(number, (numbered[number],)) for number in sorted(numbered)})


def _refuse(path: Path, hdu: Hdu, verdict: Verdict, sources: Sources, by_amplifier: bool) -> None:
    """Keep among the problems that an extension may be of either CCD, for those that no other extension is of."""
    error = _contradiction(path, hdu, verdict)
    for claim in (verdict.claim, verdict.against):
        for number in () if claim is None else claim.numbers:
            detector = detector_of_amplifier(number) if by_amplifier else number
            if detector not in sources.found:
                sources.problems[detector] = error


def _contradiction(path: Path, hdu: Hdu, verdict: Verdict) -> FrameError:
    sides = [claim for claim in (verdict.claim, verdict.against) if claim is not None]
    return FrameError(
        path,
        f"cannot tell which CCD this is: {verdict.quarrel}",
        hdu=hdu.label,
        keyword=", ".join(claim.keyword for claim in sides),
        expected="the same CCD in both",
        found=" and ".join(claim.name for claim in sides),
        cure="correct the wrong one",
    )


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


def exposure_detector(file: FitsFile) -> int | None:
    """The CCD of an exposure with planes: DETNAME, DETSER and CCDNAME of its primary header; None without them.

    Raises
    ------
    FrameError
        If they contradict each other.
    """
    verdict = weigh(exposure_claims(file.hdus[0].header))
    if verdict.is_refused:
        raise _contradiction(file.path, file.hdus[0], verdict)
    return verdict.number


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
