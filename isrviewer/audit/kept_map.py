"""A map under audit in a file that is never changed, for a command that needs it as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from isrcore import audit as core_audit
from isrviewer.session.settings import state_folder

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument

__all__ = ["written_map"]


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
