"""Everything that the program has to say, and the errors among it that wait for an answer."""

from __future__ import annotations

import logging
import time

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from isrviewer.runner.messages import Problem
from isrviewer.theme import GRID, number_font

__all__ = ["ErrorsPanel", "LogPanel"]

_LINES = 5000


class _Relay(QObject):
    """Carries log lines of any thread to the GUI thread."""

    line = Signal(str)


class _Handler(logging.Handler):
    """Formats records; holds the relay only as long as the panel lives."""

    def __init__(self, relay: _Relay) -> None:
        super().__init__(logging.INFO)
        self._relay: _Relay | None = relay

    def emit(self, record: logging.LogRecord) -> None:
        if self._relay is not None:
            stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
            self._relay.line.emit(f"{stamp}  {record.levelname.lower():8}{record.name}: {record.getMessage()}")

    def close(self) -> None:
        self._relay = None
        super().close()


class LogPanel(QWidget):
    """Log lines of the engine and the viewer, with a filter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setMaximumBlockCount(_LINES)
        self.text.setFont(number_font(1))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.filter = QLineEdit(placeholderText="show lines with…", clearButtonEnabled=True)
        self.filter.setToolTip("Show only lines with this text")
        self.filter.textChanged.connect(self._refill)
        self._lines: list[str] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.filter)
        layout.addWidget(self.text)
        self._relay = _Relay(self)
        self._relay.line.connect(self.add_line, Qt.ConnectionType.QueuedConnection)
        self._handler = _Handler(self._relay)
        self._logger = logging.getLogger()
        self._logger.addHandler(self._handler)
        if self._logger.getEffectiveLevel() > logging.INFO:
            self._logger.setLevel(logging.INFO)

    def detach(self) -> None:
        """Stop listening; the panel is about to go."""
        self._logger.removeHandler(self._handler)
        self._handler.close()

    @Slot(str)
    def add_line(self, line: str) -> None:
        self._lines.append(line)
        del self._lines[:-_LINES]
        if self.filter.text().lower() in line.lower():
            self.text.appendPlainText(line)

    def _refill(self, wanted: str) -> None:
        self.text.setPlainText("\n".join(line for line in self._lines if wanted.lower() in line.lower()))


class ErrorsPanel(QWidget):
    """Errors with what to do about them; each stays until it is dismissed or its step runs.

    Signals
    -------
    chosen(str)
        The user clicked an error; its step or config field.
    count_changed(int)
    """

    chosen = Signal(str)
    count_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.itemClicked.connect(self._clicked)
        self.details = QPlainTextEdit(readOnly=True)
        self.details.setFont(number_font(1))
        self._tell(0)
        self.count_changed.connect(self._tell)
        self.clear_button = QPushButton("Dismiss all")
        self.clear_button.setToolTip("Empty this list; errors that remain come again with the next run")
        self.clear_button.clicked.connect(self.clear)
        left = QVBoxLayout()
        left.addWidget(self.list)
        left.addWidget(self.clear_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.addLayout(left, 3)
        layout.addWidget(self.details, 2)

    def add(self, problem: Problem) -> None:
        """Show a problem; an older one of the same place goes."""
        self.resolve(problem.where)
        item = QListWidgetItem(f"{problem.where}: {problem.text}")
        item.setData(Qt.ItemDataRole.UserRole, problem)
        item.setToolTip(problem.text)
        self.list.insertItem(0, item)
        self.count_changed.emit(self.list.count())

    def resolve(self, where: str) -> None:
        """Take away the errors of a place that works now."""
        found = False
        for row in range(self.list.count() - 1, -1, -1):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole).where == where:
                self.list.takeItem(row)
                found = True
        if found:
            self.count_changed.emit(self.list.count())

    def clear(self) -> None:
        self.list.clear()
        self.details.clear()
        self.count_changed.emit(0)

    def _tell(self, count: int) -> None:
        self.details.setPlaceholderText("Traceback of the error that is selected" if count else "There are no errors")

    def _clicked(self, item: QListWidgetItem) -> None:
        problem: Problem = item.data(Qt.ItemDataRole.UserRole)
        self.details.setPlainText(problem.details or problem.text)
        self.chosen.emit(problem.where)
