"""How far trimming moves pixels: from the detector alone, and for the frame at hand."""

from __future__ import annotations

import numpy as np

from isrcore.camera.megacam import megacam_camera
from isrcore.image import Exposure, MaskedImage
from isrcore.image.trimming import trim_offset, trimmed_by

CCD = megacam_camera()[12]


def frame(shape: tuple[int, int]) -> Exposure:
    return Exposure(MaskedImage(np.zeros(shape, np.float32)), detector=CCD)


def test_a_megacam_ccd_loses_32_columns_at_the_left() -> None:
    assert trimmed_by(CCD) == (32, 0)
    assert trim_offset(frame(CCD.bbox.shape)) == (32, 0)


def test_a_raw_frame_or_one_without_detector_is_not_moved() -> None:
    assert trim_offset(frame(CCD.raw_bbox.shape)) == (0, 0)
    bare = frame(CCD.bbox.shape)
    bare.detector = None
    assert trim_offset(bare) == (0, 0)


def test_mirrored_or_parted_amplifiers_have_no_offset() -> None:
    a, b = CCD
    assert trimmed_by(CCD.with_amplifiers([a, b.replace(raw_flip_x=True)])) is None
    assert trimmed_by(CCD.with_amplifiers([a, b.replace(raw_data_bbox=b.raw_data_bbox.shift(1, 0))])) is None
