"""The container: where the headers and pixels of a FITS file lie, found by reading headers only.

A MegaCam file has up to 81 headers and 0.8 GB of pixels. Opening walks from header to header and reads no pixel; a
read fetches one extension. What is wrong with one extension is an error when that extension is read, so that the
others stay usable.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from isrcore.data.cards import BLOCK, CARD, CardHeader
from isrcore.data.errors import FrameError

__all__ = ["STRUCTURE", "FitsFile", "Hdu"]

STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM|DIM|NULL|SCAL|ZERO|UNIT|BCOL)\d+|THEAP"
    r"|ZIMAGE|ZSIMPLE|ZTENSION|ZBITPIX|ZNAXIS\d*|ZEXTEND|ZPCOUNT|ZGCOUNT|ZTILE\d+|ZCMPTYPE|ZNAME\d+|ZVAL\d+|ZMASKCMP"
    r"|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO|ZBLOCKED|ZHECKSUM|ZDATASUM|CHECKSUM|DATASUM|BSCALE|BZERO|BLANK|INHERIT|END"
)
"""Keywords that describe the file, not the exposure."""

_DTYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"
_NOT_IN_TABLE = ("SIMPLE", "EXTEND", "INHERIT", "BSCALE", "BZERO", "BLANK", "CHECKSUM", "DATASUM", "END")


@dataclass(frozen=True)
class Hdu:
    """One header and the place of its data.

    Attributes
    ----------
    index : int
        0 for the primary.
    header : `CardHeader`
    offset, size : int
        First byte of the data and their number without padding.
    missing : int
        Bytes that the file is too short by.
    """

    index: int
    header: CardHeader
    offset: int
    size: int
    missing: int

    @property
    def name(self) -> str:
        """The last EXTNAME; empty without one."""
        return self.header.text("EXTNAME")

    @property
    def label(self) -> str:
        """For messages: ``13 (ccd12)``."""
        return f"{self.index} ({self.name})" if self.name else str(self.index)

    @property
    def is_compressed(self) -> bool:
        return self.header.get("ZIMAGE") is True

    @property
    def is_image(self) -> bool:
        """Whether it holds a two-dimensional image, compressed or not."""
        if self.is_compressed:
            return self.header.integer("ZNAXIS") == 2
        return self.header.integer("NAXIS") == 2 and self.header.text("XTENSION") in ("", "IMAGE")

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        prefix = "ZNAXIS" if self.is_compressed else "NAXIS"
        return self.header.integer(f"{prefix}2") or 0, self.header.integer(f"{prefix}1") or 0

    @property
    def bitpix(self) -> int | None:
        return self.header.integer("ZBITPIX" if self.is_compressed else "BITPIX")

    @property
    def scaling(self) -> tuple[float, float]:
        """BSCALE and BZERO; 1 and 0 where absent."""
        scale, zero = self.header.number("BSCALE"), self.header.number("BZERO")
        return 1.0 if scale is None else scale, 0.0 if zero is None else zero


class FitsFile:
    """An open FITS file, plain or gzip-compressed as a whole; extensions may be tile-compressed.

    The content decides, not the file name. A gzip-compressed file allows no jumps, so it is unpacked once into an
    unnamed temporary file (up to 0.8 GB); all others are opened for each read, which makes reads from several threads
    safe.

    Attributes
    ----------
    path : `pathlib.Path`
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
        self._unpacked: IO[bytes] | None = None
        try:
            with self.path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                self.identity = (str(self.path.resolve()), status.st_size, status.st_mtime_ns)
                magic = stream.read(9)
                if not magic:
                    raise FrameError(self.path, "the file is empty", expected="a FITS file", cure="copy it again")
                if magic.startswith(_GZIP_MAGIC):
                    self._unpacked = self._unpack(stream)
                    self._scan(self._unpacked)
                else:
                    self._scan(stream)
        except FrameError:
            raise
        except IsADirectoryError:
            raise FrameError(self.path, "this is a folder", expected="a FITS file", cure="name a file in it") from None
        except FileNotFoundError:
            raise FrameError(self.path, "there is no such file", cure="check the name") from None
        except PermissionError:
            raise FrameError(self.path, "permission denied", cure="ask its owner for the right to read it") from None
        except OSError as error:
            raise FrameError(self.path, f"cannot be read: {error.strerror or error}") from error

    def _unpack(self, stream: IO[bytes]) -> IO[bytes]:
        stream.seek(0)
        target = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as this object)
        try:
            with gzip.open(stream) as unpacked:
                shutil.copyfileobj(unpacked, target, 1 << 20)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FrameError(self.path, f"the gzip stream is broken: {error}", cure="copy the file again") from error
        return target

    def _scan(self, stream: IO[bytes]) -> None:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if stream.read(9) != b"SIMPLE  =":
            cure = "name a FITS file (.fits, .fits.fz or .fits.gz)"
            raise FrameError(self.path, "not a FITS file", expected="SIMPLE = T at its start", cure=cure)
        self.hdus: list[Hdu] = []
        self.damage: FrameError | None = None
        offset = 0
        while offset < size:
            stream.seek(offset)
            block = _read_header(stream)
            if block is None:
                self.damage = self._truncated(str(len(self.hdus)), "a complete header", f"end of file at byte {size}")
                break
            if self.hdus and not block.startswith(b"XTENSION"):
                break  # The standard allows other records after the last extension.
            header = CardHeader(block)
            data_size = _data_size(header)
            if data_size is None:
                self.damage = FrameError(
                    self.path,
                    "the header does not say how large the data are",
                    hdu=str(len(self.hdus)),
                    expected="BITPIX, NAXIS and NAXISn as integers",
                    cure="copy the file again",
                )
                break
            begin = offset + len(block)
            self.hdus.append(Hdu(len(self.hdus), header, begin, data_size, max(0, begin + data_size - size)))
            offset = begin + -(-data_size // BLOCK) * BLOCK
        if not self.hdus and self.damage is not None:
            raise self.damage

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
        try:
            if self._unpacked is not None:
                return os.pread(self._unpacked.fileno(), hdu.size, hdu.offset)
            with self.path.open("rb") as stream:
                status = os.fstat(stream.fileno())
                if (status.st_size, status.st_mtime_ns) != self.identity[1:]:
                    raise FrameError(self.path, "the file has changed since it was opened", cure="open it again")
                stream.seek(hdu.offset)
                return stream.read(hdu.size)
        except FrameError:
            raise
        except OSError as error:
            raise FrameError(self.path, f"cannot be read: {error.strerror or error}", hdu=hdu.label) from error

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
        if hdu.is_compressed:
            return self._decompress(hdu)
        dtype = np.dtype(_DTYPES[hdu.bitpix or 0])
        pixels: NDArray[Any] = np.frombuffer(self.read(hdu), dtype).reshape(hdu.shape)
        return pixels.astype(dtype.newbyteorder("="))

    def scaled_pixels(self, hdu: Hdu) -> NDArray[np.float32]:
        """The image of `hdu` in physical units, float32, (height, width).

        Sixteen-bit pixels, the storage of all masters, are scaled by a table of all 65536 values, each computed in
        double precision: exact rounding at the price of a copy.
        """
        stored, (scale, zero) = self.stored_pixels(hdu), hdu.scaling
        if stored.dtype == np.int16:
            values = np.arange(1 << 16, dtype=np.uint16).view(np.int16) * np.float64(scale) + zero
            return values.astype(np.float32)[stored.view(np.uint16)]
        if (scale, zero) == (1.0, 0.0):
            return stored.astype(np.float32)
        return (stored * np.float64(scale) + zero).astype(np.float32)

    def _decompress(self, hdu: Hdu) -> NDArray[Any]:
        """Decode a tile-compressed image with the codecs of astropy.

        astropy is given the keywords of the table only: it would merge the two EXTNAME cards of older files. RICE_1
        without BYTEPIX means 4 by the standard, although the pixels have 16 bits (all files compressed before about
        2010); the card is added, so that this does not rest on a default.
        """
        from astropy.io import fits  # Slow to import, and opening a frame does not need it.

        data = self.read(hdu)
        header = hdu.header
        self._check_tiles(hdu, data)
        cards = [header.card(key) for key in header if STRUCTURE.fullmatch(key) and key not in _NOT_IN_TABLE]
        parameters = {header.text(key) for key in header if re.fullmatch(r"ZNAME\d+", key)}
        if header.text("ZCMPTYPE") in ("RICE_1", "RICE_ONE") and "BYTEPIX" not in parameters:
            for key, value in (("ZNAME", "'BYTEPIX '"), ("ZVAL", "4")):
                cards.append(f"{f'{key}{len(parameters) + 1}':8}= {value}".ljust(CARD).encode())
        try:
            with fits.HDUList.fromstring(_EMPTY_PRIMARY + _padded(b"".join(cards) + b"END", b" ") + data) as table:
                pixels: NDArray[Any] = table[1].data
        except Exception as error:  # The codecs raise their own private types for broken streams.
            raise self._broken_tiles(hdu, found=f"{type(error).__name__}: {error}") from error
        if pixels is None or pixels.shape != hdu.shape:
            raise self._broken_tiles(hdu, found=f"{None if pixels is None else pixels.shape} pixels")
        return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("="))

    def _check_tiles(self, hdu: Hdu, data: bytes) -> None:
        """Compare the checksum where there is one, and see that every tile lies in the heap."""
        stated = hdu.header.text("DATASUM")
        if stated.isdigit() and int(stated) != _datasum(data):
            raise self._broken_tiles(hdu, keyword="DATASUM", expected=stated, found=_datasum(data))
        form = re.match(r"1?([PQ])", hdu.header.text("TFORM1"))
        width, rows = hdu.header.integer("NAXIS1") or 0, hdu.header.integer("NAXIS2") or 0
        if form is None or hdu.header.text("TTYPE1") != "COMPRESSED_DATA":
            return
        item = np.dtype(">i4" if form[1] == "P" else ">i8")
        table = np.frombuffer(data, np.uint8, rows * width).reshape(rows, width)[:, : 2 * item.itemsize]
        length, start = np.ascontiguousarray(table).view(item).astype(np.int64).T
        heap = len(data) - (hdu.header.integer("THEAP") or rows * width)
        bad = np.flatnonzero((length < 0) | (start < 0) | (start + length > heap))
        if bad.size:
            found = f"tile {bad[0]} at bytes {start[bad[0]]} to {start[bad[0]] + length[bad[0]]}"
            raise self._broken_tiles(hdu, expected=f"all tiles within a heap of {heap} bytes", found=found)

    def _broken_tiles(self, hdu: Hdu, **facts: Any) -> FrameError:
        kind = hdu.header.text("ZCMPTYPE")
        cure = "copy the file again; its other extensions can still be read"
        return FrameError(self.path, f"the {kind} compressed pixels are damaged", hdu=hdu.label, cure=cure, **facts)


