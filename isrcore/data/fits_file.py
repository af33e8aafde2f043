"""The container: where the headers and pixels of a FITS file lie, found by reading headers only.

A MegaCam file has up to 81 headers and 0.8 GB of pixels. Opening walks from header to header and reads no pixel; a
read fetches one extension. What is wrong with one extension is an error when that extension is read, so that the
others stay usable.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.data.cards import BLOCK, CARD, CardHeader
from isrcore.data.errors import FrameError
from isrcore.data.hdu import DTYPES, STRUCTURE, Hdu
from isrcore.data.scaling import Scaling, scaling_of
from isrcore.data.streams import GZIP_MAGIC, Bookmark, ForwardStream, GzipStream, PlainStream
from isrcore.data.tiles import decode_tiles
from isrcore.fits_limits import MOST_HEADER, STATED_SIZES, data_size
from isrcore.readable import check_readable

__all__ = ["STRUCTURE", "FitsFile", "Hdu", "open_fits"]


def open_fits(path: str | Path) -> FitsFile:
    """The headers of a file, from memory when it is one of the last few and has not changed since.

    Raises
    ------
    FrameError
        As `FitsFile`.
    """
    try:
        status = os.stat(path)
    except OSError:
        return FitsFile(path)  # Which says what is wrong.
    return _opened(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _opened(path: str, size: int, mtime_ns: int) -> FitsFile:
    return FitsFile(path)


class FitsFile:
    """A FITS file, plain or gzip-compressed as a whole; extensions may be tile-compressed.

    The content decides, not the file name. The file is opened anew for each read, so that several threads may read and
    nothing stays open. Opening a gzip-compressed file means unpacking it once, a few seconds for a full frame.

    Attributes
    ----------
    path : `pathlib.Path`
    identity : tuple
        Absolute path, size in bytes, modification time in ns.
    hdus : list of `Hdu`
    damage : `FrameError` or None
        Why the walk ended early.

    Raises
    ------
    FrameError
        If there is no such file, it is a folder, may not be read, is empty, is no FITS file, or its gzip stream is
        broken.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.hdus: list[Hdu] = []
        self.damage: FrameError | None = None
        self._bookmarks: list[Bookmark] = []
        with self._explained():
            check_readable(self.path)
        with self._explained(), self.path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            self.identity = (str(self.path.resolve()), status.st_size, status.st_mtime_ns)
            magic = stream.read(len(GZIP_MAGIC))
            if not magic:
                raise FrameError(self.path, "the file is empty", expected="a FITS file", cure="copy it again")
            stream.seek(0)
            self._scan(GzipStream(stream) if magic == GZIP_MAGIC else PlainStream(stream))
        if not self.hdus and self.damage is not None:
            raise self.damage

    @contextmanager
    def _explained(self, hdu: str | None = None) -> Iterator[None]:
        """Errors of the system and of unpacking, with the file's name and a way out."""
        try:
            yield
        except FrameError:
            raise
        except IsADirectoryError:
            raise FrameError(self.path, "this is a folder", expected="a FITS file", cure="name a file in it") from None
        except FileNotFoundError:
            raise FrameError(self.path, "there is no such file", cure="check the name") from None
        except PermissionError:
            raise FrameError(self.path, "permission denied", cure="ask its owner for the right to read it") from None
        except (EOFError, zlib.error) as error:
            problem = f"the gzip stream is broken: {error}"
            raise FrameError(self.path, problem, hdu=hdu, cure="copy the file again") from error
        except MemoryError as error:
            cure = "close other programs, or allow this one more"
            raise FrameError(self.path, "there is not enough memory to read it", hdu=hdu, cure=cure) from error
        except OSError as error:
            raise FrameError(self.path, f"cannot be read: {error.strerror or error}", hdu=hdu) from error

    def _scan(self, stream: ForwardStream) -> None:
        offset = 0
        while block := _read_header(stream):
            number = str(len(self.hdus))
            if not self.hdus and not block.startswith(b"SIMPLE  ="):
                cure = "name a FITS file (.fits, .fits.fz or .fits.gz)"
                raise FrameError(self.path, "not a FITS file", expected="SIMPLE = T at its start", cure=cure)
            if self.hdus and not block.startswith(b"XTENSION"):
                return  # The standard allows other records after the last extension.
            if not _has_end(block):
                found = f"the end of the file after {len(block)} bytes"
                self.damage = self._truncated(number, "a complete header", found)
                return
            header = CardHeader(block)
            size = data_size(header.integer)
            if size is None:
                problem, cure = "the header does not say how large the data are", "copy the file again"
                self.damage = FrameError(self.path, problem, hdu=number, expected=STATED_SIZES, cure=cure)
                return
            offset += len(block)
            if isinstance(stream, GzipStream):
                self._bookmarks.append(stream.bookmark())
            padded = -(-size // BLOCK) * BLOCK
            there = stream.skip(padded)
            self.hdus.append(Hdu(len(self.hdus), header, offset, size, max(0, size - there)))
            offset += padded

    def _truncated(self, hdu: str, expected: str, found: str) -> FrameError:
        cure = "copy or download it again"
        return FrameError(self.path, "the file is truncated", hdu=hdu, expected=expected, found=found, cure=cure)

    def check(self, hdu: Hdu) -> None:
        """Raise `FrameError` when the file ends before the data of `hdu` do."""
        if hdu.missing:
            expected, found = f"{hdu.size} bytes of data", f"{hdu.size - hdu.missing}"
            raise self._truncated(hdu.label, expected, found)

    def read(self, hdu: Hdu) -> bytes:
        """The data of `hdu` as bytes.

        Raises
        ------
        FrameError
            If the file is truncated there, has changed since it was opened, or cannot be read any more.
        """
        self.check(hdu)
        with self._explained(hdu.label), self.path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if (status.st_size, status.st_mtime_ns) != self.identity[1:]:
                raise FrameError(self.path, "the file has changed since it was opened", cure="open it again")
            if self._bookmarks:
                return GzipStream(stream, self._bookmarks[hdu.index]).read(hdu.size)
            stream.seek(hdu.offset)
            return stream.read(hdu.size)

    def stored_pixels(self, hdu: Hdu) -> NDArray[Any]:
        """The image of `hdu` as stored, without BSCALE and BZERO.

        Returns
        -------
        pixels : ndarray, (height, width)
            In the machine's byte order, of the type that BITPIX states.

        Raises
        ------
        FrameError
            If the data are truncated or the compressed data are broken.
        """
        data = self.read(hdu)
        if hdu.is_compressed:
            return decode_tiles(self.path, hdu, data)
        dtype = np.dtype(DTYPES[hdu.bitpix or 0])
        height, width = hdu.shape
        if len(data) != height * width * dtype.itemsize:
            raise FrameError(
                self.path,
                "the size of the data is not that of the image",
                hdu=hdu.label,
                keyword="PCOUNT, GCOUNT",
                expected="0 and 1",
                found=f"{hdu.header.get('PCOUNT')} and {hdu.header.get('GCOUNT')}",
                cure="copy the file again",
            )
        pixels: NDArray[Any] = np.frombuffer(data, dtype).reshape(hdu.shape)
        return pixels.astype(dtype.newbyteorder("="))

    def scaling(self, hdu: Hdu) -> Scaling:
        """How the stored numbers of `hdu` become values.

        Raises
        ------
        FrameError
            If BSCALE, BZERO or BLANK cannot be used.
        """
        return scaling_of(self.path, hdu)

    def scaled_pixels(self, hdu: Hdu) -> NDArray[np.float32]:
        """The image of `hdu` in physical units, float32, (height, width); NaN where the file has no value.

        Raises
        ------
        FrameError
            As `scaling` and `stored_pixels`.
        """
        scaling = self.scaling(hdu)
        return scaling.values(self.stored_pixels(hdu))


def _read_header(stream: ForwardStream) -> bytes:
    """The blocks of one header, up to the one with its END card or the end of the file; empty at the file's end."""
    blocks = []
    while block := stream.read(BLOCK):
        blocks.append(block)
        if len(blocks) == 1 and not block.startswith((b"SIMPLE  =", b"XTENSION")):
            break
        if _has_end(block) or len(block) < BLOCK or len(blocks) * BLOCK > MOST_HEADER:
            break
    return b"".join(blocks)


def _has_end(block: bytes) -> bool:
    """Whether the last block is complete and has an END card."""
    last = block[-BLOCK:]
    cards = range(0, BLOCK, CARD)
    return len(block) % BLOCK == 0 and any(last[start : start + 8] == b"END     " for start in cards)
