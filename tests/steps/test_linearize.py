"""Linearity functions and the step."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from isrcore.calib.linearity import FUNCTORS
from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct
from isrcore.steps.linearize import LINEARIZE, linearity_is_needed
from isrcore.steps.step import IsrState


def make_detector(first: str = "Squared", second: str = "Squared") -> Detector:
    boxes = Box(0, 0, 4, 6), Box(4, 0, 4, 6)
    kinds = zip("AB", boxes, (first, second), strict=True)
    amps = tuple(Amplifier(n, b, b, b, linearity_type=kind, linearity_coeffs=(1e-6,)) for n, b, kind in kinds)
    return Detector("ccd00", 3, "S3", Box(0, 0, 8, 6), amps)


def make_state(detector: Detector) -> IsrState:
    exposure = Exposure(MaskedImage(np.full((6, 8), 1000.0, np.float32)), detector=detector)
    return IsrState(exposure, Struct(linearizer=Linearizer(detector=detector)), detector)


def make_task(detector: Detector, switched_on: bool = True) -> SimpleNamespace:
    return SimpleNamespace(
        config=SimpleNamespace(doLinearize=switched_on),
        doLinearize=lambda ccd: switched_on and linearity_is_needed(ccd),
        log=logging.getLogger("test.linearize"),
    )


def test_step_corrects_the_image() -> None:
    detector = make_detector()
    state = make_state(detector)
    assert LINEARIZE.why_not(make_task(detector), state) is None
    LINEARIZE.run(make_task(detector), state)
    np.testing.assert_allclose(state.exposure.image, 1001.0)


def test_only_the_first_amplifier_decides() -> None:
    detector = make_detector("None", "Squared")
    assert "first amplifier" in str(LINEARIZE.why_not(make_task(detector), make_state(detector)))
    detector = make_detector("Squared", "None")
    assert LINEARIZE.why_not(make_task(detector), make_state(detector)) is None


def test_a_task_with_its_own_rule_is_not_said_to_follow_the_amplifier() -> None:
    detector = make_detector("Squared", "None")
    task = make_task(detector)
    task.doLinearize = lambda ccd: False
    assert LINEARIZE.why_not(task, make_state(detector)) == "SimpleNamespace.doLinearize says that it is not needed"


def test_switch() -> None:
    detector = make_detector()
    assert LINEARIZE.why_not(make_task(detector, switched_on=False), make_state(detector)) == "doLinearize is off"


def test_look_up_table_counts_what_is_outside() -> None:
    table = np.array([[0, 0, 0, 0, 0], [10, 20, 30, 40, 50]], np.float32)
    image = np.array([[-3.0, -0.5, 0.0, 1.9, 4.0, 4.9, 5.0, np.nan]], np.float32)
    success, outside = FUNCTORS["LookupTable"](image, np.array([1.0, 0.0]), table)
    assert (success, outside) == (True, 3)
    np.testing.assert_allclose(image, [[7.0, 9.5, 10.0, 21.9, 54.0, 54.9, 55.0, np.nan]], rtol=1e-6)


def test_look_up_table_that_reaches_nothing() -> None:
    image = np.full((2, 2), 100.0, np.float32)
    assert FUNCTORS["LookupTable"](image, np.array([0.0, 0.0]), np.ones((1, 3), np.float32)) == (False, 4)


@pytest.mark.parametrize("row", [-1, 3])
def test_look_up_table_rows_are_checked(row: int) -> None:
    with pytest.raises(RuntimeError, match="rows 0 to 1"):
        FUNCTORS["LookupTable"](np.zeros((2, 2), np.float32), np.array([row, 0.0]), np.ones((2, 3), np.float32))


def test_one_row_too_many_is_an_index_error() -> None:
    """As in the reference, whose check lets it pass (manual: oddities, Linearity)."""
    with pytest.raises(IndexError):
        FUNCTORS["LookupTable"](np.zeros((2, 2), np.float32), np.array([2.0, 0.0]), np.ones((2, 3), np.float32))


def test_look_up_table_is_needed() -> None:
    with pytest.raises(RuntimeError, match="needs a look-up table"):
        FUNCTORS["LookupTable"](np.zeros((2, 2), np.float32), np.array([0.0, 0.0]), None)


def test_large_images_are_corrected_like_small_ones() -> None:
    image = np.random.default_rng(0).uniform(0, 60000, (700, 900)).astype(np.float32)
    coefficients = np.array([2e-7, -1e-12])
    parts = image.copy()
    FUNCTORS["Polynomial"](image, coefficients, None)
    for row in parts:
        FUNCTORS["Polynomial"](row[None], coefficients, None)
    np.testing.assert_array_equal(image, parts)
