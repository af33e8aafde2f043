"""Weights of the row interpolator: how much each good neighbour of a run of bad pixels counts.

See manual: interpolation, Runs.

The neighbours of a run are the two pixels to its left, a2 and a1, and the two to its right, b1 and b2. How many of them
are usable on each side decides the weights. The two-sided numbers lie in ``resources/interpolation/weights.csv``.
"""

from __future__ import annotations

import csv
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from isrcore.resource_files import resource

__all__ = ["EDGE", "WIDE", "weights"]

WIDE = 11
"""Runs from this width on have common weights: six for each end and one for all pixels between."""

EDGE = 6
"""Pixels at each end of a wide run that have weights of their own; also the reach of interpolation from one side."""

_ONE_SIDED = (
    (1.4288, -0.4288),
    (1.0933, -0.0933),
    (0.6968, 0.3032),
    (0.5370, 0.4630),
    (0.5041, 0.4959),
    (0.5003, 0.4997),
    (0.5, 0.5),
)
"""Weights of the nearer and the farther good pixel by distance from them; the last entry stands for all beyond."""

Weights = NDArray[np.float64]


@cache
def _two_sided() -> dict[tuple[int, int, int], Weights]:
    """The table; runs of width `WIDE` have 13 rows: six from the left end, one between, six up to the right end."""
    text = resource("interpolation", "weights.csv").read_text("utf-8")
    rows: dict[tuple[int, int, int], list[list[float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        width = WIDE if row["width"] == "wide" else int(row["width"])
        key = width, int(row["left"]), int(row["right"])
        rows.setdefault(key, []).append([float(row[name]) for name in ("a2", "a1", "b1", "b2")])
    return {key: np.array(values) for key, values in rows.items()}


@lru_cache(maxsize=512)
def weights(width: int, left: int, right: int) -> Weights:
    """Weights of a2, a1, b1, b2 for each pixel of a run.

    Parameters
    ----------
    width : int
        Pixels in the run.
    left, right : int
        Usable neighbours on each side, 0 to 2; not 0 on both.

    Returns
    -------
    weights : ndarray, (width, 4), float64
        One row per pixel from left to right.
    """
    if not right:
        return weights(width, 0, left)[::-1, ::-1]
    if not left:
        far = [[0.0, 0.0, *_ONE_SIDED[min(d, len(_ONE_SIDED)) - 1]] for d in range(width, 0, -1)]
        return np.array(far if right == 2 else [[0.0, 0.0, 1.0, 0.0]] * width)
    # The table has one of each pair of mirror images.
    mirrored = left > right
    table = _two_sided()[min(width, WIDE), min(left, right), max(left, right)]
    if mirrored:
        table = table[::-1, ::-1]
    if width < WIDE:
        return table
    from_left, from_right = np.arange(width), np.arange(width)[::-1]
    # At width 11 both ends claim the middle pixel; the right one gets it.
    return table[np.where(from_right < EDGE, 2 * EDGE - from_right, np.minimum(from_left, EDGE))]
