"""Numbers over several steps: the history of a pixel, cuts, statistics, amplifiers, the overscan. No Qt, no plots.

The modules are loaded when first used: ``inspect.cuts.take_cuts``.
"""

from typing import TYPE_CHECKING

from isrcore.lazy import submodules

__all__ = [
    "amplifiers",
    "box_statistics",
    "cuts",
    "history",
    "layout",
    "overscan",
    "results",
    "tables",
]

if TYPE_CHECKING:
    from isrcore.inspect import (
        amplifiers,
        box_statistics,
        cuts,
        history,
        layout,
        overscan,
        results,
        tables,
    )
else:
    __getattr__, __dir__ = submodules(__name__, __all__)
