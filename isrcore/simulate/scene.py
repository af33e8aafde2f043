"""Light and charge that change from exposure to exposure: sky, stars, galaxies, bleeding, cosmic rays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import for_bands
from isrcore.simulate.chip import AMPLIFIER_WIDTH, HEIGHT, WIDTH, Chip
from isrcore.simulate.pattern import fringe_amplitude, fringe_pattern
from isrcore.simulate.recipe import SimulationRecipe, filter_facts
from isrcore.simulate.seeds import generator

__all__ = ["COSMIC_RAY", "READOUT_TIME", "STAR", "add_sources", "bleed", "draw_cosmic_rays", "draw_sources", "sky_map"]

STAR = np.dtype([("x", "f4"), ("y", "f4"), ("magnitude", "f4"), ("flux", "f4"), ("fwhm", "f4"), ("galaxy", "?")])
"""A source: trimmed coordinates (0-based, pixel centres), magnitude, ADU in a flat-fielded frame, FWHM in pixels."""

COSMIC_RAY = np.dtype([("x", "i4"), ("y", "i4"), ("charge", "f4")])
"""A pixel hit by cosmic rays: trimmed coordinates, electrons."""

PIXEL_SCALE = 0.187
READOUT_TIME = 40.0
"""Seconds that the last row waits for its read-out, gathering cosmic rays."""

_MOFFAT_BETA = 3.0
_CCD_AREA_CM2 = 17.2
_CCD_AREA_DEG2 = 0.0255
_COSMIC_RATE = 5.0 / 60.0
"""Events per cm^2 and s, derived from the compressed size of a 1000 s dark frame."""


def sky_map(recipe: SimulationRecipe, chip: Chip) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Sky in a flat-fielded frame.

    Returns
    -------
    light : ndarray, (4612, 2048), float32
        ADU.
    parameters : dict
        ``level`` at the centre of the CCD (ADU), ``slope_x`` and ``slope_y`` (relative, per pixel), ``fringe`` (peak to
        valley over the sky).
    """
    # The sky brightens linearly over the degree of the field by 1 to 3 per cent; the direction is that of the exposure.
    rng = generator(recipe.seed, "sky")
    slope, angle, fringe_change = rng.uniform(0.01, 0.03), rng.uniform(0.0, 2 * np.pi), rng.normal(1.0, 0.08)
    xi, eta = chip.field_position()
    along_x, along_y = slope * np.cos(angle) * xi, slope * np.sin(angle) * eta
    level = recipe.sky * (1.0 + along_x.mean() + along_y.mean())
    light = np.empty((HEIGHT, WIDTH), dtype=np.float32)
    columns = (recipe.sky * (1.0 + along_x)).astype(np.float32)
    rows = (recipe.sky * along_y).astype(np.float32)[:, None]
    # Twilight is a continuum: only the night sky's lines make fringes.
    wanted = recipe.fringe and recipe.obs_type == "OBJECT"
    fringe = fringe_amplitude(chip.number, recipe.filter) * fringe_change if wanted else 0.0
    pattern = fringe_pattern(chip.number) if fringe else None

    def fill(band: slice) -> None:
        np.add(columns, rows[band], out=light[band])
        if pattern is not None:
            light[band] *= 1.0 + np.float32(fringe) * pattern[band]

    for_bands(fill, light.shape)
    centre = recipe.sky * (1.0 + along_x[WIDTH // 2] + along_y[HEIGHT // 2])
    parameters = {
        "level": float(centre),
        "slope_x": float((columns[-1] - columns[0]) / (WIDTH - 1) / max(level, 1e-9)),
        "slope_y": float((rows[-1, 0] - rows[0, 0]) / (HEIGHT - 1) / max(level, 1e-9)),
        "fringe": float(fringe),
    }
    return light, parameters


def draw_sources(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.void]:
    """Stars and galaxies on one CCD, dtype `STAR`, brightest first.

    Stars: 10^(0.28 m - 1.7) per square degree brighter than m, 11 < m < 22.5. Galaxies: 10^(0.36 m - 4.3) per square
    degree and half magnitude, 18 < m < 23.5 (both assumed).
    """
    rng = generator(recipe.seed, "sources", chip.number)

    def magnitudes(slope: float, bright: float, faint: float, density: float) -> NDArray[np.float64]:
        """Draw from counts proportional to 10^(slope m), `density` per square degree brighter than `faint`."""
        share = rng.random(rng.poisson(density * _CCD_AREA_DEG2))
        low = 10 ** (slope * (bright - faint))
        return faint + np.log10(low + (1 - low) * share) / slope

    stars = magnitudes(0.28, 11.0, 22.5, 10 ** (0.28 * 22.5 - 1.7))
    galaxies = magnitudes(0.36, 18.0, 23.5, 10 ** (0.36 * 23.5 - 4.3) / (1 - 10**-0.18))
    sources = np.zeros(stars.size + galaxies.size, dtype=STAR)
    sources["magnitude"] = np.concatenate([stars, galaxies])
    sources["galaxy"][stars.size :] = True
    sources["x"] = rng.uniform(-0.5, WIDTH - 0.5, sources.size)
    sources["y"] = rng.uniform(-0.5, HEIGHT - 0.5, sources.size)
    facts = filter_facts()[recipe.filter]
    extinction = facts["extinction"] * 0.2
    sources["flux"] = recipe.exposure_time * 10 ** (0.4 * (facts["zero_point"] - extinction - sources["magnitude"]))
    xi, eta = chip.field_position()
    radius2 = np.interp(sources["x"], np.arange(WIDTH), xi) ** 2 + np.interp(sources["y"], np.arange(HEIGHT), eta) ** 2
    # Images degrade by about 12 per cent from the centre to the corner of the field.
    point = recipe.seeing / PIXEL_SCALE * (1.0 + 0.12 * radius2 / 0.49)
    extent = np.where(sources["galaxy"], rng.uniform(0.5, 1.8, sources.size) / PIXEL_SCALE, 0.0)
    sources["fwhm"] = np.hypot(point, extent)
    return np.sort(sources, order="magnitude")


def add_sources(light: NDArray[np.float32], sources: NDArray[np.void]) -> None:
    """Add round Moffat images (beta 3) to `light`, out to where they fall below 0.05 ADU per pixel."""
    for source in sources:
        scale = source["fwhm"] / (2.0 * np.sqrt(2.0 ** (1.0 / _MOFFAT_BETA) - 1.0))
        peak = source["flux"] * (_MOFFAT_BETA - 1.0) / (np.pi * scale**2)
        if peak < 0.05:
            continue
        reach = int(np.ceil(scale * np.sqrt((peak / 0.05) ** (1.0 / _MOFFAT_BETA) - 1.0))) + 1
        x, y = round(float(source["x"])), round(float(source["y"]))
        x0, x1 = max(x - reach, 0), min(x + reach + 1, WIDTH)
        y0, y1 = max(y - reach, 0), min(y + reach + 1, HEIGHT)
        dx2 = ((np.arange(x0, x1) - source["x"]) / scale) ** 2
        dy2 = ((np.arange(y0, y1) - source["y"]) / scale) ** 2
        light[y0:y1, x0:x1] += peak / (1.0 + dx2 + dy2[:, None]) ** _MOFFAT_BETA


def bleed(electrons: NDArray[np.float32], full_wells: NDArray[np.float64]) -> None:
    """Spill charge above the full well along the columns, 55 per cent of it upwards, away from the read-out.

    Parameters
    ----------
    electrons : ndarray, (4612, 2048), float32
        Changed in place; charge that reaches the first or last row is lost.
    full_wells : ndarray, (2,)
        Electrons that a pixel of A and B can hold.
    """
    for index, full in enumerate(full_wells):
        columns = slice(index * AMPLIFIER_WIDTH, (index + 1) * AMPLIFIER_WIDTH)
        for x in np.flatnonzero(electrons[:, columns].max(axis=0) > full) + columns.start:
            _bleed_column(electrons[:, x], float(full))


def _bleed_column(column: NDArray[np.float32], full: float) -> None:
    over = np.flatnonzero(column > full)
    for run in np.split(over, np.flatnonzero(np.diff(over) > 1) + 1):
        excess = float((column[run] - full).sum())
        column[run] = full
        _fill(column[run[-1] + 1 :], full, 0.55 * excess)
        _fill(column[run[0] - 1 :: -1] if run[0] else column[:0], full, 0.45 * excess)


def _fill(pixels: NDArray[np.float32], full: float, charge: float) -> None:
    """Pour `charge` into `pixels` one after the other until it is used up."""
    room = np.cumsum(np.maximum(full - pixels, 0.0), dtype=np.float64)
    filled = int(np.searchsorted(room, charge))
    rest = charge - (room[filled - 1] if filled else 0.0)
    np.maximum(pixels[:filled], full, out=pixels[:filled])
    if filled < pixels.size:
        pixels[filled] += rest


def draw_cosmic_rays(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.void]:
    """Charge left by cosmic rays, dtype `COSMIC_RAY`, each pixel once.

    5 events per minute and cm^2; straight tracks of mean length 6 pixels with about 1000 electrons per pixel, and 8 per
    cent curled ones of 20 to 200 pixels, the share with which a compressed dark frame gets its real size. Rows read
    late gather events during the read-out too.
    """
    rng = generator(recipe.seed, "cosmic rays", chip.number)
    exposed, waiting = recipe.dark_time, READOUT_TIME
    rate = _COSMIC_RATE * _CCD_AREA_CM2
    during, after = rng.poisson(rate * exposed), rng.poisson(rate * waiting / 2)
    # Waiting time grows with the row, hence the square root.
    y0 = np.concatenate([rng.random(during), np.sqrt(rng.random(after))]) * HEIGHT
    x0 = rng.random(y0.size) * WIDTH
    worm = rng.random(y0.size) < 0.08
    length = np.where(worm, 20.0 * 10.0 ** rng.random(y0.size), rng.exponential(6.0, y0.size) + 0.5)
    charge_per_pixel = np.where(worm, 400.0, 1000.0) * rng.lognormal(0.0, 0.4, y0.size)
    step = 0.25
    points = np.ceil(length / step).astype(np.int64)
    event = np.repeat(np.arange(y0.size), points)
    along = np.arange(event.size) - np.repeat(np.cumsum(points) - points, points)
    turns = np.where(worm[event] & (along > 0), rng.normal(0.0, 0.15, event.size), 0.0)
    turns[along == 0] = 0.0
    heading = np.cumsum(turns)
    heading += (rng.uniform(0.0, 2 * np.pi, y0.size) - heading[np.cumsum(points) - points])[event]
    dx, dy = step * np.cos(heading), step * np.sin(heading)
    first = np.cumsum(points) - points
    x = x0[event] + np.cumsum(dx) - np.cumsum(dx)[first][event] + rng.normal(0.0, 0.25, event.size)
    y = y0[event] + np.cumsum(dy) - np.cumsum(dy)[first][event] + rng.normal(0.0, 0.25, event.size)
    charge = charge_per_pixel[event] * step * rng.exponential(1.0, event.size)
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
    place, which = np.unique(row[inside] * WIDTH + column[inside], return_inverse=True)
    hits = np.zeros(place.size, dtype=COSMIC_RAY)
    hits["x"], hits["y"] = place % WIDTH, place // WIDTH
    hits["charge"] = np.bincount(which, weights=charge[inside], minlength=place.size)
    return hits
