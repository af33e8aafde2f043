"""What the data say of a map, asked in the window: frames, significance, missed and over-flagged defects and parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from isrcore.audit.defect import DefectKind, Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrviewer.audit.audit import Audit, begin_audit
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.defects.table_rows import COLUMNS
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.shell.window import Window
from tests.gui.real_frame import RealFrames, open_real, settle_real, simulate_frames

TRAP = Box(1495, 1140, 1, 3472)
"""One of the simulated chip."""

LONGER = Box(1495, 400, 1, 4212)
CLEAN = Box(300, 1000, 1, 400)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealFrames:
    return simulate_frames(tmp_path_factory.mktemp("real"), 2)


@pytest.fixture
def window(qtbot: QtBot, real: RealFrames) -> Iterator[Window]:
    window = open_real(qtbot, real)
    yield window
    window.close()
    window.deleteLater()


def begin(window: Window, qtbot: QtBot) -> Audit:
    """A map with a trap that is too long and a column that is fine."""
    sets = [PixelSet.of([box]) for box in (LONGER, CLEAN)]
    audit = begin_audit(0, DefectDocument.of(megacam_camera()[0], sets, "map"))
    window.audits.adopt(audit)
    settle_real(window, qtbot)
    return audit


def press(window: Window, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    view = window.grid.focused.view
    window.activateWindow()
    view.setFocus()
    qtbot.keyClick(view, key, modifier)
    settle_real(window, qtbot)


def test_judging_a_map(window: Window, qtbot: QtBot, real: RealFrames, monkeypatch: pytest.MonkeyPatch) -> None:
    audit, shift = begin(window, qtbot), Qt.KeyboardModifier.ShiftModifier
    window.docks.raise_dock("defects")
    table = window.panels[DefectTablePanel]
    press(window, qtbot, Qt.Key.Key_E, shift)
    assert "Measured 2 defects of ccd00" in window.strip.text.text()
    assert audit.statistics[1].strongest > 5
    assert len(audit.data.planes) == 4
    assert float(table.rows.index(0, 8).data()) == pytest.approx(audit.statistics[1].strongest, abs=0.06)
    # Another exposure: everything is measured again with it.
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([real.frames[1]], ""))
    window.actions_by_table.trigger("maps.add_frames")
    settle_real(window, qtbot)
    assert window.model.session.audit_frames == (real.frames[1],)
    assert len(audit.data.planes) == 5
    # Looking for more: one edit, named in words, and what was found in the table.
    press(window, qtbot, Qt.Key.Key_F, shift)
    found = [defect for defect in audit.document if defect.source == "detection"]
    assert found
    assert f"Missed: {len(found)} new candidates" in window.strip.text.text()
    # Candidates are no part of the map, and no run takes them, until somebody does.
    assert all(defect.status is Status.CANDIDATE for defect in found)
    assert not any(audit.document.mask()[defect.bbox.slices()].any() for defect in found)
    assert "over-flagged: 2, 1 of them only in part" in window.strip.text.text()
    assert [edit.label for edit in audit.history.done] == ["add candidates"]
    assert any(defect.kind is DefectKind.HOT_PIXEL and "sigma" in defect.note for defect in found)
    finding = next(place for place, column in enumerate(COLUMNS) if column.name == "finding")
    assert table.rows.index(0, finding).data() == "over-flagged in part"
    assert table.rows.index(1, finding).data() == "over-flagged"
    # What is new has its numbers, too; a second search that was under way adds nothing twice.
    assert all(defect.id in audit.statistics for defect in found)
    window.commands.maps._found(
        audit, audit.data_of, {"findings": audit.findings, "statistics": audit.statistics, "notes": ()}
    )
    assert len(audit.history.done) == 1
    # The part is rejected by a key, the defect stays.
    window.audits.select(1)
    press(window, qtbot, Qt.Key.Key_K, shift)
    left = audit.document[1].pixels
    assert left.bbox.y1 == 4612
    assert abs(left.bbox.y0 - TRAP.y0) < 64
    assert not window.actions_by_table.by_id["audit.reject_part"].isEnabled()
    # What somebody has rejected is not found again.
    window.audits.mark(tuple(defect.id for defect in found))
    window.audits.select(found[0].id)
    window.actions_by_table.trigger("audit.reject")
    press(window, qtbot, Qt.Key.Key_F, shift)
    assert f"Nothing more is missed; {len(found)} more that you have rejected stay out" in window.strip.text.text()
    # A threshold that nothing passes.
    window.actions_by_table.trigger("maps.forget_frames")
    assert not window.model.session.audit_frames
    window.actions_by_table.trigger("audit.undo")
    window.actions_by_table.trigger("audit.undo")
    window.actions_by_table.trigger("audit.undo")
    assert len(audit.document) == 2
    window.docks.raise_dock("thresholds")
    names = ("bias_excess", "dark_rate", "response_change", "column_significance", "science_significance")
    for name in (*names, "science_column_significance"):
        window.panels[ThresholdsPanel].fields[name].setValue(1e6)
    press(window, qtbot, Qt.Key.Key_F, shift)
    assert "Nothing more is missed" in window.strip.text.text()


def test_candidates_are_taken_by_kind_or_all_together(window: Window, qtbot: QtBot) -> None:
    audit, shift = begin(window, qtbot), Qt.KeyboardModifier.ShiftModifier
    actions = window.actions_by_table.by_id
    assert not actions["audit.take_candidates"].isEnabled()
    before = audit.document.mask()
    press(window, qtbot, Qt.Key.Key_F, shift)
    found = [defect for defect in audit.document if defect.status is Status.CANDIDATE]
    hot = [defect for defect in found if defect.kind is DefectKind.HOT_PIXEL]
    assert 0 < len(hot) < len(found)
    window.audits.select(hot[0].id)
    window.actions_by_table.trigger("audit.take_kind")
    taken = [defect for defect in audit.document if defect.status is Status.NEW]
    assert {defect.id for defect in taken} == {defect.id for defect in hot}
    assert all(audit.document.mask()[defect.bbox.slices()].any() for defect in hot)
    assert not actions["audit.take_kind"].isEnabled(), "the chosen one is taken"
    window.actions_by_table.trigger("audit.take_candidates")
    assert not any(defect.status is Status.CANDIDATE for defect in audit.document)
    assert audit.document.mask().sum() > before.sum()
    window.actions_by_table.trigger("audit.undo")
    window.actions_by_table.trigger("audit.drop_candidates")
    assert {defect.id for defect in audit.document if defect.source == "detection"} == {one.id for one in hot}


def test_the_map_in_use_is_audited_and_fed(window: Window, qtbot: QtBot) -> None:
    window.commands.run.toggle_field("doDefect")
    settle_real(window, qtbot)
    window.actions_by_table.trigger("maps.open_used")
    settle_real(window, qtbot)
    assert "Elixir mask" in window.strip.text.text()
    assert any(defect.bbox == TRAP for defect in window.audits.document)
    info = next(info for info in window.runs.view.calibs if info.kind == "defects")
    assert info.why.startswith("the map under audit")
    window.actions_by_table.trigger("maps.feed")
    settle_real(window, qtbot)
    info = next(info for info in window.runs.view.calibs if info.kind == "defects")
    assert not info.why.startswith("the map under audit")
    assert not window.actions_by_table.by_id["maps.feed"].isChecked()
