"""A small box at the step on screen as a surface or as contours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.choosers import PlanesButton
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.plots.number_table import box_text, number_text
from isrviewer.plots.relief import Relief, contour_levels, contour_lines, make_relief
from isrviewer.render.colour import ColourMap, map_colours
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.geom import Box
    from isrcore.inspect.results import RunResults

__all__ = ["SurfacePanel"]

SURFACE, CONTOURS = "Surface", "Contours"
_Lines = list[tuple[float, np.ndarray, np.ndarray]]


class SurfacePanel(InspectorPanel):
    """The box drawn last."""

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._relief: Relief | None = None

    def build(self) -> None:
        from isrviewer.plots.plot import Plot
        from isrviewer.plots.surface_view import SurfaceView

        self.title = ElidedLabel()
        self.kind = QComboBox()
        self.kind.setToolTip("Draw the box as a surface or as contours")
        self.kind.addItems((SURFACE, CONTOURS))
        self.planes = PlanesButton(core_inspect.results.EXCLUDED)
        self.planes.choose(())
        self.planes.changed.connect(self.refresh)
        self.surface = SurfaceView()
        self.contours = Plot(("x", "pixel, 0-based"), ("y", "pixel, 0-based"))
        self.contours.getPlotItem().setAspectLocked(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.surface)
        self.stack.addWidget(self.contours)
        self.kind.currentIndexChanged.connect(self.stack.setCurrentIndex)
        self.export = ExportButton("surface", self._table, self.about, self.stack)
        self.export.done.connect(self.say)
        self.column.addLayout(top_line(ControlRow(self.kind, self.planes, self.export), self.title))
        self.column.addWidget(self.stack, 1)

    def session_changed(self, old: Session, new: Session) -> None:
        if old.box != new.box:
            self.refresh()
        else:
            super().session_changed(old, new)

    def ask(self) -> None:
        drawn = self.model.session.box
        if drawn is None:
            self.say("Draw a box over the image: hold Shift and drag with the left button.")
            return
        focused, exclude = self.focused_result(), self.planes.planes

        def job(run: RunResults) -> tuple[str, Relief, _Lines]:
            step = run.step(focused)
            layout = run.layout(step) if step is not None else None
            if step is None or step.exposure is None or layout is None:
                raise ValueError("There are no planes of this step: run the chain up to it.")
            pixels = core_inspect.layout.cut_out(step.exposure, layout, drawn.box, run.layout_named(drawn.frame))
            relief = make_relief(pixels, step.unit, exclude)
            levels = contour_levels(relief.limits)
            return step.label, relief, [(level, *contour_lines(relief, level)) for level in levels]

        self.compute(job, lambda answer: self._show(drawn.box, *answer), (focused,))

    def _show(self, box: Box, label: str, relief: Relief, lines: _Lines) -> None:
        self._relief = relief
        blocks = "" if relief.block == 1 else f", means of {relief.block} × {relief.block} pixels"
        self.title.setText(f"{label} · {box_text(box)}{blocks}")
        self.surface.show_relief(relief)
        # The ends of the map would not show on a light or a dark ground.
        shades = map_colours(ColourMap("viridis"))[np.linspace(40, 215, max(len(lines), 1)).astype(np.intp)]
        with self.contours.redraw():
            for number, ((level, x, y), shade) in enumerate(zip(lines, shades.tolist(), strict=False)):
                colour = f"#{shade & 0xFFFFFF:06x}"
                self.contours.segments(x, y, colour, number, f"{number_text(level, 6)} {relief.unit}")
        self.contours.see_all()

    def _table(self) -> Table:
        if self._relief is None:
            return core_inspect.tables.grid_table(np.empty(0), np.empty(0), np.empty((0, 0)), "ADU")
        return core_inspect.tables.grid_table(self._relief.x, self._relief.y, self._relief.z, self._relief.unit)
