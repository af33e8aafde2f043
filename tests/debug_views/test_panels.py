"""Panels on real windows: views arrive, closed windows and errors never end a run."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import isrcore
import isrviewer
from isrviewer.debug_views import DebugPanels
from isrviewer.debug_views.elsewhere import ChildProcess
from isrviewer.debug_views.here import ThisProcess
from tests.debug_views.conftest import SmallTask
from tests.small_frame import make_small_frame

STEPS = ["doAssembleCcd", "doFlat", "postISRCCD"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def elsewhere() -> Iterator[DebugPanels]:
    panels = isrviewer.open_panels(STEPS, budget=64 << 20)
    yield panels
    panels.close()


@pytest.fixture
def here(qtbot: QtBot) -> Iterator[DebugPanels]:
    panels = isrviewer.open_panels(STEPS, in_process=True)
    yield panels
    panels.close()


def window_of(panels: DebugPanels) -> Any:
    assert isinstance(panels.target, ThisProcess)
    return panels.target.window


def test_views_come_to_their_panels(here: DebugPanels, small: SmallTask, qtbot: QtBot) -> None:
    seen: dict[str, Any] = {}
    small.task.debug_callback = lambda exposure, name: seen.__setitem__(name, exposure.clone())
    here.attach(small.task)
    small.run()
    window = window_of(here)
    qtbot.waitUntil(lambda: window.is_settled and len(window.panels) == len(STEPS))
    for number, name in enumerate(STEPS, 1):
        planes = window.panels[number].item.planes
        assert planes.title == f"849375 ccd00 · {name} · {'electron' if name == 'postISRCCD' else 'ADU'}"
        np.testing.assert_array_equal(planes.image, seen[name].image)
        np.testing.assert_array_equal(planes.mask, seen[name].mask.array)
    assert small.task.debug_callback is not None, "the callback that was there before is still called"


def test_masks_and_variance_can_be_switched(here: DebugPanels, small: SmallTask, qtbot: QtBot) -> None:
    here.attach(small.task)
    result = small.run()
    window = window_of(here)
    qtbot.waitUntil(lambda: window.is_settled and len(window.panels) == len(STEPS))
    window.variance.trigger()
    item = window.panels[3].item
    qtbot.waitUntil(lambda: item.is_settled)
    np.testing.assert_array_equal(item.planes.image, result.exposure.variance)
    assert item.planes.unit == "electron²"
    window.masks.trigger()
    qtbot.waitUntil(lambda: item.is_settled)
    assert not item.style.overlay.visible


def test_a_closed_window_lets_the_run_go_on(
    here: DebugPanels, small: SmallTask, caplog: pytest.LogCaptureFixture
) -> None:
    here.attach(small.task)
    window_of(here).close()
    with caplog.at_level(logging.WARNING, "isrviewer"):
        assert small.run().exposure is not None
    said = [record for record in caplog.records if record.name.startswith("isrviewer")]
    assert len(said) == 1
    assert "closed" in said[0].getMessage()
    assert small.task.debug_callback is None


def test_an_ended_process_lets_the_run_go_on(
    elsewhere: DebugPanels, small: SmallTask, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere.attach(small.task)
    small.run()
    target = elsewhere.target
    assert isinstance(target, ChildProcess)
    target._process.kill()
    target._process.wait()
    with caplog.at_level(logging.WARNING, "isrviewer"):
        assert small.run().exposure is not None
    said = [record for record in caplog.records if record.name.startswith("isrviewer")]
    assert len(said) == 1
    assert "signal 9" in said[0].getMessage()
    assert not elsewhere.is_open


def test_an_error_in_looking_lets_the_run_go_on(
    here: DebugPanels, small: SmallTask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError("in a test")

    assert here.target is not None
    monkeypatch.setattr(here.target, "put", fail)
    here.attach(small.task)
    assert small.run().exposure is not None
    assert sum("ZeroDivisionError" in (record.exc_text or "") for record in caplog.records) == 1


def test_several_tasks_and_detaching(here: DebugPanels, small: SmallTask, qtbot: QtBot) -> None:
    other = SmallTask()
    here.attach(small.task)
    here.attach(other.task)
    with pytest.raises(ValueError, match="attached"):
        here.attach(other.task)
    other.run()
    here.detach(other.task)
    assert other.task.debug_callback is None
    assert small.task.debug_callback is not None
    here.detach()
    assert small.task.debug_callback is None


def test_an_exposure_of_another_size_and_one_of_nothing_but_nan(
    here: DebugPanels, small: SmallTask, qtbot: QtBot
) -> None:
    here.attach(small.task)
    small.run()
    exposure = small.run().exposure
    exposure.image[:] = np.nan
    assert small.task.debug_callback is not None
    small.task.debug_callback(exposure, "postISRCCD")
    window = window_of(here)
    qtbot.waitUntil(lambda: window.is_settled)
    assert np.isnan(window.panels[3].item.planes.image).all()
    small.task.debug_callback(exposure.subset(exposure.bbox.grow(-20)), "doAssembleCcd")
    qtbot.waitUntil(lambda: window.is_settled)
    assert window.panels[1].item.planes.shape == (exposure.getHeight() - 40, exposure.getWidth() - 40)


def test_without_a_screen_the_run_goes_on(
    small: SmallTask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    panels = isrviewer.open_panels(STEPS)
    assert "no screen" in caplog.text
    panels.attach(small.task)
    assert small.run().exposure is not None
    assert not panels.is_open
    panels.block()
    panels.close()


def test_a_qt_application_without_windows_is_named() -> None:
    script = """
        from PySide6.QtCore import QCoreApplication
        application = QCoreApplication([])
        import isrviewer
        try:
            isrviewer.open_panels(["doFlat"], in_process=True)
        except RuntimeError as error:
            print(error)
    """
    assert "QCoreApplication" in run_script(script)


def test_a_plain_script_shows_its_views_and_ends() -> None:
    """The script of the manual, without a guard for its main module, without an event loop."""
    script = """
        import isrviewer
        from tests.debug_views.conftest import SmallTask
        small = SmallTask()
        panels = isrviewer.open_panels(steps=["doFlat", "postISRCCD"], budget=256 << 20)
        panels.attach(small.task)
        small.run()
        print(panels.is_open, panels.n_dropped)
    """
    assert run_script(script) == "True 0\n"


def test_the_script_of_the_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands there; only nobody waits for the window."""
    page = (ROOT / "resources" / "manual" / "debug-views.md").read_text("utf-8")
    script = page.split("```python")[1].split("```")[0]
    shown: list[DebugPanels] = []
    monkeypatch.setattr(DebugPanels, "block", lambda panels: shown.append(panels))
    frame = make_small_frame()
    names = {name: frame.arguments[name] for name in ("bias", "dark", "flat", "defects")}
    config = isrcore.CfhtIsrTask.ConfigClass()
    config.doFringe = config.doLinearize = False
    config.validate()
    scope: dict[str, Any] = {"raw": frame.raw, "config": config, **names}
    exec(script, scope)
    assert isinstance(scope["result"].exposure, isrcore.Exposure)
    assert shown == [scope["panels"]]
    assert scope["panels"].is_open
    scope["panels"].close()


