"""Crosstalk coefficients of a detector: which fraction of one amplifier appears in another."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

from isrcore.calib.isr_calib import IsrCalib
from isrcore.camera import Detector

__all__ = ["CrosstalkCalib"]

_FLAGS = ("HAS_CROSSTALK", "NAMP", "CROSSTALK_SHAPE")


class CrosstalkCalib(IsrCalib):
    """Crosstalk calibration (manual: crosstalk, Rows and columns).

    Parameters
    ----------
    detector : `Detector`, optional
        Gives its own coefficients, see `fromDetector`.
    log : `logging.Logger`, optional

    Attributes
    ----------
    hasCrosstalk : bool
        Whether there are coefficients.
    nAmp : int
    coeffs : ndarray, (nAmp, nAmp), float64
        Row = source amplifier, column = target.
    coeffErr, coeffNum, coeffValid : ndarray, (nAmp, nAmp)
        Errors (float64), numbers of measurements (int64), and which coefficients to trust (bool).
    interChip : dict
        Name of another detector -> matrix of the same shape, float64.
    """

    OBSTYPE: ClassVar[str] = "CROSSTALK"
    SCHEMA: ClassVar[str] = "Gen3 Crosstalk"
    VERSION: ClassVar[float] = 1.0

    def __init__(self, detector: Detector | None = None, log: logging.Logger | None = None) -> None:
        super().__init__(log)
        self.hasCrosstalk = False
        self.nAmp = 0
        self.coeffs: NDArray[np.float64] = np.zeros((0, 0))
        self.coeffErr: NDArray[np.float64] = np.zeros((0, 0))
        self.coeffNum: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.coeffValid: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self.interChip: dict[str, NDArray[np.float64]] = {}
        if detector is not None:
            self.fromDetector(detector)

    @property
    def crosstalkShape(self) -> tuple[int, int]:
        return self.nAmp, self.nAmp

    def _set(self, n_amp: int, coeffs: ArrayLike, errors: Any = None, counts: Any = None, valid: Any = None) -> None:
        """Take flat or square coefficients; errors and counts are zero and all coefficients valid by default.

        Only a calibration without crosstalk may have no coefficients.
        """
        size = np.asarray(coeffs).size
        is_absent = size == 0 and not self.hasCrosstalk
        if size != n_amp * n_amp and not is_absent:
            raise ValueError(
                f"{n_amp} amplifiers need {n_amp * n_amp} crosstalk coefficients, found {size}: "
                "correct crosstalk.crosstalkValues or the calibration"
            )
        self.nAmp = n_amp
        if is_absent:
            return

        def square(values: Any, default: float, dtype: Any) -> NDArray[Any]:
            filled = np.full(size, default) if values is None else np.asarray(values)
            return filled.astype(dtype).reshape(n_amp, n_amp)

        self.coeffs = square(coeffs, 0.0, np.float64)
        self.coeffErr = square(errors, 0.0, np.float64)
        self.coeffNum = square(counts, 0, np.int64)
        self.coeffValid = square(valid, 1, np.bool_)

    def fromDetector(self, detector: Detector, coeffVector: Sequence[float] | NDArray[Any] | None = None) -> Self:
        """Take the coefficients of a detector; returns this calibration.

        Parameters
        ----------
        detector : `Detector`
        coeffVector : sequence of float or ndarray, optional
            nAmp x nAmp numbers in rows; they win over the detector's own matrix. ``[0.0]`` stands for no coefficients,
            and leaves `hasCrosstalk` False.

        Raises
        ------
        ValueError
            If their number does not fit the detector.
        """
        given = detector.crosstalk if coeffVector is None or len(coeffVector) == 0 else coeffVector
        if given is None:
            return self
        self.detector_id, self.detector_name, self.detector_serial = detector.id, detector.name, detector.serial
        self.nAmp = len(detector)
        coefficients = np.asarray(given, np.float64)
        if coefficients.size != 1 or coefficients.ravel()[0] != 0.0:
            self._set(len(detector), coefficients)
            self.hasCrosstalk = True
        return self

    def toDict(self) -> dict[str, Any]:
        return {
            "metadata": self.described(),
            "hasCrosstalk": self.hasCrosstalk,
            "nAmp": self.nAmp,
            "crosstalkShape": list(self.crosstalkShape),
            "coeffs": self.coeffs.ravel().tolist(),
            "coeffErr": self.coeffErr.ravel().tolist(),
            "coeffNum": self.coeffNum.ravel().tolist(),
            "coeffValid": self.coeffValid.ravel().tolist(),
            "interChip": {name: matrix.ravel().tolist() for name, matrix in self.interChip.items()},
        }

    @classmethod
    def fromDict(cls, dictionary: Mapping[str, Any]) -> Self:
        """Out of the dictionary form.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration.
        ValueError
            If the number of coefficients does not fit that of amplifiers.
        """
        calib = cls()
        calib.take_description(dictionary["metadata"])
        calib.hasCrosstalk = bool(dictionary.get("hasCrosstalk", False))
        calib._set(
            int(dictionary["nAmp"]),
            dictionary["coeffs"],
            dictionary.get("coeffErr"),
            dictionary.get("coeffNum"),
            dictionary.get("coeffValid"),
        )
        for name, matrix in (dictionary.get("interChip") or {}).items():
            calib.interChip[name] = np.asarray(matrix, np.float64).reshape(calib.crosstalkShape)
        return calib

    def toTable(self) -> list[Table]:
        """One row with flattened matrices; matrices of other detectors in a second table."""
        columns = {
            "CT_COEFFS": self.coeffs,
            "CT_ERRORS": self.coeffErr,
            "CT_COUNTS": self.coeffNum,
            "CT_VALID": self.coeffValid,
        }
        table = Table({name: matrix.reshape(1, -1) for name, matrix in columns.items()})
        flags = dict(zip(_FLAGS, (self.hasCrosstalk, self.nAmp, str(self.crosstalkShape)), strict=True))
        table.meta = {key: "" if value is None else value for key, value in (self.described() | flags).items()}
        if not self.interChip:
            return [table]
        matrices = [matrix.ravel() for matrix in self.interChip.values()]
        return [table, Table({"IC_SOURCE_DET": list(self.interChip), "IC_COEFFS": matrices})]

    @classmethod
    def fromTable(cls, tableList: Sequence[Table]) -> Self:
        """Out of the table form.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration, or a column is missing.
        ValueError
            If the number of coefficients does not fit that of amplifiers.
        """
        first = tableList[0]
        if "CT_COEFFS" not in first.colnames:
            raise RuntimeError(f"expected a column CT_COEFFS, found {', '.join(first.colnames)}")
        calib = cls()
        calib.take_description({key: value for key, value in first.meta.items() if key not in _FLAGS})
        matrices = [
            np.asarray(first[name][0]) if name in first.colnames else None
            for name in ("CT_COEFFS", "CT_ERRORS", "CT_COUNTS", "CT_VALID")
        ]
        coeffs = np.asarray(matrices[0])
        calib.hasCrosstalk = bool(first.meta.get("HAS_CROSSTALK", True))
        calib._set(int(first.meta.get("NAMP", round(coeffs.size**0.5))), coeffs, *matrices[1:])
        for row in tableList[1] if len(tableList) > 1 else ():
            matrix = np.asarray(row["IC_COEFFS"], np.float64).reshape(calib.crosstalkShape)
            calib.interChip[str(row["IC_SOURCE_DET"]).strip()] = matrix
        return calib
