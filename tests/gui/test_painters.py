"""Whatever happens while a widget paints itself, its painter ends: one that does not takes the program down."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from isrviewer.shell.window import Window
from tests.house import ROOT, VIEWER, files


def test_painters_begin_in_with_statements() -> None:
    loose = []
    for path in files(VIEWER):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        held = {item.context_expr for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items}
        for node in ast.walk(tree):
            is_painter = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("QPainter")
            if is_painter and node not in held:
                loose.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert loose == []


def test_an_error_while_painting_leaves_the_device_free(qapp: object) -> None:
    class Broken(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            with QPainter(self) as painter:
                painter.drawLine(0, 0, 5, 5)
                raise ValueError("nothing to paint")

    widget = Broken()
    for _ in range(3):
        with pytest.raises(ValueError, match="nothing to paint"):
            widget.grab()
    assert not widget.paintingActive()
    picture = QImage(4, 4, QImage.Format.Format_RGB32)
    with QPainter(picture) as painter:
        assert painter.isActive()
    assert not picture.paintingActive()


def test_a_window_starts_with_settings_that_make_no_sense(
    make_window: Callable[[], Window], own_settings: Path
) -> None:
    values = {
        "budget_mb": -5,
        "scheme": "pink",
        "geometry": "é\u0000",
        "layout": "AAA",
        "shortcuts": {"nope": "Ctrl+Ctrl", "file.open": "\u0000"},
        "recent": ["", "\u0000", "/nowhere"],
    }
    own_settings.mkdir(exist_ok=True)
    (own_settings / "settings.json").write_text(json.dumps(values))
    window = make_window()
    assert window.isVisible()
    window.grab()
