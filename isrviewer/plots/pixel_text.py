"""The words and numbers of the pixel time machine. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from isrcore import inspect as core_inspect
from isrviewer.plots.number_table import Column, column_texts, number_text

__all__ = ["compared_columns", "compared_rows", "facts_text", "one_columns", "one_rows", "place_name"]

_NUMBER = Column("#", "Number of the step in the plot")
_STEP = Column("Step", "Double click shows the step", is_text=True)

Rows = tuple[list[list[str]], list[int], list[int]]


def compared_columns(histories: Sequence[core_inspect.history.PixelHistory]) -> tuple[Column, ...]:
    """Columns for several pixels side by side."""
    pixels = (Column(place_name(history), "Value after the step") for history in histories)
    return _NUMBER, _STEP, *pixels


def one_columns(histories: Sequence[core_inspect.history.PixelHistory]) -> tuple[Column, ...]:
    """Columns for one pixel; the unit stands in the titles when all steps have the same."""
    units = _units(histories[0].rows) if histories else ()
    shown = f" ({units[0]})" if len(units) == 1 else ""
    return (
        _NUMBER,
        _STEP,
        Column(f"Value{shown}", "After the step"),
        Column("Change", "From the value before the step"),
        *((Column("Unit", "Of value, change and σ", is_text=True),) if len(units) > 1 else ()),
        Column("Planes", "Mask planes set after the step: + new, − cleared by it", is_text=True),
        Column("σ", "Square root of the variance plane"),
        Column("S/N", "Value over σ"),
    )


def _units(rows: Sequence[core_inspect.history.PixelRow]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.unit for row in rows if not row.status))


def place_name(history: core_inspect.history.PixelHistory) -> str:
    """The pixel in few words: assembled coordinates where it has some."""
    facts = history.facts
    if facts.assembled is not None:
        return f"{facts.assembled[0]} {facts.assembled[1]} {facts.amplifier}"
    return f"raw {facts.raw_x} {facts.raw_y} {facts.amplifier}".strip()


def one_rows(histories: Sequence[core_inspect.history.PixelHistory]) -> Rows:
    """Cells of the first history; grey rows without numbers; bold ones that changed something."""
    rows = histories[0].rows if histories else ()
    cells = _cells(rows)
    quiet = [number for number, row in enumerate(rows) if row.status]
    return cells, quiet, [number for number, row in enumerate(rows) if _did_something(row)]


def _did_something(row: core_inspect.history.PixelRow) -> bool:
    changed = not math.isnan(row.change) and row.change != 0
    return changed or bool(row.added) or bool(row.cleared)


def _cells(rows: Sequence[core_inspect.history.PixelRow]) -> list[list[str]]:
    changes = [math.nan if row.change == 0 else row.change for row in rows]
    columns = [
        [str(number) for number in range(len(rows))],
        [row.label for row in rows],
        column_texts([row.value for row in rows], 7),
        column_texts(changes, 5, signed=True),
    ]
    if len(_units(rows)) > 1:
        columns.append([row.unit for row in rows])
    columns.append([row.status or _planes_text(row) for row in rows])
    columns.append(column_texts([row.sigma for row in rows], 4))
    columns.append(column_texts([row.signal_to_noise for row in rows], 4))
    return [list(cells) for cells in zip(*columns, strict=True)]


def _planes_text(row: core_inspect.history.PixelRow) -> str:
    planes = [f"+{plane}" if plane in row.added else plane for plane in row.planes]
    return " ".join([*planes, *(f"−{plane}" for plane in row.cleared)])


def compared_rows(histories: Sequence[core_inspect.history.PixelHistory]) -> Rows:
    """Values of all pixels, one row per step."""
    if not histories:
        return [], [], []
    first = histories[0].rows
    columns = [[str(number) for number in range(len(first))], [row.label for row in first]]
    for history in histories:
        values = column_texts([row.value for row in history.rows], 7)
        columns.append([row.status or f"{text} {row.unit}" for text, row in zip(values, history.rows, strict=True)])
    steps = list(zip(*(history.rows for history in histories), strict=True))
    bold = [number for number, rows in enumerate(steps) if any(_did_something(row) for row in rows)]
    return [list(cells) for cells in zip(*columns, strict=True)], [], bold


def facts_text(history: core_inspect.history.PixelHistory) -> str:
    """Where the pixel is, and what was taken off it."""
    facts = history.facts
    places = []
    if facts.assembled is not None:
        x, y = facts.assembled
        places.append(f"x {x} y {y} (FITS {x + 1} {y + 1})")
    places.append(f"raw {facts.raw_x} {facts.raw_y}")
    if facts.amplifier:
        places.append(f"amp {facts.amplifier}, {facts.region}, gain {facts.gain:.4g} electron/ADU")
    taken = []
    if not math.isnan(facts.overscan):
        taken.append(f"overscan {number_text(facts.overscan, 6)} ADU")
    for kind, value, unit in facts.calibrations:
        taken.append(f"{kind} {number_text(value, 5)} {unit}".strip())
    lines = [" · ".join(places)]
    if taken:
        lines.append(" · ".join(taken))
    if facts.interpolation is not None:
        lines.append(_interpolation_text(facts.interpolation))
    return "\n".join(lines)


def _interpolation_text(used: core_inspect.history.Interpolation) -> str:
    """``interpolated over columns 30 to 31 from 0.25 × 912.4 (x 29) + ...``"""
    run = f"column {used.first}" if used.first == used.last else f"columns {used.first} to {used.last}"
    parts = []
    for term in used.terms:
        where = f"x {term.x}" if term.x is not None else "fallback"
        value = number_text(term.value, 6) or "value not kept"
        parts.append(f"{term.weight:.4f} × {value} ({where})".replace("-", "−"))
    return f"interpolated over {run} from {' + '.join(parts)} {used.unit}"
