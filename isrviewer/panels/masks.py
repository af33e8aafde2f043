"""Mask planes: colour, visibility and pixel counts of the planes on screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.render.plane_colours import PlaneStyle
from isrviewer.runner.background import Background
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import set_plane_style
from isrviewer.session.masks import PlaneCount, count_planes
from isrviewer.theme import GRID, number_font

if TYPE_CHECKING:
    from isrcore.image import Exposure

__all__ = ["MasksPanel"]

_PLANE, _COUNT, _SHARE = range(3)


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(28, 28)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(QColor("#808080"))
    painter.drawRoundedRect(2, 2, 24, 24, 5, 5)
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)


class MasksPanel(QWidget):
    """One row per plane; a click on the box shows or hides it, a double click on the colour changes it."""

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._background = Background(self)
        self._counts: tuple[PlaneCount, ...] = ()
        self._pixels = 0
        self._filling = False
        self.on = QCheckBox("Show masks")
        self.on.setChecked(model.session.overlay.visible)
        self.on.toggled.connect(self._switch)
        self.opacity = QSlider(Qt.Orientation.Horizontal, minimum=5, maximum=100)
        self.opacity.setToolTip("Opacity of the mask colours")
        self.opacity.setValue(round(100 * model.session.overlay.opacity))
        self.opacity.valueChanged.connect(self._set_opacity)
        self.opacity.sliderReleased.connect(model.history.end_merge)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels(["Plane", "Pixels", "Share"])
        self.tree.setIconSize(QSize(14, 14))
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(_PLANE, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(_COUNT, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setSectionResizeMode(_SHARE, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.itemChanged.connect(self._item_changed)
        self.tree.itemDoubleClicked.connect(self._choose_colour)
        self.note = QLabel("No pixels on screen")
        top = QHBoxLayout()
        top.addWidget(self.on)
        top.addWidget(QLabel("Opacity"))
        top.addWidget(self.opacity, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.tree)
        layout.addWidget(self.note)
        model.observe(self._session_changed)

    def show_planes(self, title: str, exposure: Exposure | None) -> None:
        """Count the planes of what is on screen."""
        if exposure is None:
            return
        self._pixels = exposure.image.size
        self.note.setText(f"{title} · {exposure.bbox.width} × {exposure.bbox.height} pixels")
        self._background.compute(lambda: count_planes(exposure), self._fill)

    def planes(self) -> tuple[str, ...]:
        """Names in the order of the rows."""
        return tuple(count.plane for count in self._counts)

    def toggle(self, row: int) -> None:
        """Show or hide the plane in a row; nothing happens below the last one."""
        if row < len(self._counts):
            plane = self._counts[row].plane
            style = self._style(plane)
            self._change(plane, replace(style, visible=not style.visible))

    def close_background(self) -> None:
        self._background.close()

    def _fill(self, counts: tuple[PlaneCount, ...]) -> None:
        # Planes with pixels come first, each group in the order of the bits: the short list is what one looks at.
        self._counts = tuple(sorted(counts, key=lambda count: (count.total == 0, count.bit)))
        self._filling = True
        self.tree.clear()
        for count in self._counts:
            style = self._style(count.plane)
            share = f"{100 * count.total / max(self._pixels, 1):.3f} %" if count.total else ""
            item = QTreeWidgetItem(
                [count.plane, f"{count.total:,}".replace(",", "\u202f") if count.total else "–", share]
            )
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(_PLANE, Qt.CheckState.Checked if style.visible else Qt.CheckState.Unchecked)
            item.setIcon(_PLANE, _swatch(style.colour))
            item.setToolTip(
                _PLANE, f"{count.plane}: bit {count.bit}, value {1 << count.bit}\nDouble click changes the colour"
            )
            for column in (_COUNT, _SHARE):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setFont(column, number_font(0.5))
            for name, number in count.by_amplifier:
                child = QTreeWidgetItem(item, [f"amplifier {name}", f"{number:,}".replace(",", "\u202f"), ""])
                child.setTextAlignment(_COUNT, Qt.AlignmentFlag.AlignRight)
                child.setFont(_COUNT, number_font(0.5))
            self.tree.addTopLevelItem(item)
        self._filling = False

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or item.parent() is not None or column != _PLANE:
            return
        style = self._style(item.text(_PLANE))
        visible = item.checkState(_PLANE) == Qt.CheckState.Checked
        if visible != style.visible:
            self._change(item.text(_PLANE), replace(style, visible=visible))

    def _choose_colour(self, item: QTreeWidgetItem, column: int) -> None:
        if column != _PLANE or item.parent() is not None:
            return
        plane = item.text(_PLANE)
        style = self._style(plane)
        dialog = QColorDialog(QColor(style.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(f"Colour of {plane}")
        dialog.colorSelected.connect(lambda colour: self._change(plane, replace(style, colour=colour.name())))
        dialog.open()

    def _style(self, plane: str) -> PlaneStyle:
        return self._model.session.overlay.styles({*self.planes(), plane})[plane]

    def _change(self, plane: str, style: PlaneStyle) -> None:
        self._model.change(set_plane_style(self._model.session, plane, style), f"{plane} style")

    def _switch(self, on: bool) -> None:
        session = self._model.session
        self._model.change(replace(session, overlay=replace(session.overlay, visible=on)))

    def _set_opacity(self, percent: int) -> None:
        session = self._model.session
        overlay = replace(session.overlay, opacity=percent / 100)
        self._model.change(replace(session, overlay=overlay), "mask opacity", "mask opacity")

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.overlay == new.overlay:
            return
        self.on.setChecked(new.overlay.visible)
        self.opacity.setValue(round(100 * new.overlay.opacity))
        if old.overlay.planes != new.overlay.planes:
            self._fill(self._counts)
