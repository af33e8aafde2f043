"""All defects of the map as a table: find, sort, choose one or several, decide with the keys of the audit."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from isrviewer.audit.audit import Audit
from isrviewer.audit.model import AuditModel
from isrviewer.audit.style import STATUS_MARKS, status_colour
from isrviewer.audit.values import FILTER_HELP, parse_filter
from isrviewer.panels.defects.table_rows import COLUMNS, DefectTableModel
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.row_view import RowView
from isrviewer.theme import GRID

__all__ = ["DefectTablePanel"]

_ROW = QItemSelectionModel.SelectionFlag.Rows
_CHOOSE = QItemSelectionModel.SelectionFlag.ClearAndSelect | _ROW
_KEEP = QItemSelectionModel.SelectionFlag.NoUpdate


class DefectTablePanel(QWidget):
    """Table of the defects of the current map; the rows chosen are the defects that a decision is about.

    Parameters
    ----------
    audits : `AuditModel`

    Signals
    -------
    menu_asked(QPoint)
        The user wants the menu of the chosen defects, at this place of the screen.
    """

    menu_asked = Signal(QPoint)

    def __init__(self, audits: AuditModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._audits = audits
        self._is_following = False
        self._is_stale = False
        self.rows = DefectTableModel(self)
        self.title = ElidedLabel()
        self.counts = QLabel()
        self.counts.setTextFormat(Qt.TextFormat.RichText)
        self.counts.setWordWrap(True)
        self.saved = ElidedLabel()
        self.saved.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.filter = QLineEdit(placeholderText="kind:trap  w>1  sigma<3  x:100-200", clearButtonEnabled=True)
        self.filter.setToolTip(f"{FILTER_HELP}\nReturn applies it again and goes to the table.")
        self.filter.setAccessibleName("Filter of the table of defects")
        self.filter.textChanged.connect(self._filter)
        self.filter.returnPressed.connect(self._filter_again)
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet("color: #D55E00")
        self.problem.hide()
        self.shown = QLabel()
        self.table = self._make_table()
        line = QHBoxLayout()
        line.addWidget(self.filter, 1)
        line.addWidget(self.shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        for widget in (self.title, self.counts, self.saved):
            layout.addWidget(widget)
        layout.addLayout(line)
        layout.addWidget(self.problem)
        layout.addWidget(self.table, 1)
        self.rows.modelReset.connect(self._rows_replaced)
        audits.opened.connect(self._open)
        audits.rested.connect(self._edited)
        audits.measured.connect(self._measured)
        audits.selected.connect(self._choose)
        self._open()

    def sizeHint(self) -> QSize:
        return QSize(380, 400)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._open()

    def _make_table(self) -> RowView:
        table = RowView(self.rows, [column.width for column in COLUMNS])
        table.setAccessibleName("Defects")
        table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(
            lambda place: self.menu_asked.emit(table.viewport().mapToGlobal(place))
        )
        table.selectionModel().selectionChanged.connect(self._rows_chosen)
        return table

    # The map changes

    def _open(self) -> None:
        """Another map, or this one is seen for the first time."""
        if not self.isVisible():
            self._is_stale = True
            return
        self._is_stale = False
        self.rows.show_audit(self._audits.current)
        self._describe()

    def _edited(self) -> None:
        document = self._audits.document
        if self._is_stale or document is None or not self.isVisible():
            self._is_stale = True
            return
        # Rows that go take their selection along; that is no choice of the user's.
        self._is_following = True
        self.rows.follow(document)
        self._is_following = False
        if self._audits.current is not None:
            self._choose(self._audits.current.selected)
        self._describe()

    def _measured(self) -> None:
        if self._audits.current is not None and not self._is_stale:
            self.rows.show_measured(self._audits.current)

    def _describe(self) -> None:
        audit = self._audits.current
        if audit is None:
            self.title.setText("No defect map is open")
            self.counts.setText("Open one with Defects → Open map (Ctrl+D), or audit the one that the run takes.")
            self.saved.setText("")
        else:
            document = audit.document
            self.title.setText(f"{document.detector} · {PurePath(document.source).name or 'new map'}")
            self.title.setToolTip(document.source or "A map that was begun here")
            self.counts.setText(_counts(audit))
            self.saved.setText(_saved(audit))
            self.saved.setToolTip(f"Every edit is written at once to\n{audit.path}")
        self._count_rows()

    def _count_rows(self) -> None:
        total = len(self.rows.document) if self.rows.document is not None else 0
        shown = len(self.rows.numbers)
        self.shown.setText(f"{shown} of {total}" if shown != total else f"{total}")
        self.shown.setToolTip(f"{shown} of the {total} defects of the map are shown")

    # The filter

    def _filter(self, text: str) -> None:
        """A text that is not understood leaves the rows as they are, and says why."""
        try:
            picks = parse_filter(text)
        except ValueError as error:
            self._complain(str(error))
            return
        audit = self._audits.current
        unmeasured = "sigma" in text and audit is not None and not audit.statistics
        problem = "No significance has been measured yet: Defects → Judge → Measure defects."
        self._complain(problem if unmeasured else "")
        self.rows.set_filter(picks)
        self._count_rows()

    def _filter_again(self) -> None:
        self._filter(self.filter.text())
        self.table.setFocus()

    def _complain(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    # The choice, both ways

    def _rows_chosen(self) -> None:
        if self._is_following:
            return
        selection = self.table.selectionModel()
        numbers = tuple(self.rows.numbers[index.row()] for index in selection.selectedRows())
        current = selection.currentIndex()
        latest = self.rows.numbers[current.row()] if current.isValid() else 0
        self._audits.mark(numbers if len(numbers) > 1 else ())
        self._audits.select(latest if latest in numbers else next(iter(numbers), 0))

    def _choose(self, number: int) -> None:
        """Another defect is chosen, here or elsewhere."""
        if self._is_following or self._is_stale:
            return
        row, selection = self.rows.row_of(number), self.table.selectionModel()
        self._is_following = True
        if row is None:
            selection.clear()
        else:
            index = self.rows.index(row, 0)
            selection.setCurrentIndex(index, _KEEP if selection.isRowSelected(row, QModelIndex()) else _CHOOSE)
            self.table.scrollTo(index)
        self._is_following = False

    def _rows_replaced(self) -> None:
        """Other rows, or another order: what was chosen is chosen still."""
        audit = self._audits.current
        if audit is None:
            return
        selection = QItemSelection()
        for number in audit.group or (audit.selected,):
            row = self.rows.row_of(number)
            if row is not None:
                selection.select(self.rows.index(row, 0), self.rows.index(row, len(COLUMNS) - 1))
        self._is_following = True
        self.table.selectionModel().select(selection, _CHOOSE)
        self._is_following = False
        self._choose(audit.selected)


def _counts(audit: Audit) -> str:
    """Every status with its mark, colour and number."""
    counts = Counter(str(defect.status) for defect in audit.document)
    words = [
        f'<span style="color:{status_colour(status)}">■</span>&nbsp;{mark}&nbsp;{counts[status]}&nbsp;{status}'
        for status, mark in STATUS_MARKS.items()
        if counts[status]
    ]
    return " &nbsp; ".join(words) or "no defects"


def _saved(audit: Audit) -> str:
    done = len(audit.history.done)
    edits = "1 edit" if done == 1 else f"{done} edits"
    if audit.journal.is_behind:
        return f"{edits}, the last not saved: the next edit writes all"
    return f"{edits}, all saved" if audit.has_edits else "no edits yet"