def _read_header(stream: IO[bytes]) -> bytes | None:
    """The blocks of one header, up to the one with its END card; None when the file ends before."""
    blocks = []
    while len(block := stream.read(BLOCK)) == BLOCK:
        blocks.append(block)
        if any(block[start : start + 8] == b"END     " for start in range(0, BLOCK, CARD)):
            return b"".join(blocks)
    return None


def _data_size(header: CardHeader) -> int | None:
    """Bytes of data without padding; None when the header does not say."""
    bitpix, axes = header.integer("BITPIX"), header.integer("NAXIS")
    if bitpix not in _DTYPES or axes is None:
        return None
    sizes = [header.integer(f"NAXIS{axis}") for axis in range(1, axes + 1)]
    known = [size for size in sizes if size is not None and size >= 0]
    if len(known) != len(sizes):
        return None
    pixels = int(np.prod(known, dtype=np.int64)) if known else 0
    parameters, groups = header.integer("PCOUNT") or 0, header.integer("GCOUNT")
    return abs(bitpix) // 8 * (1 if groups is None else groups) * (parameters + pixels)


def _padded(data: bytes, fill: bytes) -> bytes:
    return data.ljust(-(-len(data) // BLOCK) * BLOCK, fill)


def _datasum(data: bytes) -> int:
    """The FITS checksum of data: the ones' complement sum of 32-bit words."""
    total = int(np.frombuffer(_padded(data, b"\0"), ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


_EMPTY_PRIMARY = _padded(
    b"".join(card.ljust(CARD) for card in (b"SIMPLE  = T", b"BITPIX  = 8", b"NAXIS   = 0", b"END")), b" "
)
