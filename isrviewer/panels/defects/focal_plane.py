"""How bad the CCDs are: the focal plane in colours, the kinds of its defects, and the numbers of every CCD."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QToolButton, QTreeWidgetItem, QVBoxLayout, QWidget

from isrcore.camera.megacam import megacam_camera
from isrviewer.audit.focal_plane import FocalPlane, summary_table
from isrviewer.audit.style import KIND_COLOURS, STATUS_MARKS
from isrviewer.plots.bars import BarsView
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.mosaic import MosaicView, Tile
from isrviewer.plots.number_table import Column, NumberTable, count_text
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.audit.focal_plane import FocalPlaneSummary
    from isrcore.audit.summary import MapSummary

__all__ = ["FocalPlanePanel"]

_BUTTONS = {
    "maps.focal_plane": "Open maps",
    "maps.focal_plane_folder": "Folder…",
    "maps.focal_plane_file": "Mask file…",
}
"""Actions, in the words for which a line has room."""

_ALL = "all"
_WORST = 3


class FocalPlanePanel(QWidget):
    """Table and pictures of the maps of all CCDs.

    Parameters
    ----------
    plane : `FocalPlane`

    Signals
    -------
    ccd_chosen(int)
        The user clicked a CCD.
    said(str)
        What was exported, or why not.
    """

    ccd_chosen = Signal(int)
    said = Signal(str)

    def __init__(self, plane: FocalPlane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane = plane
        self._shown = -1
        self._order = (0, False)
        self.title = ElidedLabel()
        self.buttons = {action: QToolButton() for action in _BUTTONS}
        self.mosaic = MosaicView("% bad")
        self.mosaic.chosen.connect(self.ccd_chosen)
        self.bars = BarsView("Defects by kind")
        self.picture = QWidget()
        self.picture.setAutoFillBackground(True)
        beside = QHBoxLayout(self.picture)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self.mosaic, 3)
        beside.addWidget(self.bars, 2)
        self.table = NumberTable(())
        self.table.setAccessibleName("CCDs")
        self.table.header().setSectionsClickable(True)
        self.table.header().sectionClicked.connect(self._sort)
        self.table.itemClicked.connect(self._row_chosen)
        self.table.itemActivated.connect(self._row_chosen)
        self.export = ExportButton("focal_plane", self._table, self._about, self.picture)
        self.export.done.connect(self.said)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        for button in (*self.buttons.values(), self.export):
            top.addWidget(button)
        split = QSplitter()
        split.addWidget(self.picture)
        split.addWidget(self.table)
        split.setSizes([500, 600])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(split, 1)
        plane.changed.connect(self._show)
        plane.progressed.connect(self._show_progress, Qt.ConnectionType.QueuedConnection)

    def sizeHint(self) -> QSize:
        return QSize(1100, 320)

    def use_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let the buttons be actions of the table: their keys, tooltips and states."""
        for action, button in self.buttons.items():
            actions[action].setIconText(_BUTTONS[action])
            button.setDefaultAction(actions[action])

    def show_detector(self, number: int | None) -> None:
        """Mark the CCD that is on screen."""
        self._shown = -1 if number is None else number
        self.mosaic.mark(self._shown)
        if self._plane.summary is not None:
            self._fill(self._plane.summary)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._plane.is_watched = True
        self._plane.follow()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._plane.is_watched = False

    def _show_progress(self, done: int, total: int) -> None:
        if done < total:
            self.title.setText(f"Reading map {done + 1} of {total}…")

    def _show(self) -> None:
        summary = self._plane.summary
        if not self.isVisible():
            return
        maps = {one.detector: one for one in summary.maps} if summary is not None else {}
        self.export.setEnabled(bool(maps))
        self.mosaic.show_tiles(_tiles(maps))
        self.mosaic.mark(self._shown)
        kinds = summary.kinds if summary is not None else {}
        self.bars.show_bars([(kind, _count(kinds, kind), colour) for kind, colour in KIND_COLOURS.items()])
        if summary is None or not maps:
            self.title.setText("No maps: open some, or summarise a folder.")
            self.table.set_columns(())
            return
        self.title.setText(
            f"{self._plane.title}: {_number(len(maps), 'CCD')}, {100 * summary.fraction:.3f} % of the pixels bad, "
            f"{_number(sum(summary.kinds.values()), 'defect')}{_left_out(summary)}"
        )
        odd = [f"{name}: {'; '.join(notes)}" for name, notes in summary.notes.items()]
        self.title.setToolTip("\n".join([self.title.text(), self._plane.folder, *summary.problems, *odd]))
        self._fill(summary)

    def _fill(self, summary: FocalPlaneSummary) -> None:
        columns, rows = _numbers(summary)
        place, is_descending = self._order
        if place < len(columns):
            rows[1:] = sorted(rows[1:], key=lambda row: row[place], reverse=is_descending)
        if [column.title for column in columns] != [self.table.headerItem().text(n) for n in range(len(columns))]:
            self.table.set_columns(columns)
            self.table.header().setSectionsClickable(True)
        shown = f"ccd{self._shown:02d}"
        bold = [number for number, row in enumerate(rows) if row[0] in (_ALL, shown)]
        cells = [[_cell(column, value) for column, value in zip(columns, row, strict=True)] for row in rows]
        self.table.fill(cells, bold=bold)

    def _sort(self, column: int) -> None:
        """By another column, large numbers first; again for the other way round."""
        before, is_descending = self._order
        self._order = (column, not is_descending if column == before else column > 0)
        if self._plane.summary is not None:
            self._fill(self._plane.summary)

    def _row_chosen(self, item: QTreeWidgetItem) -> None:
        name = item.text(0)
        if name != _ALL:
            self.ccd_chosen.emit(int(name.removeprefix("ccd")))

    def _table(self) -> Table:
        summary = self._plane.summary
        if summary is None:
            raise ValueError("there is no summary to export")
        return summary_table(summary)

    def _about(self) -> dict[str, Any]:
        summary = self._plane.summary
        about: dict[str, Any] = {"maps": self._plane.folder or "open audits"}
        if summary is not None:
            about |= {"fraction_bad": summary.fraction, "left_out": list(summary.problems)}
        return about


