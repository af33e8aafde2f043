"""A table of numbers that line up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from isrcore.geom import Box
from isrviewer.plots.trees import top_items
from isrviewer.theme import number_font

__all__ = ["Column", "NumberTable", "box_text", "column_texts", "count_text", "number_text"]


def number_text(value: float, digits: int = 6, signed: bool = False) -> str:
    """A value in `digits` significant digits, but with all digits before the point; an empty text for NaN.

    Very large and very small values have an exponent. The minus sign is a real one.
    """
    if math.isnan(value):
        return ""
    sign = "+" if signed else ""
    is_plain = value == 0 or 1e-4 <= abs(value) < 1e7
    text = f"{value:{sign}.{digits}g}"
    if is_plain and "e" in text:
        text = f"{value:{sign}.0f}"
    return text.replace("-", "−")


def column_texts(values: Sequence[float], digits: int = 6, signed: bool = False, empty: str = "") -> list[str]:
    """Values below each other with their points in line: as many decimals as the largest of them needs.

    Parameters
    ----------
    values : sequence of float
    digits : int
        Significant digits of the largest value; digits before the point are never cut.
    signed : bool
        Whether positive values get a plus sign.
    empty : str
        What stands for NaN.
    """
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if largest >= 1e9 or 0 < largest < 1e-4:
        return [number_text(value, digits, signed) or empty for value in values]
    decimals = max(0, digits - 1 - math.floor(math.log10(largest))) if largest > 0 else 0
    if all(value == round(value) for value in finite):
        decimals = 0
    sign = "+" if signed else ""
    return [empty if math.isnan(value) else f"{value:{sign}.{decimals}f}".replace("-", "−") for value in values]


def count_text(count: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,}".replace(",", "\u202f")


def box_text(box: Box) -> str:
    """Size and first pixel of a box, 0-based."""
    return f"{box.width} × {box.height} pixels from x {box.x0} y {box.y0}"


@dataclass(frozen=True)
class Column:
    """Title and tooltip of a column; words stand left, numbers right."""

    title: str
    tip: str = ""
    is_text: bool = False


class NumberTable(QTreeWidget):
    """Rows of texts and numbers."""

    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.set_columns(columns)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Begin again with other columns."""
        self.clear()
        self._columns = tuple(columns)
        self.setColumnCount(len(columns))
        self.setHeaderLabels([column.title for column in columns])
        for number, column in enumerate(columns):
            self.headerItem().setToolTip(number, column.tip)
            side = Qt.AlignmentFlag.AlignLeft if column.is_text else Qt.AlignmentFlag.AlignRight
            self.headerItem().setTextAlignment(number, side | Qt.AlignmentFlag.AlignVCenter)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(bool(columns) and columns[-1].is_text)

    def fill(self, rows: Iterable[Sequence[str]], quiet: Iterable[int] = (), bold: Iterable[int] = ()) -> None:
        """Show these rows in place of the old ones.

        Parameters
        ----------
        rows : iterable of sequence of str
        quiet, bold : iterable of int
            Numbers of rows in grey, and of rows whose first text column is bold.
        """
        grey, heavy = set(quiet), set(bold)
        place = self.verticalScrollBar().value()
        item = self.currentItem()
        current = self.indexOfTopLevelItem(item) if item is not None else -1
        self.blockSignals(True)
        self.setUpdatesEnabled(False)
        self.clear()
        self.addTopLevelItems([self._item(cells, n in grey, n in heavy) for n, cells in enumerate(rows)])
        item = self.topLevelItem(current)
        if item is not None:
            self.setCurrentItem(item)
        self.verticalScrollBar().setValue(place)
        self.setUpdatesEnabled(True)
        self.blockSignals(False)

    def texts(self) -> list[list[str]]:
        """All cells."""
        return [[item.text(column) for column in range(self.columnCount())] for item in top_items(self)]

    def _item(self, cells: Sequence[str], is_quiet: bool, is_bold: bool) -> QTreeWidgetItem:
        item = QTreeWidgetItem(list(cells))
        numbers = number_font(0.5)
        for place, column in enumerate(self._columns):
            if not column.is_text:
                item.setFont(place, numbers)
                item.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            elif is_bold:
                font = self.font()
                font.setBold(True)
                item.setFont(place, font)
                is_bold = False
            if is_quiet:
                item.setForeground(place, QBrush(QColor("#808080")))
        return item
