"""Files that are written all or nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from isrcore import atomic
from isrcore.atomic import OutputIsInput, refuse_inputs, written_atomically, written_together

KILLED = """
import os, signal, sys
from pathlib import Path
from isrcore import atomic
folder = Path(sys.argv[2])
if sys.argv[1] == "file":
    with atomic.written_atomically(folder / "a.txt") as part:
        part.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
move = os.replace
def killing(*names):
    move(*names)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "between":
    os.replace = killing
with atomic.written_together(folder) as part:
    for name in "abc":
        (part / name).write_text("new")
    if sys.argv[1] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_while_writing(when: str, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, when, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with written_atomically(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.name.startswith(".part-")
        assert temporary.name.endswith(".txt")
    assert contents(tmp_path) == {"out.txt": "new"}


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def write_half() -> None:
        with written_atomically(path) as temporary:
            temporary.write_text("half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_half()
    assert contents(tmp_path) == {"out.txt": "old"}


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_errors_name_the_file_that_was_asked_for(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / folder / "out.txt"
    with pytest.raises((FileNotFoundError, NotADirectoryError)) as caught, written_atomically(path) as temporary:
        temporary.write_text("new")
    assert caught.value.filename == str(path)
    assert ".part" not in str(caught.value)


def test_errors_of_other_files_keep_their_names(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="source"), written_atomically(tmp_path / "out.txt"):
        (tmp_path / "source").read_text()


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_one(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "file.txt", tmp_path / "link.txt"
    if exists:
        real.write_text("old")
    link.symlink_to(real)
    with written_atomically(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert contents(tmp_path / "real") == {"file.txt": "new"}


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.write_text("old")
    path.chmod(0o640)
    for _ in range(2):
        with written_atomically(path) as temporary:
            temporary.write_text("new")
        assert path.stat().st_mode & 0o777 == 0o640


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/null"), tmp_path / "round"):
        with pytest.raises(OSError, match=re.escape(str(path))), written_atomically(path) as temporary:
            temporary.write_text("new")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["x" * 255, "x" * 247 + ".fits.fz", "é" * 120 + ".fits.fz", ".hidden"])
def test_names_may_be_as_long_as_the_file_system_allows(tmp_path: Path, name: str) -> None:
    with written_atomically(tmp_path / name) as temporary:
        assert temporary.name.endswith(".fits.fz") == name.endswith(".fits.fz")
        temporary.write_text("new")
    assert contents(tmp_path) == {name: "new"}


@pytest.mark.parametrize("links", [True, False])
def test_without_overwriting_one_of_two_writers_wins(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object) -> None:
        raise PermissionError(1, "no links here")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "out.txt"


    def write_both() -> None:
        with (
            written_atomically(path, overwrite=False) as late,
            written_atomically(path, overwrite=False) as early,
        ):
            late.write_text("late")
            early.write_text("early")

    with pytest.raises(FileExistsError) as caught:
        write_both()
    assert str(path) in str(caught.value)
    assert contents(tmp_path) == {"out.txt": "early"}
    with pytest.raises(FileExistsError), written_atomically(path, overwrite=False) as temporary:
        temporary.write_text("never begun")


def test_what_killed_writers_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    kill_while_writing("file", tmp_path)
    assert [path.name[:6] for path in tmp_path.iterdir()] == [".part-"]
    mine, foreign = atomic._hidden("part"), ".part-0ther-1-1-abcdef"
    for name in (mine, foreign, ".part-of-my-own-notes"):
        (tmp_path / name).write_text("")
    with written_atomically(tmp_path / "b.txt") as temporary:
        temporary.write_text("new")
    assert set(contents(tmp_path)) == {"b.txt", mine, foreign, ".part-of-my-own-notes"}
    os.utime(tmp_path / foreign, (0, 0))
    with written_atomically(tmp_path / "b.txt") as temporary:
        temporary.write_text("new")
    assert foreign not in contents(tmp_path)


def test_several_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "audit"
    with written_together(folder) as part:
        (part / "a").write_text("1")
        (part / "b").write_text("1")
        assert not folder.exists()
    assert contents(folder) == {"a": "1", "b": "1"}

    def write(*names: str, overwrite: bool = True, error: bool = False) -> None:
        with written_together(folder, overwrite) as part:
            for name in names:
                (part / name).write_text("2")
            if error:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        write("a", error=True)
    with pytest.raises(FileExistsError):
        write("b", "c", overwrite=False)
    assert contents(folder) == {"a": "1", "b": "1"}
    (folder / "mine").write_text("kept")
    write("b", "c")
    assert contents(folder) == {"a": "1", "b": "2", "c": "2", "mine": "kept"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["audit"]


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_kill_leaves_all_files_or_none(tmp_path: Path, when: str, exists: bool) -> None:
    folder = tmp_path / "audit"
    if exists:
        folder.mkdir()
        for name in "abc":
            (folder / name).write_text("old")
    if when == "between" and not exists:
        pytest.skip("a new folder appears in one move")
    kill_while_writing(when, folder)
    if when == "before" and not exists:
        assert not folder.exists()
        folder.mkdir()
    with written_atomically(folder / "next") as temporary:
        temporary.write_text("next")
    wanted = {"before": {"a": "old", "b": "old", "c": "old"} if exists else {}}
    everything = {"a": "new", "b": "new", "c": "new"}
    assert contents(folder) == wanted.get(when, everything) | {"next": "next"}


def test_an_output_is_never_an_input(tmp_path: Path) -> None:
    frame, linked, hard = tmp_path / "frame.fits", tmp_path / "link.fits", tmp_path / "hard.fits"
    frame.write_text("pixels")
    linked.symlink_to(frame)
    os.link(frame, hard)
    for name in (frame, linked, hard, tmp_path / ".." / tmp_path.name / "frame.fits"):
        with pytest.raises(OutputIsInput, match=r"frame\.fits.*never overwritten"):
            refuse_inputs(name, [None, "", tmp_path / "none", frame])
    refuse_inputs(tmp_path / "new.fits", [frame])
    refuse_inputs(tmp_path / "other", [tmp_path / "none"])
