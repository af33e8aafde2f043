"""Fringes: fit calibration fringe frames to the data in small apertures and subtract them (specification e.10)."""

from __future__ import annotations

from typing import ClassVar

from lsst.pex.config import Config, ConfigField, Field, ListField

from isrcore.pipe import Task

__all__ = ["FringeConfig", "FringeStatisticsConfig", "FringeTask"]


class FringeStatisticsConfig(Config):  # type: ignore[misc]
    """How the level in one aperture is measured."""

    badMaskPlanes = ListField("Pixels with one of these mask planes are left out of the apertures.", str, ["SAT"])
    stat = Field("Statistic of the pixels in an aperture, as an afw property value; 32 is the median.", int, 32)
    clip = Field("Rejection threshold of clipped statistics. [sigma]", float, 3.0)
    iterations = Field("Rejection passes of clipped statistics.", int, 3)
    rngSeedOffset = Field("Added to the exposure id to seed the random sample positions.", int, 0)


class FringeConfig(Config):  # type: ignore[misc]
    """Which filters are corrected for fringes, and how the amplitude is measured."""

    filters = ListField("Physical filters to correct; a band name is accepted with a warning.", str, [])
    useFilterAliases = Field(
        "Compare filter aliases with the list. Has no effect.",
        bool,
        False,
        deprecated="filter aliases no longer exist; name the physical filters.",
    )
    num = Field("Number of random positions at which the fringe amplitude is sampled.", int, 30000)
    small = Field("Half-size of the aperture that sees the fringe. [pixel]", int, 3)
    large = Field("Half-size of the aperture that sees the background; also the border left out. [pixel]", int, 30)
    iterations = Field("Most rejection passes of the amplitude fit.", int, 20)
    clip = Field("Samples further than this from the fit are rejected. [robust sigma]", float, 3.0)
    pedestal = Field("Subtract the median of each fringe frame before the fit.", bool, False)
    stats = ConfigField("Statistics within an aperture.", FringeStatisticsConfig)


class FringeTask(Task):
    """Remove fringes from an exposure."""

    ConfigClass: ClassVar = FringeConfig
    _DefaultName: ClassVar = "isrFringe"
