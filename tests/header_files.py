"""Turns a real header dump into a FITS file: every header as it was, made pixels, the compression that the header
states.

All extensions are there in full size, and yet a file takes a few megabytes: the rows of a compressed image point into
a heap that holds only a pool of different rows, and an uncompressed extension that nobody asked for is a hole in a
sparse file. Which row of the pool is which row of the image differs from extension to extension, so that no two have
the same pixels.
"""

from __future__ import annotations

import io
import json
import lzma
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from tests.shared_data import shared_path

CARD, BLOCK = 80, 2880
POOL_ROWS = 97
"""More than there are extensions, so that every extension begins at another row of the pool."""

DUMPS = (
    "675258o",
    "676000o",
    "688231o",
    "718955l",
    "979412o",
    "979412b",
    "1000003f",
    "1013337x",
    "1265044o",
    "1257365o",
    "1927963f",
    "1927963o",
    "2463796o",
    "2463854b",
    "2463857d",
    "979412p",
    "1927963p",
    "2452990p",
    "02AE10.bias.0.36.00",
    "03Am02.dark.1800.36.00",
    "07Bm06.flat.z.36.02",
    "03Am05.fringe.z.36.00",
    "19BMfr.fringe.gri.40.00",
    "19Bm03.bias.0.40.00",
    "02Bm05.scatter.g.36.00",
    "2004B.mask.0.36.01",
    "2003A.frpts.z.36.00",
)
RAW_DUMPS = DUMPS[:15]


def dump_index(name: str) -> dict[str, Any]:
    """What the list of dumps says about one of them."""
    rows = json.loads(shared_path("megacam", "headers", "index.json").read_text())["files"]
    return next(row for row in rows if row["name"] == name)


def dump_headers(name: str) -> list[list[str]]:
    """The cards of every HDU, 80 characters each, END included."""
    text = lzma.decompress(shared_path("megacam", "headers", f"{name}.hdr.txt.xz").read_bytes()).decode("latin-1")
    headers: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("@HDU "):
            headers.append([])
        elif headers and (line or headers[-1]) and headers[-1][-1:] != ["END".ljust(CARD)]:
            headers[-1].append(line.ljust(CARD))
    return headers


def set_card(cards: list[str], key: str, value: str) -> None:
    """Replace the value of the last card of a keyword, or put a card before END; strings bring their quotes."""
    card = f"{key:8}= {value:>20}".ljust(CARD)
    places = [i for i, old in enumerate(cards) if old[:8].rstrip() == key]
    if places:
        cards[places[-1]] = card
    else:
        cards.insert(len(cards) - 1, card)


