"""All actions on one sheet: what each does, its keys, and the field to change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.plots.trees import child_items, top_items
from isrviewer.theme import GRID

__all__ = ["KeySheet", "Listed"]


class Listed(Protocol):
    """A row of the table of actions, as far as the sheet shows it; `keys` are the default ones, separated by blanks."""

    @property
    def id(self) -> str: ...
    @property
    def menu(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def keys(self) -> str: ...
    @property
    def tip(self) -> str: ...


class KeySheet(QWidget):
    """The table of actions; stays open beside the work.

    Signals
    -------
    changed(str, str)
        Action id and its new keys, separated by blanks.
    """

    changed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions: dict[str, Listed] = {}
        self._shortcuts: dict[str, str] = {}
        self.search = QLineEdit(placeholderText="search", clearButtonEnabled=True)
        self.search.setToolTip("Show the actions with this text")
        self.search.textChanged.connect(self._filter)
        self.setFocusProxy(self.search)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Action", "Keys", "What it does"])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(self._choose)
        self.edit = QKeySequenceEdit(maximumSequenceLength=1)
        self.edit.setToolTip("Press the new keys here")
        self.apply = QPushButton("Use these keys")
        self.apply.setToolTip("Give them to the action that is selected; empty for none")
        self.apply.clicked.connect(self._apply)
        self.reset = QPushButton("Default")
        self.reset.setToolTip("The keys that the program comes with")
        self.reset.clicked.connect(self._reset)
        self.note = QLabel()
        row = QHBoxLayout()
        for widget, stretch in ((QLabel("Keys"), 0), (self.edit, 0), (self.apply, 0), (self.reset, 0), (self.note, 1)):
            row.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        layout.addLayout(row)
        self._enable(False)

    def show_actions(
        self, actions: Sequence[Listed], gestures: Sequence[tuple[str, str]], shortcuts: Mapping[str, str]
    ) -> None:
        """Fill the sheet.

        Parameters
        ----------
        actions : sequence
            The table of actions, menu after menu.
        gestures : sequence of (str, str)
            What the mouse does in an image panel.
        shortcuts : mapping
            The user's changes: action id -> keys.
        """
        self._actions = {action.id: action for action in actions}
        self._shortcuts = dict(shortcuts)
        for menu in dict.fromkeys(action.menu for action in actions):
            top = QTreeWidgetItem(self.tree, [menu])
            top.setExpanded(True)
            for action in (action for action in actions if action.menu == menu):
                item = QTreeWidgetItem(top, [action.text, self._shown_keys(action.id), action.tip])
                item.setData(0, Qt.ItemDataRole.UserRole, action.id)
        top = QTreeWidgetItem(self.tree, ["Mouse in an image panel"])
        top.setExpanded(True)
        for gesture, effect in gestures:
            QTreeWidgetItem(top, [gesture, "", effect])

    def select(self, action_id: str) -> None:
        """Make one action the current row."""
        for item in self._items():
            if item.data(0, Qt.ItemDataRole.UserRole) == action_id:
                self.tree.setCurrentItem(item)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for top in top_items(self.tree) for item in child_items(top)]

    def _keys_of(self, action_id: str) -> list[str]:
        return self._shortcuts.get(action_id, self._actions[action_id].keys).split()

    def _shown_keys(self, action_id: str) -> str:
        keys = self._keys_of(action_id)
        return "  ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)

    def _filter(self, wanted: str) -> None:
        for item in self._items():
            text = " ".join(item.text(column) for column in range(3)).lower()
            item.setHidden(wanted.lower() not in text)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        action_id = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        self._enable(action_id is not None)
        if action_id is not None:
            keys = self._keys_of(action_id)
            self.edit.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self.note.clear()

    def _enable(self, on: bool) -> None:
        """Keys can be changed while an action is selected."""
        for widget in (self.edit, self.apply, self.reset):
            widget.setEnabled(on)

    def _apply(self) -> None:
        self._set(self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _reset(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self._set(self._actions[item.data(0, Qt.ItemDataRole.UserRole)].keys)

    def _set(self, keys: str) -> None:
        item = self.tree.currentItem()
        if item is None:
            return
        action_id = item.data(0, Qt.ItemDataRole.UserRole)
        others = (other for other in self._actions.values() if other.id != action_id)
        taken = [other for other in others if keys and keys in self._keys_of(other.id)]
        if taken:
            self.note.setText(f"{keys} belongs to “{taken[0].text}”; give that one other keys first")
            return
        self._shortcuts[action_id] = keys
        item.setText(1, self._shown_keys(action_id))
        self.note.clear()
        self.changed.emit(action_id, keys)
