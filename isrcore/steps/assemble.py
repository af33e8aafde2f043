"""Assembly: put the amplifiers of a raw frame together to one image of the CCD (manual: assembly, Trimmed)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import ClassVar, NamedTuple

import numpy as np
from lsst.pex.config import Config, Field, ListField

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage, MaskPlanes
from isrcore.kernels.bands import for_bands
from isrcore.kernels.memory import new_plane
from isrcore.pipe import Task
from isrcore.steps.convert import require_float
from isrcore.steps.step import PLANES, IsrState, IsrTaskLike, Step, switched_by

__all__ = ["ASSEMBLE", "SECTION_KEYS", "AssembleCcdConfig", "AssembleCcdTask", "assemble_ccd"]

SECTION_KEYS = ("DATASEC", "BIASSEC", "TRIMSEC", "GAIN")
"""Header keywords that describe the raw frame and are wrong after assembly."""


def assemble_ccd(
    raw: Exposure | Mapping[str, Exposure], trim: bool = True, keys_to_remove: Iterable[str] = ()
) -> Exposure:
    """A new exposure of the whole CCD from a raw frame.

    Image, mask and variance of every amplifier are copied to its place, mirrored where it is read from the other side.
    Pixels that no amplifier covers are zero in all planes.

    Parameters
    ----------
    raw : `Exposure`, or mapping of amplifier name to `Exposure`
        One frame with all amplifiers, or one frame per amplifier in the same raw coordinates.
    trim : bool
        Keep the imaging pixels only. Otherwise whole raw amplifiers are placed, and the detector of the result
        describes that state.
    keys_to_remove : iterable of str
        Header keywords to delete besides `SECTION_KEYS`.

    Returns
    -------
    assembled : `Exposure`
        float32. It shares the metadata object with the input, which loses the deleted keywords. Wcs (not shifted for
        the trimmed columns), filter label and visit info are handed on; photometric calibration, valid polygon and
        transmission curve are not.

    Raises
    ------
    TypeError
        If `raw` is neither an exposure nor a mapping.
    RuntimeError
        If it has no detector, an amplifier is missing, or an amplifier box is not inside the frame.
    """
    if isinstance(raw, Exposure):
        frames, reference = {}, raw
    elif isinstance(raw, Mapping) and raw:
        frames, reference = dict(raw), next(iter(raw.values()))
    else:
        raise TypeError(f"expected an exposure or a dict of amplifier name to exposure, found {type(raw).__name__}")
    detector = reference.detector
    if detector is None:
        raise RuntimeError("the raw exposure has no detector, so its amplifiers are unknown: attach one")
    missing = [amp.name for amp in detector if frames and amp.name not in frames]
    if missing:
        raise RuntimeError(
            f"assembly of {detector.name} needs amplifiers {', '.join(missing)}, found {', '.join(frames)}: "
            "give one exposure for each amplifier"
        )
    reference = frames.get(detector[0].name, reference)

    boxes = [_boxes(amp, trim) for amp in detector]
    total = detector.bbox if trim else Box.around(target for _, target in boxes)
    pixels = _planes_for([target for _, target in boxes], total, reference.mask.planes.copy())
    pieces: list[_Piece] = []
    for amp, (source, target) in zip(detector, boxes, strict=True):
        frame = frames.get(amp.name, reference).masked_image
        if not frame.bbox.contains(source):
            raise RuntimeError(
                f"amplifier {amp.name} of {detector.name} needs raw pixels {source}, the frame covers {frame.bbox}: "
                "switch doAssembleCcd off for a frame that is assembled already, or attach the detector of this frame"
            )
        pieces.append(_Piece(frame, source, target, amp.raw_flip_x, amp.raw_flip_y))
    for piece in _joined(pieces):
        _place(pixels, piece)

    metadata = reference.metadata
    for key in (*SECTION_KEYS, *keys_to_remove):
        metadata.remove(key)
    return Exposure(
        pixels,
        metadata,
        detector if trim else _untrimmed(detector),
        reference.wcs,
        reference.filter_label,
        reference.visit_info,
    )


def _boxes(amp: Amplifier, trim: bool) -> tuple[Box, Box]:
    """Where the pixels of an amplifier come from (raw) and go to (assembled)."""
    if trim:
        return amp.raw_data_bbox, amp.bbox
    return amp.raw_bbox, amp.raw_bbox.shift(*amp.raw_xy_offset)


def _planes_for(targets: list[Box], total: Box, planes: MaskPlanes) -> MaskedImage:
    """Planes over `total`, zero where no target lies."""
    disjoint = all(a.intersect(b).is_empty for a, b in combinations(targets, 2))
    if not disjoint or sum(target.area for target in targets) < total.area:
        return MaskedImage.zeros(total, np.float32, planes)
    image, bits, variance = (new_plane(total.shape, dtype) for dtype in (np.float32, np.int32, np.float32))
    return MaskedImage(image, Mask(bits, planes), variance, (total.x0, total.y0))


def _untrimmed(detector: Detector) -> Detector:
    return detector.with_amplifiers(amp.untrimmed() for amp in detector)


class _Piece(NamedTuple):
    """Where pixels come from and go to, and how they are mirrored."""

    frame: MaskedImage
    source: Box
    target: Box
    flip_x: bool
    flip_y: bool

    def goes_on_with(self, right: _Piece) -> bool:
        """Whether another piece lies to the right of this one in the frame as in the image."""
        mirrored = self.flip_x or self.flip_y or right.flip_x or right.flip_y
        a, b = self.source, right.source
        side_by_side = a.x1 == b.x0 and (a.y0, a.height) == (b.y0, b.height)
        kept = (b.x0 - a.x0, 0) == (right.target.x0 - self.target.x0, right.target.y0 - self.target.y0)
        return self.frame is right.frame and side_by_side and kept and not mirrored


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Fewer pieces with longer rows, which are copied faster."""
    joined: list[_Piece] = []
    for piece in pieces:
        if joined and joined[-1].goes_on_with(piece):
            left = joined.pop()
            piece = left._replace(source=left.source.union(piece.source), target=left.target.union(piece.target))
        joined.append(piece)
    return joined


