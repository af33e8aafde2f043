"""The `isrcore` command, end to end: a frame with known truth is made, described, corrected; the truth comes back."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from isrcore.cli import main
from isrcore.simulate import Truth

CCD = 12
IMAGING = (slice(0, 4612), slice(32, 2080))
"""The imaging pixels in a raw frame, as DATASEC states them."""

STEPS_ON = ("-c", "doBias=True", "-c", "doDark=True", "-c", "doFlat=True")


@dataclass
class Night:
    """A simulated frame, its calibrations and its truth."""

    frame: Path
    calib: Path
    truth: Truth


def isrcore(*words: object) -> int:
    """Run the command as the shell does, bad usage included."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return int(str(stop.code))


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """One realistic CCD in a file of 36, without stars and cosmic rays, so that the sky is all there is."""
    folder = tmp_path_factory.mktemp("night")
    frame, calib, truth = folder / "1257365o.fits.fz", folder / "calib", folder / "truth.npz"
    options = ("--filter", "r.MP9601", "--exptime", 300, "--seed", 7, "--detectors", CCD, "--no-stars")
    assert isrcore("simulate", frame, *options, "--no-cosmic-rays", "--calib", calib, "--truth", truth) == 0
    return Night(frame, calib, Truth.load(truth))


@dataclass
class Corrected:
    """What ``isrcore run`` wrote and said."""

    image: np.ndarray[Any, Any]
    mask: np.ndarray[Any, Any]
    variance: np.ndarray[Any, Any]
    planes: dict[str, int]
    header: fits.Header
    text: str
    path: Path

    def has(self, plane: str) -> np.ndarray[Any, Any]:
        return (self.mask & (1 << self.planes[plane])) != 0


@pytest.fixture(scope="module")
def corrected(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Corrected:
    path = tmp_path_factory.mktemp("out") / "out.fits"
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = isrcore("run", night.frame, "--detector", CCD, "--calib", night.calib, *STEPS_ON, "-o", path)
    assert code == 0
    with fits.open(path, memmap=False) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus[:4]] == ["PRIMARY", "IMAGE", "MASK", "VARIANCE"]
        planes = {key[3:]: value for key, value in hdus["MASK"].header.items() if key.startswith("MP_")}
        arrays = [
            np.array(hdus[name].data, order="C").astype(hdus[name].data.dtype.newbyteorder("=")) for name in (1, 2, 3)
        ]
        return Corrected(*arrays, planes, hdus[0].header.copy(), said.getvalue(), path)


