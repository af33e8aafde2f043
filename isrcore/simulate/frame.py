"""A raw multi-extension file and its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from isrcore.camera.megacam import detector_name
from isrcore.simulate.ccd import simulate_ccd
from isrcore.simulate.chip import RAW_HEIGHT, RAW_WIDTH, load_chip
from isrcore.simulate.fitsfile import Extension, write_fits
from isrcore.simulate.header import exposure_values, extension_values, header_cards
from isrcore.simulate.recipe import SimulationRecipe
from isrcore.simulate.truth import CcdTruth, Truth

__all__ = ["simulate_raw"]

_PLACEHOLDER = "HISTORY simulated placeholder: constant bias level, no pixels simulated".ljust(80)


def simulate_raw(recipe: SimulationRecipe, path: str | Path, on_ccd: Callable[[int], None] | None = None) -> Truth:
    """Write a raw frame.

    Parameters
    ----------
    recipe : `SimulationRecipe`
        Its detectors get full realism; what stands for the other CCDs says `SimulationRecipe.others`.
    path : str or path
        Name as the compression asks for: ``.fits.fz`` for Rice, ``.fits.gz``, ``.fits``. Written to a temporary file in
        the same folder first; an existing file is replaced only when all is written.
    on_ccd : callable, optional
        Called with the CCD number before the pixels of a CCD are made.

    Returns
    -------
    truth : `Truth`
        Of the recipe's detectors.

    Raises
    ------
    ValueError
        When the name does not fit the compression.
    OSError
        When the file cannot be written.
    """
    common = exposure_values(recipe)
    written = range(recipe.n_ccd) if recipe.others == "constant" else sorted(recipe.detectors)
    truths: dict[int, CcdTruth] = {}

    def extensions() -> Iterator[Extension]:
        for number in written:
            cards = list(header_cards(recipe, "E", common | extension_values(number)))
            if number in recipe.detectors:
                if on_ccd is not None:
                    on_ccd(number)
                pixels, truths[number] = simulate_ccd(recipe, number)
            else:
                levels = np.rint(load_chip(number).bias_levels(recipe.start)).astype(np.uint16)
                pixels = np.repeat(levels, RAW_WIDTH // 2)[None]
                cards.append(_PLACEHOLDER)
            # BZERO 32768: flipping the top bit turns unsigned into stored signed numbers.
            stored = (pixels ^ np.uint16(0x8000)).view(np.int16)
            yield Extension(detector_name(number), cards, stored, RAW_HEIGHT)

    primary = list(header_cards(recipe, "P", common | {"n_ext": len(written)}))
    write_fits(Path(path), primary, extensions(), recipe.compression)
    return Truth(recipe, truths)
