"""A small chip with two amplifiers and everything that ISR can ask for, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.camera import Amplifier, Detector, Orientation, ReadoutCorner
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, MaskedImage, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct

__all__ = ["HEIGHT", "WIDTH", "SmallFrame", "make_detector", "make_small_frame"]

WIDTH, HEIGHT = 80, 56
PRE, ROWS = 8, 60


def make_detector(linearity: str = "Squared") -> Detector:
    """80 x 56 pixels, amplifiers A and B, overscan on the outside as in MegaCam, four rows of parallel overscan."""
    half = WIDTH // 2
    common: dict[str, Any] = {
        "linearity_type": linearity,
        "linearity_coeffs": (2e-7, 0.0, 0.0, 0.0),
        "suspect_level": 30000.0,
    }
    a = Amplifier(
        "A",
        Box(0, 0, half, HEIGHT),
        Box(0, 0, half + PRE, ROWS),
        Box(PRE, 0, half, HEIGHT),
        Box(0, 0, PRE, HEIGHT),
        Box(PRE, HEIGHT, half, ROWS - HEIGHT),
        gain=1.54,
        read_noise=3.0,
        saturation=60000.0,
        readout_corner=ReadoutCorner.LL,
        **common,
    )
    b = Amplifier(
        "B",
        Box(half, 0, half, HEIGHT),
        Box(half + PRE, 0, half + PRE, ROWS),
        Box(half + PRE, 0, half, HEIGHT),
        Box(WIDTH + PRE, 0, PRE, HEIGHT),
        Box(half + PRE, HEIGHT, half, ROWS - HEIGHT),
        gain=1.63,
        read_noise=4.5,
        saturation=60000.0,
        readout_corner=ReadoutCorner.LR,
        **common,
    )
    orientation = Orientation((0.0, 0.0), (39.5, 27.5))
    return Detector("ccd00", 0, "123", Box(0, 0, WIDTH, HEIGHT), (a, b), orientation=orientation)


@dataclass
class SmallFrame:
    """A raw exposure and the keyword arguments that switch every step on."""

    raw: Exposure
    arguments: dict[str, Any]


def _frame(
    image: np.ndarray[Any, Any], variance: float, detector: Detector, visit: VisitInfo | None = None
) -> Exposure:
    pixels = MaskedImage(image.astype(np.float32), variance=np.full(image.shape, variance, np.float32))
    return Exposure(pixels, detector=detector, visit_info=visit)


def make_small_frame(seed: int = 3, dtype: Any = np.uint16) -> SmallFrame:
    """Sky of 900 ADU with saturated stars, cosmic rays, a hot column; matching calibrations of every kind."""
    rng = np.random.default_rng(seed)
    detector = make_detector()
    flat = 1.0 + 0.05 * rng.standard_normal((HEIGHT, WIDTH))
    fringe = 30.0 * np.sin(np.arange(WIDTH) / 4.0) * np.cos(np.arange(HEIGHT) / 5.0)[:, None]
    sky = flat * 900.0 + fringe + 20.0 * rng.standard_normal((HEIGHT, WIDTH))
    for _ in range(4):
        x, y = rng.integers(8, WIDTH - 8), rng.integers(8, HEIGHT - 8)
        sky[y - 2 : y + 3, x - 3 : x + 4] += 62000.0
    sky[:, 61] += 4000.0
    raw = np.empty((ROWS, WIDTH + 2 * PRE))
    for amp, level in zip(detector, (1183.0, 1355.0), strict=True):
        region = amp.raw_bbox.slices()
        raw[region] = level + 3.0 * rng.standard_normal(raw[region].shape) + np.linspace(0, 6, ROWS)[:, None]
        raw[amp.raw_data_bbox.slices()] += sky[amp.bbox.slices()]
    image = np.clip(np.rint(raw), 0, 65535).astype(dtype)
    header = {
        "GAINA": 1.54,
        "GAINB": 1.63,
        "RDNOISEA": 3.3,
        "RDNOISEB": 4.2,
        "RDNOISE": 3.9,
        "SATURATE": 65535,
        "DETID": "ccd00",
    }
    exposure = Exposure(
        MaskedImage(image),
        PropertyList({**header, "GAIN": 1.6, "DATASEC": "[1:2,1:2]", "KEEPME": 1}),
        detector,
        filter_label=FilterLabel("i.MP9702", "i"),
        visit_info=VisitInfo(180.0, 181.5, 849375),
    )
    crosstalk = CrosstalkCalib()
    crosstalk.fromDetector(detector, coeffVector=[0.0, 1.2e-3, -7e-4, 0.0])
    kernel = np.zeros((5, 5))
    kernel[2, 2], kernel[1:4, 2], kernel[2, 1:4] = -2e-7, -1e-7, -1e-7
    boxes = [Box(30, 0, 2, HEIGHT), Box(5, 40, 3, 4), Box(61, 0, 1, HEIGHT), Box(70, 10, 1, 1)]
    arguments = {
        "bias": _frame(rng.standard_normal((HEIGHT, WIDTH)), 0.25, detector),
        "dark": _frame(rng.random((HEIGHT, WIDTH)) * 5, 0.5, detector, VisitInfo(600.0, 610.0)),
        "flat": _frame(flat, 1e-4, detector),
        "fringes": Struct(fringes=_frame(fringe, 1e-3, detector), seed=7),
        "illumMaskedImage": _frame(1.0 + 0.01 * rng.random((HEIGHT, WIDTH)), 1e-5, detector).masked_image,
        "defects": Defects(boxes),
        "linearizer": Linearizer(detector=detector),
        "crosstalk": crosstalk,
        "bfKernel": kernel,
        "ptc": Struct(gain={"A": 2.0, "B": 1.1}, noise={"A": 6.0, "B": 7.0}),
        "opticsTransmission": TransmissionCurve.makeSpatiallyConstant(np.array([0.9, 0.8]), np.array([4000.0, 9000.0])),
    }
    return SmallFrame(exposure, arguments)
