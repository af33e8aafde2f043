"""One header-data unit of a FITS file: what its header says about its data."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from isrcore.data.cards import CardHeader

__all__ = ["DTYPES", "STRUCTURE", "Hdu"]

STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM|DIM|NULL|SCAL|ZERO|UNIT|BCOL)\d+|THEAP"
    r"|ZIMAGE|ZSIMPLE|ZTENSION|ZBITPIX|ZNAXIS\d*|ZEXTEND|ZPCOUNT|ZGCOUNT|ZTILE\d+|ZCMPTYPE|ZNAME\d+|ZVAL\d+|ZMASKCMP"
    r"|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO|ZBLOCKED|ZHECKSUM|ZDATASUM|CHECKSUM|DATASUM|BSCALE|BZERO|BLANK|INHERIT|END"
)
"""Keywords that describe the file, not the exposure."""

DTYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


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
        """The last EXTNAME that is more than the name of any compressed image; empty without one."""
        names = [str(name) for name in self.header.all("EXTNAME") if name is not None]
        return next((name for name in reversed(names) if name != "COMPRESSED_IMAGE"), names[-1] if names else "")

    @property
    def plane(self) -> str:
        """Which plane of an exposure it is, in capitals: EXTTYPE where that is one of three, else its name."""
        kind = self.header.text("EXTTYPE").upper()
        return kind if kind in ("IMAGE", "MASK", "VARIANCE") else self.name.upper()

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
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a table; empty for images."""
        if self.is_compressed or self.header.text("XTENSION") not in ("BINTABLE", "TABLE"):
            return ()
        return tuple(self.header.text(key) for key in self.header if key.startswith("TTYPE"))

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        prefix = "ZNAXIS" if self.is_compressed else "NAXIS"
        return self.header.integer(f"{prefix}2") or 0, self.header.integer(f"{prefix}1") or 0

    @property
    def bitpix(self) -> int | None:
        return self.header.integer("ZBITPIX" if self.is_compressed else "BITPIX")

    @property
    def stores_raw_pixels(self) -> bool:
        """Whether the pixels are kept as raw frames keep them: unsigned 16-bit integers by BZERO 32768.

        A BSCALE or BZERO that is no number counts as meant so; reading the pixels then names it.
        """
        return self.bitpix == 16 and self._is_or_is_broken("BSCALE", 1.0) and self._is_or_is_broken("BZERO", 32768.0)

    def _is_or_is_broken(self, key: str, value: float) -> bool:
        number = self.header.number(key)
        if number is None:
            return key in self.header or (key == "BSCALE" and value == 1.0)
        return number == value or not math.isfinite(number)
