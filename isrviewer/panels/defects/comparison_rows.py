"""The rows of a comparison of two maps: thousands of differences, drawn only where one looks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from isrviewer.audit.style import DIFFERENCE_COLOURS, DIFFERENCE_MARKS
from isrviewer.theme import number_font

if TYPE_CHECKING:
    from isrcore.audit.compare import Difference

__all__ = ["CHANGED_COLOUR", "DIFFERENCE_COLUMNS", "DifferenceModel"]

CHANGED_COLOUR = "#E69F00"
"""Of a defect that both maps have with other pixels; in the picture its pixels are added, removed or common."""

DIFFERENCE_COLUMNS = (
    ("Difference", "Added: only the second map has it; removed: only the first one; changed: other pixels", 13),
    ("Kind", "What it is", 12),
    ("x", "First column of the box around it, trimmed frame, from 0", 6),
    ("y", "First row of the box around it, trimmed frame, from 0", 6),
    ("w", "Width of the box in pixels", 6),
    ("h", "Height of the box in pixels", 6),
    ("First", "Number of its pixels in the first map", 8),
    ("Second", "Number of its pixels in the second map", 8),
    ("Source", "Where it comes from", 24),
)
"""Title, tooltip, width in digits."""

_NUMBERS = range(2, 8)

Index = QModelIndex | QPersistentModelIndex

_ROOT = QModelIndex()


class DifferenceModel(QAbstractTableModel):
    """The differences of some kinds, in the order of one column.

    Attributes
    ----------
    differences : list of `Difference`
        Those shown, by row.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.differences: list[Difference] = []
        self._all: tuple[Difference, ...] = ()
        self._kinds: Collection[str] = ()
        self._order: tuple[int, bool] | None = None

    def show(self, differences: tuple[Difference, ...], kinds: Collection[str]) -> None:
        """Show the differences of these kinds."""
        self._all, self._kinds = differences, kinds
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1 for the order of the comparison, by position."""
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        self.differences = [difference for difference in self._all if difference.kind in self._kinds]
        if self._order is not None:
            column, is_descending = self._order
            self.differences.sort(key=_VALUES[column], reverse=is_descending)
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.differences)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return len(DIFFERENCE_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        title, tip, _ = DIFFERENCE_COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        texts: dict[int, str] = {
            Qt.ItemDataRole.DisplayRole: title,
            Qt.ItemDataRole.ToolTipRole: f"{tip}. Click to sort.",
        }
        return texts.get(role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = index.column()
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.FontRole:
            return number_font(0.5) if column in _NUMBERS else None
        difference = self.differences[index.row()]
        if role == Qt.ItemDataRole.DecorationRole and not column:
            return QColor(DIFFERENCE_COLOURS.get(difference.kind, CHANGED_COLOUR))
        if role == Qt.ItemDataRole.DisplayRole:
            value = _VALUES[column](difference)
            if not column:
                return f"{DIFFERENCE_MARKS[difference.kind]} {value}"
            return "" if value == 0 and column in (6, 7) else str(value)
        if role == Qt.ItemDataRole.ToolTipRole and column == len(DIFFERENCE_COLUMNS) - 1:
            return difference.defect.source
        return None


def _pixels(difference: Difference, is_new: bool) -> int:
    defect = difference.new if is_new else difference.old
    return 0 if defect is None else defect.pixels.area


_VALUES: tuple[Callable[[Any], Any], ...] = (
    lambda difference: str(difference.kind),
    lambda difference: str(difference.defect.kind),
    lambda difference: difference.defect.bbox.x0,
    lambda difference: difference.defect.bbox.y0,
    lambda difference: difference.defect.bbox.width,
    lambda difference: difference.defect.bbox.height,
    lambda difference: _pixels(difference, is_new=False),
    lambda difference: _pixels(difference, is_new=True),
    lambda difference: PurePath(difference.defect.source).name,
)


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
