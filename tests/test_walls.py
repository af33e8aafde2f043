"""Who may import whom: the rooms of the house and the walls between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import ENGINE, ROOT, VIEWER, arrows, circles, files, imports_of, room_of

ORDER = (
    ("atomic", "children", "crash", "fits_limits", "geom", "lazy", "metadata", "readable", "resource_files", "values"),
    ("camera",),
    ("kernels",),
    ("image",),
    ("pipe", "regions", "status"),
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
    ("__main__",),
)
"""Rooms of the engine: each may import those in the same row and in the rows above."""

FLOORS = (
    ("garbage", "process", "render", "theme"),
    ("session",),
    ("runner",),
    ("audit", "scene"),
    ("debug_views", "plots"),
    ("panels", "panels/defects", "panels/image", "panels/masks", "panels/numbers", "panels/parameters"),
    ("desk",),
    ("actions", "commands"),
    ("shell",),
    ("app",),
    ("__main__", "bench", "bench_start"),
)
"""Rooms of the viewer: each may import those in the rows above, for types as well, and nobody in its own row."""

LAZY = {
    "start-up: the window is painted before icons, settings, colour maps, chain and FITS are imported": """
        isrviewer/actions/help_text.py isrviewer/actions/menus.py isrviewer/app.py isrviewer/bench_start.py
        isrviewer/panels/parameters/calibs.py isrviewer/panels/parameters/rows.py isrviewer/panels/parameters/tools.py
        isrviewer/render/colour.py isrviewer/runner/engine.py isrviewer/session/config.py
        isrviewer/session/settings.py""",
    "start-up: panels with plots are built when they are looked at first": """
        isrviewer/panels/defects/queue.py isrviewer/panels/numbers/cuts.py isrviewer/panels/numbers/histograms.py
        isrviewer/panels/numbers/overscan_view.py isrviewer/panels/numbers/surface.py
        isrviewer/panels/numbers/time_machine.py isrviewer/plots/export.py""",
    "start-up: files are read and written long after the window is there": """
        isrviewer/audit/focal_plane.py isrviewer/commands/files.py isrviewer/commands/defects/maps.py""",
    "what a measurement needs is imported by that measurement alone": "isrviewer/bench.py",
    "a view in DS9 needs no Qt, a panel in another process needs none here":
        "isrviewer/debug_views/panels.py isrviewer/process/screen.py",
    "astropy, scipy, shapely or the config are slow to import, and one way of use needs them": """
        isrcore/cli.py isrcore/data/calibs.py isrcore/data/exposure_file.py isrcore/data/facts.py isrcore/data/sky.py
        isrcore/data/tiles.py isrcore/data/times.py isrcore/image/footprints.py isrcore/pipe/task.py
        isrcore/simulate/pattern.py""",
}
"""Why, and in which files, imports stand inside functions. Everywhere else they stand at the top."""

MOST_ARROWS = 60

LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
QT = {"PySide6", "pyqtgraph", "superqt", "qtpy", "qtawesome", "shiboken6"}


@pytest.mark.parametrize("path", files(ENGINE), ids=lambda p: str(p.relative_to(ROOT)))
def test_engine_walls(path: Path) -> None:
    used = {one.target for one in imports_of(path) if not one.for_types}
    assert not {name.split(".")[0] for name in used} & (QT | {"isrviewer"}), "the engine imports the window side"
    here = path.relative_to(ENGINE).parts[0].removesuffix(".py")
    if here == "__init__":
        return
    assert here in LEVEL, f"room {here} is not in the plan"
    for name in used:
        if name.startswith("isrcore.") and room_of(name) in LEVEL:
            assert LEVEL[room_of(name)] <= LEVEL[here], f"{here} imports {name}, which lies above it"


def viewer_room(parts: tuple[str, ...]) -> str:
    """Where something lies in the plan of the viewer: panels have rooms of their own."""
    inner = "/".join(parts[:2])
    return inner if inner in FLOOR else parts[0]


@pytest.mark.parametrize("path", files(VIEWER), ids=lambda p: str(p.relative_to(ROOT)))
def test_viewer_walls(path: Path) -> None:
    here = viewer_room(path.relative_to(VIEWER).with_suffix("").parts)
    used = {one.target for one in imports_of(path)}
    if here in ("audit", "render", "session", "runner"):
        widgets = {name for name in used if name.split(".")[0] in QT and "QtCore" not in name}
        assert not widgets, f"{here} imports widgets: {widgets}"
    if here == "__init__":
        return
    assert here in FLOOR, f"room {here} is not in the plan"
    for name in used:
        parts = tuple(name.split("."))
        there = viewer_room(parts[1:]) if parts[0] == "isrviewer" else here
        assert there == here or FLOOR[there] < FLOOR[here], f"{here} imports {name}, which does not lie below it"


def test_the_viewer_has_no_circle_and_few_arrows() -> None:
    assert circles(VIEWER) == []
    assert len(arrows(VIEWER)) <= MOST_ARROWS


def test_imports_inside_functions_have_a_reason() -> None:
    listed = [name for names in LAZY.values() for name in names.split()]
    assert len(listed) == len(set(listed)), "a file has two reasons"
    found = {
        str(path.relative_to(ROOT))
        for path in files(ENGINE) + files(VIEWER)
        if any(one.in_function for one in imports_of(path))
    }
    assert found - set(listed) == set(), "imports inside functions that are not in the list"
    assert set(listed) - found == set(), "entries that are no longer needed"


def test_every_file_has_one_idea() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in files(ENGINE) + files(VIEWER)}
    long = {name: length for name, length in lengths.items() if length > 400}
    assert not long, f"files over 400 lines: {long}"
