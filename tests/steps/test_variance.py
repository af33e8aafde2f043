"""The variance plane."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.steps.step import IsrState
from isrcore.steps.variance import NEGATIVE_VARIANCE, VARIANCE, mask_negative_variance, set_variance, update_variance
from tests.small_frame import make_detector

DETECTOR = make_detector()
A, B = DETECTOR


class Task:
    """A task with the config fields that the step reads."""

    def __init__(self, **fields: Any) -> None:
        values: dict[str, Any] = {
            "usePtcGains": False,
            "usePtcReadNoise": False,
            "doEmpiricalReadNoise": False,
            "saturatedMaskName": "SAT",
            "suspectMaskName": "SUSPECT",
            "doVariance": True,
            "doAssembleCcd": True,
            "maskNegativeVariance": True,
            "qa": SimpleNamespace(saveStats=True),
        }
        self.config = SimpleNamespace(**{**values, **fields})
        self.log = logging.getLogger("test")
        self.metadata = PropertyList()

    def updateVariance(self, exposure: Exposure, amp: Any, overscanImage: Any = None, ptcDataset: Any = None) -> None:
        update_variance(self, exposure, amp, overscanImage, ptcDataset)


def exposure(level: float = 160.0) -> Exposure:
    return Exposure(MaskedImage(np.full(DETECTOR.bbox.shape, level, np.float32)), detector=DETECTOR)


def test_photon_noise_and_read_noise() -> None:
    pixels = MaskedImage(np.array([[0.0, 160.0, -320.0, np.nan]], np.float32))
    set_variance(pixels, 1.6, 3.0)
    np.testing.assert_allclose(pixels.variance, [[9.0, 109.0, -191.0, np.nan]])
    assert pixels.variance.dtype == np.float32


@pytest.mark.parametrize("gain", [float("nan"), 0.0, -1.5])
def test_useless_gain_becomes_one(gain: float, caplog: pytest.LogCaptureFixture) -> None:
    found = exposure()
    with caplog.at_level(logging.WARNING):
        update_variance(Task(), found, A.replace(gain=gain, read_noise=2.0))
    assert "amplifier A" in caplog.text
    np.testing.assert_allclose(found.variance, 164.0)


def test_gain_and_noise_of_a_ptc() -> None:
    ptc = Struct(gain={"A": 4.0}, noise={"A": 10.0})
    found = exposure()
    update_variance(Task(usePtcGains=True, usePtcReadNoise=True), found, A, ptc=ptc)
    np.testing.assert_allclose(found.variance, 140.0)


@pytest.mark.parametrize("field", ["usePtcGains", "usePtcReadNoise"])
def test_missing_ptc(field: str) -> None:
    found = exposure()
    with pytest.raises(RuntimeError, match=field):
        update_variance(Task(**{field: True}), found, A)
    assert not found.variance.any()


def test_empirical_noise_leaves_out_flagged_overscan() -> None:
    rng = np.random.default_rng(0)
    overscan = MaskedImage(rng.normal(0.0, 5.0, (200, 30)).astype(np.float32))
    overscan.image[:40] += 4000.0
    overscan.mask.array[:40] = overscan.mask.planes.bitmask("SUSPECT")
    found = exposure(0.0)
    update_variance(Task(doEmpiricalReadNoise=True), found, A, overscan)
    np.testing.assert_allclose(found.variance, 25.0, rtol=0.05)
    with pytest.raises(RuntimeError, match="amplifier A has no corrected overscan"):
        update_variance(Task(doEmpiricalReadNoise=True), found, A)


def test_negative_variance_is_flagged() -> None:
    pixels = MaskedImage(np.zeros((1, 5), np.float32))
    pixels.variance[:] = [1.0, 0.0, -2.0, np.nan, -np.inf]
    mask_negative_variance(pixels, "SUSPECT")
    assert pixels.mask.has("SUSPECT").tolist() == [[False, True, True, False, True]]
    assert NEGATIVE_VARIANCE.why_not(Task(doVariance=False), None) == "doVariance is off"  # type: ignore[arg-type]
    assert NEGATIVE_VARIANCE.why_not(Task(maskNegativeVariance=False), None) == "maskNegativeVariance is off"  # type: ignore[arg-type]
    assert NEGATIVE_VARIANCE.why_not(Task(), None) is None  # type: ignore[arg-type]


def test_step_measures_every_amplifier() -> None:
    task, state = Task(), IsrState(exposure(), Struct(ptc=None), DETECTOR, {"bad_amps": [False, False]})
    VARIANCE.run(task, state)
    for amp in DETECTOR:
        expected = 160.0 / amp.gain + amp.read_noise**2
        np.testing.assert_allclose(state.exposure.variance[amp.bbox.slices()], expected, rtol=1e-6)
        assert task.metadata[f"ISR VARIANCE {amp.name} MEDIAN"] == pytest.approx(expected)
        assert task.metadata[f"ISR VARIANCE {amp.name} STDEV"] == 0.0
    task = Task(qa=SimpleNamespace(saveStats=False))
    VARIANCE.run(task, state)
    assert len(task.metadata) == 0


def test_overscans_are_paired_by_position() -> None:
    """As in the reference: an amplifier that the overscan loop skipped shifts the results of all later ones."""
    rng = np.random.default_rng(0)
    noisy = Struct(overscanImage=MaskedImage(rng.normal(0.0, 7.0, (300, 30)).astype(np.float32)))
    state = IsrState(exposure(0.0), Struct(ptc=None), DETECTOR, {"bad_amps": [False], "overscans": [noisy]})
    VARIANCE.run(Task(doEmpiricalReadNoise=True), state)
    np.testing.assert_allclose(state.exposure.variance[A.bbox.slices()], 49.0, rtol=0.05)
    assert not state.exposure.variance[B.bbox.slices()].any()


def test_overscan_of_an_unassembled_frame_is_measured_as_it_is_now() -> None:
    """As in the reference, which keeps a view of the raw frame: a bias subtracted since then counts."""
    found = exposure(0.0)
    box = A.bbox
    kept = Struct(overscanImage=found.masked_image.subset(box).clone())
    found.image[box.slices()] = np.random.default_rng(0).normal(0.0, 7.0, box.shape)
    noise = np.std(found.image[box.slices()], ddof=1)
    state = IsrState(found, Struct(ptc=None), DETECTOR, {"bad_amps": [False], "overscans": [kept]})
    read_noises: list[float] = []
    for assembled in (True, False):
        task = Task(doEmpiricalReadNoise=True, doAssembleCcd=assembled)
        VARIANCE.run(task, state)
        part = found.subset(box)
        read_noises.append(float(np.median(part.variance - part.image / A.gain)) ** 0.5)
    assert read_noises[0] == pytest.approx(0.0, abs=1e-3)
    assert read_noises[1] == pytest.approx(noise, rel=0.05)
