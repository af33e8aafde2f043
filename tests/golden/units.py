"""Unit files of the golden folder: single functions of the reference with inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isrcore.image import Mask, MaskPlanes
from tests.golden.cases import golden_folder

__all__ = ["Case", "Unit", "assert_pixels"]

Case = dict[str, Any]


class Unit:
    """One unit file: its cases for parametrisation, and its arrays."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.meta: dict[str, Any] = {"cases": []}
        folder = golden_folder()
        if folder is not None and (folder / f"unit_{topic}.npz").exists():
            self.arrays = np.load(folder / f"unit_{topic}.npz")
            self.meta = json.loads(str(self.arrays["meta"]))

    def cases(self, select: Callable[[Case], bool] = lambda case: True) -> Any:
        """Parametrize by the selected cases; skip where the golden folder is absent."""
        chosen = [case for case in self.meta["cases"] if select(case)]
        if not chosen:
            reason = f"needs unit_{self.topic}.npz of the golden cases (set ISR_GOLDEN_DIR to the folder)"
            absent = pytest.param(None, marks=pytest.mark.skip(reason=reason), id=f"{self.topic}/absent")
            return pytest.mark.parametrize("case", [absent])
        return pytest.mark.parametrize("case", chosen, ids=[f"{self.topic}/{n}" for n in range(len(chosen))])

    @property
    def names(self) -> list[str]:
        """Names of all arrays; none where the golden folder is absent."""
        return list(self.arrays.files) if "maskBits" in self.meta else []

    def array(self, name: str) -> np.ndarray:
        return self.arrays[name].copy()

    def mask(self, name: str) -> Mask:
        return Mask(self.array(name), MaskPlanes(self.meta["maskBits"]))


def assert_pixels(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-3)
