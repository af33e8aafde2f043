"""Amplifier offsets: the hook for levelling amplifiers against each other (manual: chain, Hooks).

The reference's base task measures nothing; it only builds its background and detection subtasks. They are here so that
configs, task names and metadata agree with it, and so that a camera's own task can be put in their place.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lsst.pex.config import ChoiceField, Config, ConfigurableField, Field, ListField, RangeField

from isrcore.image import Exposure
from isrcore.image.mask import DEFAULT_PLANES
from isrcore.pipe import Task
from isrcore.steps.step import IsrState, IsrTaskLike, Step, switched_by

__all__ = [
    "AMP_OFFSET",
    "AmpOffsetConfig",
    "AmpOffsetTask",
    "SourceDetectionConfig",
    "SourceDetectionTask",
    "SubtractBackgroundConfig",
    "SubtractBackgroundTask",
]


def _unused(text: str) -> str:
    """Help text of a field that only a camera's own task would read; the unit stays at the end."""
    text, bracket, unit = text.partition(" [")
    return f"{text} Has no effect with the base task.{bracket}{unit}"


def _is_default_plane(name: str) -> bool:
    return name in DEFAULT_PLANES


class SubtractBackgroundConfig(Config):  # type: ignore[misc]
    """A background: statistics in a grid of cells, interpolated or fitted by a smooth surface."""

    statisticsProperty = ChoiceField(
        _unused("Statistic of the pixels in a cell."),
        str,
        {"MEANCLIP": "clipped mean", "MEAN": "mean of all pixels", "MEDIAN": "median"},
        "MEANCLIP",
        optional=False,
    )
    undersampleStyle = ChoiceField(
        _unused("What to do when the grid has too few cells for the interpolation."),
        str,
        {
            "THROW_EXCEPTION": "stop with an error",
            "REDUCE_INTERP_ORDER": "take a simpler interpolation",
            "INCREASE_NXNYSAMPLE": "take more, smaller cells",
        },
        "REDUCE_INTERP_ORDER",
        optional=False,
    )
    binSize = RangeField(_unused("Size of a cell in x and y. [pixel]"), int, 128, min=1)
    binSizeX = RangeField(_unused("Size of a cell in x; 0 takes binSize. [pixel]"), int, 0, min=0)
    binSizeY = RangeField(_unused("Size of a cell in y; 0 takes binSize. [pixel]"), int, 0, min=0)
    algorithm = ChoiceField(
        _unused("Interpolation between the cells; not needed when useApprox is on."),
        str,
        {
            "CONSTANT": "one value",
            "LINEAR": "linear",
            "NATURAL_SPLINE": "natural cubic spline",
            "AKIMA_SPLINE": "Akima spline, less prone to overshoot",
            "NONE": "no background",
        },
        "AKIMA_SPLINE",
    )
    ignoredPixelMask = ListField(
        _unused(f"Pixels with one of these mask planes are left out; allowed are {', '.join(DEFAULT_PLANES)}."),
        str,
        ["BAD", "EDGE", "DETECTED", "DETECTED_NEGATIVE", "NO_DATA"],
        itemCheck=_is_default_plane,
    )
    isNanSafe = Field(_unused("Leave out pixels that are not finite."), bool, False)
    useApprox = Field(_unused("Fit a Chebyshev surface through the cells."), bool, True)
    approxOrderX = Field(_unused("Order of the Chebyshev surface in x."), int, 6)
    approxOrderY = Field(_unused("Order of the Chebyshev surface in y; -1 takes approxOrderX."), int, -1)
    weighting = Field(_unused("Weight cells by their inverse variance in the fit."), bool, True)


class SubtractBackgroundTask(Task):
    """Measure and subtract a background: a place for a camera's own task, without one here."""

    ConfigClass: ClassVar = SubtractBackgroundConfig
    _DefaultName: ClassVar = "subtractBackground"


