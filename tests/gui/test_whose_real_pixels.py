"""The real engine: a CCD without calibrations after one that has them, and files that are no frames."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from isrcore.simulate import SimulationRecipe, simulate_calibrations, simulate_raw
from isrviewer.session.changes import set_field, show_step
from isrviewer.shell.window import Window
from tests.gui.real_frame import RealFrames, open_real, settle_real


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> RealFrames:
    """A frame with two CCDs, and calibrations of the first."""
    folder = tmp_path_factory.mktemp("frames")
    recipe = SimulationRecipe(detectors=(0, 1), others="absent", compression="none", exposure_id=1257365)
    frame = folder / "1257365o.fits"
    simulate_raw(recipe, frame)
    simulate_calibrations(recipe.replace(detectors=(0,)), folder / "calib")
    return RealFrames((str(frame),), str(folder / "calib"))


@pytest.fixture
def real(frames: RealFrames, qtbot: QtBot) -> Iterator[Window]:
    """CCD 0 at "final", corrected with a bias; CCD 1 of the same frame has none."""
    window = open_real(qtbot, frames)
    session = set_field(window.model.session, "doBias", True)
    window.model.change(show_step(session, "postISRCCD"), "bias on")
    settle_real(window, qtbot)
    yield window
    window.close()


def painted_title(window: Window) -> str:
    window.grid.focused.view.grab()
    return window.grid.focused.view.title


def test_a_ccd_without_calibrations_shows_its_own_raw_pixels(real: Window, qtbot: QtBot) -> None:
    panel = real.grid.focused
    assert painted_title(real) == "1257365o ccd00 · final · image · ADU"
    before = panel.planes
    real.commands.run.next_ccd()
    assert painted_title(real) == "1257365o ccd00 · final · image · ADU · not what is asked for"
    qtbot.waitUntil(lambda: real.runs.view.detector == 1, timeout=60000)
    settle_real(real, qtbot)
    assert painted_title(real) == "1257365o ccd01 · detector · image · ADU · final is missing: inputs failed"
    raw = real.runs.view.raw
    assert raw is not None
    assert panel.planes is not before
    assert panel.planes is not None
    np.testing.assert_array_equal(panel.planes.image, raw.image)
    panel.view.go_to(100, 200)
    reading = panel.reading()
    assert reading is not None
    assert reading.value == float(raw.image[200, 100])
    assert real.readout.whose.text() == "1257365o ccd01"
    real.commands.run.previous_ccd()
    qtbot.waitUntil(lambda: real.runs.view.detector == 0, timeout=60000)
    settle_real(real, qtbot)
    assert painted_title(real) == "1257365o ccd00 · final · image · ADU"


@pytest.mark.parametrize("content", [b"", b"SIMPLE  = nonsense" * 400], ids=["empty", "damaged"])
def test_a_file_that_is_no_frame_changes_nothing(real: Window, qtbot: QtBot, tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.fits"
    broken.write_bytes(content)
    before = real.model.session, real.windowTitle(), real.desk.settings.value, real.grid.focused.planes
    real.commands.file.open_path(str(broken))
    qtbot.waitUntil(lambda: "broken.fits" in real.strip.text.text(), timeout=60000)
    settle_real(real, qtbot)
    assert (real.model.session, real.windowTitle(), real.desk.settings.value, real.grid.focused.planes) == before
    assert painted_title(real) == "1257365o ccd00 · final · image · ADU"
    assert real.tools.detectors.currentData() == 0
