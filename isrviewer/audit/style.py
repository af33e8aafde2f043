"""Colours and marks of the audit, the same in every panel: colour-blind safe (Okabe and Ito), never colour alone."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "DIFFERENCE_COLOURS",
    "DIFFERENCE_MARKS",
    "KIND_COLOURS",
    "STATUS_MARKS",
    "kind_colour",
    "status_colour",
    "status_text",
]

STATUS_MARKS: Mapping[str, str] = {
    "candidate": "?",
    "unseen": "○",
    "confirmed": "✓",
    "rejected": "✗",
    "changed": "≈",
    "new": "+",
}
"""One character for each status."""

_STATUS_COLOURS = {
    # No grey: drawn over a grey picture it would not be seen.
    "candidate": "#F0E442",
    "unseen": "#CC79A7",
    "confirmed": "#009E73",
    "rejected": "#D55E00",
    "changed": "#E69F00",
    "new": "#56B4E9",
}

KIND_COLOURS: Mapping[str, str] = {
    "hot pixel": "#D55E00",
    "hot column": "#E69F00",
    "dead column": "#0072B2",
    "trap": "#CC79A7",
    "cluster": "#009E73",
    "edge": "#8C8C8C",
    "amplifier": "#56B4E9",
    "unknown": "#B8860B",
}
"""By the words of the kinds."""

DIFFERENCE_COLOURS: Mapping[str, str] = {"added": "#009E73", "removed": "#D55E00", "common": "#56B4E9"}
"""What another map has more, has less, and has as well."""

DIFFERENCE_MARKS: Mapping[str, str] = {"added": "+", "removed": "−", "changed": "≈", "common": "="}
"""One character for each way in which a defect of two maps differs."""


def status_colour(status: str) -> str:
    """Colour of a status, ``#RRGGBB``."""
    return _STATUS_COLOURS[status]


def kind_colour(kind: str) -> str:
    """Colour of a kind, ``#RRGGBB``."""
    return KIND_COLOURS[kind]


def status_text(status: str) -> str:
    """Mark and word of a status."""
    return f"{STATUS_MARKS[status]} {status}"
