"""Cuts along the row and the column of a defect, its own pixels shaded."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QWidget

from isrviewer.audit.cutouts import Cutout, Profile, profile, runs_of
from isrviewer.panels.defects.cutouts import Scene
from isrviewer.plots.plot import Plot
from isrviewer.theme import GRID

__all__ = ["ProfilePlots"]

_SHADE = "#F0A030"
_TO_SIGMA = 1.4826
_WIDE = 180


class ProfilePlots(QWidget):
    """Two plots side by side.

    One frame is shown in its unit; several, which have levels and units of their own, in sigma from their medians.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.plots: dict[str, Plot] = {}
        for axis, word in (("x", "Row"), ("y", "Column")):
            plot = self.plots[axis] = Plot((axis, "trimmed, from 0"), ("value", ""))
            plot.setMinimumSize(100, 80)
            for side in ("bottom", "left"):
                small = _small(self.font())
                plot.getPlotItem().getAxis(side).setStyle(maxTextLevel=0, tickFont=small)
                plot.getPlotItem().getAxis(side).setLabel(**{"font-size": f"{small.pointSizeF()}pt"})
            plot.setToolTip(f"{word} through the defect: median over its pixels; the defect is shaded")
            plot.setAccessibleName(f"{word} through the defect")
            row.addWidget(plot, 1)

    def show_scene(self, scene: Scene | None, chosen: tuple[Cutout, ...]) -> None:
        """Draw the cuts of the chosen cut-outs."""
        for axis, plot in self.plots.items():
            with plot.redraw():
                if scene is not None:
                    self._draw(plot, axis, scene, chosen)

    def _draw(self, plot: Plot, axis: str, scene: Scene, chosen: tuple[Cutout, ...]) -> None:
        flags = np.asarray(scene.defect.any(axis=0 if axis == "x" else 1))
        first, length = (scene.box.x0, scene.box.width) if axis == "x" else (scene.box.y0, scene.box.height)
        for number, (begin, end) in enumerate(runs_of(flags)):
            plot.band(first + begin - 0.5, first + end - 0.5, _SHADE, number)
        is_single = len(chosen) == 1
        for number, one in enumerate(chosen):
            found = profile(one.values, scene.defect, scene.box, axis)
            along = found.first + np.arange(len(found.values))
            values = found.values if is_single else _in_sigma(found, flags)
            # In a narrow plot the names would hide the curves; their colours are those of the frames.
            plot.curve(along, values, number, one.witness.title if not is_single and plot.width() >= _WIDE else "")
            plot.points(along, values, number, 3)
        unit = chosen[0].witness.unit if is_single else "σ"
        plot.set_axis("left", unit or "relative", "")
        across = np.asarray(scene.defect.any(axis=1 if axis == "x" else 0))
        plot.set_axis("bottom", _across(axis, across, scene), "")
        plot.getPlotItem().getAxis("bottom").setTickSpacing(length // 20 * 10, length // 20 * 5)
        plot.getPlotItem().setXRange(first - 0.5, first + length - 0.5, padding=0)
        plot.getPlotItem().enableAutoRange(axis="y")


def _in_sigma(found: Profile, flags: np.ndarray) -> np.ndarray:
    finite = np.isfinite(found.values)
    usual = found.values[finite & ~flags] if (finite & ~flags).any() else found.values[finite]
    if not usual.size:
        return np.full(len(found.values), np.nan)
    level = np.median(usual)
    scatter = _TO_SIGMA * np.median(np.abs(usual - level)) or np.std(usual) or 1.0
    return (found.values - level) / scatter


def _small(font: QFont) -> QFont:
    smaller = QFont(font)
    smaller.setPointSizeF(font.pointSizeF() - 1)
    return smaller


def _across(axis: str, across: np.ndarray, scene: Scene) -> str:
    """Along which row or rows the cut goes."""
    word, first = ("row", scene.box.y0) if axis == "x" else ("column", scene.box.x0)
    places = np.flatnonzero(across)
    if not places.size:
        return axis
    low, high = first + int(places[0]), first + int(places[-1])
    return f"{word} {low}" if low == high else f"{word}s {low}–{high}"
