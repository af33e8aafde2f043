"""What is known about one defect: its place, what was decided, its numbers, and what the last edit did."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from isrviewer.audit.effects import EditEffect
from isrviewer.audit.style import status_colour, status_text
from isrviewer.plots.elided import ElidedLabel
from isrviewer.plots.number_table import Column, NumberTable, count_text, number_text
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from isrcore.audit.defect import Defect
    from isrcore.audit.statistics import DefectStatistics, PlaneStatistics
    from isrcore.camera import Detector

__all__ = ["Cure", "DefectFacts", "effect_texts", "statistics_rows"]

_COLUMNS = (
    Column("frame", "Bias, dark and flat of the run; science: the exposures, or the assembled frame", True),
    Column("value", "Mean of the defect's pixels; median in exposures. ADU; flats relative"),
    Column("around", "Median of places of the same shape beside it"),
    Column("± 1 σ", "Scatter of these places"),
    Column("σ", "Significance: (value − around) / scatter"),
)
_WIDTH, _FEWEST_ROWS = 288, 4

_LARGE = 1000.0
"""From here on nobody reads what stands behind the point."""

_HIGH = 170
"""Height from which there is room for the effect of the last edit."""



@dataclass(frozen=True)
class Cure:
    """Why edits cannot be seen in the run, and what would change that.

    Attributes
    ----------
    text, button : str
    action : str
        Id of the action, or name of the config field to switch on.
    """

    text: str
    button: str
    action: str


class DefectFacts(QWidget):
    """Facts of the chosen defect, numbers below them.

    Signals
    -------
    cure_asked(str)
        Id of an action, or a config field to switch on.
    """

    cure_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.place, self.extent, self.note = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self.table = NumberTable(_COLUMNS)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setAlternatingRowColors(False)
        self.table.viewport().setAutoFillBackground(False)
        self.table.setSelectionMode(NumberTable.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setToolTip("The defect against places of the same shape beside it")
        self.table.setAccessibleName("Statistics of the defect")
        self.table.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.table.setMinimumHeight(8 * GRID)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.share, self.residual, self.interpolated = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self.cure = QToolButton()
        self.cure.setToolTip("Let edits of the map reach the run")
        self.cure.clicked.connect(self._ask)
        self._cure: Cure | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label in (self.title, self.place, self.extent, self.note):
            column.addWidget(label)
        column.addSpacing(GRID // 2)
        column.addWidget(self.table, 100)
        for below in (self.share, self.residual, self.interpolated, self.cure):
            column.addWidget(below)
        column.addStretch(1)
        self.setFixedWidth(_WIDTH)
        self.show_cure(None)

    def show_defect(
        self, defect: Defect | None, detector: Detector | None, group: int = 0, is_empty: bool = False
    ) -> None:
        """Who is it, where is it, what was decided; of an empty queue that it is empty."""
        for label in (self.place, self.extent, self.note):
            label.setVisible(defect is not None)
        if defect is None:
            self.title.setText("This queue is empty." if is_empty else "No defect is chosen.")
            return
        status = str(defect.status)
        several = f" and {group - 1} more" if group > 1 else ""
        mark = f"<span style='color:{status_colour(status)}'>{html.escape(status_text(status))}</span>"
        self.title.setText(f"<b>Defect {defect.id}</b>{several} · {html.escape(str(defect.kind))} · {mark}")
        self.place.setText(_place(defect, detector))
        source = Path(defect.source).name or "no file"
        self.extent.setText(f"{_size(defect)}, from {source}")
        made = f"\nDecided by {defect.who}, {defect.when}" if defect.when else ""
        self.extent.setToolTip(f"{_size(defect)}\nFrom {defect.source or 'no file'}{made}")
        self.note.setText(f"“{defect.note}”" if defect.note else "No note")

    def show_statistics(self, statistics: DefectStatistics | None, why_not: str = "") -> None:
        """Numbers against the surroundings; without any, why there are none."""
        rows = [] if statistics is None else statistics_rows(statistics)
        self.table.fill(rows)
        lines = max(len(rows), _FEWEST_ROWS) * max(self.table.sizeHintForRow(0), self.fontMetrics().height())
        self.table.setMaximumHeight(self.table.header().sizeHint().height() + lines + GRID)
        self.share.setText(why_not if statistics is None else _share(statistics))

    def show_effect(self, effect: EditEffect | None, is_waiting: bool) -> None:
        """What the last edit did."""
        texts = ("The chain runs with the edit…", "") if is_waiting else effect_texts(effect)
        for label, text in zip((self.residual, self.interpolated), texts, strict=True):
            label.setText(text)

    def show_cure(self, cure: Cure | None) -> None:
        """Say why edits do not reach the run, and offer the switch."""
        self._cure = cure
        self.cure.setVisible(cure is not None)
        self._arrange()
        if cure is not None:
            self.cure.setText(cure.button)
            self.cure.setToolTip(cure.text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Where there is little room the numbers matter more than the effect of an edit."""
        for label in (self.residual, self.interpolated):
            label.setVisible(self._cure is None and self.height() >= _HIGH)

    def _ask(self) -> None:
        if self._cure is not None:
            self.cure_asked.emit(self._cure.action)


