"""The defect audit: maps as editable documents, what the data say about them, and what came of it.

All pixels are 0-based in the trimmed, assembled frame of one CCD; `isrcore.audit.frames` is the one place where other
frames are converted.

The modules are loaded when first used: ``audit.compare.compare_maps``.
"""

from typing import TYPE_CHECKING

from isrcore.lazy import submodules

__all__ = [
    "background",
    "chance",
    "columns",
    "command",
    "compare",
    "defect",
    "detection",
    "document",
    "edits",
    "effect",
    "findings",
    "focal_plane",
    "frames",
    "gather",
    "history",
    "pictures",
    "pixels",
    "planes",
    "provenance",
    "reading",
    "regions",
    "report",
    "settings",
    "statistics",
    "storage",
    "summary",
    "tables",
    "writing",
]

if TYPE_CHECKING:
    from isrcore.audit import (
        background,
        chance,
        columns,
        command,
        compare,
        defect,
        detection,
        document,
        edits,
        effect,
        findings,
        focal_plane,
        frames,
        gather,
        history,
        pictures,
        pixels,
        planes,
        provenance,
        reading,
        regions,
        report,
        settings,
        statistics,
        storage,
        summary,
        tables,
        writing,
    )
else:
    __getattr__, __dir__ = submodules(__name__, __all__)
