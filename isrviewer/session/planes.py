"""Which planes the user asks for: those of the raw frame, after a step of run A or B, or of a calibration frame.

A choice, whichever frame is open; whose pixels stand on the screen is said by `isrviewer.runner.identity.PlanesOf`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["PREVIOUS", "RAW", "RAW_PLANES", "SAME_OF_B", "Planes", "Run"]

RAW = "raw"
"""Name of the planes before the first step, used wherever a step name is expected."""


class Run(StrEnum):
    """What made planes."""

    A = "A"
    """The run with the present parameters."""
    B = "B"
    """The run with the parameters to compare with."""
    CALIBRATION = "calibration"
    """No run of this frame: a calibration frame that the runs use."""


@dataclass(frozen=True)
class Planes:
    """A choice of planes.

    Attributes
    ----------
    name : str
        LSST name of the step, or `RAW`; for a calibration frame its kind (``flat``).
    run : `Run`
        Raw planes belong to both runs and are always called those of A.
    """

    name: str = RAW
    run: Run = Run.A

    def __post_init__(self) -> None:
        if self.name == RAW:
            object.__setattr__(self, "run", Run.A)

    @property
    def is_raw(self) -> bool:
        return self.name == RAW

    @property
    def is_calibration(self) -> bool:
        return self.run is Run.CALIBRATION

    @property
    def step(self) -> str:
        """LSST name of a step of A, or `RAW`; empty for other planes."""
        return self.name if self.run is Run.A else ""

    @property
    def key(self) -> str:
        """One word for tables, file names and messages; never taken apart again."""
        return self.name if self.run is Run.A else f"{self.run} {self.name}"


RAW_PLANES = Planes()
"""Those before the first step."""

PREVIOUS = Planes("previous")
"""Stands for the step before the one that is shown, whichever that is."""

SAME_OF_B = Planes("same", Run.B)
"""Stands for the step that is shown, in the run to compare with."""
