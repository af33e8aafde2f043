"""Saturated and suspect pixels, and dead amplifiers."""

from __future__ import annotations

import logging
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.calib.defects import Defects
from isrcore.camera import Amplifier
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.image.footprints import grow_diamond, paint_boxes
from isrcore.pipe import Struct
from isrcore.steps.saturation import (
    MASK_AMPLIFIER,
    amplifiers_in,
    flag_level,
    make_threshold_mask,
    mask_amplifier,
    mask_level,
    saturation_correction,
)
from isrcore.steps.step import IsrState
from tests.small_frame import make_detector

DETECTOR = make_detector()
A, B = DETECTOR


def raw_exposure(level: float = 100.0) -> Exposure:
    box = DETECTOR.raw_bbox
    return Exposure(MaskedImage(np.full(box.shape, level, np.float32)), detector=DETECTOR)


def test_levels_are_inclusive_and_cover_the_overscan() -> None:
    exposure = raw_exposure()
    overscan, data = A.raw_horizontal_overscan_bbox, A.raw_data_bbox
    exposure.image[overscan.y0, overscan.x0] = 60000.0
    exposure.image[data.y0 + 1, data.x0] = np.nextafter(np.float32(60000.0), np.float32(0))
    exposure.image[data.y0 + 2, data.x0] = np.nan
    exposure.image[data.y0 + 3, data.x0] = np.inf
    assert not mask_amplifier(exposure, A, None)
    expected = [[overscan.y0, overscan.x0], [data.y0 + 3, data.x0]]
    assert sorted(np.argwhere(exposure.mask.has("SAT")).tolist()) == sorted(expected)
    assert not exposure.mask.has("SUSPECT").any()


@pytest.mark.parametrize(
    ("options", "sat", "suspect"),
    [
        ({}, True, False),
        ({"do_suspect": True}, True, True),
        ({"do_saturation": False}, False, False),
        # A level in the config counts although the check is off.
        ({"do_saturation": False, "saturation": 50000.0}, True, False),
        ({"saturation": 70000.0}, False, False),
        # The same plane for both: the later level replaces the earlier one.
        ({"do_suspect": True, "suspect_mask_name": "SAT"}, True, False),
    ],
)
def test_which_levels_count(options: dict[str, Any], sat: bool, suspect: bool) -> None:
    exposure = raw_exposure()
    exposure.image[5, 20] = 65000.0
    mask_amplifier(exposure, A, None, **options)
    assert exposure.mask.has("SAT")[5, 20] == sat
    assert exposure.mask.has("SUSPECT")[5, 20] == suspect


def test_suspect_level_may_take_the_place_of_saturation() -> None:
    exposure = raw_exposure(40000.0)
    assert mask_amplifier(exposure, A, None, do_suspect=True, suspect_mask_name="SAT")
    exposure = raw_exposure(40000.0)
    assert not mask_amplifier(exposure, A, None, do_suspect=True, suspect_mask_name="SAT", saturation=50000.0)


def test_one_defect_over_an_amplifier_kills_it() -> None:
    exposure = raw_exposure()
    assert mask_amplifier(exposure, A, Defects([A.bbox.grow(3)]))
    bad = exposure.mask.has("BAD")
    np.testing.assert_array_equal(bad, paint_boxes([A.raw_bbox], DETECTOR.raw_bbox))
    half = A.bbox.width // 2
    left, right = Box(0, 0, half, A.bbox.height), Box(half, 0, A.bbox.width - half, A.bbox.height)
    exposure = raw_exposure()
    assert not mask_amplifier(exposure, A, [left, right])
    assert not exposure.mask.array.any()


def test_an_amplifier_without_a_usable_pixel_is_dead() -> None:
    exposure = raw_exposure()
    data = A.raw_data_bbox
    exposure.image[data.slices()] = 61000.0
    assert mask_amplifier(exposure, A, None)
    np.testing.assert_array_equal(exposure.mask.has("BAD"), paint_boxes([data], DETECTOR.raw_bbox))
    exposure = raw_exposure()
    exposure.image[data.slices()] = 61000.0
    exposure.image[data.y1 - 1, data.x1 - 1] = 1.0
    assert not mask_amplifier(exposure, A, None)
    assert not exposure.mask.has("BAD").any()


def test_unknown_plane() -> None:
    with pytest.raises(ValueError, match="no mask plane 'SATT'"):
        mask_amplifier(raw_exposure(), A, None, saturated_mask_name="SATT")


def test_level_of_an_amplifier() -> None:
    exposure = raw_exposure(100.0)
    mask_level(exposure, B, math.nan, "SUSPECT")
    assert not exposure.mask.array.any()
    mask_level(exposure, B, 100.0, "SUSPECT")
    np.testing.assert_array_equal(exposure.mask.has("SUSPECT"), paint_boxes([B.raw_bbox], DETECTOR.raw_bbox))


def test_integer_pixels_are_compared_with_the_exact_level() -> None:
    pixels = MaskedImage(np.array([[999, 1000, 1001]], np.uint16))
    flag_level(pixels, 1000.5, ["SAT", "SUSPECT"])
    assert pixels.mask.array.tolist() == [[0, 0, pixels.mask.planes.bitmask(["SAT", "SUSPECT"])]]


def test_threshold_mask_grows_and_returns_what_it_flagged() -> None:
    image = np.zeros((20, 30), np.float32)
    image[10, 15] = image[0, 0] = 5.0
    pixels = MaskedImage(image, xy0=(100, 50))
    found = make_threshold_mask(pixels, 5.0, 2, ["SAT", "CR"])
    expected = grow_diamond(image >= 5.0, 2)
    np.testing.assert_array_equal(paint_boxes(list(found), pixels.bbox), expected)
    np.testing.assert_array_equal(pixels.mask.has("SAT"), expected)
    np.testing.assert_array_equal(pixels.mask.has("CR"), expected)


def test_saturation_correction_interpolates_only_if_asked() -> None:
    image = np.full((5, 30), 10.0, np.float32)
    image[2, 15] = 500.0
    pixels = MaskedImage(image, xy0=(7, 3))
    saturation_correction(pixels, 400.0, 2.0, 1, interpolate=False)
    assert image[2, 15] == 500.0
    saturation_correction(pixels, 400.0, 2.0, 1)
    np.testing.assert_allclose(image, 10.0, rtol=1e-3)
    np.testing.assert_array_equal(pixels.mask.has("INTRP"), pixels.mask.has("SAT"))


class Task:
    """Just enough of a task: it remembers for which amplifiers it was asked."""

    log = logging.getLogger("test")
    config = SimpleNamespace(saturatedMaskName="SAT", suspectMaskName="SUSPECT")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def maskAmplifier(self, exposure: Exposure, amp: Amplifier, defects: Any) -> bool:
        self.asked.append(amp.name)
        return amp.name == "B"


def test_step_asks_the_task_for_every_amplifier_inside() -> None:
    task = Task()
    state = IsrState(raw_exposure(), Struct(defects=None), DETECTOR)
    MASK_AMPLIFIER.run(task, state)
    assert task.asked == ["A", "B"]
    assert state.results["bad_amps"] == [False, True]
    part = IsrState(raw_exposure().subset(Box(0, 0, 60, 60)), Struct(defects=None), DETECTOR)
    assert [amp.name for amp in amplifiers_in(task, part)] == ["A"]
    with pytest.raises(AttributeError, match="no detector"):
        amplifiers_in(task, IsrState(raw_exposure(), Struct(defects=None), None))
