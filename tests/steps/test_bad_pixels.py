"""Defects and edges, NaN, trails, bad regions, and the copy before interpolation."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.calib.defects import Defects
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.footprints import paint_boxes
from isrcore.pipe import Struct
from isrcore.steps.bad_regions import BAD_REGIONS, set_bad_regions
from isrcore.steps.defects import EDGES, mask_defects, mask_edges
from isrcore.steps.keep_copy import KEEP_COPY
from isrcore.steps.nan import mask_nan
from isrcore.steps.saturation_trails import SATURATION_TRAILS, widen_saturation_trails
from isrcore.steps.step import IsrState
from tests.small_frame import make_detector

DETECTOR = make_detector()


def exposure(level: float = 100.0) -> Exposure:
    return Exposure(MaskedImage(np.full(DETECTOR.bbox.shape, level, np.float32)), detector=DETECTOR)


@pytest.mark.parametrize("kind", [list, Defects])
def test_defects_are_flagged(kind: Any) -> None:
    found = exposure()
    boxes = [Box(-3, 2, 5, 4), Box(70, 50, 40, 40)]
    mask_defects(found.masked_image, kind(boxes))
    np.testing.assert_array_equal(found.mask.has("BAD"), paint_boxes(boxes, found.bbox))
    assert not (found.mask.array & ~np.int32(1)).any()


@pytest.mark.parametrize("level", ["DETECTOR", "AMP"])
@pytest.mark.parametrize("width", [1, 3, 25])
def test_edges(level: str, width: int) -> None:
    found = exposure()
    mask_edges(found, width, "EDGE", level)
    frames = [found.bbox] if level == "DETECTOR" else [amp.bbox for amp in DETECTOR]
    expected = np.zeros(found.image.shape, np.bool_)
    for frame in frames:
        inside = paint_boxes([frame.grow(-width)], found.bbox)
        expected |= paint_boxes([frame], found.bbox) & ~inside
    np.testing.assert_array_equal(found.mask.has("EDGE"), expected)


def test_a_border_wider_than_the_chip_flags_all_of_it() -> None:
    found = exposure()
    mask_edges(found, 40)
    assert found.mask.has("SUSPECT").all()


def test_edges_that_cannot_be_flagged() -> None:
    found = exposure()
    mask_edges(found, 0, "nonsense", "NOWHERE")
    assert not found.mask.array.any()
    with pytest.raises(ValueError, match="edgeMaskLevel must be DETECTOR or AMP, found 'NOWHERE'"):
        mask_edges(found, 1, level="NOWHERE")
    with pytest.raises(ValueError, match="no mask plane 'nonsense'"):
        mask_edges(found, 1, "nonsense")
    found.detector = None
    with pytest.raises(RuntimeError, match="edgeMaskLevel AMP needs"):
        mask_edges(found, 1, level="AMP")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"doDefect": False, "numEdgeSuspect": 3}, "doDefect is off"),
        ({"doDefect": True, "numEdgeSuspect": 0}, "numEdgeSuspect is 0"),
        ({"doDefect": True, "numEdgeSuspect": -2}, "numEdgeSuspect is -2"),
        ({"doDefect": True, "numEdgeSuspect": 3}, None),
    ],
)
def test_edges_only_with_defects(fields: dict[str, Any], reason: str | None) -> None:
    task = SimpleNamespace(config=SimpleNamespace(**fields))
    assert EDGES.why_not(task, IsrState(exposure(), Struct())) == reason


def test_nan_in_image_or_variance_is_flagged_whatever_else_is() -> None:
    found = exposure()
    found.image[3, 4], found.image[5, 6], found.variance[7, 8] = np.nan, -np.inf, np.inf
    found.mask.set_box(Box(4, 3, 1, 1), "SAT")
    assert mask_nan(found.masked_image) == 3
    assert np.argwhere(found.mask.has("UNMASKEDNAN")).tolist() == [[3, 4], [5, 6], [7, 8]]
    assert mask_nan(found.masked_image) == 3
    clean = exposure()
    assert mask_nan(clean.masked_image) == 0
    assert "UNMASKEDNAN" in clean.mask.planes
    assert not clean.mask.array.any()


@pytest.mark.parametrize(("width", "extra"), [(1, 0), (5, 0), (6, 1), (7, 1), (8, 3), (9, 3), (10, 4), (30, 4)])
def test_trails_are_widened_by_their_width(width: int, extra: int) -> None:
    mask = Mask.zeros((3, 100))
    mask.set_box(Box(40, 1, width, 1), ["SAT", "BAD"])
    mask.set_box(Box(0, 2, width, 1), "SAT")
    widen_saturation_trails(mask)
    expected = paint_boxes([Box(40 - extra, 1, width + 2 * extra, 1), Box(0, 2, width + extra, 1)], Box(0, 0, 100, 3))
    np.testing.assert_array_equal(mask.has("SAT"), expected)
    assert mask.has("BAD").sum() == width


def test_widening_looks_at_the_runs_of_the_beginning() -> None:
    mask = Mask.zeros((1, 60))
    for x in (10, 22, 34):
        mask.set_box(Box(x, 0, 8, 1), "SAT")
    widen_saturation_trails(mask)
    np.testing.assert_array_equal(np.flatnonzero(mask.has("SAT")), np.arange(7, 45))


def test_bad_regions_get_the_median_of_the_good() -> None:
    found = exposure()
    found.image[:10] = 300.0
    found.image[20, 20] = np.nan
    found.mask.set_box(Box(0, 0, 80, 10), "BAD")
    found.mask.set_box(Box(0, 0, 80, 2), "INTRP")
    before = found.mask.array.copy()
    assert set_bad_regions(found) == (640, 100.0)
    assert (found.image[2:10] == 100.0).all()
    assert (found.image[:2] == 300.0).all()
    np.testing.assert_array_equal(found.mask.array, before)
    assert np.isnan(found.image[20, 20])


def test_bad_regions_without_a_good_pixel_become_nan() -> None:
    found = exposure()
    found.mask.array[:] = 1
    number, value = set_bad_regions(found, "MEANCLIP")
    assert number == found.image.size
    assert np.isnan(value)
    assert np.isnan(found.image).all()
    with pytest.raises(RuntimeError, match="MEDIAN or MEANCLIP, found 'MEAN'"):
        set_bad_regions(found, "MEAN")


def test_steps_of_bad_pixels(caplog: pytest.LogCaptureFixture) -> None:
    task = SimpleNamespace(log=logging.getLogger("test"))
    state = IsrState(exposure(), Struct())
    state.exposure.mask.set_box(Box(0, 0, 1, 1), "BAD")
    state.exposure.mask.set_box(Box(20, 5, 8, 1), "SAT")
    with caplog.at_level(logging.INFO):
        BAD_REGIONS.run(task, state)
    assert "Set 1 BAD pixels to 100" in caplog.text
    SATURATION_TRAILS.run(task, state)
    assert state.exposure.mask.has("SAT").sum() == 14


def test_copy_is_independent() -> None:
    state = IsrState(exposure(), Struct())
    KEEP_COPY.run(None, state)
    state.exposure.image[:] = 0.0
    state.exposure.mask.array[:] = 1
    copy = state.results["preInterpExposure"]
    assert (copy.image == 100.0).all()
    assert not copy.mask.array.any()
