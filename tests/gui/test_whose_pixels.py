"""Whose pixels these are: on screen, in the readout, in files; while a frame loads, when it fails, when it is gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from isrcore.data.fits_file import open_fits
from isrviewer.panels.image.panel import ImagePanel
from isrviewer.panels.numbers.amplifiers import AmplifiersPanel
from isrviewer.runner.opening import Age
from isrviewer.runner.uncertainty import CORRELATED
from isrviewer.session import Planes, Run, Shows
from isrviewer.session.changes import open_frame, set_field, show, show_step
from isrviewer.shell.legend import legend_lines
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine
from tests.gui.test_window import press, shown_value

OTHER = "7654321b"


def painted_title(panel: ImagePanel) -> str:
    """The title as it is painted with the pixels of the same moment."""
    panel.view.grab()
    return panel.view.title


def picture(panel: ImagePanel) -> np.ndarray:
    """The pixels of the screen below the title, one number each."""
    image = panel.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    return rows[40:].copy()


def point_at(window: Window, qtbot: QtBot, x: int, y: int) -> None:
    """Put the cursor on a pixel."""
    view = window.grid.focused.view
    view.grab()
    view.go_to(x, y)
    settle(window, qtbot)


@pytest.fixture
def final(opened: Window, qtbot: QtBot) -> Window:
    """CCD 0 at "final" on screen."""
    opened.model.change(show_step(opened.model.session, "postISRCCD"))
    settle(opened, qtbot)
    return opened


@pytest.fixture
def bias(tmp_path: Path) -> str:
    """Another exposure."""
    path = tmp_path / f"{OTHER}.fits"
    path.write_bytes(b"")
    return str(path)


# While it loads


@pytest.mark.parametrize("what", ["next CCD", "other exposure"])
def test_while_a_frame_loads_the_old_picture_is_marked_as_old(
    final: Window, engine: SmallEngine, qtbot: QtBot, bias: str, what: str
) -> None:
    panel = final.grid.focused
    point_at(final, qtbot, 3, 2)
    before = picture(panel)
    engine.reading.clear()
    if what == "next CCD":
        press(final, qtbot, Qt.Key.Key_Period)
    else:
        final.commands.file.open_path(bias)
    qtbot.waitUntil(lambda: final.runs.busy)
    assert painted_title(panel) == "1234567o ccd00 · final · image · ADU · not what is asked for"
    assert np.count_nonzero(picture(panel) != before) > before.size // 20, "the old picture is not hatched"
    assert "old: 1234567o ccd00" in final.readout.whose.text()
    assert final.readout.value.text().startswith("83")
    assert "1234567o.fits" in final.windowTitle(), "what is open is what is on the screen"
    assert "ccd00" in final.steps.title.text()
    engine.reading.set()
    settle(final, qtbot)
    whose = "1234567o ccd01" if what == "next CCD" else f"{OTHER} ccd00"
    assert painted_title(panel) == f"{whose} · final · image · ADU"
    assert panel.age is Age.CURRENT
    assert final.readout.whose.text() == whose
    assert final.readout.value.text().startswith("1083" if what == "next CCD" else "83")


def test_a_run_of_the_same_pixels_leaves_no_trace_unless_it_lasts(
    final: Window, engine: SmallEngine, qtbot: QtBot
) -> None:
    panel = final.grid.focused
    engine.gate.clear()
    final.commands.run.toggle_field("doFlat")
    qtbot.waitUntil(lambda: final.runs.busy)
    assert painted_title(panel) == "1234567o ccd00 · final · image · ADU"
    qtbot.waitUntil(lambda: "of the run before" in painted_title(panel))
    engine.gate.set()
    settle(final, qtbot)
    assert painted_title(panel) == "1234567o ccd00 · final · image · ADU"
    assert shown_value(final) == 166.0


# When it fails


@pytest.mark.parametrize("what", ["next CCD", "other exposure"])
def test_when_the_chain_fails_the_raw_pixels_of_the_new_input_are_shown(
    final: Window, engine: SmallEngine, qtbot: QtBot, bias: str, what: str
) -> None:
    panel = final.grid.focused
    point_at(final, qtbot, 3, 2)
    engine.failing = "doDefect"
    if what == "next CCD":
        press(final, qtbot, Qt.Key.Key_Period)
        whose, value = "1234567o ccd01", 1083.0
    else:
        final.commands.file.open_path(bias)
        whose, value = f"{OTHER} ccd00", 83.0
    qtbot.waitUntil(lambda: "doDefect" in final.strip.text.text())
    settle(final, qtbot)
    assert painted_title(panel) == f"{whose} · raw · image · ADU · final is missing: defects failed"
    assert shown_value(final) == value
    assert final.readout.whose.text() == whose
    assert final.readout.value.text().startswith(f"{value:.0f}")
    assert any(line.startswith(f"1: {whose} · raw") for line in legend_lines(final.desk))
    assert any(line.startswith(f"{whose}: {final.model.session.frame}") for line in legend_lines(final.desk))
    engine.failing = ""
    press(final, qtbot, Qt.Key.Key_R)
    settle(final, qtbot)
    assert painted_title(panel) == f"{whose} · final · image · ADU"


def test_a_comparison_that_cannot_be_made_shows_the_new_raw_pixels(
    final: Window, engine: SmallEngine, qtbot: QtBot
) -> None:
    shows = Shows(Planes("postISRCCD"), other=Planes("doDefect"))
    final.model.change(show(final.model.session, 0, shows))
    settle(final, qtbot)
    assert painted_title(final.grid.focused) == "1234567o ccd00 · final − defects · image · ADU"
    engine.failing = "doDefect"
    press(final, qtbot, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: final.runs.view.detector == 1)
    settle(final, qtbot)
    assert painted_title(final.grid.focused).startswith("1234567o ccd01 · raw · image · ADU · final is missing")
    assert shown_value(final) == 1083.0


def test_a_skipped_step_is_called_what_made_its_pixels(final: Window, qtbot: QtBot) -> None:
    final.model.change(show_step(final.model.session, "doFlat"))
    settle(final, qtbot)
    assert painted_title(final.grid.focused) == "1234567o ccd00 · defects (flat skipped) · image · ADU"


def test_the_clipboard_names_the_pixels(final: Window, engine: SmallEngine, qtbot: QtBot) -> None:
    point_at(final, qtbot, 3, 2)
    engine.reading.clear()
    press(final, qtbot, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: final.runs.busy)
    painted_title(final.grid.focused)
    final.actions_by_table.trigger("here.copy")
    assert QGuiApplication.clipboard().text().startswith("1234567o.fits · 1234567o ccd00 · final · image · ADU")


# A file that cannot be opened


def test_a_failed_open_changes_nothing(final: Window, engine: SmallEngine, qtbot: QtBot, tmp_path: Path) -> None:
    point_at(final, qtbot, 3, 2)
    trigger_pin(final)
    panel = final.grid.focused
    before = (final.model.session, final.windowTitle(), final.windowFilePath(), final.desk.settings.value, panel.planes)
    undo = final.model.history.undo_text
    final.commands.file.open_path(str(tmp_path / "gone.fits"))
    qtbot.waitUntil(lambda: "no such file" in final.strip.text.text())
    settle(final, qtbot)
    assert "gone.fits" in final.strip.text.text()
    after = (final.model.session, final.windowTitle(), final.windowFilePath(), final.desk.settings.value, panel.planes)
    assert after == before
    assert final.model.history.undo_text == undo
    assert painted_title(panel) == "1234567o ccd00 · final · image · ADU"
    target = tmp_path / "out.fits"
    final.commands.file.export_as(str(target))
    settle(final, qtbot)
    assert open_fits(target).hdus[0].header.text("ISRINPUT") == "1234567o.fits"


def trigger_pin(window: Window) -> None:
    window.actions_by_table.trigger("tools.pin")
    assert window.model.session.pins


def test_what_was_changed_while_a_file_failed_to_open_is_run(
    final: Window, engine: SmallEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    engine.reading.clear()
    final.commands.file.open_path(str(tmp_path / "gone.fits"))
    qtbot.waitUntil(lambda: final.runs.busy)
    final.commands.run.toggle_field("doFlat")
    engine.reading.set()
    settle(final, qtbot)
    assert final.model.session.frame.endswith("1234567o.fits")
    assert shown_value(final) == 166.0
    assert painted_title(final.grid.focused) == "1234567o ccd00 · final · image · ADU"


def test_stop_while_a_frame_loads_stays_with_what_is_open(
    final: Window, engine: SmallEngine, qtbot: QtBot, bias: str
) -> None:
    before = final.model.session
    engine.reading.clear()
    final.commands.file.open_path(bias)
    qtbot.waitUntil(lambda: final.runs.busy)
    press(final, qtbot, Qt.Key.Key_Escape)
    engine.reading.set()
    settle(final, qtbot)
    assert final.model.session == before
    assert painted_title(final.grid.focused) == "1234567o ccd00 · final · image · ADU"


def test_an_undo_to_a_file_that_is_gone_stays_with_what_is_open(
    final: Window, qtbot: QtBot, bias: str, frame: str
) -> None:
    final.commands.file.open_path(bias)
    settle(final, qtbot)
    Path(frame).unlink()
    final.actions_by_table.trigger("edit.undo")
    qtbot.waitUntil(lambda: "no such file" in final.strip.text.text())
    settle(final, qtbot)
    assert final.model.session.frame == bias
    assert painted_title(final.grid.focused) == f"{OTHER} ccd00 · final · image · ADU"


def test_a_file_opened_over_another_one_on_its_way_is_the_one(
    final: Window, engine: SmallEngine, qtbot: QtBot, bias: str
) -> None:
    engine.reading.clear()
    final.commands.file.open_path(bias)
    press(final, qtbot, Qt.Key.Key_Period)
    engine.reading.set()
    settle(final, qtbot)
    assert painted_title(final.grid.focused) == "1234567o ccd01 · final · image · ADU"
    assert final.model.session.frame.endswith("1234567o.fits")


# Exports


def test_an_export_takes_everything_from_the_result(
    final: Window, engine: SmallEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    final.commands.run.toggle_field("doFlat")
    settle(final, qtbot)
    engine.gate.clear()
    final.model.change(set_field(final.model.session, "doFlat", False), "flat off")
    qtbot.waitUntil(lambda: final.runs.busy)
    final.commands.file.export_as(str(tmp_path / "a.fits"))
    qtbot.waitUntil(lambda: not final.jobs.busy)
    engine.gate.set()
    settle(final, qtbot)
    text = (tmp_path / "a.fits").read_bytes().decode("ascii", "replace")
    assert "config.doFlat=True" in text.replace(" = ", "="), "the pixels are flattened, and the file says so"
    assert "/calib/flat.fits" in text


@pytest.mark.parametrize(("step", "names_flat"), [("raw", False), ("doDefect", False), ("doFlat", True)])
def test_an_export_names_the_calibrations_that_went_in(
    final: Window, qtbot: QtBot, tmp_path: Path, step: str, names_flat: bool
) -> None:
    final.commands.run.toggle_field("doFlat")
    final.model.change(show_step(final.model.session, step))
    settle(final, qtbot)
    final.commands.file.export_as(str(tmp_path / "a.fits"))
    settle(final, qtbot)
    text = (tmp_path / "a.fits").read_bytes().decode("ascii", "replace")
    assert ("/calib/flat.fits" in text) is names_flat
    assert ("doFlat=True" in text.replace(" = ", "=")) is (step != "raw")


# The error of the number shown


def other_exposure(final: Window, planes: Planes, combine: str) -> None:
    shows = Shows(Planes("postISRCCD"), other=planes, combine=combine)
    final.model.change(show(final.model.session, 0, shows))


@pytest.mark.parametrize(
    ("plane", "expected"), [("image", "83 ± 10 ADU"), ("variance", "100 ADU²"), ("S/N", "8.3 σ"), ("mask", "0")]
)
def test_the_readout_has_the_error_of_the_plane_shown(final: Window, qtbot: QtBot, plane: str, expected: str) -> None:
    final.model.change(show(final.model.session, 0, Shows(Planes("postISRCCD"), plane)))
    settle(final, qtbot)
    point_at(final, qtbot, 3, 2)
    assert final.readout.value.text() == expected


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("difference", "82.5 ± 14.1 ADU − 1"), ("ratio", "166 ± 3.32e+03 ADU")],
)
def test_errors_of_independent_planes_are_propagated(
    final: Window, qtbot: QtBot, combine: str, expected: str
) -> None:
    """The flat is on hand and did not go into the pixels: 83 ± 10 against 0.5 ± 10."""
    other_exposure(final, Planes("flat", Run.CALIBRATION), combine)
    settle(final, qtbot)
    point_at(final, qtbot, 3, 2)
    assert final.readout.value.text() == expected


@pytest.mark.parametrize("other", [Planes("doDefect"), Planes("raw"), Planes("flat", Run.CALIBRATION)])
@pytest.mark.parametrize("combine", ["difference", "ratio"])
def test_planes_with_common_noise_have_no_error_and_that_is_said(
    final: Window, qtbot: QtBot, other: Planes, combine: str
) -> None:
    """Two steps of one chain; a calibration and what was corrected with it."""
    final.commands.run.toggle_field("doFlat")
    other_exposure(final, other, combine)
    settle(final, qtbot)
    point_at(final, qtbot, 3, 2)
    assert "±" not in final.readout.value.text()
    assert final.readout.value.text().endswith(CORRELATED)


def test_undoing_a_change_of_frame_goes_back_to_its_pixels(final: Window, qtbot: QtBot, bias: str) -> None:
    final.commands.file.open_path(bias)
    settle(final, qtbot)
    final.actions_by_table.trigger("edit.undo")
    settle(final, qtbot)
    assert painted_title(final.grid.focused) == "1234567o ccd00 · final · image · ADU"
    final.model.change(open_frame(final.model.session, bias, 2))
    settle(final, qtbot)
    assert painted_title(final.grid.focused) == f"{OTHER} ccd02 · final · image · ADU"


# Numbers beside the pictures


def test_panels_with_numbers_say_whose_they_are_and_when_they_are_old(
    final: Window, engine: SmallEngine, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = final.panels[AmplifiersPanel]
    final.docks.raise_dock("amplifiers")
    qtbot.waitUntil(lambda: panel.is_settled and panel.whose.isVisible())
    assert panel.whose.text() == "1234567o ccd00"
    engine.reading.clear()
    press(final, qtbot, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: final.runs.busy)
    assert panel.whose.text() == "old: 1234567o ccd00 · not what is asked for"
    assert panel.about()["exposure"] == "1234567o ccd00"
    engine.reading.set()
    settle(final, qtbot)
    qtbot.waitUntil(lambda: panel.is_settled and panel.whose.text() == "1234567o ccd01")
    assert (panel.about()["detector"], panel.about()["frame"]) == (1, final.model.session.frame)
