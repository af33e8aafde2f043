"""Checks of values that come from files as well as from hands: a choice that makes no sense cannot be made.

The classes of the session check themselves with these when they are built, so that neither a session file nor a slip of
the program brings a value to the screen that cannot be drawn, and whatever was saved can be restored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["FARTHEST", "require_choice", "require_finite", "require_in"]

FARTHEST = 1e7
"""Largest coordinate in pixels, either sign: far outside any mosaic, and still a whole number on every screen."""


def require_in(name: str, values: Iterable[float], low: float, high: float) -> None:
    """Raise `ValueError` unless every value is finite and lies between `low` and `high`, both included."""
    for value in values:
        if not low <= value <= high:
            raise ValueError(f"{name} must lie between {low:g} and {high:g}, found {value!r:.40}")


def require_finite(name: str, *values: float | None) -> None:
    """Raise `ValueError` for NaN and infinite values; None passes."""
    for value in values:
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number, found {value!r}")


def require_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raise `ValueError` unless `value` is one of the choices."""
    choices = tuple(choices)
    if value not in choices:
        raise ValueError(f"there is no {name} {value!r:.60}; choose one of {', '.join(choices)}")
