"""Two maps of one CCD compared: what one has and the other has not, in rows and in numbers, to look at and to apply."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSplitter, QToolButton, QVBoxLayout, QWidget

from isrviewer.audit.comparing import Comparing
from isrviewer.audit.model import AuditModel
from isrviewer.audit.style import DIFFERENCE_MARKS
from isrviewer.panels.defects.comparison_rows import DIFFERENCE_COLUMNS, DifferenceModel
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.number_table import Column, NumberTable, count_text
from isrviewer.plots.row_view import RowView
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from isrcore.audit.compare import MapComparison
    from isrcore.geom import Box

__all__ = ["MapComparePanel"]

_WAYS = ("added", "removed", "changed", "common")

_COUNTS = (
    Column("Amp", "Amplifier in which the middle of the defect lies", is_text=True),
    Column("Kind", "What they are", is_text=True),
    *(Column(f"{DIFFERENCE_MARKS[way]} {way.capitalize()}", f"Defects that are {way}") for way in _WAYS),
)

_BUTTONS = {
    "maps.compare": "Other map…",
    "maps.compare_opened": "As opened",
    "maps.show_comparison": "Draw",
    "maps.apply_difference": "Apply",
    "maps.apply_all": "Apply all",
    "maps.compare_end": "End",
}
"""Actions, in the words for which a line has room."""


class MapComparePanel(QWidget):
    """The differences of the current map and another one.

    Parameters
    ----------
    audits : `AuditModel`
    comparing : `Comparing`

    Signals
    -------
    place_chosen(Box)
        The user chose a defect that only the other map has; its box in the trimmed frame.
    """

    place_chosen = Signal(object)

    def __init__(self, audits: AuditModel, comparing: Comparing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._audits, self._comparing = audits, comparing
        self._is_filling = False
        self.title = ElidedLabel()
        self.buttons = {action: QToolButton() for action in _BUTTONS}
        self.ways = {way: QCheckBox() for way in _WAYS}
        self.rows = DifferenceModel(self)
        self.table = RowView(self.rows, [width for _, _, width in DIFFERENCE_COLUMNS])
        self.table.setAccessibleName("Differences")
        self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSortingEnabled(True)
        self.table.selectionModel().selectionChanged.connect(self._rows_chosen)
        self.counts = NumberTable(_COUNTS)
        self.counts.setAccessibleName("Differences by amplifier and kind")
        top, second = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.title, 1)
        for button in self.buttons.values():
            top.addWidget(button)
        for way, box in self.ways.items():
            box.setChecked(way != "common")
            box.setToolTip(f"List the defects that are {way}")
            box.toggled.connect(self._fill)
            second.addWidget(box)
        self.pixels = ElidedLabel()
        second.addWidget(self.pixels, 1)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.counts)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addLayout(second)
        layout.addWidget(split, 1)
        audits.measured.connect(self._show)
        audits.opened.connect(self._show)
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(900, 220)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def use_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let the buttons be actions of the table: their keys, tooltips and states."""
        for action, button in self.buttons.items():
            actions[action].setIconText(_BUTTONS[action])
            button.setDefaultAction(actions[action])

    def _show(self) -> None:
        """Show the comparison of the current map."""
        if not self.isVisible():
            return
        comparison = self._comparing.comparison
        self.title.setText(_title(comparison, self._comparing.can_apply))
        of_way = dict.fromkeys(_WAYS, 0)
        for difference in comparison.differences if comparison is not None else ():
            of_way[difference.kind] += 1
        for way, box in self.ways.items():
            box.setText(f"{DIFFERENCE_MARKS[way]} {way} {count_text(of_way[way])}")
        self.pixels.setText(self._pixel_text() if comparison is not None else "")
        self.counts.fill(_count_rows(comparison))
        self._fill()
        if self._comparing.is_advancing and not self._comparing.is_busy:
            self._comparing.is_advancing = False
            self._choose(look=True)

    def _pixel_text(self) -> str:
        counts = {str(kind): count for kind, count in self._comparing.pixels.items()}
        words = [f"{DIFFERENCE_MARKS[way]} {count_text(counts.get(way, 0))} {way}" for way in _WAYS if way != "changed"]
        return f"     Pixels: {'   '.join(words)}"

    def _fill(self) -> None:
        """List the wanted differences. The place in the list stays: what was applied makes room for the next."""
        comparison = self._comparing.comparison
        selected = [index.row() for index in self.table.selectionModel().selectedRows()]
        place = self.table.verticalScrollBar().value()
        self._is_filling = True
        wanted = [way for way, box in self.ways.items() if box.isChecked()]
        self.rows.show(comparison.differences if comparison is not None else (), wanted)
        if selected and self.rows.differences:
            row = min(selected[0], len(self.rows.differences) - 1)
            chosen = QItemSelection(self.rows.index(row, 0), self.rows.index(row, len(DIFFERENCE_COLUMNS) - 1))
            flags = QItemSelectionModel.SelectionFlag
            self.table.selectionModel().select(chosen, flags.ClearAndSelect)
            self.table.selectionModel().setCurrentIndex(self.rows.index(row, 0), flags.NoUpdate)
        self.table.verticalScrollBar().setValue(place)
        self._is_filling = False
        self._choose(look=False)

    def _rows_chosen(self) -> None:
        if not self._is_filling:
            self._choose(look=True)

    def _choose(self, look: bool) -> None:
        rows = [index.row() for index in self.table.selectionModel().selectedRows()]
        self._comparing.choose(tuple(self.rows.differences[row] for row in rows))
        current = self.table.currentIndex().row()
        if not look or current not in rows:
            return
        difference, document = self.rows.differences[current], self._audits.document
        # A defect of the current map is chosen everywhere; one that only the other map has is looked at.
        own = difference.old if self._comparing.can_apply else difference.new or difference.old
        if own is not None and document is not None and own.id in document:
            self._audits.select(own.id)
        else:
            box: Box = difference.defect.bbox
            self.place_chosen.emit(box)


def _title(comparison: MapComparison | None, is_other: bool) -> str:
    if comparison is None:
        return "Compare the map with another one, or with itself before its edits."
    first, second = _names(comparison.old.source, comparison.new.source)
    if is_other:
        return f"{comparison.old.detector}: {first} (this map, first) → {second} (second)"
    return f"{comparison.old.detector}: {first} as it was opened (first) → with its edits (second)"


def _names(*sources: str) -> list[str]:
    """File names, with their folders where they are the same."""
    paths = [PurePath(source) for source in sources]
    alike = len({path.name for path in paths}) < len(paths) and len(set(paths)) == len(paths)
    return [f"{path.parent.name}/{path.name}" if alike else path.name or "new map" for path in paths]


def _count_rows(comparison: MapComparison | None) -> list[list[str]]:
    """Numbers by amplifier and kind; below them their sums."""
    if comparison is None:
        return []
    counts = comparison.counts()
    rows = []
    for amplifier, kind in sorted({(amplifier, kind) for amplifier, _, kind in counts}):
        ways = {str(way): count for (amp, way, what), count in counts.items() if (amp, what) == (amplifier, kind)}
        rows.append([amplifier, str(kind), *(count_text(ways[way]) if way in ways else "" for way in _WAYS)])
    sums = [sum(count for (_, way, _), count in counts.items() if way == wanted) for wanted in _WAYS]
    return [*rows, ["all", "", *map(count_text, sums)]]
