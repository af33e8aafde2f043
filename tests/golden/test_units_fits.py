"""Overscan, interpolators, linearity, brighter-fatter and fringes against recorded values of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isrcore.calib.linearity import FUNCTORS
from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage
from isrcore.kernels.interpolate1d import make_interpolator
from isrcore.steps.brighter_fatter import brighter_fatter_correction
from isrcore.steps.fringe import FringeConfig, FringeTask
from isrcore.steps.overscan import OverscanCorrectionTask, OverscanCorrectionTaskConfig, overscan_correction
from tests.golden.units import Case, Unit, assert_pixels

INTERPOLATE = Unit("interpolate1d")


@INTERPOLATE.cases()
def test_interpolators(case: Case) -> None:
    n, style = case["n"], case["style"]
    x, y = INTERPOLATE.array(f"x{n}"), INTERPOLATE.array(f"y{n}")
    if "exception" in case:
        with pytest.raises(ValueError, match="needs at least"):
            make_interpolator(x, y, style)
        return
    found = make_interpolator(x, y, style)(INTERPOLATE.array(f"xe{n}"))
    np.testing.assert_allclose(found, INTERPOLATE.array(f"out{n}_{style}"), rtol=1e-9, atol=1e-12)


OVERSCAN = Unit("overscan")


@OVERSCAN.cases(lambda case: not case.get("legacy"))
def test_overscan(case: Case) -> None:
    size = "x".join(map(str, case["shape"]))
    data, pixels, mask = OVERSCAN.array(f"amp_{size}"), OVERSCAN.array(f"osc_{size}"), OVERSCAN.mask(f"mask_{size}")
    overscan: Any = MaskedImage(pixels, mask if case["kind"] == "masked" else None)
    if case["kind"] == "image":
        overscan = pixels
    config = OverscanCorrectionTaskConfig()
    config.fitType, config.order, config.numSigmaClip = case["fitType"], case["order"], case["numSigmaClip"]
    task = OverscanCorrectionTask(config=config)
    if "exception" in case:
        with pytest.raises(ValueError):
            task.run(data, overscan)
        return
    result = task.run(data, overscan)
    if "fit" in case:
        assert result.imageFit == result.overscanFit == pytest.approx(case["fit"], rel=1e-5)
    else:
        fit = result.imageFit[:, 0] if case["fitAxis"] == "rows" else result.imageFit[0]
        assert_pixels(fit, OVERSCAN.array(f"{case['key']}.fit"))
        diagonal = np.diagonal(result.imageFit)[: min(case["shape"])]
        np.testing.assert_array_equal(np.diagonal(result.overscanFit), diagonal)
    np.testing.assert_allclose([pixels.mean(), pixels.std()], case["oscAfterMeanStd"], rtol=1e-5, atol=1e-3)
    assert data.sum(dtype=np.float64) == pytest.approx(case["ampAfterSum"], rel=1e-6, nan_ok=True)


@OVERSCAN.cases(lambda case: case.get("legacy", False))
def test_stand_alone_overscan(case: Case) -> None:
    data = MaskedImage(OVERSCAN.array("amp_60x12"))
    overscan = MaskedImage(OVERSCAN.array("osc_60x12"))
    overscan_correction(data, overscan, case["fitType"], case["order"], case["collapseRej"])
    assert_pixels(data.image, OVERSCAN.array(f"{case['key']}.amp"))
    assert_pixels(overscan.image, OVERSCAN.array(f"{case['key']}.osc"))


LINEARIZE = Unit("linearize")


@LINEARIZE.cases(lambda case: "offset" in case)
def test_look_up_table(case: Case) -> None:
    image = LINEARIZE.array("image")
    table = LINEARIZE.array("table")[None, :]
    coefficients = np.array([0.0, case["offset"]])
    success, out_of_range = FUNCTORS["LookupTable"](image, coefficients, table)
    assert success
    assert out_of_range == case["numOutOfRange"]
    assert_pixels(image, LINEARIZE.array(case["key"]))


@LINEARIZE.cases(lambda case: "linearizer" in case)
def test_linearity_functions(case: Case) -> None:
    image = LINEARIZE.array("image2")
    name = case["linearizer"].removesuffix("0").removesuffix("Nan")
    result = FUNCTORS[name](image, np.array(case["coeffs"]), None)
    assert list(result) == case["result"]
    assert_pixels(image, LINEARIZE.array(f"lin_{case['linearizer']}"))


BRIGHTER_FATTER = Unit("brighterfatter")


def two_amplifiers(image: np.ndarray, gains: list[float]) -> Exposure:
    """An assembled exposure with two amplifiers side by side."""
    height, width = image.shape
    boxes = (Box(0, 0, width // 2, height), Box(width // 2, 0, width - width // 2, height))
    amps = tuple(Amplifier(name, box, box, box, gain=gain) for name, box, gain in zip("AB", boxes, gains, strict=True))
    return Exposure(MaskedImage(image), detector=Detector("ccd00", 0, "", Box(0, 0, width, height), amps))


@BRIGHTER_FATTER.cases()
def test_brighter_fatter(case: Case) -> None:
    exposure = two_amplifiers(BRIGHTER_FATTER.array("image"), case["gains"])
    kernel = BRIGHTER_FATTER.array(case["kernel"])
    difference, iteration = brighter_fatter_correction(
        exposure, kernel, case["maxIter"], case["threshold"], case["applyGain"]
    )
    assert iteration == case["iteration"]
    assert_pixels(exposure.image, BRIGHTER_FATTER.array(case["key"]))
    # Thousands of changes in the last digit of single precision add up to a few hundredths.
    assert difference == pytest.approx(case["diff"], rel=1e-5, abs=0.05)


FRINGE = Unit("fringe")


def fringe_exposure(image: str, mask: str | None = None, variance: float = 0.0) -> Exposure:
    pixels = FRINGE.array(image)
    planes = FRINGE.mask(mask) if mask else Mask.zeros(pixels.shape)
    masked_image = MaskedImage(pixels, planes, np.full(pixels.shape, variance, np.float32))
    return Exposure(masked_image, filter_label=FilterLabel("i.MP9701", "i"))


def fringe_task(case: Case) -> FringeTask:
    config = FringeConfig()
    config.filters = ["i.MP9701"]
    config.pedestal = case["pedestal"]
    config.num, config.small, config.large = case["num"], case["small"], case["large"]
    return FringeTask(config=config)


@FRINGE.cases(lambda case: "pedestal" in case)
def test_fringe(case: Case) -> None:
    task, key = fringe_task(case), case["key"]
    science = fringe_exposure("sky", "skymask", variance=100.0)
    frames = [fringe_exposure(f"f{n}", variance=1e-3) for n in range(case["n"])]
    before = [frame.clone() for frame in frames]

    positions = task.generatePositions(science, np.random.RandomState(case["seed"]))
    np.testing.assert_array_equal(positions, FRINGE.array(f"{key}.positions"))
    measured = task.measureExposure(science, positions)
    np.testing.assert_allclose(measured, FRINGE.array(f"{key}.science"), rtol=2e-6, atol=1e-3)

    solution, rms = task.run(science, frames, seed=case["seed"])
    np.testing.assert_allclose(solution, case["solution"], rtol=1e-5)
    assert rms == pytest.approx(case["rms"], rel=1e-5)
    assert_pixels(science.image, FRINGE.array(f"{key}.out.image"))
    np.testing.assert_array_equal(science.mask.array, FRINGE.array(f"{key}.out.mask"))
    np.testing.assert_allclose(science.variance, FRINGE.array(f"{key}.out.variance"), rtol=1e-5)
    for frame, copy in zip(frames, before, strict=True):
        np.testing.assert_array_equal(frame.image, copy.image)
        np.testing.assert_array_equal(frame.mask.array, copy.mask.array)


@FRINGE.cases(lambda case: case.get("n") == 2)
def test_fringe_fluxes(case: Case) -> None:
    """Levels of the fringe frames, which reject what the science frame rejects."""
    task, fluxes = fringe_task(case), FRINGE.array(f"{case['key']}.fluxes")
    for n, column in enumerate(fluxes.T):
        frame = fringe_exposure(f"f{n}", "skymask")
        positions = FRINGE.array(f"{case['key']}.positions")
        np.testing.assert_allclose(task.measureExposure(frame, positions), column, rtol=2e-6, atol=1e-3)


@FRINGE.cases(lambda case: case["key"].startswith("solve"))
def test_fringe_solution(case: Case) -> None:
    key = case["key"]
    solution, rms = FringeTask().solve(FRINGE.array(f"{key}.science"), FRINGE.array(f"{key}.fringes"))
    np.testing.assert_allclose(solution, case["solution"], rtol=1e-5)
    assert rms == pytest.approx(case["rms"], rel=1e-5, nan_ok=True)
