"""Crosstalk coefficients of a detector: which fraction of one amplifier appears in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isrcore.camera import Detector

__all__ = ["CrosstalkCalib"]


class CrosstalkCalib:
    """Crosstalk calibration (specification e.12).

    Attributes
    ----------
    hasCrosstalk : bool
        Whether there are coefficients.
    nAmp : int
    crosstalkShape : (int, int)
        ``(nAmp, nAmp)``.
    coeffs : ndarray, (nAmp, nAmp), float64
        Row = source amplifier, column = target.
    coeffErr, coeffNum, coeffValid : ndarray, (nAmp, nAmp)
        Errors, numbers of measurements, and which coefficients to trust.
    interChip : dict
        Name of another detector -> matrix of the same shape.
    """

    OBSTYPE = "CROSSTALK"

    def __init__(self, coeffs: ArrayLike | None = None) -> None:
        self.hasCrosstalk = False
        self.nAmp = 0
        self.coeffs: NDArray[np.float64] = np.zeros((0, 0))
        self.coeffErr: NDArray[np.float64] = np.zeros((0, 0))
        self.coeffNum: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.coeffValid: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self.interChip: dict[str, NDArray[np.float64]] = {}
        if coeffs is not None:
            matrix = np.asarray(coeffs, np.float64)
            self._set(matrix, matrix.shape[0])

    def _set(self, coefficients: ArrayLike, n_amp: int) -> None:
        flat = np.asarray(coefficients, np.float64).ravel()
        if flat.size != n_amp * n_amp:
            raise ValueError(
                f"{n_amp} amplifiers need {n_amp * n_amp} crosstalk coefficients, found {flat.size}: "
                "correct crosstalk.crosstalkValues"
            )
        shape = (n_amp, n_amp)
        self.hasCrosstalk = True
        self.nAmp = n_amp
        self.coeffs = flat.reshape(shape)
        self.coeffErr = np.zeros(shape)
        self.coeffNum = np.zeros(shape, np.int64)
        self.coeffValid = np.ones(shape, np.bool_)

    @property
    def crosstalkShape(self) -> tuple[int, int]:
        return self.nAmp, self.nAmp

    def fromDetector(self, detector: Detector, coeffVector: Sequence[float] | None = None) -> Self:
        """Take the coefficients of a detector; returns this calibration.

        Parameters
        ----------
        detector : `Detector`
        coeffVector : sequence of float, optional
            nAmp x nAmp numbers in rows; they win over the detector's own matrix. ``[0.0]`` stands for no coefficients,
            and leaves `hasCrosstalk` False.

        Raises
        ------
        ValueError
            If their number does not fit the detector.
        """
        if not coeffVector and detector.crosstalk is None:
            return self
        coefficients = np.asarray(coeffVector if coeffVector else detector.crosstalk, np.float64)
        self.nAmp = len(detector)
        if coefficients.size != 1 or coefficients.ravel()[0] != 0.0:
            self._set(coefficients, len(detector))
        return self
