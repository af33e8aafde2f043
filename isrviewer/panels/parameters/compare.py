"""A and B: the present parameters against a named state, their differences in config and, in the panels, in pixels."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.panels.parameters.rows import value_text
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import compare
from isrviewer.session.config import differing_fields
from isrviewer.theme import GRID, number_font

__all__ = ["ComparePanel"]

_NOTHING = "nothing"


class ComparePanel(QWidget):
    """Chooses B, lists what differs, shows both results.

    Signals
    -------
    asked(str)
        Id of an action.
    field_chosen(str)
        The user wants to see a field in the config editor.
    """

    asked = Signal(str)
    field_chosen = Signal(str)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.choice = QComboBox()
        self.choice.setToolTip("B: the remembered parameters to compare with; both runs use the same frame")
        self.choice.activated.connect(self._chosen)
        keep = self._button("Keep A as B", "compare.keep", "Remember the present parameters and compare with them")
        top = QHBoxLayout()
        top.addWidget(QLabel("Compare with"))
        top.addWidget(self.choice, 1)
        top.addWidget(keep)
        self.beside = self._button("A beside B", "compare.beside", "Two panels: the same step of A and of B")
        self.minus = self._button("A − B", "compare.minus", "The pixels of the step on screen minus those of B")
        self.swap = self._button("Swap", "compare.swap", "Use the parameters of B, and keep the present ones as B")
        row = QHBoxLayout()
        for button in (self.beside, self.minus, self.swap):
            row.addWidget(button)
        row.addStretch(1)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Differs", "A (now)", "B"])
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.itemDoubleClicked.connect(lambda item, _: self._open(item))
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addLayout(row)
        layout.addWidget(self.tree)
        layout.addWidget(self.note)
        self._shown: Any = None
        model.observe(self._session_changed)
        self._offer(model.session)

    def refresh(self) -> None:
        """List the differences of the present session; costs building two configs when something has changed."""
        session = self._model.session
        other = session.other
        key = (session.config, session.calibs, other)
        if key == self._shown:
            return
        self._shown = key
        self.tree.clear()
        for button in (self.beside, self.minus, self.swap):
            button.setEnabled(other is not None)
        if other is None:
            self.note.setText("Remember some parameters, change others, and see both results side by side.")
            return
        rows = [(path, value_text(a), value_text(b)) for path, a, b in differing_fields(session.config, other.config)]
        mine, theirs = ({pick.kind: pick.path for pick in picks} for picks in (session.calibs, other.calibs))
        for kind in sorted({*mine, *theirs}):
            if mine.get(kind) != theirs.get(kind):
                rows.append((f"calibration: {kind}", _pick_text(mine.get(kind)), _pick_text(theirs.get(kind))))
        for texts in rows:
            item = QTreeWidgetItem(self.tree, list(texts))
            for column, text in enumerate(texts):
                item.setToolTip(column, text)
                if column:
                    item.setFont(column, number_font(0.5))
        self.note.setText(f"{len(rows)} differences" if len(rows) != 1 else "1 difference")

    def _button(self, text: str, action_id: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.asked.emit(action_id))
        return button

    def _chosen(self, index: int) -> None:
        name = self.choice.itemData(index)
        self._model.change(compare(self._model.session, name), f"compare with {name or _NOTHING}")

    def _open(self, item: QTreeWidgetItem) -> None:
        if not item.text(0).startswith("calibration: "):
            self.field_chosen.emit(item.text(0))

    def _offer(self, session: Session) -> None:
        self.choice.clear()
        self.choice.addItem(_NOTHING, "")
        for state in session.named:
            self.choice.addItem(state.name, state.name)
        self.choice.setCurrentIndex(max(self.choice.findData(session.compared), 0))

    def _session_changed(self, old: Session, new: Session) -> None:
        if (old.named, old.compared) != (new.named, new.compared):
            self._offer(new)
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        super().showEvent(event)


def _pick_text(path: str | None) -> str:
    return "from the folder" if path is None else path.rpartition("/")[2] or "none"
