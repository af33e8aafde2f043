"""Kernels of the brighter-fatter effect, per amplifier or per detector (manual: brighter-fatter, Kernels)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

from isrcore.calib.isr_calib import IsrCalib, amplifier_rows
from isrcore.image.statistics import Property, StatisticsControl, make_statistics

__all__ = ["BrighterFatterKernel"]

LEVELS = ("AMP", "DETECTOR")

_SHAPE = (17, 17)
_KERNEL_UNIT = "1 / electron"


class BrighterFatterKernel(IsrCalib):
    """Kernels that describe how collected charge deflects later charge.

    Parameters
    ----------
    level : str
        ``AMP`` or ``DETECTOR``: what the kernels were measured for.
    log : `logging.Logger`, optional

    Attributes
    ----------
    level : str
    shape : (int, int)
        Rows and columns of the kernels.
    gain : dict
        Amplifier name -> electron/ADU.
    ampKernels, detKernels : dict
        Amplifier name, or detector name -> ndarray, (rows, columns), float64, 1/electron.

    Raises
    ------
    ValueError
        If `level` is unknown.
    """

    OBSTYPE: ClassVar[str] = "bfk"
    SCHEMA: ClassVar[str] = "Brighter-fatter kernel"
    VERSION: ClassVar[float] = 1.0

    def __init__(self, level: str = "DETECTOR", log: logging.Logger | None = None) -> None:
        super().__init__(log)
        if level not in LEVELS:
            raise ValueError(f"the level of a brighter-fatter kernel must be {' or '.join(LEVELS)}, found {level!r}")
        self.level = level
        self.shape: tuple[int, int] = _SHAPE
        self.gain: dict[str, float] = {}
        self.ampKernels: dict[str, NDArray[np.float64]] = {}
        self.detKernels: dict[str, NDArray[np.float64]] = {}

    def add_kernel(self, level: str, name: str, kernel: ArrayLike) -> None:
        """Add the kernel of an amplifier or detector.

        Raises
        ------
        ValueError
            If the kernel is not square with an odd side, or differs in shape from the others.
        """
        array = np.array(kernel, np.float64)
        if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] % 2 == 0:
            raise ValueError(f"the brighter-fatter kernel of {name} must be square, its side odd; found {array.shape}")
        if (self.ampKernels or self.detKernels) and array.shape != self.shape:
            raise ValueError(f"the brighter-fatter kernel of {name} must have shape {self.shape}, found {array.shape}")
        self.shape = (array.shape[0], array.shape[1])
        (self.ampKernels if level == "AMP" else self.detKernels)[name] = array

    def makeDetectorKernelFromAmpwiseKernels(self, detectorName: str, ampsToExclude: Collection[str] = ()) -> None:
        """Average the kernels of the amplifiers to one for the detector.

        Each element is the clipped mean (5 sigma, 3 iterations) over the amplifiers. The result is the transpose of the
        average, as in the reference; kernels are symmetric in practice.

        Raises
        ------
        ValueError
            If no amplifier is left.
        """
        used = [kernel for name, kernel in self.ampKernels.items() if name not in ampsToExclude]
        if not used:
            raise ValueError(f"no amplifier kernel is left for detector {detectorName}; it has {list(self.ampKernels)}")
        control = StatisticsControl(num_sigma_clip=5.0, num_iter=3)
        stack = np.array(used)
        average = np.empty(self.shape)
        for i, j in np.ndindex(*self.shape):
            average[j, i] = make_statistics(stack[:, i, j], Property.MEANCLIP, control).value()
        self.detKernels[detectorName] = average

    def toDict(self) -> dict[str, Any]:
        return {
            "metadata": self.described(),
            "level": self.level,
            "shape": list(self.shape),
            "gain": {name: float(gain) for name, gain in self.gain.items()},
            "ampKernels": {name: kernel.tolist() for name, kernel in self.ampKernels.items()},
            "detKernels": {name: kernel.tolist() for name, kernel in self.detKernels.items()},
        }

    @classmethod
    def fromDict(cls, dictionary: Mapping[str, Any]) -> Self:
        """Out of the dictionary form.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration.
        """
        calib = cls(level=dictionary.get("level", "DETECTOR"))
        calib.take_description(dictionary["metadata"])
        calib.gain = {str(name): float(gain) for name, gain in dictionary.get("gain", {}).items()}
        for level, key in (("AMP", "ampKernels"), ("DETECTOR", "detKernels")):
            for name, kernel in dictionary.get(key, {}).items():
                calib.add_kernel(level, str(name), kernel)
        calib.shape = tuple(dictionary.get("shape", calib.shape))
        return calib

    def toTable(self) -> list[Table]:
        """One row per amplifier (gain and, if measured, kernel), and a second table with the detectors' kernels."""
        metadata = {key: "" if value is None else value for key, value in self.described().items()}
        metadata |= {"LEVEL": self.level, "KERNEL_ROWS": self.shape[0], "KERNEL_COLUMNS": self.shape[1]}
        names = list(self.gain) + [name for name in self.ampKernels if name not in self.gain]
        absent = np.full(self.shape, np.nan)
        amplifiers = Table(
            {
                "AMPLIFIER_NAME": np.array(names, dtype=np.str_),
                "GAIN": np.array([self.gain.get(name, np.nan) for name in names]),
                "KERNEL": np.array([self.ampKernels.get(name, absent) for name in names]).reshape(-1, *self.shape),
            },
            meta=metadata,
        )
        amplifiers["GAIN"].unit, amplifiers["KERNEL"].unit = "electron / adu", _KERNEL_UNIT
        if not self.detKernels:
            return [amplifiers]
        detectors = Table({"DETECTOR_NAME": list(self.detKernels), "KERNEL": np.array(list(self.detKernels.values()))})
        detectors["KERNEL"].unit = _KERNEL_UNIT
        return [amplifiers, detectors]

    @classmethod
    def fromTable(cls, tableList: Sequence[Table]) -> Self:
        amplifiers = tableList[0]
        calib = cls(level=str(amplifiers.meta.get("LEVEL", "DETECTOR")))
        own = ("LEVEL", "KERNEL_ROWS", "KERNEL_COLUMNS")
        calib.take_description({key: value for key, value in amplifiers.meta.items() if key not in own})
        calib.shape = (int(amplifiers.meta["KERNEL_ROWS"]), int(amplifiers.meta["KERNEL_COLUMNS"]))
        for name, row in amplifier_rows(amplifiers).items():
            if np.isfinite(row["GAIN"]):
                calib.gain[name] = float(row["GAIN"])
            kernel = np.asarray(row["KERNEL"], np.float64)
            if not np.isnan(kernel).all():
                calib.add_kernel("AMP", name, kernel)
        for row in tableList[1] if len(tableList) > 1 else ():
            calib.add_kernel("DETECTOR", str(row["DETECTOR_NAME"]).strip(), row["KERNEL"])
        return calib
