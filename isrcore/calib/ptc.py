"""The photon transfer curve of a detector, as far as ISR uses it: gain and noise of every amplifier."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from astropy.table import Table

from isrcore.calib.isr_calib import IsrCalib, amplifier_rows

__all__ = ["PhotonTransferCurveDataset"]

_COLUMNS = {"gain": "GAIN", "gainErr": "GAIN_ERR", "noise": "NOISE", "noiseErr": "NOISE_ERR"}


class PhotonTransferCurveDataset(IsrCalib):
    """Results of a fit to a photon transfer curve (manual: files, Photon transfer curves).

    Parameters
    ----------
    ampNames : iterable of str, optional
    ptcFitType : str
        How it was fitted.
    log : `logging.Logger`, optional

    Attributes
    ----------
    ampNames : list of str
    gain, gainErr : dict by amplifier name of float
        electron/ADU; NaN until set.
    noise, noiseErr : dict by amplifier name of float
        Read noise as the variance step uses it; NaN until set.
    """

    OBSTYPE: ClassVar[str] = "PTC"
    SCHEMA: ClassVar[str] = "Gen3 Photon Transfer Curve"
    VERSION: ClassVar[float] = 1.0

    def __init__(
        self, ampNames: Iterable[str] = (), ptcFitType: str = "DUMMY", log: logging.Logger | None = None
    ) -> None:
        super().__init__(log)
        self.ampNames = list(ampNames)
        self.ptcFitType = ptcFitType
        self.gain = dict.fromkeys(self.ampNames, math.nan)
        self.gainErr = dict.fromkeys(self.ampNames, math.nan)
        self.noise = dict.fromkeys(self.ampNames, math.nan)
        self.noiseErr = dict.fromkeys(self.ampNames, math.nan)

    def toDict(self) -> dict[str, Any]:
        numbers = {attribute: dict(getattr(self, attribute)) for attribute in _COLUMNS}
        return {
            "metadata": self.described(),
            "ptcFitType": self.ptcFitType,
            "ampNames": list(self.ampNames),
            **numbers,
        }

    @classmethod
    def fromDict(cls, dictionary: Mapping[str, Any]) -> Self:
        """Out of the dictionary form.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration.
        """
        calib = cls(dictionary["ampNames"], dictionary["ptcFitType"])
        calib.take_description(dictionary["metadata"])
        for attribute in _COLUMNS:
            values = dictionary.get(attribute, {})
            getattr(calib, attribute).update({name: float(value) for name, value in values.items()})
        return calib

    def toTable(self) -> list[Table]:
        """One row per amplifier."""
        columns: dict[str, Any] = {
            "AMPLIFIER_NAME": self.ampNames,
            "PTC_FIT_TYPE": [self.ptcFitType] * len(self.ampNames),
        }
        for attribute, column in _COLUMNS.items():
            columns[column] = [getattr(self, attribute)[name] for name in self.ampNames]
        table = Table(columns)
        for column in _COLUMNS.values():
            table[column].unit = "electron / adu" if column.startswith("GAIN") else "electron"
        table.meta = {key: "" if value is None else value for key, value in self.described().items()}
        return [table]

    @classmethod
    def fromTable(cls, tableList: Sequence[Table]) -> Self:
        """Out of the table form; columns of the full dataset that ISR does not use are passed over.

        Raises
        ------
        RuntimeError
            If it describes another kind of calibration, or lacks amplifiers or gains.
        """
        rows = amplifier_rows(tableList[0])
        names = tableList[0].colnames
        if "GAIN" not in names:
            raise RuntimeError(f"expected a column GAIN, found {', '.join(names)}")
        fit_types = {str(row["PTC_FIT_TYPE"]).strip() for row in rows.values()} if "PTC_FIT_TYPE" in names else set()
        calib = cls(rows, fit_types.pop() if fit_types else "DUMMY")
        calib.take_description(tableList[0].meta)
        for name, row in rows.items():
            for attribute, column in _COLUMNS.items():
                if column in names:
                    getattr(calib, attribute)[name] = float(row[column])
        return calib
