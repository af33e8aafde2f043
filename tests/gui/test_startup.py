"""The pixels of the first frame come first; what takes long to import comes after them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from isrcore.cfht import CfhtIsrTask
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.runner import worker
from isrviewer.runner.engine import IsrEngine
from isrviewer.runner.messages import Event, FrameFacts, Opened, Request, RunEnded
from isrviewer.runner.reading import FrameReader
from isrviewer.runner.worker import Runner
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import SmallEngine, small_exposure
from tests.header_files import made_headers, write_made

SLOW = ("lsst", "scipy", "astropy", "shapely", "pyqtgraph", "qtawesome", "isrcore.steps", "isrcore.config")


@pytest.mark.parametrize("statement", ["import isrviewer.shell.window", "import isrviewer.runner.engine"])
def test_the_window_and_the_reader_import_nothing_slow(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint([m for m in {SLOW!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_first_frame_is_opened_twice_with_the_same_pixels(tmp_path: Path) -> None:
    path = str(write_made(tmp_path / "1000001o.fits", made_headers((12, 13))).path)
    engine = IsrEngine(1 << 30)
    events: list[Event] = []
    engine.run(Request(1, path, 12, stop_after=frozenset({"checkInputs"})), events.append, lambda: False)
    preview, opened = (event for event in events if isinstance(event, Opened))
    assert preview.steps == ()
    assert preview.exposure.filter_label is None
    assert opened.steps == CfhtIsrTask.chain
    assert opened.exposure.filter_label is not None
    assert opened.exposure.image is preview.exposure.image
    events.clear()
    engine.run(Request(2, path, 13, stop_after=frozenset({"checkInputs"})), events.append, lambda: False)
    assert [event.steps for event in events if isinstance(event, Opened)] == [CfhtIsrTask.chain]


def test_a_changed_option_reads_nothing_again(tmp_path: Path) -> None:
    path = write_made(tmp_path / "1000001o.fits", made_headers((12,))).path
    reader = FrameReader()
    events: list[Event] = []
    given = reader.read(Request(1, str(path)), events.append, lambda: False)
    assert reader.read(Request(2, str(path)), events.append, lambda: False) is given
    assert len(events) == 2
    path.touch()
    again = reader.read(Request(3, str(path)), events.append, lambda: False)
    assert again.exposure is not given.exposure
    assert len(events) == 4


class PreviewEngine(SmallEngine):
    """Opens a frame as long as the chain is not imported, and says when it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    def prepare(self) -> None:
        self.order.append("prepared")

    def run(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> None:
        facts = FrameFacts(request.frame, "title", ((0, "ccd00"),))
        emit(Opened(facts, 0, small_exposure(0), ()))
        self.order.append("goes on")
        emit(RunEnded(True, 0.0, 0))


def test_the_import_waits_until_the_picture_is_painted(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_PAINT_SECONDS", 60.0)
    engine = PreviewEngine()
    runner = Runner(lambda: engine)
    with qtbot.waitSignal(runner.told):
        runner.request(lambda generation: Request(generation, "frame"))
    engine.order.append("painted")
    runner.painted()
    qtbot.waitUntil(lambda: not runner.busy)
    assert engine.order == ["painted", "goes on"]
    assert runner.close(10.0)


def test_closing_does_not_wait_for_a_picture(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_PAINT_SECONDS", 60.0)
    runner = Runner(PreviewEngine)
    with qtbot.waitSignal(runner.told):
        runner.request(lambda generation: Request(generation, "frame"))
    assert runner.close(10.0)


def test_the_engine_is_prepared_in_its_own_thread(qtbot: QtBot) -> None:
    threads: list[str] = []

    class Engine(SmallEngine):
        def prepare(self) -> None:
            threads.append(threading.current_thread().name)

    runner = Runner(Engine)
    with qtbot.waitSignal(runner.prepared):
        runner.prepare()
    assert threads == ["isrviewer-runner"]
    assert runner.close(10.0)


def test_an_import_that_fails_is_logged(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    class Engine(SmallEngine):
        def prepare(self) -> None:
            raise ImportError("no module named scipy")

    runner = Runner(Engine)
    runner.prepare()
    qtbot.waitUntil(lambda: "the chain could not be imported" in caplog.text)
    assert "no module named scipy" in caplog.text
    assert runner.close(10.0)


def _is_drawn(window: Window) -> bool:
    icon = window.actions_by_table.by_id["file.open"].icon().pixmap(16).toImage()
    return any(icon.pixelColor(x, y).alpha() for x in range(icon.width()) for y in range(icon.height()))


def test_drawing_the_icons_moves_nothing(qtbot: QtBot, qapp: QApplication) -> None:
    window = Window(lambda settings: SmallEngine(), fresh_layout=True)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    buttons = window.tools.findChildren(QToolButton)
    before = [button.geometry() for button in buttons]
    assert not _is_drawn(window)
    window.desk.requests.draw_icons()
    qapp.processEvents()
    assert _is_drawn(window)
    assert [button.geometry() for button in buttons] == before
    window.close()


def test_a_window_without_frame_is_completed(window: Window) -> None:
    assert window.runs.view.raw is None
    assert _is_drawn(window)
    assert window.config_panel.tree.topLevelItemCount() > 0
    assert window.panels[TimeMachine].note.text() == "Open a frame to see its numbers."


def test_raw_pixels_are_on_screen_before_the_chain_is_known(
    make_window: Callable[[], Window], engine: SmallEngine, frame: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_PAINT_SECONDS", 60.0)
    answer = engine.run
    painted: list[bool] = []

    def run(request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> None:
        facts = FrameFacts(request.frame, "1234567 · i.MP9702 · 30 s", tuple((n, f"ccd{n:02d}") for n in range(3)))
        emit(Opened(facts, 0, small_exposure(0), ()))
        painted.append(window.grid.focused.view.layer is not None)
        answer(request, emit, cancel)

    monkeypatch.setattr(engine, "run", run)
    window = make_window()
    window.commands.file.open_path(frame)
    qtbot.waitUntil(lambda: bool(painted) and not window.runs.busy, timeout=20000)
    settle(window, qtbot)
    assert painted == [True]
    assert [row.step.name for row in window.runs.view.rows] == ["doDefect", "doFlat", "postISRCCD"]
