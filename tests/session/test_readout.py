"""One pixel in all its coordinates, with flipped amplifiers, through the steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, Mask, MaskedImage
from isrviewer.session.history import history_text, pixel_history
from isrviewer.session.masks import count_planes
from isrviewer.session.readout import assembled_to_raw, raw_to_assembled, read_pixel, sexagesimal
from isrviewer.session.state import Pin


def small_detector() -> Detector:
    """Two amplifiers of 3 x 5 pixels behind one prescan column each; the right one is read mirrored in x."""
    a = Amplifier("A", Box(0, 0, 3, 5), Box(0, 0, 4, 6), Box(1, 0, 3, 5))
    b = Amplifier("B", Box(3, 0, 3, 5), Box(4, 0, 4, 6), Box(5, 0, 3, 5), raw_flip_x=True)
    return Detector("ccd00", 0, "s", Box(0, 0, 6, 5), (a, b))


def exposure(raw: bool) -> Exposure:
    shape = (6, 8) if raw else (5, 6)
    image = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    return Exposure(MaskedImage(image, Mask.zeros(shape), np.full(shape, 4, np.float32)), detector=small_detector())


def test_every_assembled_pixel_comes_from_one_raw_pixel_and_back() -> None:
    detector = small_detector()
    seen = set()
    for amp in detector:
        for x in range(amp.bbox.x0, amp.bbox.x1):
            for y in range(amp.bbox.y0, amp.bbox.y1):
                raw = assembled_to_raw(amp, x, y)
                assert amp.raw_data_bbox.contains_pixel(*raw)
                assert raw_to_assembled(detector, *raw) == (x, y)
                seen.add(raw)
    assert len(seen) == 30
    assert assembled_to_raw(detector["B"], 3, 0) == (7, 0)
    assert raw_to_assembled(detector, 0, 0) is None


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


def test_history_follows_a_raw_pixel_through_assembly() -> None:
    raw, assembled = exposure(raw=True), exposure(raw=False)
    later = assembled.clone()
    later.image[2, 4] = 100
    later.mask.set_where((slice(2, 3), slice(4, 5)), "INTRP")
    rows = pixel_history(
        Pin(6, 2), [("raw", "raw", raw), ("a", "assemble", assembled), ("x", "x", None), ("i", "i", later)]
    )
    assert [row.reading.value if row.reading else None for row in rows] == [22.0, 16.0, None, 100.0]
    assert rows[1].change == -6.0
    assert (rows[3].change, rows[3].added) == (84.0, ("INTRP",))
    assert rows[3].signal_to_noise == 50.0
    assert "i\t100\t84\t2\t50\tINTRP\tINTRP" in history_text(Pin(6, 2), rows)


def test_plane_counts_by_amplifier() -> None:
    frame = exposure(raw=False)
    frame.mask.set_where((slice(0, 2), slice(2, 5)), "BAD")
    counts = {count.plane: count for count in count_planes(frame)}
    assert counts["BAD"].total == 6
    assert counts["BAD"].by_amplifier == (("A", 2), ("B", 4))
    assert counts["SAT"].total == 0


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
