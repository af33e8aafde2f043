"""Brighter-fatter kernels: averaging and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel


def make_kernel(detector_kernel: bool = True) -> BrighterFatterKernel:
    calib = BrighterFatterKernel("AMP")
    calib.gain = {"A": 1.54, "B": 1.63}
    rng = np.random.default_rng(4)
    for name in "AB":
        calib.add_kernel("AMP", name, rng.normal(size=(5, 5)) * 1e-7)
    if detector_kernel:
        calib.makeDetectorKernelFromAmpwiseKernels("ccd00")
    calib.detector_name = "ccd00"
    return calib


@pytest.mark.parametrize("extension", [".yaml", ".fits"])
@pytest.mark.parametrize("detector_kernel", [False, True])
def test_files_round_trip(tmp_path: Path, extension: str, detector_kernel: bool) -> None:
    calib, path = make_kernel(detector_kernel), tmp_path / f"kernel{extension}"
    if extension == ".fits":
        calib.writeFits(path)
        found = BrighterFatterKernel.readFits(path)
    else:
        calib.writeText(path)
        found = BrighterFatterKernel.readText(path)
    assert found == calib
    assert found.level == "AMP"
    assert found.shape == (5, 5)


def test_ecsv_holds_the_amplifiers(tmp_path: Path) -> None:
    calib, path = make_kernel(detector_kernel=False), tmp_path / "kernel.ecsv"
    calib.writeText(path)
    assert BrighterFatterKernel.readText(path) == calib


def test_gains_without_kernels_survive(tmp_path: Path) -> None:
    calib = BrighterFatterKernel()
    calib.gain = {"A": 1.5}
    calib.add_kernel("DETECTOR", "ccd01", np.eye(3))
    calib.writeFits(tmp_path / "kernel.fits")
    assert BrighterFatterKernel.readFits(tmp_path / "kernel.fits") == calib


def test_detector_kernel_is_the_transposed_clipped_mean() -> None:
    calib = BrighterFatterKernel("AMP")
    base = np.arange(9.0).reshape(3, 3)
    for n in range(8):
        calib.add_kernel("AMP", f"C{n}", base + 0.01 * n)
    calib.add_kernel("AMP", "outlier", base + 1000.0)
    calib.makeDetectorKernelFromAmpwiseKernels("ccd00")
    np.testing.assert_allclose(calib.detKernels["ccd00"], base.T + 0.035)


def test_amplifiers_can_be_excluded() -> None:
    calib = make_kernel(detector_kernel=False)
    calib.makeDetectorKernelFromAmpwiseKernels("ccd00", ampsToExclude=["B", "Z"])
    np.testing.assert_array_equal(calib.detKernels["ccd00"], calib.ampKernels["A"].T)
    with pytest.raises(ValueError, match="no amplifier kernel is left"):
        calib.makeDetectorKernelFromAmpwiseKernels("ccd00", ampsToExclude=["A", "B"])


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (3,)])
def test_shapes_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be square"):
        BrighterFatterKernel().add_kernel("AMP", "A", np.zeros(shape))


def test_all_kernels_have_one_shape() -> None:
    with pytest.raises(ValueError, match=r"must have shape \(5, 5\)"):
        make_kernel().add_kernel("AMP", "C", np.zeros((3, 3)))


def test_unknown_level() -> None:
    with pytest.raises(ValueError, match="AMP or DETECTOR"):
        BrighterFatterKernel("CCD")
