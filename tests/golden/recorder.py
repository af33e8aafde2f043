"""Watch one of our runs: what every documented method leaves behind, under the names that the recordings use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct
from isrcore.steps import brighter_fatter
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

SCRATCH_FUNCTIONS = {
    "interpolate_from_mask": "interpolateFromMask",
    "brighter_fatter_correction": "brighterFatterCorrection",
}
"""Functions that the brighter-fatter step calls on its scratch copies."""


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

    def attach_functions(self, patch: pytest.MonkeyPatch) -> None:
        """Watch the functions inside the brighter-fatter step too."""
        for attribute, name in SCRATCH_FUNCTIONS.items():
            patch.setattr(brighter_fatter, attribute, self._watched(getattr(brighter_fatter, attribute), name))
        grow_masks = brighter_fatter.grow_masks

        def grow(*args: Any, **kwargs: Any) -> None:
            grow_masks(*args, **kwargs)
            assert self.current is not None
            self._keep("growMasks", self.current)

        patch.setattr(brighter_fatter, "grow_masks", grow)

    def _watched(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapper(data: Exposure | MaskedImage, *args: Any, **kwargs: Any) -> Any:
            result = function(data, *args, **kwargs)
            self._keep(f"other:{name}", data if isinstance(data, Exposure) else Exposure(data), result=result)
            return result

        return wrapper

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
                self._keep(self._prefix(seen, returns_exposure) + name, seen, result=result)
            else:
                self._keep(f"{name}:{args[0].name}", seen, region(args[0]), result)
            return result

        setattr(owner, method, wrapper)

    def _prefix(self, exposure: Exposure, is_new: bool) -> str:
        """``other:`` for a call on pixels that are not those of the exposure being processed."""
        if is_new or self.current is None or np.shares_memory(exposure.image, self.current.image):
            return ""
        return "other:"

    def _keep(self, name: str, exposure: Exposure, region: Box | None = None, result: Any = None) -> None:
        if isinstance(result, Struct) and "overscanImage" in result.getDict():
            # A view of pixels that later steps may change.
            result = Struct(**(result.getDict() | {"overscanImage": result.overscanImage.clone()}))
        self.snapshots.append(Snapshot(name, exposure.masked_image.clone(), region, result))

    def named(self, name: str) -> list[Snapshot]:
        return [snapshot for snapshot in self.snapshots if snapshot.name == name]
