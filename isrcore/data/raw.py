"""Raw MegaCam frames: headers at once, the pixels of a CCD when asked for.

`open_raw` reads headers only. What is wrong with one CCD (a damaged heap, the end of a truncated download, a lost
amplifier) is kept in `RawFrame.problems` and raised when that CCD is read; the others stay usable. Only a file without
any usable CCD does not open.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isrcore.camera.megacam import Flavour, detector_name, megacam_camera
from isrcore.data.cards import CardHeader
from isrcore.data.errors import FrameError, NotARawFrame, raises_frame_errors
from isrcore.data.extensions import Layout, Source, check_frame, find_sources
from isrcore.data.facts import ExposureFacts, exposure_facts
from isrcore.data.fits_file import STRUCTURE, FitsFile, open_fits
from isrcore.data.header_detector import header_detector
from isrcore.data.kinds import Kind, classify, is_megacam
from isrcore.data.sky import header_wcs, on_top_of
from isrcore.data.splice import splice_metadata, splice_pixels
from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList

__all__ = ["RawFrame", "open_raw"]

UNDEFINED = "NUMUNDEF"
"""Keyword that counts the pixels to which the file gives no value; only where there are some."""

_LOG = logging.getLogger(__name__)


@raises_frame_errors
def open_raw(path: str | Path) -> RawFrame:
    """Open a raw frame: ``.fits``, ``.fits.fz`` or ``.fits.gz``, all three layouts, partial and single-CCD files.

    Raises
    ------
    NotARawFrame
        For a good file that is something else; the message says what and how to use it.
    FrameError
        For a file that cannot be read, or in which no CCD is usable; the message names the first problem.
    """
    return RawFrame(open_fits(path))


class RawFrame:
    """A raw frame whose headers have been read.

    Attributes
    ----------
    path : `pathlib.Path`
    kind : `Kind`
        Always `Kind.RAW`.
    instrument : str
        ``MegaPrime``, whatever of its four spellings the header has.
    exposure : `ExposureFacts`
    layout : `Layout`
    detectors : list of int
        Numbers of the CCDs that can be read, ascending.
    expected_detectors : int or None
        NCCDS of the primary header; more than `detectors` in a partial file. (NEXTEND counts amplifiers in early
        files.)
    problems : dict
        `FrameError` by number of the CCD that is there but cannot be read.
    damage : `FrameError` or None
        What ended the file before its last extension.
    headers : tuple of `CardHeader`
        All headers in the order of the file.
    """

    kind = Kind.RAW
    instrument = "MegaPrime"

    def __init__(self, file: FitsFile) -> None:
        self._file = file
        self.path = file.path
        _require_raw(file)
        sources = find_sources(file)
        self.layout: Layout = sources.layout
        self.problems = sources.problems
        self._sources: dict[int, Source] = {}
        for number, source in sources.found.items():
            try:
                check_frame(file, source)
                _check_raw_pixels(file, source)
                self._sources[number] = source
            except FrameError as error:
                self.problems[number] = error
        self.damage = file.damage
        all_problems = [*self.problems.values(), *([self.damage] if self.damage is not None else [])]
        if not self._sources:
            if all_problems:
                raise all_problems[0]
            expected = "CCDNAME, EXTNAME ccdNN or ampNN, DETSEC or EXTVER"
            raise FrameError(
                file.path, "no extension could be assigned to a CCD", expected=expected, cure="open the original"
            )
        for problem in all_problems:
            _LOG.warning("%s", problem)
        self.headers: tuple[CardHeader, ...] = tuple(hdu.header for hdu in file.hdus)
        self.exposure: ExposureFacts = exposure_facts(self.headers[:2])
        for note in self.exposure.notes:
            _LOG.warning("%s: %s", file.path, note)
        self.expected_detectors = self.headers[0].integer("NCCDS")

    @property
    def detectors(self) -> list[int]:
        return sorted(self._sources)

    @property
    def identity(self) -> tuple[str, int, int]:
        """Absolute path, size in bytes and modification time in ns: what makes this file this file."""
        return self._file.identity

    def metadata(self, detector: int | str | None = None) -> PropertyList:
        """Header values with their comments: those of the primary, and on top those of a CCD when one is named.

        Everything in the primary is repeated in the extensions (INHERIT = F) except NEXTEND, NCCDS and NAMPS; where
        both state a keyword the extension counts, and so does its WCS as a whole. Keywords of the file's structure
        (sizes, compression, scaling) are left out. The amplifier layout gets the keywords of spliced files, see
        `isrcore.data.splice`.
        """
        merged = self.headers[0].to_property_list(STRUCTURE)
        if detector is None:
            return merged
        source = self._source(detector)
        parts = [hdu.header.to_property_list(STRUCTURE) for hdu in source.hdus]
        if len(parts) == 2:
            return splice_metadata(merged, parts[0], parts[1], source.detector)
        on_top_of(merged, parts[0])
        merged.set("EXTNAME", detector_name(source.detector))
        return merged

    def read(self, detector: int | str, flavour: Flavour = "cfht") -> Exposure:
        """The raw exposure of one CCD.

        Parameters
        ----------
        detector : int or str
            Number or name (``ccdNN``).
        flavour : {"cfht", "obs_cfht"}
            Whose amplifier sections the detector gets; see `isrcore.camera.megacam`.

        Returns
        -------
        exposure : `isrcore.image.Exposure`
            uint16 pixels in ADU, (4644, 2112), untrimmed, mask and variance zero; metadata; detector with the gains,
            read noises and saturation of the header; WCS of the untrimmed frame or None; filter label or None; visit
            info. Pixels to which the file gives no value (BLANK) are 0 and have NO_DATA in the mask; conversion to
            float makes them NaN. Their number is NUMUNDEF in the metadata.

        Raises
        ------
        FrameError
            If the CCD is not in the file, its pixels are damaged, or its header states an infinite gain, read noise
            or saturation.
        """
        return self.complete(self.preview(detector, flavour))

    @raises_frame_errors
    def preview(self, detector: int | str, flavour: Flavour = "cfht") -> Exposure:
        """As `read` but without WCS, filter label and visit info, which take longer to make than the pixels."""
        source = self._source(detector)
        metadata = self.metadata(source.detector)
        image, undefined = self._pixels(source)
        pixels = MaskedImage(image)
        if undefined is not None:
            pixels.mask.set_where(undefined, "NO_DATA")
            metadata.set(UNDEFINED, int(np.count_nonzero(undefined)))
            metadata.comments[UNDEFINED] = "pixels without a value, NO_DATA in the mask"
        chip = megacam_camera(flavour)[detector_name(source.detector)]
        return Exposure(pixels, metadata=metadata, detector=header_detector(self.path, chip, metadata))

    def complete(self, preview: Exposure) -> Exposure:
        """The exposure that `read` gives, with the pixels and metadata of a `preview`; they are shared, not copied."""
        assert preview.detector is not None
        return Exposure(
            preview.masked_image,
            metadata=preview.metadata,
            detector=preview.detector,
            wcs=header_wcs(preview.metadata, preview.detector.getName()),
            filter_label=self.exposure.filter_label(),
            visit_info=self.exposure.visit_info(),
        )

    def undefined_pixels(self, detector: int | str) -> int | None:
        """How many pixels of a CCD have no value; None where its header names no number for them, and none is read.

        Raises
        ------
        FrameError
            As `read`.
        """
        source = self._source(detector)
        if all(self._file.scaling(hdu).blank is None for hdu in source.hdus):
            return None
        undefined = self._pixels(source)[1]
        return 0 if undefined is None else int(np.count_nonzero(undefined))

    def _pixels(self, source: Source) -> tuple[NDArray[np.uint16], NDArray[np.bool_] | None]:
        """The pixels of a CCD, and where they have no value (they are 0 there); None when all have one."""
        images, places, cards = [], [], []
        for hdu in source.hdus:
            stored, scaling = self._file.stored_pixels(hdu), self._file.scaling(hdu)
            where = scaling.undefined(stored)
            if where.any():
                cards.append(f"{scaling.blank_card} = {scaling.blank}")
            # Stored signed integers plus 32768, which is a flip of the highest bit.
            pixels = stored.view(np.uint16)
            images.append(np.bitwise_xor(pixels, np.uint16(0x8000), out=pixels if pixels.flags.writeable else None))
            places.append(where)
        image = images[0] if len(images) == 1 else splice_pixels(*images)
        if not cards:
            return image, None
        undefined = places[0] if len(places) == 1 else splice_pixels(*places)
        image[undefined] = 0
        _LOG.warning(
            "%s, %s: %d pixels have no value (%s): NaN after conversion, NO_DATA in the mask",
            self.path,
            detector_name(source.detector),
            np.count_nonzero(undefined),
            " and ".join(dict.fromkeys(cards)),
        )
        return image, undefined

    def _source(self, detector: int | str) -> Source:
        match = re.fullmatch(r"(?:ccd)?(\d{1,2})", str(detector))
        number = int(match[1]) if match else -1
        if number in self._sources:
            return self._sources[number]
        if match and number in self.problems:
            raise self.problems[number]
        raise FrameError(
            self.path,
            "missing extension",
            keyword="EXTNAME",
            expected=detector_name(number) if match else f"a CCD named {detector!r}",
            found=", ".join(detector_name(known) for known in self.detectors),
            cure="choose one of these" if self.damage is None else f"the file is damaged: {self.damage.problem}",
        )

    def __repr__(self) -> str:
        return f"<raw frame {self.path.name}: {self.exposure.obs_type}, {len(self.detectors)} CCDs>"


def _require_raw(file: FitsFile) -> None:
    kind = classify(file.hdus)
    if kind is Kind.RAW:
        return
    if kind is Kind.UNKNOWN and file.damage is not None:
        raise file.damage
    if kind is Kind.UNKNOWN and is_megacam(file.hdus):
        raise FrameError(
            file.path,
            "there are no pixels in this file",
            keyword="NEXTEND",
            expected=f"{file.hdus[0].header.get('NEXTEND', 'at least one')} image extensions",
            found=f"{sum(hdu.is_image for hdu in file.hdus)}",
            cure="copy or download it again",
        )
    header = file.hdus[0].header
    raise NotARawFrame(
        file.path,
        f"not a raw frame but {kind.with_article}",
        kind=kind,
        expected="a raw MegaCam frame",
        found=f"INSTRUME {header.get('INSTRUME')!r}, OBSTYPE {header.get('OBSTYPE')!r}",
        cure=kind.advice,
    )


def _check_raw_pixels(file: FitsFile, source: Source) -> None:
    """Raise `FrameError` unless the pixels are unsigned 16-bit integers in the way all raw frames store them.

    Undefined pixels may have a number of their own, which raw frames of CFHT never have.
    """
    for hdu in source.hdus:
        scaling = file.scaling(hdu)
        for keyword, expected, found in (
            ("BITPIX", 16, hdu.bitpix),
            ("BSCALE", 1.0, scaling.scale),
            ("BZERO", 32768.0, scaling.zero),
        ):
            if found != expected:
                raise FrameError(
                    file.path,
                    "the pixels are not those of a raw frame",
                    hdu=hdu.label,
                    keyword=keyword,
                    expected=expected,
                    found=found,
                    cure="open the original",
                )
