"""FITS headers of the open frame, every HDU, with search, and beside them those of another file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrcore.values import frozen
from isrviewer.plots.controls import tool_button
from isrviewer.plots.trees import top_items
from isrviewer.runner.messages import FrameFacts
from isrviewer.theme import ACCENT, GRID, number_font

if TYPE_CHECKING:
    from isrcore.data.cards import CardHeader
    from isrcore.metadata import PropertyList

__all__ = ["CardPair", "HeaderPanel", "pair_cards"]

_STEP = "Metadata of the step on screen"
_NO_KEYWORD = re.compile("(?!)")
_KEYWORD, _VALUE, _OTHER, _COMMENT = range(4)


@frozen
class CardPair:
    """One keyword in two headers; a value is None where the header lacks the keyword."""

    keyword: str
    value: Any
    other: Any
    comment: str

    @property
    def differs(self) -> bool:
        return str(self.value) != str(self.other)


def pair_cards(mine: PropertyList, other: PropertyList | None) -> list[CardPair]:
    """Keywords of one header in their order, then those that only the other one has.

    Parameters
    ----------
    mine : `PropertyList`
    other : `PropertyList` or None
        None for no comparison: every card is then equal to itself.
    """
    own = dict(mine.items())
    if other is None:
        return [CardPair(key, value, value, mine.comments.get(key, "")) for key, value in own.items()]
    theirs = dict(other.items())
    comments = {**other.comments, **mine.comments}
    keys = [*own, *(key for key in theirs if key not in own)]
    return [CardPair(key, own.get(key), theirs.get(key), comments.get(key, "")) for key in keys]


class HeaderPanel(QWidget):
    """Cards of one header; the search looks at keyword, values and comment.

    Signals
    -------
    compare_asked()
        The user wants to choose a file to compare with.
    """

    compare_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headers: dict[str, Callable[[], PropertyList]] = {}
        self._others: Mapping[str, CardHeader] = {}
        self._detector_name = ""
        self._is_old = False
        self.choice = QComboBox()
        self.choice.setToolTip("Header to show: every HDU of the file, and the metadata of the step on screen")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(18)
        self.choice.currentTextChanged.connect(self._fill)
        self.search = QLineEdit(placeholderText="search keyword, value, comment", clearButtonEnabled=True)
        self.search.setToolTip("Show the cards that have all these words")
        self.search.textChanged.connect(self._filter)
        self.found = QLabel("")
        self.found.setToolTip("Cards shown, and cards in the header")
        self.compare = tool_button("Compare with…", "Show the header of another file beside this one")
        self.compare.clicked.connect(self.compare_asked)
        self.only_differences = QCheckBox("differences only")
        self.only_differences.setToolTip("Hide the cards that are the same in both headers")
        self.only_differences.setEnabled(False)
        self.only_differences.toggled.connect(lambda: self._filter(self.search.text()))
        self.end = tool_button("×", "End the comparison", is_flat=True)
        self.end.clicked.connect(lambda: self.show_other("", {}))
        self.end.hide()
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels(["Keyword", "Value", "Other", "Comment"])
        self.tree.setColumnHidden(_OTHER, True)
        self.tree.setFont(number_font(0.5))
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        top = QHBoxLayout()
        top.addWidget(self.choice, 1)
        top.addWidget(self.search, 2)
        for widget in (self.found, self.compare, self.only_differences, self.end):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.tree)

    def show_frame(self, facts: FrameFacts, detector_name: str) -> None:
        """Offer the headers of a frame and select that of the detector."""
        of_step = {_STEP: self._headers[_STEP]} if _STEP in self._headers else {}
        of_file = {
            f"{number}: {name}": partial(header.to_property_list, _NO_KEYWORD)
            for number, (name, header) in enumerate(facts.headers)
        }
        self._headers = of_file | of_step
        self._detector_name = detector_name
        self._offer(next((name for name in self._headers if name.partition(": ")[2].startswith(detector_name)), ""))

    def show_metadata(self, metadata: PropertyList) -> None:
        """Offer the metadata of the exposure on screen, which the steps add to."""
        is_offered = _STEP in self._headers
        self._headers[_STEP] = lambda: metadata
        if not is_offered:
            self._offer(self.choice.currentText())
        elif self.choice.currentText() == _STEP:
            self._fill(_STEP)

    def show_other(self, name: str, headers: Mapping[str, CardHeader]) -> None:
        """Compare with the headers of a file, by the name of the HDU; an empty name ends the comparison."""
        self._others = headers
        self.tree.setColumnHidden(_OTHER, not name)
        self.tree.headerItem().setText(_OTHER, name or "Other")
        self.only_differences.setEnabled(bool(name))
        self.end.setVisible(bool(name))
        if not name:
            self.only_differences.setChecked(False)
        self._fill(self.choice.currentText())

    def _offer(self, wanted: str) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(list(self._headers))
        self.choice.setCurrentIndex(max(self.choice.findText(wanted), 0))
        self.choice.blockSignals(False)
        self._fill(self.choice.currentText())

    def _partner(self, choice: str) -> PropertyList | None:
        """The header to compare with: the one of the same name, else the first; that of the CCD for a step."""
        if not self._others:
            return None
        name = self._detector_name if choice == _STEP else choice.partition(": ")[2]
        header = self._others[name if name in self._others else next(iter(self._others))]
        return header.to_property_list(_NO_KEYWORD)

    def showEvent(self, event: QShowEvent) -> None:
        """Fill in what changed while the panel was out of sight."""
        super().showEvent(event)
        if self._is_old:
            self._fill(self.choice.currentText())

    def _fill(self, choice: str) -> None:
        # Hundreds of cards: not while nobody looks, for every step that is walked through.
        self._is_old = not self.isVisible()
        if self._is_old:
            return
        self.tree.clear()
        if choice not in self._headers:
            return
        for pair in pair_cards(self._headers[choice](), self._partner(choice)):
            texts = [str(value) if value is not None else "—" for value in (pair.value, pair.other)]
            item = QTreeWidgetItem([pair.keyword, *texts, pair.comment])
            item.setData(_KEYWORD, Qt.ItemDataRole.UserRole, pair.differs)
            for column in (_VALUE, _OTHER, _COMMENT):
                item.setToolTip(column, item.text(column))
                if pair.differs and column != _COMMENT:
                    item.setForeground(column, QBrush(ACCENT))
            self.tree.addTopLevelItem(item)
        self.tree.resizeColumnToContents(_KEYWORD)
        for column in (_VALUE, _OTHER):
            self.tree.setColumnWidth(column, 220)
        self._filter(self.search.text())

    def _filter(self, wanted: str) -> None:
        words = wanted.lower().split()
        shown = 0
        for item in top_items(self.tree):
            text = " ".join(item.text(column) for column in range(4)).lower()
            same = not item.data(_KEYWORD, Qt.ItemDataRole.UserRole)
            hidden = not all(word in text for word in words) or (same and self.only_differences.isChecked())
            item.setHidden(hidden)
            shown += not hidden
        self.found.setText(f"{shown} of {self.tree.topLevelItemCount()}")
        self.found.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
