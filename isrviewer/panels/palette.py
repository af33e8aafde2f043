"""Find an action by a part of its name: a field and a list over the window, closed by Escape or a click elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from isrviewer.theme import GRID

__all__ = ["CommandPalette", "match_rank"]


def match_rank(wanted: str, text: str) -> int | None:
    """How well a text answers what was typed: 0 begins with it, 1 a word does, 2 has it, 3 has its letters in order.

    None for no match; an empty wish matches everything alike.
    """
    wanted, text = wanted.lower().strip(), text.lower()
    if text.startswith(wanted):
        return 0
    if f" {wanted}" in text:
        return 1
    if wanted in text or all(word in text for word in wanted.split()):
        return 2
    letters = iter(text)
    return 3 if all(letter in letters for letter in wanted.replace(" ", "")) else None


class CommandPalette(QFrame):
    """All actions that can be done now, with their keys."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._parent = parent
        self._actions: list[QAction] = []
        self.field = QLineEdit(placeholderText="find an action…")
        self.field.setToolTip("Type a part of the name, choose with the arrow keys, press Return")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.itemActivated.connect(self._trigger)
        self.list.itemClicked.connect(self._trigger)
        self.list.setFocusProxy(self.field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.addWidget(self.field)
        layout.addWidget(self.list)

    def open_for(self, actions: Sequence[QAction]) -> None:
        """Show the palette in the upper middle of the window."""
        self._actions = list(actions)
        window = self._parent.window()
        width = min(560, window.width() - 8 * GRID)
        self.resize(width, 400)
        self.move(
            window.mapToGlobal(window.rect().center()).x() - width // 2,
            window.mapToGlobal(window.rect().topLeft()).y() + 60,
        )
        self.field.clear()
        self._filter("")
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Return in the field work on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self.list.currentItem() is not None:
                    self._trigger(self.list.currentItem())
                return True
        return False

    def _filter(self, wanted: str) -> None:
        self.list.clear()
        ranked = [(match_rank(wanted, action.text()), action) for action in self._actions]
        for _, action in sorted((entry for entry in ranked if entry[0] is not None), key=lambda entry: entry[0] or 0):
            keys = action.shortcut().toString()
            item = QListWidgetItem(f"{action.text()}    {keys}" if keys else action.text())
            item.setToolTip(action.toolTip())
            item.setData(Qt.ItemDataRole.UserRole, action)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _trigger(self, item: QListWidgetItem) -> None:
        action: QAction = item.data(Qt.ItemDataRole.UserRole)
        self.hide()
        action.trigger()
