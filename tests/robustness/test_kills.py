"""Kills at random moments: whole files under final names, nothing lost that was said to be saved, no leftovers."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from isrcore.audit.document import DefectDocument
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.storage import Journal, load_history
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrviewer.session.state import Session
from isrviewer.session.store import load_session, save_session

SESSIONS = """
import sys
from pathlib import Path
from isrviewer.session.state import Pin, Session
from isrviewer.session.store import save_session
number = 0
while True:
    number += 1
    save_session(Session(pins=tuple(Pin(n, number) for n in range(300))), Path(sys.argv[1]))
    print(number, flush=True)
"""

JOURNALS = """
import sys
from isrcore.audit import edits
from isrcore.audit.storage import Journal, load_history
from isrcore.geom import Box
history = load_history(sys.argv[1], "anna")
with Journal(history, sys.argv[1]) as journal:
    number = 0
    while True:
        number += 1
        history.do(edits.add_box(history.document, Box(number * 3 % 2000, 2 + number % 4500, 2, 3)))
        if number % 10 == 0:
            journal.compact()
        print(len(history.done), flush=True)
"""

SETS = """
import sys
from isrcore.atomic import written_together
number = 0
while True:
    number += 1
    with written_together(sys.argv[1]) as folder:
        for name in "abcde":
            (folder / name).write_text(str(number) * 20_000)
    print(number, flush=True)
"""

KILLS = 4


def killed(program: str, target: Path, seconds: float) -> int:
    """What a program said last before it was killed."""
    process = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    lines = (first + process.stdout.read()).split("\n")[:-1]
    process.wait()
    process.stdout.close()
    return int(lines[-1])


def test_nothing_is_half_written_and_nothing_is_lost(tmp_path: Path) -> None:
    rng, counts = random.Random(2026), Counter[str]()
    session, journal, folder = tmp_path / "session.json", tmp_path / "audit.jsonl", tmp_path / "set"
    document = DefectDocument.of(megacam_camera()["ccd12"], [PixelSet.of([Box(0, 0, 2048, 1)])], "map")
    with Journal(DefectHistory(document, "anna"), journal):
        pass
    for _ in range(KILLS):
        said = killed(SESSIONS, session, rng.random() * 0.1)
        counts["sessions"] += 1
        counts["lost"] += load_session(session).pins[0].y < said
        said = killed(JOURNALS, journal, rng.random() * 0.1)
        counts["journals"] += 1
        counts["lost"] += not said <= len(load_history(journal).done) <= said + 1
        killed(SETS, folder, rng.random() * 0.1)
        counts["sets"] += 1
        save_session(Session(), folder / "next.json")
        texts = {path.read_text() for path in folder.iterdir() if path.suffix == ""}
        counts["incomplete"] += len(texts) != 1
    save_session(Session(), session)
    hidden = [path for path in tmp_path.rglob(".*") if path.is_file()]
    print(f"kills: {dict(counts)}, left over: {len(hidden)}")
    assert (counts["lost"], counts["incomplete"], hidden) == (0, 0, [])
