"""Defects as rows of a table: the boxes that a table of either documented form describes (manual: files, Defects).

The simple form has columns ``x0, y0, width, height``, 0-based. The FITS region form has ``X, Y, R, SHAPE`` (and
``ROTANG, COMPONENT``) with 1-based centres. Both are in the trimmed, assembled frame.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np

from isrcore.geom import Box

__all__ = ["SIMPLE_COLUMNS", "boxes_from_table"]

_LOG = logging.getLogger(__name__)

SIMPLE_COLUMNS = ("x0", "y0", "width", "height")
_REGION_COLUMNS = ("X", "Y", "R", "SHAPE")


def boxes_from_table(table: Any) -> list[Box]:
    """The boxes of a table in either form.

    Shapes other than boxes (rotated by multiples of 90 degrees at most) and points are left out with a warning.

    Parameters
    ----------
    table : `astropy.table.Table`

    Raises
    ------
    ValueError
        If the columns are those of neither form, or a number in them is not one.
    """
    columns = set(table.colnames)
    if columns.issuperset(SIMPLE_COLUMNS):
        return [Box(*(_whole(row[name], name) for name in SIMPLE_COLUMNS)) for row in table]
    if columns.issuperset(_REGION_COLUMNS):
        return [box for row in table for box in _region_boxes(row, columns)]
    expected = f"{', '.join(SIMPLE_COLUMNS)} or {', '.join(_REGION_COLUMNS)}"
    raise ValueError(f"a defect table has columns {expected}, found {', '.join(table.colnames)}")


def _whole(value: Any, name: str) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(f"column {name} of a defect table holds whole pixels, found {value}")
    return int(number)


def _region_boxes(row: Any, columns: set[str]) -> list[Box]:
    shape = row["SHAPE"]
    shape = (shape.decode("ascii") if isinstance(shape, bytes) else str(shape)).strip().upper()
    sizes = np.atleast_1d(row["R"]).astype(float)
    angle = float(np.atleast_1d(row["ROTANG"])[0]) if "ROTANG" in columns else 0.0
    x, y = (float(np.atleast_1d(row[name])[0]) - 1.0 for name in ("X", "Y"))
    if shape == "POINT":
        width = height = 1.0
    elif shape in ("BOX", "ROTBOX") and sizes.size >= 2:
        width, height = float(sizes[0]), float(sizes[1])
        quarter_turns = angle / 90.0 if shape == "ROTBOX" else 0.0
        if not math.isclose(quarter_turns, round(quarter_turns), abs_tol=1e-9):
            _LOG.warning("A defect is left out: its box is rotated by %s degrees, not by a multiple of 90.", angle)
            return []
        if round(quarter_turns) % 2:
            width, height = height, width
    else:
        _LOG.warning("A defect is left out: its shape is %r, only BOX, POINT and ROTBOX can be used.", shape)
        return []
    corner = math.floor(x - width / 2.0 + 1.0), math.floor(y - height / 2.0 + 1.0)
    return [Box(*corner, int(width), int(height))]
