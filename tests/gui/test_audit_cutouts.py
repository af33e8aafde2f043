"""Cut-outs pixel by pixel: place, values, limits, colours, outlines, profiles."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from isrcore.audit.defect import Defect, Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrviewer.audit.cutouts import Witness, cut, flagged_around, outline, part_count, place, profile, runs_of
from isrviewer.render.colour import ColourMap, map_colours
from tests.small_frame import HEIGHT, WIDTH, make_detector, make_small_frame

DETECTOR = make_detector()


def pixels(*boxes: Box) -> PixelSet:
    return PixelSet.of(boxes)


@pytest.mark.parametrize(
    ("box", "size", "part", "expected"),
    [
        (Box(10, 20, 1, 1), 21, 0, Box(0, 10, 21, 21)),
        (Box(10, 20, 4, 3), 21, 0, Box(1, 11, 21, 21)),
        (Box(10, 5, 1, 50), 21, 0, Box(0, -5, 21, 21)),
        (Box(10, 5, 1, 50), 21, 1, Box(0, 16, 21, 21)),
        (Box(10, 5, 1, 50), 21, 9, Box(0, 44, 21, 21)),
    ],
)
def test_the_square_lies_around_the_middle_or_the_beginning(box: Box, size: int, part: int, expected: Box) -> None:
    assert place(pixels(box), size, part) == expected


@pytest.mark.parametrize(("height", "count"), [(1, 1), (21, 1), (22, 2), (50, 4), (64, 4), (65, 5)])
def test_the_last_part_shows_the_end(height: int, count: int) -> None:
    column = pixels(Box(10, 5, 1, height))
    assert part_count(column, 21) == count
    assert place(column, 21, count - 1).y1 >= 5 + height - 1


def test_values_are_those_of_the_place_in_every_layout() -> None:
    frame = make_small_frame()
    trimmed = np.arange(WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH)
    raw = frame.raw
    for amp in DETECTOR:
        raw.image[amp.raw_data_bbox.slices()] = trimmed[amp.bbox.slices()].astype(raw.image.dtype)
    assembled = Exposure(MaskedImage(trimmed), detector=DETECTOR)
    box = Box(WIDTH // 2 - 5, -4, 21, 21)
    taken = [Witness("", "ADU", planes).pixels(box, DETECTOR) for planes in (raw, assembled, trimmed)]
    for values in taken:
        assert np.isnan(values[:4]).all(), "rows below the chip"
        assert np.array_equal(values[4:], trimmed[0:17, box.x0 : box.x1])


def test_limits_leave_flagged_pixels_out_and_exposures_share_their_contrast() -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(100, 1, (60, 60)).astype(np.float32)
    second = rng.normal(900, 3, (60, 60)).astype(np.float32)
    flagged = np.zeros((21, 21), np.bool_)
    flagged[:, 5:9] = True
    box = Box(3, 4, 21, 21)
    first[4:25, 8:12] = 60000
    alone = cut([Witness("a", "", first), Witness("b", "", second)], box, DETECTOR, flagged)
    assert alone[0].limits[1] < 200
    widths = [one.limits[1] - one.limits[0] for one in alone]
    assert widths[1] > 2 * widths[0]
    exposures = [Witness("a", "", first, is_exposure=True), Witness("b", "", second, is_exposure=True)]
    shared = [one.limits for one in cut(exposures, box, DETECTOR, flagged)]
    assert shared[0][1] - shared[0][0] == pytest.approx(shared[1][1] - shared[1][0])
    assert sum(shared[1]) / 2 - sum(shared[0]) / 2 == pytest.approx(800, abs=5)


def test_pictures_have_the_highest_row_on_top_and_nothing_beyond_the_chip() -> None:
    values = np.zeros((21, 21), np.float32)
    values[0, 0], values[20, 20] = 100, 50
    colours = ColourMap()
    (one,) = cut([Witness("a", "", values)], Box(0, 0, 21, 21), DETECTOR, np.zeros((21, 21), np.bool_))
    on_chip = np.ones((21, 21), np.bool_)
    on_chip[:, 3] = False
    picture = one.picture(colours, on_chip)
    assert one.limits == (0, 100)
    assert picture[20, 0] == map_colours(colours)[255]
    assert picture[10, 10] == map_colours(colours)[0]
    assert picture[0, 20] in map_colours(colours)[125:131]
    assert not picture[:, 3].any()
    values[5, 6] = np.nan
    (one,) = cut([Witness("a", "", values)], Box(0, 0, 21, 21), DETECTOR, np.zeros((21, 21), np.bool_))
    assert one.picture(colours, on_chip)[15, 6] == 0xFF0072B2


def test_the_map_around_has_what_is_flagged() -> None:
    sets = (pixels(Box(10, 10, 2, 2)), pixels(Box(15, 0, 1, 50)), pixels(Box(70, 40, 3, 3)), pixels(Box(12, 14, 1, 1)))
    defects = {n: Defect(n, one, status=Status.REJECTED if n == 4 else Status.NEW) for n, one in enumerate(sets, 1)}
    document = DefectDocument("ccd00", Box(0, 0, WIDTH, HEIGHT), MappingProxyType(defects))
    where = flagged_around(document, Box(5, -3, 21, 21))
    expected = np.zeros((21, 21), np.bool_)
    expected[13:15, 5:7] = True
    expected[3:, 10] = True
    assert np.array_equal(where, expected)


def test_outlines_run_between_pixels_and_end_at_the_border() -> None:
    where = np.zeros((5, 5), np.bool_)
    where[1, 2] = True
    lines = {tuple(line) for line in outline(where).tolist()}
    assert lines == {(2, 3, 3, 3), (2, 4, 3, 4), (2, 3, 2, 4), (3, 3, 3, 4)}
    assert not len(outline(np.ones((5, 5), np.bool_)))


def test_profiles_are_medians_across_the_defect() -> None:
    values = np.zeros((21, 21), np.float32)
    values[3:6, 7] = (1, 5, 30)
    where = np.zeros((21, 21), np.bool_)
    where[3:6, 7] = True
    box = Box(100, 200, 21, 21)
    row, column = (profile(values, where, box, axis) for axis in "xy")
    assert (row.first, column.first) == (100, 200)
    assert row.values[7] == 5
    assert column.values[3:6].tolist() == [1, 5, 30]
    values[:, 2] = np.nan
    assert np.isnan(profile(values, where, box, "x").values[2])
    assert np.isnan(profile(values, np.zeros_like(where), box, "x").values).all()


def test_runs() -> None:
    assert runs_of([True, False, True, True]) == [(0, 1), (2, 4)]
    assert runs_of([False]) == []
