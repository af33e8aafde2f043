"""The demo frame: simulated once per version and user, then reused."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from isrcore.atomic import written_atomically
from isrcore.resource_files import resource
from isrcore.simulate.frame import simulate_raw
from isrcore.simulate.masters import simulate_calibrations
from isrcore.simulate.recipe import SimulationRecipe

__all__ = ["DemoFiles", "demo_recipe", "simulate_demo"]

SIMULATOR_VERSION = 1
"""To be raised when the same recipe gives other pixels: old demo frames are then made anew."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DemoFiles:
    """Where the demo lies."""

    frame: Path
    calibrations: Path
    truth: Path


def demo_recipe() -> SimulationRecipe:
    """The recipe in ``resources/simulate/demo.json``."""
    return SimulationRecipe.from_dict(json.loads(_demo_text())["recipe"], "resources/simulate/demo.json")


def _demo_text() -> str:
    return resource("simulate", "demo.json").read_text("utf-8")


def simulate_demo(folder: str | Path | None = None, on_part: Callable[[], None] | None = None) -> DemoFiles:
    """The demo frame with its calibrations; made now if it is not there in this version.

    Parameters
    ----------
    folder : str or path, optional
        Default: ``demo`` in the user's cache folder of the program, or, where that cannot be written, a folder of the
        user's below the system's one for temporary files.
    on_part : callable, optional
        Called before each CCD and each master is made; may raise to end the work.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    if folder is not None:
        return _simulate_in(Path(folder), on_part)
    cache = platformdirs.user_cache_path("isrviewer") / "demo"
    try:
        return _simulate_in(cache, on_part)
    except OSError as error:
        spare = _temporary_folder()
        _log.warning("%s cannot be written (%s); the demo goes to %s", cache, error.strerror or error, spare)
        return _simulate_in(spare, on_part)


def _temporary_folder() -> Path:
    """The same folder every time, unless somebody else has made it, or may write to it."""
    folder = Path(tempfile.gettempdir()) / f"isrviewer-demo-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    is_own = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o022
    return folder if is_own else Path(tempfile.mkdtemp(prefix="isrviewer-demo-"))


def _simulate_in(folder: Path, on_part: Callable[[], None] | None) -> DemoFiles:
    recipe = demo_recipe()
    demo = DemoFiles(folder / f"{recipe.file_stem}.fits.fz", folder / "calib", folder / f"{recipe.file_stem}.truth.npz")
    stamp = folder / "version.txt"
    version = f"{SIMULATOR_VERSION} {hashlib.sha256(_demo_text().encode()).hexdigest()}"
    complete = all(path.exists() for path in (demo.frame, demo.calibrations, demo.truth, stamp))
    if complete and stamp.read_text("utf-8") == version:
        return demo
    folder.mkdir(parents=True, exist_ok=True)
    _log.info("making the demo frame and its calibrations in %s; this takes about 20 s, once", folder)
    stamp.unlink(missing_ok=True)

    def next_part(_: object) -> None:
        if on_part is not None:
            on_part()

    simulate_raw(recipe, demo.frame, next_part).save(demo.truth)
    simulate_calibrations(recipe, demo.calibrations, next_part)
    # The stamp comes last: what is interrupted before is made anew.
    with written_atomically(stamp) as temporary:
        temporary.write_text(version, "utf-8")
    return demo
