"""Cuts along a row, a column or a line, the same cut at several steps in one plot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QWidget

from isrcore import inspect as core_inspect
from isrcore.inspect.layout import Layout
from isrviewer.plots.choosers import PlanesButton, StepsButton
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.plots.number_table import number_text
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.cuts import Cut, CutPath
    from isrcore.inspect.results import RunResults

__all__ = ["CutsPanel"]

_READOUT = 160
ROW, COLUMN, LINE = "Row", "Column", "Line"


class CutsPanel(InspectorPanel):
    """Plot of cuts; rows and columns go through the pixel under the cursor, lines where the user drew one.

    Signals
    -------
    place_chosen(int, int)
        A click in the plot: pixel in the frame of the cut, 0-based.
    """

    place_chosen = Signal(int, int)

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._raw: tuple[int, int] | None = None
        self._cuts: tuple[Cut, ...] = ()
        self._what = ""

    def build(self) -> None:
        from isrviewer.plots.plot import Plot

        self.kind = QComboBox()
        self.kind.addItems((ROW, COLUMN, LINE))
        if self.model.session.line is not None:
            self.kind.setCurrentText(LINE)
        self.kind.setToolTip("Row or column through the cursor, or a line drawn with Ctrl and the left button")
        self.kind.currentIndexChanged.connect(self.refresh)
        self.follow = QCheckBox("Follow the cursor")
        self.follow.setChecked(True)
        self.follow.setToolTip("Off: the cut stays where it is")
        self.width_box = QSpinBox(minimum=1, maximum=999, prefix="width ", suffix=" px")
        self.width_box.setToolTip("Pixels averaged across the cut; masked ones do not count")
        self.width_box.valueChanged.connect(self.refresh)
        self.robust = QCheckBox("Central 99 %")
        self.robust.setToolTip(
            "Scale the values without the highest and lowest half per cent: stars do not hide the sky"
        )
        self.robust.toggled.connect(self._see)
        self.steps = StepsButton(self.runs)
        self.steps.changed.connect(self.refresh)
        self.planes = PlanesButton(core_inspect.results.EXCLUDED)
        self.planes.changed.connect(self.refresh)
        self.readout = ElidedLabel()
        self.readout.setMinimumWidth(_READOUT)
        self.plot = Plot(("x", "pixel, 0-based"), ("value", "ADU"))
        self.plot.pointed.connect(self._read)
        self.plot.picked.connect(self._pick)
        self.export = ExportButton("cut", self._table, self.about, self.plot)
        self.export.done.connect(self.say)
        where = (self.kind, self.follow, self.width_box, self.robust)
        controls = ControlRow(*where, self.steps, self.planes, self.export)
        self.column.addLayout(top_line(controls, self.readout, text_first=False))
        self.column.addWidget(self.plot, 1)

    def show_cursor(self, raw: tuple[int, int] | None) -> None:
        """The cursor is on this raw pixel, or on none."""
        if raw is None or raw == self._raw:
            return
        if not self._is_built:
            self._raw = raw
        elif self.follow.isChecked() and self.kind.currentText() != LINE:
            self._raw = raw
            self.refresh()

    def session_changed(self, old: Session, new: Session) -> None:
        if old.line == new.line:
            super().session_changed(old, new)
        elif self._is_built:
            if new.line is not None:
                self.kind.setCurrentText(LINE)
            self.refresh()

    def ask(self) -> None:
        kind, width, raw = self.kind.currentText(), self.width_box.value(), self._raw
        line = self.model.session.line
        if line is None and kind == LINE:
            self._show("", ())
            self.say("Draw a line over the image: hold Ctrl and drag with the left button.")
            return
        if raw is None and kind != LINE:
            self.say("Move the cursor over the image.")
            return
        names, exclude = self.steps.names(self.model.session), self.planes.planes
        focused = self.focused_result()

        def job(run: RunResults) -> tuple[str, tuple[Cut, ...]]:
            if line is not None and kind == LINE:
                path = core_inspect.cuts.CutPath(line.x0, line.y0, line.x1, line.y1, width)
                of = run.layout_named(line.frame)
            else:
                assert raw is not None
                path, of = _through(raw, kind, width, _layout(run, focused))
            return _title(kind, path, of), core_inspect.cuts.take_cuts(run, names, path, of, exclude)

        def _layout(run: RunResults, name: str) -> Layout:
            """Of the step on screen; a step that is not on hand counts as assembled."""
            step = run.step(name)
            found = run.layout(step) if step is not None else None
            if found is None and run.detector is not None:
                return Layout.assembled(run.detector)
            if found is None:
                raise ValueError("There are no planes of this step: run the chain up to it.")
            return found

        self.compute(job, lambda answer: self._show(*answer), (focused, *names))

    def _show(self, what: str, cuts: tuple[Cut, ...]) -> None:
        moved = what.partition(" ")[0] != self._what.partition(" ")[0]
        self._what, self._cuts = what, cuts
        self.readout.setText(what)
        with self.plot.redraw():
            self._draw(cuts)
        if not cuts:
            self.say("No step to cut through is on hand.")
        elif moved or self.robust.isChecked():
            self._see()

    def _draw(self, cuts: tuple[Cut, ...]) -> None:
        self.plot.set_axis("left", "value", " / ".join(dict.fromkeys(cut.unit for cut in cuts)))
        kind = self.kind.currentText()
        names = {ROW: ("x", "pixel, 0-based"), COLUMN: ("y", "pixel, 0-based"), LINE: ("distance", "pixel")}
        self.plot.set_axis("bottom", *names[kind])
        is_named = False
        for number, cut in enumerate(cuts):
            along = self._along(cut)
            self.plot.curve(along, cut.value, number, cut.label)
            has_flagged = bool(np.isfinite(cut.flagged).any())
            self.plot.marks(along, cut.flagged, number, "" if is_named else "masked")
            is_named = is_named or has_flagged

    def _see(self) -> None:
        values = np.concatenate([np.empty(0), *(cut.value for cut in self._cuts)])
        values = values[np.isfinite(values)]
        if self.robust.isChecked() and values.size:
            self.plot.see_heights(*np.quantile(values, (0.005, 0.995)).tolist())
        else:
            self.plot.see_all()

    def _along(self, cut: Cut) -> np.ndarray:
        return {ROW: cut.x, COLUMN: cut.y, LINE: cut.distance}[self.kind.currentText()]

    def _nearest(self, x: float) -> int | None:
        if not self._cuts:
            return None
        return int(np.argmin(np.abs(self._along(self._cuts[0]) - x)))

    def _read(self, x: float, _y: float) -> None:
        """The values of all curves where the mouse is."""
        place = self._nearest(x)
        if place is None:
            return
        first = self._cuts[0]
        values = []
        for cut in self._cuts:
            value, is_masked = float(cut.value[place]), False
            if math.isnan(value):
                value, is_masked = float(cut.flagged[place]), True
            shown = f"{number_text(value, 6)} {cut.unit}{' masked' if is_masked else ''}"
            values.append(f"{cut.label} {'no value' if math.isnan(value) else shown}")
        self.readout.setText(f"{self._what} · x {first.x[place]} y {first.y[place]}: {' · '.join(values)}")

    def _pick(self, x: float, _y: float) -> None:
        place = self._nearest(x)
        if place is not None:
            self.place_chosen.emit(int(self._cuts[0].x[place]), int(self._cuts[0].y[place]))

    def _table(self) -> Table:
        return core_inspect.tables.cut_table(self._cuts)


def _through(raw: tuple[int, int], kind: str, width: int, of: Layout) -> tuple[CutPath, Layout]:
    place = of.from_raw(*raw)
    if place is None:
        raise ValueError(f"Raw pixel {raw[0]} {raw[1]} is not in the frame on screen: it was trimmed away.")
    if kind == ROW:
        return core_inspect.cuts.CutPath.row(place[1], of.box, width), of
    return core_inspect.cuts.CutPath.column(place[0], of.box, width), of


def _title(kind: str, path: CutPath, of: Layout) -> str:
    frame = "" if of.name == "assembled" else f", {of.name} frame"
    if kind == ROW:
        return f"Row y {path.y0}{frame}"
    if kind == COLUMN:
        return f"Column x {path.x0}{frame}"
    return f"Line {path.x0} {path.y0} to {path.x1} {path.y1}{frame}"
