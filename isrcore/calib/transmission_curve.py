"""Throughput against wavelength and position: of the atmosphere, the optics, a filter, a sensor, or all of them."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy import units
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

__all__ = ["TransmissionCurve"]

Point = tuple[float, float]
Floats = NDArray[np.float64]


class TransmissionCurve(ABC):
    """A throughput between 0 and 1 as a function of wavelength (Angstrom) and position.

    See manual: optics, Transmission curves.
    """

    @abstractmethod
    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        """Throughput at one position.

        Parameters
        ----------
        position : (float, float)
            In the coordinates of the curve: focal-plane mm, or pixels after `transformedBy` a detector.
        wavelengths : array-like, (n,)
            Angstrom.

        Returns
        -------
        throughput : ndarray, (n,), float64
        """

    @property
    @abstractmethod
    def wavelength_bounds(self) -> tuple[float, float]:
        """Wavelengths between which the throughput can vary, Angstrom."""

    def getWavelengthBounds(self) -> tuple[float, float]:
        return self.wavelength_bounds

    def transformedBy(self, to_inner: Callable[[Point], Point]) -> TransmissionCurve:
        """The same curve in other coordinates.

        Parameters
        ----------
        to_inner : callable
            Takes a position of the new coordinates to one of this curve's.
        """
        return _Transformed(self, to_inner)

    def __mul__(self, other: TransmissionCurve) -> TransmissionCurve:
        """The product; multiplying by the identity gives the other curve itself."""
        if isinstance(self, _Identity):
            return other
        return self if isinstance(other, _Identity) else _Product(self, other)

    def toTable(self) -> Table:
        """The curve as a table with the columns ``WAVELENGTH`` (Angstrom) and ``THROUGHPUT``.

        For a curve that depends on the radius ``THROUGHPUT`` has one number for each of ``RADII`` in the metadata.
        ``AT_MIN`` and ``AT_MAX`` are the throughputs beyond the first and last wavelength.

        Raises
        ------
        ValueError
            If the curve is not a table.
        """
        raise ValueError("only a tabulated transmission curve can be written: sample this one and make a table of it")

    @staticmethod
    def fromTable(table: Table) -> TransmissionCurve:
        """The curve of a table as `toTable` makes it; wavelengths may have any unit of length.

        Raises
        ------
        ValueError
            If a column is missing, or the numbers make no curve.
        """
        missing = [name for name in ("WAVELENGTH", "THROUGHPUT") if name not in table.colnames]
        if missing:
            raise ValueError(f"expected columns WAVELENGTH and THROUGHPUT, found {', '.join(table.colnames)}")
        column = table["WAVELENGTH"]
        unit = units.AA if column.unit is None else units.Unit(column.unit)
        wavelengths = np.asarray(column, np.float64) * unit.to(units.AA)
        throughput = np.asarray(table["THROUGHPUT"], np.float64)
        ends = [float(table.meta.get(name, 0.0)) for name in ("AT_MIN", "AT_MAX")]
        if throughput.ndim == 1:
            return TransmissionCurve.makeSpatiallyConstant(throughput, wavelengths, *ends)
        if "RADII" not in table.meta:
            raise ValueError("expected RADII in the metadata, because THROUGHPUT has several values per wavelength")
        return TransmissionCurve.makeRadial(throughput, wavelengths, json.loads(table.meta["RADII"]), *ends)

    @staticmethod
    def makeIdentity() -> TransmissionCurve:
        """A throughput of 1 everywhere."""
        return _Identity()

    @staticmethod
    def makeSpatiallyConstant(
        throughput: ArrayLike, wavelengths: ArrayLike, throughputAtMin: float = 0.0, throughputAtMax: float = 0.0
    ) -> TransmissionCurve:
        """A curve that depends on wavelength only.

        Parameters
        ----------
        throughput, wavelengths : array-like, (n,)
            Wavelengths in Angstrom, increasing.
        throughputAtMin, throughputAtMax : float
            Below and above the tabulated wavelengths.

        Raises
        ------
        ValueError
            If the arrays do not fit, or a constant is not finite.
        """
        table, grid = _curve_axes(throughput, wavelengths)
        return _SpatiallyConstant(table, grid, *_ends(throughputAtMin, throughputAtMax))

    @staticmethod
    def makeRadial(
        throughput: ArrayLike,
        wavelengths: ArrayLike,
        radii: ArrayLike,
        throughputAtMin: float = 0.0,
        throughputAtMax: float = 0.0,
    ) -> TransmissionCurve:
        """A curve that depends on wavelength and on the distance from the origin.

        Parameters
        ----------
        throughput : array-like, (n_wavelengths, n_radii)
        wavelengths : array-like, (n_wavelengths,)
            Angstrom, increasing.
        radii : array-like, (n_radii,)
            Increasing; in the unit of the positions.
        throughputAtMin, throughputAtMax : float
            Below and above the tabulated wavelengths.

        Raises
        ------
        ValueError
            If the arrays do not fit, or a constant is not finite.
        """
        distance = np.asarray(radii, np.float64)
        table, grid = _curve_axes(throughput, wavelengths, distance)
        return _Radial(table, grid, distance, *_ends(throughputAtMin, throughputAtMax))


def _table(throughput: Floats, wavelengths: Floats, at_min: float, at_max: float, **meta: str) -> Table:
    table = Table(
        {"WAVELENGTH": wavelengths, "THROUGHPUT": throughput}, meta={"AT_MIN": at_min, "AT_MAX": at_max, **meta}
    )
    table["WAVELENGTH"].unit = units.AA
    return table


def _curve_axes(throughput: ArrayLike, wavelengths: ArrayLike, radii: Floats | None = None) -> tuple[Floats, Floats]:
    table, grid = np.asarray(throughput, np.float64), np.asarray(wavelengths, np.float64)
    axes = [grid] if radii is None else [grid, radii]
    for name, axis in zip(("wavelengths", "radii"), axes, strict=False):
        if axis.ndim != 1 or not axis.size or np.any(np.diff(axis) <= 0):
            raise ValueError(f"{name} of a transmission curve must be a list of increasing numbers, found {axis!r}")
    expected = tuple(axis.size for axis in axes)
    if table.shape != expected:
        raise ValueError(f"throughput of a transmission curve must have shape {expected}, found {table.shape}")
    return table, grid


def _ends(at_min: float, at_max: float) -> tuple[float, float]:
    if not (math.isfinite(at_min) and math.isfinite(at_max)):
        raise ValueError(f"throughputAtMin and throughputAtMax must be finite, found {at_min} and {at_max}")
    return float(at_min), float(at_max)


def _interpolate(at: ArrayLike, grid: Floats, values: Floats, below: float, above: float) -> Floats:
    return np.asarray(np.interp(np.asarray(at), grid, values, below, above), np.float64)


@dataclass(frozen=True, eq=False)
class _Identity(TransmissionCurve):
    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        return np.ones(np.shape(wavelengths))

    @property
    def wavelength_bounds(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def transformedBy(self, to_inner: Callable[[Point], Point]) -> TransmissionCurve:
        return self


@dataclass(frozen=True, eq=False)
class _SpatiallyConstant(TransmissionCurve):
    throughput: Floats
    wavelengths: Floats
    at_min: float
    at_max: float

    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        return _interpolate(wavelengths, self.wavelengths, self.throughput, self.at_min, self.at_max)

    @property
    def wavelength_bounds(self) -> tuple[float, float]:
        return float(self.wavelengths[0]), float(self.wavelengths[-1])

    def transformedBy(self, to_inner: Callable[[Point], Point]) -> TransmissionCurve:
        return self

    def toTable(self) -> Table:
        return _table(self.throughput, self.wavelengths, self.at_min, self.at_max)


@dataclass(frozen=True, eq=False)
class _Radial(TransmissionCurve):
    throughput: Floats
    wavelengths: Floats
    radii: Floats
    at_min: float
    at_max: float

    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        radius = math.hypot(*position)
        # Interpolation in radius first, then in wavelength, is bilinear; np.interp clamps the radius to the table.
        here = np.array([np.interp(radius, self.radii, row) for row in self.throughput])
        return _interpolate(wavelengths, self.wavelengths, here, self.at_min, self.at_max)

    @property
    def wavelength_bounds(self) -> tuple[float, float]:
        return float(self.wavelengths[0]), float(self.wavelengths[-1])

    def toTable(self) -> Table:
        radii = json.dumps(self.radii.tolist())
        return _table(self.throughput, self.wavelengths, self.at_min, self.at_max, RADII=radii)


@dataclass(frozen=True, eq=False)
class _Product(TransmissionCurve):
    first: TransmissionCurve
    second: TransmissionCurve

    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        return self.first.sampleAt(position, wavelengths) * self.second.sampleAt(position, wavelengths)

    @property
    def wavelength_bounds(self) -> tuple[float, float]:
        bounds = self.first.wavelength_bounds, self.second.wavelength_bounds
        return min(low for low, _ in bounds), max(high for _, high in bounds)


@dataclass(frozen=True, eq=False)
class _Transformed(TransmissionCurve):
    inner: TransmissionCurve
    to_inner: Callable[[Point], Point]

    def sampleAt(self, position: Point, wavelengths: ArrayLike) -> Floats:
        return self.inner.sampleAt(self.to_inner(position), wavelengths)

    @property
    def wavelength_bounds(self) -> tuple[float, float]:
        return self.inner.wavelength_bounds
