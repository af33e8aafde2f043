"""What a pixel should be: the level and noise of its surroundings, without being led by the defects in them.

The level is the mean of the middle half of the pixels of blocks, interpolated; a block that stands out from those
around it by more than a defect's amplitude is full of bad pixels and takes their level. In flats shadows of dust are as
deep as faint defects, but smooth, and wide in both directions: there the level is followed further. Amplifiers are
taken apart, since levels jump between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from isrcore.geom import Box
from isrcore.kernels.bands import for_bands, map_items

__all__ = ["Residuals", "measure_residuals"]

Floats = NDArray[np.float32]

_BLOCK = 16
_TILE = 128
_AROUND = (3, 9)
"""Blocks, in y and x, that tell whether one stands out: wide enough for groups of 64 bad columns."""

_TALL = 17
"""Blocks, in y, over which something is a column and no shadow: the largest are rings of 160 pixels."""

_PROFILE_ROWS, _PROFILE_WIDTH, _PROFILE_BROAD = 8, 9, 129
_CLIP = 3.5
_CLIP_LOSS = 0.9911
"""Standard deviation of a Gaussian that is cut at 3.5 sigma, relative to the whole one."""


class Residuals:
    """A frame without its smooth level.

    Attributes
    ----------
    pixels : ndarray, (height, width), float32
        Difference from the surroundings, in the unit of the frame; 0 where the frame is not finite.
    levels : dict of `Box` to float
        Median of each amplifier.
    """

    def __init__(self, pixels: Floats, noise: dict[Box, Floats], levels: dict[Box, float]) -> None:
        self.pixels, self.levels = pixels, levels
        self._noise = noise

    def sigma(self, box: Box, rows: slice = slice(None)) -> Floats:
        """Local noise of the pixels of an amplifier, in some of its rows."""
        return _between_lines(self._noise[box], rows, box.height, _TILE)

    def column_offsets(self, box: Box, limit: float) -> Callable[[slice], Floats]:
        """How far the columns of an amplifier differ from those around, 128 rows at a time, as a function of rows.

        Parts that differ by more than `limit`, in the unit of the frame, are bad columns: they have no offset.
        """
        pixels = self.pixels[box.slices()]
        tile = min(_TILE, box.height)

        def offsets(y: int) -> Floats:
            return _middle_mean(np.ascontiguousarray(pixels[y : y + tile : 2].T))

        lines = np.stack(map_items(offsets, _starts(box.height, tile)))
        lines[np.abs(lines) > limit] = 0.0
        return lambda rows: _between_lines(lines, rows, box.height, _TILE)

    def significance(self) -> Floats:
        """The difference in units of the noise, in the memory of `pixels`, which are lost."""
        for box, noise in self._noise.items():
            part = self.pixels[box.slices()]

            def divide(rows: slice, part: Floats = part, noise: Floats = noise) -> None:
                part[rows] /= _between_lines(noise, rows, len(part), _TILE)

            for_bands(divide, part.shape)
        return self.pixels


def measure_residuals(
    image: Floats, amplifiers: Iterable[Box], amplitude: float, relative: bool = False, dust: float = 0.0
) -> Residuals:
    """Take the smooth level from a frame.

    Parameters
    ----------
    image : ndarray, (height, width), float32
    amplifiers : iterable of `Box`
        Parts that are taken by themselves; together the whole frame.
    amplitude : float
        The smallest defect: blocks that differ by more are not followed, nor is column structure of more than twice
        this. Unit of the frame.
    relative : bool
        `amplitude` and `dust` are fractions of the level of the amplifier.
    dust : float
        Smooth differences up to this are followed where they are no columns.
    """
    pixels = np.empty_like(image)
    levels: dict[Box, float] = {}
    noise: dict[Box, Floats] = {}
    for box in amplifiers:
        part = image[box.slices()]
        sample = part[:: _PROFILE_ROWS, ::2]
        level = float(np.median(sample[np.isfinite(sample)])) if np.isfinite(sample).any() else 0.0
        levels[box] = level
        unit = abs(level) if relative else 1.0
        noise[box] = _flatten(part, amplitude * unit, dust * unit, pixels[box.slices()])
    return Residuals(pixels, noise, levels)


def _flatten(image: Floats, amplitude: float, dust: float, residual: Floats) -> Floats:
    """Write an amplifier without its level to `residual`; returns the noise, a line for each row of tiles."""
    profile = _column_structure(image, amplitude)
    level = _widened(_block_levels(image, profile, amplitude, dust), image.shape[1], _BLOCK)

    def subtract(rows: slice) -> None:
        part = residual[rows]
        np.subtract(image[rows], profile, out=part)
        part -= _between_lines(level, rows, len(image), _BLOCK)
        finite = np.isfinite(part)
        if not finite.all():
            part[~finite] = 0.0

    for_bands(subtract, image.shape)
    return _widened(_tile_noise(residual), image.shape[1], _TILE)


def _column_structure(image: Floats, amplitude: float) -> Floats:
    """Faint structure along x that is common to all rows, such as the ramp of the first columns read."""
    profile = np.nan_to_num(_middle_mean(np.ascontiguousarray(image[::_PROFILE_ROWS].T)), posinf=0.0, neginf=0.0)
    narrow = ndimage.median_filter(profile, _PROFILE_WIDTH, mode="reflect")
    structure = narrow - ndimage.median_filter(profile, _PROFILE_BROAD, mode="reflect")
    structure[np.abs(structure) > 2.0 * amplitude] = 0.0
    return structure.astype(np.float32)


def _middle_mean(values: Floats) -> Floats:
    """Mean of the middle half of each row: a median would be a whole number in a frame of whole ADU."""
    found: Floats = _middle_half(values).mean(axis=1)
    return found


def _middle_half(values: Floats) -> Floats:
    """The middle half of each row, ascending."""
    low, high = values.shape[1] // 4, values.shape[1] * 3 // 4
    # NumPy sorts short rows with vector instructions: much faster than selecting two places in each.
    return np.sort(values, axis=1)[:, low : high + 1]


def _starts(length: int, size: int) -> list[int]:
    """First pixels of blocks; the last block overlaps the one before where the length is no multiple."""
    return [*range(0, length - size + 1, size), *([length - size] if length % size else [])]


def _block_levels(image: Floats, profile: Floats, amplitude: float, dust: float) -> Floats:
    """Levels of the blocks of a frame without the structure of its columns."""
    height, width = image.shape
    columns = width - width % _BLOCK

    def row_of_blocks(y: int) -> tuple[Floats, Floats]:
        # Every second row is enough: the level is known to a tenth of the noise.
        strip = image[y : y + _BLOCK : 2] - profile
        rows = len(strip)
        parts = [strip[:, :columns].reshape(rows, -1, _BLOCK).transpose(1, 0, 2).reshape(-1, rows * _BLOCK)]
        if width % _BLOCK:
            parts.append(strip[:, width - _BLOCK :].reshape(1, -1))
        middle = _middle_half(np.concatenate(parts))
        return middle.mean(axis=1), middle[:, -1] - middle[:, 0]

    levels, spread = np.stack(map_items(row_of_blocks, _starts(height, _BLOCK)), axis=1)
    np.nan_to_num(levels, copy=False, posinf=0.0, neginf=0.0)
    around = ndimage.median_filter(levels, _AROUND, mode="reflect")
    difference = levels - around
    followed = np.abs(difference) <= amplitude
    if dust > amplitude:
        # Bad pixels that fill a part of a block spread its pixels further than any shadow.
        smooth = (np.abs(difference) <= dust) & (spread <= dust)
        column = np.abs(ndimage.median_filter(difference, (_TALL, 1), mode="reflect")) > amplitude
        followed |= smooth & ~column
    return np.where(followed, levels, around)


def _tile_noise(residual: Floats) -> Floats:
    """Clipped standard deviation of tiles, from every second pixel of every second row."""
    height, width = residual.shape
    tile_y, tile_x = min(_TILE, height), min(_TILE, width)
    rows, columns = _starts(height, tile_y), _starts(width, tile_x)

    def row_of_tiles(y: int) -> list[float]:
        strip = residual[y : y + tile_y : 2]
        return [_clipped_deviation(strip[:, x : x + tile_x : 2].ravel()) for x in columns]

    noise = np.array(map_items(row_of_tiles, rows), np.float32)
    # A tile full of stars or bad pixels takes the noise of those around; one of constant pixels any positive noise.
    usual = ndimage.median_filter(noise, 5, mode="nearest")
    noise = np.where(noise > 2.0 * usual, usual, noise)
    return np.maximum(noise, np.float32(1e-6) + 1e-3 * np.median(noise)).astype(np.float32)


def _clipped_deviation(values: Floats) -> float:
    # The mean of the smaller half starts the clipping well below any outliers, and unlike a median deviation it is not
    # zero for a frame in whole ADU.
    deviation = np.abs(values)
    limit = 4.0 * float(np.partition(deviation, deviation.size * 3 // 4)[deviation.size * 3 // 4])
    sigma = limit
    for _ in range(4):
        inside = deviation[deviation <= limit]
        sigma = float(np.sqrt(np.mean(np.square(inside, dtype=np.float64)))) / _CLIP_LOSS
        limit = _CLIP * sigma
    return sigma


def _widened(grid: Floats, width: int, size: int) -> Floats:
    """Each line of a grid of blocks as `width` pixels: linear between the centres of blocks, constant outside."""
    x0, x1, weight = _between(np.arange(width), width, grid.shape[1], size)
    return grid[:, x0] * (1 - weight) + grid[:, x1] * weight


def _between_lines(lines: Floats, rows: slice, height: int, size: int) -> Floats:
    """The same along y, for some rows of a frame of `height`."""
    y0, y1, weight = _between(np.arange(height)[rows], height, len(lines), size)
    result: Floats = lines[y0]
    result *= (1 - weight)[:, None]
    after = lines[y1]
    after *= weight[:, None]
    result += after
    return result


def _between(
    places: NDArray[np.intp], length: int, n: int, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Blocks before and after each pixel, and the weight of the second."""
    size = min(size, length)
    centres = np.array(_starts(length, size)) + (size - 1) / 2
    position = np.interp(places, centres, np.arange(n))
    low = np.minimum(position.astype(np.intp), n - 1)
    return low, np.minimum(low + 1, n - 1), (position - low).astype(np.float32)
