"""The camera: sections, numbers, place in the focal plane, and the values of a header."""

from __future__ import annotations

import re

import numpy as np
import pytest

from isrcore.camera import FOCAL_PLANE, PIXELS
from isrcore.camera.megacam import detector_from_header, load_filters, load_geometry, megacam_camera
from isrcore.geom import Box
from tests.shared_data import shared_path


def test_forty_detectors_with_amplifiers_a_and_b() -> None:
    camera = megacam_camera()
    assert camera.name == "MegaPrime"
    assert [detector.name for detector in camera] == [f"ccd{number:02d}" for number in range(40)]
    for detector in camera:
        assert [amp.name for amp in detector] == ["A", "B"]
        assert detector.bbox == Box(0, 0, 2048, 4612)
        assert detector.raw_bbox == Box(0, 0, 2112, 4644)
        assert Box.around(amp.bbox for amp in detector) == detector.bbox


def test_amplifiers_cover_the_raw_frame_once() -> None:
    covered = np.zeros((4644, 2112), int)
    for amp in megacam_camera()[0]:
        for box in (amp.raw_data_bbox, amp.raw_horizontal_overscan_bbox, amp.raw_vertical_overscan_bbox):
            covered[box.slices()] += 1
    assert (covered == 1).all()


def test_reference_flavour_has_the_reference_boxes() -> None:
    a, b = megacam_camera("obs_cfht")[12]
    assert a.raw_horizontal_overscan_bbox == Box(0, 0, 32, 4613)
    assert b.raw_horizontal_overscan_bbox == Box(2080, 0, 32, 4613)
    assert a.raw_vertical_overscan_bbox == Box(32, 4612, 1023, 31)
    assert b.raw_vertical_overscan_bbox == Box(1056, 4612, 1023, 31)


def test_unknown_flavour() -> None:
    with pytest.raises(ValueError, match="'cfht' or 'obs_cfht', found 'other'"):
        megacam_camera("other")  # type: ignore[arg-type]


def test_numbers_are_those_of_the_reference() -> None:
    pattern = re.compile(r"\| (\d+) \| (\d+) \| (-?[\d.]+) \| (-?[\d.]+) \|" + r" ([\d.]+) \|" * 4)
    rows = pattern.findall(shared_path("reference", "isr_spec.md").read_text())
    assert len(rows) == 36
    for number, serial, x, y, gain_a, gain_b, noise_a, noise_b in rows:
        detector = megacam_camera()[int(number)]
        assert detector.serial == serial
        assert detector.orientation.fp_position == pytest.approx((float(x), float(y)), abs=1e-6)
        assert (detector["A"].gain, detector["B"].gain) == (float(gain_a), float(gain_b))
        assert (detector["A"].read_noise, detector["B"].read_noise) == (float(noise_a), float(noise_b))


def test_north_rows_are_turned() -> None:
    """ccd00 is the north-east corner, upside down: its first pixel lies at its upper right in the focal plane."""
    north, south = megacam_camera()["ccd00"], megacam_camera()["ccd27"]
    first_pixel, last_pixel = (0.0, 0.0), (2047.0, 4611.0)
    x0, y0 = north.transform(first_pixel, PIXELS, FOCAL_PLANE)
    x1, y1 = north.transform(last_pixel, PIXELS, FOCAL_PLANE)
    assert x0 > x1
    assert y0 > y1
    x0, y0 = south.transform(first_pixel, PIXELS, FOCAL_PLANE)
    x1, y1 = south.transform(last_pixel, PIXELS, FOCAL_PLANE)
    assert x0 < x1
    assert y0 < y1


def test_detectors_do_not_overlap_in_the_focal_plane() -> None:
    boxes = []
    for detector in megacam_camera():
        corners = detector.corners(FOCAL_PLANE)
        boxes.append((*corners.min(axis=0), *corners.max(axis=0)))
    for i, (xa, ya, xb, yb) in enumerate(boxes):
        for xc, yc, xd, yd in boxes[i + 1 :]:
            assert xb <= xc + 1e-9 or xd <= xa + 1e-9 or yb <= yc + 1e-9 or yd <= ya + 1e-9


def test_every_group_of_facts_names_its_source() -> None:
    for name, group in load_geometry().items():
        assert group["source"], name


def test_filter_codes_are_unique_and_in_their_names() -> None:
    for code, row in load_filters().items():
        assert row["physical"].endswith(code)
        assert row["physical"].startswith(row["band"])


def test_values_of_the_header_replace_those_of_the_table() -> None:
    chip = megacam_camera()[12]
    header = {"GAINA": 1.1, "GAINB": 1.2, "RDNOISEA": 3, "RDNOISEB": 6.5, "SATURATE": 60000}
    a, b = detector_from_header(chip, header)
    assert (a.gain, b.gain, a.read_noise, b.read_noise) == (1.1, 1.2, 3.0, 6.5)
    assert a.saturation == b.saturation == 60000.0


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"GAINA": 0.0, "GAINB": -1.0, "RDNOISEA": 65535, "RDNOISEB": -1, "SATURATE": 0},
        {"GAINB": None},
    ],
)
def test_impossible_values_keep_the_table(header: dict[str, object]) -> None:
    chip = megacam_camera()[12]
    assert detector_from_header(chip, header).amplifiers == chip.amplifiers


@pytest.mark.parametrize("key", ["GAINA", "GAINB", "RDNOISEA", "RDNOISEB", "SATURATE"])
@pytest.mark.parametrize("value", ["1.5", True, float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_finite_numbers_are_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        detector_from_header(megacam_camera()[12], {key: value})
