"""Sessions of schema 1 open as what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isrviewer.session import RAW, Planes, Run, Session
from isrviewer.session.planes import PREVIOUS, SAME_OF_B
from isrviewer.session.store import SCHEMA, SessionFileError, load_session, save_session


def old(tmp_path: Path, **session: Any) -> Session:
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"format": "isrviewer session", "schema": 1, "session": session}))
    return load_session(path)


@pytest.mark.parametrize(
    ("text", "planes"),
    [
        ("raw", Planes(RAW)),
        ("doFlat", Planes("doFlat")),
        ("B doFlat", Planes("doFlat", Run.B)),
        ("calibration flat", Planes("flat", Run.CALIBRATION)),
        ("B raw", Planes(RAW)),
    ],
)
def test_planes_written_as_text(tmp_path: Path, text: str, planes: Planes) -> None:
    session = old(
        tmp_path,
        panels=[{"shows": {"step": text, "plane": "variance", "other": text, "combine": "ratio"}, "second": text}],
        bookmarks=[{"name": "here", "shows": {"step": text}, "view": None}],
    )
    shows = session.panel.shows
    assert (shows.of, shows.plane, shows.other, shows.combine) == (planes, "variance", planes, "ratio")
    assert session.panel.second == planes
    assert session.bookmarks[0].shows.of == planes


def test_words_that_stand_for_others(tmp_path: Path) -> None:
    session = old(
        tmp_path,
        panels=[
            {"shows": {"step": "doFlat", "other": "previous"}},
            {"shows": {"step": "doFlat", "other": "B"}, "second": "previous"},
            {"shows": {"step": "doFlat", "other": ""}},
            {},
        ],
    )
    assert [panel.shows.other for panel in session.panels] == [PREVIOUS, SAME_OF_B, None, None]
    assert {panel.second for panel in session.panels} == {PREVIOUS}
    assert session.panels[3].shows.of == Planes(RAW)


def test_everything_else_stays_and_is_written_in_the_new_schema(tmp_path: Path) -> None:
    session = old(
        tmp_path,
        frame="/data/1o.fits",
        detector=12,
        config=[{"field": "doBias", "value": False}],
        calibs=[{"kind": "flat", "path": ""}],
        breakpoints=["doFlat"],
        routes=[{"step": "doFlat", "panel": 1}],
        panels=[{"shows": {"step": "B doFlat"}, "curtain": 0.5}, {}],
        focused=1,
        pins=[{"x": 3, "y": 4}],
        named=[{"name": "B", "config": [{"field": "doBias", "value": True}]}],
        compared="B",
    )
    assert (session.frame, session.detector, session.focused, session.compared) == ("/data/1o.fits", 12, 1, "B")
    assert session.other is not None
    assert session.panels[0].curtain == 0.5
    save_session(session, tmp_path / "new.json")
    assert json.loads((tmp_path / "new.json").read_text())["schema"] == SCHEMA == 2
    assert load_session(tmp_path / "new.json") == session


@pytest.mark.parametrize(
    ("session", "place"),
    [
        ({"panels": [{"shows": {"step": 5}}]}, "panels[0].shows.of"),
        ({"panels": [{"shows": 5}]}, "panels[0].shows"),
        ({"panels": [5]}, "panels[0]"),
        ({"panels": [{"second": None}]}, "panels[0].second"),
        ({"panels": 5}, "panels"),
        ({"bookmarks": [{"name": "a", "shows": {"step": []}, "view": None}]}, "bookmarks[0].shows.of"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, session: dict[str, Any], place: str) -> None:
    with pytest.raises(SessionFileError, match=r"session\.") as error:
        old(tmp_path, **session)
    assert place in str(error.value)


def test_an_unknown_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    shows = {"of": {"name": "doFlat", "run": "C"}}
    content = {"format": "isrviewer session", "schema": 2, "session": {"panels": [{"shows": shows}]}}
    path.write_text(json.dumps(content))
    with pytest.raises(SessionFileError, match="expected one of 'A', 'B', 'calibration', found 'C'"):
        load_session(path)
