"""Smaller copies of a plane from which nothing that matters is missing, and the cache that keeps them.

A level with factor f holds one value for every f x f block: the mean, largest or smallest value of an image, or the
OR of a mask. Blocks cut by the plane's edge count as well. A NaN makes its block NaN: a pixel without a value must be
seen. The picture takes the level just finer than the screen and reduces its one or two values per screen pixel
itself, so its cost depends on the screen alone. Levels are made once per plane, in a worker.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrviewer.render.checks import require_choice

__all__ = ["COMBINE", "FACTORS", "REDUCTIONS", "LevelCache", "factor_for", "kinds_for", "reduce_plane"]

Array = NDArray[Any]

REDUCTIONS = ("mean", "max", "min", "deviation")
"""What one screen pixel shows of many image pixels; "deviation" is the value furthest from the typical one."""

FACTORS = (2, 4, 8, 16, 32, 64)

COMBINE: dict[str, np.ufunc] = {"mean": np.add, "max": np.maximum, "min": np.minimum, "or": np.bitwise_or}
"""How two values of a kind of level become one; sums still have to be divided."""

DEFAULT_BUDGET = 512 << 20


def kinds_for(reduction: str) -> tuple[str, ...]:
    """Kinds of levels that a reduction mode is made from.

    Raises
    ------
    ValueError
        For an unknown mode.
    """
    require_choice("reduction", reduction, REDUCTIONS)
    return ("max", "min") if reduction == "deviation" else (reduction,)


def factor_for(zoom: float) -> int:
    """Factor of the coarsest level that still has at least one value per screen pixel and axis."""
    return max((factor for factor in FACTORS if factor * zoom <= 1), default=1)


def reduce_plane(plane: Array, factor: int, kind: str) -> Array:
    """One value for every block of ``factor x factor`` pixels.

    Parameters
    ----------
    plane : ndarray, (height, width)
    factor : int
    kind : {"mean", "max", "min", "or"}

    Returns
    -------
    level : ndarray, (ceil(height / factor), ceil(width / factor))
        float32 for "mean" (float64 for a float64 plane), else of the plane's dtype.
    """
    combine = COMBINE[kind]
    if kind != "mean":
        return _combine_blocks(plane, factor, combine)
    # Sums of integers need room; 64 x 64 blocks of float32 keep six digits.
    wide = plane if plane.dtype.kind == "f" else plane.astype(np.float32)
    total = _combine_blocks(wide, factor, combine)
    counts = [np.full(-(-length // factor), factor, total.dtype) for length in plane.shape]
    for count, length in zip(counts, plane.shape, strict=True):
        count[-1] = length - factor * (len(count) - 1)
    total /= counts[0][:, None]
    total /= counts[1]
    return total


def _combine_blocks(plane: Array, factor: int, combine: np.ufunc) -> Array:
    # Strided slices of unequal length reach the cut blocks at the end and are ten times faster than ufunc.reduceat.
    rows = plane[::factor].copy()
    for offset in range(1, min(factor, plane.shape[0])):
        part = plane[offset::factor]
        combine(rows[: len(part)], part, out=rows[: len(part)])
    result = rows[:, ::factor].copy()
    for offset in range(1, min(factor, plane.shape[1])):
        part = rows[:, offset::factor]
        combine(result[:, : part.shape[1]], part, out=result[:, : part.shape[1]])
    return result


class LevelCache:
    """Levels and measurements of planes, kept while their plane lives and the budget lasts.

    Planes are told apart by identity and held weakly: results of the pipeline are never written to, and the cache
    must not keep them alive. Safe to use from several threads.

    Parameters
    ----------
    budget : int
        Bytes that the levels of all planes may take; the least recently used go first.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = budget
        self._entries: OrderedDict[tuple[Any, ...], tuple[Any, int]] = OrderedDict()
        self._owners: dict[int, weakref.ref[Array]] = {}
        self._bytes = 0
        self._lock = threading.RLock()

    @property
    def nbytes(self) -> int:
        """Bytes taken now."""
        return self._bytes

    def level(self, plane: Array, factor: int, kind: str) -> Array | None:
        """The level if it is there; the plane itself for factor 1."""
        if factor == 1:
            return plane
        found: Array | None = self.get(plane, (factor, kind))
        return found

    def coarser(self, plane: Array, factor: int, kind: str) -> tuple[Array, int] | None:
        """The level with this factor or the next coarser one that is there: less sharp, but nothing is missing."""
        for candidate in (1, *FACTORS):
            if candidate >= factor:
                level = self.level(plane, candidate, kind)
                if level is not None:
                    return level, candidate
        return None

    def build(self, plane: Array, factor: int, kind: str) -> Array:
        """The level, made now if need be. Takes a pass over the whole plane: not for the GUI thread."""
        level = self.level(plane, factor, kind)
        if level is None:
            source, done = self._finer(plane, factor, kind)
            level = reduce_plane(source, factor // done, kind)
            level.flags.writeable = False
            self.put(plane, (factor, kind), level, level.nbytes)
        return level

    def _finer(self, plane: Array, factor: int, kind: str) -> tuple[Array, int]:
        """What a level can be made from, and its factor. Means of cut blocks cannot be averaged: always the plane."""
        for candidate in reversed(FACTORS if kind != "mean" else ()):
            level = self.level(plane, candidate, kind) if candidate < factor else None
            if level is not None:
                return level, candidate
        return plane, 1

    def get(self, plane: Array, key: tuple[Any, ...]) -> Any:
        """What is stored for the plane under `key`, or None."""
        with self._lock:
            owner = self._owners.get(id(plane))
            if owner is None or owner() is not plane:
                return None
            entry = self._entries.get((id(plane), *key))
            if entry is None:
                return None
            self._entries.move_to_end((id(plane), *key))
            return entry[0]

    def put(self, plane: Array, key: tuple[Any, ...], value: Any, nbytes: int) -> None:
        """Store something made from the plane that takes `nbytes` bytes."""
        with self._lock:
            identity = id(plane)
            owner = self._owners.get(identity)
            if owner is None or owner() is not plane:
                self._drop(identity)
                self._owners[identity] = weakref.ref(plane, lambda gone: self._forget(identity, gone))
            previous = self._entries.pop((identity, *key), (None, 0))
            self._entries[identity, *key] = value, nbytes
            self._bytes += nbytes - previous[1]
            while self._bytes > self._budget and len(self._entries) > 1:
                self._bytes -= self._entries.popitem(last=False)[1][1]

    def _forget(self, identity: int, gone: weakref.ref[Array]) -> None:
        with self._lock:
            # The identity may already belong to a younger array.
            if self._owners.get(identity) is gone:
                self._drop(identity)

    def _drop(self, identity: int) -> None:
        self._owners.pop(identity, None)
        for key in [key for key in self._entries if key[0] == identity]:
            self._bytes -= self._entries.pop(key)[1]
