"""Writing multi-extension FITS files card by card.

astropy would tidy the headers; MegaCam files are not tidy (EXTVER 0, EXTNAME twice, 20-digit integers, Rice without
BYTEPIX), and a simulator that writes tidy files tests nothing. astropy still does the Rice coding.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from isrcore.atomic import written_atomically

__all__ = ["Compression", "Extension", "card", "compression_for", "write_fits"]

Compression = Literal["rice2", "rice4", "gzip", "none"]

_BLOCK = 2880
_SUFFIX: dict[Compression, str] = {"rice2": ".fits.fz", "rice4": ".fits.fz", "gzip": ".fits.gz", "none": ".fits"}
_RICE_BLOCKSIZE = 32


@dataclass(frozen=True)
class Extension:
    """One image extension.

    Attributes
    ----------
    name : str
        EXTNAME; only the structure of old Rice files needs it apart from the cards.
    cards : sequence of str
        The header without its structural part (XTENSION to ZVALn) and without END.
    stored : ndarray, (height, width), int16
        Values as stored, before BZERO and BSCALE. A single row stands for an image of `height` equal rows.
    height : int
    """

    name: str
    cards: Sequence[str]
    stored: NDArray[np.int16]
    height: int

    @property
    def repeats(self) -> int:
        """How often the rows that are given follow each other."""
        return self.height // int(self.stored.shape[0])


def card(keyword: str, value: str, comment: str = "") -> str:
    """A fixed-format card of 80 characters; `value` is FITS text, strings in their quotes."""
    if value.startswith("'"):
        value = f"'{value[1:-1]:<8}'"
        text = f"{keyword:<8}= {value:<20}"
    else:
        text = f"{keyword:<8}= {value:>20}"
    return (f"{text} / {comment}" if comment else text)[:80].ljust(80)


def compression_for(path: Path) -> Compression:
    """The compression that a file name asks for.

    Raises
    ------
    ValueError
        For a name that does not end in .fits, .fits.fz or .fits.gz.
    """
    candidates: tuple[Compression, ...] = ("rice2", "gzip", "none")
    for compression in candidates:
        if path.name.endswith(_SUFFIX[compression]):
            return compression
    raise ValueError(f"{path}: a simulated frame must be named *.fits.fz (Rice), *.fits.gz or *.fits")


def write_fits(path: Path, primary: Sequence[str], extensions: Iterable[Extension], compression: Compression) -> None:
    """Write a file with an empty primary HDU and image extensions, atomically and without time stamps.

    Parameters
    ----------
    path : `pathlib.Path`
        Replaced when it exists. On an error nothing is left behind and an existing file stays as it was.
    primary : sequence of str
        Cards after EXTEND.
    extensions : iterable of `Extension`
        Consumed one by one, so that only one image is in memory.
    compression : str

    Raises
    ------
    ValueError
        When the file name does not fit the compression.
    OSError
        When the file cannot be written.
    """
    if not path.name.endswith(_SUFFIX[compression]):
        raise ValueError(f"{path}: compression {compression!r} needs a name that ends in {_SUFFIX[compression]}")
    with written_atomically(path) as temporary, temporary.open("wb") as raw:
        if compression == "gzip":
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0) as zipped:
                _write_hdus(zipped, primary, extensions, compression)
        else:
            _write_hdus(raw, primary, extensions, compression)


def _write_hdus(
    out: IO[bytes] | gzip.GzipFile, primary: Sequence[str], extensions: Iterable[Extension], compression: Compression
) -> None:
    structure = [
        card("SIMPLE", "T", "Standard FITS"),
        card("BITPIX", "16", "number of bits per data pixel"),
        card("NAXIS", "0", "number of data axes"),
        card("EXTEND", "T", "File contains extensions"),
    ]
    out.write(_header_bytes([*structure, *primary]))
    for extension in extensions:
        if compression in ("rice2", "rice4"):
            structure, parts = _rice_hdu(extension, 2 if compression == "rice2" else 4)
        else:
            structure, parts = _image_hdu(extension)
        out.write(_header_bytes([*structure, *extension.cards]))
        length = 0
        for part in parts:
            out.write(part)
            length += len(part)
        out.write(bytes(-length % _BLOCK))


def _header_bytes(cards: Sequence[str]) -> bytes:
    text = "".join(cards) + "END".ljust(80)
    return text.ljust(-(-len(text) // _BLOCK) * _BLOCK).encode("ascii")


def _image_hdu(extension: Extension) -> tuple[list[str], list[bytes]]:
    pixels = extension.stored.astype(">i2").tobytes()
    structure = [
        card("XTENSION", "'IMAGE   '", "image extension"),
        card("BITPIX", "16", "data type of original image"),
        card("NAXIS", "2", "dimension of original image"),
        card("NAXIS1", str(extension.stored.shape[1]), "length of original image axis"),
        card("NAXIS2", str(extension.height), "length of original image axis"),
        card("PCOUNT", "0", "size of special data area"),
        card("GCOUNT", "1", "one data group (required keyword)"),
    ]
    return structure, [pixels] * extension.repeats


def _rice_hdu(extension: Extension, bytepix: int) -> tuple[list[str], list[bytes]]:
    """Structure cards and data of a row-tiled Rice image in the form that fpack of the time wrote."""
    lengths, heap = _rice_rows(extension.stored, bytepix)
    lengths = np.tile(lengths, extension.repeats)
    descriptors = np.empty((extension.height, 2), dtype=">i4")
    descriptors[:, 0] = lengths
    descriptors[:, 1] = np.cumsum(lengths) - lengths
    legacy = bytepix == 4
    structure = [
        card("XTENSION", "'BINTABLE'", "binary table extension"),
        card("BITPIX", "8", "8-bit bytes"),
        card("NAXIS", "2", "2-dimensional binary table"),
        card("NAXIS1", "8", "width of table in bytes"),
        card("NAXIS2", str(extension.height), "number of rows in table"),
        card("PCOUNT", str(int(lengths.sum())), "size of special data area"),
        card("GCOUNT", "1", "one data group (required keyword)"),
        card("TFIELDS", "1", "number of fields in each row"),
        card("TTYPE1", "'COMPRESSED_DATA'", "label for field   1"),
        card("TFORM1", f"'1PB({lengths.max()})'", "data format of field: variable length array"),
        *([card("EXTNAME", "'COMPRESSED_IMAGE'", "name of this binary table extension")] if legacy else []),
        card("ZIMAGE", "T", "extension contains compressed image"),
        card("ZBITPIX", "16", "data type of original image"),
        card("ZNAXIS", "2", "dimension of original image"),
        card("ZNAXIS1", str(extension.stored.shape[1]), "length of original image axis"),
        card("ZNAXIS2", str(extension.height), "length of original image axis"),
        card("ZTILE1", str(extension.stored.shape[1]), "size of tiles to be compressed"),
        card("ZTILE2", "1", "size of tiles to be compressed"),
        card("ZCMPTYPE", "'RICE_1  '", "compression algorithm"),
        card("ZNAME1", "'BLOCKSIZE'", "compression block size"),
        card("ZVAL1", str(_RICE_BLOCKSIZE), "pixels per block"),
    ]
    if not legacy:
        structure.append(card("ZNAME2", "'BYTEPIX '", "bytes per pixel (1, 2, 4, or 8)"))
        structure.append(card("ZVAL2", "2", "bytes per pixel (1, 2, 4, or 8)"))
    return structure, [descriptors.tobytes()] + [heap] * extension.repeats


def _rice_rows(stored: NDArray[np.int16], bytepix: int) -> tuple[NDArray[np.int64], bytes]:
    """Compressed length of every row, and the rows one after the other."""
    # astropy codes 16-bit images with BYTEPIX 2 and 32-bit images with 4: widening gives the old form.
    pixels = stored if bytepix == 2 else stored.astype(np.int32)
    buffer = io.BytesIO()
    image = fits.CompImageHDU(pixels, compression_type="RICE_1", tile_shape=(1, pixels.shape[1]))
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    data = buffer.getvalue()
    buffer.seek(0)
    with fits.open(buffer, disable_image_compression=True) as hdus:
        header: Any = hdus[1].header
        start = hdus[1].fileinfo()["datLoc"]
        height, table = header["NAXIS2"], header["NAXIS1"] * header["NAXIS2"]
        wide = re.match(r"1?Q", header["TFORM1"]) is not None
        heap_start, heap_length = (
            start + header.get("THEAP", table),
            header["PCOUNT"] - header.get("THEAP", table) + table,
        )
    pairs = np.frombuffer(data, dtype=">i8" if wide else ">i4", count=2 * height, offset=start).reshape(height, 2)
    lengths, offsets = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    if not np.array_equal(offsets, np.cumsum(lengths) - lengths):
        raise RuntimeError("astropy did not write the compressed rows one after the other")
    return lengths, data[heap_start : heap_start + heap_length]
