"""Forward reading of files, plain or gzip-compressed, with places that can be taken up again.

A gzip stream has no index: to reach an extension, everything before it must be unpacked. It is unpacked once, while
the headers are read; at every extension the state of the decompressor (some 40 kB) is kept, so that a later read
unpacks that extension only and nothing is written to disk.
"""

from __future__ import annotations

import os
import zlib
from typing import IO, Any, Protocol

from isrcore.values import frozen

__all__ = ["GZIP_MAGIC", "Bookmark", "ForwardStream", "GzipStream", "PlainStream"]

GZIP_MAGIC = b"\x1f\x8b"

_CHUNK = 1 << 14
_SKIP = 1 << 20
_GZIP_BITS = 31  # zlib: a gzip wrapper around a window of 2^15 bytes.


class ForwardStream(Protocol):
    """What walking through a file needs."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end."""

    def skip(self, size: int) -> int:
        """Pass over up to `size` bytes; returns how many there were."""


class PlainStream:
    """An ordinary file."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._end = os.fstat(stream.fileno()).st_size

    def read(self, size: int) -> bytes:
        return self._stream.read(size)

    def skip(self, size: int) -> int:
        place = self._stream.tell()
        return self._stream.seek(min(place + size, self._end)) - place


@frozen
class Bookmark:
    """A place in a gzip stream: the state of the decompressor and how far the file had been read."""

    offset: int
    inflate: Any
    packed: bytes
    unpacked: bytes


class GzipStream:
    """A gzip-compressed file, of one or several members.

    Parameters
    ----------
    stream : binary file
    start : `Bookmark`, optional
        Where to go on; default at the beginning.

    Raises
    ------
    zlib.error
        While reading, when the stream is broken or its checksum is wrong.
    EOFError
        While reading, when it ends early.
    """

    def __init__(self, stream: IO[bytes], start: Bookmark | None = None) -> None:
        self._stream = stream
        if start is None:
            start = Bookmark(0, zlib.decompressobj(_GZIP_BITS), b"", b"")
        stream.seek(start.offset)
        self._inflate, self._packed, self._unpacked = start.inflate.copy(), start.packed, start.unpacked

    def bookmark(self) -> Bookmark:
        return Bookmark(self._stream.tell(), self._inflate.copy(), self._packed, self._unpacked)

    def read(self, size: int) -> bytes:
        parts, wanted = [self._unpacked], size - len(self._unpacked)
        while wanted > 0 and (part := self._next(wanted)):
            parts.append(part)
            wanted -= len(part)
        content = b"".join(parts)
        self._unpacked = content[size:]
        return content[:size]

    def skip(self, size: int) -> int:
        passed = 0
        while passed < size and (part := self.read(min(_SKIP, size - passed))):
            passed += len(part)
        return passed

    def _next(self, most: int) -> bytes:
        """The next unpacked bytes, at most `most`; empty at the end."""
        while True:
            if self._inflate.eof:
                # At the end of a member the tail repeats the unused data.
                self._packed = self._inflate.unused_data
                if len(self._packed) < len(GZIP_MAGIC):
                    self._packed += self._stream.read(_CHUNK)
                if not self._packed.startswith(GZIP_MAGIC):
                    return b""  # The end; padding after the last member is allowed.
                self._inflate = zlib.decompressobj(_GZIP_BITS)
            packed = self._packed or self._stream.read(_CHUNK)
            unpacked: bytes = self._inflate.decompress(packed, most)
            self._packed = self._inflate.unconsumed_tail
            if unpacked:
                return unpacked
            if not packed and not self._inflate.eof:
                raise EOFError("it ends before the end-of-stream marker")
