"""Config of the quality measurements: background flatness and thumbnails."""

from __future__ import annotations

from lsst.pex.config import Config, ConfigField, Field

__all__ = ["IsrQaConfig", "IsrQaFlatnessConfig"]


class IsrQaFlatnessConfig(Config):  # type: ignore[misc]
    """How the flatness of the background is measured on a grid of cells."""

    meshX = Field("Width of a cell. [pixel]", int, 256)
    meshY = Field("Height of a cell. [pixel]", int, 256)
    doClip = Field("Take the clipped mean of a cell; when off, the mean of all its pixels.", bool, True)
    clipSigma = Field("Rejection threshold of background and overscan-level statistics. [sigma]", float, 3.0)
    nIter = Field("Rejection passes of background and overscan-level statistics.", int, 3)


class IsrQaConfig(Config):  # type: ignore[misc]
    """Quality measurements that ISR makes on the way; no pixel of the exposure depends on them."""

    saveStats = Field(
        "Measure overscan, variance and background levels per amplifier and keep them as metadata.", bool, True
    )
    flatness = ConfigField("Grid and clipping of the background measurement.", IsrQaFlatnessConfig)
    doWriteOss = Field("Write the overscan-subtracted image. Has no effect.", bool, False)
    doThumbnailOss = Field("Make a small picture of the overscan-subtracted image.", bool, False)
    doWriteFlattened = Field("Write the flat-fielded image. Has no effect.", bool, False)
    doThumbnailFlattened = Field("Make a small picture of the flat-fielded image.", bool, False)
    thumbnailBinning = Field("Pixels of the image per thumbnail pixel, in x and y. [pixel]", int, 4)
    thumbnailStdev = Field("The thumbnail's black lies this far below the median. [clipped sigma]", float, 3.0)
    thumbnailRange = Field("Range of the thumbnail's asinh stretch. [ADU]", float, 5.0)
    thumbnailQ = Field("Softening of the thumbnail's asinh stretch.", float, 20.0)
    thumbnailSatBorder = Field(
        "Width of the repainted border around saturated pixels; 0 paints none. [thumbnail pixel]", int, 2
    )
