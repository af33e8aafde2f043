"""Autosaves are found again whatever process id they carry: the lock tells who lives, not the number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from isrviewer.session import Session
from isrviewer.session.store import Autosave, save_session

WRITE = """
import os, sys
from pathlib import Path
from isrviewer.session import Session
from isrviewer.session.store import Autosave
saved = Autosave(Path(sys.argv[1]))
saved.save(Session(frame='/lost.fits'))
print(saved.path, flush=True)
if sys.argv[2] == "die":
    os.kill(os.getpid(), 9)
sys.stdin.read()
"""


def frames(folder: Path) -> list[str]:
    return sorted(left.session.frame for left in Autosave(folder).left_behind())


def test_the_number_of_a_living_process_hides_nothing(tmp_path: Path) -> None:
    """After a restart the number of the killed process may be that of anything, of this window too."""
    for number in (os.getpid(), os.getppid(), 1):
        save_session(Session(frame=f"/{number}.fits"), tmp_path / f"autosave-{number}.json")
        (tmp_path / f"autosave-{number}-abc.lock").touch()
    assert len(frames(tmp_path)) == 3
    assert not list(tmp_path.glob("*.lock"))


def test_a_window_that_lives_keeps_its_own_and_a_killed_one_is_found(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITE, str(tmp_path)]
    with subprocess.Popen([*words, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout is not None
        living.stdout.readline()
        assert frames(tmp_path) == []
        subprocess.run([*words, "die"], stdout=subprocess.DEVNULL, check=False)
        assert frames(tmp_path) == ["/lost.fits"]
        living.kill()
        living.wait()
    assert frames(tmp_path) == ["/lost.fits", "/lost.fits"]


def test_two_windows_of_one_process_do_not_share_a_file(tmp_path: Path) -> None:
    first, second = Autosave(tmp_path), Autosave(tmp_path)
    first.save(Session(frame="/1.fits"))
    second.save(Session(frame="/2.fits"))
    assert first.path != second.path
    assert second.left_behind() == []
    first.discard()
    second.discard()
    assert list(tmp_path.iterdir()) == []
