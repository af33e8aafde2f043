"""Identity of planes: what they are called, which files they come from, and the error of what is made of two."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.status import Status
from isrviewer.runner.identity import PlanesOf, Recipe, Result, exposure_name
from isrviewer.runner.messages import CalibInfo
from isrviewer.runner.uncertainty import CORRELATED, sigma_of
from isrviewer.session import Override, Planes, Run, Shows

INFOS = (CalibInfo("bias", "/c/bias.fits", "nearest"), CalibInfo("flat", "/c/flat.fits", "nearest"))
RAW = PlanesOf("/data/1o.fits.fz", 13, "ccd13")
FLATTENED = replace(RAW, planes=Planes("doFlat"), label="flat", recipe=Recipe((), INFOS), used=frozenset({"flat"}))
FLAT = replace(RAW, frame="/c/flat.fits", planes=Planes("flat", Run.CALIBRATION))
BIAS = replace(FLAT, frame="/c/bias.fits", planes=Planes("bias", Run.CALIBRATION))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/data/2281792o.fits.fz", "2281792o"),
        ("/data/2281792o.fits", "2281792o"),
        ("10Bm03.bias.0.36.00.fits.gz", "10Bm03.bias.0.36.00"),
        ("/data/no_ending", "no_ending"),
        ("", ""),
    ],
)
def test_an_exposure_is_called_like_its_file(path: str, name: str) -> None:
    assert exposure_name(path) == name


def test_whose_pixels_and_which_calibrations_went_in() -> None:
    assert RAW.whose == "1o ccd13"
    assert RAW.calibs == ()
    assert [info.kind for info in FLATTENED.calibs] == ["flat"]


@pytest.mark.parametrize(
    ("one", "other", "shares"),
    [
        (RAW, FLATTENED, True),
        (FLATTENED, FLAT, True),
        (FLATTENED, BIAS, False),
        (RAW, FLAT, False),
        (FLAT, BIAS, False),
        (RAW, replace(RAW, frame="/data/2o.fits.fz"), False),
    ],
)
def test_planes_with_a_file_in_common_share_noise(one: PlanesOf, other: PlanesOf, shares: bool) -> None:
    assert one.shares_noise(other) is shares
    assert other.shares_noise(one) is shares


def test_the_heading_leaves_the_recipe_out() -> None:
    other = replace(FLATTENED, recipe=Recipe((Override("doFringe", True),), INFOS))
    assert other.heading == FLATTENED.heading
    assert other != FLATTENED


def result(of: PlanesOf, value: float, variance: float) -> Result:
    image = np.full((2, 3), value, np.float32)
    return Result(of, Exposure(MaskedImage(image, Mask.zeros(image.shape), np.full(image.shape, variance, np.float32))))


A, B = result(FLATTENED, 30.0, 9.0), result(BIAS, 10.0, 16.0)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("difference", 5.0), ("ratio", math.sqrt(9 / 100 + 900 * 16 / 10_000)), ("bits added", 3.0)],
)
def test_independent_errors_propagate(combine: str, expected: float) -> None:
    assert sigma_of(Shows(combine=combine), A, B, 1, 1) == (pytest.approx(expected), "")


@pytest.mark.parametrize("combine", ["difference", "ratio"])
def test_common_noise_gives_no_error_and_says_so(combine: str) -> None:
    sigma, why = sigma_of(Shows(combine=combine), A, result(RAW, 10.0, 16.0), 1, 1)
    assert math.isnan(sigma)
    assert why == CORRELATED


@pytest.mark.parametrize("plane", ["variance", "S/N", "mask"])
def test_other_planes_have_no_error(plane: str) -> None:
    for other in (None, B):
        sigma, why = sigma_of(Shows(plane=plane), A, other, 1, 1)
        assert math.isnan(sigma)
        assert why == ""


@pytest.mark.parametrize("variance", [0.0, -1.0, math.nan])
def test_a_variance_that_is_not_positive_says_nothing(variance: float) -> None:
    assert math.isnan(sigma_of(Shows(), result(RAW, 10.0, variance), None, 1, 1)[0])
    assert math.isnan(sigma_of(Shows(), A, result(BIAS, 10.0, variance), 1, 1)[0])


def test_a_ratio_to_zero_has_no_error() -> None:
    assert math.isnan(sigma_of(Shows(combine="ratio"), A, result(BIAS, 0.0, 16.0), 1, 1)[0])


def test_what_follows_from_a_status() -> None:
    assert [status for status in Status if status.has_run] == [Status.DONE, Status.CACHED]
    assert [status for status in Status if status.has_result] == [Status.DONE, Status.CACHED, Status.SKIPPED]
    assert [status for status in Status if status.is_over] == [
        Status.DONE,
        Status.CACHED,
        Status.SKIPPED,
        Status.FAILED,
    ]
    assert not any(status.is_awaited and status.is_over for status in Status)
