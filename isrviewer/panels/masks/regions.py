"""Connected regions of one mask plane: how many, how large, and a click to go there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QLabel, QListView, QSizePolicy, QVBoxLayout, QWidget

from isrviewer.session.masks import MaskRegions
from isrviewer.theme import GRID, number_font

__all__ = ["RegionList"]


class _Regions(QAbstractListModel):
    """Text for the rows that are looked at; thousands of items would take longer to make than to find."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.regions: MaskRegions | None = None

    def set_regions(self, regions: MaskRegions | None) -> None:
        self.beginResetModel()
        self.regions = regions
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.regions is None else len(self.regions.pixels)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.regions is None or role != Qt.ItemDataRole.DisplayRole:
            return None
        x0, y0, x1, y1 = self.regions.boxes[index.row()].tolist()
        size = f"{x1 - x0 + 1} × {y1 - y0 + 1}"
        return f"{self.regions.pixels[index.row()]:>8} px  {size:>11}  at {x0} {y0}"


class RegionList(QWidget):
    """The regions, the largest first.

    Signals
    -------
    chosen(float, float)
        The user wants to see the region around this place, in image coordinates.
    """

    chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel("Select a plane to list its regions")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.model = _Regions(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setFont(number_font(0.5))
        self.list.setAccessibleName("Regions of the selected mask plane")
        self.list.setToolTip("Connected over sides or corners; a click goes there")
        self.list.selectionModel().currentChanged.connect(self._go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self.title)
        layout.addWidget(self.list)

    def show_regions(self, regions: MaskRegions) -> None:
        """List regions; nothing is chosen among them yet."""
        self.model.set_regions(regions)
        listed = len(regions.pixels)
        part = f", the {listed} largest listed" if listed < regions.total else ""
        self.title.setText(f"{regions.name}: {regions.total} region{'s' if regions.total != 1 else ''}{part}")

    def clear(self, text: str) -> None:
        """Show no regions and say why."""
        self.model.set_regions(None)
        self.title.setText(text)

    def step(self, direction: int) -> None:
        """Go to the next or previous region of the list, round at its ends."""
        count = self.model.rowCount()
        if count:
            row = self.list.currentIndex().row()
            row = (row + direction) % count if row >= 0 else (0 if direction > 0 else count - 1)
            self.list.setCurrentIndex(self.model.index(row, 0))

    def _go(self, index: QModelIndex) -> None:
        if index.isValid() and self.model.regions is not None:
            self.chosen.emit(*self.model.regions.centre(index.row()))