def made_headers(
    detectors: tuple[int, ...] = (0, 1), *, bytepix: int | None = None, changes: dict[str, str] | None = None
) -> list[list[str]]:
    """Short headers of a made raw frame, for tests that need no real ones.

    Parameters
    ----------
    detectors : tuple of int
    bytepix : {None, 2, 4}
        None for plain images; 4 gives the form of old files: no BYTEPIX, EXTNAME twice.
    changes : dict, optional
        Keyword -> FITS value to set in every extension, and in the primary where it is one that both state.
    """
    common = {
        "INSTRUME": "'MegaPrime'",
        "DETECTOR": "'MegaCam '",
        "OBSTYPE": "'OBJECT  '",
        "EXPNUM": "1000001",
        "EXPTIME": "30.1",
        "DARKTIME": "30.0",
        "FILTER": "'i.MP9702'",
        "DATE-OBS": "'2010-11-03'",
        "UTC-OBS": "'8:05:09.50'",
        "CRUNID": "'10Bm03  '",
        "SATURATE": "65535",
    }
    primary = {
        "SIMPLE": "T",
        "BITPIX": "16",
        "NAXIS": "0",
        "EXTEND": "T",
        "NEXTEND": f"{len(detectors)}",
        "NCCDS": "36",
    }
    changes = changes or {}
    repeated = {key: value for key, value in changes.items() if key in common or key.startswith("IMCMB")}
    headers = [_cards(primary | common | repeated)]
    for number in detectors:
        own = {"EXTNAME": f"'ccd{number:02d}   '", "EXTVER": f"{number}", "BZERO": "32768.0", "BSCALE": "1.0"}
        own |= {"GAINA": "1.5", "GAINB": "1.6", "RDNOISEA": "4", "RDNOISEB": "5", "RDNOISE": "4"}
        if bytepix is None:
            shape = {"XTENSION": "'IMAGE   '", "BITPIX": "16", "NAXIS": "2", "NAXIS1": "2112", "NAXIS2": "4644"}
            cards = _cards(shape | {"PCOUNT": "0", "GCOUNT": "1"} | own | common)
        else:
            table = {"XTENSION": "'BINTABLE'", "BITPIX": "8", "NAXIS": "2", "NAXIS1": "8", "NAXIS2": "4644"}
            table |= {"PCOUNT": "0", "GCOUNT": "1", "TFIELDS": "1", "TTYPE1": "'COMPRESSED_DATA'", "TFORM1": "'1PB(0)'"}
            tiles = {"ZIMAGE": "T", "ZBITPIX": "16", "ZNAXIS": "2", "ZNAXIS1": "2112", "ZNAXIS2": "4644"}
            tiles |= {"ZTILE1": "2112", "ZTILE2": "1", "ZCMPTYPE": "'RICE_1  '", "ZNAME1": "'BLOCKSIZE'", "ZVAL1": "32"}
            tiles |= {"ZNAME2": "'BYTEPIX '", "ZVAL2": "2"} if bytepix == 2 else {}
            first = {"EXTNAME": "'COMPRESSED_IMAGE'"} if bytepix == 4 else {}
            cards = _cards(table | first | tiles)[:-1] + _cards(own | common)
        for key, value in changes.items():
            set_card(cards, key, value)
        headers.append(cards)
    return headers


def _cards(values: dict[str, str]) -> list[str]:
    return [f"{key:8}= {value:>20}".ljust(CARD) for key, value in values.items()] + ["END".ljust(CARD)]


def make_pool(seed: int, width: int = 2112) -> NDArray[np.int16]:
    """Rows of a raw frame as stored: a bias level with noise, some saturated pixels and some zeros."""
    rng = np.random.default_rng(seed)
    counts = rng.normal(1180.0, 3.0, (POOL_ROWS, width)).round().astype(np.int32)
    counts[rng.random(counts.shape) < 1e-3] = 65535
    counts[rng.random(counts.shape) < 1e-3] = 0
    return (counts - 32768).astype(np.int16)


def write_made(path: Path, headers: list[list[str]], *, bytepix: int | None = None, seed: int = 1) -> HeaderFile:
    """Write headers of `made_headers` with pixels in every extension."""
    pool = make_pool(seed)
    tiles = compress(pool, bytepix) if bytepix else None
    with path.open("wb") as stream:
        for hdu, cards in enumerate(headers):
            write_hdu(stream, cards, hdu, pool, tiles, fill=True)
        stream.truncate()
    return HeaderFile(path, pool, headers)


def card_value(cards: list[str], key: str) -> str | None:
    """The text between equals sign and comment of the last card of a keyword, unquoted."""
    found = [card for card in cards if card[:8].rstrip() == key]
    return found[-1][10:].split(" / ")[0].strip().strip("'").strip() if found else None


@dataclass
class HeaderFile:
    """A file built from a dump.

    Attributes
    ----------
    pool : ndarray, (POOL_ROWS, width), int16
        Pixels as stored.
    """

    path: Path
    pool: NDArray[np.int16]
    headers: list[list[str]] = field(repr=False)

    def stored(self, hdu: int) -> NDArray[np.int16]:
        """The pixels of an extension as stored (int16, before BSCALE and BZERO)."""
        return self.pool[_rows(hdu)]

    def raw(self, hdu: int) -> NDArray[np.uint16]:
        """The pixels of an extension of a raw frame."""
        return self.stored(hdu).astype(np.int32).__add__(32768).astype(np.uint16)


