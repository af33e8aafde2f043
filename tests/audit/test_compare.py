"""Two maps are compared defect by defect and pixel by pixel, and differences become edits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.audit.compare import DifferenceKind, apply_differences, compare_maps
from isrcore.audit.defect import DefectKind, Status
from isrcore.audit.document import DefectDocument
from isrcore.audit.edits import reject
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()["ccd12"]
boxes = st.builds(Box, st.integers(0, 60), st.integers(0, 60), st.integers(1, 12), st.integers(1, 12))


def make(*some: Box) -> DefectDocument:
    return DefectDocument.of(CCD, [PixelSet.of([box]) for box in some], "map")


def test_the_four_kinds() -> None:
    old = make(Box(5, 5, 2, 2), Box(100, 0, 1, 4612), Box(2000, 9, 1, 1), Box(50, 50, 4, 4))
    new = make(Box(5, 5, 2, 2), Box(100, 1000, 1, 3612), Box(1500, 7, 1, 1), Box(300, 300, 2, 2))
    found = compare_maps(old, new)
    kinds = {kind: {d.defect.bbox for d in found.of_kind(kind)} for kind in DifferenceKind}
    assert kinds[DifferenceKind.COMMON] == {Box(5, 5, 2, 2)}
    assert kinds[DifferenceKind.CHANGED] == {Box(100, 1000, 1, 3612)}
    assert kinds[DifferenceKind.REMOVED] == {Box(2000, 9, 1, 1), Box(50, 50, 4, 4)}
    assert kinds[DifferenceKind.ADDED] == {Box(1500, 7, 1, 1), Box(300, 300, 2, 2)}
    counts = found.counts()
    assert counts["B", DifferenceKind.ADDED, DefectKind.UNKNOWN] == 1
    assert counts["A", DifferenceKind.ADDED, DefectKind.CLUSTER] == 1
    assert counts["A", DifferenceKind.CHANGED, DefectKind.TRAP] == 1
    assert sum(counts.values()) == 6
    assert found.pixel_counts() == {
        DifferenceKind.REMOVED: 1000 + 1 + 16,
        DifferenceKind.ADDED: 1 + 4,
        DifferenceKind.COMMON: 4 + 3612,
    }
    assert set(np.unique(found.pixels())) == {0, 1, 2, 3}


@settings(max_examples=40)
@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_applying_all_differences_gives_the_new_map(one: list[Box], other: list[Box]) -> None:
    old, new = make(*dict.fromkeys(one)), make(*dict.fromkeys(other))
    comparison = compare_maps(old, new)
    counted = {kind: len(comparison.of_kind(kind)) for kind in DifferenceKind}
    shared = counted[DifferenceKind.COMMON] + counted[DifferenceKind.CHANGED]
    assert shared + counted[DifferenceKind.REMOVED] == len(old)
    assert shared + counted[DifferenceKind.ADDED] == len(new)
    history = DefectHistory(old)
    if counted[DifferenceKind.COMMON] == len(comparison.differences):
        with pytest.raises(ValueError, match="no difference to apply"):
            apply_differences(old, comparison.differences)
    else:
        history.do(apply_differences(old, comparison.differences))
        assert np.array_equal(history.document.mask(), new.mask())
        history.undo()
    assert history.document == old


def test_differences_can_be_applied_one_by_one() -> None:
    history = DefectHistory(make(Box(5, 5, 2, 2), Box(9, 9, 1, 1)))
    new = make(Box(5, 5, 3, 3), Box(70, 70, 2, 2))
    for difference in compare_maps(history.document, new).differences:
        history.do(apply_differences(history.document, [difference], source="the other map"))
    document = history.document
    assert np.array_equal(document.mask(), new.mask())
    assert [defect.status for defect in document] == [Status.CHANGED, Status.REJECTED, Status.NEW]
    assert document[3].source == "the other map"


def test_rejected_defects_are_not_in_a_map() -> None:
    old = make(Box(5, 5, 2, 2))
    assert compare_maps(old.apply(reject(old, [1])), make()).differences == ()


def test_maps_of_two_ccds_cannot_be_compared() -> None:
    other = DefectDocument.of(megacam_camera()["ccd13"])
    with pytest.raises(ValueError, match="found ccd12 and ccd13"):
        compare_maps(make(), other)
