"""Brighter-fatter: gains, laws of the correction, refusals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.ndimage import correlate

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.steps.brighter_fatter import brighter_fatter_correction, gain_context

SHAPE = (60, 64)
GAINS = (1.5, 2.0)


def make_exposure(image: np.ndarray | None = None) -> Exposure:
    pixels = np.full(SHAPE, 100.0) if image is None else image
    boxes = Box(0, 0, 32, SHAPE[0]), Box(32, 0, 32, SHAPE[0])
    amps = tuple(Amplifier(n, b, b, b, gain=g) for n, b, g in zip("AB", boxes, GAINS, strict=True))
    return Exposure(MaskedImage(pixels.astype(np.float32)), detector=Detector("ccd00", 0, "", Box(0, 0, 64, 60), amps))


def make_kernel(side: int = 5) -> np.ndarray:
    y, x = np.mgrid[: side, : side] - side // 2
    return -2e-7 / (1.0 + x * x + y * y)


def make_star() -> np.ndarray:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 300.0 + 40000.0 * np.exp(-((x - 30.0) ** 2 + (y - 28.0) ** 2) / 18.0)


@pytest.mark.parametrize(("gains", "expected"), [(None, GAINS), ({}, GAINS), ({"A": 3.0, "B": 5.0}, (3.0, 5.0))])
def test_pixels_are_electrons_inside(gains: Mapping[str, float] | None, expected: tuple[float, float]) -> None:
    exposure = make_exposure()
    with gain_context(exposure, exposure.image, True, gains):
        assert (exposure.image[:, :32] == 100.0 * expected[0]).all()
        assert (exposure.image[:, 32:] == 100.0 * expected[1]).all()
    np.testing.assert_allclose(exposure.image, 100.0, rtol=1e-6)


def test_pixels_are_adu_again_after_an_error() -> None:
    exposure = make_exposure()
    with pytest.raises(KeyError), gain_context(exposure, exposure.image, True):
        raise KeyError("any")
    np.testing.assert_allclose(exposure.image, 100.0, rtol=1e-6)


def test_without_gains_nothing_happens() -> None:
    exposure = make_exposure()
    with gain_context(exposure, exposure.image, False, {"A": 1.0}):
        assert (exposure.image == 100.0).all()


def test_missing_gain_is_named_before_anything_changes() -> None:
    exposure = make_exposure()
    with pytest.raises(RuntimeError, match="lack B"), gain_context(exposure, exposure.image, True, {"A": 2.0}):
        pass
    assert (exposure.image == 100.0).all()


def test_detector_is_needed_for_gains() -> None:
    exposure = Exposure(MaskedImage(np.ones(SHAPE, np.float32)))
    with pytest.raises(RuntimeError, match="no detector"), gain_context(exposure, exposure.image, True):
        pass


def test_flat_field_stays() -> None:
    exposure = make_exposure()
    difference, iteration = brighter_fatter_correction(exposure, make_kernel(), 10, 1.0, False)
    np.testing.assert_allclose(exposure.image, 100.0, atol=1e-4)
    assert iteration == 2
    assert difference < 1.0


def test_star_becomes_narrower_and_keeps_its_charge() -> None:
    exposure, star = make_exposure(make_star()), make_star()
    brighter_fatter_correction(exposure, make_kernel(), 20, 1.0, True)
    change = exposure.image - star
    assert change[28, 30] > 1.0
    # The differences of the reference's formula conserve charge only roughly.
    assert abs(change.sum()) < 0.1 * np.abs(change).sum()


def test_first_iteration_is_the_divergence_of_charge_times_gradient() -> None:
    """One pass of the formula with an independent correlation; later passes differ by second-order terms."""
    star, kernel = make_star(), make_kernel() * 1e-3
    exposure = make_exposure(star)
    brighter_fatter_correction(exposure, kernel, 3, 1e-9, False)
    potential = correlate(star, kernel)
    sky, field = np.gradient(star), np.gradient(potential)
    laplacian = np.zeros(SHAPE)
    laplacian[1:-1, 1:-1] = np.diff(potential, 2, axis=0)[:, 1:-1] + np.diff(potential, 2, axis=1)[1:-1]
    expected = 0.5 * (sky[0] * field[0] + sky[1] * field[1] + star * laplacian)
    inner = slice(3, -4)
    np.testing.assert_allclose((exposure.image - star)[inner, inner], expected[inner, inner], atol=6e-3)
    # The range that the kernel reaches loses one more pixel at the high end (manual: oddities, Brighter-fatter).
    assert (exposure.image[-4:] == star[-4:].astype(np.float32)).all()
    assert (exposure.image[:3] == star[:3].astype(np.float32)).all()


def test_nan_pixels_stay_and_spoil_no_others() -> None:
    star = make_star()
    star[20, 20] = np.nan
    exposure = make_exposure(star)
    brighter_fatter_correction(exposure, make_kernel(), 10, 1.0, True)
    assert np.isnan(exposure.image).sum() == 1


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5,)])
def test_kernels_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be square"):
        brighter_fatter_correction(make_exposure(), np.zeros(shape), 10, 1.0, False)


def test_small_images_are_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        brighter_fatter_correction(make_exposure(), np.zeros((59, 59)), 10, 1.0, False)


@pytest.mark.parametrize(("height", "changed"), [(59, []), (60, [29])])
def test_images_hardly_larger_than_the_kernel(height: int, changed: list[int]) -> None:
    """Two pixels more than the kernel are too few for a corrected one, three give the one in the middle."""
    star = make_star()[:height].astype(np.float32)
    exposure = Exposure(MaskedImage(star.copy()))
    brighter_fatter_correction(exposure, make_kernel(57), 10, 1e-9, False)
    assert np.flatnonzero((exposure.image != star).any(axis=1)).tolist() == changed


@pytest.mark.parametrize("iterations", [0, 1])
def test_two_iterations_are_needed(iterations: int) -> None:
    with pytest.raises(UnboundLocalError, match="brighterFatterMaxIter must be at least 2"):
        brighter_fatter_correction(make_exposure(), make_kernel(), iterations, 1.0, False)


def test_without_convergence_the_last_iteration_is_returned() -> None:
    _, iteration = brighter_fatter_correction(make_exposure(make_star()), make_kernel(), 4, 0.0, True)
    assert iteration == 3
