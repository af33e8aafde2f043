"""Small controls, and the line of them above the numbers: more than one line where the panel is narrow."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QToolButton, QWidget

from isrviewer.theme import GRID

__all__ = ["ControlRow", "empty", "tool_button", "top_line"]


class ControlRow(QWidget):
    """Widgets from left to right that wrap. A panel in a dock must not push the docks beside it.

    Parameters
    ----------
    widgets : `QWidget`
        In their order, also for the Tab key.
    """

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self._widgets = widgets
        for widget in widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max((place.bottom() + 1 for place in self._places(width)), default=0)

    def sizeHint(self) -> QSize:
        width = sum(widget.sizeHint().width() + GRID for widget in self._widgets) - GRID
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        sizes = [widget.sizeHint() for widget in self._widgets]
        return QSize(max(size.width() for size in sizes), max(size.height() for size in sizes))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for widget, place in zip(self._widgets, self._places(self.width()), strict=True):
            widget.setGeometry(place)

    def _places(self, width: int) -> list[QRect]:
        line = max((widget.sizeHint().height() for widget in self._widgets), default=0)
        corner, places = QPoint(0, 0), []
        for widget in self._widgets:
            room = widget.sizeHint().width()
            if corner.x() and corner.x() + room > width:
                corner = QPoint(0, corner.y() + line + GRID)
            places.append(QRect(corner.x(), corner.y(), room, line))
            corner += QPoint(room + GRID, 0)
        return places


def top_line(controls: ControlRow, text: QWidget, *, text_first: bool = True) -> QHBoxLayout:
    """Controls beside a line of text that takes the room they leave."""
    # As high as the first line of controls, so that the text stands in the middle of that.
    text.setFixedHeight(controls.minimumSizeHint().height())
    line = QHBoxLayout()
    line.setSpacing(2 * GRID)
    for widget in (text, controls) if text_first else (controls, text):
        line.addWidget(widget, 1 if widget is text else 0)
    line.setAlignment(text, Qt.AlignmentFlag.AlignTop)
    return line


def tool_button(text: str, tip: str, *, is_flat: bool = False) -> QToolButton:
    """A small button with words on it; a flat one has no border until the mouse is over it."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAutoRaise(is_flat)
    return button


def empty(layout: QLayout) -> None:
    """Take all widgets out of a layout; they are gone when the event is handled."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.deleteLater()