def test_info(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    assert isrcore("info", night.frame) == 0
    rows = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    rows = {name: text.strip() for name, text in rows.items()}
    assert rows["kind"] == "raw frame"
    assert rows["filter"] == "r.MP9601"
    assert rows["CCDs"] == "36: ccd00 to ccd35"
    assert rows["exposure"].startswith("1257365")


def test_info_of_a_master(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    (flat,) = night.calib.glob("*.flat.*")
    assert isrcore("info", flat) == 0
    assert "used as" in capsys.readouterr().out


def test_files_are_what_astropy_expects(corrected: Corrected) -> None:
    assert corrected.image.shape == corrected.mask.shape == corrected.variance.shape == (4612, 2048)
    assert corrected.image.dtype == np.float32
    assert corrected.mask.dtype == np.int32
    assert corrected.header["ISRSTEP"] == "postISRCCD"
    assert corrected.header["ISRINPUT"] == "1257365o.fits.fz"
    assert np.isfinite(corrected.image).all()


def test_defects_are_flagged_exactly_where_they_are(night: Night, corrected: Corrected) -> None:
    raw = np.zeros((4644, 2112), bool)
    for defect in night.truth.ccds[CCD].defects:
        raw[defect.box.slices()] = True
    injected = raw[IMAGING]
    assert injected.sum() > 10000
    # The Elixir mask also has the first and the last row of every CCD.
    injected[[0, -1]] = True
    assert np.array_equal(corrected.has("BAD"), injected)


def test_sky_and_noise_come_back(night: Night, corrected: Corrected) -> None:
    """In every tile of the flat-fielded sky: the level within 0.5 %, the noise within 3 % of photons and read-out."""
    truth = night.truth.ccds[CCD]
    unusable = corrected.mask != 0
    unusable[truth.hot_pixels["y"], truth.hot_pixels["x"]] = True
    (flat_path,) = night.calib.glob("*.flat.*")
    with fits.open(flat_path) as hdus:
        response = hdus[f"ccd{CCD:02d}"].data[IMAGING]
    ratios: dict[int, list[float]] = {0: [], 1: []}
    size = 256
    for y in range(0, 4612 - size, size):
        for x in range(0, 2048, size):
            tile = (slice(y, y + size), slice(x, x + size))
            good = ~unusable[tile]
            image = corrected.image[tile][good].astype(np.float64)
            sky = truth.sky["level"] * (
                1 + truth.sky["slope_x"] * (x + size / 2 - 1024) + truth.sky["slope_y"] * (y + size / 2 - 2306)
            )
            assert np.median(image) == pytest.approx(sky, rel=0.005)
            amplifier = int(x >= 1024)
            expected = truth.expected_noise(float(np.mean(image)), float(np.median(response[tile][good])))[amplifier]
            ratios[amplifier].append(float(np.std(image)) / expected)
    for found in ratios.values():
        assert found == pytest.approx([1.0] * len(found), abs=0.03)


def test_variance_tells_the_noise(corrected: Corrected) -> None:
    """The variance plane agrees with the scatter of the pixels that it describes."""
    tile = (slice(1000, 1256), slice(300, 556))
    good = corrected.mask[tile] == 0
    ratio = np.var(corrected.image[tile][good], dtype=np.float64) / np.median(corrected.variance[tile][good])
    # The variance uses the header's gains, which the simulator states with an error, and the read noise in electrons.
    assert ratio == pytest.approx(1.0, abs=0.25)


def test_what_is_said(corrected: Corrected) -> None:
    lines = corrected.text.splitlines()
    for kind in ("bias", "dark", "flat", "defects"):
        assert any(line.startswith(kind) for line in lines), kind
    steps = [line for line in lines if "/37 " in line]
    assert len(steps) == 37
    assert any("BAD +" in line for line in steps)
    assert any("skipped: doFringe is off" in line for line in steps)
    assert lines[-1].startswith(f"wrote {corrected.path}")


@pytest.fixture
def small_run(night: Night, tmp_path: Path) -> Callable[..., tuple[int, Path]]:
    """``isrcore run`` without calibrations."""

    def run(*words: object, output: str = "out.fits") -> tuple[int, Path]:
        path = tmp_path / output
        return isrcore("run", night.frame, "--detector", CCD, "-o", path, "-c", "doDefect=False", *words), path

    return run


def test_the_last_override_wins(small_run: Callable[..., tuple[int, Path]], tmp_path: Path) -> None:
    overrides = tmp_path / "my.py"
    overrides.write_text("config.doOverscan = False\n", "utf-8")
    for words, overscan in (
        (("-C", overrides, "-c", "doOverscan=True"), True),
        (("-c", "doOverscan=True", "-C", overrides), False),
    ):
        code, path = small_run(*words, "--overwrite", "-q")
        assert code == 0
        with fits.open(path) as hdus:
            assert ("OVERSCAN" in hdus[0].header) is overscan


def test_steps_folder_and_existing_outputs(
    small_run: Callable[..., tuple[int, Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = tmp_path / "steps"
    code, path = small_run("--steps-dir", steps, "-c", "doInterpolate=False", "-c", "doSetBadRegions=False")
    assert code == 0
    names = sorted(file.name for file in steps.iterdir())
    assert names[0] == "00-cfhtDetector.fits"
    assert names[-1] == "36-postISRCCD.fits"
    with fits.open(steps / "05-overscanCorrection.fits") as hdus:
        assert hdus["IMAGE"].shape == (4644, 2112)
        assert hdus[0].header["ISRSTEP"] == "overscanCorrection"
    before = path.stat().st_mtime_ns
    capsys.readouterr()
    for words, message in ((), "out.fits"), (("--steps-dir", steps), "out.fits"):
        assert small_run(*words)[0] == 2
        assert message in one_line(capsys)
    assert small_run("--steps-dir", steps, output="other.fits")[0] == 2
    assert "is not empty" in one_line(capsys)
    assert path.stat().st_mtime_ns == before
    assert not (tmp_path / "other.fits").exists()


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("isrcore: ")
    return lines[0]


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (("-c", "doFoo=True"), ("doFoo", "no field")),
        (("-c", "doOverscan=perhaps"), ("doOverscan", "perhaps")),
        (("-c", "doOverscan"), ("doOverscan", "=")),
        (("-C", "nothing.py"), ("nothing.py",)),
        (("-c", "doBias=True"), ("doBias", "--calib")),
        (("-c", "overscan.fitType=WAVELET"), ("overscan.fitType", "WAVELET")),
        (("--calib", "no/such/folder"), ("no/such/folder",)),
        (("--detector", "38"), ("ccd38",)),
    ],
)
def test_bad_usage(
    small_run: Callable[..., tuple[int, Path]],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    messages: tuple[str, ...],
) -> None:
    code, path = small_run(*words)
    assert code == 2
    line = one_line(capsys)
    assert all(message in line for message in messages), line
    assert not path.exists()


def test_contradicting_options(small_run: Callable[..., tuple[int, Path]], capsys: pytest.CaptureFixture[str]) -> None:
    code, path = small_run("-c", "doFlat=True", "-c", "doApplyGains=True")
    assert code == 2
    assert "doApplyGains" in one_line(capsys)
    assert not path.exists()


def test_override_with_code_is_refused(
    small_run: Callable[..., tuple[int, Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = tmp_path / "evil.py"
    overrides.write_text("config.doBias = False\nimport os; os.remove('x')\n", "utf-8")
    assert small_run("-C", overrides)[0] == 2
    line = one_line(capsys)
    assert "evil.py" in line
    assert "line 2" in line


def test_output_name_is_checked_before_anything_runs(
    small_run: Callable[..., tuple[int, Path]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert small_run(output="out.txt")[0] == 2
    assert ".fits" in one_line(capsys)


@pytest.mark.parametrize("content", [b"", b"not FITS at all", b"SIMPLE  =                    T" + b" " * 50])
def test_broken_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    broken = tmp_path / "broken.fits"
    broken.write_bytes(content)
    for words in (
        ("info", broken),
        ("run", broken, "--detector", 0, "-c", "doDefect=False", "-o", tmp_path / "o.fits"),
    ):
        assert isrcore(*words) == 2
        assert "broken.fits" in one_line(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.fits"]


def test_missing_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("info", tmp_path / "no.fits"),
        ("run", tmp_path / "no.fits", "--detector", 0, "-o", tmp_path / "o.fits"),
    ):
        assert isrcore(*words) == 2
        assert one_line(capsys)


def test_a_failing_step_gives_exit_code_1(
    small_run: Callable[..., tuple[int, Path]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, path = small_run("-c", "doCrosstalk=True")
    assert code == 1
    line = one_line(capsys)
    assert "CCD 12" in line
    assert "crosstalk" in line
    assert not path.exists()


@pytest.mark.parametrize(
    "words", [(), ("run",), ("run", "x.fits"), ("dance",), ("run", "x.fits", "--detector", "twelve", "-o", "y")]
)
def test_bad_words(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert isrcore(*words) == 2
    assert "usage: isrcore" in capsys.readouterr().err
