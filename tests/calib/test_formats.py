"""Calibration datasets go to files in every documented format and come back; foreign and broken files are refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from astropy.io import fits
from astropy.table import Table

from isrcore.calib.brighter_fatter_kernel import BrighterFatterKernel
from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.isr_calib import IsrCalib
from isrcore.calib.linearizer import Linearizer
from isrcore.calib.ptc import PhotonTransferCurveDataset
from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.calib.transmission_files import read_transmission_curve, write_transmission_curve
from isrcore.camera import Camera
from isrcore.geom import Box
from tests.small_frame import make_detector


def describe(calib: IsrCalib) -> IsrCalib:
    """With every item of the common metadata."""
    detector = make_detector()
    calib.updateMetadata(
        camera=Camera("small", [detector]),
        detector=detector,
        filterName="r.MP9601",
        setCalibId=True,
        setDate=True,
        CALIBDATE="2009-03-01",
    )
    calib.raft_name, calib.slot_name = "R00", "S11"
    return calib


def linearizer(table: bool = False) -> Linearizer:
    values = np.arange(24.0).reshape(2, 12) if table else None
    calib = Linearizer(table=values, detector=make_detector())
    for name in calib.ampNames:
        calib.fitParams[name] = np.array([1.0, 2.0])
        calib.fitParamsErr[name] = np.array([0.1, 0.2])
        calib.fitChiSq[name] = 1.5
    return calib


def kernel(level: str = "AMP") -> BrighterFatterKernel:
    calib = BrighterFatterKernel(level=level)
    calib.gain = {"A": 1.6, "B": 1.7}
    values = np.arange(25.0).reshape(5, 5) * 1e-8
    for name in ("A", "B") if level == "AMP" else ("ccd00",):
        calib.add_kernel(level, name, values)
    return calib


def crosstalk() -> CrosstalkCalib:
    calib = CrosstalkCalib()
    return calib.fromDetector(make_detector(), coeffVector=[0.0, 1e-3, 2e-3, 0.0])


def ptc() -> PhotonTransferCurveDataset:
    calib = PhotonTransferCurveDataset(["A", "B"], "EXPAPPROXIMATION")
    calib.gain.update(A=1.6, B=1.7)
    calib.noise.update(A=4.0, B=5.0)
    return calib


CALIBS: dict[str, Callable[[], IsrCalib]] = {
    "linearizer": linearizer,
    "linearizer with table": lambda: linearizer(table=True),
    "kernel of amplifiers": kernel,
    "kernel of a detector": lambda: kernel("DETECTOR"),
    "crosstalk": crosstalk,
    "ptc": ptc,
}
SEVERAL_TABLES = ("linearizer with table", "kernel of a detector")


def write(calib: IsrCalib, path: Path) -> None:
    (calib.writeFits if path.suffix == ".fits" else calib.writeText)(path)


def read(kind: type[IsrCalib], path: Path) -> IsrCalib:
    return kind.readFits(path) if path.suffix == ".fits" else kind.readText(path)


@pytest.mark.parametrize("suffix", [".yaml", ".ecsv", ".fits"])
@pytest.mark.parametrize("name", CALIBS)
def test_round_trip(tmp_path: Path, name: str, suffix: str) -> None:
    before, path = describe(CALIBS[name]()), tmp_path / f"calib{suffix}"
    if suffix == ".ecsv" and name in SEVERAL_TABLES:
        with pytest.raises(RuntimeError, match=r"calib\.ecsv: ECSV holds one table, there are 2"):
            write(before, path)
        assert not list(tmp_path.iterdir())
        return
    write(before, path)
    after = read(type(before), path)
    assert after == before
    assert (after.instrument, after.detector_id, after.detector_name) == ("small", 0, "ccd00")
    assert (after.raft_name, after.slot_name, after.filter_name) == ("R00", "S11", "r.MP9601")
    assert after.calib_id == before.calib_id
    assert after.metadata["CALIBDATE"] == "2009-03-01"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", CALIBS)
def test_keywords_of_the_documented_form(tmp_path: Path, name: str) -> None:
    calib, path = describe(CALIBS[name]()), tmp_path / "calib.fits"
    calib.writeFits(path)
    with fits.open(path) as hdus:
        assert hdus[0].header["NAXIS"] == 0
        header = hdus[1].header
        assert header["OBSTYPE"] == calib.OBSTYPE
        assert header[f"{calib.OBSTYPE}_SCHEMA"] == calib.SCHEMA
        assert header[f"{calib.OBSTYPE}_VERSION"] == calib.VERSION
        for keyword in ("INSTRUME", "RAFTNAME", "SLOTNAME", "DETECTOR", "DET_NAME", "DET_SER", "FILTER", "CALIB_ID"):
            assert header[keyword] not in (None, ""), keyword
        for keyword in ("CALIBCLS", "CALIBDATE", "CALIB_CREATION_DATE", "CALIB_CREATION_TIME"):
            assert header[keyword], keyword


def test_documented_columns(tmp_path: Path) -> None:
    columns = {
        "linearizer": ("AMPLIFIER_NAME", "TYPE", "COEFFS", "BBOX_X0", "BBOX_Y0", "BBOX_DX", "BBOX_DY", "FIT_PARAMS"),
        "crosstalk": ("CT_COEFFS", "CT_ERRORS", "CT_COUNTS", "CT_VALID"),
        "ptc": ("AMPLIFIER_NAME", "GAIN", "GAIN_ERR", "NOISE", "NOISE_ERR", "PTC_FIT_TYPE"),
    }
    for name, expected in columns.items():
        assert set(expected) <= set(CALIBS[name]().toTable()[0].colnames)


def test_units_are_in_the_files(tmp_path: Path) -> None:
    for calib, expected in (
        (kernel(), {"GAIN": "electron / adu", "KERNEL": "1 / electron"}),
        (ptc(), {"GAIN": "electron / adu", "NOISE": "electron"}),
    ):
        write(calib, tmp_path / "calib.ecsv")
        table = Table.read(tmp_path / "calib.ecsv", format="ascii.ecsv")
        assert {name: str(table[name].unit) for name in expected} == expected
        write(calib, tmp_path / "calib.fits")
        with fits.open(tmp_path / "calib.fits") as hdus:
            assert {name: hdus[1].columns[name].unit for name in expected} == expected


def test_linearizer_as_others_write_it(tmp_path: Path) -> None:
    """Only what the documented form requires: no fit, no override, boxes as names."""
    path = tmp_path / "linearizer.yaml"
    path.write_text(
        """