def _tiles(maps: Mapping[str, MapSummary]) -> list[Tile]:
    """All CCDs of the camera; those without a map have no value."""
    tiles = []
    for detector in megacam_camera():
        one = maps.get(detector.name)
        x, y = detector.orientation.fp_position
        width, height = detector.bbox.width * detector.pixel_size[0], detector.bbox.height * detector.pixel_size[1]
        value = math.nan if one is None else 100 * one.fraction
        tip = f"{detector.name}: no map" if one is None else f"{detector.name}: {value:.3f} % bad, click to go there"
        tiles.append(Tile(detector.id, f"{detector.id:02d}", x, y, width, height, value, tip))
    return tiles


def _left_out(summary: FocalPlaneSummary) -> str:
    count = len(summary.problems)
    return f"; {_number(count, 'file')} left out, see the tooltip" if count else ""


def _number(count: int, what: str) -> str:
    return f"{count_text(count)} {what}{'' if count == 1 else 's'}"


def _numbers(summary: FocalPlaneSummary) -> tuple[list[Column], list[list[Any]]]:
    """Columns, and rows of values: the sums first."""
    kinds = [kind for kind in KIND_COLOURS if any(_count(one.kinds, kind) for one in summary.maps)]
    statuses = [status for status in STATUS_MARKS if any(_count(one.statuses, status) for one in summary.maps)]
    amplifiers = sorted({name for one in summary.maps for name in one.fractions})
    columns = [Column("CCD", "Click to go there", is_text=True), Column("Bad %", "Flagged part of its pixels")]
    columns += [Column(f"{name} %", f"The same of amplifier {name}") for name in amplifiers]
    columns.append(Column("Defects", "Flagged defects"))
    columns += [Column(kind.capitalize(), f"Defects of kind {kind}") for kind in kinds]
    columns += [Column(f"{STATUS_MARKS[status]} {status}", f"Defects that are {status}") for status in statuses]
    columns.append(Column("Worst columns", "Column (trimmed, from 0): its flagged pixels", is_text=True))

    def row(name: str, of: Sequence[MapSummary], fraction: float, worst: str) -> list[Any]:
        amplifier_parts = [100 * sum(one.fractions.get(amp, 0.0) for one in of) / len(of) for amp in amplifiers]
        by_kind = [sum(_count(one.kinds, kind) for one in of) for kind in kinds]
        by_status = [sum(_count(one.statuses, status) for one in of) for status in statuses]
        return [name, 100 * fraction, *amplifier_parts, sum(by_kind), *by_kind, *by_status, worst]

    all_worst = ", ".join(f"{name} {x}: {count}" for name, x, count in summary.worst_columns(_WORST))
    rows = [row(_ALL, summary.maps, summary.fraction, all_worst)]
    for one in summary.maps:
        worst = ", ".join(f"{x}: {count}" for x, count in one.worst_columns[:_WORST])
        rows.append(row(one.detector, [one], one.fraction, worst))
    return columns, rows


def _count(counts: Mapping[Any, int], word: str) -> int:
    """The keys are words as well."""
    return counts.get(word, 0)


def _cell(column: Column, value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return value if column.is_text else count_text(value)
