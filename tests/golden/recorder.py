"""Watch one of our runs: what every documented method leaves behind, under the names that the recordings use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.task import IsrTask

__all__ = ["Recorder", "Snapshot"]

AMPLIFIER_METHODS = ("maskAmplifier", "overscanCorrection")
EXPOSURE_METHODS = (
    "maskNegativeVariance",
    "maskDefect",
    "maskEdges",
    "maskNan",
    "darkCorrection",
    "flatCorrection",
    "measureBackground",
    "roughZeroPoint",
)
SUBTASK_METHODS = ("crosstalk.run", "fringe.run", "vignette.run", "masking.run")
STEP_NAMES = {
    "doBiasBeforeOverscan": "biasCorrection",
    "doBias": "biasCorrection",
    "doLinearize": "applyLinearity",
    "doWidenSaturationTrails": "widenSaturationTrails",
    "doApplyGains": "applyGains",
    "doIlluminationCorrection": "illuminationCorrection",
    "doSetBadRegions": "setBadRegions",
    "doInterpolate": "interpolateFromMask",
}
"""Steps without a documented method: the state after the step stands for the function that the recording names."""


@dataclass(frozen=True)
class Snapshot:
    """Pixels after a method returned, and what it returned.

    `region` is the part that a snapshot from inside an amplifier loop is about.
    """

    name: str
    pixels: MaskedImage
    region: Box | None = None
    result: Any = None


@dataclass
class Recorder:
    """Attach to a task before its run; `snapshots` then holds what happened, in order."""

    snapshots: list[Snapshot] = field(default_factory=list)
    current: Exposure | None = None

    def attach(self, task: IsrTask) -> None:
        for name in AMPLIFIER_METHODS:
            self._wrap(task, name, name, lambda amp: amp.raw_bbox)
        self._wrap(task, "updateVariance", "updateVariance", lambda amp: amp.bbox)
        for name in EXPOSURE_METHODS:
            self._wrap(task, name, name)
        self._wrap(task, "convertIntToFloat", "convertIntToFloat", returns_exposure=True)
        self._wrap(task.assembleCcd, "assembleCcd", "assembleCcd", returns_exposure=True)
        for path in SUBTASK_METHODS:
            subtask, method = path.split(".")
            self._wrap(getattr(task, subtask), method, path)
        task.debug_callback = self._debug_view

    def _debug_view(self, exposure: Exposure, name: str) -> None:
        self.current = exposure
        if name in STEP_NAMES:
            self._keep(STEP_NAMES[name], exposure)
        self._keep(f"debugView:{name}", exposure)

    def _wrap(
        self,
        owner: Any,
        method: str,
        name: str,
        region: Callable[[Any], Box] | None = None,
        returns_exposure: bool = False,
    ) -> None:
        original = getattr(owner, method)

        def wrapper(exposure: Exposure, *args: Any, **kwargs: Any) -> Any:
            result = original(exposure, *args, **kwargs)
            seen = result if returns_exposure else exposure
            if region is None:
                self._keep(name, seen, result=result)
            else:
                self._keep(f"{name}:{args[0].name}", seen, region(args[0]), result)
            return result

        setattr(owner, method, wrapper)

    def _keep(self, name: str, exposure: Exposure, region: Box | None = None, result: Any = None) -> None:
        self.snapshots.append(Snapshot(name, exposure.masked_image.clone(), region, result))

    def named(self, name: str) -> list[Snapshot]:
        return [snapshot for snapshot in self.snapshots if snapshot.name == name]
