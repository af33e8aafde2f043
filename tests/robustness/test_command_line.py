"""The command line tells on one line what is wrong, never shows a traceback, and never writes over what it reads."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from isrcore.cli import main
from isrcore.data import report
from isrcore.data.cards import CardHeader
from isrcore.data.raw import open_raw
from tests.header_files import made_headers, set_card, write_made

ALL_OFF = [word for step in ("Bias", "Dark", "Flat", "Fringe", "Defect") for word in ("-c", f"do{step}=False")]


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    return write_made(tmp_path / "frame.fits", made_headers((12,), bytepix=2), bytepix=2).path


def fails(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line that a command says when it fails."""
    assert main([str(word) for word in words]) in (1, 2)
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    return said


def test_the_output_of_a_run_is_never_its_input(
    frame: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = frame.read_bytes()
    overrides, link, hard = tmp_path / "overrides.fits", tmp_path / "link.fits", tmp_path / "hard.fits"
    overrides.write_text("config.doSaturation = False\n")
    link.symlink_to(frame)
    os.link(frame, hard)
    run = ["run", frame, "--detector", 12, *ALL_OFF, "-C", overrides, "--overwrite", "-o"]
    for output in (frame, link, hard, overrides):
        assert "never overwritten" in fails(capsys, *run, output)
    assert frame.read_bytes() == content
    assert link.is_symlink()
    steps = tmp_path / "steps"
    steps.mkdir()
    os.link(frame, steps / "00-convertIntToFloat.fits")
    said = fails(capsys, *run, tmp_path / "out.fits", "--steps-dir", steps)
    assert "never overwritten" in said
    assert frame.read_bytes() == content


def test_what_is_no_ordinary_file_is_refused_at_once(
    frame: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fifo = tmp_path / "fifo.fits"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero"), Path("/dev/stdin")):
        if path.exists() and not path.is_file():
            assert str(path) in fails(capsys, "info", path)
            assert str(path) in fails(capsys, "run", path, "--detector", 12, "-o", tmp_path / "out.fits")
            assert str(path) in fails(capsys, "simulate", tmp_path / "x.fits.fz", "--recipe", path)
            words = ("run", frame, "--detector", 12, *ALL_OFF, "-C", path, "-o", tmp_path / "out.fits")
            assert str(path) in fails(capsys, *words)


def test_a_crash_writes_a_report_and_names_it(
    frame: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fault(*arguments: Any) -> str:
        raise AttributeError("a fault of ours\nwith two lines")

    monkeypatch.setattr(report, "describe_frame", fault)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    said = fails(capsys, "info", frame)
    named = re.search(r"report (\S+)$", said)
    assert named is not None
    text = Path(named[1]).read_text()
    assert "AttributeError: a fault of ours" in text
    assert f"isrcore info {frame}" in text
    assert "Traceback" in text


@pytest.mark.parametrize("error", [MemoryError(), ImportError("x.so: failed to map segment from shared object")])
def test_little_memory_is_told_on_one_line(
    error: Exception, frame: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*arguments: Any) -> str:
        raise error

    monkeypatch.setattr(report, "describe_frame", full)
    assert "not enough memory" in fails(capsys, "info", frame)


def test_info_of_headers_without_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headers = made_headers((12,), bytepix=2)
    for key in ("EXPTIME", "RA_DEG", "DEC_DEG", "AIRMASS", "FILTER", "OBJECT", "RUNID", "EXPNUM", "DATE-OBS"):
        for header in headers:
            set_card(header, key, "")
    path = write_made(tmp_path / "empty.fits", headers, bytepix=2).path
    assert main(["info", str(path)]) == 0
    assert "unknown" in capsys.readouterr().out
    with pytest.raises(OSError, match="None"):
        report.describe_frame(None)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="None"):
        open_raw(None)  # type: ignore[arg-type]


def test_numbers_beyond_64_bits_are_no_integers() -> None:
    cards = ("EXPNUM  = 1E30", "EXTVER  = -1E19", "NAXIS   = 9223372036854774784.", "NEXTEND =   40")
    header = CardHeader(b"".join(card.ljust(80).encode() for card in cards))
    assert [header.integer(key) for key in ("EXPNUM", "EXTVER", "NAXIS", "NEXTEND")] == [None, None, 2**63 - 1024, 40]
