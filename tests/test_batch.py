"""Correcting one CCD without a window: configs, requests, what is left behind when something fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from isrcore import batch
from isrcore.batch import IsrFailed, RunRequest, build_config, correct_detector
from isrcore.data.errors import FrameError, MissingCalibration
from isrcore.export.reading import read_exposure
from isrcore.simulate import SimulationRecipe, simulate_raw

NO_CALIBRATIONS = (("value", "doDefect=False"),)


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frame") / "1257365o.fits.fz"
    simulate_raw(SimulationRecipe(filter="i.MP9702", detectors=(3,), others="absent", stars=False), path)
    return path


def quiet(text: str) -> None:
    pass


def test_overrides_apply_from_left_to_right(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text("config.fwhm = 2.5\nconfig.doBias = True\n", "utf-8")
    assert build_config([("file", str(path)), ("value", "fwhm=3.5")]).fwhm == 3.5
    config = build_config([("value", "fwhm=3.5"), ("file", str(path))])
    assert (config.fwhm, config.doBias) == (2.5, True)


def test_config_starts_from_what_cfht_uses() -> None:
    config = build_config()
    assert (config.doBias, config.doSuspect, config.doDefect) == (False, False, True)
    assert list(config.fringe.filters) == ["i.MP9701", "i.MP9702", "z.MP9801"]


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="doApplyGains"):
        build_config([("value", "doFlat=True"), ("value", "doApplyGains=True")])


def test_result_can_be_read_back_and_says_how_it_was_made(frame: Path, tmp_path: Path) -> None:
    output = tmp_path / "folder" / "out.fits"
    said: list[str] = []
    correct_detector(RunRequest(frame, 3, output, overrides=NO_CALIBRATIONS), said.append)
    exposure = read_exposure(output)
    assert exposure.masked_image.shape == (4612, 2048)
    assert exposure.metadata.getScalar("ISRINPUT") == frame.name
    assert exposure.filter_label is not None
    assert exposure.filter_label.physical == "i.MP9702"
    assert any("ISR took" in line for line in said)
    assert list(output.parent.iterdir()) == [output]


def test_a_failing_step_leaves_no_output(frame: Path, tmp_path: Path) -> None:
    request = RunRequest(frame, 3, tmp_path / "out.fits", overrides=(*NO_CALIBRATIONS, ("value", "doCrosstalk=True")))
    said: list[str] = []
    with pytest.raises(IsrFailed, match=r"1257365o.*CCD 3: RuntimeError: .*crosstalk"):
        correct_detector(request, said.append)
    assert any("failed" in line for line in said)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_output(frame: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise FrameError(tmp_path / "out.fits", "the exposure was not written: No space left on device")

    monkeypatch.setattr(batch, "write_exposure", full)
    with pytest.raises(FrameError, match="No space left"):
        correct_detector(RunRequest(frame, 3, tmp_path / "out.fits", overrides=NO_CALIBRATIONS), quiet)
    assert not list(tmp_path.iterdir())


def test_missing_calibrations_are_said_before_anything_runs(frame: Path, tmp_path: Path) -> None:
    request = RunRequest(frame, 3, tmp_path / "out.fits", overrides=(("value", "doFlat=True"),))
    with pytest.raises(ValueError, match=r"doFlat, doDefect need calibrations: .*-c doFlat=False -c doDefect=False"):
        correct_detector(request, quiet)
    calib = tmp_path / "calib"
    calib.mkdir()
    with pytest.raises(MissingCalibration, match=r"flat.*doFlat"):
        correct_detector(RunRequest(frame, 3, tmp_path / "out.fits", calib, request.overrides), quiet)
    with pytest.raises(FrameError, match="no such folder"):
        correct_detector(RunRequest(frame, 3, tmp_path / "out.fits", tmp_path / "nowhere"), quiet)


def test_steps_folder_that_is_a_file(frame: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "steps"
    occupied.write_text("mine", "utf-8")
    request = RunRequest(frame, 3, tmp_path / "out.fits", overrides=NO_CALIBRATIONS, steps_folder=occupied)
    with pytest.raises(FrameError, match="not a folder for the steps"):
        correct_detector(request, quiet)
    assert occupied.read_text("utf-8") == "mine"


def test_detector_that_the_frame_lacks(frame: Path, tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="ccd05"):
        correct_detector(RunRequest(frame, 5, tmp_path / "out.fits", overrides=NO_CALIBRATIONS), quiet)


def test_calibrations_can_be_named_one_by_one(frame: Path, tmp_path: Path) -> None:
    """A folder is not needed when every step that is on has its file; what no step takes is said, not read."""
    defects = tmp_path / "boxes.txt"
    defects.write_text("0 0 2048 1\n0 4611 2048 1\n100 200 3 2\n", "utf-8")
    said: list[str] = []
    request = RunRequest(frame, 3, tmp_path / "out.fits", defects=defects, picks={"flat": "/no/flat.fits"})
    correct_detector(request, said.append)
    exposure = read_exposure(request.output)
    assert exposure.mask.has("BAD")[200:202, 100:103].all()
    assert not exposure.mask.has("BAD")[1000:1100].any()
    assert any(line.startswith("defects   boxes.txt: chosen by you; text boxes") for line in said)
    assert "flat      not used: doFlat is off, or the filter of the frame needs none" in said


@pytest.mark.parametrize(
    ("picks", "defects", "message"),
    [
        ({"sky": "a.fits"}, None, "expected KIND=FILE with one of bias, dark, flat, fringe, defects, found sky"),
        ({"defects": "a.fits"}, Path("b.reg"), "both name a defect map"),
        ({"bias": "a.fits"}, None, "doDefect need calibrations"),
        ({"defects": "no.fits"}, None, "no.fits"),
    ],
)
def test_named_calibrations_that_cannot_be_used(
    frame: Path, tmp_path: Path, picks: dict[str, str], defects: Path | None, message: str
) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        correct_detector(RunRequest(frame, 3, tmp_path / "out.fits", picks=picks, defects=defects), quiet)
    assert not (tmp_path / "out.fits").exists()


def test_a_kind_without_a_file_goes_without_it(frame: Path, tmp_path: Path) -> None:
    request = RunRequest(frame, 3, tmp_path / "out.fits", picks={"defects": ""})
    with pytest.raises(IsrFailed, match="defect list"):
        correct_detector(request, quiet)