def test_importing_the_viewer_pulls_in_no_qt() -> None:
    assert run_script("import sys, isrviewer; print('PySide6' in sys.modules)") == "False\n"


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(AttributeError, match="open_panel"):
        isrviewer.open_panel  # noqa: B018
    with pytest.raises(ValueError, match="'window' or 'ds9'"):
        isrviewer.open_panels(to="paper")


def run_script(text: str) -> str:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(
    not all(map(shutil.which, ("ds9", "xpaset", "Xvfb"))), reason="needs DS9, XPA and Xvfb: saods9 xpa-tools xvfb"
)
def test_views_go_to_ds9(small: SmallTask, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    os.close(write)
    with os.fdopen(read) as answer:
        monkeypatch.setenv("DISPLAY", f":{answer.readline().strip()}")
    try:
        panels = isrviewer.open_panels({"doFlat": 1, "postISRCCD": 2}, to="ds9")
        panels.attach(small.task)
        exposure = small.run().exposure
        target: Any = panels.target
        assert target.flush(120)
        for frame, step in (("1", "doFlat - ADU"), ("2", "postISRCCD - electron")):
            target._set("frame", frame)
            assert target._get("fits", "header", "keyword", "OBJECT") == f"849375 ccd00 - {step}"
        # XPA counts from 1 and gives six digits.
        value = float(target._get("data", "image", "31", "21", "1", "1", "yes"))
        assert value == pytest.approx(exposure.image[20, 30], rel=1e-5)
        assert target._get("mask", "transparency") == "40"
        panels.close()
    finally:
        screen.terminate()
        screen.wait()
