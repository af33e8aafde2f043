"""One simulated CCD with five dithered exposures and its calibrations, detected once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from isrcore.audit.detection import Detection, detect
from isrcore.audit.gather import gather_planes
from isrcore.audit.planes import AuditData
from isrcore.simulate import SimulationRecipe, simulate_calibrations, simulate_raw
from isrcore.simulate.fitsfile import Compression


@dataclass
class Night:
    """Frames, calibrations and what they hold."""

    detector: int
    frames: list[Path]
    calibrations: dict[str, Path]
    data: AuditData
    detection: Detection

    @property
    def folder(self) -> Path:
        return self.calibrations["bias"].parent


def simulate_night(folder: Path, detector: int, seed: int = 0, compression: Compression = "rice2") -> Night:
    """Five exposures with different stars, as after dithering; bias, dark, flat and the mask."""
    recipe = SimulationRecipe(
        detectors=(detector,), others="absent", exposure_time=120.0, seed=seed + 1, compression=compression
    )
    frames = []
    for number in range(5):
        frames.append(folder / f"{1257365 + number}o{'.fits' if compression == 'none' else '.fits.fz'}")
        exposure = recipe.replace(seed=seed + 10 + number, exposure_id=1257365 + number, ra=5.0 + 0.01 * number)
        simulate_raw(exposure, frames[-1])
    calibrations = simulate_calibrations(recipe, folder / "calib")
    data = gather_planes(frames, folder / "calib", detector)
    return Night(detector, frames, calibrations, data, detect(data))


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return simulate_night(tmp_path_factory.mktemp("night"), 0)
