"""Gain application per amplifier."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.pipe import Struct
from isrcore.steps.gains import GAINS, apply_gains
from isrcore.steps.step import IsrState


def exposure() -> Exposure:
    boxes = Box(0, 0, 4, 6), Box(4, 0, 4, 6)
    amps = tuple(Amplifier(n, b, b, b, gain=g) for n, b, g in zip("AB", boxes, (2.0, 4.0), strict=True))
    pixels = MaskedImage(np.full((6, 8), 10.0, np.float32), None, np.ones((6, 8), np.float32))
    return Exposure(pixels, detector=Detector("ccd00", 0, "", Box(0, 0, 8, 6), amps))


def test_pixels_become_electrons() -> None:
    found = exposure()
    apply_gains(found)
    assert (found.image[:, :4] == 20.0).all()
    assert (found.image[:, 4:] == 40.0).all()
    assert (found.variance[:, 4:] == 16.0).all()


def test_amplifiers_get_a_common_median() -> None:
    found = exposure()
    apply_gains(found, normalize_gains=True)
    np.testing.assert_allclose(found.image, 30.0)


def test_zero_median_is_left_alone_and_nan_spreads() -> None:
    found = exposure()
    found.image[:, :4] = 0.0
    apply_gains(found, normalize_gains=True)
    assert (found.image[:, :4] == 0.0).all()
    found = exposure()
    found.image[0, 0] = np.nan
    apply_gains(found, normalize_gains=True)
    assert np.isnan(found.image).all()


def test_gains_of_the_ptc() -> None:
    task = SimpleNamespace(config=SimpleNamespace(usePtcGains=True, normalizeGains=False))
    state = IsrState(exposure(), Struct(ptc=Struct(gain={"A": 1.5, "B": 1.0})))
    GAINS.run(task, state)
    assert (state.exposure.image[:, :4] == 15.0).all()
    assert (state.exposure.image[:, 4:] == 10.0).all()


def test_missing_gains_are_named() -> None:
    task = SimpleNamespace(config=SimpleNamespace(usePtcGains=True, normalizeGains=False))
    with pytest.raises(AttributeError, match="usePtcGains is on but there is no PTC"):
        GAINS.run(task, IsrState(exposure(), Struct(ptc=None)))
    with pytest.raises(KeyError, match="no gain of amplifier B"):
        apply_gains(exposure(), ptc_gains={"A": 1.0})
    without = exposure()
    without.detector = None
    with pytest.raises(RuntimeError, match="no detector"):
        apply_gains(without)
