"""Panner and magnifier of the focused image panel, side by side."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QWidget

from isrviewer.panels.image.insets import Magnifier, Panner
from isrviewer.panels.image.view import ImageView
from isrviewer.theme import GRID

__all__ = ["OverviewPanel"]


class OverviewPanel(QWidget):
    """The whole plane with the visible part marked, and the pixels around the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panner = Panner()
        self.magnifier = Magnifier()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.panner, 1)
        layout.addWidget(self.magnifier, 1)

    def sizeHint(self) -> QSize:
        return QSize(270, 220)

    def follow(self, view: ImageView) -> None:
        """Show what `view` shows, from now on."""
        self.panner.follow(view)
        self.magnifier.follow(view)
