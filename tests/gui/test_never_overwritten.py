"""No export of the window goes over a file that it reads, by whatever name the file is reached."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from isrcore.atomic import OutputIsInput, written_atomically
from isrviewer.plots.export import write_png, write_svg
from isrviewer.session.state import CalibPick
from isrviewer.shell.window import Window


def test_what_is_open_is_not_written_over(window: Window, tmp_path: Path) -> None:
    frame, flat, other = tmp_path / "frame.fits", tmp_path / "flat.fits", tmp_path / "other.fits"
    for path in (frame, flat, other):
        path.write_text(path.stem)
    session = replace(
        window.model.session, frame=str(frame), calibs=(CalibPick("flat", str(flat)),), audit_frames=(str(other),)
    )
    window.model.change(session)
    link = tmp_path / "link.png"
    link.symlink_to(frame)
    hard = tmp_path / "hard.svg"
    os.link(flat, hard)
    commands = window.commands.file
    for write in (commands.save_session_as, commands.save_config_as, commands.screenshot_as):
        for path in (frame, flat, other, link, hard):
            write(str(path))
            assert "never overwritten" in window.strip.text.text()
    for write_picture, path in ((write_png, link), (write_svg, hard)):
        with pytest.raises(OutputIsInput):
            write_picture(window.strip, path)
    kept = [path.read_text() for path in (frame, flat, other, link, hard)]
    assert kept == ["frame", "flat", "other", "frame", "flat"]
    commands.save_session_as(str(tmp_path / "new.json"))
    assert (tmp_path / "new.json").exists()
    with written_atomically(tmp_path / "new.json") as temporary:
        temporary.write_text("again")
