"""Steps that attach facts to the exposure and leave its pixels alone: zero point, transmission, valid polygon."""

from __future__ import annotations

import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.camera import FOCAL_PLANE, PIXELS
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, MaskedImage, PhotoCalib, VisitInfo
from isrcore.pipe import Struct
from isrcore.steps.step import IsrState
from isrcore.steps.transmission import TRANSMISSION, attach_transmission_curve
from isrcore.steps.valid_polygon import set_valid_polygon_intersect
from isrcore.steps.zero_point import rough_zero_point

CCD = megacam_camera()["ccd22"]


def exposure(exposure_time: float = 100.0, label: FilterLabel | None = None) -> Exposure:
    visit = VisitInfo(exposure_time=exposure_time)
    return Exposure(MaskedImage.zeros(Box(0, 0, 2, 2)), detector=CCD, visit_info=visit, filter_label=label)


def magnitude_of_one_per_second(found: Exposure, exposure_time: float) -> float:
    """AB magnitude of a source with 1 ADU/s."""
    assert found.photo_calib is not None
    return -2.5 * math.log10(found.photo_calib.calibration_mean * exposure_time * 1e-9 / 3631.0)


def test_zero_point_of_a_listed_filter() -> None:
    found = exposure(label=FilterLabel("i.MP9702", "i"))
    rough_zero_point(found, {"i.MP9702": 10 ** (0.4 * 26.0)}, 1.0)
    assert magnitude_of_one_per_second(found, 100.0) == pytest.approx(26.0, abs=1e-3)


@pytest.mark.parametrize("label", [None, FilterLabel(None, "i"), FilterLabel("i.MP9703", "i")])
def test_zero_point_of_other_filters(label: FilterLabel | None, caplog: pytest.LogCaptureFixture) -> None:
    found = exposure(label=label)
    rough_zero_point(found, {"i.MP9702": 1.0}, 10 ** (0.4 * 28.0))
    assert magnitude_of_one_per_second(found, 100.0) == pytest.approx(28.0, abs=1e-3)
    assert "using defaultFluxMag0T1" in caplog.text


@pytest.mark.parametrize("exposure_time", [0.0, -1.0, math.nan])
def test_no_zero_point_without_exposure_time(exposure_time: float) -> None:
    found = exposure(exposure_time, FilterLabel("i.MP9702"))
    found.photo_calib = PhotoCalib(3.0)
    rough_zero_point(found, {"i.MP9702": 1.0}, 1.0)
    assert found.photo_calib == PhotoCalib(3.0)


@pytest.mark.parametrize("flux", [0.0, -2.0])
def test_zero_point_needs_a_positive_flux(flux: float) -> None:
    found = exposure(label=FilterLabel("i.MP9702"))
    with pytest.raises(ValueError, match=r"i\.MP9702 must be positive.*fluxMag0T1"):
        rough_zero_point(found, {"i.MP9702": flux}, 1.0)
    assert found.photo_calib is None


def test_zero_point_is_logged_as_a_magnitude(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rough_zero_point(exposure(label=FilterLabel("i.MP9702")), {"i.MP9702": 100.0}, 1.0)
    assert f"zero point: {2.5 * math.log10(100.0 * 100.0):f}" in caplog.text


def test_zero_point_needs_a_visit() -> None:
    found = exposure()
    found.visit_info = None
    with pytest.raises(AttributeError, match="no visit info"):
        rough_zero_point(found, {}, 1.0)


def test_transmission_of_everything() -> None:
    def constant(value: float) -> TransmissionCurve:
        return TransmissionCurve.makeSpatiallyConstant([value, value], [4000.0, 9000.0])

    radii = np.array([0.0, 200.0])
    optics = TransmissionCurve.makeRadial([[0.0, 1.0], [0.0, 1.0]], [4000.0, 9000.0], radii)
    found = exposure()
    combined = attach_transmission_curve(found, optics, constant(0.5), constant(0.8), constant(0.9))
    assert found.transmission_curve is combined
    pixel = (100.0, 4000.0)
    radius = math.hypot(*CCD.transform(pixel, PIXELS, FOCAL_PLANE))
    assert combined.sampleAt(pixel, [5000.0]) == pytest.approx(0.5 * 0.8 * 0.9 * radius / 200.0)


def test_transmission_of_nothing_is_one() -> None:
    found = exposure()
    attach_transmission_curve(found)
    np.testing.assert_array_equal(found.transmission_curve.sampleAt((0.0, 0.0), [5000.0]), [1.0])


def square(x: float, y: float, half: float) -> shapely.Polygon:
    return shapely.box(x - half, y - half, x + half, y + half)


def test_valid_polygon_is_the_overlap_in_pixels() -> None:
    """A focal-plane square around a corner of the CCD covers a quarter of itself there."""
    found = exposure()
    x, y = CCD.corners(FOCAL_PLANE)[0]
    half = 100 * CCD.pixel_size[0]
    set_valid_polygon_intersect(found, square(x, y, half))
    assert found.valid_polygon.area == pytest.approx(100 * 100, rel=1e-6)
    np.testing.assert_allclose(found.valid_polygon.bounds, (-0.5, -0.5, 99.5, 99.5), atol=1e-6)


def test_valid_polygon_of_a_covered_ccd_is_the_ccd() -> None:
    found = exposure()
    set_valid_polygon_intersect(found, square(0.0, 0.0, 1000.0))
    np.testing.assert_allclose(found.valid_polygon.bounds, (-0.5, -0.5, 2047.5, 4611.5), atol=1e-6)


@pytest.mark.parametrize(
    "polygon",
    [
        square(1e4, 1e4, 1.0),
        shapely.unary_union([square(*CCD.corners(FOCAL_PLANE)[i], 1.0) for i in (0, 2)]),
    ],
)
def test_valid_polygon_must_be_one(polygon: shapely.Geometry) -> None:
    with pytest.raises(RuntimeError, match=r"must overlap detector ccd22 in one polygon.*vignette.xCenter"):
        set_valid_polygon_intersect(exposure(), polygon)


def test_attachments_need_a_detector() -> None:
    found = exposure()
    found.detector = None
    with pytest.raises(AttributeError, match="no detector"):
        attach_transmission_curve(found)
    with pytest.raises(AttributeError, match="no detector"):
        set_valid_polygon_intersect(found, square(0.0, 0.0, 1.0))


def test_transmission_step_calls_the_method_with_all_curves() -> None:
    calls = []
    task = SimpleNamespace(attachTransmissionCurve=lambda exposure, **curves: calls.append((exposure, curves)))
    names = ("opticsTransmission", "filterTransmission", "sensorTransmission", "atmosphereTransmission")
    curves = {name: TransmissionCurve.makeIdentity() for name in names}
    state = IsrState(exposure(), Struct(**curves))
    TRANSMISSION.run(task, state)
    assert calls == [(state.exposure, curves)]
    assert set(TRANSMISSION.needs) == set(names)
