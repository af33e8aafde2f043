"""A session written and read is the same; what cannot be read says why; what a crash left behind is found."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.geom import Box
from isrviewer.render.limits import Limits
from isrviewer.render.plane_colours import OverlayStyle, PlaneStyle
from isrviewer.render.view import Orientation, View
from isrviewer.session import Planes, Run, Session, changes
from isrviewer.session.codec import from_json, to_json
from isrviewer.session.drawn import DrawnBox, DrawnLine
from isrviewer.session.planes import PREVIOUS
from isrviewer.session.settings import Settings, load_settings, save_settings, with_recent
from isrviewer.session.state import Pin, Region, Shows
from isrviewer.session.store import Autosave, SessionFileError, load_session, missing_files, save_session


def full_session() -> Session:
    """A session in which nothing is as it begins."""
    from dataclasses import replace

    session = changes.open_frame(Session(calib_folder="/calibs"), "/data/1234567o.fits.fz", 12)
    session = changes.set_field(session, "doBias", True)
    session = changes.set_field(session, "saturation", math.nan)
    session = changes.set_field(session, "maskListToInterpolate", ["SAT", "BAD"], "file x.py")
    session = changes.pick_calib(session, "flat", "/flat.fits")
    session = changes.set_panel_count(changes.show_step(session, "doFlat"), 2)
    session = changes.set_view(session, 1, View((100.5, 7.0), 4.0, Orientation(True, False, True)))
    picture = replace(session.panels[1].picture, limits=Limits("manual", low=-3.0, high=9.5))
    session = changes.set_picture(changes.focus_panel(session, 1), 1, picture)
    session = changes.set_plane_style(session, "SAT", PlaneStyle("#112233", 0.5, False, True))
    session = changes.toggle_pin(changes.toggle_breakpoint(session, "doDark"), Pin(40, 50))
    session = changes.route(changes.add_bookmark(session, "star"), "doFlat", 1)
    box, line = DrawnBox(Box(3, 4, 50, 6), "assembled"), DrawnLine(1, 2, 30, 40, "raw")
    return replace(changes.remember(session, "mine"), link="zoom", pause_at_views=True, box=box, line=line)


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(full_session(), path)
    assert load_session(path) == full_session()
    assert "schema" in json.loads(path.read_text())


def test_a_file_from_before_boxes_were_kept_still_loads(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    save_session(full_session(), path)
    content = json.loads(path.read_text())
    del content["session"]["box"], content["session"]["line"]
    path.write_text(json.dumps(content))
    assert load_session(path) == replace(full_session(), box=None, line=None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b.c"]),
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text()),
        )
    )
)
def test_config_values_survive_json(values: list[tuple[str, object]]) -> None:
    session = changes.load_overrides(Session(), values, "you")
    assert from_json(Session, json.loads(json.dumps(to_json(session)))) == session


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a session in JSON"),
        ("[1, 2]", "another kind of file"),
        ('{"format": "isrviewer session", "schema": 99, "session": {}}', "a newer isrviewer wrote it"),
        (
            '{"format": "isrviewer session", "schema": 1, "session": {"detector": "x"}}',
            "session.detector: expected int",
        ),
        ('{"format": "isrviewer session", "schema": 1, "session": {"panels": []}}', "session.panels: their number"),
        ('{"format": "isrviewer session", "schema": 1, "session": {"panels": [{"view": 3}]}}', "panels[0].view"),
        (
            '{"format": "isrviewer session", "schema":2,"session":{"regions": [{"kind": "star", "points": []}]}}',
            "regions[0]: there is no kind of region 'star'",
        ),
        (
            '{"format": "isrviewer session", "schema":2,"session":{"regions": [{"kind": "box", "points": []}]}}',
            "regions[0]: box needs 1 points and 2 sizes",
        ),
        (
            '{"format": "isrviewer session", "schema":2,"session":{"regions":[{"kind":"point","points":[[NaN,2]]}]}}',
            "regions[0].points[0][0]: expected a finite number",
        ),
        (
            '{"format": "isrviewer session", "schema": 2, "session": {"panels": [{"view": {"zoom": NaN}}]}}',
            "panels[0].view",
        ),
        (
            '{"format": "isrviewer session", "schema": 2, "session": {"panels": [{"view": {"center": [1e300, 5]}}]}}',
            "panels[0].view",
        ),
    ],
)
def test_a_file_that_is_no_session_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(SessionFileError) as caught:
        load_session(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SessionFileError, match=r"none\.json"):
        load_session(tmp_path / "none.json")


def test_a_failed_write_leaves_the_old_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.json"
    save_session(full_session(), path)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_session(Session(), path)
    assert load_session(path) == full_session()
    assert [entry.name for entry in tmp_path.iterdir()] == ["session.json"]


def test_missing_files_are_named_with_their_role(tmp_path: Path) -> None:
    assert missing_files(full_session()) == [
        ("frame", "/data/1234567o.fits.fz"),
        ("calibration folder", "/calibs"),
        ("flat", "/flat.fits"),
    ]
    assert missing_files(Session(calib_folder=str(tmp_path))) == []


def test_autosave_of_a_killed_process_is_found_and_one_that_runs_is_not(tmp_path: Path) -> None:
    script = (
        "import sys, os; from pathlib import Path\n"
        "from isrviewer.session import Session; from isrviewer.session.store import Autosave\n"
        "Autosave(Path(sys.argv[1])).save(Session(frame='/lost.fits')); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    here = Autosave(tmp_path)
    here.save(Session(frame="/mine.fits"))
    assert [left.session.frame for left in here.left_behind()] == ["/lost.fits"]
    here.discard()
    assert not here.path.exists()


def test_an_unreadable_autosave_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "autosave-999999999.json").write_text("{")
    assert Autosave(tmp_path).left_behind() == []


def test_settings_round_trip_and_damage(tmp_path: Path) -> None:
    settings = with_recent(Settings(shortcuts={"run.stop": "F4"}, budget_mb=500), "/a.fits")
    save_settings(settings, tmp_path)
    assert load_settings(tmp_path) == settings
    (tmp_path / "settings.json").write_text("not json")
    assert load_settings(tmp_path) == Settings()
    assert (tmp_path / "settings.damaged.json").read_text() == "not json"


def test_recent_frames_are_unique_and_few() -> None:
    settings = Settings()
    for number in range(20):
        settings = with_recent(settings, f"/{number % 15}.fits")
    assert len(settings.recent) == 12
    assert settings.recent[0] == "/4.fits"
    assert len(set(settings.recent)) == 12


def test_everything_that_a_user_made_comes_back(tmp_path: Path) -> None:
    """Mask styles, pins, regions, bookmarks, named states, what panels show and how they are turned, A and B."""
    session = changes.open_frame(Session(), "/data/1o.fits", 12)
    session = changes.set_field(session, "maskListToInterpolate", ["SAT", "BAD"], "file x.py")
    session = changes.pick_calib(session, "flat", "/calib/flat.fits")
    session = changes.compare(changes.remember(session, "B"), "B")
    session = changes.set_panel_count(session, 2)
    session = changes.show(session, 1, Shows(Planes("doFlat", Run.B), "variance", PREVIOUS, "ratio"))
    session = changes.orient(session, 1, Orientation(True, False, True))
    session = changes.set_view(session, 0, View((10.5, 20.25), 3.0, Orientation(True)))
    session = changes.toggle_pin(session, Pin(3, 4))
    session = changes.add_bookmark(session, "here")
    session = changes.route(session, "doFlat", 1)
    session = changes.toggle_breakpoint(session, "doDark")
    overlay = OverlayStyle((("SAT", PlaneStyle("#123456", 0.5, False, True)),), expression="SAT & ~BAD")
    regions = (Region("box", ((1.5, 2.5),), (3.0, 4.0), 30.0, "text", "red"), Region("line", ((0.0, 0.0), (1.0, 2.0))))
    session = replace(session, overlay=overlay, regions=regions, link="zoom", pause_at_views=True)
    save_session(session, tmp_path / "s.json")
    assert load_session(tmp_path / "s.json") == session
