"""A and B: two configs on the same frame, by the user's gestures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from isrviewer.panels.log import ErrorsPanel
from isrviewer.panels.parameters.compare import ComparePanel
from isrviewer.session import Run
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine


def press(window: Window, qtbot: QtBot, text: str) -> None:
    button = next(button for button in window.panels[ComparePanel].findChildren(QPushButton) if button.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(window, qtbot)


@pytest.fixture
def compared(opened: Window, qtbot: QtBot) -> Window:
    """A has the flat on, B has it off; the flat doubles the pixels."""
    opened.docks.raise_dock("compare")
    press(opened, qtbot, "Keep A as B")
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    return opened


def value(window: Window, panel: int, x: int = 3, y: int = 2) -> float:
    planes = window.grid.panels[panel].view.planes
    assert planes is not None
    return float(planes.image[y, x])


def test_differences_of_config_are_listed(compared: Window) -> None:
    tree = compared.panels[ComparePanel].tree
    rows = [[tree.topLevelItem(n).text(c) for c in range(3)] for n in range(tree.topLevelItemCount())]
    assert rows == [["doFlat", "True", "False"]]
    assert compared.panels[ComparePanel].note.text() == "1 difference"


def test_both_results_stand_side_by_side(compared: Window, qtbot: QtBot) -> None:
    press(compared, qtbot, "A beside B")
    assert [panel.shows.of.key for panel in compared.model.session.panels] == ["postISRCCD", "B postISRCCD"]
    assert (value(compared, 0), value(compared, 1)) == (166.0, 83.0)
    assert "B · final" in compared.grid.panels[1].title
    # A change of A leaves B as it is.
    compared.commands.run.toggle_field("doFlat")
    settle(compared, qtbot)
    assert (value(compared, 0), value(compared, 1)) == (83.0, 83.0)


def test_pixel_difference(compared: Window, qtbot: QtBot) -> None:
    press(compared, qtbot, "A − B")
    assert value(compared, 0) == 83.0
    assert "B · final" in compared.grid.panels[0].title
    press(compared, qtbot, "A − B")
    assert compared.model.session.panel.shows.other is None


def test_swap_exchanges_the_parameters(compared: Window, qtbot: QtBot) -> None:
    press(compared, qtbot, "A beside B")
    press(compared, qtbot, "Swap")
    assert (value(compared, 0), value(compared, 1)) == (83.0, 166.0)
    compared.model.undo()
    settle(compared, qtbot)
    assert (value(compared, 0), value(compared, 1)) == (166.0, 83.0)


def test_the_end_of_the_comparison_leaves_no_panel_behind(compared: Window, qtbot: QtBot) -> None:
    press(compared, qtbot, "A beside B")
    compared.commands.edit.forget_named("B")
    settle(compared, qtbot)
    assert compared.model.session.compared == ""
    assert [panel.shows.step for panel in compared.model.session.panels] == ["postISRCCD", "postISRCCD"]
    assert not [panel for panel in compared.model.session.panels if panel.shows.of.run is Run.B]
    assert not compared.panels[ComparePanel].beside.isEnabled()


def test_a_step_of_b_that_fails_says_that_it_is_of_b(compared: Window, qtbot: QtBot, engine: SmallEngine) -> None:
    press(compared, qtbot, "Swap")
    engine.failing = "doFlat"
    compared.runs.run()
    engine.store.clear()
    compared.runs.run()
    settle(compared, qtbot)
    assert compared.panels[ErrorsPanel].list.item(0).text().startswith("B doFlat: ")
    assert {row.step.name: row.status for row in compared.runs.view.rows}["postISRCCD"] in {"done", "cached"}
