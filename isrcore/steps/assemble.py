"""Assembly: put the amplifiers of a raw frame together to one image of the CCD (specification e.5)."""

from __future__ import annotations

from typing import ClassVar

from lsst.pex.config import Config, Field, ListField

from isrcore.pipe import Task

__all__ = ["AssembleCcdConfig", "AssembleCcdTask"]


class AssembleCcdConfig(Config):  # type: ignore[misc]
    """What is kept when a CCD is assembled."""

    doTrim = Field("Keep the imaging pixels only, without prescan and overscan.", bool, True)
    keysToRemove = ListField(
        "Header keywords deleted on assembly besides DATASEC, BIASSEC, TRIMSEC and GAIN.", str, []
    )


class AssembleCcdTask(Task):
    """Assemble the amplifiers of a CCD."""

    ConfigClass: ClassVar = AssembleCcdConfig
    _DefaultName: ClassVar = "assembleCcd"
