"""What lies in the current folder by chance is not imported by anything that the program starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isrcore.children import child_command, import_path
from tests.house import ROOT

TRAP = "raise SystemExit('the current folder was imported')\n"


@pytest.fixture
def folder_with_traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("numpy", "resources", "json", "PySide6", "isrviewer"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_child_finds_the_program_and_not_the_folder(folder_with_traps: Path) -> None:
    command = child_command("isrcore.cli", "--version")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "isrcore", "")


def test_the_current_folder_is_left_out_however_it_is_named(
    folder_with_traps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", ["", str(folder_with_traps), ".", *sys.path])
    assert not {"", ".", str(folder_with_traps)} & set(import_path())
    assert str(ROOT) in [os.path.realpath(entry) for entry in import_path()]


def test_every_process_of_ours_is_started_this_way() -> None:
    """Each call that names this Python either uses the command or sets the path itself."""
    for folder in ("isrcore", "isrviewer"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "sys.executable" in text:
                assert "import_path(" in text or "child_command(" in text, path
