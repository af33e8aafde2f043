"""The numbers of this room as astropy tables with units: for ECSV files and for the clipboard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from isrcore.atomic import written_atomically
from isrcore.inspect.amplifiers import AmplifierRow, Histogram, SeamJump
from isrcore.inspect.box_statistics import BoxRow
from isrcore.inspect.cuts import Cut
from isrcore.inspect.history import PixelHistory
from isrcore.inspect.overscan import OverscanDetail

__all__ = [
    "amplifier_table",
    "box_table",
    "cut_table",
    "grid_table",
    "histogram_table",
    "history_table",
    "overscan_table",
    "seam_table",
    "table_text",
    "write_ecsv",
]

_UNITS = {"ADU": "adu", "electron": "electron", "electron/ADU": "electron / adu", "pixel": "pix"}
"""Words on screen -> units as astropy spells them."""

Floats = NDArray[np.float64]
Column = tuple[str, Sequence[Any] | np.ndarray[Any, Any], str]


def _table(columns: Iterable[Column], meta: dict[str, Any]) -> Table:
    """Columns (name, values, unit; empty for none) and what belongs to all of them."""
    table = Table(meta=meta)
    for name, values, unit in columns:
        # A column of no rows would be taken for numbers.
        table[name] = list(values) if len(values) else np.empty(0, "U1")
        if unit:
            table[name].unit = _UNITS.get(unit, unit)
    return table


def _common(units: Iterable[str]) -> str:
    """The one unit of all rows; empty when they differ, which a column ``unit`` then tells."""
    found = set(units)
    return found.pop() if len(found) == 1 else ""


def history_table(histories: Sequence[PixelHistory]) -> Table:
    """One row per pixel and step."""
    rows = [(history.facts, row) for history in histories for row in history.rows]
    unit = _common(row.unit for _, row in rows)
    columns: list[Column] = [
        ("raw_x", [facts.raw_x for facts, _ in rows], "pixel"),
        ("raw_y", [facts.raw_y for facts, _ in rows], "pixel"),
        ("step", [row.step for _, row in rows], ""),
        ("x", [row.x for _, row in rows], "pixel"),
        ("y", [row.y for _, row in rows], "pixel"),
        ("value", [row.value for _, row in rows], unit),
        ("change", [row.change for _, row in rows], unit),
        ("variance", [row.variance for _, row in rows], f"{_UNITS[unit]}2" if unit else ""),
        ("signal_to_noise", [row.signal_to_noise for _, row in rows], ""),
        ("unit", [row.unit for _, row in rows], ""),
        ("planes", ["|".join(row.planes) for _, row in rows], ""),
        ("added", ["|".join(row.added) for _, row in rows], ""),
        ("cleared", ["|".join(row.cleared) for _, row in rows], ""),
        ("status", [row.status for _, row in rows], ""),
    ]
    return _table(columns, {"coordinates": "0-based; -1 where unknown", "pixels": [_facts(each) for each in histories]})


def _facts(history: PixelHistory) -> dict[str, Any]:
    facts = history.facts
    known: dict[str, Any] = {"raw": [facts.raw_x, facts.raw_y], "amplifier": facts.amplifier, "region": facts.region}
    if facts.assembled is not None:
        known["assembled"] = list(facts.assembled)
    if not math.isnan(facts.overscan):
        known["overscan level [ADU]"] = facts.overscan
    known |= {f"{kind} [{unit}]" if unit else kind: value for kind, value, unit in facts.calibrations}
    if facts.interpolation is not None:
        terms = facts.interpolation.terms
        known["interpolated from"] = [
            {"x": "" if term.x is None else term.x, "weight": term.weight, "value": term.value} for term in terms
        ]
    return known


def cut_table(cuts: Sequence[Cut]) -> Table:
    """One row per pixel of the cut; value, sigma and flagged value of every step side by side."""
    if not cuts:
        return _table([], {})
    first = cuts[0]
    columns: list[Column] = [("x", first.x, "pixel"), ("y", first.y, "pixel"), ("distance", first.distance, "pixel")]
    for cut in cuts:
        columns += [(f"{cut.step}_{name}", getattr(cut, name), cut.unit) for name in ("value", "sigma", "flagged")]
    return _table(columns, {"coordinates": "0-based", "steps": [cut.step for cut in cuts]})


def box_table(rows: Sequence[BoxRow], meta: dict[str, Any]) -> Table:
    """One row per step."""
    unit = _common(row.unit for row in rows)
    numbers = ("mean", "mean_error", "median", "sigma", "clipped_mean", "clipped_sigma", "mad", "minimum", "maximum")
    columns: list[Column] = [("step", [row.step for row in rows], ""), ("unit", [row.unit for row in rows], "")]
    columns += [(name, [getattr(row, name) for row in rows], unit) for name in (*numbers, "expected_sigma")]
    counts = ("used", "masked", "not_finite", "outside")
    columns += [(name, [getattr(row, name) for row in rows], "") for name in counts]
    return _table(columns, meta)


def histogram_table(histograms: Sequence[Histogram]) -> Table:
    """One row per bin, one column of counts per amplifier."""
    if not histograms:
        return _table([], {})
    first = histograms[0]
    columns: list[Column] = [("low", first.edges[:-1], first.unit), ("high", first.edges[1:], first.unit)]
    columns += [(f"counts_{each.amplifier}", each.counts, "") for each in histograms]
    beyond = {each.amplifier: {"below": each.below, "above": each.above} for each in histograms}
    return _table(columns, {"beyond": beyond})


def amplifier_table(rows: Sequence[AmplifierRow]) -> Table:
    """One row per amplifier; one column per mask plane that occurs, as a fraction."""
    unit = _common(row.unit for row in rows)
    columns: list[Column] = [
        ("amplifier", [row.amplifier for row in rows], ""),
        ("level", [row.level for row in rows], unit),
        ("sigma", [row.sigma for row in rows], unit),
        ("overscan_level", [row.overscan_level for row in rows], "ADU"),
        ("read_noise", [row.read_noise for row in rows], "ADU"),
        ("read_noise_electron", [row.read_noise_electron for row in rows], "electron"),
        ("nominal_noise", [row.nominal_noise for row in rows], "electron"),
        ("gain", [row.gain for row in rows], "electron/ADU"),
        ("saturation", [row.saturation for row in rows], "ADU"),
        ("pixels", [row.pixels for row in rows], ""),
    ]
    for plane in dict.fromkeys(plane for row in rows for plane, _ in row.flagged):
        columns.append((f"fraction_{plane}", [dict(row.flagged).get(plane, 0.0) for row in rows], ""))
    return _table(columns, {})


def seam_table(jumps: Sequence[SeamJump]) -> Table:
    """One row per step and border."""
    unit = _common(jump.unit for jump in jumps)
    words = ("step", "first", "second")
    columns: list[Column] = [(name, [getattr(jump, name) for jump in jumps], "") for name in words]
    columns += [(name, [getattr(jump, name) for jump in jumps], unit) for name in ("jump", "error")]
    columns += [("unit", [jump.unit for jump in jumps], ""), ("rows", [jump.rows for jump in jumps], "")]
    return _table(columns, {})


def overscan_table(details: Sequence[OverscanDetail]) -> Table:
    """One row per amplifier and row of its overscan."""
    columns: list[Column] = []
    repeated = [name for detail in details for name in [detail.amplifier] * detail.position.size]
    columns.append(("amplifier", repeated, ""))
    columns.append(("position", np.concatenate([each.position for each in details]) if details else [], "pixel"))
    for name in ("measured", "model", "residual"):
        parts = [_or_nan(getattr(detail, name), detail.position.size) for detail in details]
        columns.append((name, np.concatenate(parts) if parts else [], "ADU"))
    counts = [np.count_nonzero(each.rejected, axis=0 if each.along_x else 1) for each in details]
    columns.append(("rejected", np.concatenate(counts) if counts else [], ""))
    columns.append(("extrapolated", np.concatenate([each.extrapolated for each in details]) if details else [], ""))
    meta = {
        each.amplifier: {
            "raw box": each.box.to_fits_section(),
            "along": "x" if each.along_x else "y",
            "level before, after [ADU]": [each.level_before, each.level_after],
            "sigma before, after [ADU]": [each.sigma_before, each.sigma_after],
        }
        for each in details
    }
    return _table(columns, meta)


def _or_nan(values: np.ndarray[Any, Any] | None, size: int) -> np.ndarray[Any, Any]:
    return np.full(size, np.nan) if values is None else values


def grid_table(x: Floats, y: Floats, z: Floats, unit: str) -> Table:
    """One row per point of a grid.

    Parameters
    ----------
    x, y : ndarray, (nx,), (ny,), float64
        Pixels.
    z : ndarray, (ny, nx), float64
    unit : str
        Of `z`.
    """
    columns: list[Column] = [
        ("x", np.tile(x, y.size), "pixel"),
        ("y", np.repeat(y, x.size), "pixel"),
        ("value", z.ravel(), unit),
    ]
    return _table(columns, {"coordinates": "0-based"})


def table_text(table: Table) -> str:
    """Tab-separated text to paste elsewhere: names with units, then the rows; empty cells for NaN."""
    names = [f"{name} [{table[name].unit}]" if table[name].unit is not None else name for name in table.colnames]
    lines = ["\t".join(names)]
    for row in table.as_array().tolist():
        lines.append("\t".join(_cell(value) for value in row))
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.8g}"
    return str(value)


def write_ecsv(table: Table, path: str | Path, meta: dict[str, Any] | None = None) -> None:
    """Write a table as ECSV, all or nothing.

    Parameters
    ----------
    table : `astropy.table.Table`
    path : str or path
    meta : dict, optional
        Added to the header: frame, CCD, config.

    Raises
    ------
    OSError
        If the file cannot be written; an old one is then untouched.
    """
    copy = table.copy(copy_data=False)
    copy.meta = {**(meta or {}), **table.meta}
    with written_atomically(path) as temporary:
        copy.write(temporary, format="ascii.ecsv")
