"""Header cards of the exposures that are written: which metadata go in, and how odd values are spelled (section g)."""

from __future__ import annotations

import logging
import math
import re
import textwrap
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning

from isrcore.data.exposure_file import describes_file
from isrcore.metadata import PropertyList

__all__ = ["COMMENTARY", "add_card", "add_history", "metadata_cards"]

_log = logging.getLogger(__name__)

COMMENTARY = ("HISTORY", "COMMENT")


def _printable(text: str) -> str:
    """Text as FITS allows it: printable ASCII; everything else as a backslash escape."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in escaped)


def _value(value: Any) -> Any:
    """A metadata value as FITS can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return "NAN"
        return "+INFINITY" if value > 0 else "-INFINITY"
    if value is None:
        return fits.card.UNDEFINED
    return value if isinstance(value, (bool, int, float)) else _printable(str(value))


def add_card(header: fits.Header, key: str, value: Any, comment: str = "") -> None:
    """Append one card; a long or mixed keyword becomes a HIERARCH card.

    A value that does not fit into a HIERARCH card is left out with a warning in the log.
    """
    plain = re.fullmatch(r"[A-Z0-9_-]{1,8}", key) is not None
    keyword = key if plain else f"HIERARCH {_printable(key)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)  # A comment that does not fit is cut.
        try:
            card = fits.Card(keyword, _value(value), _printable(comment))
            str(card)
        except ValueError as error:
            _log.warning("Keyword %s is not written: FITS cannot hold it (%s).", key, error)
            return
    header.append(card, end=True)


def add_history(header: fits.Header, text: str, keyword: str = "HISTORY") -> None:
    """Append commentary cards of at most 72 characters."""
    lines = [part for line in text.splitlines() or [""] for part in textwrap.wrap(_printable(line), 72) or [""]]
    for line in lines:
        header.append(fits.Card(keyword, line), end=True)


def metadata_cards(header: fits.Header, metadata: PropertyList, skip: Iterable[str] = ()) -> None:
    """Append all metadata in order, keys with several values repeatedly.

    Parameters
    ----------
    header : `astropy.io.fits.Header`
    metadata : `PropertyList`
    skip : iterable of str
        Keywords that the writer sets itself. What `describes_file` is left out as well.
    """
    left_out = set(skip)
    for key in metadata.names():
        if not key or key in left_out or describes_file(key):
            continue
        for value in metadata.getArray(key):
            if key in COMMENTARY:
                add_history(header, str(value), key)
            else:
                add_card(header, key, value, metadata.comments.get(key, ""))
