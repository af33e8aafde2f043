"""A mask of bad pixels as separate defects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet

__all__ = ["mask_defects"]

_LONG = 64
"""Pixels from which a straight strip is a defect of its own, whatever it touches."""


def mask_defects(where: NDArray[np.bool_], xy0: tuple[int, int] = (0, 0)) -> list[PixelSet]:
    """Divide a set of pixels into long strips (rows and columns of the chip cross each other) and connected regions.

    Parameters
    ----------
    where : ndarray, (height, width), bool
    xy0 : (int, int)
        Coordinates of its first pixel.

    Returns
    -------
    defects : list of `PixelSet`
        Disjoint, from the bottom row up; together they are the whole set.
    """
    everything = PixelSet.from_mask(where, xy0)
    sides = everything.corners[:, 2:] - everything.corners[:, :2]
    long = sides.max(axis=1, initial=0) >= _LONG
    strips = [PixelSet(strip[None]) for strip in everything.corners[long]]
    spots = PixelSet(everything.corners[~long]).regions()
    return sorted([*strips, *spots], key=lambda pixels: (pixels.bbox.y0, pixels.bbox.x0))
