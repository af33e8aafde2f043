"""Who may import whom: the rooms of the house and the walls between them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "isrcore"
VIEWER = ROOT / "isrviewer"

ORDER = (
    ("atomic", "geom", "lazy", "metadata"),
    ("camera",),
    ("kernels",),
    ("image",),
    ("pipe",),
    ("calib",),
    ("steps",),
    ("config",),
    ("changes", "checkpoints"),
    ("chain",),
    ("methods",),
    ("task", "cfht"),
    ("data", "inspect"),
    ("export", "simulate"),
    ("batch", "bench", "audit"),
    ("cli",),
)
"""Rooms of the engine: each may import those in the same row and in the rows above."""

LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
QT = {"PySide6", "pyqtgraph", "superqt", "qtpy", "qtawesome", "shiboken6"}


def imports(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def type_only(path: Path) -> set[str]:
    """Names imported under ``if TYPE_CHECKING``: they do not exist when the program runs."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for child in node.body:
                if isinstance(child, ast.ImportFrom) and child.module:
                    found.update(f"{child.module}.{alias.name}" for alias in child.names)
    return found


def room(dotted: str) -> str:
    return dotted.split(".")[1] if "." in dotted else ""


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("path", files(ENGINE), ids=lambda p: str(p.relative_to(ROOT)))
def test_engine_walls(path: Path) -> None:
    used = imports(path) - type_only(path)
    assert not {name.split(".")[0] for name in used} & (QT | {"isrviewer"}), "the engine imports the window side"
    here = path.relative_to(ENGINE).parts[0].removesuffix(".py")
    if here == "__init__":
        return
    assert here in LEVEL, f"room {here} is not in the plan"
    for name in used:
        if name.startswith("isrcore.") and room(name) in LEVEL:
            assert LEVEL[room(name)] <= LEVEL[here], f"{here} imports {name}, which lies above it"


@pytest.mark.parametrize("path", files(VIEWER), ids=lambda p: str(p.relative_to(ROOT)))
def test_viewer_walls(path: Path) -> None:
    used = imports(path)
    parts = path.relative_to(VIEWER).parts
    if parts[0] in ("audit", "render", "session"):
        widgets = {name for name in used if name.split(".")[0] in QT and "QtCore" not in name}
        assert not widgets, f"{parts[0]} imports widgets: {widgets}"
        assert not any(name.startswith(("isrviewer.panels", "isrviewer.shell.window")) for name in used)
    if parts[0] == "panels":
        assert not any(name.startswith("isrviewer.shell.window") for name in used), "a panel imports the window"


def test_every_file_has_one_idea() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in files(ENGINE) + files(VIEWER)}
    long = {name: length for name, length in lengths.items() if length > 400}
    assert not long, f"files over 400 lines: {long}"