def _rows(hdu: int, height: int = 4644) -> NDArray[np.intp]:
    return (np.arange(height) + hdu) % POOL_ROWS


def build(name: str, path: Path, *, written: tuple[int, ...] = (), keep: tuple[int, ...] | None = None) -> HeaderFile:
    """Write the file of a dump.

    Parameters
    ----------
    name : str
    path : Path
    written : tuple of int
        HDUs of uncompressed files whose pixels are written; the others are holes. Compressed HDUs are always complete.
    keep : tuple of int, optional
        HDUs to keep besides the primary; default all.
    """
    headers = dump_headers(name)
    seed = zlib.crc32(name.encode())
    index = dump_index(name)
    is_mask, width = index["type"] == "MASK", index["naxis"][0]
    if is_mask:
        pool = (np.random.default_rng(seed).random((POOL_ROWS, width)) > 0.01).astype(np.int16)
    else:
        pool = make_pool(seed, width)
    tiles = compress(pool, bytepix=index["bytepix"] or 4) if index["rice"] else None
    chosen = [0, *(range(1, len(headers)) if keep is None else keep)]
    with path.open("wb") as stream:
        for hdu in chosen:
            write_hdu(stream, headers[hdu], hdu, pool, tiles, fill=hdu in written)
        stream.truncate(-(-stream.tell() // BLOCK) * BLOCK)
    return HeaderFile(path, pool, [headers[hdu] for hdu in chosen])


@dataclass(frozen=True)
class Tiles:
    """Compressed rows: their places in the heap, and the heap."""

    lengths: NDArray[np.int32]
    starts: NDArray[np.int32]
    heap: bytes


def compress(rows: NDArray[np.int16], bytepix: int) -> Tiles:
    """RICE_1 in tiles of one row, with 16-bit (BYTEPIX 2) or 32-bit (BYTEPIX 4) arithmetic."""
    buffer = io.BytesIO()
    image = fits.CompImageHDU(rows.astype(f"i{bytepix}"), compression_type="RICE_1", tile_shape=(1, rows.shape[1]))
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    buffer.seek(0)
    with fits.open(buffer, disable_image_compression=True) as hdus:
        header, place = hdus[1].header, hdus[1].fileinfo()["datLoc"]
        assert header["ZVAL2"] == bytepix
        table_size, heap_size = header["NAXIS1"] * header["NAXIS2"], header["PCOUNT"]
        data = buffer.getvalue()[place : place + table_size + heap_size]
    lengths, starts = np.frombuffer(data[:table_size], ">i4").reshape(-1, 2).T
    return Tiles(lengths, starts, data[table_size:])


def write_hdu(
    stream: io.BufferedIOBase, cards: list[str], hdu: int, pool: NDArray[np.int16], tiles: Tiles | None, *, fill: bool
) -> None:
    """Write one HDU at the end of `stream`; the header is changed where it states the size of the heap."""
    compressed = hdu > 0 and tiles is not None
    if compressed:
        set_card(cards, "PCOUNT", str(len(tiles.heap)))
        set_card(cards, "TFORM1", f"'1PB({tiles.lengths.max()})'")
    header = "".join(cards).encode("latin-1")
    stream.write(header.ljust(-(-len(header) // BLOCK) * BLOCK))
    if int(card_value(cards, "NAXIS") or 0) == 0:
        return
    height, begin = int(card_value(cards, "NAXIS2") or 0), stream.tell()
    if compressed:
        rows = _rows(hdu)
        stream.write(np.stack([tiles.lengths[rows], tiles.starts[rows]], axis=1).astype(">i4").tobytes())
        stream.write(tiles.heap)
    elif card_value(cards, "XTENSION") == "IMAGE":
        size = height * pool.shape[1] * 2
        if fill:
            stream.write(pool[_rows(hdu)].astype(">i2").tobytes())
        stream.seek(begin + size)
    else:
        stream.write(b" " * int(card_value(cards, "NAXIS1") or 0) * height)
    stream.seek(begin + -(-(stream.tell() - begin) // BLOCK) * BLOCK)
