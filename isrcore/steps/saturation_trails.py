"""Wider masks around the bleed trails of saturated stars (manual: masking, Saturation trails)."""

from __future__ import annotations

import numpy as np

from isrcore.image import Mask
from isrcore.image.footprints import fill_runs, find_runs
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["SATURATION_TRAILS", "widen_saturation_trails"]

_EXTRA = np.array([0, 0, 0, 0, 0, 0, 1, 1, 3, 3, 4])
"""Pixels added on each side of a run by its width; wider runs get the last entry."""


def widen_saturation_trails(mask: Mask) -> None:
    """Extend every wide horizontal run of ``SAT`` to both sides, in place, clipped to the image.

    Runs are horizontal whatever the direction of the trail; the plane is the literal ``SAT``
    (manual: oddities, Literal plane names).
    """
    runs = find_runs(mask.has("SAT"))
    extra = _EXTRA[np.minimum(runs.last - runs.first + 1, len(_EXTRA) - 1)]
    wide = np.flatnonzero(extra)
    if wide.size:
        y, first, last, extra = runs.y[wide], runs.first[wide], runs.last[wide], extra[wide]
        bits = np.int32(mask.planes.bitmask("SAT"))
        fill_runs(mask.array, y, first - extra, first - 1, bits)
        fill_runs(mask.array, y, last + 1, last + extra, bits)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    widen_saturation_trails(state.exposure.mask)


SATURATION_TRAILS = Step(
    name="doWidenSaturationTrails",
    label="saturation trails",
    method="widenSaturationTrails",
    doc="Widen the mask of wide saturated runs, whose neighbours are contaminated.",
    why_not=switched_by("doWidenSaturationTrails"),
    run=_run,
    switch="doWidenSaturationTrails",
    reads=("doWidenSaturationTrails",),
    writes=frozenset({"mask"}),
)
