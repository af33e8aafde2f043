"""Session files with values of the right type that make no sense: refused with the name of the field."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from isrcore.geom import Box
from isrcore.inspect.layout import ASSEMBLED, RAW, UNTRIMMED
from isrviewer.render.checks import FARTHEST
from isrviewer.render.view import MAX_ZOOM, MIN_ZOOM, View
from isrviewer.session.drawn import DrawnBox
from isrviewer.session.state import Region, Session
from isrviewer.session.store import SessionFileError, load_session, save_session

NAN, INF = float("nan"), float("inf")


def panel(**values: Any) -> dict[str, Any]:
    return {"panels": [values]}


def region(kind: str, points: list[list[float]], size: tuple[float, ...] = (), **more: Any) -> dict[str, Any]:
    return {"regions": [{"kind": kind, "points": points, "size": list(size), **more}]}


BOX = {"x0": 1, "y0": 1, "width": 5, "height": 5}

SENSELESS: list[tuple[dict[str, Any], str]] = [
    (panel(view={"center": [5.0, 5.0], "zoom": NAN}), "panels[0].view.zoom"),
    (panel(view={"center": [5.0, 5.0], "zoom": -INF}), "panels[0].view.zoom"),
    (panel(view={"center": [NAN, 5.0], "zoom": 1.0}), "panels[0].view.center[0]"),
    (panel(view={"center": [5.0, 10**400], "zoom": 1.0}), "panels[0].view.center[1]"),
    (panel(view={"center": [1e300, 5.0], "zoom": 1.0}), "panels[0].view: center"),
    (panel(curtain=NAN), "panels[0].curtain"),
    (panel(curtain=5.0), "panels[0]: curtain"),
    (panel(shows={"plane": "x"}), "panels[0].shows: there is no plane 'x'"),
    (panel(picture={"reduction": "x"}), "panels[0].picture: there is no reduction 'x'"),
    (panel(picture={"background": "blue"}), "panels[0].picture: expected a colour"),
    (panel(picture={"limits": {"mode": "manual", "low": 1.0, "high": INF}}), "panels[0].picture.limits.high"),
    (panel(picture={"stretch": {"contrast": NAN}}), "panels[0].picture.stretch.contrast"),
    (panel(picture={"colours": {"nan": "#12"}}), "panels[0].picture.colours: expected a colour"),
    ({"overlay": {"opacity": 7.0}}, "overlay: opacity"),
    ({"overlay": {"preset": "x"}}, "overlay: there is no set of plane colours"),
    ({"overlay": {"planes": [["SAT", {"colour": "red"}]]}}, "overlay.planes[0][1]: expected a colour"),
    ({"panels": []}, "panels: their number"),
    ({"panels": [{}] * 500}, "panels: their number"),
    ({"panels": [{}], "focused": 1}, "focused"),
    ({"focused": -1}, "focused"),
    ({"link": "x"}, "there is no link 'x'"),
    ({"pins": [{"x": 10**30, "y": 0}]}, "pins[0]: pixel"),
    (region("star", []), "regions[0]: there is no kind of region 'star'"),
    (region("circle", [[1.0, 2.0]]), "regions[0]: circle needs 1 points and 1 sizes"),
    (region("line", [[1.0, 1.0]]), "regions[0]: line needs 2 points"),
    (region("annulus", [[1.0, 2.0]], (1.0,)), "regions[0]: annulus needs 1 points and 2 sizes"),
    (region("polygon", [[1.0, 1.0], [NAN, 2.0], [3.0, 3.0]]), "regions[0].points[1][0]"),
    (region("circle", [[1.0, 2.0]], (-5.0,)), "regions[0]: size"),
    (region("circle", [[1e300, 2.0]], (5.0,)), "regions[0]: coordinates"),
    (region("box", [[1.0, 2.0]], (5.0, 5.0), angle=INF), "regions[0].angle"),
    ({"box": {"box": BOX | {"x0": -(10**12), "width": 10**13}, "frame": "raw"}}, "box: corners of the box"),
    ({"box": {"box": BOX | {"width": 0}, "frame": "raw"}}, "box: the box must hold"),
    ({"box": {"box": BOX, "frame": "x"}}, "box: there is no frame 'x'"),
    ({"line": {"x0": 1, "y0": 1, "x1": 10**12, "y1": 1, "frame": "raw"}}, "line: ends of the line"),
    ({"audit_thresholds": [{"name": "dark_rate", "value": NAN}]}, "audit_thresholds[0].value"),
    ({"bookmarks": [{"name": "", "shows": {}, "view": {"zoom": NAN}}]}, "bookmarks[0].view.zoom"),
]


@pytest.mark.parametrize(("values", "words"), SENSELESS, ids=[words for _, words in SENSELESS])
def test_senseless_values_are_refused_with_their_field(tmp_path: Path, values: dict[str, Any], words: str) -> None:
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"format": "isrviewer session", "schema": 1, "session": values}))
    with pytest.raises(SessionFileError) as caught:
        load_session(path)
    assert str(caught.value).startswith(f"{path}: session.{words}")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("frame", [RAW, ASSEMBLED, UNTRIMMED])
def test_boxes_may_be_drawn_over_every_frame(frame: str) -> None:
    assert DrawnBox(Box(1, 2, 3, 4), frame).frame == frame


def test_what_is_only_out_of_range_is_brought_into_it() -> None:
    assert View((3e8, -3e8), 1e308).center == (FARTHEST, -FARTHEST)
    assert View(zoom=1e308).zoom == MAX_ZOOM
    assert View(zoom=-1.0).zoom == MIN_ZOOM


@pytest.mark.parametrize("text", ["[" * 20000, '{"a":' * 3000, "9" * 5000, '{"format": ' + "[" * 100_000])
def test_deep_and_long_files_are_no_sessions(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    with pytest.raises(SessionFileError, match=r"deep\.json"):
        load_session(path)


def test_no_session_exists_that_an_autosave_could_not_restore(tmp_path: Path) -> None:
    """What would be refused on reading cannot be built either, and what was built is restored equal."""
    session = Session(regions=(Region("annulus", ((1.5, 2.5),), (3.0, 7.0)),))
    with pytest.raises(ValueError, match="focused"):
        replace(session, focused=3)
    with pytest.raises(ValueError, match="size"):
        Region("circle", ((1.0, 2.0),), (NAN,))
    save_session(session, tmp_path / "autosave.json")
    assert load_session(tmp_path / "autosave.json") == session
