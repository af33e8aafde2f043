"""The non-linearity of a detector's amplifiers and its correction (manual: linearity, Linearizer)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

from isrcore.calib.isr_calib import IsrCalib, amplifier_rows
from isrcore.calib.linearity import FUNCTORS
from isrcore.camera import Detector
from isrcore.geom import Box
from isrcore.pipe import Struct

__all__ = ["Linearizer"]

Floats = NDArray[np.float64]


class Linearizer(IsrCalib):
    """Linearity of the amplifiers of one detector.

    Parameters
    ----------
    table : array-like, (rows, columns), optional
        Look-up tables in rows, ADU to add, indexed by the pixel value.
    detector : `Detector`, optional
        Gives the linearity of its amplifiers.
    log : `logging.Logger`, optional

    Attributes
    ----------
    hasLinearity : bool
        Whether the linearity is known.
    override : bool
        Whether a difference from the detector's own linearity is only a warning.
    ampNames : list of str
    linearityType, linearityCoeffs, linearityBBox : dict by amplifier name
        Name of the functor (see `isrcore.calib.linearity`), its coefficients (float64), trimmed box.
    fitParams, fitParamsErr : dict by amplifier name of ndarray
    fitChiSq : dict by amplifier name of float
        How the coefficients were found; not used for the correction.
    tableData : ndarray, (rows, columns), float32, or None

    Raises
    ------
    RuntimeError
        If the table is not 2-d, or has more rows than columns.
    """

    OBSTYPE: ClassVar[str] = "LINEARIZER"
    SCHEMA: ClassVar[str] = "Gen3 Linearizer"
    VERSION: ClassVar[float] = 1.1

    def __init__(
        self, table: ArrayLike | None = None, detector: Detector | None = None, log: logging.Logger | None = None
    ) -> None:
        super().__init__(log)
        self.hasLinearity = False
        self.override = False
        self.ampNames: list[str] = []
        self.linearityType: dict[str, str] = {}
        self.linearityCoeffs: dict[str, Floats] = {}
        self.linearityBBox: dict[str, Box] = {}
        self.fitParams: dict[str, Floats] = {}
        self.fitParamsErr: dict[str, Floats] = {}
        self.fitChiSq: dict[str, float] = {}
        self.tableData = None if table is None else _checked_table(table)
        if detector is not None:
            self.fromDetector(detector)

    def fromDetector(self, detector: Detector) -> Self:
        """Take the linearity of a detector's amplifiers; returns this calibration."""
        self.updateMetadata(detector=detector)
        self.hasLinearity = True
        for amp in detector:
            self.add_amplifier(amp.name, amp.linearity_type, amp.linearity_coeffs, amp.bbox)
        return self

    def add_amplifier(self, name: str, linearity_type: str, coefficients: ArrayLike, box: Box) -> None:
        """Add or replace the linearity of one amplifier."""
        if name not in self.ampNames:
            self.ampNames.append(name)
        self.linearityType[name] = linearity_type
        self.linearityCoeffs[name] = np.asarray(coefficients, np.float64)
        self.linearityBBox[name] = box

    def validate(self, detector: Detector) -> None:
        """Compare with a detector.

        Raises
        ------
        RuntimeError
            If name, id, serial or number of amplifiers differ; and, unless `override` is on, if type or coefficients of
            an amplifier differ.
        """
        ours = (self.detector_name, None if self.detector_id is None else int(self.detector_id), self.detector_serial)
        theirs = (detector.name, int(detector.id), detector.serial)
        if ours != theirs:
            raise RuntimeError(f"the linearizer is for detector {ours} (name, id, serial), expected {theirs}")
        if len(self.ampNames) != len(detector):
            raise RuntimeError(f"the linearizer has {len(self.ampNames)} amplifiers, the detector {len(detector)}")
        for amp in detector:
            if amp.name not in self.ampNames:
                raise RuntimeError(f"the linearizer lacks amplifier {amp.name}; it has {', '.join(self.ampNames)}")
            if amp.linearity_type != self.linearityType[amp.name]:
                self._differ(f"amplifier {amp.name} has type", amp.linearity_type, self.linearityType[amp.name])
            expected, own = np.asarray(amp.linearity_coeffs, np.float64), self._coefficients(amp.name)
            if own.shape != expected.shape or not np.allclose(expected, own, equal_nan=True):
                self._differ(f"amplifier {amp.name} has linearity coefficients", expected.tolist(), own.tolist())

    def _coefficients(self, name: str) -> Floats:
        # Who fills the documented attribute by hand may give a list.
        return np.asarray(self.linearityCoeffs[name], np.float64)

    def _differ(self, what: str, theirs: object, own: object) -> None:
        message = f"{what} {theirs}, the linearizer has {own}"
        if not self.override:
            raise RuntimeError(f"{message}: set its override to use it nevertheless")
        self.log.warning("%s; it is used because override is on.", message)

    def applyLinearity(
        self, image: NDArray[Any], detector: Detector | None = None, log: logging.Logger | None = None
    ) -> Struct:
        """Correct an assembled, trimmed image in place.

        Parameters
        ----------
        image : ndarray, (height, width), float32
            ADU; its first pixel is (0, 0) of the detector.
        detector : `Detector`, optional
            The linearity is checked against it, or taken from it when this calibration has none.
        log : `logging.Logger`, optional

        Returns
        -------
        result : `Struct`
            ``numAmps``, ``numLinearized``: amplifiers seen and corrected; ``numOutOfRange``: pixels outside the tables.

        Raises
        ------
        RuntimeError
            If the linearity is for another detector, or a look-up table lacks a row.
        ValueError
            If an amplifier's box is not inside the image.
        """
        log = self.log if log is None else log
        if detector is not None:
            if not self.hasLinearity:
                self.fromDetector(detector)
            self.validate(detector)
        linearized = out_of_range = 0
        height, width = image.shape
        for name, box in self.linearityBBox.items():
            if self.linearityType.get(name) in FUNCTORS and not Box(0, 0, width, height).contains(box):
                raise ValueError(f"the linearity of amplifier {name} is for {box}, the image is {width} x {height}")
        for name, linearity_type in self.linearityType.items():
            functor = FUNCTORS.get(linearity_type)
            if functor is None:
                log.warning("Amplifier %s: linearity type %r is not known; it is left as it is.", name, linearity_type)
                continue
            part = image[self.linearityBBox[name].slices()]
            success, outside = functor(part, self._coefficients(name), self.tableData)
            out_of_range += outside
            if success:
                linearized += 1
            else:
                log.warning("Amplifier %s: the linearity correction %s did nothing.", name, linearity_type)
        if out_of_range:
            log.warning("%d pixels lie outside the linearity look-up tables.", out_of_range)
        return Struct(numAmps=len(self.linearityType), numLinearized=linearized, numOutOfRange=out_of_range)

    def toDict(self) -> dict[str, Any]:
        amplifiers = {
            name: {
                "linearityType": self.linearityType[name],
                "linearityCoeffs": self.linearityCoeffs[name].tolist(),
                "linearityBBox": _box_dict(self.linearityBBox[name]),
                "fitParams": np.asarray(self.fitParams.get(name, [])).tolist(),
                "fitParamsErr": np.asarray(self.fitParamsErr.get(name, [])).tolist(),
                "fitChiSq": self.fitChiSq.get(name),
            }
            for name in self.ampNames
        }
        return {
            "metadata": self.described(),
            "hasLinearity": self.hasLinearity,
            "override": self.override,
            "hasTable": self.tableData is not None,
            "amplifiers": amplifiers,
            **({} if self.tableData is None else {"tableData": self.tableData.tolist()}),
        }

    @classmethod
    def fromDict(cls, dictionary: Mapping[str, Any]) -> Self:
        """Out of the dictionary form; ``override`` is on when the dictionary does not say.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration.
        """
        table = dictionary.get("tableData")
        calib = cls(table=table)
        calib.take_description(dictionary["metadata"])
        calib.hasLinearity = bool(dictionary.get("hasLinearity", False))
        calib.override = bool(dictionary.get("override", True))
        for name, amp in dictionary.get("amplifiers", {}).items():
            box = _box_from(amp["linearityBBox"])
            calib.add_amplifier(name, amp["linearityType"], amp.get("linearityCoeffs", [0.0]), box)
            calib._add_fit(name, amp.get("fitParams"), amp.get("fitParamsErr"), amp.get("fitChiSq"))
        return calib

    def _add_fit(self, name: str, params: Any, errors: Any, chi_square: Any) -> None:
        if params is not None and np.size(params):
            self.fitParams[name] = np.asarray(params, np.float64)
        if errors is not None and np.size(errors):
            self.fitParamsErr[name] = np.asarray(errors, np.float64)
        if chi_square is not None:
            self.fitChiSq[name] = float(chi_square)

    def toTable(self) -> list[Table]:
        """One row per amplifier; look-up tables in a second table.

        Raises
        ------
        RuntimeError
            If the amplifiers have different numbers of coefficients, which a table cannot hold.
        """
        if len({coefficients.shape for coefficients in self.linearityCoeffs.values()}) > 1:
            raise RuntimeError("the amplifiers have different numbers of linearity coefficients: write .yaml instead")
        boxes = [self.linearityBBox[name] for name in self.ampNames]
        columns: dict[str, Any] = {
            "AMPLIFIER_NAME": self.ampNames,
            "TYPE": [self.linearityType[name] for name in self.ampNames],
            "COEFFS": [self.linearityCoeffs[name] for name in self.ampNames],
            "BBOX_X0": [box.x0 for box in boxes],
            "BBOX_Y0": [box.y0 for box in boxes],
            "BBOX_DX": [box.width for box in boxes],
            "BBOX_DY": [box.height for box in boxes],
        }
        for column, fits_by_name in (
            ("FIT_PARAMS", self.fitParams),
            ("FIT_PARAMS_ERR", self.fitParamsErr),
            ("RED_CHI_SQ", self.fitChiSq),
        ):
            if self.ampNames and all(name in fits_by_name for name in self.ampNames):
                columns[column] = [fits_by_name[name] for name in self.ampNames]
        table = Table(columns)
        flags = {"HAS_LINEARITY": self.hasLinearity, "OVERRIDE": self.override, "HAS_TABLE": self.tableData is not None}
        table.meta = {key: "" if value is None else value for key, value in (self.described() | flags).items()}
        if self.tableData is None:
            return [table]
        return [table, Table({"LOOKUP_VALUES": self.tableData})]

    @classmethod
    def fromTable(cls, tableList: Sequence[Table]) -> Self:
        first = tableList[0]
        table = np.asarray(tableList[1]["LOOKUP_VALUES"]) if len(tableList) > 1 else None
        calib = cls(table=table)
        flags = ("HAS_LINEARITY", "OVERRIDE", "HAS_TABLE")
        calib.take_description({key: value for key, value in first.meta.items() if key not in flags})
        calib.hasLinearity = bool(first.meta.get("HAS_LINEARITY", True))
        calib.override = bool(first.meta.get("OVERRIDE", True))
        for name, row in amplifier_rows(first).items():
            box = Box(int(row["BBOX_X0"]), int(row["BBOX_Y0"]), int(row["BBOX_DX"]), int(row["BBOX_DY"]))
            calib.add_amplifier(name, str(row["TYPE"]).strip(), np.asarray(row["COEFFS"]), box)
            params, errors, chi = (
                row[column] if column in first.colnames else None
                for column in ("FIT_PARAMS", "FIT_PARAMS_ERR", "RED_CHI_SQ")
            )
            calib._add_fit(name, params, errors, chi)
        return calib


def _checked_table(table: ArrayLike) -> NDArray[np.float32]:
    array = np.array(table, np.float32)
    if array.ndim != 2:
        raise RuntimeError(f"a linearity look-up table must have rows and columns, found {array.ndim} dimensions")
    if array.shape[1] < array.shape[0]:
        raise RuntimeError(
            f"a linearity look-up table has values along rows, found {array.shape[0]} rows of {array.shape[1]}: "
            "transpose it"
        )
    return array


def _box_dict(box: Box) -> dict[str, int]:
    return {"x0": box.x0, "y0": box.y0, "width": box.width, "height": box.height}


def _box_from(values: Any) -> Box:
    """A box from names ``x0, y0, width, height`` or from those four numbers."""
    if isinstance(values, Box):
        return values
    if isinstance(values, Mapping):
        return Box(*(int(values[name]) for name in ("x0", "y0", "width", "height")))
    return Box(*(int(value) for value in values))
