"""Small pictures of an exposure, made during processing (manual: measurements, Thumbnails)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from isrcore.atomic import written_atomically
from isrcore.image import Exposure, Mask, MaskedImage
from isrcore.image.footprints import grow_circle, label_regions
from isrcore.image.statistics import Property, StatisticsControl, make_statistics
from isrcore.steps.step import IsrState, IsrTaskLike, Step

__all__ = ["FLATTENED_THUMBNAIL", "OSS_THUMBNAIL", "bin_image", "make_thumbnail", "write_thumbnail"]

Picture = NDArray[np.uint8]


def bin_image(pixels: MaskedImage, factor: int) -> MaskedImage:
    """Bin a masked image: mean of the image, OR of the mask, variance of the mean; rests at the high ends are dropped.

    Raises
    ------
    ValueError
        If `factor` is not positive or larger than the image.
    """
    height, width = pixels.shape
    if not 1 <= factor <= min(height, width):
        raise ValueError(f"qa.thumbnailBinning must be from 1 to the image's size, {width} x {height}, found {factor}")
    ny, nx = height // factor, width // factor

    def blocks(plane: NDArray[Any]) -> NDArray[Any]:
        return plane[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor)

    return MaskedImage(
        blocks(pixels.image).mean(axis=(1, 3), dtype=np.float64).astype(np.float32),
        Mask(np.bitwise_or.reduce(blocks(pixels.mask.array), axis=(1, 3)), pixels.mask.planes),
        (blocks(pixels.variance).sum(axis=(1, 3), dtype=np.float64) / factor**4).astype(np.float32),
    )


def make_thumbnail(exposure: Exposure, qa_config: Any = None) -> Picture | None:
    """A grey picture of an exposure with an asinh stretch.

    Parameters
    ----------
    exposure : `Exposure`
    qa_config : config, optional
        With ``thumbnailBinning``, ``thumbnailStdev``, ``thumbnailRange``, ``thumbnailQ``, ``thumbnailSatBorder``.

    Returns
    -------
    picture : ndarray, (ny, nx, 3), uint8, or None
        Three equal channels; row 0 is the lowest row of the image. None without `qa_config`.
    """
    if qa_config is None:
        return None
    binned = bin_image(exposure.masked_image, qa_config.thumbnailBinning)
    control = StatisticsControl(and_mask=binned.mask.planes.bitmask(["SAT", "BAD", "INTRP"]))
    measured = make_statistics(binned, Property.MEDIAN | Property.STDEVCLIP | Property.MAX, control)
    low = measured.value(Property.MEDIAN) - qa_config.thumbnailStdev * measured.value(Property.STDEVCLIP)
    if qa_config.thumbnailSatBorder:
        _repaint_saturated(binned, measured.value(Property.MAX), qa_config.thumbnailSatBorder)
    grey = _asinh(binned.image, low, qa_config.thumbnailRange, qa_config.thumbnailQ)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _repaint_saturated(pixels: MaskedImage, bright: float, border: int) -> None:
    """Give each saturated region one value, in place: bright if its surroundings are positive, else 0."""
    saturated = pixels.mask.has("SAT")
    labels, _ = label_regions(saturated)
    height, width = pixels.shape
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        around = (
            slice(max(rows.start - border, 0), min(rows.stop + border, height)),
            slice(max(columns.start - border, 0), min(columns.stop + border, width)),
        )
        region = labels[around] == label
        surroundings = grow_circle(region, border) & ~saturated[around]
        total = pixels.image[around][surroundings].sum(dtype=np.float64)
        pixels.image[around][region] = bright if total > 0 else 0.0


def _asinh(image: NDArray[np.float32], low: float, data_range: float, softening: float) -> Picture:
    """Map pixels to 0 ... 255, black at `low`; what is not finite is black too, as in the reference."""
    q = 0.1 if abs(softening) < 2.0**-23 else min(softening, 1e10)
    slope = 0.1 * 255.0 / np.arcsinh(0.1 * q)
    with np.errstate(invalid="ignore", over="ignore"):
        above = image.astype(np.float64) - low
        grey = np.where(above > 0, np.arcsinh(above * (q / data_range)) * slope, 0.0)
    picture: Picture = np.clip(np.nan_to_num(grey, nan=0.0, posinf=0.0), 0.0, 255.0).astype(np.uint8)
    return picture


def write_thumbnail(path: str | Path, thumbnail: Picture) -> None:
    """Write a thumbnail as PNG; row 0 is the uppermost row of the file.

    Parameters
    ----------
    path : str or `pathlib.Path`
    thumbnail : ndarray, (ny, nx, 3), uint8
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(path) as temporary:
        temporary.write_bytes(_png(thumbnail))


def _png(picture: Picture) -> bytes:
    """A PNG file of 8-bit RGB pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, _ = picture.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # every row begins with its filter type, 0 for none
    rows[:, 1:] = picture.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows.tobytes())), chunk(b"IEND", b""))
    )


def _step(name: str, label: str, doc: str, result: str) -> Step:
    switch = f"qa.{name}"

    def why_not(task: IsrTaskLike, state: IsrState) -> str | None:
        return None if getattr(task.config.qa, name) else f"{switch} is off"

    def run(task: IsrTaskLike, state: IsrState) -> None:
        state.results[result] = make_thumbnail(state.exposure, task.config.qa)

    options = ("thumbnailBinning", "thumbnailStdev", "thumbnailRange", "thumbnailQ", "thumbnailSatBorder")
    return Step(
        name=name,
        label=label,
        method="makeThumbnail",
        doc=doc,
        why_not=why_not,
        run=run,
        switch=switch,
        reads=(switch, *(f"qa.{option}" for option in options)),
    )


OSS_THUMBNAIL = _step(
    "doThumbnailOss", "overscan thumbnail", "Make a small picture of the overscan-subtracted image.", "ossThumb"
)
FLATTENED_THUMBNAIL = _step(
    "doThumbnailFlattened", "flat thumbnail", "Make a small picture of the flat-fielded image.", "flattenedThumb"
)
