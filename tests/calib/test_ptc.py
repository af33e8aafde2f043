"""The photon transfer curve: gains and noises go to files and come back."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from astropy.table import Table

from isrcore.calib.ptc import PhotonTransferCurveDataset


def curve() -> PhotonTransferCurveDataset:
    ptc = PhotonTransferCurveDataset(["A", "B"], "POLYNOMIAL")
    ptc.gain.update(A=1.62, B=1.7)
    ptc.noise.update(A=4.1, B=5.2)
    ptc.gainErr["A"] = 0.01
    return ptc


@pytest.mark.parametrize("name", ["p.yaml", "p.ecsv", "p.fits"])
def test_files_give_it_back(tmp_path: Path, name: str) -> None:
    before, path = curve(), tmp_path / name
    if path.suffix == ".fits":
        before.writeFits(path)
        after = PhotonTransferCurveDataset.readFits(path)
    else:
        before.writeText(path)
        after = PhotonTransferCurveDataset.readText(path)
    assert after == before
    assert (after.gain, after.noise, after.ptcFitType) == ({"A": 1.62, "B": 1.7}, {"A": 4.1, "B": 5.2}, "POLYNOMIAL")
    assert math.isnan(after.gainErr["B"])


def test_a_table_without_gains_is_refused() -> None:
    table = Table({"AMPLIFIER_NAME": ["A"], "NOISE": [4.0]}, meta={"OBSTYPE": "PTC"})
    with pytest.raises(RuntimeError, match="expected a column GAIN, found AMPLIFIER_NAME, NOISE"):
        PhotonTransferCurveDataset.fromTable([table])
