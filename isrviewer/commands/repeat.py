"""The command that repeats a correction bit for bit; what it needs and has no file yet is written."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.session.config import effective_config, is_on
from isrviewer.session.settings import state_folder

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrviewer.runner.identity import PlanesOf

__all__ = ["command_of", "map_to_keep", "written_map"]


def map_to_keep(of: PlanesOf) -> DefectDocument | None:
    """The map under audit that went into planes: it stands in no file as it was then."""
    return of.recipe.map if is_on(effective_config(of.recipe.config)[0], "doDefect") else None


def command_of(of: PlanesOf, map_file: Path | None = None) -> str:
    """A shell command that corrects a CCD as these planes were corrected, to the end of the chain.

    Parameters
    ----------
    of : `PlanesOf`
        Identity of planes after a step.
    map_file : `pathlib.Path`, optional
        Where `map_to_keep` was written; it takes the place of the defects of folder and user.
    """
    from isrcore.config.save import command_line_arguments

    recipe = of.recipe
    config, reference = effective_config(recipe.config)[0], effective_config(())[0]
    words = ["isrcore", "run", of.frame, "--detector", str(of.detector)]
    if recipe.calib_folder:
        words += ["--calib", os.path.abspath(recipe.calib_folder)]
    for pick in recipe.picks:
        if pick.kind != "defects" or map_file is None:
            words += ["--calibration", f"{pick.kind}={os.path.abspath(pick.path) if pick.path else ''}"]
    if map_file is not None:
        words += ["--defects", str(map_file)]
    return shlex.join([*words, *command_line_arguments(config, reference), "-o", "out.fits"])


def written_map(document: DefectDocument) -> Path:
    """A file that holds the pixels of a map and is never changed: named by them, written when it is not there.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    for path in _names(document):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            return core_audit.writing.write_map(document, path, core_audit.reading.MapForm.TABLE)
        if _holds(path, document):
            return path
    raise AssertionError("the names have no end")


def _names(document: DefectDocument) -> Iterator[Path]:
    """Names for the map, the next one for when somebody has changed the file of the one before."""
    digest = hashlib.sha256(document.mask().tobytes()).hexdigest()[:12]
    for number in count():
        again = f"-{number}" if number else ""
        yield state_folder() / "maps" / f"{document.detector}-{digest}{again}.fits"


def _holds(path: Path, document: DefectDocument) -> bool:
    try:
        kept = core_audit.reading.read_map(path, document.camera_detector).document
    except (OSError, ValueError):
        return False
    return kept.to_defects() == document.to_defects()
