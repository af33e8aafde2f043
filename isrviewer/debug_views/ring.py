"""Memory shared with the process of the panels: a few slots for planes, used again and again.

Getting new memory from the system costs more than filling it (about 2.5 ms per MB on a small virtual machine against
0.1), so a slot is written, read by the other side, given back and written again. The memory is a file without a name:
it is gone with the last process that holds it, however that ends.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Placed", "RingReader", "RingWriter"]

_PAGE = 1 << 21

_AT_ONCE = 512 << 20

_FEWEST = 3
"""Image, mask and variance of one view."""


@dataclass(frozen=True)
class Placed:
    """Where a plane lies in the shared memory.

    Attributes
    ----------
    offset : int
        Byte at which it begins.
    shape : tuple of int
    dtype : str
        NumPy's name of the data type, with byte order.
    """

    offset: int
    shape: tuple[int, ...]
    dtype: str

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class RingWriter:
    """The side that fills the slots.

    Parameters
    ----------
    slot_bytes : int
        Size of the largest plane to expect; larger ones make larger slots when they come.
    budget : int
        Bytes of all slots together; there are always enough for one view.
    """

    def __init__(self, slot_bytes: int, budget: int) -> None:
        self.fd = _nameless_file()
        self._budget = budget
        self._end = 0
        self._memory: mmap.mmap | None = None
        self._free: deque[int] = deque()
        self._known: frozenset[int] = frozenset()
        self._slot_bytes = 0
        self._grow(slot_bytes)

    @property
    def n_free(self) -> int:
        return len(self._free)

    def put(self, plane: NDArray[Any]) -> Placed | None:
        """Copy a plane into a free slot; None when all are in use."""
        if self._memory is None:
            raise ValueError("the shared memory is closed")
        if plane.nbytes > self._slot_bytes:
            self._grow(plane.nbytes)
        if not self._free:
            return None
        offset = self._free.popleft()
        placed = Placed(offset, plane.shape, plane.dtype.str)
        np.copyto(_view(self._memory, placed), plane)
        return placed

    def give_back(self, offset: int) -> None:
        """The other side has read the slot at this offset; slots from before larger ones came are forgotten."""
        if offset in self._known:
            self._free.append(offset)

    def close(self) -> None:
        """Let go of the memory; views that are still around keep it alive."""
        self._memory = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _grow(self, nbytes: int) -> None:
        """Slots of another size behind those that there are, which may still be read."""
        self._slot_bytes = -(-nbytes // _PAGE) * _PAGE
        count = max(_FEWEST, self._budget // self._slot_bytes)
        offsets = [self._end + k * self._slot_bytes for k in range(count)]
        self._end += count * self._slot_bytes
        os.ftruncate(self.fd, self._end)
        self._memory = mmap.mmap(self.fd, self._end)
        self._free, self._known = deque(offsets), frozenset(offsets)


class RingReader:
    """The side that reads the slots.

    Parameters
    ----------
    fd : int
        Descriptor of the writer's memory, inherited.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._memory: mmap.mmap | None = None

    def touch(self) -> None:
        """Let the system hand out the memory of the first slots now, so that the writer need not wait for it."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._fd, 0, min(os.fstat(self._fd).st_size, _AT_ONCE))

    def take(self, placed: Placed, into: NDArray[Any]) -> None:
        """Copy a plane out of its slot."""
        np.copyto(into, _view(self._map(placed.offset + placed.nbytes), placed))

    def _map(self, nbytes: int) -> mmap.mmap:
        if self._memory is None or len(self._memory) < nbytes:
            self._memory = mmap.mmap(self._fd, os.fstat(self._fd).st_size)
        return self._memory


def _view(memory: mmap.mmap, placed: Placed) -> NDArray[Any]:
    count = int(np.prod(placed.shape))
    return np.frombuffer(memory, np.dtype(placed.dtype), count, placed.offset).reshape(placed.shape)


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("isrviewer-debug-views")
    with tempfile.TemporaryFile(prefix="isrviewer-") as file:
        return os.dup(file.fileno())
