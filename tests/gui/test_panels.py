"""What panels show and how they are compared: by menus, keys and mouse, with a small engine behind the window."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from isrviewer.panels.image.overview import OverviewPanel
from isrviewer.panels.image.panel import ImagePanel
from isrviewer.render.view import Orientation
from isrviewer.session import Planes, Run, Shows
from isrviewer.session.planes import PREVIOUS
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.image_frames import drag, move
from tests.gui.test_window import click_step, press, shown_value, statuses

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def flat(opened: Window, qtbot: QtBot) -> Window:
    """A window whose one panel shows the flat-fielded step."""
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    click_step(opened, qtbot, "doFlat")
    settle(opened, qtbot)
    return opened


def choose(panel: ImagePanel, *path: str) -> None:
    """Trigger an entry of the panel's title menu."""
    menu = panel.menu()
    for name in path[:-1]:
        menu = next(entry for entry in menu.actions() if entry.text() == name).menu()
        assert isinstance(menu, QMenu)
    next(entry for entry in menu.actions() if entry.text() == path[-1]).trigger()


def trigger(window: Window, qtbot: QtBot, action_id: str) -> None:
    window.actions_by_table.by_id[action_id].trigger()
    settle(window, qtbot)


def title(window: Window) -> str:
    return window.grid.focused.view.title


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("Plane", "variance"), 100.0, "1234567o ccd00 · flat · variance · ADU²"),
        (("Plane", "S/N"), 16.6, "1234567o ccd00 · flat · S/N · σ"),
        (("Difference to", "previous step"), 83.0, "1234567o ccd00 · flat − defects · image · ADU"),
        (("Difference to", "raw"), 83.0, "1234567o ccd00 · flat − raw · image · ADU"),
        (("Ratio to", "raw"), 2.0, "1234567o ccd00 · flat / raw · image"),
        (("Calibration", "flat"), 0.5, "flat ccd00 · calibration: flat · image"),
        (
            ("Ratio to", "calibration: flat"),
            332.0,
            "1234567o ccd00 · flat / flat ccd00 calibration: flat · image · ADU",
        ),
        (("Step", "raw"), 83.0, "1234567o ccd00 · raw · image · ADU"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_the_title_menu_chooses_what_is_shown(
    flat: Window, qtbot: QtBot, path: tuple[str, ...], value: float, words: str
) -> None:
    choose(flat.grid.focused, *path)
    settle(flat, qtbot)
    assert shown_value(flat) == pytest.approx(value)
    flat.grid.focused.view.grab()
    assert title(flat) == words


def test_a_difference_follows_the_steps_and_raw_stands_alone(flat: Window, qtbot: QtBot) -> None:
    press(flat, qtbot, Qt.Key.Key_D)
    settle(flat, qtbot)
    assert shown_value(flat) == 83.0
    press(flat, qtbot, Qt.Key.Key_BracketLeft)
    settle(flat, qtbot)
    assert (shown_value(flat), flat.grid.focused.title) == (0.0, "1234567o ccd00 · defects − raw · image")
    press(flat, qtbot, Qt.Key.Key_BracketLeft)
    settle(flat, qtbot)
    assert (shown_value(flat), flat.grid.focused.title) == (83.0, "1234567o ccd00 · raw · image")


def test_mask_bits_added_here(flat: Window, qtbot: QtBot) -> None:
    click_step(flat, qtbot, "doDefect")
    press(flat, qtbot, Qt.Key.Key_M, SHIFT)
    settle(flat, qtbot)
    planes = flat.grid.focused.planes
    assert planes is not None
    assert planes.mask is not None
    assert np.count_nonzero(planes.mask) == 30
    assert planes.title == "defects · mask bits added since raw"
    press(flat, qtbot, Qt.Key.Key_BracketRight)
    settle(flat, qtbot)
    planes = flat.grid.focused.planes
    assert planes is not None
    assert planes.mask is not None
    assert np.count_nonzero(planes.mask) == 0


def test_the_second_picture_by_key_and_the_timed_blink(flat: Window, qtbot: QtBot) -> None:
    view = flat.grid.focused.view
    choose(flat.grid.focused, "Blink and curtain with", "raw")
    press(flat, qtbot, Qt.Key.Key_B, SHIFT)
    settle(flat, qtbot)
    qtbot.waitUntil(lambda: bool(view.grab()) and title(flat) == "1234567o ccd00 · raw · image · ADU")
    press(flat, qtbot, Qt.Key.Key_B, SHIFT)
    view.grab()
    assert title(flat) == "1234567o ccd00 · flat · image · ADU"
    press(flat, qtbot, Qt.Key.Key_B)
    assert flat.actions_by_table.by_id["view.blink"].isChecked()
    seen: set[str] = set()

    def look() -> bool:
        view.grab()
        seen.add(title(flat))
        return seen == {"1234567o ccd00 · raw · image · ADU", "1234567o ccd00 · flat · image · ADU"}

    qtbot.waitUntil(look, timeout=5000)
    press(flat, qtbot, Qt.Key.Key_B)
    view.grab()
    assert title(flat) == "1234567o ccd00 · flat · image · ADU"
    assert not flat.actions_by_table.by_id["view.blink"].isChecked()


def test_the_peek_key_shows_the_step_before_whatever_the_second_is(flat: Window, qtbot: QtBot) -> None:
    view = flat.grid.focused.view
    choose(flat.grid.focused, "Blink and curtain with", "raw")
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_QuoteLeft)
    qtbot.waitUntil(lambda: bool(view.grab()) and title(flat) == "1234567o ccd00 · defects · image · ADU")
    qtbot.keyRelease(view, Qt.Key.Key_QuoteLeft)
    view.grab()
    assert title(flat) == "1234567o ccd00 · flat · image · ADU"


