"""What a step may ask of the task that runs it, without importing any task.

`isrcore.task.IsrTask` is one; a subclass with methods of its own and retargeted subtasks is another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from isrcore.calib.defects import Defects
from isrcore.camera import Amplifier, Camera, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct

__all__ = ["ConfiguredTask", "IsrTaskLike", "OverscanTaskLike"]


class ConfiguredTask(Protocol):
    """A config (an `lsst.pex.config.Config`), a log, and metadata."""

    config: Any
    log: logging.Logger
    metadata: PropertyList


class _OnExposure(Protocol):
    """A subtask that changes an exposure in place, or looks at it."""

    def run(self, exposure: Exposure) -> Any: ...


class _Assembler(Protocol):
    def assembleCcd(self, assembleInput: Exposure) -> Exposure: ...


class _Crosstalk(Protocol):
    def run(
        self,
        exposure: Exposure,
        crosstalk: Any = None,
        *,
        crosstalkSources: Any = None,
        isTrimmed: bool = False,
        camera: Camera | None = None,
    ) -> None: ...


class _Fringe(Protocol):
    def run(self, exposure: Exposure, fringes: Any, seed: int | None = None) -> Any: ...


class _Overscan(Protocol):
    @property
    def config(self) -> Any: ...

    def run(self, ampImage: Any, overscanImage: MaskedImage, amp: Amplifier | None = None) -> Struct: ...


class _StrayLight(Protocol):
    def check(self, exposure: Exposure) -> bool: ...

    def run(self, exposure: Exposure, strayLightData: Any) -> None: ...


class OverscanTaskLike(ConfiguredTask, Protocol):
    """A task that corrects the overscan of amplifiers with a subtask."""

    @property
    def overscan(self) -> _Overscan: ...


class IsrTaskLike(OverscanTaskLike, Protocol):
    """The task of a chain: its subtasks, and the documented methods that steps call so that a subclass may override.

    Attributes
    ----------
    vignettePolygon : `shapely.Polygon` or None
        Focal plane, mm; set by the vignette step.
    """

    vignettePolygon: Any

    @property
    def ampOffset(self) -> _OnExposure: ...

    @property
    def assembleCcd(self) -> _Assembler: ...

    @property
    def crosstalk(self) -> _Crosstalk: ...

    @property
    def fringe(self) -> _Fringe: ...

    @property
    def masking(self) -> _OnExposure: ...

    @property
    def strayLight(self) -> _StrayLight: ...

    @property
    def vignette(self) -> _OnExposure: ...

    def attachTransmissionCurve(
        self,
        exposure: Exposure,
        opticsTransmission: Any = None,
        filterTransmission: Any = None,
        sensorTransmission: Any = None,
        atmosphereTransmission: Any = None,
    ) -> Any: ...

    def convertIntToFloat(self, exposure: Exposure) -> Exposure: ...

    def darkCorrection(self, exposure: Exposure, darkExposure: Exposure, invert: bool = False) -> None: ...

    def doLinearize(self, detector: Detector | None) -> bool: ...

    def ensureExposure(
        self, inputExp: Any, camera: Camera | None = None, detectorNum: int | None = None
    ) -> Exposure | None: ...

    def flatContext(
        self, exp: Exposure, flat: Exposure, dark: Exposure | None = None
    ) -> AbstractContextManager[Exposure]: ...

    def flatCorrection(self, exposure: Exposure, flatExposure: Exposure, invert: bool = False) -> None: ...

    def maskAmplifier(self, ccdExposure: Exposure, amp: Amplifier, defects: Defects | None) -> bool: ...

    def maskDefect(self, exposure: Exposure, defectBaseList: Defects | Iterable[Box]) -> None: ...

    def maskEdges(
        self, exposure: Exposure, numEdgePixels: int = 0, maskPlane: str = "SUSPECT", level: str = "DETECTOR"
    ) -> None: ...

    def maskNan(self, exposure: Exposure) -> None: ...

    def maskNegativeVariance(self, exposure: Exposure) -> None: ...

    def measureBackground(self, exposure: Exposure, IsrQaConfig: Any = None) -> None: ...

    def overscanCorrection(self, ccdExposure: Exposure, amp: Amplifier) -> Struct | None: ...

    def roughZeroPoint(self, exposure: Exposure) -> None: ...

    def setValidPolygonIntersect(self, ccdExposure: Exposure, fpPolygon: Any) -> None: ...

    def updateVariance(
        self, ampExposure: Exposure, amp: Amplifier, overscanImage: MaskedImage | None = None, ptcDataset: Any = None
    ) -> None: ...
