"""What stored numbers mean: BSCALE and BZERO, and the number that stands for a pixel without a value.

Integer images mark undefined pixels with the number in BLANK; compressed ones state it in ZBLANK, which comes first
where both are there, as CFITSIO has it. In images of floats NaN does that, and a BLANK means nothing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.data.errors import FrameError
from isrcore.data.hdu import Hdu
from isrcore.kernels.bands import for_bands
from isrcore.values import frozen

__all__ = ["Scaling", "scaling_of"]

_WHOLE = ("ZBLANK", "BLANK")


@frozen
class Scaling:
    """How stored numbers become values.

    Attributes
    ----------
    scale, zero : float
        BSCALE and BZERO; 1 and 0 where absent.
    blank : int or None
        The stored number of undefined pixels.
    blank_card : str
        The keyword that states it; empty without one.
    """

    scale: float = 1.0
    zero: float = 0.0
    blank: int | None = None
    blank_card: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether stored numbers are the values."""
        return (self.scale, self.zero) == (1.0, 0.0)

    def undefined(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Where stored numbers stand for no value: the blank number, or NaN."""
        where: NDArray[np.bool_]
        if self.blank is not None:
            where = stored == self.blank
        else:
            where = np.isnan(stored) if stored.dtype.kind == "f" else np.zeros(stored.shape, np.bool_)
        return where

    def values(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """The values, each scaled in double precision, as float32; NaN where undefined."""
        scaled = np.empty(stored.shape, np.float32)

        def convert(rows: slice) -> None:
            scaled[rows] = stored[rows] if self.is_plain else stored[rows] * np.float64(self.scale) + self.zero
            if self.blank is not None:
                scaled[rows][self.undefined(stored[rows])] = np.nan

        for_bands(convert, stored.shape)
        return scaled


def scaling_of(path: Path, hdu: Hdu) -> Scaling:
    """The scaling that a header states.

    Raises
    ------
    FrameError
        If BSCALE, BZERO, BLANK or what stands for them in compressed images is no number, not finite, or of no use.
    """
    header, is_integer = hdu.header, (hdu.bitpix or 0) > 0
    numbers = ("BSCALE", "BZERO", "ZSCALE", "ZZERO") if hdu.is_compressed else ("BSCALE", "BZERO")
    for key in numbers:
        number = header.number(key)
        if key in header and (number is None or not math.isfinite(number) or (number == 0 and key == "BSCALE")):
            expected = "a finite number other than 0" if key == "BSCALE" else "a finite number"
            raise _wrong(path, hdu, key, expected)
    scale, zero = header.number("BSCALE"), header.number("BZERO")
    blank, blank_card = None, ""
    for key in _WHOLE if hdu.is_compressed else _WHOLE[1:]:
        # A card without a value states nothing, and in images of floats a BLANK does not either.
        if header.get(key) is None or not (is_integer or key == "ZBLANK"):
            continue
        if header.integer(key) is None:
            raise _wrong(path, hdu, key, "a whole number")
        if blank is None and is_integer:
            blank, blank_card = header.integer(key), key
    return Scaling(1.0 if scale is None else scale, 0.0 if zero is None else zero, blank, blank_card)


def _wrong(path: Path, hdu: Hdu, key: str, expected: str) -> FrameError:
    found, cure = hdu.header.get(key), "correct the card or get the original file"
    return FrameError(
        path, "the pixels cannot be scaled", hdu=hdu.label, keyword=key, expected=expected, found=found, cure=cure
    )
