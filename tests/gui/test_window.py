"""The window by the user's gestures, with a small engine behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from isrviewer.panels.log import ErrorsPanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.panels.step_model import STEP
from isrviewer.session import RAW
from isrviewer.session.changes import set_field, show_step
from isrviewer.session.store import load_session
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine


def shown_value(window: Window, x: int = 3, y: int = 2) -> float:
    """The value on screen at a pixel."""
    planes = window.grid.focused.view.planes
    assert planes is not None
    return float(planes.image[y, x])


def statuses(window: Window) -> dict[str, str]:
    return {row.step.name: row.status for row in window.runs.view.rows}


def click_step(window: Window, qtbot: QtBot, name: str, on_switch: bool = False) -> None:
    index = window.steps.lines.index_of(name)
    window.steps.list.scrollTo(index)
    rect = window.steps.list.visualRect(index)
    delegate = window.steps.list.itemDelegate()
    place = delegate.switch_rect(rect).center() if on_switch else rect.center()  # type: ignore[attr-defined]
    qtbot.mouseClick(window.steps.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def press(
    window: Window, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    window.activateWindow()
    window.grid.focused.view.setFocus()
    qtbot.keyClick(window.grid.focused.view, key, modifier)


def test_opening_a_frame_runs_the_chain_and_shows_raw(opened: Window, engine: SmallEngine) -> None:
    assert statuses(opened) == {"doDefect": "done", "doFlat": "skipped", "postISRCCD": "done"}
    assert opened.model.session.panel.shows.step == RAW
    assert shown_value(opened) == 83.0
    assert engine.threads == {"isrviewer-runner"}
    labels = [line.label for line in opened.steps.lines.lines]
    assert labels == ["raw", "defects", "flat", "final"]
    assert opened.steps.lines.lines[1].below == "BAD +30"
    assert "1234567 · i.MP9702 · 30 s · ccd00" in opened.steps.title.text()


def test_a_click_on_the_check_box_switches_the_step_and_undo_takes_it_back(opened: Window, qtbot: QtBot) -> None:
    click_step(opened, qtbot, "postISRCCD")
    settle(opened, qtbot)
    click_step(opened, qtbot, "doFlat", on_switch=True)
    settle(opened, qtbot)
    assert opened.model.session.panel.shows.step == "postISRCCD"
    assert statuses(opened) == {"doDefect": "cached", "doFlat": "done", "postISRCCD": "done"}
    assert shown_value(opened) == 166.0
    press(opened, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(opened, qtbot)
    assert statuses(opened) == {"doDefect": "cached", "doFlat": "skipped", "postISRCCD": "cached"}
    assert shown_value(opened) == 83.0


def test_the_old_picture_stays_until_the_new_one_is_whole(opened: Window, qtbot: QtBot, engine: SmallEngine) -> None:
    click_step(opened, qtbot, "postISRCCD")
    settle(opened, qtbot)
    engine.gate.clear()
    click_step(opened, qtbot, "doFlat", on_switch=True)
    qtbot.waitUntil(lambda: "running" in statuses(opened).values())
    assert shown_value(opened) == 83.0
    assert opened.runs.busy
    engine.gate.set()
    settle(opened, qtbot)
    assert shown_value(opened) == 166.0


def test_newest_request_wins(opened: Window, qtbot: QtBot, engine: SmallEngine) -> None:
    engine.gate.clear()
    for _ in range(5):
        opened.commands.run.toggle_field("doFlat")
    engine.gate.set()
    settle(opened, qtbot)
    assert statuses(opened)["doFlat"] in {"done", "cached"}
    assert engine.requests[-1].config == opened.model.session.config
    assert engine.requests[-1].config[0].value is True


def test_stop_ends_the_run_and_keeps_what_is_finished(opened: Window, qtbot: QtBot, engine: SmallEngine) -> None:
    engine.gate.clear()
    opened.commands.run.toggle_field("doFlat")
    qtbot.waitUntil(lambda: statuses(opened)["doFlat"] == "running")
    press(opened, qtbot, Qt.Key.Key_Escape)
    assert not opened.runs.busy
    assert statuses(opened)["doDefect"] == "cached"
    engine.gate.set()
    press(opened, qtbot, Qt.Key.Key_R)
    settle(opened, qtbot)
    assert statuses(opened)["doFlat"] in {"done", "cached"}
    assert statuses(opened)["postISRCCD"] == "done"


def test_a_step_that_raises_says_so_and_everything_before_it_stays(
    opened: Window, qtbot: QtBot, engine: SmallEngine
) -> None:
    engine.failing = "doFlat"
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    assert statuses(opened) == {"doDefect": "cached", "doFlat": "failed", "postISRCCD": "stale"}
    line = opened.steps.lines.index_of("doFlat").data(STEP)
    assert line.below == "doFlat cannot go on: expected 1, found 2; switch it off"
    assert opened.strip.isVisible()
    assert "doFlat cannot go on" in opened.strip.text.text()
    assert opened.panels[ErrorsPanel].list.count() == 1
    cures = [action.text() for action in opened.steps.menu_for(line).actions()]
    assert "Switch doFlat off" in cures
    engine.failing = ""
    opened.runs.run()
    settle(opened, qtbot)
    assert opened.panels[ErrorsPanel].list.count() == 0


def test_walk_through_steps_by_keys(opened: Window, qtbot: QtBot) -> None:
    seen = []
    for key in (Qt.Key.Key_BracketRight, Qt.Key.Key_BracketRight, Qt.Key.Key_BracketRight, Qt.Key.Key_BracketLeft):
        press(opened, qtbot, key)
        seen.append(opened.model.session.panel.shows.step)
    assert seen == ["doDefect", "postISRCCD", "postISRCCD", "doDefect"]


def test_peek_shows_the_step_before_while_the_key_is_held(opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    click_step(opened, qtbot, "doFlat")
    settle(opened, qtbot)
    view = opened.grid.focused.view
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_QuoteLeft)
    assert opened.grid.is_peeking
    qtbot.keyRelease(view, Qt.Key.Key_QuoteLeft)
    assert not opened.grid.is_peeking


def test_difference_to_the_previous_step(opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    click_step(opened, qtbot, "doFlat")
    press(opened, qtbot, Qt.Key.Key_D)
    settle(opened, qtbot)
    assert shown_value(opened) == 83.0
    planes = opened.grid.focused.view.planes
    assert planes is not None
    assert planes.zero_centred
    assert planes.title == "flat − defects · image"


def test_breakpoint_and_continue(opened: Window, qtbot: QtBot) -> None:
    click_step(opened, qtbot, "doFlat")
    press(opened, qtbot, Qt.Key.Key_F9)
    press(opened, qtbot, Qt.Key.Key_T)
    settle(opened, qtbot)
    assert statuses(opened)["postISRCCD"] == "stale"
    press(opened, qtbot, Qt.Key.Key_R)
    settle(opened, qtbot)
    assert statuses(opened)["postISRCCD"] == "done"


def test_another_ccd_by_key_and_by_the_chooser(opened: Window, qtbot: QtBot) -> None:
    press(opened, qtbot, Qt.Key.Key_Period)
    settle(opened, qtbot)
    assert opened.runs.view.detector == 1
    assert shown_value(opened) == 1083.0
    opened.tools.detectors.activated.emit(2)
    settle(opened, qtbot)
    assert opened.tools.detectors.currentText() == "CCD 02"
    assert shown_value(opened) == 2083.0
    press(opened, qtbot, Qt.Key.Key_Period)
    assert opened.runs.view.detector == 2
    assert "last in this frame" in opened.strip.text.text()


def test_a_missing_frame_is_an_error_and_the_open_one_stays(opened: Window, qtbot: QtBot) -> None:
    opened.commands.file.open_path("/nowhere/else.fits")
    settle(opened, qtbot)
    assert "no such file" in opened.strip.text.text()
    assert shown_value(opened) == 83.0


def test_drop_opens_a_frame(window: Window, frame: str, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(frame)])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    settle(window, qtbot)
    assert window.model.session.frame == frame
    assert window.desk.settings.value.recent == (frame,)


def test_readout_names_value_coordinates_and_planes(opened: Window, qtbot: QtBot) -> None:
    click_step(opened, qtbot, "doDefect")
    settle(opened, qtbot)
    view = opened.grid.focused.view
    place = view.to_widget(6, 15).toPoint()
    qtbot.mouseMove(view, QPoint(place.x() + 1, place.y() + 1))
    qtbot.mouseMove(view, place)
    qtbot.waitUntil(lambda: opened.readout.planes.text() == "BAD")
    assert opened.readout.value.text() == "606 ± 10 ADU"
    assert opened.readout.place.text() == "x 6 y 15 · FITS 7 16 · raw 6 15 · amp A"


def test_pin_shows_the_pixel_at_every_step(opened: Window, qtbot: QtBot) -> None:
    opened.grid.focused.view.go_to(6, 15)
    press(opened, qtbot, Qt.Key.Key_P)
    opened.docks.raise_dock("pixel")
    panel = opened.panels[TimeMachine]
    qtbot.waitUntil(lambda: panel.is_settled and panel.table.model().rowCount() == 3, timeout=5000)
    table = panel._table()
    assert list(table["step"]) == ["raw", "doDefect", "postISRCCD"]
    assert ["BAD" in planes for planes in table["added"]] == [False, True, False]


def test_masks_panel_counts_and_hides(opened: Window, qtbot: QtBot) -> None:
    click_step(opened, qtbot, "doDefect")
    settle(opened, qtbot)
    qtbot.waitUntil(lambda: opened.masks.counts().get("BAD") == 30)
    item = opened.masks.tree.topLevelItem(0)
    assert (item.text(1), item.child(0).text(1)) == ("30", "30")
    press(opened, qtbot, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    assert opened.model.session.overlay.styles(["BAD"])["BAD"].visible is False
    press(opened, qtbot, Qt.Key.Key_M)
    assert opened.model.session.overlay.visible is False
    assert not opened.masks.on.isChecked()


def test_four_panels_share_the_view_and_each_shows_its_own_step(opened: Window, qtbot: QtBot) -> None:
    press(opened, qtbot, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    press(opened, qtbot, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    click_step(opened, qtbot, "postISRCCD")
    settle(opened, qtbot)
    assert [panel.title for panel in opened.grid.panels] == [
        "1234567o ccd00 · raw · image",
        "1234567o ccd00 · final · image",
        "1234567o ccd00 · raw · image",
        "1234567o ccd00 · raw · image",
    ]
    press(opened, qtbot, Qt.Key.Key_Plus)
    zooms = {panel.view.view.zoom for panel in opened.grid.panels}
    assert len(zooms) == 1
    assert not opened.grid.panels[3].view.is_fitted
    press(opened, qtbot, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert len(opened.grid.panels) == 1


def test_session_is_saved_and_restored(
    opened: Window, make_window: Callable[[], Window], qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened.actions_by_table.by_id["view.panels_4"].trigger()
    opened.actions_by_table.by_id["view.next_panel"].trigger()
    opened.commands.run.toggle_field("doFlat")
    click_step(opened, qtbot, "doFlat")
    settle(opened, qtbot)
    path = tmp_path / "session.json"
    opened.commands.file.save_session_as(str(path))
    assert load_session(path) == opened.model.session
    other = make_window()
    other.commands.file.open_path(str(path))
    settle(other, qtbot)
    assert other.model.session == opened.model.session
    assert len(other.grid.panels) == 4
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert shown_value(other) == 166.0


def test_restoring_names_missing_files(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    path.write_text('{"format": "isrviewer session", "schema": 1, "session": {"frame": "/gone.fits", "link": "off"}}')
    window.commands.file.open_path(str(path))
    assert "/gone.fits" in window.strip.text.text()
    assert window.model.session.link == "off"
    settle(window, qtbot)


def test_autosave_follows_the_session_and_goes_at_the_end(opened: Window, qtbot: QtBot) -> None:
    opened.commands.run.toggle_field("doFlat")
    qtbot.waitUntil(lambda: opened.recovery.path.exists(), timeout=5000)
    qtbot.waitUntil(lambda: load_session(opened.recovery.path) == opened.model.session, timeout=5000)
    opened.close()
    assert not opened.recovery.path.exists()


def test_closing_during_a_run_does_not_wait_for_it(opened: Window, qtbot: QtBot, engine: SmallEngine) -> None:
    engine.gate.clear()
    opened.commands.run.toggle_field("doFlat")
    qtbot.waitUntil(lambda: statuses(opened)["doFlat"] == "running")
    opened.close()
    qtbot.waitUntil(lambda: not opened.runs._runner._worker.is_alive(), timeout=2000)
    time.sleep(0.05)
    assert statuses(opened)["doFlat"] == "running"


def test_export_writes_what_is_on_screen(opened: Window, qtbot: QtBot, tmp_path: Path) -> None:
    from astropy.io import fits

    click_step(opened, qtbot, "doDefect")
    settle(opened, qtbot)
    path = tmp_path / "out.fits"
    opened.commands.file.export_as(str(path))
    qtbot.waitUntil(lambda: "Wrote" in opened.strip.text.text(), timeout=10000)
    with fits.open(path) as hdus:
        assert hdus["IMAGE"].data[2, 3] == 83.0
        assert (hdus["MASK"].data != 0).sum() == 30
        assert hdus["IMAGE"].header["BUNIT"] == "adu"


@pytest.mark.parametrize("name", ["absent/out.fits", "out.txt"])
def test_export_that_cannot_be_written_says_why(opened: Window, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    opened.commands.file.export_as(str(tmp_path / name))
    qtbot.waitUntil(lambda: "Nothing was written" in opened.strip.text.text(), timeout=10000)
    assert str(tmp_path) in opened.strip.text.text()


def test_the_step_on_screen_stays_in_sight_while_its_list_grows(opened: Window, qtbot: QtBot) -> None:
    """Rows get a second line with what their steps changed; the list is made so low that this matters."""
    steps = opened.steps
    opened.model.change(show_step(opened.model.session, "postISRCCD"))
    row = steps.list.visualRect(steps.list.currentIndex()).height()
    steps.list.setFixedHeight(3 * row)
    steps.list.scrollTo(steps.list.currentIndex())
    for value in (False, True):
        opened.model.change(set_field(opened.model.session, "doFlat", value))
        settle(opened, qtbot)
        assert steps.list.viewport().rect().contains(steps.list.visualRect(steps.list.currentIndex()))
    steps.list.scrollToTop()
    opened.model.change(set_field(opened.model.session, "doFlat", False))
    settle(opened, qtbot)
    assert steps.list.verticalScrollBar().value() == 0
