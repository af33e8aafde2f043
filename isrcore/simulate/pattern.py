"""The fixed patterns of a chip: response to light, bias structure, fringes.

Arrays cover the imaging area, ``(4612, 2048)`` float32, are shared between callers and therefore read-only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isrcore.camera.megacam import load_geometry
from isrcore.geom import Box
from isrcore.kernels.bands import for_bands
from isrcore.simulate.chip import (
    AMPLIFIERS,
    HEIGHT,
    IMAGING,
    RAW_HEIGHT,
    RAW_WIDTH,
    WIDTH,
    Chip,
    load_chip,
    over_columns,
)
from isrcore.simulate.recipe import filter_facts
from isrcore.simulate.seeds import CHIP_SEED, chip_generator, generator

__all__ = ["bias_structure", "fringe_amplitude", "fringe_pattern", "noise", "response"]

_MEDIAN_SCATTER = 0.0057
"""Pixel scatter of the median CCD in z, the scale of the table of scatter per CCD."""

_BAND_PIXELS = 1 << 17


def noise(seed: int, *key: int | str, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Normal random numbers of unit variance, drawn on all cores; the same whatever their number."""
    out = np.empty(shape, dtype=np.float32)

    def fill(rows: slice) -> None:
        generator(seed, *key, rows.start).standard_normal(dtype=np.float32, out=out[rows])

    for_bands(fill, shape, _BAND_PIXELS)
    return out


