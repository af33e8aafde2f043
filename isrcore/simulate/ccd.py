"""One CCD from light to raw numbers.

``raw = round(bias level + row drift + bias structure - droop + signal / gain + noise)``, clipped at the chip's plateau
and at the 16 bits of the converter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isrcore.kernels.bands import for_bands
from isrcore.simulate.chip import (
    AMPLIFIER_WIDTH,
    HEIGHT,
    IMAGING,
    RAW_HEIGHT,
    RAW_WIDTH,
    WIDTH,
    Chip,
    load_chip,
    over_columns,
)
from isrcore.simulate.pattern import bias_structure, response
from isrcore.simulate.recipe import SimulationRecipe
from isrcore.simulate.scene import COSMIC_RAY, STAR, add_sources, bleed, draw_cosmic_rays, draw_sources, sky_map
from isrcore.simulate.seeds import generator
from isrcore.simulate.truth import PIXEL, CcdTruth, hot_pixel_table

__all__ = ["dark_electrons", "simulate_ccd"]

_CTI = 1e-6
"""Charge left behind per transfer, serial and parallel (assumed; devices of the kind have 1e-6 to 5e-6)."""

_FULL_WELL = 1.7 * 65535.0
"""Charge at which a pixel blooms, ADU: the converter clips long before (devices of the kind hold 120 to 200 ke)."""

_POISSON_BELOW = 50.0
"""Electrons below which photon noise is drawn from the Poisson distribution itself."""

_BAND_PIXELS = 1 << 17
_LAST_ROW = IMAGING.y1 - 1


def simulate_ccd(recipe: SimulationRecipe, detector: int) -> tuple[NDArray[np.uint16], CcdTruth]:
    """Make the raw image of one CCD.

    Parameters
    ----------
    recipe : `SimulationRecipe`
    detector : int
        CCD number, 0 to 39; need not be among the recipe's detectors.

    Returns
    -------
    raw : ndarray, (4644, 2112), uint16
        ADU, untrimmed, as stored: columns 0-31 overscan of A, 2080-2111 of B, rows 4612-4643 parallel overscan.
    truth : `CcdTruth`
    """
    chip = load_chip(detector)
    sources, hits = np.zeros(0, dtype=STAR), np.zeros(0, dtype=COSMIC_RAY)
    sky = {"level": 0.0, "slope_x": 0.0, "slope_y": 0.0, "fringe": 0.0}
    electrons = dark_electrons(chip, recipe.dark_time, recipe.defects)
    if recipe.has_light:
        light, sky = sky_map(recipe, chip)
        if recipe.stars and recipe.obs_type == "OBJECT":
            sources = draw_sources(recipe, chip)
            add_sources(light, sources)
        flat, gains = (
            response(detector, recipe.filter, recipe.defects, recipe.dead_amplifiers),
            over_columns(chip.gains),
        )

        def collect(rows: slice) -> None:
            electrons[rows] += light[rows] * flat[rows] * gains

        for_bands(collect, electrons.shape)
    bleed(electrons, _FULL_WELL * chip.gains)
    if recipe.cosmic_rays:
        hits = draw_cosmic_rays(recipe, chip)
        electrons[hits["y"], hits["x"]] += hits["charge"]
    baseline, levels = _baseline(recipe, chip, electrons)
    raw = _digitise(recipe, chip, electrons, baseline)
    truth = CcdTruth(
        detector=detector,
        gains=_pair(chip.gains),
        read_noises=_pair(chip.read_noises),
        bias_levels=_pair(levels),
        plateau=chip.plateau,
        sky=sky,
        defects=chip.defects if recipe.defects else (),
        sources=sources,
        cosmic_rays=hits,
        saturated=_pixels(raw[IMAGING.slices()] >= chip.plateau),
        hot_pixels=hot_pixel_table(chip),
    )
    return raw, truth


def dark_electrons(chip: Chip, seconds: float, defects: bool) -> NDArray[np.float32]:
    """Thermal charge expected after `seconds`, hot pixels and clusters included: ``(4612, 2048)`` float32, electron."""
    electrons = np.empty((HEIGHT, WIDTH), dtype=np.float32)
    electrons[:] = over_columns(chip.dark_rates * seconds)
    hot = chip.hot_pixels
    electrons[hot.y, hot.x] += hot.rate * np.float32(seconds)
    for defect in chip.defects if defects else ():
        if defect.kind == "hot":
            electrons[defect.box.intersect(IMAGING).slices((IMAGING.x0, IMAGING.y0))] += defect.amount * seconds
    return electrons


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _pixels(where: NDArray[np.bool_]) -> NDArray[np.void]:
    y, x = np.nonzero(where)
    pixels = np.zeros(x.size, dtype=PIXEL)
    pixels["x"], pixels["y"] = x, y
    return pixels


def _baseline(
    recipe: SimulationRecipe, chip: Chip, electrons: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Bias of every row of A and B, ``(4644, 2)`` ADU, and its level ``(2,)``.

    Levels wander by 1.5 ADU in common, 3 ADU per CCD and 1 ADU per amplifier, and fall with the mean signal. Rows drift
    by 2 to 5 ADU over the first 50 to 200, then by 0.3 ADU; a faint band structure is common to all CCDs (drift and
    bands assumed).
    """
    rng = generator(recipe.seed, "bias", chip.number)
    common = generator(recipe.seed, "bias of the mosaic")
    fixed = generator(chip.number, "row drift")
    halves = electrons.reshape(HEIGHT, 2, AMPLIFIER_WIDTH)
    signal = halves.mean(axis=(0, 2), dtype=np.float64) / chip.gains
    levels = chip.bias_levels(recipe.start) + common.normal(0.0, 1.5) + rng.normal(0.0, 3.0) + rng.normal(0.0, 1.0, 2)
    levels = levels - chip.droop * signal
    y = np.arange(RAW_HEIGHT)[:, None]
    drift = fixed.uniform(2.0, 5.0, 2) * np.exp(-y / fixed.uniform(50.0, 200.0, 2))
    walk = np.cumsum(rng.standard_normal((RAW_HEIGHT, 2)), axis=0)
    walk -= np.median(walk, axis=0)
    bands = common.uniform(0.2, 0.5) * np.sin(2 * np.pi * (y / common.uniform(20.0, 60.0) + common.random()))
    baseline = levels + drift + 0.3 * walk / walk.std(axis=0) + bands
    return baseline.astype(np.float32), levels


