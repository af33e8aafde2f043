"""Crosstalk calibrations: where coefficients come from, and that files give them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.ptc import PhotonTransferCurveDataset
from isrcore.camera import Amplifier, Detector
from isrcore.geom import Box

MATRIX = [[0.0, 0.0012], [-0.0007, 0.0]]


def detector(crosstalk: list[list[float]] | None = None) -> Detector:
    box = Box(0, 0, 4, 4)
    amps = (Amplifier("A", box, box, box), Amplifier("B", box, box, box))
    matrix = None if crosstalk is None else np.asarray(crosstalk, np.float32)
    return Detector("ccd07", 7, "835163", box, amps, crosstalk=matrix)


def test_coefficients_of_the_detector() -> None:
    calib = CrosstalkCalib(detector(MATRIX))
    assert calib.hasCrosstalk
    assert calib.crosstalkShape == (2, 2)
    np.testing.assert_allclose(calib.coeffs, MATRIX, rtol=1e-6)
    assert calib.coeffValid.all()
    assert (calib.detector_name, calib.detector_id) == ("ccd07", 7)


@pytest.mark.parametrize("kind", [list, np.array])
def test_given_coefficients_win(kind: Any) -> None:
    calib = CrosstalkCalib().fromDetector(detector(MATRIX), coeffVector=kind([0.0, 0.5, 0.25, 0.0]))
    np.testing.assert_array_equal(calib.coeffs, [[0.0, 0.5], [0.25, 0.0]])


def test_no_coefficients() -> None:
    assert not CrosstalkCalib(detector()).hasCrosstalk
    assert not CrosstalkCalib().fromDetector(detector(MATRIX), coeffVector=[0.0]).hasCrosstalk


def test_wrong_number_of_coefficients() -> None:
    with pytest.raises(ValueError, match="2 amplifiers need 4 crosstalk coefficients, found 3"):
        CrosstalkCalib().fromDetector(detector(), coeffVector=[0.1, 0.2, 0.3])


def full_calibration() -> CrosstalkCalib:
    calib = CrosstalkCalib(detector(MATRIX))
    calib.coeffErr[0, 1], calib.coeffNum[0, 1], calib.coeffValid[1, 0] = 1e-5, 12, False
    calib.interChip["ccd08"] = np.array([[1e-6, 2e-6], [3e-6, 4e-6]])
    return calib


@pytest.mark.parametrize("name", ["c.yaml", "c.fits"])
def test_files_give_it_back(tmp_path: Path, name: str) -> None:
    before, path = full_calibration(), tmp_path / name
    if path.suffix == ".fits":
        before.writeFits(path)
        after = CrosstalkCalib.readFits(path)
    else:
        before.writeText(path)
        after = CrosstalkCalib.readText(path)
    assert after == before
    np.testing.assert_array_equal(after.interChip["ccd08"], before.interChip["ccd08"])


@pytest.mark.parametrize("name", ["c.yaml", "c.ecsv", "c.fits"])
def test_files_without_crosstalk(tmp_path: Path, name: str) -> None:
    before, path = CrosstalkCalib().fromDetector(detector(), coeffVector=[0.0]), tmp_path / name
    is_fits = path.suffix == ".fits"
    before.writeFits(path) if is_fits else before.writeText(path)
    after = CrosstalkCalib.readFits(path) if is_fits else CrosstalkCalib.readText(path)
    assert (after.hasCrosstalk, after.nAmp, after.coeffs.size) == (False, 2, 0)
    assert after == before


def test_other_calibrations_are_refused(tmp_path: Path) -> None:
    ptc, path = PhotonTransferCurveDataset(["A", "B"]), tmp_path / "ptc.yaml"
    ptc.writeText(path)
    with pytest.raises(RuntimeError, match=r"ptc\.yaml.*OBSTYPE CROSSTALK, found 'PTC'"):
        CrosstalkCalib.readText(path)
