"""Random numbers that depend only on what they are for.

Every use has its own generator, named by a key. Adding a use, leaving one out, or working on bands in another order
changes no other number.
"""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["CHIP_SEED", "chip_generator", "generator"]

CHIP_SEED = 20030101
"""Stands for the instrument: what belongs to a chip is the same in every simulation."""


def generator(seed: int, *key: int | str) -> np.random.Generator:
    """Generator of one use in one exposure, such as ``generator(seed, "stars", 12)``."""
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def chip_generator(detector: int, use: str) -> np.random.Generator:
    """Generator of a lasting property of a CCD."""
    return generator(CHIP_SEED, use, detector)
