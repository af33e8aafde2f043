"""Conversion of integer pixels to float."""

from __future__ import annotations

import numpy as np
import pytest

from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.steps.convert import convert_int_to_float


def raw(dtype: type) -> Exposure:
    mask = Mask(np.ones((600, 700), np.int32))
    mask.planes.add("GHOST")
    image = np.arange(600 * 700).reshape(600, 700).astype(dtype)
    return Exposure(MaskedImage(image, mask, xy0=(3, 4)), PropertyList({"GAINA": 1.6}))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float64])
def test_other_pixels_make_a_new_exposure(dtype: type) -> None:
    before = raw(dtype)
    after = convert_int_to_float(before)
    np.testing.assert_array_equal(after.image, before.image.astype(np.float32))
    assert (after.image.dtype, after.variance.dtype) == (np.float32, np.float32)
    assert (after.variance == 1.0).all()
    assert not after.mask.array.any()
    assert "GHOST" in after.mask.planes
    assert after.bbox == before.bbox
    assert before.mask.array.all()
    after.metadata.set("NEW", 1)
    assert "NEW" not in before.metadata


def test_float_pixels_stay() -> None:
    before = raw(np.float32)
    assert convert_int_to_float(before) is before
    assert before.mask.array.all()


def test_other_objects_are_refused() -> None:
    with pytest.raises(RuntimeError, match="expected an exposure to convert to float pixels, found ndarray"):
        convert_int_to_float(np.zeros((2, 2)))  # type: ignore[arg-type]
