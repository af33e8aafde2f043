"""Reading one calibration file: Elixir masters, masks and exposures of our own, trimmed to the detector.

Masters are untrimmed frames of 2112 x 4644 pixels with their own BZERO and BSCALE in every extension. They have no
variance plane: the variance is **zero**, so that a correction adds none; and their mask is empty.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isrcore.calib.mask_image import bad_pixels
from isrcore.camera import Detector
from isrcore.camera.megacam import Flavour, detector_name, megacam_camera
from isrcore.data.errors import FrameError, raises_frame_errors
from isrcore.data.extensions import find_sources
from isrcore.data.facts import exposure_facts
from isrcore.data.fits_file import STRUCTURE, FitsFile, Hdu, open_fits
from isrcore.data.header_detector import header_detector
from isrcore.data.sky import header_wcs, on_top_of
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.image.footprints import footprint_boxes

__all__ = ["read_mask_boxes", "read_master"]

_LOG = logging.getLogger(__name__)

_RECTANGLE = re.compile(r"\[\s*(\d+)\s*:\s*(\d+)\s*,\s*(\d+)\s*:\s*(\d+)\s*\]")


@raises_frame_errors
def read_master(path: str | Path, detector: int | str, flavour: Flavour = "cfht") -> Exposure:
    """One CCD of an Elixir master as a float32 exposure of 2048 x 4612 pixels.

    Parameters
    ----------
    path : path-like
        A bias, dark, flat or fringe master, untrimmed as Elixir distributes them, or already trimmed.
    detector : int or str
    flavour : {"cfht", "obs_cfht"}

    Returns
    -------
    exposure : `isrcore.image.Exposure`
        ADU (flats: relative), NaN where the file has no value, mask and variance zero; metadata, detector, filter
        label, WCS, and the visit info of the first frame of the stack, whose header masters inherit: its dark time is
        the one that a dark is scaled by.

    Raises
    ------
    FrameError
        If the CCD is not in the file, has a wrong size, is damaged, or its header states numbers that are none.
    """
    file = open_fits(path)
    chip = megacam_camera(flavour)[_number(detector)]
    hdu = _extension(file, chip)
    metadata = on_top_of(file.hdus[0].header.to_property_list(STRUCTURE), hdu.header.to_property_list(STRUCTURE))
    facts = exposure_facts([hdu.header, file.hdus[0].header])
    image, scaling = _trimmed(file, hdu, chip), file.scaling(hdu)
    if scaling.blank is not None and (count := np.count_nonzero(np.isnan(image))):
        card = f"{scaling.blank_card} = {scaling.blank}"
        _LOG.warning("%s, HDU %s: %d pixels have no value (%s): they are NaN", file.path, hdu.label, count, card)
    return Exposure(
        MaskedImage(image),
        metadata=metadata,
        detector=header_detector(file.path, chip, metadata),
        wcs=header_wcs(metadata, chip.name),
        filter_label=facts.filter_label(),
        visit_info=facts.visit_info(),
    )


@raises_frame_errors
def read_mask_boxes(path: str | Path, detector: int | str) -> list[Box]:
    """Bad regions of one CCD in an Elixir mask, as boxes in the trimmed frame.

    In mask images 0 is bad and 1 is good; see `isrcore.calib.mask_image` for numbers between. The same regions stand
    in the header as MASK_nnn = '[x1:y1,x2:y2]' (two corners, 1-based, untrimmed; not the x1:x2,y1:y2 of other
    sections); where they are, they are used, since they are as exact and keep the rectangles as their author drew them.
    Otherwise every run of bad pixels that continues unchanged over several rows becomes a box. BIASSEC and DATASEC of
    masks are void and not used.

    Raises
    ------
    FrameError
        As `read_master`; also for a MASK_nnn that is no rectangle, and for pixels that are neither bad nor good.
    """
    file = open_fits(path)
    chip = megacam_camera()[_number(detector)]
    hdu = _extension(file, chip)
    keys = [key for key in hdu.header if re.fullmatch(r"MASK_\d+", key)]
    if not keys:
        try:
            return footprint_boxes(bad_pixels(_trimmed(file, hdu, chip)))
        except ValueError as error:
            problem, expected, found = error.args
            cure = "choose a mask that was not compressed with loss"
            raise FrameError(file.path, problem, hdu=hdu.label, expected=expected, found=found, cure=cure) from error
    left = chip[0].raw_data_bbox.x0
    boxes = []
    for key in keys:
        match = _RECTANGLE.fullmatch(hdu.header.text(key))
        if match is None:
            raise FrameError(
                file.path,
                "not a rectangle",
                hdu=hdu.label,
                keyword=key,
                expected="[x1:y1,x2:y2]",
                found=hdu.header.text(key),
                cure="correct or remove the card",
            )
        x1, y1, x2, y2 = (int(group) - 1 for group in match.groups())
        box = Box.from_corners(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)).shift(-left, 0).intersect(chip.bbox)
        if not box.is_empty:
            boxes.append(box)
    return boxes


def _number(detector: int | str) -> int:
    return detector if isinstance(detector, int) else int(detector.removeprefix("ccd"))


def _extension(file: FitsFile, chip: Detector) -> Hdu:
    """The extension of a CCD, checked for size and completeness."""
    all_sources = find_sources(file)
    sources = all_sources.found
    if chip.id in all_sources.problems:
        raise all_sources.problems[chip.id]
    if chip.id not in sources:
        present = ", ".join(detector_name(number) for number in sources) or "no CCD"
        cure = "choose another file" if file.damage is None else f"the file is damaged: {file.damage.problem}"
        raise FrameError(
            file.path, "missing extension", keyword="EXTNAME", expected=chip.name, found=present, cure=cure
        )
    hdu = sources[chip.id].hdus[0]
    sizes = (chip.raw_bbox.shape, chip.bbox.shape)
    if hdu.shape not in sizes:
        raise FrameError(
            file.path,
            f"wrong size for {chip.name}",
            hdu=hdu.label,
            expected=" or ".join(f"{width} x {height} pixels" for height, width in sizes),
            found=f"{hdu.shape[1]} x {hdu.shape[0]}",
            cure="choose a calibration of this camera, unbinned",
        )
    file.check(hdu)
    return hdu


def _trimmed(file: FitsFile, hdu: Hdu, chip: Detector) -> NDArray[np.float32]:
    frame = file.scaled_pixels(hdu)
    if frame.shape == chip.bbox.shape:
        return frame
    image = np.empty(chip.bbox.shape, np.float32)
    for amp in chip:
        image[amp.bbox.slices()] = frame[amp.raw_data_bbox.slices()]
    return image
