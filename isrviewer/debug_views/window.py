"""A window of linked pyqtgraph panels, one for each debug view that was chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QFontMetricsF, QKeySequence
from PySide6.QtWidgets import QGraphicsSceneResizeEvent, QLabel, QMainWindow, QToolBar

from isrviewer.debug_views.assembler import Received
from isrviewer.render.compose import PictureStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.scene.ccd_item import CcdItem
from isrviewer.theme import number_font

__all__ = ["DebugWindow", "ViewPanel"]

_MOST_WITH_RULERS = 6

_CCD_ASPECT = 2048 / 4612


class ViewPanel(pg.PlotItem):  # type: ignore[misc]
    """One panel: a CCD with rulers in pixels, a title that belongs to its pixels, and a colour bar.

    Parameters
    ----------
    name : str
        Of the debug views that it waits for.
    cache : `LevelCache`

    Attributes
    ----------
    item : `CcdItem`
    received : `Received` or None
        What came last; `item` may still show what came before.
    """

    def __init__(self, name: str, cache: LevelCache) -> None:
        super().__init__()
        self.item = CcdItem(cache)
        self.received: Received | None = None
        self._kind = "image"
        self.setAspectLocked(True)
        self.setMenuEnabled(True)
        self.hideButtons()
        self.addItem(self.item)
        self.setTitle(name)
        for side in ("bottom", "left"):
            self.getAxis(side).enableAutoSIPrefix(False)
        # Otherwise every move paints twice: pyqtgraph sets the matrix within the paint.
        self.vb.sigRangeChanged.connect(lambda box, *_: box.updateMatrix())
        self.bar = self.addColorBar(self.item, interactive=True)
        self.item.sigImageChanged.connect(self._follow)
        self.item.failed.connect(self.setTitle)

    def show(self, received: Received) -> None:
        """Show another view as soon as its picture is made."""
        self.received = received
        self.item.setPlanes(received.planes(self._kind))

    def show_kind(self, kind: str) -> None:
        """``image`` or ``variance``."""
        self._kind = kind
        if self.received is not None:
            self.item.setPlanes(self.received.planes(kind))

    def show_masks(self, is_on: bool) -> None:
        overlay = self.item.style.overlay
        self.item.setStyle(PictureStyle(overlay=type(overlay)(visible=is_on)))

    def show_rulers(self, is_on: bool) -> None:
        """Axes in pixels and the colour bar; small panels do without."""
        for side in ("bottom", "left"):
            self.showAxis(side, is_on)
        self.bar.setVisible(is_on)
        self.layout.setColumnPreferredWidth(5, 80 if is_on else 0)

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        super().resizeEvent(event)
        if self.item.planes is not None:
            self._show_title()

    def _show_title(self) -> None:
        """What is on the screen, in the room that there is: a long title must not push the panels beside it."""
        planes = self.item.planes
        assert planes is not None
        label = self.titleLabel
        room = self.vb.width() or label.width()
        text = QFontMetricsF(label.item.font()).elidedText(planes.title, Qt.TextElideMode.ElideMiddle, room)
        self.setTitle(text, size="9pt")
        label.setToolTip(planes.title)
        label.setMinimumWidth(0)

    def _follow(self) -> None:
        planes = self.item.planes
        if planes is not None:
            self._show_title()
            self.bar.setLabel("right", planes.unit)


class DebugWindow(QMainWindow):
    """The panels in a grid, with common centre and zoom. A panel is there from its first view on.

    Parameters
    ----------
    names : list of str
        For each panel the names of its debug views.

    Signals
    -------
    closed()
    """

    closed = Signal()

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.setWindowTitle("Debug views · isrviewer")
        self._names = names
        self._cache = LevelCache()
        self._layout = pg.GraphicsLayoutWidget()
        self.setCentralWidget(self._layout)
        self.panels: dict[int, ViewPanel] = {}
        self._waiting: dict[int, Received] = {}
        self._at_work: ViewPanel | None = None
        self._is_linking, self._is_fitted = False, True
        self._where = QLabel("Waiting for views")
        self._where.setFont(number_font(0.5))
        self._where.setToolTip("Under the pointer: value, unit, 0-based and FITS pixel, mask planes, whose pixel it is")
        self.statusBar().addWidget(self._where)
        self._layout.scene().sigMouseMoved.connect(self._point)
        self._make_actions()
        self.resize(1200, 800)

    def _make_actions(self) -> None:
        bar = QToolBar("Debug views", self)
        self.addToolBar(bar)
        self.masks = self._action(bar, "Masks", "M", "Draw the mask planes over the pixels", is_checked=True)
        self.masks.toggled.connect(self._show_masks)
        self.variance = self._action(bar, "Variance", "V", "Show the variance in place of the image")
        self.variance.toggled.connect(self._show_variance)
        fit = self._action(bar, "Fit", "F", "Show the whole CCD in all panels")
        fit.setCheckable(False)
        fit.triggered.connect(self.fit)

    def _action(self, bar: QToolBar, text: str, key: str, tip: str, is_checked: bool = False) -> QAction:
        action = QAction(text, self, checkable=True, checked=is_checked, shortcut=QKeySequence(key))
        action.setToolTip(f"{tip} ({key})")
        bar.addAction(action)
        return action

    def show_view(self, received: Received) -> None:
        """A view has come. Pictures are made one by one, and of views that wait for a panel the newest counts."""
        self._waiting[received.view.panel] = received
        self._next()

    def fit(self) -> None:
        """Show the whole CCD in every panel, also when panels come or change their size, until the user zooms."""
        self._is_fitted = self._is_linking = True
        for panel in self.panels.values():
            if panel.item.planes is not None:
                panel.vb.setRange(panel.item.boundingRect(), padding=0.02)
        self._is_linking = False

    def _keep_fit(self, *_: object) -> None:
        if self._is_fitted:
            self.fit()

    def _leave_fit(self, *_: object) -> None:
        self._is_fitted = False

    @property
    def is_settled(self) -> bool:
        """Whether every view that came is on the screen."""
        return not self._waiting and self._at_work is None

    def _next(self) -> None:
        if self._at_work is not None and not self._at_work.item.is_settled:
            return
        self._at_work = None
        if self._waiting:
            number = min(self._waiting)
            self._at_work = self.panels.get(number) or self._add(number)
            self._at_work.show(self._waiting.pop(number))

    def _add(self, number: int) -> ViewPanel:
        """A panel that gets its first view; all are placed anew."""
        panel = ViewPanel(self._names[number - 1], self._cache)
        panel.show_masks(self.masks.isChecked())
        panel.show_kind("variance" if self.variance.isChecked() else "image")
        panel.vb.sigRangeChanged.connect(self._link)
        # Queued: the layout must be through with the new sizes.
        panel.item.sigImageChanged.connect(self._next, Qt.ConnectionType.QueuedConnection)
        panel.item.failed.connect(self._next, Qt.ConnectionType.QueuedConnection)
        panel.vb.sigRangeChangedManually.connect(self._leave_fit)
        panel.vb.sigResized.connect(self._keep_fit)
        panel.item.sigImageChanged.connect(self._keep_fit)
        self.panels[number] = panel
        self._place()
        return panel

    def _place(self) -> None:
        for panel in self.panels.values():
            if panel in self._layout.ci.items:
                self._layout.removeItem(panel)
        columns = _columns(len(self.panels), self._layout.width(), self._layout.height())
        for column in range(columns):
            self._layout.ci.layout.setColumnPreferredWidth(column, self._layout.width() / columns)
        for place, number in enumerate(sorted(self.panels)):
            self._layout.addItem(self.panels[number], place // columns, place % columns)
            self.panels[number].show_rulers(len(self.panels) <= _MOST_WITH_RULERS)

    def _show_masks(self, is_on: bool) -> None:
        for panel in self.panels.values():
            panel.show_masks(is_on)

    def _show_variance(self, is_on: bool) -> None:
        for panel in self.panels.values():
            panel.show_kind("variance" if is_on else "image")

    def _link(self, box: pg.ViewBox, *_: object) -> None:
        """Give all panels the centre and the zoom of one. Linked axes of unequal panels lose the zoom."""
        if self._is_linking or self._is_fitted or not box.width():
            return
        self._is_linking = True
        try:
            view = box.viewRect()
            centre, per_pixel = view.center(), view.width() / box.width()
            for other in (panel.vb for panel in self.panels.values() if panel.vb is not box):
                width, height = other.width() * per_pixel, other.height() * per_pixel
                if width and height:
                    x, y = centre.x() - width / 2, centre.y() - height / 2
                    other.setRange(xRange=(x, x + width), yRange=(y, y + height), padding=0)
        finally:
            self._is_linking = False

    def _point(self, place: QPointF) -> None:
        self._where.setText("  ".join(self._words(place)))

    def _words(self, place: QPointF) -> Iterator[str]:
        for panel in self.panels.values():
            planes: ImagePlanes | None = panel.item.planes
            if planes is None or not panel.vb.sceneBoundingRect().contains(place):
                continue
            point = panel.vb.mapSceneToView(place)
            index = planes.index(point.x(), point.y())
            if index is None or planes.mask is None:
                continue
            row, column = index
            x, y = column + planes.xy0[0], row + planes.xy0[1]
            yield f"{planes.image[row, column]:.6g} {planes.unit}"
            yield f"x {x} y {y} · FITS {column + 1} {row + 1}"
            yield " ".join(planes.bits_of(int(planes.mask[row, column])))
            yield planes.title

    def closeEvent(self, event: QCloseEvent) -> None:
        self._waiting.clear()
        for panel in self.panels.values():
            panel.item.close()
        self.closed.emit()
        super().closeEvent(event)


def _columns(count: int, width: float, height: float) -> int:
    """Of `count` panels in a window of this size, so that upright CCDs become as large as possible."""

    def zoom(columns: int) -> float:
        rows = math.ceil(count / columns)
        return min(width / columns / _CCD_ASPECT, height / rows)

    return max(range(1, count + 1), key=zoom)
