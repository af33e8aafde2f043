"""Calibration masters that belong to simulated frames, in the form in which Elixir distributes them.

All are untrimmed 2112 x 4644 16-bit Rice images: bias and dark in whole ADU (BZERO 32668; the dark still holds the
bias, as in the archive), flat with BZERO 3.2 and BSCALE 1e-4, fringe scaled per CCD, mask 0 = bad. They are made from
the truth plus the noise that a stack of the stated number of frames has, not by stacking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isrcore.camera.megacam import detector_name, filter_code, load_filters
from isrcore.geom import Box
from isrcore.simulate.ccd import dark_electrons
from isrcore.simulate.chip import (
    AMPLIFIER_WIDTH,
    IMAGING,
    RAW_HEIGHT,
    RAW_WIDTH,
    Chip,
    load_chip,
    mask_rectangles,
    over_columns,
)
from isrcore.simulate.fitsfile import Compression, Extension, card, write_fits
from isrcore.simulate.header import exposure_values, extension_values, header_cards
from isrcore.simulate.pattern import bias_structure, fringe_amplitude, fringe_pattern, noise, response
from isrcore.simulate.recipe import TWILIGHT_LEVEL, SimulationRecipe

__all__ = ["DARK_SECONDS", "mask_boxes", "simulate_calibrations"]

DARK_SECONDS = 1000.0
_INPUTS = {"bias": 30, "dark": 9, "flat": 25, "fringe": 20}
_FRINGE_SKY = 2300.0
"""Sky of the fringe masters of 2003, ADU."""

_MEDIAN_NOISE = math.sqrt(math.pi / 2)
"""Noise of a median over that of a mean."""

_MASKS = {36: "2003A.mask.0.36.02", 40: "test.mask.0.40.00"}


@dataclass(frozen=True)
class _Kind:
    """How one kind of master is made and named."""

    observation: str
    label: str
    stacking: str
    make: Callable[[SimulationRecipe, Chip], NDArray[np.float32]]


def simulate_calibrations(
    recipe: SimulationRecipe, folder: str | Path, on_master: Callable[[str], None] | None = None
) -> dict[str, Path]:
    """Write the masters that fit a recipe: bias, dark, flat, mask, and fringe where the filter has fringes.

    Parameters
    ----------
    recipe : `SimulationRecipe`
        Filter, camera run, detectors and seed count. The files hold the recipe's detectors only.
    folder : str or path
        Made when it does not exist; files of the same name are replaced.
    on_master : callable, optional
        Called with the kind before each master is made.

    Returns
    -------
    paths : dict
        Files by kind: ``bias``, ``dark``, ``flat``, ``mask``, ``fringe``. Named as in the archive, such as
        ``10Bm03.flat.i2.36.00.fits.fz``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    token = load_filters()[filter_code(recipe.filter) or ""]["elixir"][0]
    tokens = {"bias": "0", "dark": f"{DARK_SECONDS:.0f}", "flat": token, "fringe": token}
    compression: Compression = "rice4" if recipe.compression == "rice4" else "rice2"
    paths = {}
    for kind, what in tokens.items():
        if kind == "fringe" and not any(fringe_amplitude(n, recipe.filter) for n in recipe.detectors):
            continue
        if on_master is not None:
            on_master(kind)
        stem = f"{recipe.camera_run}.{kind}.{what}"
        paths[kind] = folder / f"{stem}.{recipe.n_ccd}.00.fits.fz"
        write_fits(paths[kind], *_master(recipe, kind, stem), compression)
    paths["mask"] = folder / f"{_MASKS[recipe.n_ccd]}.fits.fz"
    write_fits(paths["mask"], _mask_primary(recipe), _mask_extensions(recipe), compression)
    return paths


