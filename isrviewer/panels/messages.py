"""A strip above the panels for what the user should know now; never modal, gone by itself or by a click."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from isrviewer.plots.controls import empty, tool_button
from isrviewer.theme import GRID

__all__ = ["MessageStrip"]

_SECONDS = 8


class MessageStrip(QFrame):
    """One message at a time; errors stay until dismissed, notes go after some seconds.

    Signals
    -------
    failed(str)
        Something that was asked for could not be done.
    """

    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._cures = QHBoxLayout()
        close = tool_button("×", "Dismiss", is_flat=True)
        close.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.addWidget(self.text, 1)
        layout.addLayout(self._cures)
        layout.addWidget(close)
        self._timer = QTimer(self, singleShot=True, interval=1000 * _SECONDS)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    def note(self, text: str) -> None:
        """Say something that needs no answer."""
        self._show(text, "#3D8BD4", {})
        self._timer.start()

    def offer(self, text: str, choices: dict[str, Callable[[], None]]) -> None:
        """Say something with buttons for what can be done; stays until it is answered or dismissed."""
        self._timer.stop()
        self._show(text, "#3D8BD4", choices)

    def error(self, text: str, cures: dict[str, Callable[[], None]] | None = None) -> None:
        """Say what failed, with buttons for what can be done about it."""
        self.warn(text, cures)
        self.failed.emit(text)

    def warn(self, text: str, cures: dict[str, Callable[[], None]] | None = None) -> None:
        """Say what is wrong beside what was asked for; stays like an error."""
        self._timer.stop()
        self._show(text, "#D55E00", cures or {})

    def dismiss(self) -> None:
        self._timer.stop()
        self.hide()

    def _show(self, text: str, colour: str, cures: dict[str, Callable[[], None]]) -> None:
        empty(self._cures)
        for word, cure in cures.items():
            button = QPushButton(word)
            button.setToolTip(word)
            self._let_answer(button, cure)
            self._cures.addWidget(button)
        self.text.setText(text)
        self.setStyleSheet(f"MessageStrip {{ border-left: {GRID}px solid {colour}; }}")
        self.show()

    def _let_answer(self, button: QPushButton, cure: Callable[[], None]) -> None:
        def answer() -> None:
            self.dismiss()
            cure()

        button.clicked.connect(answer)
