"""Counts as bars with words: few things, each with its number."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from isrviewer.plots.number_table import count_text
from isrviewer.theme import GRID, number_font

__all__ = ["BarsView"]


class BarsView(QWidget):
    """One bar below the other."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._bars: tuple[tuple[str, int, str], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self.setMinimumSize(160, 120)

    def sizeHint(self) -> QSize:
        return QSize(260, 300)

    @property
    def bars(self) -> tuple[tuple[str, int, str], ...]:
        """Word, count and colour of each."""
        return self._bars

    def show_bars(self, bars: Sequence[tuple[str, int, str]]) -> None:
        """Show these bars: word, count, colour."""
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(f"{word} {count}" for word, count, _ in bars))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), self.palette().base())
            text = self.palette().color(QPalette.ColorRole.Text)
            metrics = self.fontMetrics()
            row = metrics.height() + GRID
            painter.setPen(text)
            left, right = 2 * GRID, self.width() - 2 * GRID
            across = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(left, GRID, right - left, row), across, self._title)
            words = max((metrics.horizontalAdvance(word) for word, _, _ in self._bars), default=0)
            largest = max((count for _, count, _ in self._bars), default=0)
            numbers = number_font(0.5)
            count_width = 6 * metrics.averageCharWidth()
            room = right - left - words - count_width - 3 * GRID
            for line, (word, count, colour) in enumerate(self._bars, 1):
                top = GRID + line * row
                painter.setFont(self.font())
                painter.drawText(QRectF(left, top, words, row), across, word)
                length = max(1.0, room * count / largest) if count else 0.0
                begin = left + words + 2 * GRID
                painter.fillRect(QRectF(begin, top + 2, length, row - 4), QColor(colour))
                painter.setFont(numbers)
                painter.drawText(QRectF(begin + length + GRID, top, count_width, row), across, count_text(count))
