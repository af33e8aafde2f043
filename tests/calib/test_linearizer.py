"""Linearizer: validation, application, and its dictionary, text and FITS forms."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from isrcore.calib.linearizer import Linearizer
from isrcore.camera import Amplifier, Camera, Detector
from isrcore.geom import Box

BOXES = Box(0, 0, 4, 6), Box(4, 0, 4, 6)


def make_detector(kind: str = "Polynomial", coefficients: tuple[float, ...] = (1e-6, np.nan)) -> Detector:
    amps = (
        Amplifier(name, box, box, box, linearity_type=kind, linearity_coeffs=coefficients)
        for name, box in zip("AB", BOXES, strict=True)
    )
    return Detector("ccd03", 3, "8261144", Box(0, 0, 8, 6), tuple(amps))


def make_linearizer(with_table: bool = False) -> Linearizer:
    calib = Linearizer(table=np.arange(12.0).reshape(2, 6) if with_table else None, detector=make_detector())
    for name in "AB":
        calib.fitParams[name] = np.array([1.0, 2.0, np.nan])
        calib.fitParamsErr[name] = np.array([0.1, 0.2, 0.3])
        calib.fitChiSq[name] = 1.25
    calib.metadata.set("CALIBDATE", "2009-11-01")
    return calib


def test_from_detector() -> None:
    calib = make_linearizer()
    assert calib.hasLinearity
    assert not calib.override
    assert calib.ampNames == ["A", "B"]
    assert calib.linearityBBox["B"] == BOXES[1]
    assert (calib.detector_name, calib.detector_id, calib.detector_serial) == ("ccd03", 3, "8261144")


@pytest.mark.parametrize("with_table", [False, True])
@pytest.mark.parametrize("extension", [".yaml", ".fits", ".ecsv"])
def test_files_round_trip(tmp_path: Path, extension: str, with_table: bool) -> None:
    calib, path = make_linearizer(with_table), tmp_path / f"linearizer{extension}"
    if extension == ".fits":
        calib.writeFits(path)
        assert Linearizer.readFits(path) == calib
    elif extension == ".ecsv" and with_table:
        with pytest.raises(RuntimeError, match="ECSV holds one table, there are 2 here"):
            calib.writeText(path)
        assert not path.exists()
    else:
        calib.writeText(path)
        assert Linearizer.readText(path) == calib


def test_fits_layout(tmp_path: Path) -> None:
    path = tmp_path / "linearizer.fits"
    make_linearizer(with_table=True).writeFits(path)
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert hdus[0].data is None
        header = hdus[1].header
        assert header["OBSTYPE"] == "LINEARIZER"
        assert header["LINEARIZER_SCHEMA"] == "Gen3 Linearizer"
        assert header["LINEARIZER_VERSION"] == 1.1
        assert header["HAS_TABLE"]
        expected = ["AMPLIFIER_NAME", "TYPE", "COEFFS", "BBOX_X0", "BBOX_Y0", "BBOX_DX", "BBOX_DY"]
        assert hdus[1].columns.names == [*expected, "FIT_PARAMS", "FIT_PARAMS_ERR", "RED_CHI_SQ"]
        assert hdus[2].columns.names == ["LOOKUP_VALUES"]
        assert len(hdus[2].data) == 2


def test_different_numbers_of_coefficients_fit_only_into_yaml(tmp_path: Path) -> None:
    calib = make_linearizer()
    calib.add_amplifier("B", "Polynomial", [1.0], BOXES[1])
    with pytest.raises(RuntimeError, match=r"write \.yaml"):
        calib.writeFits(tmp_path / "linearizer.fits")
    calib.writeText(tmp_path / "linearizer.yaml")
    assert Linearizer.readText(tmp_path / "linearizer.yaml") == calib


def test_override_is_on_unless_the_dictionary_says_otherwise() -> None:
    dictionary = make_linearizer().toDict()
    assert not Linearizer.fromDict(dictionary).override
    del dictionary["override"]
    assert Linearizer.fromDict(dictionary).override


def test_another_kind_of_calibration_is_refused(tmp_path: Path) -> None:
    dictionary = make_linearizer().toDict()
    dictionary["metadata"]["OBSTYPE"] = "PTC"
    with pytest.raises(RuntimeError, match="expected a calibration with OBSTYPE LINEARIZER, found 'PTC'"):
        Linearizer.fromDict(dictionary)
    path = tmp_path / "empty.yaml"
    path.write_text("- 1\n")
    with pytest.raises(RuntimeError, match="expected a mapping"):
        Linearizer.readText(path)


@pytest.mark.parametrize("extension", [".txt", ".yml"])
@pytest.mark.parametrize("method", ["readText", "writeText"])
def test_unknown_extension(tmp_path: Path, method: str, extension: str) -> None:
    calib = make_linearizer()
    with pytest.raises(RuntimeError, match=re.escape(repr(extension))):
        getattr(calib, method)(tmp_path / f"linearizer{extension}")


def test_fits_without_a_table(tmp_path: Path) -> None:
    path = tmp_path / "empty.fits"
    fits.PrimaryHDU().writeto(path)
    with pytest.raises(RuntimeError, match=r"empty\.fits: expected a binary table"):
        Linearizer.readFits(path)


@pytest.mark.parametrize(
    ("table", "message"),
    [(np.arange(4.0), "1 dimensions"), (np.zeros((4, 3)), "transpose it"), (np.zeros((2, 2, 2)), "3 dimensions")],
)
def test_tables_are_checked(table: np.ndarray, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        Linearizer(table=table)


@pytest.mark.parametrize("changes", [{"name": "ccd04"}, {"id": 4}, {"serial": "1"}])
def test_another_detector(changes: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="the linearizer is for detector"):
        make_linearizer().validate(make_detector().replace(**changes))


def test_other_amplifiers() -> None:
    detector = make_detector()
    with pytest.raises(RuntimeError, match="has 2 amplifiers, the detector 1"):
        make_linearizer().validate(detector.with_amplifiers([detector[0]]))
    with pytest.raises(RuntimeError, match="lacks amplifier C"):
        make_linearizer().validate(detector.with_amplifiers([detector[0], detector[1].replace(name="C")]))


@pytest.mark.parametrize(
    ("kind", "coefficients"),
    [("Squared", (1e-6, np.nan)), ("Polynomial", (2e-6, np.nan)), ("Polynomial", (1e-6,))],
)
def test_override_makes_differences_a_warning(
    kind: str, coefficients: tuple[float, ...], caplog: pytest.LogCaptureFixture
) -> None:
    calib, detector = make_linearizer(), make_detector(kind, coefficients)
    with pytest.raises(RuntimeError, match="set its override"):
        calib.validate(detector)
    calib.override = True
    calib.validate(detector)
    assert "override is on" in caplog.text


def test_application_counts() -> None:
    calib = Linearizer(table=np.ones((1, 4)), detector=make_detector("LookupTable", (0.0, 0.0)))
    calib.linearityType["B"] = "Unheard"
    image = np.full((6, 8), 2.0, np.float32)
    image[0, 0] = 9.0
    result = calib.applyLinearity(image)
    assert (result.numAmps, result.numLinearized, result.numOutOfRange) == (2, 1, 1)
    assert (image[1:, :4] == 3.0).all()
    assert (image[:, 4:] == 2.0).all()


def test_coefficients_may_be_lists() -> None:
    calib = Linearizer(detector=make_detector("Polynomial", (1e-6, 0.0)))
    calib.linearityCoeffs = {"A": [1e-6, 0.0], "B": [1e-6, 0.0]}  # type: ignore[dict-item]
    image = np.full((6, 8), 1000.0, np.float32)
    calib.applyLinearity(image, detector=make_detector("Polynomial", (1e-6, 0.0)))
    np.testing.assert_allclose(image, 1001.0)


def test_failed_correction_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    calib = Linearizer(detector=make_detector("Squared", (0.0,)))
    result = calib.applyLinearity(np.ones((6, 8), np.float32), log=logging.getLogger("test.linearizer"))
    assert (result.numAmps, result.numLinearized) == (2, 0)
    assert "did nothing" in caplog.text


def test_linearity_of_the_detector_is_used_when_there_is_none() -> None:
    image = np.full((6, 8), 1000.0, np.float32)
    Linearizer().applyLinearity(image, detector=make_detector("Squared", (1e-6,)))
    np.testing.assert_allclose(image, 1001.0)


def test_box_outside_the_image() -> None:
    with pytest.raises(ValueError, match="amplifier B"):
        make_linearizer().applyLinearity(np.zeros((6, 6), np.float32))


def test_metadata_describe_the_origin() -> None:
    calib = make_linearizer()
    camera = Camera("MegaPrime", [])
    calib.updateMetadata(camera=camera, filterName="i.MP9702", setCalibId=True, setDate=True, AUTHOR="me")
    facts = calib.described()
    assert facts["INSTRUME"] == "MegaPrime"
    assert facts["CALIB_ID"] == "detectorName=ccd03 detector=3 filter=i.MP9702 calibDate=2009-11-01"
    assert facts["AUTHOR"] == "me"
    assert facts["CALIB_CREATION_DATE"] <= "9999"
    assert calib != make_linearizer()
