"""The simulate command and the demo."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from astropy.io import fits

from isrcore.simulate import Truth, demo, simulate_demo
from isrcore.simulate.command import add_arguments, run


def simulate(*words: object) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(word) for word in words]))


def test_frame_calibrations_and_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame, truth, calib = tmp_path / "1257365o.fits.fz", tmp_path / "t.npz", tmp_path / "calib"
    options = ("--filter", "z.MP9801", "--exptime", 20, "--seed", 5, "--detectors", "12,13", "--no-stars")
    assert simulate(frame, *options, "--calib", calib, "--truth", truth) == 0
    out = capsys.readouterr().out
    assert "ccd12\nccd13\n" in out
    assert "10Bm03.fringe.z.36.00.fits.fz: fringe" in out
    with fits.open(frame) as hdus:
        assert len(hdus) == 37
        assert hdus[13].header["FILTER"] == "z.MP9801"
    loaded = Truth.load(truth)
    assert sorted(loaded.ccds) == [12, 13]
    assert loaded.ccds[12].sources.size == 0
    assert (loaded.recipe.seed, loaded.recipe.exposure_time) == (5, 20.0)
    assert len(list(calib.iterdir())) == 5


def test_recipe_file_and_options(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"obs_type": "BIAS", "detectors": [0], "others": "absent", "seed": 3}), "utf-8")
    truth = tmp_path / "t.json"
    assert (
        simulate(tmp_path / "x.fits.fz", "--recipe", recipe, "--seed", 4, "--compression", "rice4", "--truth", truth)
        == 0
    )
    stored = json.loads(truth.read_text("utf-8"))["recipe"]
    assert (stored["obs_type"], stored["seed"], stored["compression"]) == ("BIAS", 4, "rice4")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("x.fts", (), "must be named *.fits.fz"),
        ("x.fits", ("--compression", "rice2"), "does not fit compression 'rice2'"),
        ("x.fits.fz", ("--detectors", "a"), "--detectors must be 'all' or numbers"),
        ("x.fits.fz", ("--detectors", "40"), "different CCD numbers from 0 to 35"),
        ("x.fits.fz", ("--truth", "t.csv"), "must be named *.npz or *.json"),
        ("x.fits.fz", ("--recipe", "missing.json"), "missing.json"),
        ("old.fits.fz", (), "exists; give --overwrite"),
    ],
)
def test_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "old.fits.fz").write_bytes(b"old")
    assert simulate(tmp_path / name, *options) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.fits.fz"]


@pytest.mark.parametrize(("text", "message"), [("{", "not a JSON file"), ("[1]", "expected a JSON object")])
def test_bad_recipe_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(text, "utf-8")
    assert simulate(tmp_path / "x.fits.fz", "--recipe", recipe) == 2
    assert message in capsys.readouterr().err


def test_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(tmp_path / "none" / "x.fits.fz", "--others", "absent") == 1
    assert "none" in capsys.readouterr().err


def test_demo_is_made_once_and_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = simulate_demo(tmp_path / "demo")
    stamps = {path: path.stat().st_mtime_ns for path in (made.frame, *made.calibrations.iterdir(), made.truth)}
    assert len(stamps) == 7
    assert sorted(Truth.load(made.truth).ccds) == [12, 20]
    with fits.open(made.frame) as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["ccd12", "ccd20"]
    assert simulate_demo(tmp_path / "demo") == made
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    monkeypatch.setattr(demo, "SIMULATOR_VERSION", demo.SIMULATOR_VERSION + 1)
    simulate_demo(tmp_path / "demo")
    assert all(path.stat().st_mtime_ns > before for path, before in stamps.items())


@pytest.fixture
def quick_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A demo of empty files, and a cache folder that cannot be made; returns the folder for temporary files."""

    class Made:
        def save(self, path: Path) -> None:
            path.write_bytes(b"")

    def make_frame(recipe: object, path: Path, on_part: object) -> Made:
        path.write_bytes(b"")
        return Made()

    (tmp_path / "file").write_text("in the way")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(demo.platformdirs, "user_cache_path", lambda name: tmp_path / "file" / name)
    monkeypatch.setattr(demo.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(demo, "simulate_raw", make_frame)
    monkeypatch.setattr(demo, "simulate_calibrations", lambda recipe, folder, on_part: folder.mkdir(exist_ok=True))
    return tmp_path / "temporary"


def test_where_the_cache_cannot_be_written_the_demo_is_kept_in_a_folder_for_temporary_files(
    quick_demo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    made = simulate_demo()
    assert made.frame.parent.parent == quick_demo
    assert made.frame.parent.stat().st_mode & 0o077 == 0
    assert f"cannot be written (Not a directory); the demo goes to {made.frame.parent}" in caplog.text
    assert f"making the demo frame and its calibrations in {made.frame.parent}" in caplog.text
    caplog.clear()
    assert simulate_demo() == made
    assert "making" not in caplog.text, "it is made once"


def test_a_folder_that_others_may_write_to_is_not_trusted(quick_demo: Path) -> None:
    first = simulate_demo().frame.parent
    first.chmod(0o777)
    second = simulate_demo().frame.parent
    assert second != first
    assert second.parent == quick_demo


def test_a_folder_that_is_named_is_the_only_one_tried(quick_demo: Path, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        simulate_demo(tmp_path / "file" / "demo")
    assert not list(quick_demo.iterdir())
