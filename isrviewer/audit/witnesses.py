"""Which frames bear witness to a defect: what the run has in memory, and the exposures that were read to measure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isrcore import audit as core_audit
from isrcore.image import Exposure
from isrviewer.audit.audit import Audit
from isrviewer.audit.cutouts import Witness
from isrviewer.audit.places import map_offset
from isrviewer.runner.model import RunModel
from isrviewer.session.planes import RAW, Planes, Run

if TYPE_CHECKING:
    from isrcore.audit.planes import AuditData

__all__ = ["ASSEMBLED", "CALIBRATIONS", "data_at_hand", "witnesses"]

ASSEMBLED = "doAssembleCcd"
"""The step after which pixels are where a map has them."""

CALIBRATIONS = ("bias", "dark", "flat")


def witnesses(runs: RunModel, step: str, audit: Audit) -> tuple[Witness, ...]:
    """Everything that can be shown side by side, in the order of the light's way through the chain.

    Parameters
    ----------
    runs : `RunModel`
    step : str
        LSST name of the step of the focused panel; empty when it shows no step of the present run.
    audit : `Audit`
    """
    found: list[Witness] = []
    steps = [RAW, ASSEMBLED, *([step] if step else [])]
    seen: list[Exposure] = []
    for name in dict.fromkeys(steps):
        source = runs.result(Planes(name))
        if source is not None and not any(source.exposure is exposure for exposure in seen):
            seen.append(source.exposure)
            title = {RAW: "raw", ASSEMBLED: "assembled"}.get(name, f"after {source.of.label}")
            found.append(Witness(title, source.of.unit, source.exposure, f"{title} ({name})" if name != RAW else title))
    data = audit.data
    for kind in CALIBRATIONS:
        source = runs.result(Planes(kind, Run.CALIBRATION))
        if source is not None:
            unit = "" if kind == "flat" else source.of.unit or "ADU"
            found.append(Witness(kind, unit, source.exposure, f"{kind} of the run"))
        elif data is not None:
            planes = (plane for plane in data.planes if plane.kind == kind)
            unit = "" if kind == "flat" else "ADU"
            found += [Witness(kind, unit, plane.pixels, plane.name) for plane in planes]
    if data is not None:
        planes = (plane for plane in data.planes if plane.kind == "science")
        found += [Witness(_stem(plane.name), "ADU", plane.pixels, plane.name, True) for plane in planes]
    return tuple(found)


def data_at_hand(runs: RunModel, audit: Audit) -> AuditData | None:
    """What one defect can be measured in without reading a file; None when there is nothing.

    The frames that were read, or else the calibrations of the run and the assembled frame, in which nothing is
    interpolated yet.
    """
    if audit.data is not None:
        return audit.data

    raw = runs.view.raw
    if raw is None or raw.detector is None:
        return None
    planes = []
    for kind in (*CALIBRATIONS, "science"):
        source = runs.result(Planes(ASSEMBLED) if kind == "science" else Planes(kind, Run.CALIBRATION))
        exposure = source.exposure if source is not None else raw if kind == "science" else None
        pixels = None if exposure is None else trimmed_pixels(exposure, raw.detector.bbox.shape)
        if pixels is not None:
            name = "assembled frame" if kind == "science" else kind
            planes.append(core_audit.planes.AuditPlane(core_audit.planes.PlaneKind(kind), name, pixels))
    return core_audit.planes.AuditData(raw.detector, tuple(planes)) if planes else None


def trimmed_pixels(exposure: Exposure, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """The imaging pixels of an exposure without copying them; None when they are mirrored or lie apart."""
    offset = map_offset(exposure)
    if offset is None:
        return exposure.image if exposure.image.shape == shape else None
    x, y = -offset[0] - exposure.masked_image.xy0[0], -offset[1] - exposure.masked_image.xy0[1]
    pixels: NDArray[np.float32] = exposure.image[y : y + shape[0], x : x + shape[1]]
    return pixels if min(x, y) >= 0 and pixels.shape == shape else None


def _stem(name: str) -> str:
    """File name up to its first point: ``1257366o``."""
    return Path(name).name.partition(".")[0]
