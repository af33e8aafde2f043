"""The engine: instrument signature removal for CFHT MegaCam frames, without any user interface.

The names below are loaded when first used, so that ``import isrcore`` costs nothing and pulls in neither Qt nor the
configuration framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isrcore.camera.megacam import megacam_camera
    from isrcore.cfht import CfhtIsrTask
    from isrcore.config import CfhtIsrTaskConfig
    from isrcore.data.raw import open_raw
    from isrcore.image import Exposure
    from isrcore.task import IsrTask

__all__ = ["CfhtIsrTask", "CfhtIsrTaskConfig", "Exposure", "IsrTask", "__version__", "megacam_camera", "open_raw"]

__version__ = "0.1.0"

_HOME = {
    "CfhtIsrTask": "isrcore.cfht",
    "CfhtIsrTaskConfig": "isrcore.config",
    "Exposure": "isrcore.image",
    "IsrTask": "isrcore.task",
    "megacam_camera": "isrcore.camera.megacam",
    "open_raw": "isrcore.data.raw",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
