"""Thirty defects audited by keyboard alone in a process that is killed: recovered, exported, read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrcore.simulate import SimulationRecipe, simulate_raw
from isrviewer.app import make_engine
from isrviewer.shell.window import Window
from isrviewer.theme import apply_theme
from tests.gui.conftest import settle
from tests.gui.test_processes import kill_when_saved, start

PATIENCE = 120
"""Seconds after which a process that says nothing is ended."""

DETECTOR = 4
CHIP = Box(0, 0, 2048, 4612)

AUDITED_THEN_IDLE = """
import sys
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from isrviewer import app
from isrviewer.session.store import load_session

frame, chart, keys = sys.argv[1:4]
application = QApplication([])
QFileDialog.getOpenFileName = lambda *_: (chart, "")

def wait(window, until, then):
    watch = QTimer(window, interval=10)
    def look():
        if until():
            watch.stop()
            watch.deleteLater()
            then()
    watch.timeout.connect(look)
    watch.start()

def open_map():
    window = next(w for w in QApplication.topLevelWidgets() if hasattr(w, "recovery"))
    wait(window, lambda: not window.runs.busy and window.grid.focused.planes is not None, lambda: ask(window))

def ask(window):
    press(window, "Ctrl+D")
    wait(window, lambda: window.audits.current is not None, lambda: press_all(window, keys.split("\\n")))

def press(window, key):
    from PySide6.QtGui import QKeySequence
    window.activateWindow()
    view = window.grid.focused.view
    view.setFocus()
    QTest.keySequence(view, QKeySequence(key))

def press_all(window, left):
    # One key after the other, with the runs that edits start in between.
    if not left:
        wait(window, lambda: is_saved(window), lambda: print("saved", flush=True))
        return
    word = left.pop(0)
    if word.startswith("type "):
        QTest.keyClicks(window.prompt.field, word[5:])
        QTest.keyClick(window.prompt.field, Qt.Key.Key_Return)
    else:
        press(window, word)
    QTimer.singleShot(2, lambda: press_all(window, left))

def is_saved(window):
    path = window.recovery.path
    return path.exists() and load_session(path).audits == window.model.session.audits

QTimer.singleShot(200, open_map)
sys.exit(app.main([frame]))
"""


@dataclass
class Decision:
    """What somebody presses at a defect, and what is to become of it."""

    keys: tuple[str, ...]
    status: str
    kind: str = ""
    note: str = ""
    grown: bool = False


DECISIONS = (
    Decision(("Y",), "confirmed"),
    Decision(("K",), "rejected"),
    Decision(("W", "Y"), "confirmed", grown=True),
    Decision(("3", "Y"), "confirmed", kind="dead column"),
    Decision(("E", "type a star, no defect", "K"), "rejected", note="a star, no defect"),
    Decision(("S",), "rejected"),
    Decision(("Y", "U", "K"), "rejected"),
    Decision(("W", "N"), "changed", grown=True),
    Decision(("1", "E", "type hot in all darks: 40 ADU", "Y"), "confirmed", "hot pixel", "hot in all darks: 40 ADU"),
    Decision(("W", "U", "Shift+U", "U", "Y"), "confirmed"),
)
"""Skipped ones come again at the end, where they are rejected."""


def boxes() -> list[Box]:
    """Thirty defects that do not touch, in the order of their rows: pixels, columns, clusters.

    Between the first and the last row of the chip, which tell the frame of a map.
    """
    top = CHIP.y1 - 1
    made = [Box(0, 0, CHIP.x1, 1)]
    for number in range(1, 29):
        x, y = 17 + 61 * number, 5 + 150 * number
        width, height = ((1, 1), (1, top - 2 - y), (3, 2))[number % 3]
        made.append(Box(x, y, width, height))
    return [*made, Box(0, top, CHIP.x1, 1)]


def expected_pixels(number: int, box: Box) -> PixelSet:
    grown = Box(box.x0 - 1, box.y0 - 1, box.width + 2, box.height + 2).intersect(CHIP)
    return PixelSet.of([grown if decision(number).grown else box])


def decision(number: int) -> Decision:
    return DECISIONS[number % len(DECISIONS)]


@pytest.fixture
def make_real_window(qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[[], Window]]:
    """Makes a window with the real engine."""
    made: list[Window] = []

    def make() -> Window:
        apply_theme(qapp)
        window = Window(make_engine, fresh_layout=True)
        made.append(window)
        window.resize(1400, 900)
        window.show()
        qtbot.waitExposed(window)
        window.begin()
        return window

    yield make
    for window in made:
        window.close()
        window.deleteLater()


def audit_and_kill(frame: Path, chart: Path) -> None:
    """Let a process audit the map by its keys; kill it when its last session is on the disk."""
    keys = ["N", *(key for number in range(30) for key in decision(number).keys)]
    keys += ["K"] * sum(decision(number).keys == ("S",) for number in range(30))
    child = start(AUDITED_THEN_IDLE, str(frame), str(chart), "\n".join(keys))
    kill_when_saved(child, PATIENCE)


def check_decided(document: DefectDocument) -> None:
    assert len(document) == 30
    for number, (box, defect) in enumerate(zip(boxes(), document, strict=True)):
        wanted = decision(number)
        assert defect.status == wanted.status, f"defect {defect.id}"
        assert defect.note == wanted.note
        assert defect.pixels == expected_pixels(number, box)
        assert not wanted.kind or defect.kind == wanted.kind


def test_a_killed_audit_is_recovered_exported_and_read_again(
    tmp_path: Path, make_real_window: Callable[[], Window], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, chart, exported = tmp_path / "1257365o.fits.fz", tmp_path / "chart.txt", tmp_path / "audited.fits"
    simulate_raw(SimulationRecipe(detectors=(DETECTOR,), others="absent", stars=False, cosmic_rays=False), frame)
    chart.write_text("".join(f"{box.x0} {box.y0} {box.width} {box.height}\n" for box in boxes()))
    audit_and_kill(frame, chart)

    window = make_real_window()
    restore = next(button for button in window.start.findChildren(QPushButton) if button.text() == "Restore")
    qtbot.waitUntil(lambda: restore.height() > 10)
    qtbot.mouseClick(restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.audits.current is not None, timeout=60000)
    audit = window.audits.current
    assert audit is not None
    check_decided(audit.document)

    # Undo survives as well: down to the map as it was opened, and back.
    edits = len(audit.history.done)
    for _ in range(edits):
        window.actions_by_table.trigger("audit.undo")
    assert [defect.pixels for defect in audit.document] == [PixelSet.of([box]) for box in boxes()]
    assert {str(defect.status) for defect in audit.document} == {"unseen"}
    for _ in range(edits):
        window.actions_by_table.trigger("audit.redo")
    check_decided(audit.document)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(exported), ""))
    window.actions_by_table.trigger("maps.export_LSST table")
    qtbot.waitUntil(exported.exists, timeout=20000)
    settle(window, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(exported), ""))
    window.actions_by_table.trigger("maps.open")
    qtbot.waitUntil(lambda: window.audits.current is not audit, timeout=20000)
    document = window.audits.document
    assert document is not None
    assert document.source == str(exported)
    kept = [number for number in range(30) if decision(number).status != "rejected"]
    where = np.zeros(CHIP.shape, np.bool_)
    for number in kept:
        expected_pixels(number, boxes()[number]).paint(where)
    assert np.array_equal(document.mask(), where)
    assert len(document) == len(kept)
    settle(window, qtbot)