def _master(recipe: SimulationRecipe, kind: str, stem: str) -> tuple[list[str], Iterator[Extension]]:
    """Primary cards and extensions of one master."""
    what = _KINDS[kind]
    changes = {"exposure_time": DARK_SECONDS} if kind == "dark" else {}
    first = recipe.replace(obs_type=what.observation, **changes)
    # Elixir pads the type with blanks and keeps the header of the first input.
    common = exposure_values(first) | {"obs_type": f"{kind.upper():<18}"}
    numbers = sorted(recipe.detectors)

    def extensions() -> Iterator[Extension]:
        for number in numbers:
            chip = load_chip(number)
            frame = what.make(recipe, chip)
            bzero, bscale = _scaling(kind, frame)
            stored = np.clip(np.rint((frame - bzero) / bscale), -32768, 32767).astype(np.int16)
            values = common | extension_values(number) | {"bzero": f"{bzero:.10f}", "bscale": f"{bscale:.10f}"}
            values["filename"] = f"{stem}.{number:02d}.0"
            cards = [*header_cards(first, "E", values), *_stack_cards(kind, frame)]
            yield Extension(chip.name, cards, stored, RAW_HEIGHT)

    values = common | {"n_ext": len(numbers), "filename": f"{stem}.00.0"}
    return [*header_cards(first, "P", values), *_stack_cards(kind, None)], extensions()


def _scaling(kind: str, frame: NDArray[np.float32]) -> tuple[float, float]:
    """BZERO and BSCALE."""
    if kind in ("bias", "dark"):
        return 32668.0, 1.0
    if kind == "flat":
        return 3.2, 1e-4
    low, high = float(frame.min()), float(frame.max())
    bscale = math.ceil((high - low) / 65534.0 * 1e4) / 1e4
    return round(low + 32768.0 * bscale, 4), bscale


def _stack_cards(kind: str, frame: NDArray[np.float32] | None) -> list[str]:
    what = _KINDS[kind]
    cards = [
        f"HISTORY imcombred: {what.stacking.capitalize()} of {_INPUTS[kind]} images (simulated)".ljust(80),
        card("IMCMB_CA", f"'{what.stacking}'", "Combining algorithm on final stack"),
        card("IMCMB_FT", f"'MASTER_DETREND_{what.label}'", "Stacked frame type"),
        card("IMCMB_NI", str(_INPUTS[kind]), "Number of input files"),
    ]
    if frame is None:
        return cards
    image = frame[IMAGING.slices()]
    modes = [
        float(np.median(half[::4, ::4])) for half in (image, image[:, :AMPLIFIER_WIDTH], image[:, AMPLIFIER_WIDTH:])
    ]
    for keyword, mode in zip(("IMMODE", "IMMODEA", "IMMODEB"), modes, strict=True):
        cards.append(card(keyword, f"{mode:.10f}", "Imaging area mode"))
    if kind == "flat" and modes[0] > 0:
        cards.append(card("FLATSCAL", f"{1 / modes[0]:.10f}", "Mosaic flat-field scaling factor"))
    if kind == "fringe":
        low, high = np.percentile(image[::4, ::4], (1, 99))
        cards.append(card("FRNG_SKY", f"{modes[0]:.10f}", "Fringe Frame sky level"))
        cards.append(card("FRNG_RNG", f"{high - low:.10f}", "Fringe Frame fringe strength"))
    return cards


def _noise(recipe: SimulationRecipe, kind: str, chip: Chip) -> NDArray[np.float32]:
    return noise(recipe.seed, "master", kind, chip.number, shape=(IMAGING.height, IMAGING.width))


