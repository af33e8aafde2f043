"""Known defects and the edge of the detector (manual: masking, Defects)."""

from __future__ import annotations

from collections.abc import Iterable

from isrcore.calib.defects import Defects
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["DEFECTS", "EDGES", "mask_defects", "mask_edges", "mask_frame_edges"]


def mask_defects(masked_image: MaskedImage, defects: Defects | Iterable[Box], plane: str = "BAD") -> None:
    """Set `plane` on defects, in place.

    Parameters
    ----------
    masked_image : `MaskedImage`
        Assembled and trimmed.
    defects : `Defects` or iterable of boxes
        Trimmed frame, 0-based; clipped to the image.
    plane : str
    """
    if not isinstance(defects, Defects):
        defects = Defects(defects)
    defects.maskPixels(masked_image, plane)


def mask_edges(exposure: Exposure, num_edge_pixels: int = 0, plane: str = "SUSPECT", level: str = "DETECTOR") -> None:
    """Set `plane` on the border of the image or of every amplifier, in place.

    A box that is not wider or higher than twice the border is flagged completely.

    Parameters
    ----------
    exposure : `Exposure`
    num_edge_pixels : int
        Width of the border; nothing happens for 0 or less.
    plane : str
    level : {"DETECTOR", "AMP"}
        ``AMP``: the trimmed boxes of the amplifiers of the exposure's detector.

    Raises
    ------
    ValueError
        For another level, or an unknown plane.
    RuntimeError
        For level ``AMP`` without a detector.
    """
    if num_edge_pixels <= 0:
        return
    if level == "DETECTOR":
        boxes = [exposure.bbox]
    elif level == "AMP":
        if exposure.detector is None:
            raise RuntimeError("edgeMaskLevel AMP needs an exposure with a detector: attach one or use DETECTOR")
        boxes = [amp.bbox for amp in exposure.detector]
    else:
        raise ValueError(f"edgeMaskLevel must be DETECTOR or AMP, found {level!r}")
    for box in boxes:
        mask_frame_edges(exposure.mask, box, num_edge_pixels, plane, exposure.masked_image.xy0)


def mask_frame_edges(mask: Mask, box: Box, width: int, plane: str, xy0: tuple[int, int] = (0, 0)) -> None:
    """Set `plane` on the pixels of `box` that are less than `width` pixels from its border, in place."""
    inside = box.grow(-width)
    if inside.is_empty:
        mask.set_box(box, plane, xy0)
        return
    for strip in (
        Box(box.x0, box.y0, box.width, width),
        Box(box.x0, box.y1 - width, box.width, width),
        Box(box.x0, inside.y0, width, inside.height),
        Box(inside.x1, inside.y0, width, inside.height),
    ):
        mask.set_box(strip, plane, xy0)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.maskDefect(state.exposure, state.calibs.defects)


DEFECTS = Step(
    name="doDefect",
    label="defects",
    method="maskDefect",
    doc="Flag the pixels of the defect list.",
    why_not=switched_by("doDefect"),
    run=_run,
    switch="doDefect",
    reads=("doDefect",),
    needs=("defects",),
    writes=frozenset({"mask"}),
)


def _why_no_edges(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doDefect:
        return "doDefect is off"
    width = task.config.numEdgeSuspect
    return None if width > 0 else f"numEdgeSuspect is {width}"


def _run_edges(task: IsrTaskLike, state: IsrState) -> None:
    # The plane is the literal SUSPECT, whatever suspectMaskName says (manual: oddities, Literal plane names).
    config = task.config
    task.maskEdges(state.exposure, numEdgePixels=config.numEdgeSuspect, maskPlane="SUSPECT", level=config.edgeMaskLevel)


EDGES = Step(
    name="maskEdges",
    label="edges",
    method="maskEdges",
    doc="Flag the edge of the detector or of each amplifier as suspect.",
    why_not=_why_no_edges,
    run=_run_edges,
    reads=("doDefect", "numEdgeSuspect", "edgeMaskLevel"),
    writes=frozenset({"mask"}),
)
