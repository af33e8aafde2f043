"""Crosstalk: remove the ghost that a bright amplifier leaves in the others (specification e.12)."""

from __future__ import annotations

from typing import ClassVar

from lsst.pex.config import ChoiceField, Config, Field, ListField

from isrcore.pipe import Task

__all__ = ["CrosstalkConfig", "CrosstalkTask"]


class CrosstalkConfig(Config):  # type: ignore[misc]
    """Crosstalk coefficients, and what is flagged."""

    minPixelToMask = Field(
        "Pixels this far above the background have their crosstalk images flagged. [ADU]", float, 45000.0
    )
    crosstalkMaskPlane = Field("Name of the mask plane for flagged pixels.", str, "CROSSTALK")
    crosstalkBackgroundMethod = ChoiceField(
        "Background that is taken off the source signal first.",
        str,
        {
            "None": "none; the choice is the text None",
            "AMP": "the median of each source amplifier",
            "DETECTOR": "the median of the whole source detector",
        },
        "None",
        optional=False,
    )
    useConfigCoefficients = Field(
        "Take the coefficients from crosstalkValues, not the detector, when looking up the calibration.", bool, False
    )
    crosstalkValues = ListField(
        "Coefficients as one flat list, n_amp x n_amp, row = source amplifier; [0.0] stands for none.", float, [0.0]
    )
    crosstalkShape = ListField(
        "Shape of the coefficient matrix, used by getCrosstalk only. Has no effect on a run.", int, [1]
    )


class CrosstalkTask(Task):
    """Subtract crosstalk between the amplifiers of an exposure."""

    ConfigClass: ClassVar = CrosstalkConfig
    _DefaultName: ClassVar = "isrCrosstalk"
