"""Detector: what CFHT reads from the frame before ISR: saturation level, gains and read noises.

See manual: cfht, Saturation level.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.camera import Amplifier, Detector
from isrcore.kernels.bands import map_bands
from isrcore.metadata import PropertyList
from isrcore.steps.step import IsrState, IsrTaskLike, Step, always_runs

__all__ = ["CFHT_DETECTOR", "cfht_amplifier", "estimate_saturation"]

LOWEST_PLATEAU = 60000.0
"""ADU; MegaCam CCDs saturate above this level, and a read noise above it in the header stands for "not measured"."""

_BINS = 100


def _keyword(metadata: PropertyList, key: str, what: str) -> float:
    if not metadata.exists(key):
        raise KeyError(f"header keyword {key} is missing; CfhtIsrTask takes the {what} from it")
    found = metadata.getScalar(key)
    try:
        number = float(found)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"header keyword {key} ({what}): expected a finite number, found {found!r}")
    return number


def estimate_saturation(image: NDArray[Any], metadata: PropertyList, safe: float) -> float:
    """Saturation level of a raw frame.

    When the highest pixel is above 60 000 ADU: `safe` times the left edge of the first fullest of 100 equal bins
    between 60 000 ADU and that pixel + 1, truncated to an integer. Otherwise, and when a pixel is NaN, the header's
    ``SATURATE``. Bin edges are single precision, the product double precision.

    Parameters
    ----------
    image : ndarray, (height, width)
        All raw pixels, overscan included, ADU.
    metadata : `PropertyList`
    safe : float
        Config field ``safe``.

    Returns
    -------
    saturation : float
        ADU.

    Raises
    ------
    KeyError
        If ``SATURATE`` is needed and missing.
    ValueError
        If a pixel is infinite, or ``SATURATE`` is needed and no finite number.
    """
    parts = map_bands(lambda rows: _bright(image[rows]), image.shape)
    highest = float(np.float32(np.max([highest for highest, _ in parts])))
    if not highest > LOWEST_PLATEAU:
        return _keyword(metadata, "SATURATE", "saturation level (no pixel is above 60000 ADU)")
    if np.isinf(highest):
        raise ValueError(
            "the raw image has infinite pixels: expected finite ADU to find the saturation plateau above 60000 ADU"
        )
    edges = np.linspace(LOWEST_PLATEAU, highest + 1.0, _BINS + 1, dtype=np.float32)
    counts, _ = np.histogram(np.concatenate([bright for _, bright in parts]).astype(np.float32), bins=edges)
    return float(int(safe * float(edges[int(np.argmax(counts))])))


def _bright(image: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
    """The highest pixel (NaN if there is one) and all pixels from `LOWEST_PLATEAU` on."""
    highest, flat = image.max(), image.reshape(-1)
    if highest < LOWEST_PLATEAU:
        return highest, flat[:0]
    # A whole number is compared without turning the pixels into double precision.
    return highest, flat.take(np.flatnonzero(flat >= int(LOWEST_PLATEAU)))


def cfht_amplifier(amp: Amplifier, metadata: PropertyList, saturation: float) -> Amplifier:
    """Amplifier A or B with gain (electron/ADU) and read noise (electron) from the header and a saturation (ADU).

    Raises
    ------
    ValueError
        For an amplifier that is neither A nor B, or a header keyword that is no finite number.
    KeyError
        If a header keyword is missing.
    """
    if amp.name not in ("A", "B"):
        raise ValueError(f"MegaCam amplifiers are A and B, found {amp.name!r}")
    gain = _keyword(metadata, f"GAIN{amp.name}", f"gain of amplifier {amp.name}")
    read_noise = _keyword(metadata, f"RDNOISE{amp.name}", f"read noise of amplifier {amp.name}")
    if read_noise > LOWEST_PLATEAU:
        read_noise = _keyword(metadata, "RDNOISE", f"read noise, because RDNOISE{amp.name} is {read_noise:g}")
    return amp.replace(saturation=saturation, gain=gain, read_noise=read_noise)


def cfht_detector(
    detector: Detector | None, image: NDArray[Any], metadata: PropertyList, safe: float, log: logging.Logger
) -> Detector:
    """The detector with the frame's own saturation, gains and read noises on its amplifiers.

    Raises
    ------
    AttributeError
        If there is no detector, which the reference notices only after the estimate of the saturation.
    """
    saturation = estimate_saturation(image, metadata, safe)
    log.info("Saturation level is set to %d ADU.", saturation)
    if detector is None:
        raise AttributeError("the exposure has no detector: CfhtIsrTask needs one with the amplifiers A and B")
    return detector.with_amplifiers(cfht_amplifier(amp, metadata, saturation) for amp in detector)


def _run(task: IsrTaskLike, state: IsrState) -> None:
    exposure = state.exposure
    exposure.detector = cfht_detector(exposure.detector, exposure.image, exposure.metadata, task.config.safe, task.log)
    state.detector = exposure.detector


CFHT_DETECTOR = Step(
    name="cfhtDetector",
    label="detector",
    method="run",
    doc="Take gains and read noises from the header, and the saturation level from the histogram of the raw pixels.",
    why_not=always_runs,
    run=_run,
    reads=("safe",),
    writes=frozenset({"geometry"}),
)