def statistics_rows(statistics: DefectStatistics) -> list[tuple[str, ...]]:
    """A row for each frame; several exposures are one row, the one of median significance."""
    calibrations = [one for one in statistics.planes if one.kind != "science"]
    science = [one for one in statistics.planes if one.kind == "science"]
    rows = [_row(str(one.kind), one) for one in calibrations]
    if len(science) == 1:
        rows.append(_row("science", science[0]))
    elif science:
        ordered = sorted(science, key=lambda one: one.significance if math.isfinite(one.significance) else 0.0)
        rows.append(_row(f"science of {len(science)}", ordered[len(ordered) // 2]))
    return rows


def _row(title: str, one: PlaneStatistics) -> tuple[str, ...]:
    decimals = _decimals(one.scatter)
    values = [_fixed(value, decimals) for value in (one.value, one.surroundings, one.scatter)]
    sigma = one.significance
    return (title, *values, _fixed(sigma, 1, signed=True))


def _decimals(scatter: float) -> int:
    """Two digits of the scatter: more say nothing."""
    if not math.isfinite(scatter) or scatter <= 0:
        return 2
    return min(max(1 - math.floor(math.log10(scatter)), 0), 5)


def _fixed(value: float, decimals: int, signed: bool = False) -> str:
    if not math.isfinite(value):
        return "–"
    if abs(value) >= _LARGE:
        decimals = 0
    return f"{value:{'+' if signed else ''}.{decimals}f}".replace("-", "−")


def _share(statistics: DefectStatistics) -> str:
    exposures = [one for one in statistics.planes if one.kind == "science"]
    science = len(exposures)
    if exposures and not any(math.isfinite(one.significance) for one in exposures):
        return "No good places of its shape beside it"
    if science > 1 and math.isfinite(statistics.misbehaving):
        return f"Misbehaves in {round(statistics.misbehaving * science)} of {science} exposures"
    return "In the open frame alone; Measure takes all" if science else "No science frame"


def _place(defect: Defect, detector: Detector | None) -> str:
    box = defect.bbox
    amps = [] if detector is None else [amp.name for amp in detector if not amp.bbox.intersect(box).is_empty]
    amp = f" · amp {' '.join(amps)}" if amps else ""
    return f"x {box.x0} y {box.y0}, trimmed, from 0{amp}"


def _size(defect: Defect) -> str:
    box, area = defect.bbox, defect.pixels.area
    whole = f"{box.width} × {box.height} pixels"
    return "1 pixel" if area == 1 else whole if area == box.area else f"{count_text(area)} pixels of {whole}"


def effect_texts(effect: EditEffect | None) -> tuple[str, str]:
    """Two lines: the residual, and the interpolated pixels, before and after."""
    if effect is None:
        return "Edits show their effect on the final frame here", ""
    before, after = effect.before, effect.after
    change = f"{after.interpolated - before.interpolated:+d}".replace("-", "−")
    residuals = [number_text(one.residual, 2, signed=True) or "–" for one in (before, after)]
    which = f", defect {effect.defects[0]}" if len(effect.defects) == 1 else ""
    return (
        f"{effect.label.capitalize()}{which}: residual {' → '.join(residuals)} σ",
        f"Interpolated {count_text(before.interpolated)} → {count_text(after.interpolated)} pixels ({change})",
    )