def _framed(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """An imaging area in its raw frame, overscan 0."""
    frame = np.zeros((RAW_HEIGHT, RAW_WIDTH), dtype=np.float32)
    frame[IMAGING.slices()] = image
    return frame


def _bias(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.float32]:
    stack = _noise(recipe, "bias", chip)
    stack *= over_columns(_MEDIAN_NOISE * chip.read_noises_adu / math.sqrt(_INPUTS["bias"]))
    frame = bias_structure(chip.number, recipe.defects)
    frame[:, : IMAGING.x0] = 0.0
    frame[:, IMAGING.x1 :] = 0.0
    frame[IMAGING.slices()] += stack
    return frame


def _dark(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.float32]:
    electrons = dark_electrons(chip, DARK_SECONDS, recipe.defects)
    stack = _noise(recipe, "dark", chip)
    stack *= np.sqrt(electrons + over_columns(chip.read_noises) ** 2)
    stack *= np.float32(_MEDIAN_NOISE / math.sqrt(_INPUTS["dark"]))
    stack += electrons
    stack /= over_columns(chip.gains)
    frame = _framed(stack)
    frame += bias_structure(chip.number, recipe.defects)
    frame[:, : IMAGING.x0] = 0.0
    frame[:, IMAGING.x1 :] = 0.0
    return frame


def _flat(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.float32]:
    flat = response(chip.number, recipe.filter, recipe.defects, recipe.dead_amplifiers)
    stack = _noise(recipe, "flat", chip)
    stack *= np.sqrt(flat / (over_columns(chip.gains) * np.float32(TWILIGHT_LEVEL * _INPUTS["flat"])))
    stack += flat
    return _framed(stack)


def _fringe(recipe: SimulationRecipe, chip: Chip) -> NDArray[np.float32]:
    stack = _noise(recipe, "fringe", chip)
    flat = response(chip.number, recipe.filter, recipe.defects)
    photons = over_columns(_FRINGE_SKY / chip.gains) / flat
    stack *= np.sqrt(photons) * np.float32(_MEDIAN_NOISE / math.sqrt(_INPUTS["fringe"]))
    stack += np.float32(_FRINGE_SKY)
    stack += np.float32(_FRINGE_SKY * fringe_amplitude(chip.number, recipe.filter)) * fringe_pattern(chip.number)
    return _framed(stack)


_KINDS = {
    "bias": _Kind("BIAS", "BIAS", "MEDIAN", _bias),
    "dark": _Kind("DARK", "DARK", "MEDIAN", _dark),
    "flat": _Kind("FLAT", "SKYFLAT", "MEAN", _flat),
    "fringe": _Kind("OBJECT", "FRINGE", "MEDIAN", _fringe),
}


def mask_boxes(recipe: SimulationRecipe, number: int) -> list[Box]:
    """Bad-pixel boxes of one CCD in the raw frame: the frame's four, its defects, its dead amplifiers."""
    corners = mask_rectangles(number) if recipe.defects else mask_rectangles(number)[:4]
    boxes = [Box.from_corners(x1 - 1, y1 - 1, x2 - 1, y2 - 1) for x1, y1, x2, y2 in corners]
    for index, amplifier in enumerate("AB"):
        if detector_name(number) + amplifier in recipe.dead_amplifiers:
            boxes.append(Box(index * RAW_WIDTH // 2, 0, RAW_WIDTH // 2, RAW_HEIGHT))
    return boxes


def _mask_primary(recipe: SimulationRecipe) -> list[str]:
    return [
        card("NEXTEND", str(len(recipe.detectors)), "Number of extensions"),
        card("ORIGIN", "'CFHT    '", "Canada-France-Hawaii Telescope"),
        card("OBJECT", "'Bad Pixels Map'", "Frame type"),
        *_mask_common(f"{_MASKS[recipe.n_ccd][:-6]}.00{_MASKS[recipe.n_ccd][-3:]}"),
        "HISTORY simulated frame: made by isrcore simulate".ljust(80),
    ]


def _mask_common(filename: str) -> list[str]:
    return [
        card("OBSTYPE", "'MASK    '", "Frame definition"),
        card("DETECTOR", "'MegaCam '", "Camera name"),
        card("INSTRUME", "'MegaPrime'", "Instrument"),
        card("RUNID", "'00      '", "Version of the mask"),
        card("FILENAME", f"'{filename}'", "Master frame filename"),
    ]


def _mask_extensions(recipe: SimulationRecipe) -> Iterator[Extension]:
    name = _MASKS[recipe.n_ccd]
    for number in sorted(recipe.detectors):
        good = np.ones((RAW_HEIGHT, RAW_WIDTH), dtype=np.int16)
        boxes = mask_boxes(recipe, number)
        for box in boxes:
            good[box.slices()] = 0
        cards = [
            card("BSCALE", "1.0000", "Scale factor"),
            card("BZERO", "0.0000", "Zero factor"),
            *_mask_common(f"{name[:-6]}.{number:02d}{name[-3:]}"),
            card("EXTNAME", f"'{detector_name(number)}'", "CCD number in the mosaic"),
            card("EXTVER", str(number), "Matches the CCD number in the mosaic"),
            *(card(keyword, "'[0:0,0:0]'", "Not applicable") for keyword in ("DETSEC", "BIASSEC", "DATASEC")),
            *(card(keyword, "0", "Not applicable") for keyword in ("SATURATE", "MAXLIN", "GAIN")),
        ]
        for index, box in enumerate(boxes):
            corners = f"'[{box.x0 + 1}:{box.y0 + 1},{box.x1}:{box.y1}]'"
            cards.append(card(f"MASK_{index:03d}", corners, "Bad pixels area definition"))
        yield Extension(detector_name(number), cards, good, RAW_HEIGHT)
