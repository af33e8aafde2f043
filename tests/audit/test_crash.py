"""A program that is killed in the middle of its work loses no edit that it has made."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from isrcore.audit import edits
from isrcore.audit.document import DefectDocument
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.storage import Journal, load_history
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()["ccd12"]

BURST = """
import sys
from isrcore.audit import edits
from isrcore.audit.storage import Journal, load_history
from isrcore.geom import Box

history = load_history(sys.argv[1], "anna")
with Journal(history, sys.argv[1]) as journal:
    number = 0
    while True:
        number += 1
        history.do(edits.add_box(history.document, Box(number % 2000, number % 4500, 2, 3)))
        if number % 5 == 0:
            history.undo()
        if number % 50 == 0:
            journal.compact()
        # Said only after the edit is made: whoever reads this may rely on it.
        print(number, len(history.done), len(history.undone), flush=True)
"""


def start(path: Path) -> None:
    document = DefectDocument.of(CCD, [PixelSet.of([Box(0, 0, 2048, 1)])], "map")
    with Journal(DefectHistory(document, "anna"), path):
        pass


@pytest.mark.parametrize("kills_after", [3, 60])
def test_killed_in_a_burst_of_edits(tmp_path: Path, kills_after: int) -> None:
    path = tmp_path / "audit.jsonl"
    start(path)
    with subprocess.Popen([sys.executable, "-c", BURST, str(path)], stdout=subprocess.PIPE, text=True) as burst:
        assert burst.stdout is not None
        seen = [burst.stdout.readline() for _ in range(kills_after)]
        os.kill(burst.pid, signal.SIGKILL)
        seen += burst.stdout.readlines()
    assert burst.returncode == -signal.SIGKILL
    # The last line may be cut.
    number, done, undone = map(int, [line for line in seen if line.endswith("\n")][-1].split())
    assert number >= kills_after
    history = load_history(path)
    # At most the edit and the undo that were at work are more than what was said.
    assert done <= len(history.done) <= done + 1
    assert abs(len(history.undone) - undone) <= 1
    assert len(history.document) == 1 + len(history.done)
    # The work goes on where it was, and the next crash finds it too.
    with Journal(history, path) as journal:
        history.do(edits.confirm(history.document, [1], "seen again"))
        journal.sync()
        again = load_history(path)
    assert (again.document, again.done, again.undone) == (history.document, history.done, [])
    assert again.base == history.base
    assert not [other for other in tmp_path.iterdir() if other != path and other.suffix == ".jsonl"]


def test_reopening_keeps_what_was_undone_and_can_redo_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    start(path)
    first = load_history(path, "anna")
    with Journal(first, path):
        for row in (5, 9, 14):
            first.do(edits.add_box(first.document, Box(7, row, 2, 2)))
        first.undo()
        first.undo()
    second = load_history(path, "ben")
    with Journal(second, path):
        assert second.redo() == first.redo()
    third = load_history(path)
    assert [len(some) for some in (third.done, third.undone)] == [2, 1]
    assert third.redo() == first.redo()


def test_a_journal_that_cannot_be_opened_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "audit.jsonl"
    start(path)
    content = path.read_bytes()
    history = load_history(path)

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="the disk is full"):
        Journal(history, path)
    assert path.read_bytes() == content
    assert history.on_event == []


def test_two_windows_do_not_write_to_one_journal(tmp_path: Path) -> None:
    path, document = tmp_path / "audit.jsonl", DefectDocument.of(CCD)
    with Journal(DefectHistory(document, "anna"), path):
        kept = path.read_bytes()
        with pytest.raises(OSError, match="another window goes on with this audit"):
            Journal(DefectHistory(document, "bert"), path)
        assert path.read_bytes() == kept
    with Journal(DefectHistory(document, "bert"), path):
        pass


def test_a_file_system_without_locks_is_used_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_locks(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    path = tmp_path / "audit.jsonl"
    history = DefectHistory(DefectDocument.of(CCD), "anna")
    with Journal(history, path):
        history.do(edits.add_box(history.document, Box(5, 6, 2, 3)))
    assert load_history(path).document == history.document
    assert "No locks available" in caplog.text
