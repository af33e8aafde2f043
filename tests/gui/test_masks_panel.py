"""The list of mask planes: expression, regions, outlines, presets, by the user's gestures."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QColorDialog, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.render.plane_colours import OverlayStyle, PlaneStyle, plane_colours
from isrviewer.session import Session, SessionModel
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.image_frames import pixels
from tests.gui.small_engine import SmallEngine, small_exposure
from tests.gui.test_window import click_step, press

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def defects(opened: Window, qtbot: QtBot) -> Window:
    """A window that shows the step that flags defects, with its planes counted."""
    opened.docks.raise_dock("masks")
    click_step(opened, qtbot, "doDefect")
    settle(opened, qtbot)
    qtbot.waitUntil(lambda: row(opened, "BAD") is not None and row(opened, "BAD").text(1) == "30")
    return opened


def row(window: Window, plane: str) -> QTreeWidgetItem | None:
    tree = window.masks.tree
    items = (tree.topLevelItem(number) for number in range(tree.topLevelItemCount()))
    return next((item for item in items if item.text(0) == plane), None)


def click_row(window: Window, qtbot: QtBot, plane: str) -> None:
    item = row(window, plane)
    assert item is not None
    place = window.masks.tree.visualItemRect(item).center()
    qtbot.mouseClick(window.masks.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


def drawn(window: Window, colour: str) -> int:
    """Number of screen pixels in exactly this colour."""
    return int(np.count_nonzero(pixels(window.grid.focused.view) == 0xFF000000 | int(colour[1:], 16)))


def enter(window: Window, qtbot: QtBot, text: str) -> None:
    field = window.masks.expression.field
    field.clear()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settle(window, qtbot)


def test_the_look_of_the_masks_is_kept_for_the_next_start(engine: SmallEngine, qtbot: QtBot) -> None:
    style = PlaneStyle("#123456", 0.5, visible=False, outline=True)
    looks = []
    for _ in range(2):
        window = Window(lambda settings: engine)
        window.show()
        looks.append(window.model.session.overlay)
        overlay = replace(looks[-1].with_plane("SAT", style), opacity=0.3, expression="SAT & BAD", visible=False)
        window.model.change(replace(window.model.session, overlay=overlay))
        window.close()
        window.deleteLater()
    assert looks[0] == OverlayStyle()
    assert looks[1] == OverlayStyle((("SAT", replace(style, visible=True)),), opacity=0.3)


def test_an_expression_is_drawn_counted_and_kept(defects: Window, qtbot: QtBot) -> None:
    press(defects, qtbot, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert defects.masks.expression.field.hasFocus()
    enter(defects, qtbot, "BAD & ~SAT")
    qtbot.waitUntil(lambda: row(defects, "BAD & ~SAT") is not None)
    item = row(defects, "BAD & ~SAT")
    assert item is not None
    assert [item.text(1), item.child(0).text(1), item.child(1).text(1)] == ["30", "30", "0"]
    planes = defects.grid.focused.planes
    assert planes is not None
    assert planes.mask is not None
    assert np.count_nonzero(planes.mask >> planes.plane_bits["BAD & ~SAT"] & 1) == 30
    qtbot.mouseClick(defects.masks.expression.only, Qt.MouseButton.LeftButton)
    assert defects.model.session.overlay.only_expression
    enter(defects, qtbot, "")
    assert defects.model.session.overlay.expression == ""
    planes = defects.grid.focused.planes
    assert planes is not None
    assert "BAD & ~SAT" not in planes.plane_bits


@pytest.mark.parametrize(
    ("text", "words"),
    [("SAT &", "expected a plane name"), ("SAT & NOPE", "no mask plane 'NOPE'"), ("SAT + BAD", "at character 5")],
)
def test_what_is_wrong_with_an_expression_stands_below_it(defects: Window, qtbot: QtBot, text: str, words: str) -> None:
    qtbot.keyClicks(defects.masks.expression.field, text)
    assert defects.masks.expression.error.isVisible()
    assert words in defects.masks.expression.error.text()
    qtbot.keyClick(defects.masks.expression.field, Qt.Key.Key_Return)
    settle(defects, qtbot)
    assert defects.grid.focused.planes is not None
    defects.masks.expression.field.clear()
    assert not defects.masks.expression.error.isVisible()


def test_only_the_expression_is_drawn(defects: Window, qtbot: QtBot) -> None:
    overlay = defects.model.session.overlay.styles(["BAD"])["BAD"]
    defects.masks.opacity.setValue(100)
    settle(defects, qtbot)
    assert drawn(defects, overlay.colour) > 0
    enter(defects, qtbot, "SAT & ~BAD")
    defects.masks.expression.only.setChecked(True)
    settle(defects, qtbot)
    assert drawn(defects, overlay.colour) == 0


def test_regions_of_a_plane_are_listed_and_reached(defects: Window, qtbot: QtBot) -> None:
    click_row(defects, qtbot, "BAD")
    qtbot.waitUntil(lambda: defects.masks.regions.model.rowCount() == 1)
    assert defects.masks.regions.title.text() == "BAD: 1 region"
    regions = defects.masks.regions
    place = regions.list.visualRect(regions.model.index(0, 0)).center()
    qtbot.mouseClick(regions.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert defects.grid.focused.pixel == (6, 14)
    assert defects.grid.focused.view.view.center == (6.0, 14.5)
    click_row(defects, qtbot, "SAT")
    qtbot.waitUntil(lambda: regions.title.text() == "SAT: 0 regions")
    press(defects, qtbot, Qt.Key.Key_J)
    assert "Select a plane" in defects.strip.text.text()


def test_outlines_by_key_and_by_the_menu_of_a_plane(defects: Window, qtbot: QtBot) -> None:
    colour = defects.model.session.overlay.styles(["BAD"])["BAD"].colour
    defects.masks.opacity.setValue(100)
    settle(defects, qtbot)
    filled = drawn(defects, colour)
    press(defects, qtbot, Qt.Key.Key_O, SHIFT)
    settle(defects, qtbot)
    assert defects.actions_by_table.by_id["masks.outline"].isChecked()
    assert 0 < drawn(defects, colour) < filled / 3
    menu = defects.masks.menu_for("BAD")
    next(action for action in menu.actions() if action.text() == "Outline only").trigger()
    settle(defects, qtbot)
    assert drawn(defects, colour) == filled
    assert not defects.actions_by_table.by_id["masks.outline"].isChecked()


def test_only_one_plane_and_all_again(defects: Window) -> None:
    def visible() -> list[str]:
        names = defects.masks.planes()
        return [name for name, style in defects.model.session.overlay.styles(names).items() if style.visible]

    def trigger(text: str) -> None:
        next(action for action in defects.masks.menu_for("BAD").actions() if action.text() == text).trigger()

    trigger("Only this plane")
    assert visible() == ["BAD"]
    trigger("All planes")
    assert set(visible()) == set(defects.masks.planes())


def test_preset_and_own_colour(defects: Window, qtbot: QtBot) -> None:
    defects.actions_by_table.by_id["masks.preset_afw"].trigger()
    assert defects.masks.preset.currentText() == "afw"
    assert defects.model.session.overlay.styles(["BAD"])["BAD"].colour == plane_colours(["BAD"], "afw")["BAD"]
    item = row(defects, "BAD")
    assert item is not None
    place = defects.masks.tree.visualItemRect(item).center()
    qtbot.mouseClick(defects.masks.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(defects.masks.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    dialog = defects.masks.findChild(QColorDialog)
    assert dialog is not None
    dialog.setCurrentColor("#123456")
    dialog.accept()
    assert defects.model.session.overlay.styles(["BAD"])["BAD"].colour == "#123456"
    menu = defects.masks.menu_for("BAD")
    next(action for action in menu.actions() if action.text() == "Preset colour").trigger()
    assert defects.model.session.overlay.planes == ()


def test_the_panel_is_freed(qtbot: QtBot) -> None:
    def build() -> list[weakref.ref]:
        panel = MasksPanel(SessionModel(Session()))
        panel.show_planes("raw", small_exposure(0))
        panel.show()
        qtbot.waitUntil(lambda: bool(panel.planes()))
        panel.close_background()
        panel.close()
        panel.deleteLater()
        return [weakref.ref(part) for part in (panel, panel.tree, panel.regions, panel.expression)]

    parts = build()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and not any(part() for part in parts), timeout=5000)


def test_a_box_can_be_ticked_again_and_again(defects: Window, qtbot: QtBot) -> None:
    """Each tick makes the rows anew, which must not take away the row that Qt is still working on."""
    for number in range(40):
        item = row(defects, "BAD")
        assert item is not None
        state = Qt.CheckState.Checked if number % 2 else Qt.CheckState.Unchecked
        item.setCheckState(0, state)
        qtbot.waitUntil(lambda shown=bool(number % 2): defects.masks._style("BAD").visible == shown)
    assert row(defects, "BAD").checkState(0) == Qt.CheckState.Checked
