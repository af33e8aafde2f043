"""One line of input above the panels, in place of a dialog: the pictures stay visible and nothing is blocked."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from isrviewer.theme import ACCENT, GRID

__all__ = ["Prompt"]


class Prompt(QFrame):
    """Asks one question at a time; Return answers it, Escape takes it back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._then: Callable[[str], object] | None = None
        self.question = QLabel()
        self.field = QLineEdit(clearButtonEnabled=True)
        self.field.setToolTip("Type the answer, press Return")
        self.field.returnPressed.connect(self._answer)
        self.field.installEventFilter(self)
        self.ok = QPushButton("OK")
        self.ok.setToolTip("Use what is typed (Return)")
        self.ok.clicked.connect(self._answer)
        cancel = QPushButton("Cancel")
        cancel.setToolTip("Do nothing (Esc)")
        cancel.clicked.connect(self.close_prompt)
        self.setStyleSheet(f"Prompt {{ border-left: {GRID}px solid {ACCENT.name()}; }}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        for widget, stretch in ((self.question, 0), (self.field, 1), (self.ok, 0), (cancel, 0)):
            layout.addWidget(widget, stretch)
        self.hide()

    def ask(self, question: str, offered: str, then: Callable[[str], object]) -> None:
        """Call ``then(text)`` when the user has typed an answer; `offered` is in the field already."""
        self._then = then
        self.question.setText(question)
        self.field.setText(offered)
        self.field.setToolTip(question)
        self.field.setAccessibleName(question)
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def close_prompt(self) -> None:
        """Take the question back; the keys go to the window again."""
        self._then = None
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape closes the prompt, whatever else it does in the window."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self.close_prompt()
            event.accept()
            return True
        return False

    def _answer(self) -> None:
        then, text = self._then, self.field.text()
        self.close_prompt()
        if then is not None and text.strip():
            then(text)