def test_the_curtain_is_dragged_and_stays_with_the_session(flat: Window, qtbot: QtBot) -> None:
    view = flat.grid.focused.view
    press(flat, qtbot, Qt.Key.Key_C)
    assert flat.model.session.panel.curtain == 0.5
    both = "1234567o ccd00 · flat · image | defects · image · ADU"
    qtbot.waitUntil(lambda: bool(view.grab()) and title(flat) == both)
    middle = QPoint(view.width() // 2, view.height() // 2)
    drag(view, middle, middle + QPoint(view.width() // 4, 0))
    assert flat.model.session.panel.curtain == pytest.approx(0.75, abs=0.01)
    press(flat, qtbot, Qt.Key.Key_C)
    view.grab()
    assert title(flat) == "1234567o ccd00 · flat · image · ADU"


def test_same_limits_everywhere_and_own_limits_again(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "view.panels_2")
    first, second = flat.grid.panels
    flat.model.change(flat.model.session)
    choose(second, "Step", "raw")
    settle(flat, qtbot)

    def limits() -> list[tuple[float, float]]:
        return [panel.view.layer.limits for panel in (first, second) if panel.view.layer is not None]

    own = limits()
    assert own[0] != own[1]
    trigger(flat, qtbot, "view.same_limits")
    assert limits() == [own[0], own[0]]
    assert "same limits" in second.view.facts
    first.bar.limits_dragged.emit(10.0, 20.0)
    settle(flat, qtbot)
    assert limits() == [(10.0, 20.0)] * 2
    choose(second, "Difference to", "previous step")
    choose(second, "Step", "flat")
    settle(flat, qtbot)
    assert limits()[1] != (10.0, 20.0)
    choose(second, "Compare with nothing")
    flat.actions_by_table.by_id["picture.limits_minmax"].trigger()
    trigger(flat, qtbot, "view.same_limits")
    assert second.view.facts.endswith("min max")


def test_the_cross_hair_follows_the_cursor_in_linked_panels(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "view.panels_2")
    first, second = flat.grid.panels
    move(first.view, first.view.to_widget(10, 20).toPoint())
    assert second.view._crosshair == pytest.approx((10, 20), abs=0.5)
    trigger(flat, qtbot, "view.link_off")
    move(first.view, first.view.to_widget(15, 20).toPoint())
    assert second.view._crosshair is None


def test_orientation_is_kept_per_panel_and_turns_linked_panels(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "view.panels_2")
    trigger(flat, qtbot, "view.orient_rotate")
    turned = Orientation().rotated()
    assert [panel.view.orientation for panel in flat.grid.panels] == [turned, turned]
    trigger(flat, qtbot, "view.link_off")
    trigger(flat, qtbot, "view.orient_mirror_x")
    assert [panel.orientation for panel in flat.model.session.panels] == [turned.mirrored_x(), turned]
    press(flat, qtbot, Qt.Key.Key_Plus)
    assert flat.grid.panels[0].view.view.orientation == turned.mirrored_x()
    trigger(flat, qtbot, "view.orient_detector")
    assert flat.grid.panels[0].view.orientation == Orientation()
    trigger(flat, qtbot, "view.orient_north")
    assert "north is not known" in flat.strip.text.text()


def test_a_routed_step_comes_to_its_panel(opened: Window, qtbot: QtBot) -> None:
    trigger(opened, qtbot, "view.panels_2")
    click_step(opened, qtbot, "doFlat")
    press(opened, qtbot, Qt.Key.Key_R, CONTROL)
    assert opened.actions_by_table.by_id["run.route"].isChecked()
    assert opened.steps.lines.index_of("doFlat").data(Qt.ItemDataRole.UserRole).right.startswith("→ 1")
    click_step(opened, qtbot, "raw")
    settle(opened, qtbot)
    assert opened.model.session.panels[0].shows.step == "raw"
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    assert [panel.shows.step for panel in opened.model.session.panels] == ["doFlat", "raw"]
    trigger(opened, qtbot, "run.forget_routes")
    assert opened.model.session.routes == ()


def test_pausing_at_debug_views(opened: Window, qtbot: QtBot) -> None:
    trigger(opened, qtbot, "run.pause_at_views")
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    assert (statuses(opened)["doFlat"], statuses(opened)["postISRCCD"]) == ("done", "stale")
    press(opened, qtbot, Qt.Key.Key_R)
    settle(opened, qtbot)
    assert statuses(opened)["postISRCCD"] == "done"


def test_a_calibration_that_is_not_there_is_told(flat: Window, qtbot: QtBot) -> None:
    before = flat.model.session.panel.shows
    trigger(flat, qtbot, "view.calibration_fringe")
    assert "No fringe frame is in memory" in flat.strip.text.text()
    assert flat.model.session.panel.shows == before
    trigger(flat, qtbot, "view.calibration_flat")
    assert flat.model.session.panel.shows == Shows(Planes("flat", Run.CALIBRATION))
    trigger(flat, qtbot, "view.calibration_flat")
    assert flat.model.session.panel.shows == Shows(Planes("postISRCCD"))


def test_a_quick_change_of_mind_shows_the_last_choice(flat: Window, qtbot: QtBot) -> None:
    for plane in ("S/N", "variance", "S/N", "image"):
        choose(flat.grid.focused, "Plane", plane)
    settle(flat, qtbot)
    qtbot.wait(100)
    assert flat.grid.focused.title == "1234567o ccd00 · flat · image"


@pytest.mark.parametrize(
    ("action", "check"),
    [
        ("picture.percentile_98.0", lambda panel: panel.limits.percent == 98.0),
        ("picture.exclude_masked", lambda panel: panel.limits.exclude_masked),
        ("picture.sticky", lambda panel: panel.limits.sticky),
        ("picture.stretch_histogram", lambda panel: panel.picture.stretch.name == "histogram"),
        ("picture.colormap_magma", lambda panel: panel.colours.name == "magma"),
        ("picture.reduction_min", lambda panel: panel.picture.reduction == "min"),
        ("picture.mark_range", lambda panel: panel.colours.under is not None),
        ("picture.invert", lambda panel: panel.colours.inverted),
    ],
)
@pytest.mark.parametrize("is_change", [False, True])
def test_picture_actions_work_on_values_and_on_changes(
    flat: Window, qtbot: QtBot, action: str, check: Callable[..., bool], is_change: bool
) -> None:
    other = PREVIOUS if is_change else None
    flat.model.change(_showing(flat, Shows(Planes("doFlat"), other=other)))
    trigger(flat, qtbot, action)
    assert check(flat.model.session.panel)
    assert flat.actions_by_table.by_id[action].isChecked()
    layer = flat.grid.focused.view.layer
    assert layer is not None
    assert layer.style.limits == flat.model.session.panel.limits
    assert layer.style.colours == flat.model.session.panel.colours


def _showing(window: Window, shows: Shows):
    from isrviewer.session.changes import show

    return show(window.model.session, 0, shows)


def test_limits_without_masked_pixels_say_so(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "picture.exclude_masked")
    assert "masked left out" in flat.grid.focused.view.facts


def test_typed_limits(flat: Window, qtbot: QtBot) -> None:
    press(flat, qtbot, Qt.Key.Key_Z, SHIFT)
    flat.prompt.field.setText("5 x")
    qtbot.keyClick(flat.prompt.field, Qt.Key.Key_Return)
    assert "expected two numbers" in flat.strip.text.text()
    press(flat, qtbot, Qt.Key.Key_Z, SHIFT)
    flat.prompt.field.setText("500, -5")
    qtbot.keyClick(flat.prompt.field, Qt.Key.Key_Return)
    settle(flat, qtbot)
    layer = flat.grid.focused.view.layer
    assert layer is not None
    assert layer.limits == (-5.0, 500.0)


def test_the_overview_follows_the_focused_panel(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "view.panels_2")
    trigger(flat, qtbot, "view.next_panel")
    assert flat.panels[OverviewPanel].panner._source is flat.grid.panels[1].view
    trigger(flat, qtbot, "view.panels_1")
    assert flat.panels[OverviewPanel].panner._source is flat.grid.panels[0].view
    flat.panels[OverviewPanel].grab()


def test_panels_are_freed_when_fewer_are_shown(flat: Window, qtbot: QtBot) -> None:
    trigger(flat, qtbot, "view.panels_4")
    trigger(flat, qtbot, "view.curtain")
    gone = [weakref.ref(part) for panel in flat.grid.panels[1:] for part in (panel, panel.view, panel.bar)]
    trigger(flat, qtbot, "view.panels_1")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and not any(part() for part in gone), timeout=5000)


def test_the_step_row_tells_memory_and_changes(flat: Window) -> None:
    tip = flat.steps.lines.index_of("doFlat").data(Qt.ItemDataRole.ToolTipRole)
    assert "2\u202f399 pixels changed: median +1200, extreme +2399" in tip
    assert "its own planes take 0 MB" in tip
    assert "flags added: BAD 30" in flat.steps.lines.index_of("doDefect").data(Qt.ItemDataRole.ToolTipRole)
