"""Statistics, growth, thresholds, interpolation, defects and bad pixels against recorded values of the reference."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from isrcore.calib.defects import Defects
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage, MaskPlanes
from isrcore.image.footprints import paint_boxes
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.steps.bad_regions import set_bad_regions
from isrcore.steps.defects import mask_frame_edges
from isrcore.steps.interpolate import grow_masks, interpolate_defect_list, interpolate_from_mask, interpolate_rows
from isrcore.steps.nan import mask_nan
from isrcore.steps.saturation import make_threshold_mask, saturation_correction
from isrcore.steps.saturation_trails import widen_saturation_trails
from isrcore.steps.variance import set_variance
from tests.golden.units import Case, Unit
from tests.shared_data import shared_path

STATISTICS = Unit("statistics")


def sample(case: Case) -> Any:
    """The recorded numbers as the kind of object that the case is about."""
    values, kind = STATISTICS.array(f"s.{case['sample']}"), case["kind"]
    if kind == "vector<double>":
        return values
    if kind.startswith("vector<int>"):
        return values.astype(np.int64)
    if kind.startswith("ImageI"):
        return values.astype(np.int32)[None, :]
    image = values.astype(np.float32)[None, :]
    if kind == "ImageF":
        return image
    mask = Mask(STATISTICS.array(f"m.{case['sample']}")[None, :], MaskPlanes(STATISTICS.meta["maskBits"]))
    return MaskedImage(image, mask)


@STATISTICS.cases()
def test_statistics(case: Case) -> None:
    options = case["ctrl"]
    control = StatisticsControl(
        options.get("clip", 3.0), options.get("niter", 3), options.get("andMask", 0), options.get("nanSafe", True)
    )
    data = sample(case)
    for name, expected in case["values"].items():
        found = make_statistics(data, Property[name], control).value()
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True), name


GROW = Unit("growMasks")


@GROW.cases()
def test_grow_masks(case: Case) -> None:
    mask = GROW.mask("mask")
    grow_masks(mask, case["radius"], case["maskNameList"], case["maskValue"])
    np.testing.assert_array_equal(mask.array, GROW.array(case["key"]))


THRESHOLD = Unit("threshold")


@THRESHOLD.cases()
def test_threshold(case: Case) -> None:
    pixels = MaskedImage(THRESHOLD.array("image"), xy0=tuple(THRESHOLD.meta["xy0"]))
    pixels.mask.planes = MaskPlanes(THRESHOLD.meta["maskBits"])
    found = make_threshold_mask(pixels, THRESHOLD.meta["threshold"], case["grow"])
    np.testing.assert_array_equal(pixels.mask.array, THRESHOLD.array(f"mask{case['grow']}"))
    assert as_lists(found) == case["defects"]


def as_lists(boxes: Any) -> list[list[int]]:
    return [[box.x0, box.y0, box.width, box.height] for box in boxes]


WIDEN = Unit("widen")


@pytest.mark.skipif("mask" not in WIDEN.names, reason="needs unit_widen.npz of the golden cases")
@pytest.mark.parametrize("key", ["out", "out_xy0"])
def test_widen(key: str) -> None:
    mask = WIDEN.mask("mask")
    widen_saturation_trails(mask)
    np.testing.assert_array_equal(mask.array, WIDEN.array(key))


ROWS = Unit("interp_rows")


@pytest.mark.skipif("image" not in ROWS.names, reason="needs unit_interp_rows.npz of the golden cases")
@pytest.mark.parametrize("edge", [0, 1])
@pytest.mark.parametrize("plane", ["image", "variance"])
def test_interpolate_rows(plane: str, edge: int) -> None:
    pixels = ROWS.array(plane)
    height, width = pixels.shape
    where = paint_boxes([Box(*box) for box in ROWS.meta["boxes"]], Box(0, 0, width, height))
    interpolate_rows(pixels, where, ROWS.meta["fallback"], bool(edge))
    np.testing.assert_array_equal(pixels, ROWS.array(f"edge{edge}.{plane}"))


@pytest.mark.skipif("image" not in ROWS.names, reason="needs unit_interp_rows.npz of the golden cases")
def test_interpolate_shifted_boxes() -> None:
    planes = MaskPlanes(ROWS.meta["maskBits"])
    pixels = MaskedImage(ROWS.array("image"), Mask(ROWS.array("mask"), planes), ROWS.array("variance"), (100, -7))
    boxes = [Box(*box).shift(100, -7) for box in ROWS.meta["boxes"]]
    interpolate_defect_list(pixels, boxes, 2.0, ROWS.meta["fallback"])
    np.testing.assert_array_equal(pixels.image, ROWS.array("xy0.image"))
    np.testing.assert_array_equal(pixels.image, ROWS.array("edge1.image"))
    np.testing.assert_array_equal(pixels.variance, ROWS.array("edge1.variance"))
    np.testing.assert_array_equal(pixels.mask.array, ROWS.array("edge1.mask"))


RANDOM = Unit("interp_random")


@RANDOM.cases()
def test_interpolate_random(case: Case) -> None:
    number = RANDOM.meta["cases"].index(case)
    mask = RANDOM.mask(f"in{number}.mask")
    height, width = mask.array.shape
    where = paint_boxes([Box(*box) for box in case["boxes"]], Box(0, 0, width, height))
    for name in ("image", "variance"):
        plane = RANDOM.array(f"in{number}.{name}")
        interpolate_rows(plane, where, case["fallback"], case["useFallbackValueAtEdge"])
        np.testing.assert_array_equal(plane, RANDOM.array(f"out{number}.{name}"))
    mask.set_where(where, "INTRP")
    np.testing.assert_array_equal(mask.array, RANDOM.array(f"out{number}.mask"))


FROM_MASK = Unit("interpolateFromMask")


@FROM_MASK.cases()
def test_interpolate_from_mask(case: Case) -> None:
    pixels = MaskedImage(FROM_MASK.array("image"), FROM_MASK.mask("mask"), FROM_MASK.array("variance"))
    if case.get("func") == "saturationCorrection":
        pixels.mask.array[:] = 0
        level, grow, fallback = case["saturation"], case["growFootprints"], case["fallbackValue"]
        saturation_correction(pixels, level, 3.0, grow, case["interpolate"], fallback_value=fallback)
    else:
        interpolate_from_mask(pixels, 3.0, case["grow"], case["maskNameList"], case["fallbackValue"])
    np.testing.assert_array_equal(pixels.mask.array, FROM_MASK.array(f"{case['key']}.mask"))
    np.testing.assert_array_equal(pixels.image, FROM_MASK.array(f"{case['key']}.image"))
    np.testing.assert_array_equal(pixels.variance, FROM_MASK.array(f"{case['key']}.variance"))


@pytest.mark.skipif("image" not in FROM_MASK.names, reason="needs unit_interpolateFromMask.npz of the golden cases")
def test_transposed_defects() -> None:
    recorded = FROM_MASK.meta["transposeDefects"]
    found = Defects([Box(*box) for box in recorded["inp"]], normalize=False).transpose()
    assert as_lists(found) == recorded["out"]


def test_observed_rows() -> None:
    """Rows of the reference's row interpolator, with the fallback value at the edges."""
    rows = json.loads(shared_path("reference", "interp_test_vectors.json").read_text("utf-8"))["rows"]
    assert len(rows) > 100
    for row in rows:
        plane = np.array(row["input"], np.float32)[None, :]
        where = np.zeros(plane.shape, np.bool_)
        for first, last in row["bad_runs"]:
            where[0, first : last + 1] = True
        interpolate_rows(plane, where, row["fallback"])
        np.testing.assert_allclose(plane[0], np.array(row["expected"], np.float32), rtol=1e-6, err_msg=row["label"])


