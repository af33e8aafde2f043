"""Statistics of a box at several steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.choosers import ALL, PlanesButton, StepsButton
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.plots.number_table import Column, NumberTable, box_text, column_texts, count_text
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import show_step
from isrviewer.session.drawn import DrawnBox

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.box_statistics import BoxRow
    from isrcore.inspect.results import RunResults

__all__ = ["StatisticsPanel"]

_COLUMNS = (
    Column("Step", "Double click shows the step", is_text=True),
    Column("Unit", "Of all values in the row", is_text=True),
    Column("Mean", "Of the pixels that are not left out"),
    Column("± error", "Standard deviation over the square root of the number of pixels"),
    Column("Median"),
    Column("σ", "Standard deviation of all pixels"),
    Column("Clipped mean", "After three iterations at 3 σ"),
    Column("Clipped σ", "After three iterations at 3 σ"),
    Column("Expected σ", "Square root of the mean of the variance plane"),
    Column("MAD", "Median absolute deviation from the median; times 1.4826 it is the σ of a Gaussian"),
    Column("Min"),
    Column("Max"),
    Column("Pixels", "That count"),
    Column("Masked", "Left out because of their mask planes"),
    Column("Not finite", "NaN or infinite, left out"),
    Column("Outside", "Of the frame of this step"),
)


class StatisticsPanel(InspectorPanel):
    """Table of one box, one row per step."""

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._rows: tuple[BoxRow, ...] = ()

    def build(self) -> None:
        self.title = ElidedLabel()
        self.steps = StepsButton(self.runs, ALL)
        self.steps.changed.connect(self.refresh)
        self.planes = PlanesButton(core_inspect.results.EXCLUDED)
        self.planes.changed.connect(self.refresh)
        self.table = NumberTable(_COLUMNS)
        self.table.itemActivated.connect(lambda item: self._show_step(self.table.indexOfTopLevelItem(item)))
        self.export = ExportButton("statistics", self._table, self.about)
        self.export.done.connect(self.say)
        self.column.addLayout(top_line(ControlRow(self.steps, self.planes, self.export), self.title))
        self.column.addWidget(self.table, 1)

    def session_changed(self, old: Session, new: Session) -> None:
        if old.box != new.box:
            self.refresh()
        else:
            super().session_changed(old, new)

    def ask(self) -> None:
        drawn = self.model.session.box
        if drawn is None:
            self._show(None, ())
            self.say("Draw a box over the image: hold Shift and drag with the left button.")
            return
        names, exclude = self.steps.names(self.model.session), self.planes.planes

        def job(run: RunResults) -> tuple[BoxRow, ...]:
            layout = run.layout_named(drawn.frame)
            return core_inspect.box_statistics.box_statistics(run, names, drawn.box, layout, exclude)

        self.compute(job, lambda rows: self._show(drawn, rows), names)

    def _show(self, drawn: DrawnBox | None, rows: tuple[BoxRow, ...]) -> None:
        self._rows = rows
        self.title.setText("" if drawn is None else f"{box_text(drawn.box)} of the {drawn.frame} frame")
        quiet = [number for number, row in enumerate(rows) if not row.used]
        self.table.fill(_cells(rows), quiet)

    def _show_step(self, number: int) -> None:
        if 0 <= number < len(self._rows):
            self.model.change(show_step(self.model.session, self._rows[number].step))

    def _table(self) -> Table:
        drawn = self.model.session.box
        meta = {} if drawn is None else {"box": drawn.box.to_fits_section(), "frame of box": drawn.frame}
        return core_inspect.tables.box_table(self._rows, meta)


_VALUES = (
    ("mean", 7),
    ("mean_error", 3),
    ("median", 7),
    ("sigma", 5),
    ("clipped_mean", 7),
    ("clipped_sigma", 5),
    ("expected_sigma", 5),
    ("mad", 5),
    ("minimum", 7),
    ("maximum", 7),
)


def _cells(rows: tuple[BoxRow, ...]) -> list[list[str]]:
    words = [row.unit if row.on_hand else "not kept" for row in rows]
    columns = [[row.label for row in rows], words]
    columns += [column_texts([getattr(row, name) for row in rows], digits, empty="–") for name, digits in _VALUES]
    for name in ("used", "masked", "not_finite", "outside"):
        columns.append([count_text(getattr(row, name)) if getattr(row, name) else "–" for row in rows])
    return [list(cells) for cells in zip(*columns, strict=True)]
