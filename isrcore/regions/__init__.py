"""Regions of other programs: DS9 region files read and written, for the engine's defects and the window alike.

A file is cut into statements (`statements`), their words become numbers with units (`numbers`), and the shapes come out
in pixels (`reading`), through the sky where a file says so (`sky`). `writing` goes the other way.

The modules are loaded when first used: ``regions.reading.read_regions``.
"""

from typing import TYPE_CHECKING

from isrcore.lazy import submodules

__all__ = [
    "numbers",
    "reading",
    "shapes",
    "sky",
    "statements",
    "writing",
]

if TYPE_CHECKING:
    from isrcore.regions import (
        numbers,
        reading,
        shapes,
        sky,
        statements,
        writing,
    )
else:
    __getattr__, __dir__ = submodules(__name__, __all__)
