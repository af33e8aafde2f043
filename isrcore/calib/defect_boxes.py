"""The columns of defect tables as boxes: both documented forms, every number checked (manual: files, Defects).

The simple form has columns ``x0, y0, width, height``, 0-based. The FITS region form has ``X, Y, R, SHAPE`` (and
``ROTANG, COMPONENT``) with 1-based centres. Both are in the trimmed, assembled frame.

The case of names does not matter, as FITS has it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isrcore.geom import Box

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["REGION", "SIMPLE", "boxes_from_table", "expected_columns", "first_pixel", "table_form"]

_LOG = logging.getLogger(__name__)

SIMPLE = ("x0", "y0", "width", "height")
REGION = ("X", "Y", "R", "SHAPE")

_FROM_ZERO = "astropy/regions"
"""The package that writes region tables counted from 0, as it says in ORIGIN."""

_DEGREES = {"": 1.0, "deg": 1.0, "rad": math.degrees(1.0)}


def table_form(names: Iterable[str]) -> str | None:
    """Which form a table with these columns has: ``"simple"``, ``"region"`` or None for no defect table."""
    columns = {name.strip().lower() for name in names}
    if columns.issuperset(SIMPLE):
        return "simple"
    return "region" if columns.issuperset(name.lower() for name in REGION) else None


def expected_columns(found: str) -> str:
    """What to say of a table that has others."""
    return f"a defect table has columns {', '.join(SIMPLE)} or {', '.join(REGION)}, found {found}"


def first_pixel(metadata: Mapping[str, Any]) -> int:
    """From which number the region table with this header counts pixels: 0 where the package regions wrote it, else 1.

    The format says 1; nothing in a table says that its author kept to it.
    """
    return 0 if str(metadata.get("ORIGIN", "")).strip().lower() == _FROM_ZERO else 1


def boxes_from_table(table: Table, left_out: Callable[[str], None] = _LOG.warning) -> list[Box]:
    """The boxes of a table in either form.

    Shapes other than boxes (rotated by multiples of 90 degrees at most) and points are left out. A box covers the
    pixels whose centres lie in it (`Box.of_centres`).

    Parameters
    ----------
    table : `astropy.table.Table`
    left_out : callable
        Told about each row that is left out; a warning by default.

    Raises
    ------
    ValueError
        If the columns are those of neither form, or a number in them is undefined or not one.
    """
    form = table_form(table.colnames)
    if form is None:
        raise ValueError(expected_columns(", ".join(table.colnames)))
    if not len(table):
        return []
    if form == "simple":
        columns = [_whole(_numbers(table, name, 1)[:, 0], name) for name in SIMPLE]
        return [Box(*row) for row in zip(*columns, strict=True)]
    return _region_boxes(table, left_out)


def _column(table: Table, name: str) -> Any:
    """The column of a name; `ValueError` where its spellings differ in case only."""
    found = [each for each in table.colnames if each.strip().lower() == name.lower()]
    if len(found) != 1:
        raise ValueError(f"expected one column {name} in a defect table, found {', '.join(found) or 'none'}")
    return table[found[0]]


def _numbers(table: Table, name: str, count: int, rows: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """The first `count` numbers of a column in every row, all of them defined in `rows`.

    Returns
    -------
    values : ndarray, (rows, count)
        NaN where a row has fewer numbers or undefined ones.
    """
    column = _column(table, name)
    content = np.ma.filled(np.ma.asarray(column), 0) if column.dtype.kind in "iub" else np.asarray(column)
    if content.dtype.kind not in "iubfO":
        raise ValueError(f"column {name} of a defect table holds numbers, found {str(content.flat[0])!r}")
    values = np.full((len(table), count), np.nan)
    if content.dtype.kind == "O":  # rows of different lengths
        for row, numbers in enumerate(content):
            some = np.asarray(numbers, np.float64).ravel()[:count]
            values[row, : some.size] = some
    else:
        some = content.reshape(len(table), -1)[:, :count].astype(np.float64)
        values[:, : some.shape[1]] = some
        undefined = np.ma.getmaskarray(np.ma.asarray(column)).reshape(len(table), -1)[:, :count]
        values[:, : some.shape[1]][undefined] = np.nan
    bad = ~np.isfinite(values).all(axis=1) & (True if rows is None else rows)
    if bad.any():
        raise ValueError(f"column {name} of a defect table holds numbers, found an undefined one in row {_first(bad)}")
    return values


def _first(where: NDArray[np.bool_]) -> int:
    """Number of the first row, from 1."""
    return int(np.flatnonzero(where)[0]) + 1


def _whole(values: NDArray[np.float64], name: str) -> list[int]:
    wrong = (values != np.floor(values)) | (np.abs(values) > 1 << 50)
    if wrong.any():
        row = _first(wrong)
        raise ValueError(f"column {name} of a defect table holds whole pixels, found {values[row - 1]:g} in row {row}")
    numbers: list[int] = values.astype(np.int64).tolist()
    return numbers


def _region_boxes(table: Table, left_out: Callable[[str], None]) -> list[Box]:
    shapes = np.char.upper(np.char.strip(np.asarray(_column(table, "SHAPE")).astype(str)))
    is_point, is_turned = shapes == "POINT", shapes == "ROTBOX"
    is_box = is_turned | (shapes == "BOX")
    for shape in shapes[~is_point & ~is_box].tolist():
        what = "it is excluded" if shape.startswith("!") else "only BOX, POINT and ROTBOX can be used"
        left_out(f"A defect is left out: its shape is {shape!r}, {what}.")
    used = is_point | is_box
    centre = [_numbers(table, name, 1, used)[:, 0] - first_pixel(table.meta) for name in ("X", "Y")]
    size = np.where(is_point[:, None], 1.0, _numbers(table, "R", 2, is_box))
    if (size[used] < 0).any():
        raise ValueError("column R of a defect table holds sizes, found a negative one")
    turns = np.zeros(len(table))
    if any(name.strip().lower() == "rotang" for name in table.colnames):
        unit = str(getattr(_column(table, "ROTANG"), "unit", None) or "")
        if unit not in _DEGREES:
            raise ValueError(f"column ROTANG of a defect table is in deg or rad, found {unit}")
        turns = np.where(is_turned, _numbers(table, "ROTANG", 1, is_turned)[:, 0] * _DEGREES[unit] / 90.0, 0.0)
    is_upright = np.isclose(turns, np.round(turns), rtol=0.0, atol=1e-9)
    for turn in turns[used & ~is_upright].tolist():
        left_out(f"A defect is left out: its box is rotated by {turn * 90.0:g} degrees, not by a multiple of 90.")
    used &= is_upright
    swapped = np.round(np.where(used, turns, 0.0)).astype(np.int64) % 2 == 1
    size[swapped] = size[swapped][:, ::-1]
    return [Box.of_centres(*row) for row in zip(*(each[used].tolist() for each in (*centre, *size.T)), strict=True)]
