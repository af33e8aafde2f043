"""Planes that are ready to be drawn: measured, with limits chosen and the levels for the first picture built."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass

from isrviewer.render.compose import PictureStyle, levels_needed
from isrviewer.render.limits import PlaneStats, measure
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import FACTORS, LevelCache, kinds_for

__all__ = ["Layer", "missing_levels", "prepare", "ready"]

_HARMLESS_PLANES = frozenset({"DETECTED", "DETECTED_NEGATIVE"})
"""A detected pixel is as good as any other; all other planes are left out when masked pixels are."""

_DARK = 0.0, 1.0
"""Limits that give the zeros below a mask the lowest colour."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Measured planes with the numbers that the style led to.

    Attributes
    ----------
    planes : `ImagePlanes`
    stats : `PlaneStats`
    style : `PictureStyle`
        As these planes need it.
    limits : (float, float)
    """

    planes: ImagePlanes
    stats: PlaneStats
    style: PictureStyle
    limits: tuple[float, float]

    @classmethod
    def of(cls, planes: ImagePlanes, stats: PlaneStats, style: PictureStyle, previous: Layer | None = None) -> Layer:
        """Choose the limits; sticky ones are those of the previous layer if it was the same kind of planes."""
        style = style.for_planes(planes)
        if planes.is_blank:
            return cls(planes, stats, style, _DARK)
        keeps = style.limits.sticky and style.limits.mode != "manual" and previous is not None
        if keeps and previous is not None and previous.style.limits == style.limits and previous.is_like(planes):
            return cls(planes, stats, style, previous.limits)
        return cls(planes, stats, style, style.limits.resolve(stats, planes.zero_centred))

    def is_like(self, planes: ImagePlanes) -> bool:
        """Whether the values of other planes are of the same kind, so that limits can be common."""
        mine = self.planes
        return (mine.zero_centred, mine.unit, mine.is_blank) == (planes.zero_centred, planes.unit, planes.is_blank)

    def shares_values(self, other: Layer) -> bool:
        """Whether another layer can be seen with the limits of this one: its typical values lie around them.

        Raw pixels still have the bias level on them, which is far above the limits of a corrected image.
        """
        if self.planes.zero_centred != other.planes.zero_centred or self.planes.is_blank != other.planes.is_blank:
            return False
        low, high = self.limits
        return low - (high - low) <= other.stats.median <= high + (high - low)


def ready(planes: ImagePlanes, style: PictureStyle, zoom: float, cache: LevelCache) -> PlaneStats | None:
    """The measurements if these and all levels for a picture at this zoom are in the cache; takes no time."""
    style = style.for_planes(planes)
    stats = _known_stats(planes, style, cache)
    there = (cache.level(plane, factor, kind) is not None for plane, factor, kind in levels_needed(planes, style, zoom))
    return stats if all(there) else None


def prepare(planes: ImagePlanes, style: PictureStyle, zoom: float, cache: LevelCache) -> PlaneStats:
    """Measure the planes and build the levels for a picture at this zoom. Full-frame work, for a worker."""
    style = style.for_planes(planes)
    for plane, factor, kind in levels_needed(planes, style, zoom):
        cache.build(plane, factor, kind)
    stats = _known_stats(planes, style, cache)
    if stats is None:
        bits = _excluded_bits(planes, style)
        stats = measure(planes.image, planes.mask, bits)
        mask = None if planes.mask is None else weakref.ref(planes.mask)
        cache.put(planes.image, ("stats", bits), (stats, mask), stats.sample.nbytes)
    return stats


def missing_levels(planes: ImagePlanes, style: PictureStyle, cache: LevelCache) -> list[int]:
    """Factors of which a level is still to be built, for zooming out without a wait."""
    wanted = [(planes.image, kind) for kind in kinds_for(style.reduction)]
    if planes.mask is not None:
        wanted.append((planes.mask, "or"))
    return [factor for factor in FACTORS if any(cache.level(plane, factor, kind) is None for plane, kind in wanted)]


def _excluded_bits(planes: ImagePlanes, style: PictureStyle) -> int:
    if not style.limits.exclude_masked or planes.mask is None:
        return 0
    bits = sum(1 << bit for name, bit in planes.plane_bits.items() if name not in _HARMLESS_PLANES)
    return bits - (1 << 32) if bits >= 1 << 31 else bits


def _known_stats(planes: ImagePlanes, style: PictureStyle, cache: LevelCache) -> PlaneStats | None:
    bits = _excluded_bits(planes, style)
    found: tuple[PlaneStats, Callable[[], object] | None] | None = cache.get(planes.image, ("stats", bits))
    if found is None:
        return None
    stats, mask = found
    # A step that changes only the mask shares the image; with pixels left out that makes other numbers.
    return stats if not bits or (mask is not None and mask() is planes.mask) else None
