"""Regions on the panels, in and out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from isrcore.geom import Box
from isrviewer.panels.image.region_shapes import region_shapes
from isrviewer.session.changes import show_step, toggle_pin
from isrviewer.session.state import Pin, Region
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


def kinds(window: Window, panel: int = 0) -> list[str]:
    return [shape.kind for shape in window.grid.panels[panel].view._shapes]


def test_a_file_is_drawn_saved_and_undone(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.reg"
    path.write_text("image\ncircle(10,20,5) # text={star}\nbox(5,6,4,2,0)\npanda(3,3,0,90,1,1,2,1)\n")
    opened.commands.regions.load_file(str(path))  # type: ignore[attr-defined]
    settle(opened, qtbot)
    assert [region.points for region in opened.model.session.regions] == [((9.0, 19.0),), ((4.0, 5.0),)]
    assert "2 regions loaded" in opened.strip.text.text()
    assert kinds(opened) == ["circle", "polygon"]
    opened.actions_by_table.trigger("view.panels_2")
    settle(opened, qtbot)
    assert kinds(opened, 1) == ["circle", "polygon"]
    copy = tmp_path / "b.reg"
    opened.commands.regions.save_file(str(copy))  # type: ignore[attr-defined]
    settle(opened, qtbot)
    assert "circle(10,20,5)" in copy.read_text()
    opened.actions_by_table.trigger("regions.clear")
    assert kinds(opened) == []
    opened.model.undo()
    assert kinds(opened) == ["circle", "polygon"]


def test_the_box_that_was_drawn_becomes_a_region(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("regions.keep_box")
    assert "Draw a box first" in opened.strip.text.text()
    view = opened.grid.focused.view
    start, end = (view.to_widget(x, y).toPoint() for x, y in ((5, 30), (15, 10)))
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, shift, start)
    qtbot.mouseMove(view, (start + end) / 2)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, shift, end)
    assert kinds(opened) == ["box"]
    opened.actions_by_table.trigger("regions.keep_box")
    (region,) = opened.model.session.regions
    assert region.kind == "box"
    assert region.points[0] == pytest.approx((10, 20), abs=1.5)


def test_what_was_drawn_is_marked_on_every_panel_and_undone(opened: Window, qtbot: QtBot) -> None:
    window = opened
    window.model.change(show_step(window.model.session, "postISRCCD"))
    window.actions_by_table.trigger("view.panels_2")
    settle(window, qtbot)
    exposure = window.grid.panels[0].exposure
    assert exposure is not None
    window.inspectors.show_box(Box(2, 5, 4, 3), exposure)
    window.inspectors.show_line(1, 2, 7, 9, exposure)
    assert [kinds(window, panel) for panel in (0, 1)] == [["line", "box"]] * 2
    window.actions_by_table.trigger("regions.clear_drawn")
    assert [kinds(window, panel) for panel in (0, 1)] == [[], []]
    window.model.undo()
    assert kinds(window) == ["line", "box"]


def test_pins_are_marked(opened: Window, qtbot: QtBot) -> None:
    opened.model.change(toggle_pin(opened.model.session, Pin(3, 4)), "pin")
    assert kinds(opened) == ["cross"]


def test_a_turned_box_keeps_its_corners() -> None:
    (shape,) = region_shapes((Region("box", ((42.0, 10.0),), (4.0, 2.0), 90.0),), (32, 0))
    corners = [(round(x, 6), round(y, 6)) for x, y in shape.points]
    assert sorted(corners) == [(9.0, 8.0), (9.0, 12.0), (11.0, 8.0), (11.0, 12.0)]
