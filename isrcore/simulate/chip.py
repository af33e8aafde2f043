"""What is true of a CCD in every exposure: amplifiers, defects, hot pixels.

Measured numbers come from ``resources/megacam/geometry.json``; where the camera's values are not published, each chip
draws its own from the range that the comment states.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.camera.megacam import detector_name, load_geometry
from isrcore.geom import Box
from isrcore.resource_files import resource
from isrcore.simulate.seeds import chip_generator
from isrcore.values import frozen

__all__ = [
    "AMPLIFIERS",
    "AMPLIFIER_WIDTH",
    "HEIGHT",
    "IMAGING",
    "RAW_HEIGHT",
    "RAW_WIDTH",
    "WIDTH",
    "Chip",
    "Defect",
    "HotPixels",
    "load_chip",
    "mask_rectangles",
    "over_columns",
]

AMPLIFIERS = ("A", "B")
RAW_WIDTH, RAW_HEIGHT = load_geometry()["sections"]["raw_size"]
WIDTH, HEIGHT = load_geometry()["sections"]["size"]
AMPLIFIER_WIDTH = WIDTH // 2
IMAGING = Box((RAW_WIDTH - WIDTH) // 2, 0, WIDTH, HEIGHT)
"""Imaging area in the raw frame; the overscan of A lies left of it, that of B right, the parallel overscan above."""

_N_HOT_PIXELS = 200


@frozen
class Defect:
    """An injected defect.

    Attributes
    ----------
    box : `Box`
        Raw frame, the whole rectangle of the mask.
    kind : str
        ``dark``: `amount` is the fraction of light that is lost. ``bright``: charge that does not depend on the
        exposure time, `amount` ADU in every row, seen in the parallel overscan as well. ``hot``: `amount` electron/s.
    amount : float
    """

    box: Box
    kind: str
    amount: float


@dataclass(frozen=True)
class HotPixels:
    """Single pixels with a high dark current; coordinates in the trimmed frame, rates in electron/s."""

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    rate: NDArray[np.float32]


@dataclass(frozen=True)
class Chip:
    """Lasting properties of a CCD; pairs are for the amplifiers A and B.

    Attributes
    ----------
    number : int
    name : str
    gains : ndarray, (2,)
        True gains, electron/ADU. Their mean is the header's, their ratio that of the flats, unlike the header's.
    read_noises : ndarray, (2,)
        True read noises, electron.
    dark_rates : ndarray, (2,)
        electron/pixel/s.
    droop : ndarray, (2,)
        Fall of the bias level per ADU of mean signal.
    plateau : int
        Raw value at which pixels saturate, ADU.
    defects : tuple of `Defect`
    hot_pixels : `HotPixels`
    wcs : ndarray, (4,)
        CRPIX1, CRPIX2, CD1_1, CD2_2 of the raw frame.
    """

    number: int
    name: str
    gains: NDArray[np.float64]
    read_noises: NDArray[np.float64]
    dark_rates: NDArray[np.float64]
    droop: NDArray[np.float64]
    plateau: int
    defects: tuple[Defect, ...]
    hot_pixels: HotPixels
    wcs: NDArray[np.float64]

    @property
    def read_noises_adu(self) -> NDArray[np.float64]:
        return self.read_noises / self.gains

    def bias_levels(self, when: datetime) -> NDArray[np.float64]:
        """Overscan levels of A and B on record for the epoch nearest to `when`, ADU."""
        table = load_geometry()["overscan_level"]
        years = [int(epoch[:4]) + (int(epoch[5:]) - 0.5) / 12 for epoch in table["epochs"]]
        year = when.year + (when.month - 0.5) / 12
        levels = []
        for amplifier in AMPLIFIERS:
            known = [
                (abs(at - year), level)
                for at, level in zip(years, table["rows"][self.name][amplifier], strict=True)
                if level is not None
            ]
            levels.append(min(known)[1])
        return np.array(levels, dtype=np.float64)

    def field_position(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees from the field centre: xi (east) of every imaging column, eta (north) of every imaging row."""
        crpix1, crpix2, cd1_1, cd2_2 = self.wcs
        xi = cd1_1 * (np.arange(WIDTH) + IMAGING.x0 + 1 - crpix1)
        eta = cd2_2 * (np.arange(HEIGHT) + IMAGING.y0 + 1 - crpix2)
        return xi, eta