def _place(pixels: MaskedImage, piece: _Piece) -> None:
    target, source = pixels.subset(piece.target), piece.frame.subset(piece.source)
    flips = slice(None, None, -1 if piece.flip_y else 1), slice(None, None, -1 if piece.flip_x else 1)
    image, variance = source.image[flips], source.variance[flips]
    bits = target.mask.aligned(source.mask)[flips]

    def copy(rows: slice) -> None:
        target.image[rows] = image[rows]
        target.variance[rows] = variance[rows]
        target.mask.array[rows] = bits[rows]

    for_bands(copy, target.shape)


class AssembleCcdConfig(Config):  # type: ignore[misc]
    """What is kept when a CCD is assembled."""

    doTrim = Field("Keep the imaging pixels only, without prescan and overscan.", bool, True)
    keysToRemove = ListField(
        "Header keywords deleted on assembly besides DATASEC, BIASSEC, TRIMSEC and GAIN.", str, []
    )


class AssembleCcdTask(Task):
    """Assemble the amplifiers of a CCD."""

    ConfigClass: ClassVar = AssembleCcdConfig
    _DefaultName: ClassVar = "assembleCcd"

    def assembleCcd(self, assembleInput: Exposure | Mapping[str, Exposure]) -> Exposure:
        """`assemble_ccd` as configured."""
        return assemble_ccd(assembleInput, self.config.doTrim, self.config.keysToRemove)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    require_float(state.exposure.image, "doAssembleCcd")
    state.exposure = task.assembleCcd.assembleCcd(state.exposure)
    if task.config.expectWcs and state.exposure.wcs is None:
        task.log.warning("No WCS found in the exposure (expectWcs is on).")


ASSEMBLE = Step(
    name="doAssembleCcd",
    label="assemble",
    method="assembleCcd.assembleCcd",
    doc="Copy the imaging pixels of the amplifiers to one image of the CCD.",
    why_not=switched_by("doAssembleCcd"),
    run=_run,
    switch="doAssembleCcd",
    reads=("doAssembleCcd", "assembleCcd.", "expectWcs"),
    writes=frozenset(PLANES),
    debug_view="doAssembleCcd",
    makes_new_planes=True,
)
