"""The overscan: measure the bias level of one amplifier in its overscan pixels and subtract it (specification e.4)."""

from __future__ import annotations

from typing import ClassVar

from lsst.pex.config import ChoiceField, Config, Field, ListField

from isrcore.pipe import Task

__all__ = ["FIT_TYPES", "OverscanCorrectionTask", "OverscanCorrectionTaskConfig"]

FIT_TYPES = {
    "POLY": "ordinary polynomial along the long axis",
    "CHEB": "Chebyshev polynomial along the long axis",
    "LEG": "Legendre polynomial along the long axis",
    "NATURAL_SPLINE": "natural spline through bins of rows",
    "CUBIC_SPLINE": "cubic spline through bins of rows",
    "AKIMA_SPLINE": "Akima spline through bins of rows",
    "MEAN": "one level: mean of all overscan pixels",
    "MEANCLIP": "one level: clipped mean of all overscan pixels",
    "MEDIAN": "one level: integer-aware median of all overscan pixels",
    "MEDIAN_PER_ROW": "one level per row: integer-aware median of the row",
}
"""Overscan models by name, with the help text of the config field."""


class OverscanCorrectionTaskConfig(Config):  # type: ignore[misc]
    """How the overscan level is modelled."""

    fitType = ChoiceField("Model of the overscan level.", str, FIT_TYPES, "MEDIAN", optional=False)
    order = Field("Degree of the polynomial, or number of bins of the spline; other models ignore it.", int, 1)
    numSigmaClip = Field("Overscan pixels further than this from the centre are rejected. [sigma]", float, 3.0)
    maskPlanes = ListField(
        "Overscan pixels with one of these mask planes are left out; read when the task is made.", str, ["SAT"]
    )
    overscanIsInt = Field(
        "Treat the overscan as integers. Has no effect: only the median is integer-aware, always.", bool, True
    )


class OverscanCorrectionTask(Task):
    """Measure and subtract the overscan of one amplifier."""

    ConfigClass: ClassVar = OverscanCorrectionTaskConfig
    _DefaultName: ClassVar = "overscan"
