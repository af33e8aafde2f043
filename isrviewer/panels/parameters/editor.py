"""The config editor, made from the fields: search, changed fields marked with who set them, errors at the field."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrcore.values import same
from isrviewer.panels.parameters.rows import FieldRow, field_rows, parse_text, value_text
from isrviewer.panels.parameters.tools import ConfigTools
from isrviewer.plots.trees import child_items, top_items
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import clear_field, set_field
from isrviewer.theme import GRID, number_font

__all__ = ["ConfigPanel"]

_NAME, _VALUE, _ORIGIN = range(3)
_ROW = Qt.ItemDataRole.UserRole
_ERROR = QColor("#D55E00")


class _Delegate(QStyledItemDelegate):
    """Editors by the type of the field: a list of choices, else a line of text."""

    def createEditor(  # type: ignore[override]  # Qt takes None for "not to be edited"
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget | None:
        row: FieldRow | None = index.sibling(index.row(), _NAME).data(_ROW)
        if row is None or index.column() != _VALUE or row.is_switch:
            return None
        if row.choices:
            box = QComboBox(parent)
            for choice, doc in row.choices:
                box.addItem(choice)
                box.setItemData(box.count() - 1, doc, Qt.ItemDataRole.ToolTipRole)
            box.activated.connect(lambda: self.commitData.emit(box))
            box.activated.connect(lambda: self.closeEditor.emit(box))
            return box
        line = QLineEdit(parent)
        line.setFrame(False)
        line.setPlaceholderText(row.expected)
        line.setFont(number_font(0.5))
        return line

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        text = index.data(Qt.ItemDataRole.DisplayRole) or ""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(text)
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()


class ConfigPanel(QWidget):
    """Every field of the task config, grouped by the step that reads it; below it what the field is and who set it."""

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rows: tuple[FieldRow, ...] = ()
        self._items: dict[str, QTreeWidgetItem] = {}
        self._refused: dict[str, tuple[str, str]] = {}
        self._problems: dict[str, str] = {}
        self._shown: dict[str, tuple[FieldRow, str, str]] = {}
        self._filling = False
        self.search = QLineEdit(placeholderText="search fields", clearButtonEnabled=True)
        self.search.setToolTip("Show the fields whose name, help or step has all these words")
        self.search.textChanged.connect(self._filter)
        self.only_changed = QCheckBox("only changed")
        self.only_changed.setToolTip("Only fields that CFHT, a file or you have set")
        self.only_changed.toggled.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Field", "Value", "Set by"])
        self.tree.setItemDelegate(_Delegate(self.tree))
        self.tree.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.tree.setIndentation(3 * GRID)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.tree.header()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_VALUE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(_ORIGIN, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        header.resizeSection(_VALUE, 88)
        self.tree.itemChanged.connect(self._edited)
        self.tree.itemClicked.connect(self._clicked)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.tree.currentItemChanged.connect(self._show_details)
        self.details = QTextBrowser()
        self.details.setToolTip("The field that is selected")
        self.details.setPlaceholderText("Select a field to see what it does and who set it")
        self.tools = ConfigTools(model)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        split.addWidget(self.details)
        split.setStretchFactor(0, 1)
        split.setSizes([600, 132])
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.only_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(split)
        layout.addWidget(self.tools)
        model.observe(self._session_changed)

    def show_config(self, config: Any, problems: dict[str, str]) -> None:
        """Show the effective config and what is wrong with it."""
        self._rows = field_rows(config, self._model.session.config)
        self._problems = problems
        self._filling = True
        if not self._items:
            self._build()
        for row in self._rows:
            self._show_row(row)
        self._filling = False
        self._filter()
        self._show_details(self.tree.currentItem())

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus()
        self.search.selectAll()

    def go_to(self, path: str) -> None:
        """Make a field visible and current."""
        self.only_changed.setChecked(False)
        self.search.clear()
        item = self._items.get(path)
        if item is not None:
            self.tree.expandItem(item.parent() or item)
            self.tree.setCurrentItem(item)
            self.tree.scrollToItem(item, QAbstractItemView.ScrollHint.PositionAtCenter)

    def show_group(self, group: str) -> None:
        """Open the fields of one step and close the others."""
        self.only_changed.setChecked(False)
        self.search.clear()
        for top in top_items(self.tree):
            top.setExpanded(top.text(_NAME) == group)
            if top.text(_NAME) == group:
                self.tree.scrollToItem(top, QAbstractItemView.ScrollHint.PositionAtTop)

    def _build(self) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for row in self._rows:
            top = groups.get(row.group)
            if top is None:
                top = groups[row.group] = QTreeWidgetItem(self.tree, [row.group])
                top.setFirstColumnSpanned(True)
                top.setExpanded(True)
            item = QTreeWidgetItem(top, [row.path])
            item.setFont(_VALUE, number_font(0.5))
            if not row.is_switch:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self._items[row.path] = item

    def _show_row(self, row: FieldRow, force: bool = False) -> None:
        """Bring one row up to date; unchanged rows cost nothing, but an edited one must be set back by force."""
        item = self._items[row.path]
        refused_text, refusal = self._refused.get(row.path, ("", ""))
        message = refusal or self._problems.get(row.path, "")
        content = (row, refused_text, message)
        if self._shown.get(row.path) == content and not force:
            return
        self._shown[row.path] = content
        item.setData(_NAME, _ROW, row)
        item.setToolTip(_NAME, row.tip)
        item.setToolTip(_VALUE, message or row.tip)
        if row.is_switch:
            item.setCheckState(_VALUE, Qt.CheckState.Checked if row.value else Qt.CheckState.Unchecked)
        else:
            item.setText(_VALUE, refused_text or value_text(row.value))
        short = {"default": "", "CFHT override": "CFHT"}.get(row.origin, row.origin)
        item.setText(_ORIGIN, f"● {short}" if row.is_override else short)
        item.setToolTip(_ORIGIN, "\n".join(row.history))
        font = item.font(_NAME)
        if font.bold() != row.is_override:
            font.setBold(row.is_override)
            item.setFont(_NAME, font)
        item.setForeground(_VALUE, QBrush(_ERROR) if message else QBrush())
        item.takeChildren()
        if message:
            child = QTreeWidgetItem(item, [message])
            child.setFirstColumnSpanned(True)
            child.setForeground(_NAME, QBrush(_ERROR))
            child.setToolTip(_NAME, message)
            item.setExpanded(True)

    def _show_details(self, item: QTreeWidgetItem | None) -> None:
        row: FieldRow | None = item.data(_NAME, _ROW) if item is not None else None
        self.details.setHtml("" if row is None else row.html(self._problems.get(row.path, "")))

    def _clicked(self, item: QTreeWidgetItem, column: int) -> None:
        """One click opens a list of choices, as a combo box would."""
        row: FieldRow | None = item.data(_NAME, _ROW)
        if row is not None and column == _VALUE and row.choices:
            self.tree.editItem(item, _VALUE)

    def _edited(self, item: QTreeWidgetItem, column: int) -> None:
        row: FieldRow | None = item.data(_NAME, _ROW)
        if self._filling or row is None or column != _VALUE:
            return
        if row.is_switch:
            value, message = item.checkState(_VALUE) == Qt.CheckState.Checked, ""
        else:
            value, message = parse_text(row.path, item.text(_VALUE))
        had_refusal = self._refused.pop(row.path, None) is not None
        if message:
            self._refused[row.path] = (item.text(_VALUE), message)
        if message or had_refusal or same(value, row.value):
            self._filling = True
            self._show_row(row, force=True)
            self._filling = False
        if not message and not same(value, row.value):
            self._change(set_field(self._model.session, row.path, value), f"{row.path} = {value_text(value)}")

    def _show_menu(self, position: QPoint) -> None:
        item = self.tree.itemAt(position)
        row: FieldRow | None = item.data(_NAME, _ROW) if item is not None else None
        if row is None:
            return
        menu = self.menu_for(row)
        menu.exec(self.tree.viewport().mapToGlobal(position))
        menu.deleteLater()

    def menu_for(self, row: FieldRow) -> QMenu:
        """The context menu of a field."""
        menu = QMenu(self)
        reset = menu.addAction(f"Reset to {value_text(row.default) or 'default'}", lambda: self.reset_field(row.path))
        reset.setEnabled(row.is_override or row.path in self._refused)
        menu.addSeparator()
        for line in row.history:
            menu.addAction(line).setEnabled(False)
        return menu

    def reset_field(self, path: str) -> None:
        """Return one field to what the task and CFHT set."""
        if self._refused.pop(path, None) is not None:
            row = self._items[path].data(_NAME, _ROW)
            self._filling = True
            self._show_row(row, force=True)
            self._filling = False
        self._change(clear_field(self._model.session, path), f"reset {path}")

    def _change(self, session: Session, text: str) -> None:
        self._model.change(session, text)

    def _filter(self) -> None:
        words = self.search.text().lower().split()
        for row in self._rows:
            text = f"{row.path} {row.doc} {row.group}".lower()
            wanted = all(word in text for word in words)
            changed = row.origin != "default" or row.path in self._refused
            self._items[row.path].setHidden(not wanted or (self.only_changed.isChecked() and not changed))
        for top in top_items(self.tree):
            shown = any(not item.isHidden() for item in child_items(top))
            top.setHidden(not shown)
            if words and shown:
                top.setExpanded(True)

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.config != new.config:
            gone = {override.field for override in old.config} ^ {override.field for override in new.config}
            for path in gone:
                self._refused.pop(path, None)
