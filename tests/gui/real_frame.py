"""A window with the real engine on one simulated CCD: for what needs frames, calibrations and maps of the real size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytestqt.qtbot import QtBot

from isrcore.simulate import SimulationRecipe, simulate_calibrations, simulate_raw
from isrviewer.app import make_engine
from isrviewer.shell.window import Window

__all__ = ["RealFrames", "open_real", "settle_real", "simulate_frames"]


@dataclass(frozen=True)
class RealFrames:
    """Exposures of ccd00 with different stars, and their calibrations."""

    frames: tuple[str, ...]
    calibrations: str


def simulate_frames(folder: Path, number: int, calibrated: bool = True) -> RealFrames:
    """Simulate `number` exposures."""
    recipe = SimulationRecipe(detectors=(0,), others="absent", exposure_time=120.0, compression="none")
    frames = []
    for seed in range(number):
        path = folder / f"{1257365 + seed}o.fits"
        simulate_raw(recipe.replace(seed=10 + seed, exposure_id=1257365 + seed, ra=5.0 + 0.01 * seed), path)
        frames.append(str(path))
    if calibrated:
        simulate_calibrations(recipe, folder / "calib")
    return RealFrames(tuple(frames), str(folder / "calib") if calibrated else "")


def open_real(qtbot: QtBot, real: RealFrames) -> Window:
    """A window with the first exposure; the caller closes it."""
    window = Window(make_engine, fresh_layout=True)
    window.resize(1400, 900)
    window.show()
    qtbot.waitExposed(window)
    window.begin()
    window.commands.file.set_calib_folder(real.calibrations)
    window.commands.file.open_path(real.frames[0])
    qtbot.waitUntil(lambda: bool(window.runs.view.rows), timeout=60000)
    settle_real(window, qtbot)
    return window


def settle_real(window: Window, qtbot: QtBot) -> None:
    """Wait until runs, jobs and pictures are complete; full frames take their time on a busy machine."""
    qtbot.waitUntil(
        lambda: not (window.runs.busy or window.jobs.busy) and window.grid.is_settled,
        timeout=120000,
    )
