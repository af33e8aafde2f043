"""Transmission curves: interpolation, products and changes of coordinates (manual: optics, Transmission curves)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isrcore.calib.transmission_curve import TransmissionCurve

HERE = (3.0, 4.0)
"""5 from the origin."""


def flat_curve() -> TransmissionCurve:
    return TransmissionCurve.makeSpatiallyConstant([0.2, 0.6], [4000.0, 5000.0], 0.1, 0.9)


def radial_curve() -> TransmissionCurve:
    return TransmissionCurve.makeRadial([[0.0, 1.0], [0.5, 1.0]], [4000.0, 5000.0], [0.0, 10.0])


def test_identity() -> None:
    identity = TransmissionCurve.makeIdentity()
    np.testing.assert_array_equal(identity.sampleAt(HERE, [1.0, 1e9]), [1.0, 1.0])
    assert identity.getWavelengthBounds() == (-math.inf, math.inf)


def test_wavelengths_are_interpolated_and_ends_are_constant() -> None:
    found = flat_curve().sampleAt(HERE, [3999.0, 4000.0, 4250.0, 5000.0, 5001.0])
    np.testing.assert_allclose(found, [0.1, 0.2, 0.3, 0.6, 0.9])


def test_radius_is_interpolated_and_clamped() -> None:
    np.testing.assert_allclose(radial_curve().sampleAt(HERE, [4000.0, 4500.0, 5000.0]), [0.5, 0.625, 0.75])
    np.testing.assert_allclose(radial_curve().sampleAt((300.0, 400.0), [4500.0]), [1.0])
    np.testing.assert_allclose(radial_curve().sampleAt(HERE, [3000.0]), [0.0])


def test_product() -> None:
    product = flat_curve() * radial_curve()
    np.testing.assert_allclose(product.sampleAt(HERE, [4000.0, 5000.0]), [0.1, 0.45])
    assert product.getWavelengthBounds() == (4000.0, 5000.0)


def test_identity_disappears_in_products() -> None:
    curve, identity = flat_curve(), TransmissionCurve.makeIdentity()
    assert identity * curve is curve
    assert curve * identity is curve


def test_only_curves_that_vary_in_space_are_transformed() -> None:
    def to_inner(point: tuple[float, float]) -> tuple[float, float]:
        return point[0] / 2, point[1] / 2

    assert flat_curve().transformedBy(to_inner).sampleAt(HERE, [4250.0]) == pytest.approx(0.3)
    moved = radial_curve().transformedBy(to_inner)
    np.testing.assert_allclose(moved.sampleAt((6.0, 8.0), [4500.0]), radial_curve().sampleAt(HERE, [4500.0]))


@pytest.mark.parametrize(
    ("throughput", "wavelengths", "message"),
    [([0.1, 0.2], [5000.0, 4000.0], "increasing"), ([0.1], [4000.0, 5000.0], r"shape \(2,\), found \(1,\)")],
)
def test_bad_tables_are_refused(throughput: list[float], wavelengths: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TransmissionCurve.makeSpatiallyConstant(throughput, wavelengths)


def test_ends_must_be_finite() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        TransmissionCurve.makeSpatiallyConstant([1.0], [4000.0], throughputAtMax=math.nan)
