"""The viewer. From a script: ``isrviewer.open_panels`` shows the debug views of a task.

The names below are loaded when first used, so that the window starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isrviewer.debug_views import DebugPanels, open_panels

__all__ = ["DebugPanels", "open_panels"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("isrviewer.debug_views"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
