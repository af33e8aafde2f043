"""What is done with the place under the cursor, from the keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.session.changes import toggle_pin
from isrviewer.session.drawn import DrawnBox
from isrviewer.session.state import Pin
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


def press(window: Window, qtbot: QtBot, keys: str) -> None:
    window.activateWindow()
    window.grid.focused.view.setFocus()
    qtbot.keySequence(window.grid.focused.view, keys)
    settle(window, qtbot)


def test_the_pixel_is_copied_as_text(opened: Window, qtbot: QtBot) -> None:
    opened.grid.focused.view.go_to(6, 15)
    press(opened, qtbot, "Ctrl+C")
    text = QGuiApplication.clipboard().text()
    assert text.startswith("1234567o.fits · ")
    assert opened.readout.value.text() in text
    assert "x 6 y 15 · FITS 7 16" in text


def test_a_box_around_the_cursor_is_measured_and_filled(opened: Window, qtbot: QtBot) -> None:
    view = opened.grid.focused.view
    view.go_to(10, 12)
    press(opened, qtbot, "Ctrl+Shift+X")
    drawn = opened.model.session.box
    assert drawn is not None
    assert drawn.box == Box(-6, -4, 32, 32).intersect(opened.grid.focused.exposure.bbox)  # type: ignore[union-attr]
    press(opened, qtbot, "Alt+Z")
    x, y = view.view.center
    assert (x, y) == (drawn.box.x0 + (drawn.box.width - 1) / 2, drawn.box.y0 + (drawn.box.height - 1) / 2)
    across, up = view.width() * view.devicePixelRatioF(), view.height() * view.devicePixelRatioF()
    assert drawn.box.width * view.view.zoom <= across
    assert drawn.box.height * view.view.zoom <= up
    opened.model.change(replace(opened.model.session, box=DrawnBox(Box(1, 1, 2, 2), "untrimmed")))
    opened.actions_by_table.trigger("here.zoom_to_box")
    assert "untrimmed frame" in opened.strip.text.text()


def test_all_pins_go_and_come_back(opened: Window, qtbot: QtBot) -> None:
    for x in (3, 4):
        opened.model.change(toggle_pin(opened.model.session, Pin(x, 5)), "pin")
    press(opened, qtbot, "Ctrl+Shift+U")
    assert opened.model.session.pins == ()
    opened.model.undo()
    assert len(opened.model.session.pins) == 2


def test_the_panel_is_written_as_a_picture(opened: Window, tmp_path: Path) -> None:
    here, size = opened.commands.here, opened.grid.focused.size() * opened.devicePixelRatioF()
    here.picture_as(str(tmp_path / "panel.png"))  # type: ignore[attr-defined]
    picture = QImage(str(tmp_path / "panel.png"))
    assert picture.size() == size
    here.picture_as(str(tmp_path / "no folder" / "panel.png"))  # type: ignore[attr-defined]
    assert "could not be written" in opened.strip.text.text()
