"""Input that is of no use but no error: the run ends, warns, and flags the pixels."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import pytest

from isrcore.config.fields import set_field
from isrcore.image import Exposure, FilterLabel
from isrcore.task import IsrTask
from tests.robustness.error_cases import Change, no_overscan, other_detector
from tests.small_frame import WIDTH, make_small_frame


def run_small(change: Change, caplog: pytest.LogCaptureFixture, **values: Any) -> Exposure:
    """A run in which only what `values` name is on, and which must end well."""
    frame = make_small_frame()
    config = IsrTask.ConfigClass()
    off = dict.fromkeys(("doBias", "doDark", "doFlat", "doFringe", "doDefect", "doLinearize"), False)
    for path, value in {**off, **values}.items():
        set_field(config, path, value, "test")
    config.validate()
    change(frame.raw, frame.arguments)
    with caplog.at_level(logging.WARNING):
        exposure: Exposure = IsrTask(config=config).run(frame.raw, **frame.arguments).exposure
    return exposure


def filled(name: str, value: float) -> Change:
    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments[name].image[...] = value

    return change


@pytest.mark.parametrize("name", ["bias", "dark", "flat"])
def test_calibration_of_nothing_but_nan(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """It makes every pixel NaN, as in the reference; the bias is early enough for the NaN mask to say so."""
    exposure = run_small(filled(name, math.nan), caplog, **{f"do{name.capitalize()}": True, "doInterpolate": False})
    assert np.isnan(exposure.image).all()
    assert exposure.mask.has("UNMASKEDNAN").all() == (name == "bias")


def test_zeros_in_the_flat(caplog: pytest.LogCaptureFixture) -> None:
    """Division by zero gives infinities where the flat is zero, and nowhere else."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments["flat"].image[10:12, 20:30] = 0.0

    exposure = run_small(change, caplog, doFlat=True)
    assert not np.isfinite(exposure.image[10:12, 20:30]).any()
    assert np.isfinite(exposure.image).sum() == exposure.image.size - 20


@pytest.mark.parametrize("gain", [math.nan, 0.0, -1.5])
def test_useless_gain(gain: float, caplog: pytest.LogCaptureFixture) -> None:
    """The variance is made with a gain of 1, which is logged with the amplifier and the value."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        assert raw.detector is not None
        raw.detector = raw.detector.with_amplifiers(
            amp.replace(gain=gain if amp.name == "A" else 1.0, read_noise=0.0) for amp in raw.detector
        )

    exposure = run_small(change, caplog, doInterpolate=False, doSetBadRegions=False)
    good = exposure.image > 0
    assert np.allclose(exposure.variance[good], exposure.image[good], rtol=1e-5)
    assert f"amplifier A is {gain}" in caplog.text


def test_overscan_without_a_usable_pixel(caplog: pytest.LogCaptureFixture) -> None:
    """The level is NaN and so is the amplifier; the log says which one and why."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        assert raw.detector is not None
        raw.image[raw.detector["A"].raw_horizontal_overscan_bbox.slices()] = 65535

    exposure = run_small(change, caplog, doInterpolate=False, doNanMasking=False)
    assert np.isnan(exposure.image[:, : WIDTH // 2]).all()
    assert np.isfinite(exposure.image[:, WIDTH // 2 :]).all()
    assert "overscan level of amplifier A is not finite" in caplog.text


def test_amplifier_without_overscan(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        exposure = run_small(no_overscan, caplog)
    assert np.median(exposure.image) > 1900, "the bias level stays"


def test_calibrations_of_another_detector_or_filter(caplog: pytest.LogCaptureFixture) -> None:
    """The reference uses what it is given; so do we, and say so."""

    def change(raw: Exposure, arguments: dict[str, Any]) -> None:
        arguments["bias"].detector = other_detector()
        arguments["flat"].filter_label = FilterLabel("r.MP9601", "r")
        arguments["dark"].filter_label = FilterLabel("r.MP9601", "r")

    run_small(change, caplog, doBias=True, doFlat=True, doDark=True)
    assert "The bias is of detector ccd07, the exposure of ccd00" in caplog.text
    assert "The flat is for filter r.MP9601, the exposure is in i.MP9702" in caplog.text
    assert "The dark is for" not in caplog.text, "a dark has no filter"
    caplog.clear()
    run_small(lambda raw, arguments: None, caplog, doBias=True, doFlat=True, doDark=True)
    assert "The " not in caplog.text.replace("The WCS", "")
