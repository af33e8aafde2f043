"""The words of ``isrcore info``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from isrcore.data.errors import NotARawFrame
from isrcore.data.report import describe_frame
from tests.header_files import build, made_headers, write_made


def rows(text: str) -> dict[str, str]:
    return {line[:14].strip(): line[14:].strip() for line in text.splitlines()}


def test_real_raw_frame(tmp_path: Path) -> None:
    found = rows(describe_frame(build("2463796o", tmp_path / "2463796o.fits.fz").path))
    assert found["kind"] == "raw frame"
    assert found["exposure"] == "2463796 (OBJECT)"
    assert found["object"] == "2I"
    assert found["filter"] == "r.MP9602"
    assert found["exposure time"].startswith("30.")
    assert found["begin (UTC)"] == "2019-12-04T14:26:18.760"
    assert found["end (UTC)"] == "2019-12-04T14:26:52.530"
    assert found["position"] == "RA 170.431250, Dec -15.177639 deg"
    assert found["runs"].startswith("program 19BD93, camera 19Bm03")
    assert found["CCDs"] == "40: ccd00 to ccd39"
    assert "missing" not in found


def test_partial_and_damaged_frame(tmp_path: Path) -> None:
    path = write_made(tmp_path / "f.fits.fz", made_headers((4, 6, 9), bytepix=2), bytepix=2).path
    os.truncate(path, path.stat().st_size - 20_000)
    found = rows(describe_frame(path))
    assert found["CCDs"] == "2: ccd04, ccd06"
    assert found["missing"] == "34 of 36 CCDs"
    assert "truncated" in found["problem"]
    assert "HDU 3 (ccd09)" in found["problem"]


def test_engineering_frame_without_times(tmp_path: Path) -> None:
    found = rows(describe_frame(build("675258o", tmp_path / "675258o.fits").path))
    assert found["begin (UTC)"] == "unknown"
    assert found["position"] == "none on the sky"
    assert found["filter"] == "none"
    assert found["layout"] == "one amplifier per extension"


def test_master(tmp_path: Path) -> None:
    name = "07Bm06.flat.z.36.02"
    text = describe_frame(build(name, tmp_path / f"{name}.fits.fz").path)
    for part in ("master flat", "z.MP9801", "07Bm06", "02", "36: ccd00 to ccd35"):
        assert part in text


def test_file_that_is_neither(tmp_path: Path) -> None:
    with pytest.raises(NotARawFrame, match="a processed frame"):
        describe_frame(build("979412p", tmp_path / "979412p.fits", keep=(1,)).path)
