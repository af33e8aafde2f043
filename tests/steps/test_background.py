"""Sky level and flatness."""

from __future__ import annotations

import logging
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.steps.background import MEASURE_BACKGROUND, flatness_cells, measure_background
from isrcore.steps.step import IsrState
from tests.small_frame import make_detector

LOG = logging.getLogger("test")


def flatness(**changes: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"meshX": 20, "meshY": 14, "doClip": True, "clipSigma": 3.0, "nIter": 3, **changes})


def exposure() -> Exposure:
    """56 rows of 80 pixels, in four columns of cells with levels 90, 100, 100, 120."""
    levels = np.repeat([90.0, 100.0, 100.0, 120.0], 20)
    image = np.tile(levels, (56, 1)).astype(np.float32)
    return Exposure(MaskedImage(image), detector=make_detector())


@pytest.mark.parametrize(("mesh", "count", "size"), [((20, 14), (4, 4), (20, 14)), ((16, 7), (5, 8), (16, 6))])
def test_cells(mesh: tuple[int, int], count: tuple[int, int], size: tuple[int, int]) -> None:
    nx, ny, cells = flatness_cells(Box(3, 5, 80, 56), *mesh)
    assert (nx, ny) == count
    assert len(cells) == nx * ny
    assert cells[0] == Box(3, 5, *size)
    assert cells[-1] == Box(3 + (nx - 1) * mesh[0], 5 + (ny - 1) * mesh[1], *size)


def test_cells_outside_are_refused() -> None:
    found = exposure()
    with pytest.raises(ValueError, match=r"meshX = 30 and meshY = 14 put a cell, box \(60, 0\) 30 x 14, outside"):
        measure_background(found, flatness(meshX=30), LOG)
    assert list(found.metadata) == ["SKYLEVEL", "SKYSIGMA"], "the sky level is measured before the cells are made"


@pytest.mark.parametrize("clip", [True, False])
def test_level_and_flatness(clip: bool) -> None:
    found = exposure()
    found.image[0, :] = 50000.0
    found.mask.set_box(Box(0, 0, 80, 1), "SAT")
    measure_background(found, flatness(doClip=clip), LOG)
    metadata = found.metadata
    assert metadata["SKYLEVEL"] == 100.0
    assert metadata["FLATNESS_PP"] == pytest.approx(0.3)
    assert metadata["FLATNESS_RMS"] == pytest.approx(np.std([-0.1, 0.0, 0.0, 0.2]))
    assert metadata["FLATNESS_NGRIDS"] == "4x4"
    assert (metadata["FLATNESS_MESHX"], metadata["FLATNESS_MESHY"]) == (20, 14)


def test_cells_without_pixels_do_not_count() -> None:
    found = exposure()
    found.mask.set_box(Box(60, 0, 20, 56), "DETECTED")
    measure_background(found, flatness(), LOG)
    assert found.metadata["FLATNESS_PP"] == pytest.approx(0.1)
    found.mask.set_box(found.bbox, "BAD")
    measure_background(found, flatness(), LOG)
    assert math.isnan(found.metadata["FLATNESS_PP"])
    assert math.isnan(found.metadata["SKYLEVEL"])


class Task:
    def __init__(self, save: bool) -> None:
        self.config = SimpleNamespace(qa=SimpleNamespace(saveStats=save, flatness=flatness()))
        self.metadata = PropertyList()

    def measureBackground(self, exposure: Exposure, qa: Any) -> None:
        measure_background(exposure, qa.flatness, LOG)


@pytest.mark.parametrize("save", [True, False])
def test_step_measures_every_amplifier(save: bool) -> None:
    task, found = Task(save), exposure()
    MEASURE_BACKGROUND.run(task, IsrState(found, Struct(), found.detector))
    assert found.metadata["SKYLEVEL"] == 100.0
    expected = [f"ISR BACKGROUND {amp} {name}" for amp in "AB" for name in ("MEDIAN", "STDEV")]
    assert task.metadata.names() == (expected if save else [])
    if save:
        assert task.metadata["ISR BACKGROUND B MEDIAN"] == 110.0


def test_large_cells_are_measured_in_threads() -> None:
    """Cells above the size at which statistics use threads themselves must not wait for each other."""
    image = np.random.default_rng(0).normal(100.0, 5.0, (1200, 2400)).astype(np.float32)
    found = Exposure(MaskedImage(image))
    measure_background(found, flatness(meshX=600, meshY=600), LOG)
    assert found.metadata["FLATNESS_NGRIDS"] == "4x2"
    assert found.metadata["FLATNESS_PP"] < 1e-3
