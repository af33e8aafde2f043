"""Mask planes: colour, visibility and pixel counts of the planes on screen, their combinations and regions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from isrviewer.panels.masks.expression import ExpressionField
from isrviewer.panels.masks.regions import RegionList
from isrviewer.render.plane_colours import PRESETS, OverlayStyle, PlaneStyle
from isrviewer.render.planes import NOT_FINITE
from isrviewer.runner.background import Background
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import set_plane_style
from isrviewer.session.masks import MaskRegions, PlaneCount, count_planes, find_regions
from isrviewer.theme import GRID, number_font

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from isrcore.image import Exposure

__all__ = ["MasksPanel"]

_PLANE, _COUNT, _SHARE = range(3)
_NAME = Qt.ItemDataRole.UserRole
_COUNT_MS = 60
"""Wait before counting: the picture comes first, and steps that are only passed through are not counted."""


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _swatch(colour: str, outline: bool) -> QIcon:
    pixmap = QPixmap(28, 28)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush if outline else QColor(colour))
        painter.setPen(QPen(QColor(colour), 5) if outline else QColor("#808080"))
        painter.drawRoundedRect(4, 4, 20, 20, 4, 4)
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)


class MasksPanel(QWidget):
    """One row per plane; a click on the box shows or hides it, a double click on the colour changes it.

    Signals
    -------
    place_chosen(float, float)
        The user wants to see the region around this place, in image coordinates.
    """

    place_chosen = Signal(float, float)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._counting = Background(self)
        self._labelling = Background(self)
        self._later = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._later.timeout.connect(self._count)
        self._exposure: Exposure | None = None
        self._counts: tuple[PlaneCount, ...] = ()
        self._counted_mask: NDArray[np.int32] | None = None
        self._filling = False
        overlay = model.session.overlay
        self.on = QCheckBox("Show masks")
        self.on.setToolTip("Draw the mask planes over the picture")
        self.on.setChecked(overlay.visible)
        self.on.toggled.connect(lambda on: self._set(visible=on))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(5, 100)
        self.opacity.setValue(round(100 * overlay.opacity))
        self.opacity.setToolTip("Opacity of all planes")
        self.opacity.setAccessibleName("Opacity of all planes")
        self.opacity.valueChanged.connect(self._set_opacity)
        self.opacity.sliderReleased.connect(model.history.end_merge)
        self.preset = QComboBox()
        self.preset.addItems(PRESETS)
        self.preset.setToolTip("Colours: safe for colour-blind eyes, or those of LSST's afw.display")
        self.preset.setCurrentText(overlay.preset)
        self.preset.textActivated.connect(lambda name: self._set(f"{name} mask colours", preset=name))
        self.expression = ExpressionField()
        self.expression.show_state(overlay.expression, overlay.only_expression)
        self.expression.entered.connect(lambda text: self._set("mask expression", expression=text))
        self.expression.only_switched.connect(lambda on: self._set(only_expression=on))
        self.tree = self._make_tree()
        self.regions = RegionList()
        self.regions.chosen.connect(self.place_chosen)
        self.note = QLabel("No pixels on screen")
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top = QHBoxLayout()
        for widget, stretch in ((self.on, 0), (QLabel("Opacity"), 0), (self.opacity, 1), (self.preset, 0)):
            top.addWidget(widget, stretch)
        lists = QSplitter(Qt.Orientation.Vertical)
        lists.setChildrenCollapsible(False)
        lists.addWidget(self.tree)
        lists.addWidget(self.regions)
        lists.setStretchFactor(0, 3)
        lists.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(top)
        layout.addWidget(self.expression)
        layout.addWidget(lists, 1)
        layout.addWidget(self.note)
        model.observe(self._session_changed)

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(3)
        tree.setHeaderLabels(["Plane", "Pixels", "Share"])
        tree.setIconSize(QSize(14, 14))
        tree.setUniformRowHeights(True)
        tree.header().setSectionResizeMode(_PLANE, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(_COUNT, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setSectionResizeMode(_SHARE, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setStretchLastSection(False)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._show_menu)
        tree.itemChanged.connect(self._item_changed)
        tree.itemDoubleClicked.connect(self._double_clicked)
        tree.currentItemChanged.connect(self._list_regions)
        return tree

    def show_planes(self, title: str, exposure: Exposure | None) -> None:
        """Count the planes of what is on screen, soon."""
        if exposure is None:
            return
        self.note.setText(f"{title} · {exposure.bbox.width} × {exposure.bbox.height} pixels")
        self.note.setToolTip(self.note.text())
        old, self._exposure = self._exposure, exposure
        if old is not None and exposure.mask.array is old.mask.array and exposure.image is old.image:
            return
        self._later.start()

    def planes(self) -> tuple[str, ...]:
        """Names in the order of the rows."""
        return tuple(self.counts())

    def counts(self) -> dict[str, int]:
        """Flagged pixels by plane, in the order of the rows."""
        return {count.plane: count.total for count in self._counts}

    def toggle(self, row: int) -> None:
        """Show or hide the plane in a row; nothing happens below the last one."""
        if row < len(self._counts):
            plane = self._counts[row].plane
            self._change(plane, visible=not self._style(plane).visible)

    @property
    def is_outlined(self) -> bool:
        """Whether all planes on screen are drawn by their outlines."""
        return bool(self._counts) and all(self._style(plane).outline for plane in self.planes())

    def toggle_outlines(self) -> None:
        """Draw all planes by their outlines, or filled again."""
        overlay, outline = self._model.session.overlay, not self.is_outlined
        for name in self.planes():
            overlay = overlay.with_plane(name, replace(self._style(name), outline=outline))
        self._apply(overlay, "mask outlines" if outline else "filled masks")

    def edit_expression(self) -> None:
        """Give the keys to the field for a combination of planes."""
        self.expression.field.setFocus()

    def step_region(self, direction: int) -> bool:
        """Go to the next or previous region of the selected plane; False where none is listed."""
        self.regions.step(direction)
        return self.regions.model.rowCount() > 0

    def close_background(self) -> None:
        """The window closes: nothing may arrive any more."""
        self._later.stop()
        self._counting.close()
        self._labelling.close()

    def _count(self) -> None:
        exposure, expression = self._exposure, self._model.session.overlay.expression
        if exposure is not None:
            self.expression.set_planes(exposure.mask.planes.as_dict())
            mask = exposure.mask.array
            self._counting.compute(lambda: count_planes(exposure, expression), partial(self._counted, mask))

    def _counted(self, mask: NDArray[np.int32], counts: tuple[PlaneCount, ...]) -> None:
        # Planes with pixels come first, each group in the order of the bits: the short list is what one looks at.
        counts = tuple(sorted(counts, key=lambda count: count.total == 0))
        if mask is self._counted_mask and counts == self._counts:
            return
        self._counted_mask, self._counts = mask, counts
        self._fill()
        self._list_regions(self.tree.currentItem())

    def _fill(self) -> None:
        current = self._current()
        pixels = self._exposure.image.size if self._exposure is not None else 1
        self._filling = True
        self.tree.clear()
        for count in self._counts:
            style = self._style(count.plane)
            share = f"{100 * count.total / max(pixels, 1):.3f} %" if count.total else ""
            item = QTreeWidgetItem([count.plane, _grouped(count.total) if count.total else "–", share])
            item.setData(_PLANE, _NAME, count.plane)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(_PLANE, Qt.CheckState.Checked if style.visible else Qt.CheckState.Unchecked)
            item.setIcon(_PLANE, _swatch(style.colour, style.outline))
            bit = f"bit {count.bit}, value {1 << count.bit}" if count.bit is not None else "combination of planes"
            if count.plane == NOT_FINITE:
                bit = "value or variance is NaN or infinite"
            item.setToolTip(_PLANE, f"{count.plane}: {bit}\nDouble click changes the colour")
            for column in (_COUNT, _SHARE):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setFont(column, number_font(0.5))
            for name, number in count.by_amplifier:
                child = QTreeWidgetItem(item, [f"amplifier {name}", _grouped(number), ""])
                child.setTextAlignment(_COUNT, Qt.AlignmentFlag.AlignRight)
                child.setFont(_COUNT, number_font(0.5))
            self.tree.addTopLevelItem(item)
            if count.plane == current:
                self.tree.setCurrentItem(item)
        self._filling = False

    def _current(self) -> str:
        """Name of the selected plane, also when one of its amplifiers is selected."""
        item = self.tree.currentItem()
        name = None if item is None else (item.parent() or item).data(_PLANE, _NAME)
        return name or ""

    def _list_regions(self, item: QTreeWidgetItem | None) -> None:
        if self._filling or self._exposure is None:
            return
        exposure, name = self._exposure, self._current()
        if not name:
            self.regions.clear("Select a plane to list its regions")
            return

        def label() -> MaskRegions | ValueError:
            try:
                return find_regions(exposure, name)
            except ValueError as error:
                return error

        self._labelling.compute(label, self._labelled)

    def _labelled(self, found: MaskRegions | ValueError) -> None:
        if isinstance(found, ValueError):
            self.regions.clear(str(found))
        else:
            self.regions.show_regions(found)

    def _item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or item.parent() is not None or column != _PLANE:
            return
        plane, visible = item.text(_PLANE), item.checkState(_PLANE) == Qt.CheckState.Checked
        if visible != self._style(plane).visible:
            # The rows are made anew, and Qt still works on this one until the signal has returned.
            QTimer.singleShot(0, self, lambda: self._change(plane, visible=visible))

    def _double_clicked(self, item: QTreeWidgetItem, column: int) -> None:
        if column == _PLANE and item.parent() is None:
            self._choose_colour(item.text(_PLANE))

    def _choose_colour(self, plane: str) -> None:
        dialog = QColorDialog(QColor(self._style(plane).colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(f"Colour of {plane}")
        dialog.colorSelected.connect(lambda colour: self._change(plane, colour=colour.name()))
        dialog.open()

    def _show_menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place)
        if item is not None:
            menu = self.menu_for((item.parent() or item).text(_PLANE))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.tree.viewport().mapToGlobal(place))

    def menu_for(self, plane: str) -> QMenu:
        """What can be done with one plane."""
        style = self._style(plane)
        menu = QMenu(self)
        outline = menu.addAction("Outline only", lambda: self._change(plane, outline=not style.outline))
        outline.setCheckable(True)
        outline.setChecked(style.outline)
        menu.addAction("Only this plane", lambda: self._show_only(plane))
        menu.addAction("All planes", lambda: self._show_only(""))
        menu.addSeparator()
        menu.addAction("Change colour…", lambda: self._choose_colour(plane))
        menu.addAction("Preset colour", lambda: self._preset_colour(plane))
        return menu

    def _show_only(self, plane: str) -> None:
        """Hide all planes but one, or show all; an empty name is for all."""
        overlay = self._model.session.overlay
        for name in self.planes():
            style = self._style(name)
            if style.visible != (not plane or name == plane):
                overlay = overlay.with_plane(name, replace(style, visible=not plane or name == plane))
        self._apply(overlay, f"only {plane}" if plane else "all mask planes")

    def _preset_colour(self, plane: str) -> None:
        overlay = self._model.session.overlay
        kept = tuple(entry for entry in overlay.planes if entry[0] != plane)
        self._apply(replace(overlay, planes=kept), f"{plane} style")

    def _style(self, plane: str) -> PlaneStyle:
        return self._model.session.overlay.styles(dict.fromkeys((*self._names(), plane)))[plane]

    def _names(self) -> list[str]:
        """Planes in the order of their bits, in which the picture gives them their colours; the expression is last."""
        return [count.plane for count in sorted(self._counts, key=lambda c: 99 if c.bit is None else c.bit)]

    def _change(self, plane: str, **changes: object) -> None:
        style = replace(self._style(plane), **changes)  # type: ignore[arg-type]
        self._model.change(set_plane_style(self._model.session, plane, style), f"{plane} style")

    def _set(self, text: str = "", **changes: object) -> None:
        self._apply(replace(self._model.session.overlay, **changes), text)  # type: ignore[arg-type]

    def _set_opacity(self, percent: int) -> None:
        overlay = replace(self._model.session.overlay, opacity=percent / 100)
        self._model.change(replace(self._model.session, overlay=overlay), "mask opacity", "mask opacity")

    def _apply(self, overlay: OverlayStyle, text: str) -> None:
        self._model.change(replace(self._model.session, overlay=overlay), text)

    def _session_changed(self, old: Session, new: Session) -> None:
        before, after = old.overlay, new.overlay
        if before == after:
            return
        self.on.setChecked(after.visible)
        self.opacity.setValue(round(100 * after.opacity))
        self.preset.setCurrentText(after.preset)
        self.expression.show_state(after.expression, after.only_expression)
        if before.expression != after.expression:
            self._later.start()
        elif (before.planes, before.preset) != (after.planes, after.preset):
            self._fill()
