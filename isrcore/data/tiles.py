"""Decoding tile-compressed images with the codecs of astropy, after checks that tell damage from bad luck."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.data.cards import BLOCK, CARD
from isrcore.data.errors import FrameError
from isrcore.data.hdu import DTYPES, STRUCTURE, Hdu

__all__ = ["decode_tiles"]

_NOT_IN_TABLE = ("SIMPLE", "EXTEND", "INHERIT", "BSCALE", "BZERO", "BLANK", "CHECKSUM", "DATASUM", "END")

_DEFAULT_TILES = ("ZTILE1", "ZTILE2")
"""Where the header has none a tile is one row, which astropy does not know."""

_PLIO_SHIFT = 0x8000
"""CFITSIO adds it to unsigned 16-bit pixels before PLIO_1, which knows no negative numbers; astropy leaves it there."""

_MAX_COLUMNS = 10
"""The standard knows fewer; astropy loops over as many as the header states."""


def decode_tiles(path: Path, hdu: Hdu, data: bytes) -> NDArray[Any]:
    """The image of a compressed extension as stored, without BSCALE and BZERO, in the machine's byte order.

    astropy is given the keywords of the table only: it would merge the two EXTNAME cards of older files. RICE_1 without
    BYTEPIX means 4 by the standard, although the pixels have 16 bits (all files compressed before about 2010); the
    card is added, so that this does not rest on a default. So are ZTILEn. For integers it is not told of ZBLANK, which
    would turn them into floats: what is undefined is for `isrcore.data.scaling` to say.

    Raises
    ------
    FrameError
        If the checksum is wrong, a tile lies outside the heap, the codec gives up, or the pixels have another type than
        ZBITPIX states.
    """
    from astropy.io import fits  # Slow to import, and opening a frame does not need it.

    header = hdu.header
    _check_tiles(path, hdu, data)
    left_out = (*_NOT_IN_TABLE, "ZBLANK") if (hdu.bitpix or 0) > 0 else _NOT_IN_TABLE
    cards = [header.card(key) for key in header if STRUCTURE.fullmatch(key) and key not in left_out]
    for key, size in zip(_DEFAULT_TILES, _tile_shape(hdu), strict=True):
        if key not in header:
            cards.append(f"{key:8}= {size}".ljust(CARD).encode())
    parameters = {header.text(key) for key in header if re.fullmatch(r"ZNAME\d+", key)}
    if header.text("ZCMPTYPE") in ("RICE_1", "RICE_ONE") and "BYTEPIX" not in parameters:
        for key, value in (("ZNAME", "'BYTEPIX '"), ("ZVAL", "4")):
            cards.append(f"{f'{key}{len(parameters) + 1}':8}= {value}".ljust(CARD).encode())
    try:
        with fits.HDUList.fromstring(_EMPTY_PRIMARY + _padded(b"".join(cards) + b"END", b" ") + data) as table:
            pixels: NDArray[Any] = table[1].data
    except Exception as error:  # The codecs raise their own private types for broken streams.
        raise _damaged(path, hdu, found=f"{type(error).__name__}: {error}") from error
    if pixels is None or pixels.shape != hdu.shape:
        raise _damaged(path, hdu, found=f"{None if pixels is None else pixels.shape} pixels")
    stated = np.dtype(DTYPES[hdu.bitpix or 0]).newbyteorder("=")
    if pixels.dtype.newbyteorder("=") != stated:
        raise _damaged(path, hdu, keyword="ZBITPIX", expected=f"{stated} pixels", found=f"{pixels.dtype}")
    pixels = np.ascontiguousarray(pixels, stated)
    if header.text("ZCMPTYPE") == "PLIO_1" and hdu.bitpix == 16 and header.number("BZERO") == 32768:
        pixels = (pixels.view(np.uint16) ^ np.uint16(_PLIO_SHIFT)).view(stated)
    return pixels


def _tile_shape(hdu: Hdu) -> tuple[int, int]:
    """Width and height of a tile: one row where the header does not say; 0 where it says nonsense."""
    header = hdu.header
    width, height = (
        (header.integer(key) or 0) if key in header else size
        for key, size in zip(_DEFAULT_TILES, (hdu.shape[1], 1), strict=True)
    )
    return width, height


def _check_tiles(path: Path, hdu: Hdu, data: bytes) -> None:
    """Compare the checksum where there is one, and see that there are all tiles and that they lie in the heap."""
    header = hdu.header
    stated = header.text("DATASUM")
    if stated.isdigit() and int(stated) != _datasum(data):
        raise _damaged(path, hdu, keyword="DATASUM", expected=stated, found=_datasum(data))
    (width, height), (rows, columns) = _tile_shape(hdu), hdu.shape
    tiles = 0 if min(width, height) < 1 else -(-columns // width) * -(-rows // height)
    if header.integer("NAXIS2") != tiles:
        raise _damaged(path, hdu, keyword="NAXIS2", expected=f"{tiles} tiles", found=header.get("NAXIS2"))
    form = re.match(r"1?([PQ])", header.text("TFORM1"))
    few_columns = 1 <= (header.integer("TFIELDS") or 0) <= _MAX_COLUMNS
    if form is None or header.text("TTYPE1") != "COMPRESSED_DATA" or not few_columns:
        expected = "COMPRESSED_DATA as 1P or 1Q and a few columns"
        found = f"{header.get('TTYPE1')!r} as {header.get('TFORM1')!r} of {header.get('TFIELDS')}"
        raise _damaged(path, hdu, keyword="TTYPE1, TFORM1, TFIELDS", expected=expected, found=found)
    item = np.dtype(">i4" if form[1] == "P" else ">i8")
    width = header.integer("NAXIS1") or 0
    if width < 2 * item.itemsize or len(data) < tiles * width:
        expected = f"at least {2 * item.itemsize} bytes for each of {tiles} tiles"
        raise _damaged(path, hdu, keyword="NAXIS1", expected=expected, found=f"{width} bytes, {len(data)} in all")
    table = np.frombuffer(data, np.uint8, tiles * width).reshape(tiles, width)[:, : 2 * item.itemsize]
    length, start = np.ascontiguousarray(table).view(item).astype(np.int64).T
    heap = len(data) - (header.integer("THEAP") or tiles * width)
    bad = np.flatnonzero((length < 0) | (start < 0) | (start + length > heap))
    if bad.size:
        found = f"tile {bad[0]} at bytes {start[bad[0]]} to {start[bad[0]] + length[bad[0]]}"
        raise _damaged(path, hdu, expected=f"all tiles within a heap of {heap} bytes", found=found)


def _damaged(path: Path, hdu: Hdu, **facts: Any) -> FrameError:
    kind = hdu.header.text("ZCMPTYPE")
    cure = "copy the file again; its other extensions can still be read"
    return FrameError(path, f"the {kind} compressed pixels are damaged", hdu=hdu.label, cure=cure, **facts)


def _datasum(data: bytes) -> int:
    """The FITS checksum of data: the ones' complement sum of 32-bit words."""
    total = int(np.frombuffer(_padded(data, b"\0"), ">u4").sum(dtype=np.uint64))
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def _padded(data: bytes, fill: bytes) -> bytes:
    return data.ljust(-(-len(data) // BLOCK) * BLOCK, fill)


_EMPTY_PRIMARY = _padded(
    b"".join(card.ljust(CARD) for card in (b"SIMPLE  = T", b"BITPIX  = 8", b"NAXIS   = 0", b"END")), b" "
)
