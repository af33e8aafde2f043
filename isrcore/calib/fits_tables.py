"""Compressed tables, which nothing here can read: astropy takes their tiles for rows, without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["refuse_compressed_table"]


def refuse_compressed_table(header: Mapping[str, Any]) -> None:
    """Raise `ValueError` for a table that ``fpack -table`` made."""
    if header.get("ZTABLE") is True:
        name = str(header.get("EXTNAME") or "without a name")
        raise ValueError(f"HDU {name} is a compressed table; run funpack on the file")
