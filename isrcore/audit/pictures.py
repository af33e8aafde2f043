"""Small pictures for reports: cut-outs of the frames around a defect, as PNG, without any library for images."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from isrcore.audit.pixels import PixelSet
from isrcore.geom import Box

__all__ = ["cutout_box", "data_url", "flag_picture", "grey_picture", "png_bytes"]

Bytes = NDArray[np.uint8]

_SIZE = 41
_GOOD, _FLAGGED, _FOUND, _OUTSIDE = (32, 32, 40), (0, 114, 178), (230, 159, 0), (90, 90, 90)
"""Colours that stay apart for colour-blind eyes (Okabe and Ito)."""


def png_bytes(pixels: Bytes) -> bytes:
    """A PNG of 8-bit pixels, (height, width) grey or (height, width, 3) colours, first row on top.

    Raises
    ------
    ValueError
        For another shape or type.
    """
    colours = pixels.ndim == 3
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (colours and pixels.shape[2] != 3):
        raise ValueError(f"a picture has 8-bit pixels, grey or three colours; found {pixels.dtype} {pixels.shape}")
    height, width = pixels.shape[:2]
    # Each row begins with the number of its filter: none.
    rows = np.zeros((height, 1 + width * (3 if colours else 1)), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if colours else 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )


def data_url(pixels: Bytes) -> str:
    """A picture as text that HTML takes in place of a file."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(pixels)).decode("ascii")


def cutout_box(pixels: PixelSet) -> Box:
    """The 41 x 41 pixels to show: the middle of what is small, the first row of what is long."""
    box = pixels.bbox
    x = (box.x0 + box.x1 - 1) // 2 if box.width <= _SIZE else box.x0
    y = (box.y0 + box.y1 - 1) // 2 if box.height <= _SIZE else box.y0
    return Box(x - _SIZE // 2, y - _SIZE // 2, _SIZE, _SIZE)


def grey_picture(image: NDArray[np.float32], box: Box) -> Bytes:
    """A cut-out in grey, from 3 sigma below the median of the cut-out to 6 above; row 0 at the bottom."""
    inside = box.intersect(Box(0, 0, image.shape[1], image.shape[0]))
    part = image[inside.slices()].astype(np.float64)
    finite = part[np.isfinite(part)]
    middle = float(np.median(finite)) if finite.size else 0.0
    noise = 1.4826 * float(np.median(np.abs(finite - middle))) if finite.size else 0.0
    noise = max(noise, 0.1 * float(np.std(finite)) if finite.size else 0.0, 1e-12)
    scaled = (np.nan_to_num(part, nan=middle, posinf=middle, neginf=middle) - middle + 3.0 * noise) / (9.0 * noise)
    picture = np.full(box.shape, 128, np.uint8)
    picture[inside.slices((box.x0, box.y0))] = np.rint(255.0 * np.clip(scaled, 0.0, 1.0))
    return picture[::-1]


def flag_picture(flagged: NDArray[np.bool_], pixels: PixelSet, box: Box) -> Bytes:
    """The map around a finding: what is flagged in blue, the pixels of the finding in orange."""
    frame = Box(0, 0, flagged.shape[1], flagged.shape[0])
    inside = box.intersect(frame)
    picture = np.full((*box.shape, 3), _OUTSIDE, np.uint8)
    part = picture[inside.slices((box.x0, box.y0))]
    part[:] = _GOOD
    part[flagged[inside.slices()]] = _FLAGGED
    part[pixels.to_mask(inside)] = _FOUND
    return picture[::-1]
