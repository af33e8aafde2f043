"""What a window met under thousands of random clicks and keys: undo, empty choices, failing work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from isrviewer.actions.state import checked_actions
from isrviewer.actions.table import ACTIONS
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.panels.keys import KeySheet
from isrviewer.plots.plot import Plot
from isrviewer.render.view import View
from isrviewer.runner.background import Background
from isrviewer.shell.window import Window
from tests.gui.audited_map import audit_small_map, prepare_audit
from tests.gui.conftest import settle
from tests.gui.painted_map import look, view_of


def test_undo_takes_the_panel_with_the_focus_away(
    opened: Window, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    opened.actions_by_table.trigger("view.panels_4")
    for _ in range(3):
        opened.actions_by_table.trigger("view.next_panel")
    assert opened.model.session.focused == 3
    opened.actions_by_table.trigger("edit.undo")
    settle(opened, qtbot)
    opened.actions_by_table.trigger("edit.redo")
    settle(opened, qtbot)
    assert len(opened.grid.panels) == 4
    assert opened.grid.focused is opened.grid.panels[0]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_keys_can_be_changed_only_for_an_action_that_is_selected(opened: Window) -> None:
    opened.actions_by_table.trigger("help.keys")
    sheet = opened.panels[KeySheet]
    controls = (sheet.edit, sheet.apply, sheet.reset)
    assert not any(control.isEnabled() for control in controls)
    sheet.select("masks.toggle")
    assert all(control.isEnabled() for control in controls)


def test_no_threshold_can_become_nothing(opened: Window) -> None:
    opened.actions_by_table.trigger("maps.thresholds")
    for name, field in opened.panels[ThresholdsPanel].fields.items():
        field.setValue(0.0)
        assert field.value() > 0, name


def test_labels_of_defects_keep_their_size_over_the_values_of_pixels(opened: Window, qtbot: QtBot) -> None:
    """The font of the values is in pixels: it would leave that of the labels without a size."""
    audit_small_map(opened, qtbot)
    look(opened, qtbot, View((11.0, 21.0), 60.0))
    fonts: list[QFont] = []
    layer = view_of(opened).defects
    paint = layer.paint

    def remember(painter: QPainter, *arguments: object) -> None:
        fonts.append(painter.font())
        paint(painter, *arguments)  # type: ignore[arg-type]

    layer.paint = remember  # type: ignore[method-assign]
    view_of(opened).render(QImage(400, 400, QImage.Format.Format_RGB32))
    assert fonts
    assert all(font.pointSizeF() > 0 for font in fonts)


def test_work_that_fails_does_not_end_all_further_work(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    background, answers = Background(), []
    with caplog.at_level(logging.CRITICAL):
        background.compute(lambda: 1 // 0, answers.append)
        assert background.is_busy
        qtbot.waitUntil(lambda: not background.is_busy, timeout=5000)
    background.compute(lambda: 2, answers.append)
    qtbot.waitUntil(lambda: answers == [2], timeout=5000)
    assert not background.is_busy
    background.close()


def test_a_histogram_may_have_more_bins_than_the_plot_has_pixels(qtbot: QtBot) -> None:
    plot = Plot(("value", "ADU"), ("pixels", ""))
    qtbot.addWidget(plot)
    plot.resize(120, 100)
    plot.show()
    qtbot.waitExposed(plot)
    heights = np.arange(5000.0) % 7
    for number in (0, 0, 1):
        with plot.redraw():
            plot.curve(np.arange(5001.0), heights + number, 0, "bins", steps=True)
        plot.resize(60, 100)
        plot.grab()
    assert plot.curves[0].getData()[1].max() == 7.0


@pytest.mark.parametrize(
    ("place", "cure"),
    [("nan nan", "expected x y"), ("inf 3", "expected x y"), ("1e30 5", "expected x from 0 to 39 and y from 0 to 59")],
)
def test_no_place_leaves_the_panel_without_a_picture(opened: Window, qtbot: QtBot, place: str, cure: str) -> None:
    view = view_of(opened)
    before = view.view.center
    opened.commands.view.go_to_place(place)
    settle(opened, qtbot)
    assert view.view.center == before
    assert cure in opened.strip.text.text()


def test_the_first_frame_cannot_be_undone(opened: Window, qtbot: QtBot) -> None:
    """Without a frame no change of the config would reach the pixels on the screen."""
    frame = opened.model.session.frame
    while opened.model.history.undo_text:
        opened.actions_by_table.trigger("edit.undo")
    settle(opened, qtbot)
    assert opened.model.session.frame == frame
    opened.commands.run.choose_ccd(1)
    settle(opened, qtbot)
    opened.actions_by_table.trigger("edit.undo")
    settle(opened, qtbot)
    assert opened.runs.view.detector == 0


def test_a_saved_session_brings_back_a_map_without_edits_each_time(
    opened: Window, make_window: Callable[[], Window], qtbot: QtBot, tmp_path: Path
) -> None:
    audit_small_map(opened, qtbot)
    saved = str(tmp_path / "session.json")
    opened.commands.file.save_session_as(saved)
    opened.close()
    for _ in range(2):
        window = make_window()
        window.commands.file.open_path(saved)
        qtbot.waitUntil(lambda window=window: window.audits.document is not None, timeout=5000)
        settle(window, qtbot)
        assert len(window.audits.document or ()) == 3
        assert not window.strip.isVisible()
        window.close()


def test_an_override_file_that_is_gone(opened: Window, tmp_path: Path) -> None:
    opened.commands.file.load_config_file(str(tmp_path / "gone.py"))
    assert opened.strip.text.text() == f"{tmp_path}/gone.py: cannot be read (No such file or directory); " + (
        "choose another override file"
    )


def test_a_tick_says_what_is_on_also_when_an_action_changes_nothing(
    opened: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen again, refused for want of numbers, or cancelled in its dialog."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    prepare_audit(opened, qtbot)
    table = opened.actions_by_table
    wrong = []
    for action in ACTIONS:
        for _ in range(2):
            if action.checkable and table.by_id[action.id].isEnabled():
                table.trigger(action.id)
                is_on = action.id in checked_actions(opened.desk)
                wrong += [action.id] * (table.by_id[action.id].isChecked() != is_on)
    settle(opened, qtbot)
    assert not wrong
