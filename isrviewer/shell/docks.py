"""Where the panels sit: steps left, inspection right, log below; saved, restored, put away for bare images."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from isrviewer.panels.defects.group import AUDITORS
from isrviewer.panels.numbers.group import INSPECTORS

__all__ = ["LAYOUT", "Docks"]

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

LAYOUT = (
    ("steps", "Steps", _LEFT),
    ("overview", "Overview", _LEFT),
    ("config", "Config", _RIGHT),
    ("masks", "Masks", _RIGHT),
    *INSPECTORS[:1],
    ("calibs", "Calibrations", _RIGHT),
    ("compare", "A/B", _RIGHT),
    ("bookmarks", "Bookmarks", _RIGHT),
    ("help", "Help", _RIGHT),
    ("log", "Log", _BOTTOM),
    ("errors", "Errors", _BOTTOM),
    ("header", "Header", _BOTTOM),
    ("keys", "Keys", _BOTTOM),
    *INSPECTORS[1:],
    *AUDITORS,
)
"""Name, title and first place of every dock."""

_SHOWN = {"steps", "overview", "config", "masks", INSPECTORS[0][0], "calibs", "compare"}
"""What a first start shows."""

_STEPS_WIDTH, _INSPECT_WIDTH, _BOTTOM_HEIGHT, _STEPS_HEIGHT, _OVERVIEW_HEIGHT = 270, 380, 180, 720, 200
_HEIGHTS = {"audit": 300, "overscan": 400, "surface": 300, "cuts": 240, "histograms": 240, "keys": 400, "header": 280}
"""What plots and long lists need at least."""
_MIN_STEPS, _MIN_INSPECT = 220, 280


class Docks:
    """The docks of a window.

    Parameters
    ----------
    window : `QMainWindow`
    panels : mapping
        Panel by the name of its dock, see `LAYOUT`.
    """

    def __init__(self, window: QMainWindow, panels: Mapping[str, QWidget]) -> None:
        self._window = window
        self._full_state = QByteArray()
        self.by_name: dict[str, QDockWidget] = {}
        window.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AllowNestedDocks)
        window.setCorner(Qt.Corner.BottomLeftCorner, _LEFT)
        window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        first: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for name, title, area in LAYOUT:
            dock = QDockWidget(title, window)
            dock.setObjectName(name)
            dock.setWidget(panels[name])
            # The tabs say the names; a second line of titles would only take room.
            dock.setTitleBarWidget(QWidget(dock))
            window.addDockWidget(area, dock)
            # Hidden before it becomes a tab: Qt leaves the tabs of docks that are hidden later where they are.
            dock.setVisible(name in _SHOWN)
            if name == "overview":
                # Small, and wanted beside the list of steps rather than instead of it.
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
        wanted = min(_HEIGHTS.get(name, 0), self._window.height() // 2)
        if dock.height() < wanted and self._window.dockWidgetArea(dock) == _BOTTOM and not dock.isFloating():
            self._window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    @property
    def are_put_away(self) -> bool:
        return not self._full_state.isEmpty()

    def toggle(self, toolbar: QWidget) -> None:
        """Put all docks and the toolbar away, or bring back those that were there."""
        if self.are_put_away:
            self._window.restoreState(self._full_state)
            self._full_state = QByteArray()
            return
        self._full_state = self._window.saveState()
        for dock in self.by_name.values():
            dock.hide()
        toolbar.hide()

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
