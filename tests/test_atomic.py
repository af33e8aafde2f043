"""Files that are written all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from isrcore.atomic import written_atomically


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    with written_atomically(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.name.endswith("-out.txt")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def write_half() -> None:
        with written_atomically(path) as temporary:
            temporary.write_text("half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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
