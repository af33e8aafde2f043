"""The frames that bear witness: bias, dark, flat and science exposures of one CCD in the trimmed frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Detector
from isrcore.values import frozen

__all__ = ["AuditData", "AuditPlane", "PlaneKind"]


class PlaneKind(StrEnum):
    """What a frame shows."""

    BIAS = "bias"
    DARK = "dark"
    FLAT = "flat"
    SCIENCE = "science"


@frozen
class AuditPlane:
    """One frame.

    Attributes
    ----------
    kind : `PlaneKind`
    name : str
        File it comes from.
    pixels : ndarray, (height, width), float32
        Trimmed; ADU, flats relative.
    seconds : float
        Dark time of a dark, else 0.
    """

    kind: PlaneKind
    name: str
    pixels: NDArray[np.float32]
    seconds: float = 0.0


@dataclass(frozen=True)
class AuditData:
    """Everything that is at hand for one CCD.

    Attributes
    ----------
    detector : `Detector`
    planes : tuple of `AuditPlane`
        Calibrations first.
    notes : tuple of str
        What is missing, and why which calibration was chosen.
    """

    detector: Detector
    planes: tuple[AuditPlane, ...]
    notes: tuple[str, ...] = ()

    def of_kind(self, kind: PlaneKind) -> list[AuditPlane]:
        return [plane for plane in self.planes if plane.kind is kind]

    @property
    def names(self) -> tuple[str, ...]:
        """Files, calibrations first."""
        return tuple(plane.name for plane in self.planes)
