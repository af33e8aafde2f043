"""Crosstalk: what is subtracted where, what is flagged, and which coefficients count."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.camera import Amplifier, Camera, Detector, ReadoutCorner
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.steps.crosstalk import CROSSTALK, EARLY_CROSSTALK, CrosstalkConfig, CrosstalkTask, NullCrosstalkTask
from isrcore.steps.crosstalk import subtract_crosstalk as subtract
from isrcore.steps.step import IsrState

HEIGHT, HALF = 8, 10
A_TO_B = [[0.0, 0.01], [0.0, 0.0]]
"""Row = source: 1 % of A appears in B."""


def detector(corner_b: ReadoutCorner = ReadoutCorner.LR, name: str = "ccd00", number: int = 0) -> Detector:
    boxes = Box(0, 0, HALF, HEIGHT), Box(HALF, 0, HALF, HEIGHT)
    corners = ReadoutCorner.LL, corner_b
    amps = tuple(Amplifier(n, b, b, b, readout_corner=c) for n, b, c in zip("AB", boxes, corners, strict=True))
    return Detector(name, number, "", Box(0, 0, 2 * HALF, HEIGHT), amps)


def star(corner_b: ReadoutCorner = ReadoutCorner.LR) -> Exposure:
    """A bright pixel in amplifier A at x = 2, y = 3, 50 ADU everywhere else."""
    pixels = MaskedImage(np.full((HEIGHT, 2 * HALF), 50.0, np.float32), None, np.ones((HEIGHT, 2 * HALF), np.float32))
    pixels.image[3, 2] = 60000.0
    return Exposure(pixels, detector=detector(corner_b))


@pytest.mark.parametrize(
    ("corner", "x", "y"),
    [
        (ReadoutCorner.LR, HALF + HALF - 1 - 2, 3),
        (ReadoutCorner.LL, HALF + 2, 3),
        (ReadoutCorner.UL, HALF + 2, HEIGHT - 1 - 3),
        (ReadoutCorner.UR, HALF + HALF - 1 - 2, HEIGHT - 1 - 3),
    ],
)
def test_ghost_is_mirrored_like_the_readout(corner: ReadoutCorner, x: int, y: int) -> None:
    data = star(corner)
    subtract(data, A_TO_B, is_trimmed=True)
    assert data.image[y, x] == pytest.approx(50.0 - 600.0)
    assert np.count_nonzero(data.image[:, HALF:] != np.float32(49.5)) == 1
    assert (data.image[:, :HALF] == star().image[:, :HALF]).all()
    assert np.argwhere(data.mask.has("CROSSTALK")).tolist() == [[y, x]]
    np.testing.assert_allclose(data.variance[:, HALF:], 1.0 + 0.01**2)
    assert (data.variance[:, :HALF] == 1.0).all()


@pytest.mark.parametrize(("method", "background"), [("None", 0.0), ("AMP", 50.0), ("DETECTOR", 50.0)])
def test_background_is_taken_off_the_template(method: str, background: float) -> None:
    data = star()
    subtract(data, A_TO_B, is_trimmed=True, background_method=method)
    assert data.image[0, HALF] == pytest.approx(50.0 - 0.01 * (50.0 - background))


def test_threshold_is_above_the_background_and_inclusive() -> None:
    data = star()
    subtract(data, A_TO_B, is_trimmed=True, min_pixel_to_mask=60000.0 - 50.0)
    assert data.mask.has("CROSSTALK").sum() == 1
    data = star()
    subtract(data, A_TO_B, is_trimmed=True, min_pixel_to_mask=60000.0 - 49.0)
    assert data.mask.has("CROSSTALK").sum() == 0


def test_old_flags_are_wiped_and_others_do_not_travel() -> None:
    data = star()
    data.mask.planes.add("CROSSTALK")
    data.mask.set_box(Box(0, 0, 2, 2), ["CROSSTALK", "SAT"])
    subtract(data, A_TO_B, is_trimmed=True, min_pixel_to_mask=1e6)
    assert not data.mask.has("CROSSTALK")[0:2, 0:2].any()
    assert data.mask.has("SAT").sum() == 4


def test_bad_pixels_do_not_count_for_the_background() -> None:
    data = star()
    data.image[:, :HALF] = 1000.0
    data.mask.set_box(Box(0, 0, HALF, HEIGHT), "BAD")
    data.mask.set_box(Box(HALF, 0, 1, HEIGHT), "BAD")
    subtract(data, A_TO_B, is_trimmed=True, min_pixel_to_mask=900.0)
    assert data.mask.has("CROSSTALK")[:, HALF:].all()


def test_wrong_matrix() -> None:
    with pytest.raises(RuntimeError, match=r"must be 2 x 2 .* found a matrix 3 x 3"):
        subtract(star(), np.eye(3), is_trimmed=True)


def task(**settings: Any) -> CrosstalkTask:
    config = CrosstalkConfig()
    config.update(**settings)
    return CrosstalkTask(config=config)


def test_task_takes_the_configured_coefficients() -> None:
    found, expected = star(), star()
    task(crosstalkValues=[0.0, 0.01, 0.0, 0.0]).run(found, isTrimmed=True)
    subtract(expected, A_TO_B, is_trimmed=True)
    np.testing.assert_array_equal(found.image, expected.image)


def test_task_without_coefficients() -> None:
    with pytest.raises(RuntimeError, match=r"no crosstalk coefficients.*crosstalkValues"):
        task().run(star(), isTrimmed=True)


def test_task_with_a_calibration_of_another_detector() -> None:
    calib = CrosstalkCalib().fromDetector(detector().with_amplifiers(detector().amplifiers[:1]), coeffVector=[0.5])
    with pytest.raises(RuntimeError, match="is for 1 amplifiers, ccd00 has 2"):
        task().run(star(), crosstalk=calib, isTrimmed=True)


def calibration_with(name: str) -> CrosstalkCalib:
    calib = CrosstalkCalib().fromDetector(detector(), coeffVector=[0.0, 0.01, 0.0, 0.0])
    calib.interChip[name] = np.asarray(A_TO_B)
    return calib


class Handle:
    """What Gen3 hands over instead of an exposure."""

    def __init__(self, exposure: Exposure, number: int) -> None:
        self.exposure, self.dataId = exposure, {"detector": number}

    def get(self) -> Exposure:
        return self.exposure


@pytest.mark.parametrize("deferred", [False, True])
def test_other_detectors(deferred: bool) -> None:
    """The template is taken from the exposure itself also for another detector, as in the reference."""
    other = star()
    other.detector = detector(name="ccd05", number=5)
    source: Any = Handle(other, 5) if deferred else other
    found, expected = star(), star()
    camera = Camera("MegaPrime", [detector(), detector(name="ccd05", number=5)])
    task().run(found, crosstalk=calibration_with("ccd05"), crosstalkSources=[source], isTrimmed=True, camera=camera)
    for _ in range(2):
        subtract(expected, A_TO_B, source=expected, is_trimmed=True)
    np.testing.assert_allclose(found.image, expected.image)


def test_other_detectors_that_are_missing(caplog: pytest.LogCaptureFixture) -> None:
    task().run(star(), crosstalk=calibration_with("ccd05"), isTrimmed=True)
    assert "no other CCD was given" in caplog.text
    task().run(star(), crosstalk=calibration_with("ccd05"), crosstalkSources=[star()], isTrimmed=True)
    assert "Crosstalk from detector ccd05 is not corrected" in caplog.text
    with pytest.raises(RuntimeError, match="must be exposures or deferred handles, found str"):
        task().run(star(), crosstalk=calibration_with("ccd05"), crosstalkSources=["x"], isTrimmed=True)


def test_null_task_changes_nothing() -> None:
    data = star()
    NullCrosstalkTask().run(data)
    np.testing.assert_array_equal(data.image, star().image)


def test_coefficients_of_the_config() -> None:
    config = CrosstalkConfig()
    assert not config.hasCrosstalk(detector())
    with pytest.raises(RuntimeError, match="there are no crosstalk coefficients"):
        config.getCrosstalk(detector())
    config.update(useConfigCoefficients=True, crosstalkValues=[0.0, 1.0, 2.0, 0.0], crosstalkShape=[2, 2])
    assert config.hasCrosstalk()
    np.testing.assert_array_equal(config.getCrosstalk(detector()), [[0.0, 1.0], [2.0, 0.0]])
    config.crosstalkShape = [4, 1]
    with pytest.raises(RuntimeError, match=r"must be \[2, 2\] for the amplifiers of ccd00, found \[4, 1\]"):
        config.getCrosstalk(detector())


def test_runs_once_early_or_late() -> None:
    state = IsrState(star(), SimpleNamespace())  # type: ignore[arg-type]
    for on, early, expected in (
        (True, False, (False, True)),
        (True, True, (True, False)),
        (False, True, (False, False)),
    ):
        config = SimpleNamespace(doCrosstalk=on, doCrosstalkBeforeAssemble=early)
        isr = SimpleNamespace(config=config, crosstalk=CrosstalkTask())
        assert tuple(step.why_not(isr, state) is None for step in (EARLY_CROSSTALK, CROSSTALK)) == expected


@pytest.mark.parametrize("early", [False, True])
def test_nothing_is_said_to_be_removed_by_a_task_that_removes_nothing(early: bool) -> None:
    state = IsrState(star(), SimpleNamespace())  # type: ignore[arg-type]
    config = SimpleNamespace(doCrosstalk=True, doCrosstalkBeforeAssemble=early)
    isr = SimpleNamespace(config=config, crosstalk=NullCrosstalkTask())
    nothing = "NullCrosstalkTask removes no crosstalk"
    other = f"doCrosstalkBeforeAssemble is {'on: left to the step early crosstalk' if early else 'off'}"
    reasons = (nothing, other) if early else (other, nothing)
    assert tuple(step.why_not(isr, state) for step in (EARLY_CROSSTALK, CROSSTALK)) == reasons
