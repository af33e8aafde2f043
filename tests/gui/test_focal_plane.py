"""The maps of all CCDs: table, mosaic, bars, export, reading a folder, cancelling."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from astropy.table import Table
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

import isrcore.audit.focal_plane
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import MapForm
from isrcore.audit.writing import write_map
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrviewer.audit.audit import begin_audit
from isrviewer.panels.defects.focal_plane import FocalPlanePanel
from isrviewer.shell.window import Window
from tests.gui.conftest import settle


def real_map(number: int, *boxes: Box) -> DefectDocument:
    """A map of a CCD in its real size."""
    return DefectDocument.of(megacam_camera()[number], [PixelSet.of([box]) for box in boxes], f"ccd{number:02d}.fits")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Maps of two CCDs and a file that is none."""
    maps = tmp_path / "maps"
    maps.mkdir()
    write_map(real_map(0, Box(100, 0, 1, 4612), Box(5, 5, 3, 3)), maps / "ccd00.fits", MapForm.TABLE)
    write_map(real_map(1, Box(1500, 1000, 1, 3612)), maps / "ccd01.fits", MapForm.TABLE)
    (maps / "ccd02.txt").write_text("no boxes at all\n")
    return maps


@pytest.fixture
def panel(opened: Window) -> FocalPlanePanel:
    opened.docks.raise_dock("focal_plane")
    return opened.panels[FocalPlanePanel]


@pytest.fixture
def summarised(
    panel: FocalPlanePanel, opened: Window, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    opened.actions_by_table.trigger("maps.focal_plane_folder")
    settle(opened, qtbot)
    return folder


def test_a_folder_in_numbers(panel: FocalPlanePanel, opened: Window, summarised: Path) -> None:
    assert "2 CCDs" in panel.title.text()
    assert "1 file left out" in panel.title.text()
    assert "ccd02.txt" in opened.strip.text.text()
    rows = panel.table.texts()
    assert [row[0] for row in rows] == ["all", "ccd00", "ccd01"]
    assert rows[1][1] == f"{100 * (4612 + 9) / (2048 * 4612):.3f}"
    assert rows[0][4] == "3"
    assert "100: 4612" in rows[1][-1]
    assert ("cluster", 1) in [bar[:2] for bar in panel.bars.bars]
    assert ("trap", 1) in [bar[:2] for bar in panel.bars.bars]


def test_sorting_keeps_the_sums_on_top(panel: FocalPlanePanel, summarised: Path) -> None:
    panel.table.header().sectionClicked.emit(1)
    assert [row[0] for row in panel.table.texts()] == ["all", "ccd00", "ccd01"]
    panel.table.header().sectionClicked.emit(1)
    assert [row[0] for row in panel.table.texts()] == ["all", "ccd01", "ccd00"]


def test_a_click_goes_to_the_ccd(panel: FocalPlanePanel, opened: Window, qtbot: QtBot, summarised: Path) -> None:
    place = panel.mosaic.place_of(1).center().toPoint()
    qtbot.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, pos=place)
    settle(opened, qtbot)
    assert opened.runs.view.detector == 1
    panel.mosaic.setFocus()
    qtbot.keyClick(panel.mosaic, Qt.Key.Key_Right)
    qtbot.keyClick(panel.mosaic, Qt.Key.Key_Return)
    settle(opened, qtbot)
    assert opened.runs.view.detector == 2
    panel.table.itemActivated.emit(panel.table.topLevelItem(1), 0)
    settle(opened, qtbot)
    assert opened.runs.view.detector == 0
    qtbot.mouseClick(panel.mosaic, Qt.MouseButton.LeftButton, pos=panel.mosaic.place_of(30).center().toPoint())
    assert opened.strip.text.text() == "This frame has no ccd30."


def test_exports(panel: FocalPlanePanel, summarised: Path, tmp_path: Path) -> None:
    panel.export.save(panel.export.save_table, tmp_path / "a.ecsv")
    table = Table.read(tmp_path / "a.ecsv")
    assert list(table["ccd"]) == ["ccd00", "ccd01"]
    assert list(table["trap"]) == [0, 1]
    assert table["fraction_bad_A"][1] == 0
    panel.export.save(panel.export.save_png, tmp_path / "a.png")
    panel.export.save(panel.export.save_svg, tmp_path / "a.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_open_maps_are_followed(panel: FocalPlanePanel, opened: Window, qtbot: QtBot) -> None:
    opened.audits.adopt(begin_audit(0, real_map(0, Box(100, 0, 1, 4612), Box(5, 5, 3, 3))))
    opened.actions_by_table.trigger("maps.focal_plane")
    qtbot.waitUntil(lambda: len(panel.table.texts()) == 2, timeout=5000)
    before = panel.table.texts()[1][1]
    opened.audits.select(1)
    opened.actions_by_table.trigger("audit.reject")
    qtbot.waitUntil(lambda: panel.table.texts()[1][1] != before, timeout=5000)
    assert panel.table.texts()[1][1] == "0.000"
    assert panel.title.text().startswith("the open maps: 1 CCD,")


def test_a_file_that_is_no_mask(
    panel: FocalPlanePanel, opened: Window, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(folder / "ccd02.txt"), ""))
    opened.actions_by_table.trigger("maps.focal_plane_file")
    settle(opened, qtbot)
    assert "ccd02.txt" in opened.strip.text.text()
    assert "expected" in opened.strip.text.text()
    assert opened.desk.focal_plane.summary is None or not opened.desk.focal_plane.summary.maps


def test_reading_is_cancelled(
    panel: FocalPlanePanel, opened: Window, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    read = isrcore.audit.focal_plane.read_map

    def wait(*arguments: object) -> object:
        reached.set()
        go_on.wait(5)
        return read(*arguments)

    monkeypatch.setattr(isrcore.audit.focal_plane, "read_map", wait)
    opened.commands.maps.summarise(str(folder))
    qtbot.waitUntil(reached.is_set, timeout=5000)
    qtbot.waitUntil(lambda: "Reading map 1 of 3" in panel.title.text(), timeout=5000)
    qtbot.waitUntil(opened.progress.isVisible, timeout=5000)
    qtbot.mouseClick(opened.progress.cancel, Qt.MouseButton.LeftButton)
    go_on.set()
    assert "Cancelled" in opened.strip.text.text()
    assert not opened.jobs.busy
    assert not opened.desk.focal_plane.folder
