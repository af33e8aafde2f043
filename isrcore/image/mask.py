"""Mask pixels and the dictionary that names their bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box
from isrcore.kernels.bands import copy_plane, for_bands
from isrcore.kernels.memory import new_plane

__all__ = ["DEFAULT_PLANES", "MAX_PLANES", "Mask", "MaskPlanes"]

DEFAULT_PLANES = ("BAD", "SAT", "INTRP", "CR", "EDGE", "DETECTED", "DETECTED_NEGATIVE", "SUSPECT", "NO_DATA")
"""Planes of a new mask in the order of their bits (manual: planes, Planes and bits)."""

MAX_PLANES = 32
"""Bits of a mask pixel."""


class MaskPlanes:
    """Names of mask planes and their bits.

    Every mask carries its own dictionary; views of one mask share it, clones copy it. (The reference has one dictionary
    per process, so that results depend on what ran before; here they do not. Combining two masks matches planes by
    name.)

    Parameters
    ----------
    bits : mapping, optional
        Name -> bit; default `DEFAULT_PLANES`.
    """

    def __init__(self, bits: Mapping[str, int] | None = None) -> None:
        self._bits: dict[str, int] = (
            {name: bit for bit, name in enumerate(DEFAULT_PLANES)}
            if bits is None
            else {k: int(v) for k, v in bits.items()}
        )
        for name, bit in self._bits.items():
            if not 0 <= bit < MAX_PLANES:
                raise ValueError(f"mask plane {name} must have a bit from 0 to {MAX_PLANES - 1}, found {bit}")
        if len(set(self._bits.values())) != len(self._bits):
            raise ValueError(f"two mask planes share a bit: {self._bits}")

    def add(self, name: str, preferred: int | None = None) -> int:
        """Return the bit of `name`; a new plane takes the `preferred` bit if that is free, else the smallest free one.

        Raises
        ------
        RuntimeError
            If all 32 bits are taken.
        """
        if name not in self._bits:
            free = set(range(MAX_PLANES)) - set(self._bits.values())
            if not free:
                raise RuntimeError(
                    f"no room for mask plane {name!r}: all {MAX_PLANES} bits are taken by {', '.join(self._bits)}"
                )
            self._bits[name] = preferred if preferred in free else min(free)
        return self._bits[name]

    def has_bit(self, name: str, bit: int) -> bool:
        """Whether there is a plane `name` and it has this bit."""
        return self._bits.get(name) == bit

    def bit(self, name: str) -> int:
        """Bit number of `name`.

        Raises
        ------
        ValueError
            If there is no such plane.
        """
        try:
            return self._bits[name]
        except KeyError:
            raise ValueError(f"there is no mask plane {name!r}; the planes are {', '.join(self._bits)}") from None

    def bitmask(self, names: str | Iterable[str]) -> int:
        """Bits of one or several planes combined, as the signed 32-bit integer that mask pixels hold."""
        total = 0
        for name in [names] if isinstance(names, str) else names:
            total |= 1 << self.bit(name)
        return total - (1 << 32) if total >= 1 << 31 else total

    def names_of(self, value: int) -> list[str]:
        """Names of the planes set in one mask pixel, in the order of their bits."""
        ordered = sorted(self._bits.items(), key=lambda item: item[1])
        return [name for name, bit in ordered if int(value) >> bit & 1]

    def copy(self) -> MaskPlanes:
        return MaskPlanes(self._bits)

    def as_dict(self) -> dict[str, int]:
        return dict(self._bits)

    def __contains__(self, name: object) -> bool:
        return name in self._bits

    def __iter__(self) -> Iterator[str]:
        return iter(self._bits)

    def __len__(self) -> int:
        return len(self._bits)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaskPlanes) and self._bits == other._bits

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"MaskPlanes({self._bits})"


class Mask:
    """Mask pixels with their planes.

    Parameters
    ----------
    array : ndarray, (height, width), int32
        Held, not copied.
    planes : `MaskPlanes`, optional
        Held, not copied; default a new dictionary of the default planes.
    """

    def __init__(self, array: NDArray[np.int32], planes: MaskPlanes | None = None) -> None:
        if array.dtype != np.int32 or array.ndim != 2:
            raise TypeError(f"mask pixels are a 2-d int32 array, found {array.ndim}-d {array.dtype}")
        self.array = array
        self.planes = MaskPlanes() if planes is None else planes

    @classmethod
    def zeros(cls, shape: tuple[int, int], planes: MaskPlanes | None = None) -> Mask:
        return cls(np.zeros(shape, np.int32), planes)

    def clone(self) -> Mask:
        return Mask(copy_plane(self.array), self.planes.copy())

    def view(self, index: tuple[slice, slice]) -> Mask:
        """A part that shares pixels and planes."""
        return Mask(self.array[index], self.planes)

    def has(self, names: str | Iterable[str]) -> NDArray[np.bool_]:
        """Where any of the planes is set, (height, width) bool; `ValueError` for an unknown plane."""
        bits = np.int32(self.planes.bitmask(names))
        result: NDArray[np.bool_] = new_plane(self.array.shape, np.bool_)

        def band(rows: slice) -> None:
            np.not_equal(self.array[rows] & bits, 0, out=result[rows])

        for_bands(band, self.array.shape)
        return result

    def set_where(self, where: NDArray[np.bool_], name: str) -> None:
        """OR plane `name` on the pixels `where` (bool, or an index such as a pair of slices)."""
        bits = np.int32(self.planes.bitmask(name))
        if not isinstance(where, np.ndarray) or where.shape != self.array.shape:
            self.array[where] |= bits
            return

        def band(rows: slice) -> None:
            part = where[rows]
            # Whole bands without a pixel are not written; elsewhere arithmetic is faster than indexing.
            if part.any():
                self.array[rows] |= part * bits

        for_bands(band, self.array.shape)

    def set_box(self, box: Box, names: str | Iterable[str], xy0: tuple[int, int] = (0, 0)) -> None:
        """OR planes on the part of `box` that lies in the mask, whose first pixel is at `xy0`."""
        height, width = self.array.shape
        inside = box.intersect(Box(xy0[0], xy0[1], width, height))
        if not inside.is_empty:
            self.array[inside.slices(xy0)] |= np.int32(self.planes.bitmask(names))

    def clear(self, names: str | Iterable[str]) -> None:
        """Clear planes in all pixels; the names stay."""
        self.array &= np.int32(~self.planes.bitmask(names))

    def aligned(self, other: Mask) -> NDArray[np.int32]:
        """Pixels of `other` with its bits moved to this mask's planes; planes unknown here are added.

        Returns the array of `other` itself when no bit has to move.
        """
        if other.planes is self.planes or not other.array.size:
            return other.array
        if all(self.planes.has_bit(name, bit) for name, bit in other.planes.as_dict().items()):
            return other.array
        used = int(np.bitwise_or.reduce(other.array, axis=None))
        moves = [(name, bit) for name, bit in other.planes.as_dict().items() if used >> bit & 1]
        for name, bit in moves:
            self.planes.add(name, bit)
        if all(self.planes.has_bit(name, bit) for name, bit in moves):
            return other.array
        result = np.zeros_like(other.array)
        for name, bit in moves:
            result[(other.array >> np.int32(bit) & np.int32(1)) != 0] |= np.int32(self.planes.bitmask(name))
        return result

    def union(self, other: Mask) -> Mask:
        """A new mask with the planes and the flags of both."""
        both = Mask(new_plane(self.array.shape, np.int32), self.planes.copy())
        _or_planes(self.array, both.aligned(other), both.array)
        return both

    def __ior__(self, other: Mask) -> Mask:
        self.add_bits(self.aligned(other))
        return self

    def add_bits(self, bits: NDArray[np.int32]) -> None:
        """OR an array of mask pixels, in place; see `aligned`."""
        _or_planes(self.array, bits, self.array)


def _or_planes(a: NDArray[np.int32], b: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    def band(rows: slice) -> None:
        np.bitwise_or(a[rows], b[rows], out=out[rows])

    for_bands(band, a.shape)