metadata: {OBSTYPE: LINEARIZER, DET_NAME: ccd00, DETECTOR: 0, DET_SER: '123'}
hasLinearity: true
amplifiers:
  A: {linearityType: Squared, linearityCoeffs: [1.0e-7, 0.0], linearityBBox: {x0: 0, y0: 0, width: 40, height: 56}}
  B: {linearityType: None, linearityCoeffs: [0.0, 0.0], linearityBBox: [40, 0, 40, 56]}
"""
    )
    calib = Linearizer.readText(path)
    assert calib.override is True
    assert calib.linearityType == {"A": "Squared", "B": "None"}
    assert calib.linearityBBox["B"] == Box(40, 0, 40, 56)
    assert (calib.fitParams, calib.fitChiSq) == ({}, {})


def test_linearizer_table_without_fits(tmp_path: Path) -> None:
    path = tmp_path / "linearizer.fits"
    calib = Linearizer(detector=make_detector())
    calib.writeFits(path)
    assert "FIT_PARAMS" not in fits.getdata(path, 1).names
    assert Linearizer.readFits(path) == calib


def test_ragged_coefficients_need_yaml(tmp_path: Path) -> None:
    calib = linearizer()
    calib.linearityCoeffs["B"] = np.array([1.0])
    with pytest.raises(RuntimeError, match=r"write \.yaml instead"):
        calib.writeFits(tmp_path / "calib.fits")
    calib.writeText(tmp_path / "calib.yaml")
    assert Linearizer.readText(tmp_path / "calib.yaml") == calib


def test_kernel_of_a_detector_only(tmp_path: Path) -> None:
    calib, path = kernel("DETECTOR"), tmp_path / "kernel.fits"
    calib.gain = {}
    calib.writeFits(path)
    after = BrighterFatterKernel.readFits(path)
    assert list(after.detKernels) == ["ccd00"]
    assert (after.level, after.shape, after.gain) == ("DETECTOR", (5, 5), {})


@pytest.mark.parametrize("name", CALIBS)
@pytest.mark.parametrize("suffix", [".yaml", ".fits"])
def test_another_kind_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    other = ptc() if name != "ptc" else crosstalk()
    path = tmp_path / f"other{suffix}"
    write(other, path)
    with pytest.raises(RuntimeError, match=rf"other\{suffix}: "):
        read(type(CALIBS[name]()), path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.yaml", b"{unbalanced", "not a YAML file"),
        ("x.yaml", b"\xff\xfe\x00", "not a YAML file"),
        ("x.yaml", b"- 1\n- 2\n", "expected a mapping of names to values, found list"),
        ("x.yaml", b"!!python/object/apply:os.getcwd []", "not a YAML file of plain values"),
        ("x.yaml", b"{}", "expected"),
        ("x.ecsv", b"no header here", "not an ECSV table"),
        ("x.txt", b"", "found '.txt'"),
    ],
)
def test_broken_text(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    for kind in (Linearizer, CrosstalkCalib, PhotonTransferCurveDataset, BrighterFatterKernel):
        with pytest.raises(RuntimeError, match=message) as info:
            kind.readText(path)
        assert str(path) in str(info.value)


@pytest.mark.filterwarnings("ignore:Error validating header")
@pytest.mark.parametrize("content", [b"", b"SIMPLE  =                    T", b"rubbish" * 1000])
def test_broken_fits(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.fits"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=r"x\.fits: "):
        Linearizer.readFits(path)


def test_fits_without_a_table(tmp_path: Path) -> None:
    path = tmp_path / "image.fits"
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(path)
    with pytest.raises(RuntimeError, match=r"image\.fits: expected a binary table with a LINEARIZER"):
        Linearizer.readFits(path)


def test_missing_file(tmp_path: Path) -> None:
    for read_file in (Linearizer.readFits, Linearizer.readText):
        with pytest.raises(FileNotFoundError, match="none"):
            read_file(tmp_path / ("none.fits" if read_file == Linearizer.readFits else "none.yaml"))


def test_writing_replaces_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calib.yaml"
    ptc().writeText(path)
    before = path.read_bytes()

    def fail(*arguments: Any, **options: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="disk full"):
        crosstalk().writeText(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_extensions_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"found '\.txt'"):
        ptc().writeText(tmp_path / "calib.txt")


def test_plain_yaml_is_written(tmp_path: Path) -> None:
    """Any YAML reader can load it: no tags of Python or numpy."""
    for number, make in enumerate(CALIBS.values()):
        path = tmp_path / f"{number}.yaml"
        make().writeText(path)
        assert "!!" not in path.read_text()
        assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_calibrations_differ() -> None:
    assert linearizer() == linearizer()
    assert linearizer() != linearizer(table=True)
    assert linearizer() != ptc()
    other = linearizer()
    other.calib_id = "another"
    assert linearizer() != other


def test_unknown_linearity_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    calib = linearizer()
    calib.linearityType["A"] = "Magic"
    image = np.full((56, 80), 100.0, np.float32)
    with caplog.at_level(logging.WARNING):
        result = calib.applyLinearity(image)
    assert (result.numAmps, result.numLinearized) == (2, 1)
    assert np.all(image[:, :40] == 100.0)
    assert "Magic" in caplog.text


class TestTransmissionCurves:
    WAVELENGTHS = np.array([4000.0, 5000.0, 6000.0])

    def constant(self) -> TransmissionCurve:
        return TransmissionCurve.makeSpatiallyConstant([0.1, 0.9, 0.2], self.WAVELENGTHS, 0.01, 0.02)

    def radial(self) -> TransmissionCurve:
        return TransmissionCurve.makeRadial(
            [[0.1, 0.2], [0.8, 0.9], [0.3, 0.4]], self.WAVELENGTHS, [0.0, 150.0], throughputAtMax=0.05
        )

    @pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
    def test_round_trip(self, tmp_path: Path, suffix: str) -> None:
        at = np.array([3000.0, 4000.0, 4700.0, 6000.0, 7000.0])
        for curve in (self.constant(), self.radial()):
            path = tmp_path / f"curve{suffix}"
            write_transmission_curve(curve, path)
            after = read_transmission_curve(path)
            for position in ((0.0, 0.0), (30.0, 40.0), (500.0, 0.0)):
                assert np.array_equal(after.sampleAt(position, at), curve.sampleAt(position, at))
            assert after.wavelength_bounds == curve.wavelength_bounds
            assert list(tmp_path.iterdir()) == [path]

    def test_other_units_of_length(self, tmp_path: Path) -> None:
        table = Table({"WAVELENGTH": [400.0, 500.0], "THROUGHPUT": [0.5, 1.0]})
        table["WAVELENGTH"].unit = "nm"
        path = tmp_path / "curve.ecsv"
        table.write(path, format="ascii.ecsv")
        curve = read_transmission_curve(path)
        assert curve.wavelength_bounds == pytest.approx((4000.0, 5000.0))
        assert curve.sampleAt((0.0, 0.0), [4500.0]) == pytest.approx([0.75])

    def test_products_are_not_tables(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="only a tabulated"):
            write_transmission_curve(self.constant() * self.radial(), tmp_path / "curve.fits")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("columns", "unit", "message"),
        [
            ({"WAVELENGTH": [1.0, 2.0]}, None, "THROUGHPUT"),
            ({"WAVELENGTH": [2.0, 1.0], "THROUGHPUT": [1.0, 1.0]}, None, "increasing"),
            ({"WAVELENGTH": [1.0, 2.0], "THROUGHPUT": [1.0, 1.0]}, "s", "convertible"),
            ({"WAVELENGTH": [1.0, 2.0], "THROUGHPUT": [[1.0, 1.0], [1.0, 1.0]]}, None, "RADII"),
        ],
    )
    def test_tables_that_are_no_curve(
        self, tmp_path: Path, columns: dict[str, Any], unit: str | None, message: str
    ) -> None:
        table = Table(columns)
        table["WAVELENGTH"].unit = unit
        path = tmp_path / "curve.fits"
        table.write(path)
        with pytest.raises(RuntimeError, match=rf"curve\.fits.*{message}"):
            read_transmission_curve(path)

    def test_other_files(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError, match=r"found '\.txt'"):
            read_transmission_curve(tmp_path / "curve.txt")
        with pytest.raises(FileNotFoundError):
            read_transmission_curve(tmp_path / "curve.ecsv")
        broken = tmp_path / "curve.fits"
        broken.write_bytes(b"rubbish")
        with pytest.raises(RuntimeError, match=r"curve\.fits"):
            read_transmission_curve(broken)
