"""One pixel in all its coordinates, with flipped amplifiers, through the steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isrcore.camera import Amplifier, Detector
from isrcore.data.sky import header_wcs
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.metadata import PropertyList
from isrviewer.panels.readout import reading_text
from isrviewer.session.masks import count_planes
from isrviewer.session.readout import read_pixel, same_place, sexagesimal


def small_detector() -> Detector:
    """Two amplifiers of 3 x 5 pixels behind one prescan column each; the right one is read mirrored in x."""
    a = Amplifier("A", Box(0, 0, 3, 5), Box(0, 0, 4, 6), Box(1, 0, 3, 5))
    b = Amplifier("B", Box(3, 0, 3, 5), Box(4, 0, 4, 6), Box(5, 0, 3, 5), raw_flip_x=True)
    return Detector("ccd00", 0, "s", Box(0, 0, 6, 5), (a, b))


def exposure(raw: bool) -> Exposure:
    shape = (6, 8) if raw else (5, 6)
    image = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    return Exposure(MaskedImage(image, Mask.zeros(shape), np.full(shape, 4, np.float32)), detector=small_detector())


def test_reading_of_an_assembled_pixel() -> None:
    frame = exposure(raw=False)
    frame.mask.set_where((slice(2, 3), slice(4, 5)), "SAT")
    reading = read_pixel(frame, 4, 2)
    assert reading is not None
    assert (reading.value, reading.sigma) == (16.0, 2.0)
    assert (reading.amplifier, reading.raw, reading.planes) == ("B", (6, 2), ("SAT",))
    assert read_pixel(frame, 6, 0) is None
    assert read_pixel(frame, -1, 0) is None


def test_reading_of_a_raw_pixel_and_of_a_zero_variance() -> None:
    frame = exposure(raw=True)
    frame.variance[0, 0] = 0
    reading = read_pixel(frame, 0, 0)
    assert reading is not None
    assert reading.raw == (0, 0)
    assert math.isnan(reading.sigma)


def test_the_same_place_before_and_after_assembly() -> None:
    raw, assembled = exposure(raw=True), exposure(raw=False)
    assert same_place(assembled, raw, 3.25, 2.0) == (7.25, 2.0)
    assert same_place(raw, assembled, 7.0, 2.0) == (3.0, 2.0)
    assert same_place(raw, assembled, 0.0, 2.0) is None
    assert same_place(raw, raw, 0.0, 2.0) == (0.0, 2.0)


def test_plane_counts_by_amplifier() -> None:
    frame = exposure(raw=False)
    frame.mask.set_where((slice(0, 2), slice(2, 5)), "BAD")
    counts = {count.plane: count for count in count_planes(frame)}
    assert counts["BAD"].total == 6
    assert counts["BAD"].by_amplifier == (("A", 2), ("B", 4))
    assert counts["SAT"].total == 0


def test_a_sky_that_the_header_does_not_state_says_so() -> None:
    frame = exposure(raw=True)
    position = PropertyList({"RA_DEG": 36.5, "DEC_DEG": -4.5})
    frame.wcs = header_wcs(position, "ccd12")
    reading = read_pixel(frame, 5, 2)
    assert reading is not None
    assert reading.is_nominal_sky
    assert reading_text(reading, "ADU")[3] == f"{sexagesimal(*(reading.sky or ()))} nominal"
    scale = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": 5e-5, "CD2_2": 5e-5}
    frame.wcs = header_wcs(PropertyList(scale), "ccd12")
    reading = read_pixel(frame, 5, 2)
    assert reading is not None
    assert not reading.is_nominal_sky
    assert "nominal" not in reading_text(reading, "ADU")[3]


@pytest.mark.parametrize(
    ("ra", "dec", "text"),
    [
        (36.55916667, -4.51891667, "02:26:14.20 −04:31:08.1"),
        (359.99999999, 89.99999999, "00:00:00.00 +90:00:00.0"),
        (0.0, -0.000001, "00:00:00.00 +00:00:00.0"),
        (15.0, -0.5, "01:00:00.00 −00:30:00.0"),
    ],
)
def test_sexagesimal(ra: float, dec: float, text: str) -> None:
    assert sexagesimal(ra, dec) == text