def over_columns(pair: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values of A and B spread over the imaging columns, ``(WIDTH,)``."""
    return np.repeat(np.asarray(pair, dtype=np.float32), AMPLIFIER_WIDTH)


@cache
def _defect_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(resource("simulate", "defects.json").read_text("utf-8"))
    return table


def mask_rectangles(number: int) -> list[tuple[int, int, int, int]]:
    """Bad-pixel rectangles ``(x1, y1, x2, y2)`` of the Elixir mask, 1-based inclusive, the four of the frame first."""
    table = _defect_table()
    return [tuple(corners) for corners in table["frame"] + table["rows"][detector_name(number)]]


@cache
def load_chip(number: int) -> Chip:
    """Properties of CCD `number` (0 to 39)."""
    geometry = load_geometry()
    name = detector_name(number)
    rng = chip_generator(number, "chip")

    def pair(table: str) -> NDArray[np.float64]:
        return np.array([geometry[table]["rows"][name][amplifier] for amplifier in AMPLIFIERS], dtype=np.float64)

    # Flats show a step between the amplifiers that the header gains do not explain: divide it between the true gains.
    ratios = [ratio for ratio in geometry["flat_ratio_a_over_b"]["rows"].get(name, []) if ratio is not None]
    step = np.sqrt(np.median(ratios)) if ratios else 1.0
    gains = pair("gain").mean() * np.array([1 / step, step])
    # The ratio of the noises is known from 2002, their mean (over the logarithm) in ADU from a bias of 2019.
    read_noises = pair("read_noise_true")
    read_noises *= geometry["noise_checks"]["rows"][name][0] / np.sqrt(np.prod(read_noises / gains))
    return Chip(
        number=number,
        name=name,
        gains=gains,
        read_noises=read_noises,
        dark_rates=pair("dark_current") / 3600.0,
        # Regression of recorded levels on flat levels: 1.1e-3, 16 to 84 per cent of the amplifiers 0.4e-3 to 1.6e-3.
        droop=np.clip(rng.normal(1.1e-3, 0.6e-3, 2), 0.2e-3, 2.2e-3),
        plateau=int(rng.integers(62000, 65536)),
        defects=_draw_defects(number),
        hot_pixels=_draw_hot_pixels(number),
        wcs=np.array(geometry["wcs"]["rows"][name], dtype=np.float64),
    )


def _draw_defects(number: int) -> tuple[Defect, ...]:
    """Give every rectangle of the real mask a cause: dark or bright column, dark spot, hot cluster (shares assumed)."""
    rng = chip_generator(number, "defects")
    columns, spots = (int(turn) for turn in rng.integers(0, 12, 2))
    defects = []
    for x1, y1, x2, y2 in _defect_table()["rows"][detector_name(number)]:
        box = Box.from_corners(x1 - 1, y1 - 1, x2 - 1, y2 - 1)
        size = float(rng.random())
        if box.y1 >= HEIGHT:
            # Causes take turns, so that every chip has each of them. Columns brighter than 60 ADU would make a
            # compressed bias larger than real ones are.
            columns += 1
            dark = columns % 2 == 0
            defects.append(Defect(box, "dark", 0.1 + 0.7 * size) if dark else Defect(box, "bright", 5.0 * 12.0**size))
        else:
            spots += 1
            dark = spots % 3 > 0
            defects.append(Defect(box, "dark", 0.2 + 0.6 * size) if dark else Defect(box, "hot", 5.0 * 40.0**size))
    return tuple(defects)


def _draw_hot_pixels(number: int) -> HotPixels:
    """200 pixels of 10 to 5000 electron/h, evenly over the logarithm (assumed)."""
    rng = chip_generator(number, "hot pixels")
    place = rng.choice(WIDTH * HEIGHT, _N_HOT_PIXELS, replace=False)
    rate = 10.0 * 500.0 ** rng.random(_N_HOT_PIXELS) / 3600.0
    return HotPixels(x=place % WIDTH, y=place // WIDTH, rate=rate.astype(np.float32))
