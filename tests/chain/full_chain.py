"""A config in which every step of the chain runs, other values of every field, and what a run gives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from lsst.pex.config import ChoiceField

from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore
from isrcore.config import IsrTaskConfig
from isrcore.geom import Box
from isrcore.image import Exposure
from isrcore.pipe.timer import TIMING_ITEMS
from isrcore.steps.amp_offset import AmpOffsetTask
from isrcore.steps.masking import MaskingTask
from isrcore.steps.step import IsrState
from isrcore.steps.stray_light import StrayLightTask
from isrcore.task import IsrTask, calibrations
from tests.small_frame import SmallFrame

EVERYTHING = {
    "doCrosstalk": True,
    "doBrighterFatter": True,
    "brighterFatterMaskGrowSize": 1,
    "doSuspect": True,
    "numEdgeSuspect": 2,
    "doIlluminationCorrection": True,
    "illumFilters": ["i.MP9702"],
    "doMeasureBackground": True,
    "qa.flatness.meshX": 20,
    "qa.flatness.meshY": 14,
    "qa.doThumbnailOss": True,
    "qa.doThumbnailFlattened": True,
    "doVignette": True,
    "vignette.doWriteVignettePolygon": True,
    "vignette.radius": 0.45,
    "doSaveInterpPixels": True,
    "fringe.filters": ["i.MP9702"],
    "fringe.num": 90,
    "fringe.large": 10,
    "doAttachTransmissionCurve": True,
    "doCameraSpecificMasking": True,
    "doStrayLight": True,
}

BASES: tuple[dict[str, Any], ...] = (
    {},
    {"doCrosstalk": False, "doLinearize": False, "doBrighterFatter": False, "fringeAfterFlat": False},
)

ALTERNATIVES: dict[str, list[Any]] = {
    "saturatedMaskName": ["CR"],
    "suspectMaskName": ["CR"],
    "negativeVarianceMaskName": ["CR"],
    "maskListToInterpolate": [["BAD"], ["SAT", "BAD", "SUSPECT"]],
    "brighterFatterMaskListToInterpolate": [["BAD"]],
    "saturation": [20000.0],
    "overscan.maskPlanes": [["SAT", "BAD"]],
    "overscan.order": [2],
    "overscan.fitType": ["MEANCLIP", "MEDIAN_PER_ROW", "POLY"],
    "overscanMaxDev": [4.0],
    "overscanBiasJump": [True],
    "overscanBiasJumpKeyword": ["DETID"],
    "overscanBiasJumpDevices": [["ccd00"]],
    "overscanBiasJumpLocation": [20],
    "crosstalk.minPixelToMask": [3000.0],
    "crosstalk.crosstalkMaskPlane": ["CR"],
    "crosstalk.crosstalkValues": [[0.0, 1e-3, 1e-3, 0.0]],
    "fringe.filters": [["r.MP9601"], ["i"]],
    "fringe.stats.badMaskPlanes": [["SAT", "BAD"]],
    "fringe.stats.stat": [128, 4],
    "fringe.small": [2],
    "fringe.large": [12],
    "fringe.num": [60],
    "fringe.clip": [1.5],
    "fringe.iterations": [1],
    "illumFilters": [[]],
    "fluxMag0T1": [{"i.MP9702": 1e11}],
    "qa.flatness.meshX": [16],
    "qa.flatness.meshY": [10],
    "qa.thumbnailBinning": [2],
    "vignette.radius": [0.4],
    "vignette.xCenter": [0.02],
    "vignette.yCenter": [0.02],
    "assembleCcd.keysToRemove": [["KEEPME"]],
    "fwhm": [2.0],
    "brighterFatterThreshold": [1.0],
    "brighterFatterMaxIter": [2],
    "readNoise": [1.0],
    "fallbackFilterName": ["r"],
}


def leaves(config: Any, prefix: str = "") -> list[str]:
    """Dotted names of all plain fields below a config."""
    names = []
    for name, field in config._fields.items():
        value = getattr(config, name)
        if hasattr(value, "_fields"):
            names += leaves(value, f"{prefix}{name}.")
        elif hasattr(value, "value") and hasattr(value.value, "_fields"):
            names += leaves(value.value, f"{prefix}{name}.")
        elif not getattr(field, "deprecated", None):
            names.append(prefix + name)
    return names


def find(config: Any, path: str) -> tuple[Any, str]:
    *parents, leaf = path.split(".")
    for name in parents:
        config = getattr(config, name)
    return (config.value if hasattr(config, "value") else config), leaf


def assign(config: Any, path: str, value: Any) -> None:
    owner, leaf = find(config, path)
    setattr(owner, leaf, value)


def alternatives(config: Any, path: str) -> list[Any]:
    """Other valid values of a field."""
    owner, leaf = find(config, path)
    value = getattr(owner, leaf)
    if path in ALTERNATIVES:
        return ALTERNATIVES[path]
    field = owner._fields[leaf]
    if isinstance(field, ChoiceField):
        return [choice for choice in field.allowed if choice != value and choice is not None][:3]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [1.5 * value + 0.25] if math.isfinite(value) else [1.5]
    if isinstance(value, str):
        return [value + "X"]
    return []


def full_config(values: dict[str, Any] | None = None) -> IsrTaskConfig:
    config = IsrTaskConfig()
    for path, value in {**EVERYTHING, **(values or {})}.items():
        assign(config, path, value)
    return config


PATHS = [
    path
    for path in leaves(IsrTaskConfig())
    if not path.startswith(("connections.", "ampOffset.")) and path not in ("saveMetadata", "saveLogOutput")
]


def _switches() -> list[str]:
    config = IsrTaskConfig()
    owners = {path: find(config, path) for path in PATHS}
    return [path for path, (owner, leaf) in owners.items() if isinstance(getattr(owner, leaf), bool)]


SWITCHES = _switches()


def start(task: IsrTask, frame: SmallFrame) -> IsrState:
    return task.initial_state(frame.raw.clone(), calibrations(**frame.arguments))


def outcome(config: Any, frame: SmallFrame, store: CheckpointStore | None) -> tuple[Any, ...]:
    """Everything that a run gives, in comparable form: pixels, metadata, results, or the type of its error."""
    task = IsrTask(config=config)
    options = RunOptions(store=store, input_key="raw")
    try:
        state = run_chain(task, start(task, frame), options)
    except Exception as error:
        return ("error", type(error))
    metadata = {
        (name, key): repr(value)
        for name, subtask in task.getTaskDict().items()
        for key, value in subtask.metadata.items()
        if not any(key.endswith((f"Start{item}", f"End{item}")) for item in TIMING_ITEMS)
    }
    exposure = state.exposure
    copy = state.results.get("preInterpExposure")
    parts: list[Any] = [*planes(exposure), repr(exposure.metadata), repr(exposure.photo_calib), exposure.valid_polygon]
    parts += [exposure.transmission_curve is None, metadata]
    parts += [state.results.get("ossThumb"), state.results.get("flattenedThumb"), *(planes(copy) if copy else ())]
    return tuple(parts)


def planes(exposure: Exposure) -> list[Any]:
    return [exposure.image, exposure.mask.array, exposure.variance, exposure.mask.planes.as_dict()]


def same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
            if not np.array_equal(x, y, equal_nan=x.dtype.kind == "f"):
                return False
        elif x is not y and x != y:
            return False
    return True


OTHER_ORDER = {
    "doBiasBeforeOverscan": True,
    "doCrosstalkBeforeAssemble": True,
    "fringeAfterFlat": False,
    "doBrighterFatter": False,
    "doAmpOffset": True,
    "doApplyGains": True,
}
"""Moves steps to their other place in the chain, and switches on those that are off in `EVERYTHING`."""


class ShiftingAmpOffset(AmpOffsetTask):
    """A camera's own amplifier offsets."""

    def run(self, exposure: Exposure) -> None:
        exposure.image[...] += 1.0


class FadingStrayLight(StrayLightTask):
    """A camera's own stray light."""

    def check(self, exposure: Exposure) -> bool:
        return True

    def run(self, exposure: Exposure, strayLightData: Any) -> None:
        exposure.image[...] -= 1.0


class CornerMasking(MaskingTask):
    """A camera's own mask."""

    def run(self, exposure: Exposure) -> None:
        exposure.mask.set_box(Box(0, 0, 3, 3), "SUSPECT")


def config_with_hooks(values: dict[str, Any] | None = None) -> IsrTaskConfig:
    config = full_config(values)
    config.ampOffset.retarget(ShiftingAmpOffset)
    config.strayLight.retarget(FadingStrayLight)
    config.masking.retarget(CornerMasking)
    return config
