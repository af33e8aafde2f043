"""Screenshots that can be understood later: the window, and below it in words what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPalette

from isrviewer.audit.picture import PAINTS
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from isrviewer.desk import Desk
    from isrviewer.panels.image.panel import ImagePanel

__all__ = ["legend_lines", "picture_with_legend"]


def legend_lines(desk: Desk) -> list[str]:
    """The files that the pixels are of, then a line for each panel: whose pixels, what it shows, limits, stretch."""
    shown = [panel.on_screen for panel in desk.grid.panels if panel.on_screen is not None]
    results = [result for each in shown for result in (each.result, each.other) if result is not None]
    lines = list(dict.fromkeys(f"{result.of.whose}: {result.of.frame}" for result in results)) or ["no frame"]
    for number, panel in enumerate(desk.grid.panels):
        lines.append(f"{number + 1}: {_panel_line(panel)}")
    return lines


def _panel_line(panel: ImagePanel) -> str:
    layer = panel.view.layer
    if layer is None:
        return "nothing"
    low, high = layer.limits
    style, planes = layer.style, layer.planes
    inverted = " inverted" if style.colours.inverted else ""
    words = [
        panel.view.title,
        f"limits {low:.6g} to {high:.6g} {planes.unit}".strip(),
        f"{style.limits.mode}, {style.stretch.name}, {style.colours.name}{inverted}",
    ]
    return " · ".join(words)


def _plane_colours(desk: Desk) -> list[tuple[str, str]]:
    """Name and colour of the mask planes that the panels draw."""
    overlay = desk.model.session.overlay
    found: dict[str, str] = {}
    for panel in desk.grid.panels:
        if overlay.visible and panel.planes is not None:
            styles = overlay.styles(panel.planes.plane_bits)
            found |= {name: style.colour for name, style in styles.items() if style.visible}
    return sorted(found.items())


def _map_colours(desk: Desk) -> list[tuple[str, str]]:
    """Status or difference and colour of the defects that the panels draw."""
    pictures = [panel.view.defects.picture for panel in desk.grid.panels]
    drawn = {number for picture in pictures if picture is not None for number in set(picture.paints.tolist())}
    return [(name, colour) for number, (name, colour) in enumerate(PAINTS.items()) if number in drawn]


def picture_with_legend(window: QWidget, desk: Desk) -> QImage:
    """The window as it is on screen, with the legend below it and, as text, in the file."""
    shot = window.grab()
    ratio = shot.devicePixelRatio()
    width, height = shot.width() / ratio, shot.height() / ratio
    lines, planes, defects = legend_lines(desk), _plane_colours(desk), _map_colours(desk)
    colours = planes + [(f"{name} defects", colour) for name, colour in defects]
    metrics = QFontMetricsF(window.font())
    row = metrics.height() + GRID / 2
    extra = 2 * GRID + row * (len(lines) + bool(colours))
    picture = QImage(shot.width(), round((height + extra) * ratio), QImage.Format.Format_RGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(window.palette().color(QPalette.ColorRole.Base))
    with QPainter(picture) as painter:
        painter.setFont(window.font())
        painter.drawPixmap(0, 0, shot)
        painter.setPen(window.palette().color(QPalette.ColorRole.Text))
        top, room = height + GRID, width - 4 * GRID
        for line in lines:
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QRectF(2 * GRID, top, room, row), Qt.AlignmentFlag.AlignVCenter, shown)
            top += row
        left = 2.0 * GRID
        for name, colour in colours:
            painter.fillRect(QRectF(left, top + row / 2 - GRID, 2 * GRID, 2 * GRID), QColor(colour))
            left += 3 * GRID
            painter.drawText(QRectF(left, top, room, row), Qt.AlignmentFlag.AlignVCenter, name)
            left += metrics.horizontalAdvance(name) + 3 * GRID
    for what, named in (("mask planes", planes), ("defects", defects)):
        if named:
            lines.append(f"{what}: {', '.join(f'{name} {colour}' for name, colour in named)}")
    picture.setText("Description", "\n".join(lines))
    return picture
