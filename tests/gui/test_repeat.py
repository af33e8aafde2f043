"""The command of "Copy as command line", run: its file holds the pixels that were on the screen, bit for bit."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from isrcore.audit import edits
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import MapForm
from isrcore.audit.writing import write_map
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.simulate import SimulationRecipe, simulate_calibrations, simulate_raw
from isrviewer.audit.audit import begin_audit
from isrviewer.audit.kept_map import written_map
from isrviewer.session.changes import focus_panel, pick_calib, set_field, show_step
from isrviewer.session.settings import state_folder
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.real_frame import RealFrames, open_real, settle_real

BOXES = [Box(930, 1, 1, 4610), Box(1495, 1140, 1, 3471), Box(700, 800, 3, 2), Box(701, 801, 9, 9), Box(20, 30, 1, 1)]


def document(*boxes: Box) -> DefectDocument:
    return DefectDocument.of(megacam_camera()[0], [PixelSet.of([box]) for box in boxes], "map")


def run(command: str, folder: Path) -> Path:
    """Run what was copied, as a shell would, and give what it wrote."""
    words = shlex.split(command)
    assert words[0] == "isrcore"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-m", "isrcore", *words[1:]], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return folder / "out.fits"


def copied(window: Window, qtbot: QtBot) -> str:
    QGuiApplication.clipboard().clear()
    window.actions_by_table.trigger("edit.copy_command_line")
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=20000)
    return QGuiApplication.clipboard().text()


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> RealFrames:
    """A frame in a folder whose name a shell would take apart, its calibrations, and a flat of another night."""
    folder = tmp_path_factory.mktemp("it's a frame")
    recipe = SimulationRecipe(detectors=(0,), others="absent", compression="none", filter="i.MP9702")
    simulate_raw(recipe, folder / "1257365o.fits")
    simulate_calibrations(recipe, folder / "calib")
    simulate_calibrations(recipe.replace(seed=77), folder / "other")
    return RealFrames((str(folder / "1257365o.fits"),), str(folder / "calib"))


@pytest.fixture
def real(frames: RealFrames, qtbot: QtBot) -> Iterator[Window]:
    """All calibrations on, the last step on screen."""
    window = open_real(qtbot, frames)
    session = window.model.session
    for name in ("doBias", "doDark", "doFlat", "doFringe", "doDefect"):
        session = set_field(session, name, True)
    window.model.change(show_step(set_field(session, "fwhm", 0.7123456789), "postISRCCD"), "all on")
    settle_real(window, qtbot)
    yield window
    window.close()
    window.deleteLater()


def other_flat(frames: RealFrames) -> str:
    folder = Path(frames.calibrations).with_name("other")
    (path,) = [path for path in folder.rglob("*flat*") if path.is_file()]
    return str(path)


def assert_same(window: Window, path: Path) -> None:
    """The file holds what the focused panel shows."""
    exposure = window.grid.focused.exposure
    assert exposure is not None
    with fits.open(path) as file:
        for name, plane in (("IMAGE", exposure.image), ("MASK", exposure.mask.array), ("VARIANCE", exposure.variance)):
            written = file[name].data
            assert written.astype(plane.dtype).tobytes() == plane.tobytes(), name


def test_the_command_repeats_edited_map_and_chosen_flat_bit_for_bit(
    real: Window, frames: RealFrames, qtbot: QtBot, tmp_path: Path
) -> None:
    plain = real.grid.focused.exposure
    assert plain is not None
    real.model.change(pick_calib(real.model.session, "flat", other_flat(frames)), "other flat")
    audit = begin_audit(0, document(*BOXES))
    real.audits.adopt(audit)
    real.audits.do(lambda map: edits.reject(map, [1]))
    real.audits.do(lambda map: edits.add_box(map, Box(1200, 1200, 40, 30)))
    real.model.change(replace(real.model.session, audit_feeds=True), "run with this map")
    settle_real(real, qtbot)
    assert not np.array_equal(real.grid.focused.exposure.image, plain.image)
    command = copied(real, qtbot)
    assert "The defect map with its edits is kept in" in real.strip.text.text()
    assert_same(real, run(command, tmp_path))


def test_the_command_repeats_the_pixels_on_screen_and_not_what_is_open(
    real: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    """A map that flags a whole amplifier goes into no step while doDefect is off."""
    real.audits.adopt(begin_audit(0, document(Box(0, 0, 1024, 4612))))
    session = set_field(real.model.session, "doDefect", False)
    real.model.change(replace(session, audit_feeds=True), "no defects")
    settle_real(real, qtbot)
    before = copied(real, qtbot)
    assert "--defects" not in before
    real.model.change(set_field(real.model.session, "doFlat", False), "flat off")
    real.runs.stop()
    assert copied(real, qtbot) == before
    assert_same(real, run(before, tmp_path))


def test_beside_b_the_command_is_that_of_b(opened: Window, qtbot: QtBot) -> None:
    opened.actions_by_table.trigger("compare.keep")
    opened.commands.run.toggle_field("doFlat")
    settle(opened, qtbot)
    opened.actions_by_table.trigger("compare.beside")
    settle(opened, qtbot)
    switched = []
    for index in (0, 1):
        opened.model.change(focus_panel(opened.model.session, index))
        switched.append("doFlat" in copied(opened, qtbot))
        said = opened.strip.text.text()
        assert said == f"Copied the command that repeats the correction {'B ' if index else ''}of 1234567o ccd00."
    assert switched == [True, False]


@pytest.mark.parametrize(
    "boxes", [BOXES, BOXES[:1], [], [Box(0, 0, 1024, 4612), Box(1024, 0, 1024, 9)]], ids=["some", "one", "none", "amp"]
)
def test_a_map_is_written_once_under_the_name_of_its_pixels(boxes: list[Box]) -> None:
    map = document(*boxes)
    path = written_map(map)
    before = path.read_bytes()
    assert path.parent == state_folder() / "maps"
    assert written_map(map) == path
    assert written_map(document(*reversed(boxes))) == path
    path.write_bytes(b"damaged")
    again = written_map(map)
    assert again != path
    assert path.read_bytes() == b"damaged"
    assert (again.read_bytes(), written_map(map)) == (before, again)
    assert written_map(document(*boxes, Box(1500, 900, 1, 1))) not in (path, again)


def test_what_cannot_be_written_is_said(real: Window, qtbot: QtBot) -> None:
    real.audits.adopt(begin_audit(0, document(*BOXES)))
    real.model.change(replace(real.model.session, audit_feeds=True), "run with this map")
    settle_real(real, qtbot)
    (state_folder() / "maps").write_text("in the way")
    assert copied(real, qtbot) == ""
    assert "No command was copied: the defect map has no file." in real.strip.text.text()


def test_an_empty_choice_goes_without_the_calibration(opened: Window, qtbot: QtBot) -> None:
    opened.model.change(pick_calib(opened.model.session, "dark", ""), "no dark")
    settle(opened, qtbot)
    assert "--calibration dark= " in copied(opened, qtbot)


def test_maps_of_every_form_can_be_named(frames: RealFrames, tmp_path: Path) -> None:
    rows = [Box(0, 0, 2048, 1), Box(0, 4611, 2048, 1), *BOXES]
    planes = []
    for form, ending in ((MapForm.TABLE, ".ecsv"), (MapForm.ELIXIR, ".fits"), (MapForm.DS9, ".reg")):
        folder = tmp_path / form.name
        folder.mkdir()
        path = write_map(document(*rows), folder / f"ccd00{ending}", form)
        command = f"isrcore run {shlex.quote(frames.frames[0])} --detector 0 --defects {path} -o out.fits"
        with fits.open(run(command, folder)) as file:
            planes.append([file[name].data.tobytes() for name in ("IMAGE", "MASK", "VARIANCE")])
    assert planes[0] == planes[1] == planes[2]
