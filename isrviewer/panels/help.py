"""The help page in a dock: what the steps do, what the fields mean, which keys there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from isrviewer.theme import GRID

__all__ = ["HelpPanel"]


class HelpPanel(QWidget):
    """Made when it is first looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shortcuts: Callable[[], Mapping[str, str]] = dict
        self._page: Callable[[Mapping[str, str]], str] | None = None
        self._written_for: Mapping[str, str] | None = None
        self.search = QLineEdit(placeholderText="search the help, Return for the next place", clearButtonEnabled=True)
        self.search.setToolTip("Go to the next place with this text; Return goes on")
        self.search.textEdited.connect(lambda: self._find(from_top=True))
        self.search.returnPressed.connect(lambda: self._find(from_top=False))
        self.text = QTextBrowser()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.search)
        layout.addWidget(self.text)

    def show_page(self, page: Callable[[Mapping[str, str]], str], shortcuts: Callable[[], Mapping[str, str]]) -> None:
        """Say where the page comes from.

        Parameters
        ----------
        page : callable
            Makes the HTML from the user's changed keys, action id -> keys.
        shortcuts : callable
            Returns these keys as they are now.
        """
        self._page, self._shortcuts = page, shortcuts

    def show_topic(self, anchor: str) -> None:
        """Go to ``steps``, ``fields``, ``keys``, ``about``, the name of a step, or ``field-PATH``."""
        self._write()
        self.text.scrollToAnchor(anchor)

    def showEvent(self, event: QShowEvent) -> None:
        self._write()
        super().showEvent(event)

    def _write(self) -> None:
        shortcuts = dict(self._shortcuts())
        if self._page is not None and shortcuts != self._written_for:
            self._written_for = shortcuts
            self.text.setHtml(self._page(shortcuts))

    def _find(self, from_top: bool) -> None:
        if from_top:
            cursor = self.text.textCursor()
            cursor.setPosition(0)
            self.text.setTextCursor(cursor)
        if not self.text.find(self.search.text()) and self.search.text() and not from_top:
            self._find(from_top=True)
