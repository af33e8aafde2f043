"""An image view with small planes on the screen, and ways to look at it and to touch it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from isrviewer.panels.image.view import ImageView
from isrviewer.render.compose import PictureStyle
from isrviewer.render.limits import Limits
from isrviewer.render.planes import ImagePlanes
from tests.render.frames import PLAIN, planes_of

RANGE = Limits("manual", low=0.0, high=255.0)
STYLE = PictureStyle(limits=RANGE, overlay=PLAIN)


def gradient(height: int = 120, width: int = 200, **facts: Any) -> ImagePlanes:
    """Values that rise with x, with one flagged pixel and no symmetry."""
    image = np.tile(np.linspace(0, 255, width, dtype=np.float32), (height, 1))
    image[:3] = 0
    mask = np.zeros(image.shape, np.int32)
    mask[height - 10, 20] = 2
    return planes_of(image, mask, **facts)


def flat(value: float, title: str = "", **facts: Any) -> ImagePlanes:
    return ImagePlanes(np.full((120, 200), value, np.float32), title=title or str(value), unit="ADU", **facts)


def gray(value: int) -> int:
    """The packed colour of a grey pixel."""
    return 0xFF000000 | value * 0x010101


def opened(
    qtbot: Any, planes: ImagePlanes | None, size: tuple[int, int] = (400, 300), style: PictureStyle = STYLE
) -> ImageView:
    """A shown view of this size with everything prepared; its background work ends with the test."""
    view = ImageView()
    qtbot.addWidget(view, before_close_func=lambda widget: widget.close_view())
    view.resize(*size)
    view.set_style(style)
    view.show()
    if planes is not None:
        view.set_planes(planes)
        settle(qtbot, view)
    return view


def settle(qtbot: Any, view: ImageView) -> None:
    qtbot.waitUntil(lambda: view.is_idle, timeout=10_000)


def pixels(widget: QWidget) -> NDArray[np.uint32]:
    """What the widget shows, (height, width) packed colours in device pixels."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat_bytes = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    return flat_bytes[:, : image.width()].copy() | np.uint32(0xFF000000)


def colour_at(view: ImageView, x: float, y: float) -> str:
    """Colour on the screen at image coordinates."""
    place, ratio = view.to_widget(x, y), view.devicePixelRatioF()
    return f"#{pixels(view)[int(place.y() * ratio), int(place.x() * ratio)] & 0xFFFFFF:06X}"


def at(view: ImageView, x: float, y: float) -> QPoint:
    return view.to_widget(x, y).toPoint()


def drag(
    widget: QWidget,
    start: QPoint,
    end: QPoint,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Press, move in steps and release."""
    QTest.mousePress(widget, button, modifiers, start)
    for step in range(1, 5):
        move(widget, start + (end - start) * step / 4, button)
    QTest.mouseRelease(widget, button, modifiers, end)


def move(widget: QWidget, place: QPoint, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """A mouse move with a button held, which `QTest.mouseMove` does not tell."""
    where = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        where,
        widget.mapToGlobal(where),
        Qt.MouseButton.NoButton,
        button,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def turn_wheel(widget: QWidget, place: QPoint, notches: int) -> None:
    where = QPointF(place)
    event = QWheelEvent(
        where,
        widget.mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