@lru_cache(maxsize=2)
def response(number: int, filter_name: str, defects: bool, dead: tuple[str, ...] = ()) -> NDArray[np.float32]:
    """ADU in a raw frame per ADU in a flat-fielded one: what a perfect master flat holds.

    Relative response of the CCD, falloff over the field, step between the amplifiers, pixel scatter, dust, and dark
    defects, normalised as Elixir does (the centre of ccd00 is 1).

    Parameters
    ----------
    number : int
    filter_name : str
    defects : bool
        Whether dark defects are in.
    dead : tuple of str
        Amplifiers without signal (``ccd07A``).
    """
    chip = load_chip(number)
    facts = filter_facts()[filter_name]
    scatter = _pixel_scatter(chip.name, filter_name)
    rng = chip_generator(number, "response")
    along_x, along_y = _falloff(chip, float(facts["falloff"]))
    relative = _relative_response(chip.name, facts["response"])
    # Equal electrons on both sides of the seam: the step in ADU is that of the true gains.
    columns = relative * chip.gains.mean() / over_columns(chip.gains)
    columns[[0, -1]] *= 0.98
    rows = np.ones(HEIGHT, dtype=np.float32)
    rows[0], rows[-1] = 1.0 + rng.uniform(0.05, 0.3), 1.0 - rng.uniform(0.1, 0.5)
    flat = noise(CHIP_SEED, "response", number, shape=(HEIGHT, WIDTH))

    def shape(band: slice) -> None:
        part = flat[band]
        part *= np.float32(scatter)
        part += 1.0
        part *= along_x + along_y[band, None]
        part *= columns
        part *= rows[band, None]

    for_bands(shape, flat.shape)
    _vignette(flat, chip)
    _add_dust(flat, rng)
    for defect in chip.defects if defects else ():
        if defect.kind == "dark":
            flat[_in_imaging(defect.box)] *= 1.0 - defect.amount
    for index, amplifier in enumerate(AMPLIFIERS):
        if chip.name + amplifier in dead:
            flat[:, index * WIDTH // 2 : (index + 1) * WIDTH // 2] = 0.0
    flat.flags.writeable = False
    return flat


def _pixel_scatter(name: str, filter_name: str) -> float:
    """Relative pixel-to-pixel scatter: measured per CCD in z; other filters differ less from CCD to CCD (assumed)."""
    own = load_geometry()["noise_checks"]["rows"][name][2] or _MEDIAN_SCATTER
    ratio = own / _MEDIAN_SCATTER
    return float(filter_facts()[filter_name]["prnu"] * (ratio if filter_name.startswith("z") else ratio**0.5))


def _relative_response(name: str, column: str) -> float:
    """Response of a CCD relative to ccd00; an ear without a number in this set takes that of another."""
    table = load_geometry()["response"]
    row = table["rows"][name]
    value = row[table["sets"].index(column)]
    return float(next(other for other in (value, *row) if other is not None))


def _falloff(chip: Chip, coefficient: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Terms of 1 + coefficient r^2 that depend on x and on y, divided by the mean over the CCD."""
    xi, eta = chip.field_position()
    along_x, along_y = 1.0 + coefficient * xi**2, coefficient * eta**2
    mean = along_x.mean() + along_y.mean()
    return (along_x / mean).astype(np.float32), (along_y / mean).astype(np.float32)


def _vignette(flat: NDArray[np.float32], chip: Chip) -> None:
    """Darken what lies more than 0.62 degree from the centre, down to one half at 0.72 (assumed)."""
    xi, eta = chip.field_position()
    columns = np.flatnonzero(xi**2 + np.max(eta**2) > 0.62**2)
    rows = np.flatnonzero(eta**2 + np.max(xi**2) > 0.62**2)
    if columns.size and rows.size:
        corner = np.ix_(rows, columns)
        radius = np.sqrt(eta[rows, None] ** 2 + xi[columns] ** 2)
        flat[corner] *= 1.0 - 0.5 * np.clip((radius - 0.62) / 0.10, 0.0, 1.0) ** 2


def _add_dust(flat: NDArray[np.float32], rng: np.random.Generator) -> None:
    """20 rings of 1 to 3 per cent and 30 to 80 pixels radius: dust far in front of the chip (assumed)."""
    for _ in range(20):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        depth, radius = rng.uniform(0.01, 0.03), rng.uniform(30.0, 80.0)
        box = Box(int(x - radius) - 8, int(y - radius) - 8, int(2 * radius) + 17, int(2 * radius) + 17)
        box = box.intersect(Box(0, 0, WIDTH, HEIGHT))
        distance = np.hypot(np.arange(box.x0, box.x1) - x, (np.arange(box.y0, box.y1) - y)[:, None])
        ring = np.clip((radius - distance) / 4.0, 0.0, 1.0) * np.clip((distance - 0.4 * radius) / 4.0, 0.0, 1.0)
        flat[box.slices()] *= 1.0 - depth * ring


def _in_imaging(box: Box) -> tuple[slice, slice]:
    """Index of a raw box in an imaging array."""
    return box.intersect(IMAGING).slices((IMAGING.x0, IMAGING.y0))


def bias_structure(number: int, defects: bool) -> NDArray[np.float32]:
    """What remains of a bias after its overscan is subtracted, ADU, ``(4644, 2112)`` float32, raw frame.

    Columns differ by 0.2 ADU rms, the first columns read of each amplifier ramp by 1 to 3 ADU (assumed), bright columns
    run to the last row of the parallel overscan. Zero in the serial overscan.
    """
    rng = chip_generator(number, "bias")
    columns = np.zeros(RAW_WIDTH)
    inside = slice(IMAGING.x0, IMAGING.x1)
    columns[inside] = rng.normal(0.0, 0.2, WIDTH) + over_columns(rng.uniform(0.0, 1.0, 2))
    ramp = rng.uniform(1.0, 3.0, 2)[:, None] * np.exp(-np.arange(WIDTH // 2) / rng.uniform(5.0, 10.0, 2)[:, None])
    columns[inside] += np.concatenate([ramp[0], ramp[1][::-1]])
    structure = np.empty((RAW_HEIGHT, RAW_WIDTH), dtype=np.float32)
    structure[:] = columns
    for defect in load_chip(number).defects if defects else ():
        if defect.kind == "bright":
            structure[defect.box.slices()] += defect.amount
    return structure


def fringe_amplitude(number: int, filter_name: str) -> float:
    """Peak to valley of a CCD's fringes over the sky, from the strengths that fringe masters state."""
    strongest = float(filter_facts()[filter_name]["fringe"])
    if strongest == 0.0:
        return 0.0
    # The thickness of a chip rules its fringes: i follows z.
    column = 2 if filter_name.startswith("gri") else 0
    rows = load_geometry()["fringe"]["rows"]
    strengths = [row[column] for row in rows.values() if row[column] is not None]
    own = rows[load_chip(number).name][column]
    strength = float(np.median(strengths)) if own is None else float(own)
    return strongest * strength / float(max(strengths))


@lru_cache(maxsize=2)
def fringe_pattern(number: int) -> NDArray[np.float32]:
    """Fringes of one CCD, median 0, peak to valley (1st to 99th percentile) 1.

    Interference in a layer of smoothly varying thickness lit by four night-sky lines: cos(4 pi n t / lambda) summed
    (the thickness map is drawn, its scale chosen for contours 30 to 150 pixels apart).
    """
    from scipy.ndimage import gaussian_filter, zoom

    rng = chip_generator(number, "fringe")
    coarse = 32
    shape = (HEIGHT // coarse + 17, WIDTH // coarse + 16)
    thickness = gaussian_filter(rng.standard_normal(shape), rng.uniform(250, 450) / coarse, mode="wrap")
    thickness *= 0.9 / thickness.std()
    step = 4
    # Margins of half the padding keep the wrapped edges out of the picture.
    fine = zoom(thickness, coarse // step, order=3)[64 : 64 + HEIGHT // step + 1, 64 : 64 + WIDTH // step + 1]
    pattern = np.zeros_like(fine)
    for wavelength, weight in ((0.8885, 1.0), (0.9310, 0.7), (0.9440, 0.5), (0.9790, 0.4)):
        pattern += weight * np.cos(4 * np.pi * 3.6 / wavelength * fine + rng.uniform(0, 2 * np.pi))
    low, middle, high = np.percentile(pattern, (1, 50, 99))
    full = _enlarge((pattern - middle) / (high - low), step)
    full.flags.writeable = False
    return full


def _enlarge(coarse: NDArray[np.float64], step: int) -> NDArray[np.float32]:
    """Linear interpolation to `step` times finer pixels; the last row and column of `coarse` end the last interval."""
    weights = (np.arange(step, dtype=np.float32) / step)[:, None]
    grid = coarse.astype(np.float32)
    rows = (grid[:-1, None] * (1 - weights) + grid[1:, None] * weights).reshape(HEIGHT, -1)
    fine = rows[:, :-1, None] * (1 - weights[:, 0]) + rows[:, 1:, None] * weights[:, 0]
    return np.ascontiguousarray(fine.reshape(HEIGHT, WIDTH), dtype=np.float32)
