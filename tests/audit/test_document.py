"""Edits lead from one document to the next and back again, in memory and on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isrcore.audit import edits
from isrcore.audit.defect import DefectKind, Status, guess_kind
from isrcore.audit.document import Change, DefectDocument, Edit
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.storage import Journal, load_history, save_history
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()["ccd12"]
BOXES = [Box(0, 0, 2048, 1), Box(1890, 1406, 2, 3206), Box(100, 100, 3, 3), Box(500, 7, 1, 1), Box(900, 0, 1, 4612)]


def make_document() -> DefectDocument:
    return DefectDocument.of(CCD, [PixelSet.of([box]) for box in BOXES], "map")


def gesture(history: DefectHistory, draw: st.DataObject) -> None:
    """One random thing that a user may do; those that are refused change nothing."""
    document = history.document
    x, y = draw.draw(st.integers(-5, 2050)), draw.draw(st.integers(-5, 4615))
    spot = PixelSet.of([Box(x, y, draw.draw(st.integers(1, 30)), draw.draw(st.integers(1, 30)))])
    numbers = list(document.by_id) or [0]
    one, other = draw.draw(st.sampled_from(numbers)), draw.draw(st.sampled_from(numbers))
    actions = {
        "paint": lambda: edits.paint(document, spot),
        "paint more": lambda: edits.paint(document, spot, one),
        "erase": lambda: edits.erase(document, PixelSet.of([Box(x, 0, 40, 4612)])),
        "column": lambda: edits.add_column(document, x, y),
        "line": lambda: edits.add_line(document, x, y, x + 20, y + 7, 2),
        "grow": lambda: edits.grow(document, one, 1, 0),
        "shrink": lambda: edits.shrink(document, one, 0, 1),
        "split": lambda: edits.split(document, one, row=y),
        "parts": lambda: edits.split(document, one),
        "merge": lambda: edits.merge(document, [one, other]),
        "confirm": lambda: edits.confirm(document, [one, other], "seen"),
        "reject": lambda: edits.reject(document, [one]),
        "kind": lambda: edits.set_kind(document, [one], DefectKind.TRAP),
    }
    action = draw.draw(st.sampled_from([*actions, "undo", "redo"]))
    try:
        if action in actions:
            history.do(actions[action]())
        else:
            getattr(history, action)()
    except (ValueError, KeyError):
        assert history.document is document


@settings(max_examples=60)
@given(st.data())
def test_undoing_everything_gives_the_original(data: st.DataObject) -> None:
    history = DefectHistory(make_document(), "me")
    original, seen = history.document, [history.document]
    for _ in range(data.draw(st.integers(1, 15))):
        gesture(history, data)
        seen.append(history.document)
    last, depth = history.document, len(history.done)
    for _ in range(depth):
        history.undo()
    assert history.document == original
    assert list(history.document.by_id) == list(original.by_id)
    for _ in range(depth):
        history.redo()
    assert history.document == last
    assert all(list(document.by_id) == sorted(document.by_id) for document in seen)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_journal_and_the_snapshot_hold_every_edit(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "audit.jsonl"
    history = DefectHistory(make_document(), "me")
    with Journal(history, path) as journal:
        for step in range(data.draw(st.integers(1, 10))):
            gesture(history, data)
            if step == 4:
                journal.compact()
        # As after a kill: the file is read while the writer is still open.
        found = load_history(path)
    save_history(history, tmp_path / "snapshot.jsonl")
    for other in (found, load_history(tmp_path / "snapshot.jsonl")):
        assert other.document == history.document
        assert other.base == history.base
        assert (other.done, other.undone) == (history.done, history.undone)


def test_a_line_cut_short_loses_that_event_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "audit.jsonl"
    history = DefectHistory(make_document(), "me")
    with Journal(history, path):
        history.do(edits.confirm(history.document, [1]))
        before = history.document
        history.do(edits.reject(history.document, [2]))
    content = path.read_bytes()
    for cut in (1, 30):
        path.write_bytes(content[:-cut])
        assert load_history(path).document == before
    assert "cut short" in caplog.text
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].replace(b"confirm", b"confirn"), lines[2]]))
    with pytest.raises(ValueError, match=r"line 2: expected a complete event.*delete line 2"):
        load_history(path)


def test_what_is_no_audit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("SIMPLE  =  T")
    with pytest.raises(ValueError, match="line 1: expected a defect audit"):
        load_history(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="found an empty file"):
        load_history(path)


def test_an_event_that_cannot_take_place_is_named(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    history = DefectHistory(make_document())
    with Journal(history, path):
        history.do(edits.confirm(history.document, [1]))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[1]]))
    with pytest.raises(ValueError, match="line 3: not an event that can take place here"):
        load_history(path)


def test_edits_say_who_and_when() -> None:
    history = DefectHistory(make_document(), "anna", now=lambda: "2010-11-03T08:30:00+00:00")
    history.do(edits.confirm(history.document, [3], "hot in the dark"))
    defect = history.document[3]
    assert (defect.status, defect.who, defect.when) == (Status.CONFIRMED, "anna", "2010-11-03T08:30:00+00:00")
    assert defect.note == "hot in the dark"
    history.do(edits.grow(history.document, 3))
    assert history.document[3].status is Status.CHANGED
    assert history.document[3].bbox == Box(99, 99, 5, 5)


def test_an_edit_shares_all_other_defects() -> None:
    history = DefectHistory(make_document())
    before = history.document
    after = history.do(edits.paint(before, PixelSet.of([Box(10, 10, 5, 5)])))
    assert all(after[number] is before[number] for number in before.by_id)
    assert after[6].status is Status.NEW


def test_a_stale_edit_is_refused() -> None:
    history = DefectHistory(make_document())
    stale = edits.grow(history.document, 3)
    history.do(edits.confirm(history.document, [3]))
    with pytest.raises(ValueError, match="edit 'grow' does not fit the map of ccd12"):
        history.do(stale)
    with pytest.raises(ValueError, match="a change is about one defect"):
        Change(history.document[1], history.document[2])


def test_numbers_are_never_used_again() -> None:
    history = DefectHistory(make_document())
    history.do(edits.add_box(history.document, Box(5, 5, 2, 2)))
    history.undo()
    assert 6 not in history.document
    history.do(edits.add_box(history.document, Box(9, 9, 2, 2)))
    assert 7 in history.document


def test_the_operations() -> None:
    document = make_document()
    trap = document.apply(edits.add_column(document, 77, 4000))[6]
    assert (trap.bbox, trap.kind, trap.status) == (Box(77, 4000, 1, 612), DefectKind.TRAP, Status.NEW)
    halves = document.apply(edits.split(document, 2, row=2000))
    assert halves[2].bbox == Box(1890, 1406, 2, 594)
    assert halves[6].bbox == Box(1890, 2000, 2, 2612)
    merged = halves.apply(edits.merge(halves, [2, 6]))
    assert merged[2].pixels == document[2].pixels
    assert 6 not in merged
    erased = document.apply(edits.erase(document, PixelSet.of([Box(0, 0, 2048, 200)])))
    assert 1 not in erased
    assert 3 not in erased
    assert erased[5].bbox == Box(900, 200, 1, 4412)
    rejected = document.apply(edits.reject(document, [2]))
    assert document.mask().sum() - rejected.mask().sum() == 2 * 3206
    assert rejected.to_defects().area == rejected.mask().sum()
    assert [defect.id for defect in document.at(900, 0)] == [1, 5]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: edits.add_box(d, Box(3000, 5, 2, 2)), "expected pixels on ccd12.*found box"),
        (lambda d: edits.add_box(d, Box()), "found none"),
        (lambda d: edits.erase(d, PixelSet.of([Box(300, 300, 2, 2)])), "no defect has these pixels"),
        (lambda d: edits.shrink(d, 4), "nothing would be left of defect 4; reject it"),
        (lambda d: edits.split(d, 3), "defect 3 is in one piece"),
        (lambda d: edits.merge(d, [3, 3]), "at least two defects, found 1"),
        (lambda d: edits.paint(d, PixelSet.of([Box(100, 100, 1, 1)]), 3), "has these pixels already"),
        (lambda d: edits.confirm(d, []), "no defect is chosen"),
        (lambda d: edits.add(d, []), "no pixels are given"),
    ],
)
def test_what_cannot_be_done_says_so(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(make_document())  # type: ignore[operator]


def test_an_unknown_defect_is_named() -> None:
    with pytest.raises(KeyError, match="the map of ccd12 has no defect 99"):
        edits.grow(make_document(), 99)
    history = DefectHistory(make_document())
    for action in (history.undo, history.redo):
        with pytest.raises(ValueError, match="there is nothing to"):
            action()
    with pytest.raises(ValueError, match="an event is do, undo or redo"):
        history.replay("jump", Edit("x", ()))


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        (Box(0, 4611, 2048, 1), DefectKind.EDGE),
        (Box(1024, 0, 1024, 4612), DefectKind.AMPLIFIER),
        (Box(70, 900, 2, 3712), DefectKind.TRAP),
        (Box(70, 0, 1, 4612), DefectKind.UNKNOWN),
        (Box(70, 5, 1, 1), DefectKind.UNKNOWN),
        (Box(70, 5, 4, 3), DefectKind.CLUSTER),
    ],
)
def test_shapes_tell_kinds(box: Box, kind: DefectKind) -> None:
    assert guess_kind(PixelSet.of([box]), CCD) is kind


def test_the_file_states_its_frame(tmp_path: Path) -> None:
    save_history(DefectHistory(make_document()), tmp_path / "a.jsonl")
    value = json.loads((tmp_path / "a.jsonl").read_bytes().rpartition(b"\t")[0])
    assert value["frame"] == {"trimmed": True, "first_pixel": 0, "box": [0, 0, 2048, 4612]}
