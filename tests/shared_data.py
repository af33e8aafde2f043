"""Where the shared reference material lies: real headers, defect tables, golden cases. Without it tests skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["shared_path"]


def shared_path(*parts: str) -> Path:
    """Path below the shared folder; skips the test with a clear message when it is not there.

    The folder is ``../shared`` beside the checkout, or wherever ``ISR_SHARED_DIR`` says.
    """
    root = Path(os.environ.get("ISR_SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the shared reference data: {path} does not exist (set ISR_SHARED_DIR to the folder)")
    return path
