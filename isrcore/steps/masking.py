"""Camera-specific masking: the hook for masks that only one camera needs (manual: chain, Hooks)."""

from __future__ import annotations

from typing import ClassVar

from lsst.pex.config import Config, Field

from isrcore.image import Exposure
from isrcore.pipe import Task
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = ["CAMERA_MASKING", "MaskingConfig", "MaskingTask"]


class MaskingConfig(Config):  # type: ignore[misc]
    """Settings of the camera-specific masking hook."""

    doSpecificMasking = Field("Switch for the masking of a camera's own task. Has no effect here.", bool, False)


class MaskingTask(Task):
    """The hook as the reference ships it: it masks nothing. MegaCam needs no more; another camera retargets it."""

    ConfigClass: ClassVar = MaskingConfig
    _DefaultName: ClassVar = "isrMasking"

    def run(self, exposure: Exposure) -> None:
        """Leave the exposure as it is; a camera's own task sets planes in its mask, in place."""


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.masking.run(state.exposure)


CAMERA_MASKING = Step(
    name="doCameraSpecificMasking",
    label="camera masking",
    method="masking.run",
    doc="Set mask planes that are special to the camera; MegaCam has none.",
    why_not=switched_by("doCameraSpecificMasking"),
    run=_run,
    switch="doCameraSpecificMasking",
    reads=("doCameraSpecificMasking", "masking."),
    writes=frozenset({"mask"}),
)
