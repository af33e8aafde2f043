"""The overscan of every amplifier: strip, level of each row, model, residual, rejected pixels, jump at the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QSplitter, QVBoxLayout, QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.controls import ControlRow, top_line
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel, result_names
from isrviewer.plots.number_table import count_text, number_text
from isrviewer.plots.strip import STRIP_SIGMA, strip_picture
from isrviewer.runner.model import RunModel
from isrviewer.session import SessionModel

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.amplifiers import SeamJump
    from isrcore.inspect.overscan import OverscanDetail
    from isrcore.inspect.results import RunResults

__all__ = ["OverscanView"]

_STEP = "overscanCorrection"
_SIGNIFICANT = 5.0
"""Standard errors from which on a residual is told."""


class _AmplifierPlots(QWidget):
    """Strip, levels and residuals of one amplifier under each other, along one axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        from isrviewer.plots.plot import Plot

        super().__init__(parent)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.strip = Plot(("row", "raw pixel"), ("raw x", "px"))
        self.levels = Plot(("row", "raw pixel"), ("level", "ADU"))
        self.residuals = Plot(("row", "raw pixel"), ("residual", "ADU"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.facts)
        for plot, share in ((self.strip, 2), (self.levels, 3), (self.residuals, 4)):
            plot.setMinimumHeight(48)
            plot.getPlotItem().getAxis("left").setWidth(56)
            column.addWidget(plot, share)
        for plot in (self.strip, self.levels):
            # The lowest plot carries the numbers of all three.
            plot.getPlotItem().hideAxis("bottom")
            plot.setXLink(self.residuals)
        self.strip.setToolTip(f"Black to white: level ± {STRIP_SIGMA:g} σ; rejected pixels in orange")

    def show_detail(self, detail: OverscanDetail, picture: np.ndarray, see_all: bool) -> None:
        along, across = ("column", "y") if detail.along_x else ("row", "x")
        box = detail.box
        start, length, low, breadth = box.y0, box.height, box.x0, box.width
        if detail.along_x:
            start, length, low, breadth = box.x0, box.width, box.y0, box.height
        self.facts.setText(_facts(detail))
        self.strip.set_axis("left", f"raw {across}", "px")
        self.residuals.set_axis("bottom", f"raw {along}", "0-based")
        with self.strip.redraw(), self.levels.redraw(), self.residuals.redraw():
            self.strip.picture(picture, start - 0.5, low - 0.5, length, breadth)
            self.levels.curve(detail.position, detail.measured, 0, f"measured per {along}")
            if detail.model is not None and detail.residual is not None:
                self.levels.curve(detail.position, detail.model, 1, "model", width=2)
                self.residuals.curve(detail.position, detail.residual, 0, "measured − model")
                self.residuals.level(0.0, 1)
                extrapolated = np.where(detail.extrapolated, detail.model, np.nan)
                self.levels.marks(detail.position, extrapolated, 2, "extrapolated")
        if see_all:
            for plot in (self.strip, self.levels, self.residuals):
                plot.see_all()


class OverscanView(InspectorPanel):
    """All amplifiers side by side."""

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self.amplifiers: dict[str, _AmplifierPlots] = {}
        self._details: tuple[OverscanDetail, ...] = ()

    def build(self) -> None:
        self.jumps = ElidedLabel()
        self.corrected = QCheckBox("Strip after correction")
        self.corrected.setToolTip("Show the overscan pixels minus the model instead of the raw ones")
        self.corrected.toggled.connect(self.refresh)
        self.split = QSplitter()
        self.export = ExportButton("overscan", self._table, self.about, self.split)
        self.export.done.connect(self.say)
        self.column.addLayout(top_line(ControlRow(self.corrected, self.export), self.jumps))
        self.column.addWidget(self.split, 1)

    def ask(self) -> None:
        corrected, names = self.corrected.isChecked(), result_names(self.runs)
        around = (names[names.index(_STEP) - 1], _STEP) if _STEP in names else ()

        def job(run: RunResults) -> tuple[tuple[OverscanDetail, ...], list[np.ndarray], tuple[SeamJump, ...]]:
            details = core_inspect.overscan.overscan_details(run)
            jumps = core_inspect.amplifiers.seam_jumps(run, around)
            return details, [strip_picture(detail, corrected) for detail in details], jumps

        self.compute(job, lambda answer: self._show(*answer), around)

    def _show(
        self, details: tuple[OverscanDetail, ...], pictures: list[np.ndarray], jumps: tuple[SeamJump, ...]
    ) -> None:
        names = [detail.amplifier for detail in details]
        if names != list(self.amplifiers):
            for plots in self.amplifiers.values():
                plots.deleteLater()
            self.amplifiers = {name: _AmplifierPlots() for name in names}
            for plots in self.amplifiers.values():
                self.split.addWidget(plots)
        for before, detail, picture in zip([*self._details, *[None] * len(details)], details, pictures, strict=False):
            is_other = before is None or before.box != detail.box
            self.amplifiers[detail.amplifier].show_detail(detail, picture, is_other)
        self._details = details
        self.jumps.setText(_jumps(jumps))
        if not details:
            self.say("This frame has no overscan: its amplifiers have no overscan box inside the raw frame.")
        elif all(detail.model is None for detail in details):
            self.say("Overscan correction did not run: the raw strips are shown, without a model.")

    def _table(self) -> Table:
        return core_inspect.tables.overscan_table(self._details)


def _facts(detail: OverscanDetail) -> str:
    rejected = int(np.count_nonzero(detail.rejected))
    share = 100 * rejected / detail.rejected.size
    words = [f"Amplifier {detail.amplifier}", f"raw {detail.box.to_fits_section()} (FITS)"]
    before = f"{number_text(detail.level_before, 6)} ± {number_text(detail.sigma_before, 3)}"
    if detail.model is None:
        words.append(f"level {before} ADU, not corrected")
    else:
        after = f"{number_text(detail.level_after, 3)} ± {number_text(detail.sigma_after, 3)}"
        words.append(f"level and σ {before} → {after} ADU")
    words.append(f"rejected {count_text(rejected)} px ({share:.2g} %)")
    worst = detail.worst_residual
    if worst is not None and abs(worst[1]) > _SIGNIFICANT * worst[2]:
        along = "column" if detail.along_x else "row"
        words.append(f"model off by {number_text(worst[1], 3, signed=True)} ADU around {along} {worst[0]}")
    if detail.extrapolated.any():
        words.append(f"{count_text(int(np.count_nonzero(detail.extrapolated)))} rows extrapolated")
    return " · ".join(words)


def _jumps(jumps: tuple[SeamJump, ...]) -> str:
    """``Jump B − A: before +170.3 ± 0.1 ADU, after +1.2 ± 0.1 ADU``: the steps before overscan correction and it."""
    by_border: dict[tuple[str, str], list[str]] = {}
    for number, jump in enumerate(jumps):
        when = "before" if number < len(jumps) / 2 else "after"
        value = f"{number_text(jump.jump, 5, signed=True)} ± {number_text(jump.error, 2)} {jump.unit}"
        by_border.setdefault((jump.first, jump.second), []).append(f"{when} {value}")
    borders = [f"Jump {second} − {first}: {', '.join(words)}" for (first, second), words in by_border.items()]
    return f"{' · '.join(borders)} overscan correction" if borders else ""
