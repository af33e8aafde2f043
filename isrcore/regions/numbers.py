"""Numbers of a DS9 region file with their units: ``20``, ``3.6"``, ``12:30:45.2``, ``29.5d``."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["PIXEL_UNITS", "Measure", "measure", "plain_numbers"]

PIXEL_UNITS = {"", "i", "p"}
"""No unit, image pixels, physical pixels."""

_DEGREES = {"d": 1.0, "r": math.degrees(1.0), '"': 1.0 / 3600.0, "'": 1.0 / 60.0}


class Measure(NamedTuple):
    """A number of a file.

    Attributes
    ----------
    value : float
        Finite.
    unit : str
        ``""`` for none, ``i`` or ``p`` for pixels, ``deg``, or ``hour`` for sexagesimal hours or, where longitudes are
        no hours, degrees (``12:30:45``).
    """

    value: float
    unit: str


def measure(word: str) -> Measure:
    """Read a number.

    Raises
    ------
    ValueError
        If it is none, or not finite.
    """
    if ":" in word:
        return Measure(_sexagesimal(word.split(":"), word), "hour")
    unit = word[-1:].lower()
    if unit == "s" and "m" in word.lower():
        lead, letter, rest = _divided(word.lower())
        minutes, _, seconds = rest[:-1].partition("m")
        return Measure(_sexagesimal([lead, minutes, seconds], word), "hour" if letter == "h" else "deg")
    if unit in _DEGREES:
        return Measure(_finite(word[:-1]) * _DEGREES[unit], "deg")
    if unit in ("i", "p"):
        return Measure(_finite(word[:-1]), unit)
    return Measure(_finite(word), "")


def plain_numbers(words: list[str]) -> list[float] | None:
    """Numbers without units, all finite; None where one of the words is something else, so that `measure` says what."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    # Python would read 1_000, too.
    return numbers if all(map(math.isfinite, numbers)) and not any("_" in word for word in words) else None


def _divided(word: str) -> tuple[str, str, str]:
    letter = "h" if "h" in word else "d"
    lead, _, rest = word.partition(letter)
    return lead, letter, rest


def _sexagesimal(parts: list[str], word: str) -> float:
    if len(parts) != 3:
        raise ValueError(f"expected three numbers between colons, found {word[:40]!r}")
    whole, minutes, seconds = (_finite(part) for part in parts)
    if not (0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(f"expected minutes and seconds below 60, found {word[:40]!r}")
    # The sign of -0 counts.
    return math.copysign(abs(whole) + minutes / 60.0 + seconds / 3600.0, whole)


def _finite(word: str) -> float:
    try:
        # Python would read 1_000, too.
        number = math.nan if "_" in word else float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"expected pixel numbers or angles, found {word[:40]!r}")
    return number
