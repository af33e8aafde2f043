"""A map of three defects in a window, large on the screen, to draw into and to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from isrcore.audit.document import DefectDocument
from isrviewer.panels.image.view import ImageView
from isrviewer.render.view import View
from isrviewer.shell.window import Window
from tests.gui.audited_map import audit_small_map
from tests.gui.image_frames import pixels


def audit_closely(window: Window, qtbot: QtBot) -> Window:
    """Audit the three defects, seen at 8 screen pixels a pixel; the panel has the keys."""
    audit_small_map(window, qtbot)
    window.activateWindow()
    view_of(window).setFocus()
    look(window, qtbot, View((20.0, 30.0), 8.0))
    return window


def view_of(window: Window) -> ImageView:
    return window.grid.focused.view


def look(window: Window, qtbot: QtBot, view: View) -> None:
    view_of(window).set_view(view)
    qtbot.waitUntil(lambda: view_of(window).is_idle, timeout=5000)


def document(window: Window) -> DefectDocument:
    found = window.audits.document
    assert found is not None
    return found


def use(window: Window, tool: str, brush: int = 1) -> None:
    window.actions_by_table.trigger(f"audit.tool_{tool}")
    window.audits.set_tool(tool, brush)


def shows(window: Window, colour: str) -> Any:
    """Pixels of the panel that have exactly this colour."""
    return pixels(view_of(window)) == np.uint32(QColor(colour).rgb())
