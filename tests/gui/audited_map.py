"""A map of three defects on the small chip, under audit in a window, with everything that an action can need."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from isrcore.audit import edits
from isrcore.audit.defect import DefectKind, Status
from isrcore.audit.detection import Evidence
from isrcore.audit.document import DefectDocument
from isrcore.audit.findings import Finding, FindingKind, Findings
from isrcore.audit.pixels import PixelSet
from isrcore.audit.statistics import DefectStatistics
from isrcore.geom import Box
from isrviewer.audit.audit import Audit, begin_audit
from isrviewer.panels.defects.comparison import MapComparePanel
from isrviewer.session.state import Threshold
from isrviewer.shell.window import Window
from tests.gui.conftest import settle
from tests.gui.small_engine import small_detector

BOXES = (Box(3, 4, 1, 1), Box(10, 20, 2, 3), Box(25, 5, 1, 55))


def small_document(*boxes: Box, number: int = 0, source: str = "small.fits") -> DefectDocument:
    """A map of the small chip."""
    return DefectDocument.of(small_detector(number), [PixelSet.of([box]) for box in boxes], source)


def audit_small_map(window: Window, qtbot: QtBot, *boxes: Box) -> Audit:
    """Take up a map; the three defects by default."""
    audit = begin_audit(0, small_document(*(boxes or BOXES)))
    window.audits.adopt(audit)
    settle(window, qtbot)
    return audit


def choose_row(table: QTableView, row: int) -> None:
    """Choose one row; unlike `selectRow` whatever keys the test has pressed before."""
    flags = QItemSelectionModel.SelectionFlag
    index = table.model().index(row, 0)
    table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)


def over_flagged(number: int, box: Box) -> Finding:
    """A part of a defect that looks like its neighbours."""
    pixels, nothing = PixelSet.of([box]), DefectStatistics((), 0.0)
    return Finding(FindingKind.OVER_FLAGGED, pixels, DefectKind.CLUSTER, Evidence(0), 1.0, nothing, number)


def add_candidate(window: Window, qtbot: QtBot) -> None:
    """A candidate on the prepared map, number 4, chosen."""
    audit = window.audits.current
    assert audit is not None
    pixels, kind, status = [PixelSet.of([Box(15, 40, 1, 1)])], [DefectKind.HOT_PIXEL], Status.CANDIDATE
    window.audits.do(lambda document: edits.add(document, pixels, kind, label="add candidates", status=status), audit)
    window.audits.select(4)
    settle(window, qtbot)


def prepare_audit(window: Window, qtbot: QtBot) -> Audit:
    """An audit in which every action of the Defects menu can be done; defect 3 is chosen."""
    audit = audit_small_map(window, qtbot)
    window.model.change(
        replace(window.model.session, audit_frames=("other.fits",), audit_thresholds=(Threshold("bias_excess", 3.0),))
    )
    audits = window.audits
    audits.take(audit, findings=Findings((), (over_flagged(3, Box(25, 5, 1, 20)),), {}))
    audits.select(3)
    for action in ("audit.grow", "audit.kind_trap", "audit.undo"):
        window.actions_by_table.trigger(action)
    window.docks.raise_dock("maps")
    window.desk.comparing.begin(audit, small_document(Box(3, 4, 1, 1), Box(30, 30, 2, 2), source="other.fits"))
    qtbot.waitUntil(lambda: bool(window.panels[MapComparePanel].rows.differences), timeout=5000)
    choose_row(window.panels[MapComparePanel].table, 0)
    audits.select(3)
    settle(window, qtbot)
    return audit
