"""Compare pixels and numbers with a recording at the tolerance that the golden folder states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isrcore.geom import Box
from isrcore.image import MaskedImage

__all__ = ["compare_number", "compare_pixels", "compare_values"]

Array = np.ndarray[Any, Any]


def compare_pixels(ours: MaskedImage, theirs: MaskedImage, region: Box | None = None) -> list[str]:
    """Differences between two masked images, one sentence each; an empty list when they agree.

    Mask planes are compared by name, every pixel of the region.
    """
    area = ours.bbox.intersect(theirs.bbox) if region is None else region.intersect(ours.bbox).intersect(theirs.bbox)
    if region is None and ours.bbox != theirs.bbox:
        return [f"covers {ours.bbox}, recorded {theirs.bbox}"]
    a, b = ours.subset(area), theirs.subset(area)
    problems = _compare_plane("image", a.image, b.image, 1e-3, 2e-6)
    problems += _compare_plane("variance", a.variance, b.variance, 1e-12, 1e-5)
    for name in sorted(set(a.mask.planes) | set(b.mask.planes)):
        here = a.mask.has(name) if name in a.mask.planes else np.zeros(a.shape, bool)
        there = b.mask.has(name) if name in b.mask.planes else np.zeros(b.shape, bool)
        wrong = int(np.count_nonzero(here != there))
        if wrong:
            y, x = np.argwhere(here != there)[0]
            problems.append(
                f"mask {name} differs in {wrong} pixels, first at ({x}, {y}): {here[y, x]}, recorded {there[y, x]}"
            )
    return problems


def _compare_plane(what: str, ours: Array, theirs: Array, absolute: float, relative: float) -> list[str]:
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        close = np.abs(ours - theirs) <= absolute + relative * np.abs(theirs)
    wrong = ~(same | (close & np.isfinite(ours) & np.isfinite(theirs)))
    if not wrong.any():
        return []
    y, x = np.argwhere(wrong)[0]
    return [
        f"{what} differs in {int(wrong.sum())} pixels, first at ({x}, {y}): {ours[y, x]!r}, recorded {theirs[y, x]!r}"
    ]


def compare_number(what: str, ours: Any, theirs: Any, relative: float = 1e-5) -> list[str]:
    """Difference of two numbers (NaN equals NaN) or of two other values."""
    if isinstance(theirs, bool) or not isinstance(theirs, (int, float)):
        return [] if ours == theirs else [f"{what}: {ours!r}, recorded {theirs!r}"]
    value = float(ours) if isinstance(ours, (int, float, np.number)) else math.inf
    agree = (math.isnan(value) and math.isnan(theirs)) or value == theirs
    if agree or abs(value - theirs) <= relative * abs(theirs) + 1e-9:
        return []
    return [f"{what}: {ours!r}, recorded {theirs!r}"]


def compare_values(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Differences of two flat mappings: keys and values."""
    problems = [f"{what}: {key!r} is missing" for key in theirs if key not in ours]
    problems += [f"{what}: {key!r} = {ours[key]!r} was not recorded" for key in ours if key not in theirs]
    for key in theirs:
        if key in ours:
            problems += compare_number(f"{what} {key}", ours[key], theirs[key])
    return problems
