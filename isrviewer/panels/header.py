"""FITS headers of the open frame, every HDU, with search."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
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

from isrviewer.runner.messages import FrameFacts
from isrviewer.theme import GRID, number_font

if TYPE_CHECKING:
    from isrcore.metadata import PropertyList

__all__ = ["HeaderPanel"]

_STEP = "Metadata of the step on screen"
_NO_KEYWORD = re.compile("(?!)")


class HeaderPanel(QWidget):
    """Cards of one header; the search looks at keyword, value and comment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headers: dict[str, Callable[[], PropertyList]] = {}
        self.choice = QComboBox()
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(18)
        self.choice.currentTextChanged.connect(self._fill)
        self.search = QLineEdit(placeholderText="search keyword, value, comment", clearButtonEnabled=True)
        self.search.textChanged.connect(self._filter)
        self.found = QLabel("")
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setHeaderLabels(["Keyword", "Value", "Comment"])
        self.tree.setFont(number_font(0.5))
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        top = QHBoxLayout()
        top.addWidget(self.choice, 1)
        top.addWidget(self.search, 2)
        top.addWidget(self.found)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.tree)

    def show_frame(self, facts: FrameFacts, detector_name: str) -> None:
        """Offer the headers of a frame and select that of the detector."""
        self._headers = {
            f"{number}: {name}": partial(header.to_property_list, _NO_KEYWORD)
            for number, (name, header) in enumerate(facts.headers)
        }
        self._offer(next((name for name in self._headers if name.partition(": ")[2].startswith(detector_name)), ""))

    def show_metadata(self, metadata: PropertyList) -> None:
        """Offer the metadata of the exposure on screen, which the steps add to."""
        self._headers[_STEP] = lambda: metadata
        self._offer(self.choice.currentText())

    def _offer(self, wanted: str) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(list(self._headers))
        self.choice.setCurrentIndex(max(self.choice.findText(wanted), 0))
        self.choice.blockSignals(False)
        self._fill(self.choice.currentText())

    def _fill(self, name: str) -> None:
        self.tree.clear()
        if name not in self._headers:
            return
        cards = self._headers[name]()
        for keyword, value in cards.items():
            comment = cards.comments.get(keyword, "")
            item = QTreeWidgetItem([keyword, str(value), comment])
            item.setToolTip(1, str(value))
            item.setToolTip(2, comment)
            self.tree.addTopLevelItem(item)
        self.tree.resizeColumnToContents(0)
        self.tree.setColumnWidth(1, 220)
        self._filter(self.search.text())

    def _filter(self, wanted: str) -> None:
        words = wanted.lower().split()
        shown = 0
        for number in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(number)
            text = " ".join(item.text(column) for column in range(3)).lower()
            item.setHidden(not all(word in text for word in words))
            shown += not item.isHidden()
        self.found.setText(f"{shown} of {self.tree.topLevelItemCount()}")
        self.found.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
