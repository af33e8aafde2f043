"""Where the panels sit: steps left, inspection right, log below; saved, restored, put away for bare images."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QToolBar, QWidget

from isrviewer.actions.panels import PANELS

__all__ = ["Docks"]

_BOTTOM, _RIGHT = Qt.DockWidgetArea.BottomDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_STEPS_WIDTH, _INSPECT_WIDTH, _BOTTOM_HEIGHT, _STEPS_HEIGHT, _OVERVIEW_HEIGHT = 270, 380, 180, 720, 200
_MIN_STEPS, _MIN_INSPECT = 220, 280


class Docks:
    """The docks of a window.

    Parameters
    ----------
    window : `QMainWindow`
    panels : mapping
        Panel by the name of its dock, see `isrviewer.actions.panels`.
    """

    def __init__(self, window: QMainWindow, panels: Mapping[str, QWidget]) -> None:
        self._window = window
        self._full_state = QByteArray()
        self.by_name: dict[str, QDockWidget] = {}
        window.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        first: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for row in PANELS:
            name, area = row.name, row.area
            dock = QDockWidget(row.title, window)
            dock.setObjectName(name)
            dock.setWidget(panels[name])
            # The tabs say the names; a second line of titles would only take room.
            dock.setTitleBarWidget(QWidget(dock))
            window.addDockWidget(area, dock)
            # Hidden before it becomes a tab: Qt leaves the tabs of docks that are hidden later where they are.
            dock.setVisible(row.is_shown)
            if row.is_below:
                window.splitDockWidget(first[area], dock, Qt.Orientation.Vertical)
            elif area in first:
                window.tabifyDockWidget(first[area], dock)
            first.setdefault(area, dock)
            if area == _RIGHT:
                panels[name].setMinimumWidth(_MIN_INSPECT)
            self.by_name[name] = dock
        panels["steps"].setMinimumWidth(_MIN_STEPS)
        self.by_name["config"].raise_()
        across = [self.by_name["steps"], self.by_name["config"]]
        window.resizeDocks(across, [_STEPS_WIDTH, _INSPECT_WIDTH], Qt.Orientation.Horizontal)
        window.resizeDocks([self.by_name["log"]], [_BOTTOM_HEIGHT], Qt.Orientation.Vertical)
        left = [self.by_name["steps"], self.by_name["overview"]]
        window.resizeDocks(left, [_STEPS_HEIGHT, _OVERVIEW_HEIGHT], Qt.Orientation.Vertical)

    def toggle_actions(self) -> list[QAction]:
        """One action per dock that shows or hides it."""
        return [dock.toggleViewAction() for dock in self.by_name.values()]

    def raise_dock(self, name: str) -> None:
        """Bring a dock to the front, and make it high enough for what it shows."""
        dock = self.by_name[name]
        dock.show()
        dock.raise_()
        wanted = min(next(row.height for row in PANELS if row.name == name), self._window.height() // 2)
        if dock.height() < wanted and self._window.dockWidgetArea(dock) == _BOTTOM and not dock.isFloating():
            self._window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    def focus_dock(self, name: str) -> None:
        """Bring a dock to the front; the keys go to its list or field, if it has one that takes them."""
        self.raise_dock(name)
        proxy = self.by_name[name].widget().focusProxy()
        if proxy is not None:
            proxy.setFocus()

    def set_title(self, name: str, title: str) -> None:
        """Write something else on the tab of a dock."""
        self.by_name[name].setWindowTitle(title)

    @property
    def are_put_away(self) -> bool:
        return not self._full_state.isEmpty()

    def toggle(self) -> None:
        """Put all docks and the toolbar away, or bring back those that were there."""
        if self.are_put_away:
            self._window.restoreState(self._full_state)
            self._full_state = QByteArray()
            return
        self._full_state = self._window.saveState()
        for dock in self.by_name.values():
            dock.hide()
        for bar in self._window.findChildren(QToolBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.hide()

    def layout(self) -> dict[str, str]:
        """Geometry and layout for the settings."""
        state = self._full_state if self.are_put_away else self._window.saveState()
        return {"geometry": _text(self._window.saveGeometry()), "layout": _text(state)}

    def restore(self, geometry: str, layout: str) -> None:
        """Bring back a layout from the settings; empty texts change nothing."""
        if geometry:
            self._window.restoreGeometry(QByteArray(base64.b64decode(geometry)))
        if layout:
            self._window.restoreState(QByteArray(base64.b64decode(layout)))


def _text(data: QByteArray) -> str:
    return base64.b64encode(data.data()).decode("ascii")
