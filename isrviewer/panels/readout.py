"""The status bar: what is under the cursor, and what the program is doing."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QStatusBar, QWidget

from isrviewer.runner.opening import Age
from isrviewer.runner.progress import RunView
from isrviewer.session.readout import Reading, sexagesimal
from isrviewer.theme import GRID, number_font

__all__ = ["ReadoutBar", "number_text", "reading_text"]


def number_text(value: float) -> str:
    """A pixel value: integers in full, other numbers with six digits, and words for what is no number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+infinite" if value > 0 else "−infinite"
    text = f"{value:.0f}" if value == int(value) and abs(value) < 1e7 else f"{value:.6g}"
    return text.replace("-", "−")


def reading_text(reading: Reading, unit: str) -> tuple[str, str, str, str]:
    """Value with error, or why there is none, and unit; coordinates; mask planes; sky position."""
    value = number_text(reading.value)
    if not math.isnan(reading.sigma):
        value += f" ± {reading.sigma:.3g}"
    place = f"x {reading.x} y {reading.y} · FITS {reading.x + 1} {reading.y + 1}"
    if reading.raw is not None:
        place += f" · raw {reading.raw[0]} {reading.raw[1]}"
    if reading.amplifier:
        place += f" · amp {reading.amplifier}"
    sky = sexagesimal(*reading.sky) if reading.sky is not None else ""
    if sky and reading.is_nominal_sky:
        sky += " nominal"
    value = f"{value} {unit}".strip()
    if reading.note:
        value += f" · {reading.note}"
    return value, place, " ".join(reading.planes), sky


class _Field(QLabel):
    """A label with room for its longest text, that gives way in a narrow window."""

    def __init__(self, sample: str, tip: str) -> None:
        super().__init__()
        self.setFont(number_font(0.5))
        self.setToolTip(tip)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._width = self.fontMetrics().horizontalAdvance(sample) + 2 * GRID

    def sizeHint(self) -> QSize:
        return QSize(self._width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())


class ReadoutBar(QStatusBar):
    """Value, coordinates, planes and sky on the left; activity, time and memory on the right; all keep their places."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(GRID, 0, GRID, 0)
        self.whose = _Field("2281792o ccd36", "Exposure and CCD of the pixels under the cursor")
        self.value = _Field("−1234.56 ± 12.3 electron", "Value under the cursor, its standard deviation, unit")
        coordinates = "0-based array coordinates · 1-based FITS coordinates · 0-based raw coordinates · amplifier"
        self.place = _Field("x 2047 y 4611 · FITS 2048 4612 · raw 2111 4643 · amp B", coordinates)
        self.planes = _Field("SAT INTRP SUSPECT", "Mask planes set in this pixel")
        self.sky = _Field(
            "02:26:14.20 −04:31:08.1 nominal",
            "Right ascension and declination of the pixel centre, from the WCS of the header, or from the nominal one "
            "of the camera, good to some arcsec, where the header has none",
        )
        self.defect = _Field(
            "1234 · dead column · ✓ confirmed +1", "Defect of the map at the pixel: number, kind, status, how many more"
        )
        for field in (self.whose, self.value, self.place, self.planes, self.sky, self.defect):
            self.addWidget(field)
        self.defect.hide()
        self.activity, self.cost = QLabel(), QLabel()
        self.progress = QProgressBar()
        self.progress.setFixedWidth(96)
        self.progress.setTextVisible(False)
        self.progress.hide()
        for label in (self.activity, self.cost):
            label.setFont(number_font(0.5))
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.addPermanentWidget(self.activity)
        self.addPermanentWidget(self.progress)
        self.addPermanentWidget(self.cost)

    def show_reading(self, reading: Reading | None, unit: str, whose: str = "", age: Age = Age.CURRENT) -> None:
        """Show a pixel; None for a cursor outside of the plane.

        Parameters
        ----------
        reading : `Reading` or None
        unit : str
        whose : str
            Exposure and CCD of the pixel.
        age : `Age`
            Of the pixel.
        """
        words = (f"old: {whose}", age.value) if age is not Age.CURRENT else (whose,)
        self.whose.setText(" · ".join(word for word in words if word) if reading is not None else "")
        texts = reading_text(reading, unit) if reading is not None else ("", "", "", "")
        for label, text in zip((self.value, self.place, self.planes, self.sky), texts, strict=True):
            label.setText(text)

    def show_defect(self, text: str, has_map: bool) -> None:
        """Show what a defect map says about the pixel; room for it is kept while there is a map."""
        self.defect.setText(text)
        self.defect.setVisible(has_map)

    def show_run(self, view: RunView) -> None:
        """Show progress, time and memory of the run."""
        finished = sum(row.status.is_over for row in view.rows)
        if view.running:
            # Before it is visible: a visible bar paints the window at once.
            self.progress.setRange(0, max(len(view.rows), 1))
            self.progress.setValue(finished)
        self.progress.setVisible(view.running)
        self.activity.setText(view.activity)
        if view.seconds and not view.running:
            self.cost.setText(f"{view.seconds:.2f} s · {view.store_bytes / 1e6:.0f} MB kept")
