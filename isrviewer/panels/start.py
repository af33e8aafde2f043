"""The calm page of a first start: open a frame, the demo, a recent file, a session that a crash left behind."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from isrviewer.plots.controls import empty
from isrviewer.session.store import Recovered
from isrviewer.theme import GRID

__all__ = ["StartPage"]

_WIDTH = 480
_SHOWN = 6


class StartPage(QFrame):
    """Shown in place of the image panels until a frame is open.

    Signals
    -------
    asked(str)
        Id of an action.
    recent_chosen(str)
    recovery_chosen(object), recovery_dismissed(object)
        A `Recovered` session.
    """

    asked = Signal(str)
    recent_chosen = Signal(str)
    recovery_chosen = Signal(object)
    recovery_dismissed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lists = QVBoxLayout()
        self._lists.setSpacing(GRID)
        title = QLabel("isrviewer")
        font = title.font()
        font.setPointSizeF(2 * font.pointSizeF())
        title.setFont(font)
        about = QLabel("What did each step do to my pixels, and what would change if I changed this option?")
        about.setWordWrap(True)
        open_button = QPushButton("Open a frame…")
        open_button.setDefault(True)
        open_button.setToolTip("Open a raw MegaCam frame")
        open_button.clicked.connect(lambda: self.asked.emit("file.open"))
        demo_button = QPushButton("Open the demo")
        demo_button.setToolTip("Simulate a small frame with calibrations and open it")
        demo_button.clicked.connect(lambda: self.asked.emit("file.open_demo"))
        folder_button = QPushButton("Calibration folder…")
        folder_button.setToolTip("Choose the folder to look for calibrations in")
        folder_button.clicked.connect(lambda: self.asked.emit("file.calib_folder"))
        buttons = QHBoxLayout()
        for button in (open_button, demo_button, folder_button):
            buttons.addWidget(button)
        hint = QLabel(
            "Drop a raw MegaCam frame (.fits, .fits.fz, .fits.gz) anywhere in the window. Calibrations come from the "
            "calibration folder: Elixir masters or exposures of our own, matched by CCD, filter and camera run."
        )
        hint.setWordWrap(True)
        hint.setEnabled(False)
        column = QWidget()
        column.setFixedWidth(_WIDTH)
        inner = QVBoxLayout(column)
        inner.setSpacing(3 * GRID)
        inner.addWidget(title)
        inner.addWidget(about)
        inner.addLayout(buttons)
        inner.addWidget(hint)
        inner.addLayout(self._lists)
        layout = QVBoxLayout(self)
        # Centred by stretches: an aligned widget would not get the height that its wrapped texts need.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column)
        middle.addStretch(1)
        layout.addStretch(1)
        layout.addLayout(middle)
        layout.addStretch(2)

    def show_lists(self, recent: tuple[str, ...], recovered: list[Recovered]) -> None:
        """Offer recent frames and sessions left behind."""
        empty(self._lists)
        for left in recovered[:_SHOWN]:
            self._lists.addWidget(self._recovery_row(left))
        if recent:
            self._lists.addWidget(QLabel("Recent frames"))
        for path in recent[:_SHOWN]:
            row = QPushButton(self.fontMetrics().elidedText(path, Qt.TextElideMode.ElideMiddle, _WIDTH - 8 * GRID))
            row.setFlat(True)
            row.setStyleSheet("text-align: left")
            row.setToolTip(path)
            row.setEnabled(Path(path).exists())
            row.clicked.connect(lambda _, chosen=path: self.recent_chosen.emit(chosen))
            self._lists.addWidget(row)

    def _recovery_row(self, left: Recovered) -> QWidget:
        row = QFrame()
        row.setFrameShape(QFrame.Shape.StyledPanel)
        stamp = time.strftime("%d %b %H:%M", time.localtime(left.modified))
        name = Path(left.session.frame).name or "no frame"
        text = QLabel(f"The session of {stamp} ({name}) did not end cleanly.")
        text.setWordWrap(True)
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        restore = QPushButton("Restore")
        restore.setToolTip("Open everything as it was")
        restore.clicked.connect(lambda: self.recovery_chosen.emit(left))
        dismiss = QPushButton("Discard")
        dismiss.setToolTip("Delete what was saved of this session")
        dismiss.clicked.connect(lambda: self.recovery_dismissed.emit(left))
        dismiss.clicked.connect(row.hide)
        layout = QHBoxLayout(row)
        layout.addWidget(text, 1)
        layout.addWidget(restore)
        layout.addWidget(dismiss)
        return row
