"""The memory shared with the process of the panels."""

from __future__ import annotations

import numpy as np
import pytest

from isrviewer.debug_views.ring import RingReader, RingWriter

MB = 1 << 20


def test_planes_arrive_as_they_were_put() -> None:
    writer = RingWriter(2 * MB, 8 * MB)
    reader = RingReader(writer.fd)
    reader.touch()
    planes = [np.arange(6, dtype=dtype).reshape(2, 3) for dtype in ("<f4", "<i4", "<u2", ">f8")]
    for plane, placed in [(plane, writer.put(plane)) for plane in planes]:
        assert placed is not None
        found = np.empty(placed.shape, placed.dtype)
        reader.take(placed, found)
        np.testing.assert_array_equal(found, plane)
        assert found.dtype == plane.dtype
    writer.close()


def test_nothing_is_put_when_all_slots_are_in_use() -> None:
    writer = RingWriter(2 * MB, 6 * MB)
    plane = np.zeros((10, 10), np.float32)
    first, *others = [writer.put(plane) for _ in range(3)]
    assert first is not None
    assert None not in others
    assert writer.put(plane) is None
    writer.give_back(first.offset)
    assert writer.put(plane) == first
    writer.close()


def test_a_larger_plane_makes_larger_slots_and_old_ones_can_still_be_read() -> None:
    writer = RingWriter(2 * MB, 4 * MB)
    reader = RingReader(writer.fd)
    small = np.full((10, 10), 7, np.float32)
    old = writer.put(small)
    large = np.full((1200, 1000), 3, np.float32)
    new = writer.put(large)
    assert old is not None
    assert new is not None
    for placed, plane in ((old, small), (new, large)):
        found = np.empty(placed.shape, placed.dtype)
        reader.take(placed, found)
        np.testing.assert_array_equal(found, plane)
    free = writer.n_free
    writer.give_back(old.offset)
    assert writer.n_free == free, "a slot of another size came back among those of today"
    writer.close()
    with pytest.raises(ValueError, match="closed"):
        writer.put(small)
