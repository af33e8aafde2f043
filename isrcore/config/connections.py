"""Config of the Gen3 connections: which dataset type stands behind each input and output of the task."""

from __future__ import annotations

from typing import Any

from lsst.pex.config import Config, Field

__all__ = ["CONNECTIONS", "IsrConnectionsConfig"]

CONNECTIONS = {
    "ccdExposure": ("raw", "raw exposure"),
    "camera": ("camera", "camera description"),
    "crosstalk": ("crosstalk", "crosstalk coefficients"),
    "crosstalkSources": ("isrOverscanCorrected", "exposures of other detectors that cause crosstalk"),
    "bias": ("bias", "bias frame"),
    "dark": ("dark", "dark frame"),
    "flat": ("flat", "flat field"),
    "ptc": ("ptc", "photon transfer curve"),
    "fringes": ("fringe", "fringe frame"),
    "strayLightData": ("yBackground", "stray-light model"),
    "bfKernel": ("bfKernel", "brighter-fatter kernel, plain array"),
    "newBFKernel": ("brighterFatterKernel", "brighter-fatter kernel with its gains"),
    "defects": ("defects", "defect list"),
    "linearizer": ("linearizer", "linearity correction"),
    "opticsTransmission": ("transmission_optics", "transmission curve of the optics"),
    "filterTransmission": ("transmission_filter", "transmission curve of the filter"),
    "sensorTransmission": ("transmission_sensor", "transmission curve of the detector"),
    "atmosphereTransmission": ("transmission_atmosphere", "transmission curve of the atmosphere"),
    "illumMaskedImage": ("illum", "illumination correction"),
    "outputExposure": ("postISRCCD", "processed exposure"),
    "preInterpExposure": ("preInterpISRCCD", "exposure before interpolation"),
    "outputOssThumbnail": ("OssThumb", "thumbnail after overscan subtraction"),
    "outputFlattenedThumbnail": ("FlattenedThumb", "thumbnail after flat fielding"),
}
"""Connection name -> default dataset type, what it holds."""

IsrConnectionsConfig: Any = type(Config)(
    "IsrConnectionsConfig",
    (Config,),
    {
        "__module__": __name__,
        "__doc__": "Dataset types of the Gen3 connections, one field per entry of `CONNECTIONS`.",
        **{name: Field(f"Gen3 dataset type: {what}.", str, dataset) for name, (dataset, what) in CONNECTIONS.items()},
    },
)
