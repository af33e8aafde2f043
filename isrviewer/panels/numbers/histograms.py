"""Histogram of each amplifier at the step on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QCheckBox, QSpinBox, QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.choosers import PlanesButton
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.plots.number_table import count_text, number_text
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.amplifiers import Histogram
    from isrcore.inspect.results import RunResults

__all__ = ["HistogramsPanel"]


class HistogramsPanel(InspectorPanel):
    """One curve per amplifier; counts linear or logarithmic."""

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._histograms: tuple[Histogram, ...] = ()
        self._label = ""

    def build(self) -> None:
        from isrviewer.plots.plot import Plot

        self.title = ElidedLabel()
        self.log = QCheckBox("Logarithmic")
        self.log.setChecked(True)
        self.log.setToolTip("Counts on a logarithmic axis; empty bins are left out")
        self.log.toggled.connect(lambda *_: self._draw(see_all=True))
        self.bins = QSpinBox(minimum=16, maximum=4096, singleStep=64, prefix="bins ")
        self.bins.setValue(256)
        self.bins.setToolTip("Most bins; for integer pixels they are whole numbers wide")
        self.bins.valueChanged.connect(self.refresh)
        self.planes = PlanesButton(core_inspect.results.EXCLUDED)
        self.planes.changed.connect(self.refresh)
        self.plot = Plot(("value", "ADU"), ("pixels in a bin", ""))
        self.plot.pointed.connect(self._read)
        self.export = ExportButton("histogram", self._table, self.about, self.plot)
        self.export.done.connect(self.say)
        self.column.addLayout(top_line(ControlRow(self.log, self.bins, self.planes, self.export), self.title))
        self.column.addWidget(self.plot, 1)

    def ask(self) -> None:
        focused, bins, exclude = self.focused_result(), self.bins.value(), self.planes.planes

        def job(run: RunResults) -> tuple[str, tuple[Histogram, ...]]:
            step = run.step(focused)
            label = step.label if step is not None else focused
            return label, core_inspect.amplifiers.histograms(run, focused, exclude, bins)

        self.compute(job, lambda answer: self._show(*answer), (focused,))

    def _show(self, label: str, found: tuple[Histogram, ...]) -> None:
        self._label, self._histograms = label, found
        if not found:
            self.say("There are no planes of this step: run the chain up to it.")
        self._draw(see_all=True)

    def _draw(self, see_all: bool) -> None:
        self.title.setText(self._label)
        if self._histograms:
            self.plot.set_axis("bottom", "value", self._histograms[0].unit)
        logarithmic = self.log.isChecked()
        powers = [(power, f"{10**power:,}".replace(",", "\u202f")) for power in range(9)]
        self.plot.ticks("left", powers if logarithmic else None)
        with self.plot.redraw():
            self._draw_curves(logarithmic)
        if see_all:
            self.plot.see_all()

    def _draw_curves(self, logarithmic: bool) -> None:
        for number, each in enumerate(self._histograms):
            counts = each.counts.astype(np.float64)
            if logarithmic:
                # Half a pixel instead of none keeps the outline closed at the lower edge.
                counts = np.log10(np.maximum(counts, 0.5))
            beyond = each.below + each.above
            name = f"amp {each.amplifier}" + (f", {count_text(beyond)} beyond" if beyond else "")
            self.plot.curve(each.edges, counts, number, name, steps=True)

    def _read(self, x: float, _y: float) -> None:
        words = []
        for each in self._histograms:
            place = int(np.searchsorted(each.edges, x, side="right")) - 1
            if 0 <= place < each.counts.size:
                words.append(f"amp {each.amplifier} {count_text(int(each.counts[place]))}")
                low, high = (number_text(float(edge), 7) for edge in each.edges[place : place + 2])
        if words:
            unit = self._histograms[0].unit
            self.title.setText(f"{self._label} · {low} to {high} {unit}: {' · '.join(words)} pixels")

    def _table(self) -> Table:
        return core_inspect.tables.histogram_table(self._histograms)
