"""One pixel through all steps: what it was, what each step made of it. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isrviewer.session.readout import Reading, is_trimmed, raw_to_assembled, read_pixel
from isrviewer.session.state import Pin

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["PixelStep", "history_text", "pixel_history"]


@dataclass(frozen=True)
class PixelStep:
    """A pixel after one step.

    Attributes
    ----------
    step, label : str
    reading : `Reading` or None
        None where the planes are not on hand, or the pixel was trimmed away.
    change : float
        From the value after the step before; NaN for the first one.
    added : tuple of str
        Mask planes that this step set.
    """

    step: str
    label: str
    reading: Reading | None
    change: float = math.nan
    added: tuple[str, ...] = ()

    @property
    def signal_to_noise(self) -> float:
        """Value over its standard deviation; NaN without one."""
        if self.reading is None or not self.reading.sigma > 0:
            return math.nan
        return self.reading.value / self.reading.sigma


def pixel_history(pin: Pin, results: Iterable[tuple[str, str, Exposure | None]]) -> list[PixelStep]:
    """Follow a raw pixel.

    Parameters
    ----------
    pin : `Pin`
        0-based raw coordinates.
    results : iterable of (str, str, `Exposure` or None)
        Name, label and planes of every step that ran, in order.
    """
    rows: list[PixelStep] = []
    last: Reading | None = None
    for step, label, exposure in results:
        reading = _reading(pin, exposure)
        if reading is None or last is None:
            rows.append(PixelStep(step, label, reading))
        else:
            added = tuple(plane for plane in reading.planes if plane not in last.planes)
            rows.append(PixelStep(step, label, reading, reading.value - last.value, added))
        last = reading or last
    return rows


def _reading(pin: Pin, exposure: Exposure | None) -> Reading | None:
    if exposure is None:
        return None
    place: tuple[int, int] | None = (pin.x, pin.y)
    if exposure.detector is not None and is_trimmed(exposure):
        place = raw_to_assembled(exposure.detector, pin.x, pin.y)
    return None if place is None else read_pixel(exposure, *place)


def history_text(pin: Pin, rows: Iterable[PixelStep]) -> str:
    """The history as tab-separated text, to paste elsewhere."""
    lines = [f"raw x {pin.x} y {pin.y} (0-based)", "step\tvalue\tchange\tsigma\tS/N\tplanes\tadded"]
    for row in rows:
        if row.reading is None:
            lines.append(f"{row.step}\t\t\t\t\t\t")
            continue
        numbers = (row.reading.value, row.change, row.reading.sigma, row.signal_to_noise)
        cells = ["" if math.isnan(number) else f"{number:.7g}" for number in numbers]
        lines.append("\t".join([row.step, *cells, " ".join(row.reading.planes), " ".join(row.added)]))
    return "\n".join(lines) + "\n"
