"""Boxes of a file become defects: what is one thing in pieces is joined, and no pixel changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.audit.regions import join_boxes
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()["ccd12"]


def corners(boxes: list[Box]) -> NDArray[np.intp]:
    return np.array([(box.y0, box.x0, box.y1, box.x1) for box in boxes], np.intp).reshape(-1, 4)


@pytest.mark.parametrize(
    ("boxes", "areas"),
    [
        ([Box(70, 0, 1, 900), Box(70, 900, 1, 3712)], [4612]),  # a column in two pieces
        ([Box(70, 10, 1, 90), Box(70, 101, 1, 90)], [90, 90]),  # with a good pixel between them
        ([Box(70, 5, 1, 4607), Box(71, 9, 1, 4603)], [4607, 4603]),  # columns that begin at different rows
        ([Box(70, 5, 1, 4607), Box(71, 5, 1, 4607)], [9214]),  # one that is two pixels wide
        ([Box(40, 40, 3, 3), Box(43, 43, 2, 1), Box(45, 44, 1, 1)], [12]),  # a cluster, over corners
        ([Box(40, 40, 3, 3), Box(44, 40, 2, 1)], [9, 2]),
        ([Box(70, 5, 1, 4607), Box(71, 40, 3, 3)], [4607, 9]),  # a spot beside a column
        ([Box(0, 0, 70, 1), Box(71, 0, 1977, 1), Box(70, 0, 1, 4612)], [2047, 4612]),  # an edge that a column cuts
        ([Box(0, 0, 70, 1), Box(71, 0, 1977, 1)], [70, 1977]),  # not flagged over the whole chip
        ([], []),
    ],
)
def test_what_is_one_thing_in_pieces_is_one_defect(boxes: list[Box], areas: list[int]) -> None:
    for order in (1, -1):
        joined = join_boxes(corners(boxes[::order]), CCD.bbox)
        assert sorted(one.area for one in joined) == sorted(areas)
        assert PixelSet.of(b for one in joined for b in one.boxes) == PixelSet.of(boxes)


@given(
    st.lists(
        st.builds(Box, st.integers(0, 90), st.integers(0, 90), st.integers(1, 9), st.integers(1, 80)), max_size=9
    )
)
def test_joining_keeps_every_pixel_and_does_not_depend_on_the_order(boxes: list[Box]) -> None:
    joined, other = (join_boxes(corners(some), CCD.bbox) for some in (boxes, boxes[::-1]))
    assert PixelSet.of(b for one in joined for b in one.boxes) == PixelSet.of(boxes)
    assert {one.corners.tobytes() for one in joined} == {one.corners.tobytes() for one in other}


BOXES = st.lists(
    st.builds(Box, st.integers(0, 60), st.integers(0, 60), st.integers(1, 40), st.integers(1, 40)),
    min_size=1,
    max_size=5,
)


@given(st.lists(BOXES, max_size=6))
def test_unions_of_many_groups_are_those_of_each(groups: list[list[Box]]) -> None:
    together = corners([box for group in groups for box in group])
    counts = np.array([len(group) for group in groups], np.intp)
    assert PixelSet.unions(together, counts) == [PixelSet.of(group) for group in groups]
