"""What the program is working on besides the run, with the way to end it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from isrviewer.theme import GRID

__all__ = ["ProgressStrip"]


class ProgressStrip(QFrame):
    """One line above the panels, there as long as something goes on.

    Signals
    -------
    cancelled()
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        bar = QProgressBar(maximum=0, textVisible=False)
        bar.setFixedWidth(96)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("End this; files stay as they were")
        self.cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.addWidget(self.text, 1)
        layout.addWidget(bar)
        layout.addWidget(self.cancel)
        self.hide()

    def show_text(self, text: str) -> None:
        """Say what goes on; an empty text for nothing."""
        self.text.setText(text)
        self.setVisible(bool(text))
