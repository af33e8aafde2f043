"""A journal whose file others remove, replace or change: noticed at the next edit, said, and no edit is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from isrcore.audit import edits
from isrcore.audit.document import DefectDocument
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.storage import Journal, load_history
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box


def make_history() -> DefectHistory:
    return DefectHistory(DefectDocument.of(megacam_camera()["ccd12"], [PixelSet.of([Box(0, 0, 2048, 1)])], "map"))


def edit(history: DefectHistory, row: int) -> None:
    history.do(edits.add_box(history.document, Box(7, row, 2, 2)))


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(40)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"something else\n")


@pytest.mark.parametrize(("disturb", "said"), [(remove, "removed"), (truncate, "changed"), (append, "changed")])
def test_all_edits_are_written_again(tmp_path: Path, disturb: Callable[[Path], None], said: str) -> None:
    path, history = tmp_path / "audit.jsonl", make_history()
    with Journal(history, path) as journal:
        edit(history, 5)
        assert journal.take_notice() == ""
        disturb(path)
        edit(history, 9)
        notice = journal.take_notice()
        assert said in notice
        assert str(path) in notice
        assert journal.take_notice() == ""
        edit(history, 14)
        assert journal.take_notice() == ""
    assert len(load_history(path).done) == 3


def test_a_file_that_took_the_place_is_left_alone(tmp_path: Path) -> None:
    path, history = tmp_path / "audit.jsonl", make_history()
    other = tmp_path / "other"
    other.write_text("mine")
    with Journal(history, path) as journal:
        edit(history, 5)
        other.rename(path)
        edit(history, 9)
        assert str(tmp_path / "audit-2.jsonl") in journal.take_notice()
        edit(history, 14)
    assert path.read_text() == "mine"
    assert len(load_history(tmp_path / "audit-2.jsonl").done) == 3


def test_a_file_that_is_gone_at_the_end_is_written_again(tmp_path: Path) -> None:
    path, history = tmp_path / "audit.jsonl", make_history()
    with Journal(history, path):
        edit(history, 5)
        path.unlink()
    assert len(load_history(path).done) == 1
