"""A map of three defects on the small chip, under audit in a window."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrviewer.audit.audit import Audit, begin_audit
from isrviewer.window import Window
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
