"""Stray light: the hook for subtracting light that reaches the CCD past the optics (manual: chain, Hooks)."""

from __future__ import annotations

from typing import Any, ClassVar

from lsst.pex.config import Config, Field, ListField

from isrcore.image import Exposure
from isrcore.pipe import Task
from isrcore.steps.filters import filter_is_listed
from isrcore.steps.step import IsrState, IsrTaskLike, Step

__all__ = ["STRAY_LIGHT", "StrayLightConfig", "StrayLightTask"]


class StrayLightConfig(Config):  # type: ignore[misc]
    """Settings of the stray-light hook."""

    doRotatorAngleCorrection = Field(
        "Allow for the angle of the instrument rotator; MegaCam has none. Has no effect here.", bool, False
    )
    filters = ListField("Physical filters for which stray-light data are looked up.", str, [])


class StrayLightTask(Task):
    """The hook as the reference ships it: it applies to no exposure. A camera with a stray-light model retargets it."""

    ConfigClass: ClassVar = StrayLightConfig
    _DefaultName: ClassVar = "isrStrayLight"

    def readIsrData(self, dataRef: Any, rawExposure: Exposure) -> None:
        """Stray-light data of a Gen2 data reference: none."""

    def check(self, exposure: Exposure) -> bool:
        """Whether `run` applies to the exposure: never."""
        return False

    def checkFilter(self, exposure: Exposure) -> bool:
        """Whether the exposure's filter is one of ``config.filters``, by physical name or (with a warning) by band.

        Raises
        ------
        RuntimeError
            If the physical filter is not listed and the filter label has no band to compare.
        """
        return filter_is_listed(exposure.filter_label, self.config.filters, self.log)

    def run(self, exposure: Exposure, strayLightData: Any) -> None:
        """Subtract the stray light, in place.

        Raises
        ------
        NotImplementedError
            Always: there is no general model.
        """
        raise NotImplementedError("strayLight has no model for this camera; retarget it or switch doStrayLight off")


def _why_not(task: IsrTaskLike, state: IsrState) -> str | None:
    if not task.config.doStrayLight:
        return "doStrayLight is off"
    if not task.strayLight.check(state.exposure):
        return f"{type(task.strayLight).__name__} does not apply to this exposure"
    return None


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.strayLight.run(state.exposure, state.calibs.strayLightData)


STRAY_LIGHT = Step(
    name="doStrayLight",
    label="stray light",
    method="strayLight.run",
    doc="Subtract stray light with the camera's own task; MegaCam has none.",
    why_not=_why_not,
    run=_run,
    switch="doStrayLight",
    reads=("doStrayLight", "strayLight."),
    needs=("strayLightData",),
    writes=frozenset({"image", "mask", "variance", "metadata"}),
    debug_view="doStrayLight",
)
