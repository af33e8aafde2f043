"""Thumbnails: binning, painting, files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct
from isrcore.steps.step import IsrState
from isrcore.steps.thumbnail import FLATTENED_THUMBNAIL, OSS_THUMBNAIL, bin_image, make_thumbnail, write_thumbnail


def qa(**changes: Any) -> SimpleNamespace:
    values = {
        "thumbnailBinning": 4,
        "thumbnailStdev": 3.0,
        "thumbnailRange": 5.0,
        "thumbnailQ": 20.0,
        "thumbnailSatBorder": 2,
        "doThumbnailOss": True,
        "doThumbnailFlattened": False,
    }
    return SimpleNamespace(**{**values, **changes})


def exposure() -> Exposure:
    image = np.random.default_rng(3).normal(100.0, 2.0, (42, 63)).astype(np.float32)
    return Exposure(MaskedImage(image, None, np.full(image.shape, 4.0, np.float32)))


def test_binning() -> None:
    pixels = exposure().masked_image
    pixels.mask.set_box(Box(5, 9, 1, 1), "SAT")
    pixels.mask.set_box(Box(6, 10, 1, 1), "BAD")
    binned = bin_image(pixels, 4)
    assert binned.shape == (10, 15)
    np.testing.assert_allclose(binned.image[2, 1], pixels.image[8:12, 4:8].mean(), rtol=1e-6)
    np.testing.assert_allclose(binned.variance, 0.25)
    assert binned.mask.array[2, 1] == binned.mask.planes.bitmask(["SAT", "BAD"])
    assert np.count_nonzero(binned.mask.array) == 1
    for factor in (0, 43):
        with pytest.raises(ValueError, match=f"size, 63 x 42, found {factor}"):
            bin_image(pixels, factor)


def test_picture_is_grey_and_grows_with_the_pixels() -> None:
    found = exposure()
    found.image[:20, 40:60] += np.float32(1.5)
    found.image[20:40, :20] -= np.float32(1000.0)
    picture = make_thumbnail(found, qa())
    assert picture is not None
    assert picture.shape == (10, 15, 3)
    assert picture.dtype == np.uint8
    assert (picture == picture[:, :, :1]).all()
    assert picture[1:4, 11:14].mean() > picture[1:4, 2:8].mean() > 0
    assert not picture[6:9, 1:4].any()
    assert make_thumbnail(found) is None


def star_and_rest(sky: float, star_level: float, border: int) -> tuple[np.ndarray, np.ndarray]:
    """Thumbnail values on a saturated star, and everywhere else."""
    found = exposure()
    found.image[:] += np.float32(sky - 100.0)
    star = Box(24, 16, 8, 8)
    found.image[star.slices()] = star_level
    found.mask.set_box(star, "SAT")
    picture = make_thumbnail(found, qa(thumbnailSatBorder=border))
    assert picture is not None
    on_star = np.zeros((10, 15), np.bool_)
    on_star[4:6, 6:8] = True
    return picture[:, :, 0][on_star], picture[:, :, 0][~on_star]


def test_saturated_stars_are_painted_by_their_surroundings() -> None:
    star, rest = star_and_rest(100.0, -5000.0, 2)
    assert set(star) == {rest.max()}
    # Around a negative sky a star becomes 0, whatever its pixels hold.
    star, rest = star_and_rest(-100.0, 60000.0, 2)
    assert set(star) == set(star_and_rest(-100.0, -5000.0, 2)[0])
    assert rest.max() < star[0] < star_and_rest(-100.0, 60000.0, 0)[0][0]


@pytest.mark.parametrize("softening", [0.0, 1e12])
def test_extreme_softening_is_limited(softening: float) -> None:
    picture = make_thumbnail(exposure(), qa(thumbnailQ=softening))
    assert picture is not None
    assert picture.any()


def test_file_is_a_png_that_others_read(tmp_path: Path) -> None:
    picture = make_thumbnail(exposure(), qa())
    assert picture is not None
    path = tmp_path / "deep" / "folder" / "thumb.png"
    write_thumbnail(path, picture)
    write_thumbnail(path, picture)
    assert [file.name for file in path.parent.iterdir()] == ["thumb.png"]
    from PySide6.QtGui import QImage

    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB888)
    found = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    np.testing.assert_array_equal(found[:, : 3 * image.width()].reshape(picture.shape), picture)


def test_steps_run_when_their_option_is_on() -> None:
    task = SimpleNamespace(config=SimpleNamespace(qa=qa()))
    state = IsrState(exposure(), Struct())
    assert OSS_THUMBNAIL.why_not(task, state) is None
    assert FLATTENED_THUMBNAIL.why_not(task, state) == "qa.doThumbnailFlattened is off"
    OSS_THUMBNAIL.run(task, state)
    assert state.results["ossThumb"].shape == (10, 15, 3)
    assert OSS_THUMBNAIL.writes == frozenset()
