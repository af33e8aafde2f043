"""The Qt binding must keep the interpreter alive: one that loses references to None crashes after some minutes."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_calls_do_not_consume_references_to_none(qtbot: QtBot) -> None:
    label = QLabel("text")
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(1000):
        label.setText("text")
    assert sys.getrefcount(None) > before - 500, "this release of PySide6 and this Python do not go together"
