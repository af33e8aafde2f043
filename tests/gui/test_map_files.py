"""Defect maps of every form into the window and out of it, on a real chip: what is wrong with a file, what returns."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

import isrcore.audit.gather
import isrcore.audit.writing
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import MapForm
from isrcore.audit.writing import write_map
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrviewer.shell.window import Window
from tests.gui.real_frame import RealFrames, open_real, settle_real, simulate_frames

ROWS = [Box(0, 0, 2048, 1), Box(0, 4611, 2048, 1)]
BOXES = [*ROWS, Box(930, 1, 1, 4610), Box(1495, 1140, 1, 3471), Box(700, 800, 3, 2), Box(20, 30, 1, 1)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealFrames:
    return simulate_frames(tmp_path_factory.mktemp("real"), 1, calibrated=False)


@pytest.fixture
def window(qtbot: QtBot, real: RealFrames) -> Iterator[Window]:
    window = open_real(qtbot, real)
    yield window
    window.close()
    window.deleteLater()


def document(boxes: list[Box] = BOXES, number: int = 0) -> DefectDocument:
    return DefectDocument.of(megacam_camera()[number], [PixelSet.of([box]) for box in boxes], "map")


def text_map(path: Path, boxes: list[Box]) -> Path:
    path.write_text("\n".join(f"{box.x0} {box.y0} {box.width} {box.height}" for box in boxes) + "\n")
    return path


def open_map(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, path: Path, action: str = "maps.open"
) -> None:
    """Choose a file in the dialog of an action."""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    window.strip.dismiss()
    window.actions_by_table.trigger(action)
    settle_real(window, qtbot)


def buttons(window: Window) -> dict[str, QPushButton]:
    """What the message strip offers."""
    # Those of the message before are gone once Qt gets to it.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return {button.text(): button for button in window.strip.findChildren(QPushButton) if button.isVisible()}


def test_what_is_wrong_with_a_file_is_said_and_changes_nothing(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, real: RealFrames
) -> None:
    open_map(window, qtbot, monkeypatch, write_map(document(), tmp_path / "ccd00.fits", MapForm.TABLE))
    audit, session = window.audits.current, window.model.session
    assert audit is not None
    assert window.strip.text.text() == "6 defects of ccd00.fits; LSST table; trimmed frame, counted from 0."
    prose, damaged = tmp_path / "prose.txt", tmp_path / "damaged.fits"
    prose.write_text("This is no map.\n")
    damaged.write_bytes((tmp_path / "ccd00.fits").read_bytes()[:4000])
    shifted = [box.shift(32, 0).intersect(Box(0, 0, 2048, 4612)) for box in BOXES]
    old = document(BOXES)
    bad = {
        write_map(document(number=1), tmp_path / "ccd01.fits", MapForm.TABLE): "found one of ccd01",
        text_map(tmp_path / "shifted.txt", shifted): "32 columns too far right",
        prose: "found none of these forms",
        damaged: "damaged.fits",
        write_map(old, tmp_path / "2004B.mask.0.36.01.fits", MapForm.ELIXIR): "holds from 2004-08-15",
        tmp_path / "gone.fits": "gone.fits: there is no such file",
        Path(real.frames[0]): "expected a defect map",
    }
    for path, says in bad.items():
        open_map(window, qtbot, monkeypatch, path)
        assert says in window.strip.text.text()
        assert window.strip.isVisible()
        assert window.audits.current is audit
        assert window.model.session == session


def test_a_map_without_a_known_frame_is_asked_about(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = text_map(tmp_path / "by_hand.txt", [Box(133, 501, 2, 3)])
    open_map(window, qtbot, monkeypatch, path)
    assert "by_hand.txt does not say how it counts pixels" in window.strip.text.text()
    assert window.audits.current is None
    assert list(buttons(window)) == [
        "trimmed, from 0",
        "trimmed, from 1",
        "raw, from 0",
        "raw, from 1",
    ]
    qtbot.mouseClick(buttons(window)["raw, from 1"], Qt.MouseButton.LeftButton)
    settle_real(window, qtbot)
    assert [defect.bbox for defect in window.audits.document] == [Box(100, 500, 2, 3)]
    # The fixed rows of a whole map prove its frame, here another than the usual one: only that is offered.
    raw = [box.shift(33, 1) for box in BOXES]
    open_map(window, qtbot, monkeypatch, text_map(tmp_path / "raw.txt", raw))
    assert list(buttons(window)) == ["raw, from 1"]
    qtbot.mouseClick(buttons(window)["raw, from 1"], Qt.MouseButton.LeftButton)
    settle_real(window, qtbot)
    assert (window.audits.document.mask() == document().mask()).all()
    # One in the usual frame needs no question.
    open_map(window, qtbot, monkeypatch, text_map(tmp_path / "usual.txt", BOXES))
    assert not buttons(window)
    assert len(window.audits.document) == len(BOXES)


def test_everything_that_is_exported_comes_back(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_map(window, qtbot, monkeypatch, write_map(document(), tmp_path / "ccd00.fits", MapForm.TABLE))
    trap = next(defect.id for defect in window.audits.document if defect.bbox.y0 == 1140)
    window.audits.select(trap)
    for action in ("audit.grow", "audit.reject", "audit.confirm"):
        window.actions_by_table.trigger(action)
    settle_real(window, qtbot)
    audit = window.audits.current
    wanted = audit.document.mask()
    written = {}
    for form in MapForm:
        if form is not MapForm.AUDIT:
            # A name without an ending gets the usual one.
            chosen = tmp_path / f"{form.name.lower()}_ccd00"
            monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: (str(chosen), ""))
            window.actions_by_table.trigger(f"maps.export_{form}")
            settle_real(window, qtbot)
            assert window.strip.text.text().startswith("Wrote "), window.strip.text.text()
            written[form] = Path(window.strip.text.text().removeprefix("Wrote "))
    log, report, saved = tmp_path / "log.ecsv", tmp_path / "report.html", tmp_path / "audit.jsonl"
    for action, path in (("export_log", log), ("export_report", report), ("save_audit", saved)):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        window.actions_by_table.trigger(f"maps.{action}")
        settle_real(window, qtbot)
        assert window.strip.text.text() == f"Wrote {path}"
    assert [row["operation"] for row in Table.read(log)] == [edit.label for edit in audit.history.done]
    assert "ccd00" in report.read_text()
    kept = audit.document
    for form, path in written.items():
        open_map(window, qtbot, monkeypatch, path)
        assert str(form) in window.strip.text.text()
        assert np.array_equal(window.audits.document.mask(), wanted), form
    open_map(window, qtbot, monkeypatch, saved, "maps.reopen")
    assert window.audits.document == kept
    assert window.audits.current.path == saved
    window.actions_by_table.trigger("audit.undo")
    assert window.audits.document != kept
    open_map(window, qtbot, monkeypatch, saved, "maps.reopen")
    assert "is open" in window.strip.text.text()
    window.actions_by_table.trigger("maps.close")
    assert str(saved) in window.strip.text.text()
    assert saved.exists()


def test_nothing_is_written_where_nothing_can_be(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window.actions_by_table.trigger("maps.new")
    settle_real(window, qtbot)
    assert len(window.audits.document) == 0
    nowhere = tmp_path / "no" / "such" / "folder" / "map.reg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(nowhere), ""))
    window.actions_by_table.trigger("maps.export_DS9 regions")
    settle_real(window, qtbot)
    assert window.strip.text.text().startswith("Nothing was written: ")
    assert str(nowhere.parent) in window.strip.text.text()


def test_the_mask_on_screen_becomes_a_map(window: Window, qtbot: QtBot) -> None:
    window.actions_by_table.trigger("run.next_step")
    settle_real(window, qtbot)
    window.actions_by_table.trigger("maps.open_plane")
    settle_real(window, qtbot)
    assert window.audits.current is not None
    assert "mask plane BAD" in window.strip.text.text()
    window.actions_by_table.trigger("maps.open_used")
    assert "takes the map under audit already" in window.strip.text.text()
    window.actions_by_table.trigger("maps.close")
    settle_real(window, qtbot)
    window.actions_by_table.trigger("maps.open_used")
    assert "The run has no defect map" in window.strip.text.text()


def test_work_is_cancelled_and_says_so(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_map(window, qtbot, monkeypatch, write_map(document(), tmp_path / "ccd00.fits", MapForm.TABLE))
    reached, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        reached.set()
        go_on.wait(10)

    monkeypatch.setattr(isrcore.audit.gather, "gather_planes", wait)
    before = window.audits.document
    window.actions_by_table.trigger("maps.detect")
    qtbot.waitUntil(reached.is_set, timeout=10000)
    qtbot.waitUntil(window.progress.isVisible, timeout=10000)
    qtbot.mouseClick(window.progress.cancel, Qt.MouseButton.LeftButton)
    said = "Cancelled: Looking for missed and over-flagged pixels. Nothing has changed."
    assert window.strip.text.text() == said
    go_on.set()
    settle_real(window, qtbot)
    assert window.audits.document is before
    assert window.audits.current.findings is None
    assert window.strip.text.text() == said


def test_a_shown_map_of_another_ccd_goes_there(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from isrcore.audit.history import DefectHistory
    from isrcore.audit.storage import save_history

    path = tmp_path / "ccd05.jsonl"
    save_history(DefectHistory(document(number=5)), path)
    open_map(window, qtbot, monkeypatch, path, "maps.reopen")
    assert "This frame does not have that CCD" in window.strip.text.text()
    assert window.audits.current is None
    assert 5 in window.audits.audits


def test_a_cancelled_export_leaves_the_old_file(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_map(document(), tmp_path / "ccd00.fits", MapForm.TABLE)
    open_map(window, qtbot, monkeypatch, path)
    path = write_map(document(), tmp_path / "old.fits", MapForm.TABLE)
    before = path.read_bytes()
    reached, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    write = isrcore.audit.writing.write_map

    def wait(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        reached.set()
        go_on.wait(10)
        ended.set()

    monkeypatch.setattr(isrcore.audit.writing, "write_map", wait)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_table.trigger("maps.export_FITS region table")
    qtbot.waitUntil(reached.is_set, timeout=10000)
    qtbot.waitUntil(window.progress.isVisible, timeout=10000)
    qtbot.mouseClick(window.progress.cancel, Qt.MouseButton.LeftButton)
    go_on.set()
    qtbot.waitUntil(lambda: ended.is_set() and not list(tmp_path.glob(".part*")), timeout=10000)
    assert path.read_bytes() == before
    assert "Cancelled: Writing old.fits" in window.strip.text.text()


def test_a_map_that_is_open_is_not_written_over(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_map(document(), tmp_path / "ccd00.fits", MapForm.TABLE)
    open_map(window, qtbot, monkeypatch, path)
    before = path.read_bytes()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_table.trigger("maps.export_FITS region table")
    qtbot.waitUntil(lambda: "never overwritten" in window.strip.text.text(), timeout=10000)
    assert path.read_bytes() == before
