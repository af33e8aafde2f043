"""The rows of the table of defects: thousands of them, of which an edit touches only its own."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from isrviewer.audit.style import status_colour, status_text
from isrviewer.audit.values import NUMBERS, DefectValues, Picks, parse_filter
from isrviewer.theme import number_font

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect
    from isrcore.audit.document import DefectDocument
    from isrviewer.audit.audit import Audit

__all__ = ["COLUMNS", "DefectTableModel"]


@dataclass(frozen=True)
class _Column:
    """Name of the value, title, tooltip, width in digits."""

    name: str
    title: str
    tip: str
    width: int


COLUMNS = (
    _Column("number", "№", "Number of the defect in this map", 4),
    _Column("status", "Status", "What was decided", 12),
    _Column("kind", "Kind", "What it is", 10),
    _Column("x", "x", "First column of the box around it, trimmed frame, from 0", 4),
    _Column("y", "y", "First row of the box around it, trimmed frame, from 0", 4),
    _Column("w", "w", "Width of the box in pixels", 4),
    _Column("h", "h", "Height of the box in pixels", 4),
    _Column("pixels", "Pixels", "Number of its pixels", 7),
    _Column("sigma", "σ", "Its strongest significance against its surroundings in any frame, sigma", 7),
    _Column("finding", "Finding", "What the search found: missed by the map, or over-flagged", 17),
    _Column("note", "Note", "Why it was decided so", 20),
    _Column("source", "Source", "The map, the hand or the detection that it comes from", 20),
)

_MANY = 100
"""Rows from which beginning again is quicker than telling the view of each."""

Index = QModelIndex | QPersistentModelIndex

_ROOT = QModelIndex()


class DefectTableModel(QAbstractTableModel):
    """The defects of one map that a filter lets through, in the order of one column.

    Sorting and filtering happen here and not in a proxy: a proxy would ask Python for two values per comparison.
    An edit changes its rows and moves none; new defects come in where they belong. A row that the filter would no
    longer pick stays until the filter is applied again, so that a decision does not pull the list away from under the
    hand.

    Attributes
    ----------
    document : `DefectDocument` or None
    numbers : list of int
        The defects shown, by row.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document: DefectDocument | None = None
        self.numbers: list[int] = []
        self._row_of: dict[int, int] = {}
        self._values = DefectValues(None)
        self._picks: Picks = parse_filter("")
        self._column, self._descending = "number", False

    # What is shown

    def show_audit(self, audit: Audit | None) -> None:
        """Show another map, or none."""
        self.document = None if audit is None else audit.document
        self._values = DefectValues(audit)
        self._arrange()

    def show_measured(self, audit: Audit) -> None:
        """Other significances and findings; the rows stay where they are."""
        self._values = DefectValues(audit)
        if self.numbers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.numbers) - 1, len(COLUMNS) - 1))

    def set_filter(self, picks: Picks) -> None:
        """Show the defects that `picks` lets through."""
        self._picks = picks
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = COLUMNS[column].name, order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def follow(self, after: DefectDocument) -> None:
        """Show the map after an edit."""
        before = self.document.by_id if self.document is not None else {}
        changed = [number for number, defect in after.by_id.items() if before.get(number) is not defect]
        fresh = [number for number in changed if number not in before and self._picks(self._values, after[number])]
        gone = [self._row_of[number] for number in before if number not in after and number in self._row_of]
        if len(fresh) + len(gone) > _MANY:
            self.document = after
            self._arrange()
            return
        for row in sorted(gone, reverse=True):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self.numbers[row]
            self.endRemoveRows()
        self.document = after
        key = self._key()
        for number in fresh:
            row = bisect_left(self.numbers, key(after[number]), key=lambda known: key(after[known]))
            self.beginInsertRows(QModelIndex(), row, row)
            self.numbers.insert(row, number)
            self.endInsertRows()
        if fresh or gone:
            self._row_of = {number: row for row, number in enumerate(self.numbers)}
        self._tell(self._row_of[number] for number in changed if number in self._row_of)

    def row_of(self, number: int) -> int | None:
        """Row of a defect; None when it is not shown."""
        return self._row_of.get(number)

    def _tell(self, rows: Iterable[int]) -> None:
        changed = sorted(rows)
        if len(changed) > _MANY:
            changed = [changed[0], changed[-1]]
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(COLUMNS) - 1))
            return
        for row in changed:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def _arrange(self) -> None:
        self.beginResetModel()
        picked = [defect for defect in self.document or () if self._picks(self._values, defect)]
        picked.sort(key=self._key())
        self.numbers = [defect.id for defect in picked]
        self._row_of = {number: row for row, number in enumerate(self.numbers)}
        self.endResetModel()

    def _key(self) -> Callable[[Defect], Any]:
        """Sort key: by the column, among equals by number; what was not measured comes last either way."""
        name, values = self._column, self._values
        sign = -1 if self._descending else 1
        if name in NUMBERS:

            def by_number(defect: Defect) -> Any:
                value = values.number(defect, name)
                return math.isnan(value), 0.0 if math.isnan(value) else sign * value, defect.id

            return by_number
        if not self._descending:
            return lambda defect: (values.text(defect, name).lower(), defect.id)
        return lambda defect: ([*(-ord(letter) for letter in values.text(defect, name).lower()), 1], defect.id)

    # For the view

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.numbers)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.tip}. Click to sort."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column.name)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.document is None or not index.isValid():
            return None
        name = COLUMNS[index.column()].name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(name)
        if role == Qt.ItemDataRole.FontRole:
            return number_font(0.5) if name in NUMBERS else None
        defect = self.document[self.numbers[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._shown(defect, name)
        if role == Qt.ItemDataRole.DecorationRole and name == "status":
            return QColor(status_colour(defect.status))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(defect, name)
        return None

    def _shown(self, defect: Defect, name: str) -> str:
        if name == "status":
            return status_text(defect.status)
        if name == "source":
            return PurePath(defect.source).name
        if name not in NUMBERS:
            return self._values.text(defect, name)
        value = self._values.number(defect, name)
        if name == "sigma":
            return "" if math.isnan(value) else f"{value:.1f}"
        return str(int(value))

    def _tip(self, defect: Defect, name: str) -> str | None:
        if name in ("note", "source"):
            return self._values.text(defect, name) or None
        if name == "finding" and self._values.text(defect, name) == "over-flagged in part":
            return "Defects → Reject over-flagged part erases what looks like its neighbours"
        if name == "status" and defect.who:
            return f"{defect.who}, {defect.when.replace('T', ' ').removesuffix('+00:00')} UTC"
        return None


def _side(name: str) -> int:
    side = Qt.AlignmentFlag.AlignRight if name in NUMBERS else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