class SourceDetectionConfig(Config):  # type: ignore[misc]
    """Detection of sources above a threshold."""

    minPixels = RangeField(_unused("Smallest footprint that is kept. [pixel]"), int, 1, min=0)
    isotropicGrow = Field(_unused("Grow footprints in a circle (slow), else in a diamond (fast)."), bool, False)
    combinedGrow = Field(_unused("Grow all footprints together, so that neighbours merge."), bool, True)
    nSigmaToGrow = Field(_unused("How far footprints grow; 0 does not grow. [PSF sigma]"), float, 2.4)
    returnOriginalFootprints = Field(_unused("Return the footprints as they were before growing."), bool, False)
    thresholdValue = RangeField(_unused("Threshold, in the unit that thresholdType names."), float, 5.0, min=0.0)
    includeThresholdMultiplier = RangeField(
        _unused("A footprint is kept if it reaches this many times the threshold."), float, 1.0, min=0.0
    )
    thresholdType = ChoiceField(
        _unused("Unit of thresholdValue."),
        str,
        {
            "variance": "square root of the image variance",
            "stdev": "standard deviation of the image",
            "value": "counts (ADU)",
            "pixel_stdev": "standard deviation of the pixel, from its variance",
        },
        "stdev",
        optional=False,
    )
    thresholdPolarity = ChoiceField(
        _unused("Which sources are detected."),
        str,
        {"positive": "brighter than the background", "negative": "fainter than the background", "both": "either"},
        "positive",
        optional=False,
    )
    adjustBackground = Field(_unused("Constant added to the background, for tests. [ADU]"), float, 0.0)
    reEstimateBackground = Field(_unused("Measure the background again after the detection."), bool, True)
    doTempLocalBackground = Field(_unused("Take off a small-scale background while sources are detected."), bool, True)
    doTempWideBackground = Field(_unused("Take off a large-scale background while sources are detected."), bool, False)
    nPeaksMaxSimple = Field(_unused("Most peaks of a footprint before its peaks are looked for again."), int, 1)
    nSigmaForKernel = Field(_unused("Size of the smoothing kernel. [PSF sigma]"), float, 7.0)
    statsMask = ListField(
        _unused("Pixels with one of these mask planes are left out of the threshold's statistic."),
        str,
        ["BAD", "SAT", "EDGE", "NO_DATA"],
    )
    background = ConfigurableField(_unused("Background measured again after the detection."), SubtractBackgroundTask)
    tempLocalBackground = ConfigurableField(
        _unused("Small-scale background, taken off while sources are detected."), SubtractBackgroundTask
    )
    tempWideBackground = ConfigurableField(
        _unused("Large-scale background, taken off while sources are detected."), SubtractBackgroundTask
    )

    def setDefaults(self) -> None:
        """Finer and coarser grids for the temporary backgrounds, without a fitted surface."""
        for background, size in ((self.tempLocalBackground, 64), (self.tempWideBackground, 512)):
            background.binSize = size
            background.algorithm = "AKIMA_SPLINE"
            background.useApprox = False
        for plane in ("DETECTED", "DETECTED_NEGATIVE"):
            self.tempWideBackground.ignoredPixelMask.remove(plane)


class SourceDetectionTask(Task):
    """Detect sources: a place for a camera's own task, without one here. Builds the backgrounds its config asks for."""

    ConfigClass: ClassVar = SourceDetectionConfig
    _DefaultName: ClassVar = "sourceDetection"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.config.reEstimateBackground:
            self.makeSubtask("background")
        if self.config.doTempLocalBackground:
            self.makeSubtask("tempLocalBackground")
        if self.config.doTempWideBackground:
            self.makeSubtask("tempWideBackground")


class AmpOffsetConfig(Config):  # type: ignore[misc]
    """How a camera's own task would measure the step in level between neighbouring amplifiers."""

    ampEdgeInset = Field(_unused("Distance of the measured strip from the amplifier's edge. [pixel]"), int, 5)
    ampEdgeWidth = Field(_unused("Width of the strip. [pixel]"), int, 64)
    ampEdgeMinFrac = Field(_unused("Smallest fraction of the strip that must be usable."), float, 0.5)
    ampEdgeMaxOffset = Field(_unused("Largest offset that is believed. [ADU]"), float, 5.0)
    ampEdgeWindow = Field(_unused("Length of the rolling mean along the strip. [pixel]"), int, 512)
    doBackground = Field(_unused("Take off a background before measuring."), bool, True)
    doDetection = Field(
        "Leave detected sources out of the strips. With the base task it only decides whether detection is made.",
        bool,
        True,
    )
    background = ConfigurableField(_unused("Background taken off before measuring."), SubtractBackgroundTask)
    detection = ConfigurableField(_unused("Detection of the sources that are left out."), SourceDetectionTask)


class AmpOffsetTask(Task):
    """The hook as the reference ships it: it builds its subtasks and measures nothing."""

    ConfigClass: ClassVar = AmpOffsetConfig
    _DefaultName: ClassVar = "isrAmpOffset"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.makeSubtask("background")
        if self.config.doDetection:
            self.makeSubtask("detection")

    def run(self, exposure: Exposure) -> None:
        """Measure and remove the offsets, in place.

        Raises
        ------
        NotImplementedError
            Always: there is no general method.
        """
        raise NotImplementedError("ampOffset has no method for this camera; retarget it or switch doAmpOffset off")


def _run(task: IsrTaskLike, state: IsrState) -> None:
    task.ampOffset.run(state.exposure)


AMP_OFFSET = Step(
    name="doAmpOffset",
    label="amp offsets",
    method="ampOffset.run",
    doc="Remove steps in level between amplifiers with the camera's own task; MegaCam has none.",
    why_not=switched_by("doAmpOffset"),
    run=_run,
    switch="doAmpOffset",
    reads=("doAmpOffset", "ampOffset."),
    writes=frozenset({"image", "mask", "variance", "metadata"}),
)