def _digitise(
    recipe: SimulationRecipe, chip: Chip, electrons: NDArray[np.float32], baseline: NDArray[np.float32]
) -> NDArray[np.uint16]:
    """Add noise, overscan, bias and the limits of the converter."""
    gains = over_columns(chip.gains)
    read_noise = np.repeat(chip.read_noises_adu.astype(np.float32), RAW_WIDTH // 2)
    structure = bias_structure(chip.number, recipe.defects)
    few = float(electrons[::16, ::16].mean()) < _POISSON_BELOW
    raw = np.empty((RAW_HEIGHT, RAW_WIDTH), dtype=np.uint16)
    image_columns = slice(IMAGING.x0, IMAGING.x1)
    # Trapped charge comes out in the rows after the last one, each holding a tenth of the one before.
    tail = np.zeros((RAW_HEIGHT - HEIGHT, WIDTH), dtype=np.float32)
    tail += electrons[_LAST_ROW] / gains * (_CTI * HEIGHT) * 0.1 ** np.arange(len(tail), dtype=np.float32)[:, None]

    def digitise(rows: slice) -> None:
        rng = generator(recipe.seed, recipe.obs_type, "read-out", chip.number, rows.start)
        height = rows.stop - rows.start
        n_image = max(0, min(rows.stop, HEIGHT) - rows.start)
        charge = electrons[rows.start : rows.start + n_image]
        frame = rng.standard_normal((height, RAW_WIDTH), dtype=np.float32)
        adu = np.empty((height, WIDTH), dtype=np.float32)
        adu[n_image:] = tail[max(rows.start - HEIGHT, 0) : max(rows.stop - HEIGHT, 0)]
        shot = None
        if few:
            np.divide(rng.poisson(charge), gains, out=adu[:n_image], casting="unsafe")
        else:
            np.divide(charge, gains, out=adu[:n_image])
            shot = adu[:n_image] / gains
        if recipe.crosstalk:
            adu += np.float32(recipe.crosstalk) * adu[:, ::-1].copy()
        if recipe.nonlinearity:
            adu *= 1.0 - np.float32(recipe.nonlinearity / 65535.0) * adu
        if shot is None:
            frame *= read_noise
        else:
            shot += read_noise[image_columns] ** 2
            frame[:n_image, image_columns] *= np.sqrt(shot, out=shot)
            frame[:n_image, : IMAGING.x0] *= read_noise[: IMAGING.x0]
            frame[:n_image, IMAGING.x1 :] *= read_noise[IMAGING.x1 :]
            frame[n_image:] *= read_noise
        frame[:, image_columns] += adu
        _defer(frame, adu)
        frame += structure[rows]
        frame.reshape(height, 2, RAW_WIDTH // 2)[:] += baseline[rows, :, None]
        np.clip(np.rint(frame, out=frame), 0, chip.plateau, out=frame)
        raw[rows] = frame

    for_bands(digitise, raw.shape, _BAND_PIXELS)
    return raw


def _defer(frame: NDArray[np.float32], adu: NDArray[np.float32]) -> None:
    """Put charge left behind by serial transfers into the first overscan pixels read, those at the outer edges."""
    share = _CTI * AMPLIFIER_WIDTH
    for pixel in range(3):
        part = np.float32(share * 0.1**pixel)
        frame[:, pixel] += part * adu[:, AMPLIFIER_WIDTH - 1]
        frame[:, RAW_WIDTH - 1 - pixel] += part * adu[:, AMPLIFIER_WIDTH]
