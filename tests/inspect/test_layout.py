"""Raw pixels are found again in every frame, mirrored or not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.inspect.layout import ASSEMBLED, RAW, UNTRIMMED, Layout, amplifier_at, cut_out, region_of
from isrcore.steps.assemble import assemble_ccd
from tests.inspect.runs import FLIPS, small_raw
from tests.small_frame import HEIGHT, PRE, ROWS, WIDTH


def numbered(flips: tuple[bool, bool]) -> Exposure:
    """A raw frame whose every pixel has another value, mask and variance."""
    raw, _ = small_raw(flips)
    count = np.arange(ROWS * (WIDTH + 2 * PRE), dtype=np.float32).reshape(ROWS, -1)
    pixels = MaskedImage(count, None, count + 0.5)
    pixels.mask.array[:] = count.astype(np.int32) % 7
    return raw.with_pixels(pixels, raw.metadata.copy())


@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("flips", FLIPS)
def test_every_raw_pixel_is_found_after_assembly(flips: tuple[bool, bool], trim: bool) -> None:
    raw = numbered(flips)
    assembled = assemble_ccd(raw, trim)
    layout = Layout.of(assembled, raw.detector)
    kept = 0
    for y in range(0, ROWS, 3):
        for x in range(raw.bbox.width):
            place = layout.from_raw(x, y)
            amp = amplifier_at(raw.detector, x, y)
            assert amp is not None
            if place is None:
                assert trim
                assert region_of(amp, x, y) != "imaging"
                continue
            kept += 1
            assert assembled.image[place[1], place[0]] == raw.image[y, x]
            assert layout.to_raw(*place) == (x, y)
    assert kept > 1000


def test_layouts_have_names() -> None:
    raw = numbered((True, False))
    assert Layout.of(raw, raw.detector).name == RAW
    assert Layout.of(assemble_ccd(numbered((True, False))), raw.detector).name == ASSEMBLED
    assert Layout.of(assemble_ccd(numbered((True, False)), trim=False), raw.detector).name == UNTRIMMED
    assert Layout.of(raw, None).name == RAW


@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("flips", FLIPS)
def test_a_box_is_the_same_pixels_in_every_frame(flips: tuple[bool, bool], trim: bool) -> None:
    raw = numbered(flips)
    assembled = assemble_ccd(raw.clone(), trim)
    here, of = Layout.of(raw, raw.detector), Layout.of(assembled, raw.detector)
    box = Box(33, 5, 17, 11)  # across the border of the amplifiers
    wanted = assembled.masked_image.subset(box)
    found = cut_out(raw, here, box, of)
    assert found.present is None
    np.testing.assert_array_equal(found.pixels.image, wanted.image)
    np.testing.assert_array_equal(found.pixels.mask.array, wanted.mask.array)
    np.testing.assert_array_equal(found.pixels.variance, wanted.variance)


@given(st.integers(0, 70), st.integers(0, 50), st.integers(1, 30), st.integers(1, 12), st.sampled_from(FLIPS))
def test_raw_boxes_cut_from_assembled_frames_lack_only_what_was_trimmed(
    x: int, y: int, width: int, height: int, flips: tuple[bool, bool]
) -> None:
    raw = numbered(flips)
    assembled = assemble_ccd(raw.clone())
    box = Box(x, y, width, height).intersect(raw.bbox)
    found = cut_out(assembled, Layout.of(assembled, raw.detector), box, Layout.of(raw, raw.detector))
    imaging = np.zeros(raw.image.shape, bool)
    for amp in raw.detector or ():
        imaging[amp.raw_data_bbox.slices()] = True
    expected = imaging[box.slices()]
    present = np.ones(box.shape, bool) if found.present is None else found.present
    np.testing.assert_array_equal(present, expected)
    np.testing.assert_array_equal(found.pixels.image[expected], raw.image[box.slices()][expected])


def test_boxes_that_reach_out_of_the_frame_are_partly_absent() -> None:
    raw = numbered((False, False))
    layout = Layout.of(raw, raw.detector)
    found = cut_out(raw, layout, Box(-2, -1, 5, 4), layout)
    assert found.present is not None
    assert int(found.present.sum()) == 9
    assert found.pixels.image[1, 2] == raw.image[0, 0]


def test_equal_layouts_share_memory() -> None:
    raw = numbered((False, False))
    layout = Layout.of(raw, raw.detector)
    assert np.shares_memory(cut_out(raw, layout, Box(3, 4, 5, 6), layout).pixels.image, raw.image)


def test_regions_have_their_names() -> None:
    raw = numbered((False, False))
    assert raw.detector is not None
    a = raw.detector["A"]
    assert region_of(a, 2, 3) == "overscan"
    assert region_of(a, 20, 3) == "imaging"
    assert region_of(a, 20, HEIGHT + 1) == "parallel overscan"
    assert region_of(a, 2, HEIGHT + 1) == "unused"


@pytest.mark.parametrize("flips", FLIPS)
def test_parts_of_a_box_hold_its_pixels(flips: tuple[bool, bool]) -> None:
    raw = numbered(flips)
    assembled = assemble_ccd(raw.clone())
    here, of = Layout.of(raw, raw.detector), Layout.of(assembled, raw.detector)
    box = Box(33, 5, 17, 11)  # across the border of the amplifiers
    parts = here.parts(box, of)
    assert len(parts) == 2
    found = np.concatenate([raw.image[part.slices()].ravel() for part in parts])
    np.testing.assert_array_equal(np.sort(found), np.sort(assembled.image[box.slices()].ravel()))
    assert of.parts(box, of) == (box,)
    assert of.parts(Box(0, 0, 3, HEIGHT), here) == ()  # nothing but overscan
