"""A CCD: its amplifiers, its place in the focal plane, and the transform between pixels and millimetres."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isrcore.camera.amplifier import Amplifier
from isrcore.geom import Box
from isrcore.values import frozen

__all__ = ["FOCAL_PLANE", "PIXELS", "Detector", "Orientation"]

PIXELS = "PIXELS"
FOCAL_PLANE = "FOCAL_PLANE"


@frozen
class Orientation:
    """How a detector lies in the focal plane.

    Attributes
    ----------
    fp_position : (float, float)
        Focal-plane position of the reference point, mm.
    reference_point : (float, float)
        Reference point, pixels.
    yaw, pitch, roll : float
        Rotations, radian.
    """

    fp_position: tuple[float, float] = (0.0, 0.0)
    reference_point: tuple[float, float] = (0.0, 0.0)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> NDArray[np.float64]:
        """2 x 2 matrix from detector millimetres to focal-plane millimetres (manual: detectors, Focal plane)."""
        cos_yaw, sin_yaw = math.cos(self.yaw), math.sin(self.yaw)
        cos_pitch, sin_pitch = math.cos(self.pitch), math.sin(self.pitch)
        cos_roll, sin_roll = math.cos(self.roll), math.sin(self.roll)
        return np.array(
            [
                [cos_yaw * cos_pitch, cos_yaw * sin_pitch * sin_roll - cos_roll * sin_yaw],
                [cos_pitch * sin_yaw, cos_yaw * cos_roll + sin_yaw * sin_pitch * sin_roll],
            ]
        )


@dataclass(frozen=True, eq=False)
class Detector:
    """Immutable description of a CCD.

    Attributes
    ----------
    name, id, serial : str, int, str
    bbox : `Box`
        Trimmed, assembled frame.
    amplifiers : tuple of `Amplifier`
        In order; names must differ.
    pixel_size : (float, float)
        mm.
    orientation : `Orientation`
    crosstalk : ndarray, (n_amp, n_amp), float32, or None
        Row = source amplifier, column = target (the convention that the reference implements,
        manual: crosstalk, Rows and columns).
    type : str
        ``"SCIENCE"`` for all MegaCam CCDs.

    Raises
    ------
    ValueError
        For duplicate amplifier names or a crosstalk matrix of the wrong shape.
    """

    name: str
    id: int
    serial: str
    bbox: Box
    amplifiers: tuple[Amplifier, ...]
    pixel_size: tuple[float, float] = (0.0135, 0.0135)
    orientation: Orientation = field(default_factory=Orientation)
    crosstalk: NDArray[np.float32] | None = None
    type: str = "SCIENCE"

    def __post_init__(self) -> None:
        names = [amp.name for amp in self.amplifiers]
        if len(set(names)) != len(names):
            raise ValueError(f"detector {self.name}: amplifier names must differ, found {names}")
        if self.crosstalk is not None and self.crosstalk.shape != (len(names), len(names)):
            raise ValueError(
                f"detector {self.name}: crosstalk matrix must be {len(names)} x {len(names)}, "
                f"found {self.crosstalk.shape}"
            )

    def __iter__(self) -> Iterator[Amplifier]:
        return iter(self.amplifiers)

    def __len__(self) -> int:
        return len(self.amplifiers)

    def __getitem__(self, key: int | str) -> Amplifier:
        if isinstance(key, str):
            for amp in self.amplifiers:
                if amp.name == key:
                    return amp
            raise KeyError(f"detector {self.name} has no amplifier {key!r}; it has {[a.name for a in self.amplifiers]}")
        return self.amplifiers[key]

    @property
    def raw_bbox(self) -> Box:
        """The smallest box around all raw amplifier boxes."""
        return Box.around(amp.raw_bbox for amp in self.amplifiers)

    def replace(self, **changes: Any) -> Detector:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    def with_amplifiers(self, amplifiers: Iterable[Amplifier]) -> Detector:
        return replace(self, amplifiers=tuple(amplifiers))

    def transform(self, points: ArrayLike, from_system: str, to_system: str) -> NDArray[np.float64]:
        """Transform points between `PIXELS` (trimmed, 0-based) and `FOCAL_PLANE` (mm).

        Parameters
        ----------
        points : array-like, (..., 2)
        from_system, to_system : str

        Returns
        -------
        points : ndarray, (..., 2), float64

        Raises
        ------
        ValueError
            For an unknown coordinate system.
        """
        systems = {PIXELS, FOCAL_PLANE}
        if {from_system, to_system} - systems:
            raise ValueError(f"coordinate systems are {sorted(systems)}, found {from_system!r} and {to_system!r}")
        xy = np.asarray(points, dtype=np.float64)
        if from_system == to_system:
            return xy
        matrix = self.orientation.rotation * np.asarray(self.pixel_size)
        place, origin = np.asarray(self.orientation.fp_position), np.asarray(self.orientation.reference_point)
        if from_system == PIXELS:
            moved: NDArray[np.float64] = (xy - origin) @ matrix.T + place
        else:
            moved = (xy - place) @ np.linalg.inv(matrix).T + origin
        return moved

    def corners(self, system: str = PIXELS) -> NDArray[np.float64]:
        """Corners of the imaging area, half a pixel outside the pixel centres, counter-clockwise from lower left."""
        x0, y0, x1, y1 = self.bbox.x0 - 0.5, self.bbox.y0 - 0.5, self.bbox.x1 - 0.5, self.bbox.y1 - 0.5
        return self.transform([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], PIXELS, system)

    # The documented accessors, spelled as in the LSST stack.

    def getName(self) -> str:
        return self.name

    def getId(self) -> int:
        return self.id

    def getSerial(self) -> str:
        return self.serial

    def getBBox(self) -> Box:
        return self.bbox

    def getAmplifiers(self) -> tuple[Amplifier, ...]:
        return self.amplifiers

    def getPixelSize(self) -> tuple[float, float]:
        return self.pixel_size

    def getOrientation(self) -> Orientation:
        return self.orientation

    def hasCrosstalk(self) -> bool:
        return self.crosstalk is not None

    def getCrosstalk(self) -> NDArray[np.float32] | None:
        return self.crosstalk

    def getCorners(self, system: str = PIXELS) -> NDArray[np.float64]:
        return self.corners(system)
