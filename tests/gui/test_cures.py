"""A step that fails offers its cures, and each of them does what it says."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from isrviewer.panels.log import ErrorsPanel
from isrviewer.panels.step_model import STEP
from isrviewer.session.config import is_on
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine
from tests.gui.test_window import statuses


@pytest.fixture
def failed(opened: Window, qtbot: QtBot, engine: SmallEngine) -> Window:
    engine.failing = "doFlat"
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    assert statuses(opened)["doFlat"] == "failed"
    return opened


def cure(window: Window, qtbot: QtBot, text: str) -> None:
    """Trigger an entry of the failed row's menu."""
    menu = window.steps.menu_for(window.steps.lines.index_of("doFlat").data(STEP))
    next(action for action in menu.actions() if action.text() == text).trigger()
    settle(window, qtbot)


def test_switching_the_step_off_runs_the_rest(failed: Window, qtbot: QtBot) -> None:
    cure(failed, qtbot, "Switch doFlat off")
    assert not is_on(failed.desk.config.value, "doFlat")
    assert statuses(failed) == {"doDefect": "cached", "doFlat": "skipped", "postISRCCD": "cached"}
    assert failed.panels[ErrorsPanel].list.count() == 0


def test_choosing_a_calibration_leads_to_the_chooser(failed: Window, qtbot: QtBot) -> None:
    cure(failed, qtbot, "Choose a calibration…")
    assert failed.calibs.isVisible()


def test_the_config_fields_of_the_step(failed: Window, qtbot: QtBot) -> None:
    failed.docks.raise_dock("masks")
    cure(failed, qtbot, "Show its config fields")
    assert failed.config_panel.isVisible()
    tree = failed.config_panel.tree
    groups = [tree.topLevelItem(number) for number in range(tree.topLevelItemCount())]
    assert [group.text(0) for group in groups if group.isExpanded()] == ["flat"]


def test_switching_off_what_has_no_calibration_tells_when_nothing_is_missing(failed: Window, qtbot: QtBot) -> None:
    cure(failed, qtbot, "Switch off what has no calibration")
    assert "Every step that is on has its calibrations" in failed.strip.text.text()
