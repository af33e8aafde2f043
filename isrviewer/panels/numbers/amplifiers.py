"""The amplifiers side by side: level, noise, gain, flagged pixels, and the jump where they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSplitter, QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.choosers import ALL, PlanesButton, StepsButton
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.plots.number_table import Column, NumberTable, column_texts, count_text
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.amplifiers import AmplifierRow, SeamJump
    from isrcore.inspect.results import RunResults

__all__ = ["AmplifiersPanel"]

_QUANTITY = Column("Quantity", is_text=True)
_UNIT = Column("Unit", is_text=True)
_SEAMS = (
    Column("Step", is_text=True),
    Column("Border", "First and second amplifier", is_text=True),
    Column("Jump", "Second minus first amplifier, next to the border"),
    Column("± error", "Standard error over the rows"),
    Column("Unit", is_text=True),
    Column("Rows", "Rows with usable pixels on both sides"),
)


class AmplifiersPanel(InspectorPanel):
    """Table of the amplifiers at the step on screen, and of the jumps between them at several steps."""

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._rows: tuple[AmplifierRow, ...] = ()
        self._jumps: tuple[SeamJump, ...] = ()

    def build(self) -> None:
        self.title = ElidedLabel()
        self.steps = StepsButton(self.runs, ALL)
        self.steps.setToolTip("Steps at which the jump between the amplifiers is measured")
        self.steps.changed.connect(self.refresh)
        self.planes = PlanesButton(core_inspect.results.EXCLUDED)
        self.planes.changed.connect(self.refresh)
        self.table = NumberTable((_QUANTITY, _UNIT))
        self.seams = NumberTable(_SEAMS)
        self.export = ExportButton("amplifiers", self._table, self.about)
        self.export.done.connect(self.say)
        self.export_seams = ExportButton("amplifier_jumps", self._seam_table, self.about)
        self.export_seams.setText("Export jumps")
        self.export_seams.done.connect(self.say)
        controls = ControlRow(self.steps, self.planes, self.export, self.export_seams)
        split = QSplitter()
        split.addWidget(self.table)
        split.addWidget(self.seams)
        self.column.addLayout(top_line(controls, self.title))
        self.column.addWidget(split, 1)

    def ask(self) -> None:
        focused, names, exclude = self.focused_result(), self.steps.names(self.model.session), self.planes.planes

        def job(run: RunResults) -> tuple[str, tuple[AmplifierRow, ...], tuple[SeamJump, ...]]:
            step = run.step(focused)
            label = step.label if step is not None else focused
            measure = core_inspect.amplifiers
            return label, measure.amplifier_rows(run, focused, exclude), measure.seam_jumps(run, names, exclude)

        self.compute(job, lambda answer: self._show(*answer), (focused, *names))

    def _show(self, label: str, rows: tuple[AmplifierRow, ...], jumps: tuple[SeamJump, ...]) -> None:
        self._rows, self._jumps = rows, jumps
        self.title.setText(f"Amplifiers after {label}, and the jump between them")
        self.table.set_columns((_QUANTITY, *(Column(row.amplifier) for row in rows), _UNIT))
        self.table.fill(_cells(rows))
        self.seams.fill(
            zip(
                [jump.label for jump in jumps],
                [f"{jump.first} | {jump.second}" for jump in jumps],
                column_texts([jump.jump for jump in jumps], 5, signed=True, empty="–"),
                column_texts([jump.error for jump in jumps], 2, empty="–"),
                [jump.unit for jump in jumps],
                [count_text(jump.rows) for jump in jumps],
                strict=True,
            )
        )
        if not rows:
            self.say("There are no planes of this step: run the chain up to it.")

    def _table(self) -> Table:
        return core_inspect.tables.amplifier_table(self._rows)

    def _seam_table(self) -> Table:
        return core_inspect.tables.seam_table(self._jumps)


def _cells(rows: tuple[AmplifierRow, ...]) -> list[list[str]]:
    """One line per quantity: two amplifiers compare best side by side."""
    if not rows:
        return []
    unit = rows[0].unit

    def line(name: str, values: list[float], unit: str, digits: int = 6) -> list[str]:
        return [name, *column_texts(values, digits, empty="–"), unit]

    cells = [
        line("level, median", [row.level for row in rows], unit, 7),
        line("noise, clipped σ", [row.sigma for row in rows], unit),
        line("overscan level, raw", [row.overscan_level for row in rows], "ADU", 7),
        line("read noise, from the overscan", [row.read_noise for row in rows], "ADU", 4),
        line("read noise, from the overscan", [row.read_noise_electron for row in rows], "electron", 4),
        line("read noise, nominal", [row.nominal_noise for row in rows], "electron", 4),
        line("gain", [row.gain for row in rows], "electron/ADU", 4),
        line("saturation", [row.saturation for row in rows], "ADU", 7),
        ["imaging pixels", *(count_text(row.pixels) for row in rows), ""],
    ]
    for plane in dict.fromkeys(plane for row in rows for plane, _ in row.flagged):
        shares = [100 * dict(row.flagged).get(plane, 0.0) for row in rows]
        cells.append([f"flagged {plane}", *(f"{share:.4f}" for share in shares), "%"])
    return cells