DEFECTS = Unit("defects")


@DEFECTS.cases()
def test_defects(case: Case) -> None:
    if "fromMask" in case:
        mask = DEFECTS.mask(case["fromMask"])
        pixels = MaskedImage(np.zeros(mask.array.shape, np.float32), mask)
        assert as_lists(Defects.fromMask(pixels, "BAD")) == case["boxes"]
    else:
        assert as_lists(Defects([Box(*box) for box in case["boxes"]])) == case["normalized"]


ARITHMETIC = Unit("arithmetic")


def recorded_pixels(prefix: str = "") -> MaskedImage:
    array = ARITHMETIC.array
    return MaskedImage(array(f"{prefix}image"), ARITHMETIC.mask(f"{prefix}mask"), array(f"{prefix}variance"))


def assert_recorded(pixels: MaskedImage, name: str) -> None:
    np.testing.assert_array_equal(pixels.image, ARITHMETIC.array(f"{name}.image"))
    np.testing.assert_array_equal(pixels.variance, ARITHMETIC.array(f"{name}.variance"))


@ARITHMETIC.cases(lambda case: case["name"].startswith("updateVariance"))
def test_variance(case: Case) -> None:
    pixels = recorded_pixels()
    set_variance(pixels, case["gain"], case["readNoise"])
    assert_recorded(pixels, case["name"])


@ARITHMETIC.cases(lambda case: case["name"].startswith("setBad"))
def test_bad_regions(case: Case) -> None:
    pixels = recorded_pixels()
    number, value = set_bad_regions(Exposure(pixels), case["badStatistic"])
    assert number == case["result"][0]
    assert value == pytest.approx(case["result"][1], rel=1e-12)
    assert_recorded(pixels, case["name"])
    np.testing.assert_array_equal(pixels.mask.array, ARITHMETIC.array(f"{case['name']}.mask"))


@ARITHMETIC.cases(lambda case: case["name"].startswith("maskNans"))
def test_nan(case: Case) -> None:
    pixels = recorded_pixels()
    assert mask_nan(pixels) == case["result"]
    assert pixels.mask.planes.bitmask("UNMASKEDNAN") == case["maskVal"]
    np.testing.assert_array_equal(pixels.mask.array, ARITHMETIC.array(f"{case['name']}.mask"))


@ARITHMETIC.cases(lambda case: case["name"].startswith("setEdgeBits"))
def test_edges(case: Case) -> None:
    pixels = recorded_pixels()
    mask_frame_edges(pixels.mask, pixels.bbox, case["grow"], "EDGE")
    np.testing.assert_array_equal(pixels.mask.array, ARITHMETIC.array(f"{case['name']}.mask"))
