"""Arithmetic of masked images and the calibration-frame corrections against recorded values of the reference."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, MaskPlanes, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.steps.assemble import assemble_ccd
from isrcore.steps.bias import bias_correction
from isrcore.steps.calibration_frame import trim_to_match_calib
from isrcore.steps.convert import convert_int_to_float
from isrcore.steps.dark import dark_correction
from isrcore.steps.flat import flat_correction
from isrcore.steps.gains import apply_gains
from isrcore.steps.illumination import illumination_correction
from isrcore.steps.zero_point import rough_zero_point
from tests.shared_data import shared_path


def load(topic: str) -> tuple[dict[str, Any], Any]:
    """Arrays and description of one unit file; skips where the golden folder is absent."""
    name = f"unit_{topic}.npz"
    folder = os.environ.get("ISR_GOLDEN_DIR")
    path = Path(folder) / name if folder else shared_path("golden", name)
    if not path.exists():
        pytest.skip(f"needs the golden cases: {path} does not exist (set ISR_GOLDEN_DIR to the folder)")
    arrays = np.load(path)
    return json.loads(str(arrays["meta"])), arrays


def cases(*names: str) -> Any:
    """Parametrize by names of recorded cases; the label begins with the topic of the file."""
    return pytest.mark.parametrize("name", names, ids=[f"arithmetic/{name}" for name in names])


@pytest.fixture(scope="module")
def unit() -> Unit:
    return Unit()


class Unit:
    """The recorded cases by name, and fresh copies of their inputs."""

    def __init__(self) -> None:
        meta, self.arrays = load("arithmetic")
        self.cases = {case["name"]: case for case in meta["cases"]}
        self.bits = meta["maskBits"]

    def masked_image(self, prefix: str = "") -> MaskedImage:
        planes = MaskPlanes(self.bits)
        mask = Mask(self.arrays[f"{prefix}mask"].copy(), planes)
        return MaskedImage(self.arrays[f"{prefix}image"].copy(), mask, self.arrays[f"{prefix}variance"].copy())

    def check(self, name: str, found: MaskedImage) -> None:
        expected = {plane: self.arrays[f"{name}.{plane}"] for plane in ("image", "mask", "variance")}
        assert_image(found.image, expected["image"])
        np.testing.assert_array_equal(found.mask.array, expected["mask"])
        np.testing.assert_allclose(found.variance, expected["variance"], rtol=1e-5, atol=0)


def assert_image(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-3)


@cases("bias")
def test_bias(unit: Unit, name: str) -> None:
    data = unit.masked_image()
    bias_correction(data, unit.masked_image("calib_"))
    unit.check(name, data)


@cases("dark_inv0", "dark_inv1")
def test_dark(unit: Unit, name: str) -> None:
    case, data = unit.cases[name], unit.masked_image()
    dark_correction(data, unit.masked_image("calib_"), case["expScale"], case["darkScale"], invert=case["invert"])
    unit.check(name, data)


@cases(
    "flat_USER_1.0_inv0",
    "flat_USER_2.5_inv0",
    "flat_MEAN_1.0_inv0",
    "flat_MEDIAN_1.0_inv0",
    "flat_USER_1.0_inv1",
    "flat_USER_2.5_inv1",
    "flat_MEAN_1.0_inv1",
    "flat_MEDIAN_1.0_inv1",
)
def test_flat(unit: Unit, name: str) -> None:
    case, data = unit.cases[name], unit.masked_image()
    flat_correction(
        data, unit.masked_image("calib_"), case["scalingType"], user_scale=case["userScale"], invert=case["invert"]
    )
    unit.check(name, data)


@cases("illum")
def test_illumination(unit: Unit, name: str) -> None:
    data = unit.masked_image()
    illumination_correction(data, unit.masked_image("calib_"), unit.cases[name]["illumScale"])
    unit.check(name, data)


@cases("applyGains_0", "applyGains_1")
def test_gains(unit: Unit, name: str) -> None:
    case, data = unit.cases[name], unit.masked_image()
    gains = dict(zip("AB", case["gains"], strict=True))
    detector = two_amplifiers(data.bbox)
    apply_gains(Exposure(data, detector=detector), case["normalizeGains"], ptc_gains=gains)
    unit.check(name, data)


@cases("applyGains_0")
def test_detector_gains(unit: Unit, name: str) -> None:
    case, data = unit.cases[name], unit.masked_image()
    detector = two_amplifiers(data.bbox)
    detector = detector.with_amplifiers(amp.replace(gain=g) for amp, g in zip(detector, case["gains"], strict=True))
    apply_gains(Exposure(data, detector=detector))
    unit.check(name, data)


@cases("mul_scalar", "sub_scalar")
def test_scalars(unit: Unit, name: str) -> None:
    data = unit.masked_image()
    if name == "mul_scalar":
        data *= unit.cases[name]["k"]
    else:
        data -= unit.cases[name]["k"]
    unit.check(name, data)


@cases("flip_00", "flip_01", "flip_10", "flip_11")
def test_assembly_flips(unit: Unit, name: str) -> None:
    """Flips are named x then y; assembly of one amplifier that fills the frame must give the flipped frame."""
    data = unit.masked_image()
    box = data.bbox
    amp = Amplifier("A", box, box, box, raw_flip_x=name[5] == "1", raw_flip_y=name[6] == "1")
    raw = Exposure(data, detector=Detector("ccd00", 0, "", box, (amp,)), metadata=PropertyList())
    unit.check(name, assemble_ccd(raw).masked_image)


@cases("setEdgeBits_3")
def test_edge_outside_a_smaller_calibration(unit: Unit, name: str) -> None:
    """Edge bits are those that trimming to a calibration sets outside the common centre."""
    case, data = unit.cases[name], unit.masked_image()
    n = case["grow"]
    height, width = data.shape
    assert 1 << data.mask.planes.bit("EDGE") == case["bit"]
    part = trim_to_match_calib(data, MaskedImage.zeros(Box(0, 0, width - 2 * n, height - 2 * n)))
    assert part.bbox == data.bbox.grow(-n)
    unit.check(name, data)


@cases("uint16", "int32", "float64")
def test_convert(unit: Unit, name: str) -> None:
    raw = unit.arrays[f"convert_in.{name}"]
    mask = Mask(np.ones(raw.shape, np.int32))
    found = convert_int_to_float(Exposure(MaskedImage(raw.copy(), mask)))
    assert found.image.dtype == np.float32
    assert_image(found.image, unit.arrays[f"convert_out.{name}"])
    assert not found.mask.array.any()
    assert (found.variance == 1.0).all()


@pytest.mark.parametrize("topic", ["photocalib"])
def test_photometric_zero_point(topic: str) -> None:
    meta, _ = load(topic)
    for case in meta["cases"]:
        exposure = Exposure(
            MaskedImage.zeros(Box(0, 0, 2, 2)),
            visit_info=VisitInfo(exposure_time=1.0),
            filter_label=FilterLabel("i.MP9701"),
        )
        rough_zero_point(exposure, {"i.MP9701": case["fluxMag0"]}, 1.0)
        assert exposure.photo_calib is not None
        assert exposure.photo_calib.calibration_mean == pytest.approx(case["calibrationMean"], rel=1e-12)
        assert exposure.photo_calib.calibration_error == case["calibrationErr"]


def two_amplifiers(box: Box) -> Detector:
    half = box.width // 2
    left, right = Box(box.x0, box.y0, half, box.height), Box(box.x0 + half, box.y0, half, box.height)
    return Detector("ccd00", 0, "", box, (Amplifier("A", left, left, left), Amplifier("B", right, right, right)))
