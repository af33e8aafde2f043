"""Counts and regions of mask planes on masks that can be counted by eye."""

from __future__ import annotations

import numpy as np
import pytest

from isrcore.image import Exposure, MaskedImage
from isrviewer.session.masks import MaskRegions, count_planes, find_regions
from tests.gui.small_engine import HEIGHT, WIDTH, small_exposure


def exposure_with(*boxes: tuple[str, int, int, int, int]):
    """A small exposure with flags in boxes (plane, x0, y0, width, height)."""
    exposure = small_exposure(0)
    for plane, x0, y0, width, height in boxes:
        exposure.mask.set_where((slice(y0, y0 + height), slice(x0, x0 + width)), plane)
    return exposure


def listed(regions: MaskRegions) -> list[tuple[list[int], int]]:
    return [(box.tolist(), int(pixels)) for box, pixels in zip(regions.boxes, regions.pixels, strict=True)]


def test_regions_are_connected_over_corners_and_sorted_by_size() -> None:
    exposure = exposure_with(("SAT", 30, 50, 1, 1), ("SAT", 2, 3, 4, 2), ("SAT", 6, 5, 1, 3), ("BAD", 0, 0, 40, 1))
    regions = find_regions(exposure, "SAT")
    assert listed(regions) == [([2, 3, 6, 7], 11), ([30, 50, 30, 50], 1)]
    assert regions.total == 2
    assert regions.centre(0) == (4.0, 5.0)


def test_regions_of_an_expression_and_of_nothing() -> None:
    exposure = exposure_with(("SAT", 2, 3, 4, 1), ("BAD", 4, 3, 4, 1))
    assert listed(find_regions(exposure, "SAT & ~BAD")) == [([2, 3, 3, 3], 2)]
    assert listed(find_regions(exposure, "SAT & BAD")) == [([4, 3, 5, 3], 2)]
    assert listed(find_regions(exposure, "CR")) == []
    with pytest.raises(ValueError, match="no mask plane 'NOPE'"):
        find_regions(exposure, "NOPE")


def test_of_many_regions_the_largest_are_listed() -> None:
    exposure = small_exposure(0)
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[::2, ::2] = True
    where[0, :5] = True
    exposure.mask.set_where(where, "CR")
    regions = find_regions(exposure, "CR")
    assert regions.total == WIDTH * HEIGHT // 4 - 2
    assert listed(regions)[0] == ([0, 0, 4, 0], 5)
    assert regions.pixels.sum() == where.sum()


def test_counts_per_amplifier_and_of_an_expression() -> None:
    exposure = exposure_with(("SAT", 18, 3, 4, 1), ("BAD", 19, 3, 1, 1))
    counts = {count.plane: count for count in count_planes(exposure, "SAT & ~BAD")}
    assert (counts["SAT"].total, counts["SAT"].by_amplifier) == (4, (("A", 2), ("B", 2)))
    assert (counts["SAT & ~BAD"].total, counts["SAT & ~BAD"].by_amplifier) == (3, (("A", 1), ("B", 2)))
    assert counts["SAT & ~BAD"].bit is None
    assert "SAT & NOPE" not in {count.plane for count in count_planes(exposure, "SAT & NOPE")}


def test_pixels_that_are_not_finite() -> None:
    """By value or by variance, whatever is flagged; without any there is no row."""
    exposure = exposure_with(("SAT", 18, 3, 4, 1))
    assert "not finite" not in {count.plane for count in count_planes(exposure)}
    assert listed(find_regions(exposure, "not finite")) == []
    exposure.image[3, 19:22] = np.nan
    exposure.variance[4, 21] = np.inf
    last = count_planes(exposure, "SAT & BAD")[-2]
    assert (last.plane, last.bit, last.total, last.by_amplifier) == ("not finite", None, 4, (("A", 1), ("B", 3)))
    assert listed(find_regions(exposure, "not finite")) == [([19, 3, 21, 4], 4)]


def test_integers_are_finite() -> None:
    exposure = small_exposure(0)
    integers = Exposure(MaskedImage(exposure.image.astype(np.uint16)))
    integers.variance[:] = np.nan
    assert "not finite" not in {count.plane for count in count_planes(integers)}
