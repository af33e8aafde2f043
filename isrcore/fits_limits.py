"""Sizes that FITS headers state, held against the limits of the standard and the length of the file.

A damaged header can ask for 2147483647 axes or for data that begin before themselves. General readers believe it, and
loop or allocate for ever; so every FITS file is looked through here first, header by header, without its data.
"""

from __future__ import annotations

import gzip
import math
import os
import re
from collections.abc import Callable
from typing import IO

from isrcore.readable import check_readable

__all__ = ["MOST_AXES", "MOST_FIELDS", "MOST_HEADER", "STATED_SIZES", "check_fits", "data_size"]

MOST_AXES = 999
"""FITS standard 4.0, section 4.4.1."""

MOST_FIELDS = 999
"""Columns of a table, FITS standard 4.0, section 7.3.1."""

MOST_HEADER = 1 << 22
"""Bytes of the longest header that is read: 52 000 cards. All headers of a MegaCam frame together have 14 000."""

STATED_SIZES = "BITPIX, NAXIS (at most 999), NAXISn, PCOUNT and GCOUNT as integers that are not negative"
"""What a header must state; for messages."""

_BLOCK, _CARD = 2880, 80
_BITPIX = (8, 16, 32, 64, -32, -64)
_LARGEST = 1 << 62
_VALUE = re.compile(rb"= *([+-]?\d{1,20}) *(?:/|$)")


def data_size(value: Callable[[str], int | None]) -> int | None:
    """Bytes of the data behind a header, without padding.

    Parameters
    ----------
    value : callable
        Keyword -> its value as an integer; None when it is absent or no integer.

    Returns
    -------
    size : int or None
        None when the header does not say, or says what the standard does not allow.
    """
    bitpix, axes = value("BITPIX"), value("NAXIS")
    if bitpix not in _BITPIX or axes is None or not 0 <= axes <= MOST_AXES:
        return None
    sizes = [value(f"NAXIS{axis}") for axis in range(1, axes + 1)]
    known = [size for size in sizes if size is not None and size >= 0]
    parameters, groups = value("PCOUNT") or 0, value("GCOUNT")
    groups = 1 if groups is None else groups
    if len(known) != len(sizes) or parameters < 0 or groups < 0:
        return None
    size = abs(bitpix) // 8 * groups * (parameters + (math.prod(known) if known else 0))
    return size if size <= _LARGEST else None


def check_fits(path: str | os.PathLike[str]) -> None:
    """Look through the headers of a FITS file, plain or gzip-compressed, before another package reads it.

    Raises
    ------
    OSError
        If there is no such file, or it is no ordinary one.
    ValueError
        If a header is not one, states impossible sizes, or more data than the file has.
    """
    check_readable(path)
    with open(path, "rb") as plain:
        is_zipped = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if is_zipped:
            with gzip.open(plain) as unzipped:
                _walk(unzipped)  # type: ignore[arg-type]
        else:
            _walk(plain)


def _walk(stream: IO[bytes]) -> None:
    index = 0
    while cards := _header(stream, index):
        size = data_size(lambda key, cards=cards: _integer(cards.get(key)))  # type: ignore[misc]
        fields = _integer(cards.get("TFIELDS"))
        if size is None or (fields is not None and not 0 <= fields <= MOST_FIELDS):
            raise ValueError(f"HDU {index}: expected {STATED_SIZES}, TFIELDS at most {MOST_FIELDS}; copy it again")
        place = stream.tell()
        # Reading the last byte is the only way to know that a compressed file has it.
        if size and (stream.seek(place + size - 1) != place + size - 1 or not stream.read(1)):
            raise ValueError(f"HDU {index}: the file is truncated (expected {size} bytes of data); copy it again")
        stream.seek(place + -(-size // _BLOCK) * _BLOCK)
        index += 1


def _header(stream: IO[bytes], index: int) -> dict[str, bytes]:
    """The cards of the next header by keyword; empty at the end, also before other records, which are allowed."""
    cards: dict[str, bytes] = {}
    length = 0
    while block := stream.read(_BLOCK):
        if not length and not block.startswith(b"XTENSION" if index else b"SIMPLE  ="):
            if index:
                return {}
            raise ValueError("expected SIMPLE = T at its start; this is no FITS file")
        length += len(block)
        for start in range(0, len(block), _CARD):
            key = block[start : start + 8].rstrip().decode("latin-1")
            if key == "END":
                return cards
            cards.setdefault(key, block[start : start + _CARD])
        if len(block) < _BLOCK or length > MOST_HEADER:
            break
    if length:
        raise ValueError(f"HDU {index}: expected an END card, found none in {length} bytes; copy the file again")
    return {}


def _integer(card: bytes | None) -> int | None:
    found = _VALUE.match(card[8:]) if card is not None else None
    return int(found[1]) if found else None
