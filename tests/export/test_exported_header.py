"""What others find in an exported file: units, dates in one scale, mask planes, nothing left over of the raw frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.nddata import CCDData, VarianceUncertainty
from astropy.time import Time

from isrcore.batch import RunRequest, correct_detector
from isrcore.camera.megacam import megacam_camera
from isrcore.data.cards import CardHeader
from isrcore.data.errors import FrameError
from isrcore.data.facts import exposure_facts
from isrcore.export import Provenance, read_exposure, write_exposure
from isrcore.export.dates import dates_in_tai
from isrcore.image import Exposure, Mask, MaskedImage, MaskPlanes, PhotoCalib, VisitInfo
from isrcore.metadata import PropertyList
from isrcore.simulate import SimulationRecipe, simulate_raw

BEGIN = Time("2010-11-03T08:05:09.5", scale="utc")
RAW = {
    "NEXTEND": 36,
    "NCCDS": 36,
    "DATASEC": "[33:2080,1:4612]",
    "BIASSEC": "[0:0,0:0]",
    "DETSEC": "[1:2048,1:4612]",
    **{f"{kind}SEC{amp}": "[1:2,1:2]" for kind in "ABCDT" for amp in "AB"},
    "DATE-OBS": "2010-11-03",
    "UTC-OBS": "8:05:09.50",
    "UTIME": "8:05:09.50",
    "MJD-OBS": 55503.33691551,
    "MJDATE": 55503.33691551,
    "A_ORDER": 2,
    "WCSNAME": "raw",
}


def small(**metadata: Any) -> Exposure:
    """Four pixels with every default plane set in one of them, and a date."""
    mask = Mask(np.array([[0, 1 << 6], [0x1FF, 2]], np.int32), MaskPlanes())
    pixels = MaskedImage(np.full((2, 2), 7.0, np.float32), mask, np.full((2, 2), 3.0, np.float32))
    middle = VisitInfo(30.0, 30.0, 1, BEGIN.tai + 15 * units.s)
    return Exposure(pixels, PropertyList(RAW | metadata), visit_info=middle, photo_calib=PhotoCalib(0.5))


def headers(exposure: Exposure, path: Path, **provenance: Any) -> dict[str, fits.Header]:
    with fits.open(write_exposure(exposure, path, Provenance(**provenance))) as hdus:
        return {hdu.name: hdu.header.copy() for hdu in hdus}


@pytest.mark.parametrize(
    ("stated", "metadata", "unit"),
    [("ADU", {}, "adu"), ("electron", {}, "electron"), ("", {}, "adu"), ("", {"BUNIT": "electron"}, "electron")],
)
def test_units(stated: str, metadata: dict[str, str], unit: str, tmp_path: Path) -> None:
    found = headers(small(**metadata), tmp_path / "a.fits", unit=stated)
    assert found["IMAGE"]["BUNIT"] == unit
    assert units.Unit(found["VARIANCE"]["BUNIT"]) == units.Unit(unit) ** 2
    assert "BUNIT" not in found["PRIMARY"]
    assert "BUNIT" not in found["MASK"]
    assert found["PRIMARY"].comments["FLUXMAG0"].startswith("[adu]")
    assert ("electron" in found["PRIMARY"].comments["FLUXMAG0"]) == (unit == "electron")
    again = read_exposure(tmp_path / "a.fits")
    assert headers(again, tmp_path / "b.fits")["IMAGE"]["BUNIT"] == unit


@pytest.mark.parametrize("unit", ["adu", "electron"])
def test_ccddata_takes_the_variance_as_a_variance(unit: str, tmp_path: Path) -> None:
    path = write_exposure(small(), tmp_path / "a.fits", Provenance(unit=unit))
    data = CCDData.read(path, hdu="IMAGE", hdu_uncertainty="VARIANCE")
    assert isinstance(data.uncertainty, VarianceUncertainty)
    assert (data.uncertainty.array == 3).all()
    assert data.unit == units.Unit(unit)
    assert data.uncertainty.unit == units.Unit(unit) ** 2
    assert data.mask.tolist() == [[False, True], [True, True]]


def test_nothing_of_the_raw_frame_is_left_over(tmp_path: Path) -> None:
    detector = megacam_camera()["ccd12"]
    trimmed = Exposure(MaskedImage.zeros(detector.bbox), PropertyList(RAW), detector)
    found = headers(trimmed, tmp_path / "a.fits")["PRIMARY"]
    gone = [key for key in RAW if re.fullmatch(r"NEXTEND|(DATA|BIAS)SEC|[ABDT]SEC[AB]|A_ORDER|WCSNAME", key)]
    assert len(gone) == 13
    assert not set(gone) & set(found)
    assert found["CSECA"] == RAW["CSECA"]
    assert found["DETSEC"] == RAW["DETSEC"]
    assert found["NCCDS"] == 36


def test_sections_of_an_untrimmed_frame_stay(tmp_path: Path) -> None:
    detector = megacam_camera()["ccd12"]
    raw = Exposure(MaskedImage.zeros(detector.raw_bbox, np.uint16), PropertyList(RAW), detector)
    found = headers(raw, tmp_path / "a.fits")["PRIMARY"]
    assert found["DSECA"] == RAW["DSECA"]
    assert "NEXTEND" not in found


def test_timesys_holds_for_every_date_beside_it(tmp_path: Path) -> None:
    found = headers(small(), tmp_path / "a.fits")["PRIMARY"]
    scale = found["TIMESYS"].lower()
    assert scale == "tai"
    assert abs((Time(found["DATE-OBS"], scale=scale) - BEGIN).sec) < 1e-3
    assert abs((Time(found["MJD-OBS"], format="mjd", scale=scale) - BEGIN).sec) < 1e-2
    assert abs((Time(found["DATE-AVG"], scale=scale) - BEGIN).sec - 15) < 1e-3
    assert found["UTC-OBS"] == "8:05:09.50"
    facts = exposure_facts([CardHeader(found.tostring().encode())])
    assert abs((facts.date_begin - BEGIN).sec) < 1e-2
    assert facts.notes == ()


def test_dates_that_are_of_tai_stay(tmp_path: Path) -> None:
    stated = {"TIMESYS": "TAI", "DATE-OBS": "2010-11-03T08:05:43.500000", "MJD-OBS": 55503.33730903}
    assert dates_in_tai(PropertyList(stated)) == {
        "DATE-OBS": stated["DATE-OBS"],
        "MJD-OBS": pytest.approx(stated["MJD-OBS"], abs=1e-9),
    }
    first = headers(small(), tmp_path / "a.fits")["PRIMARY"]
    second = headers(read_exposure(tmp_path / "a.fits"), tmp_path / "b.fits")["PRIMARY"]
    assert second["DATE-AVG"] == first["DATE-AVG"]
    assert second["TIMESYS"] == "TAI"


@pytest.mark.parametrize("text", ["Null", "2010-13-40", "2010-11-03"])
def test_what_is_no_time_is_not_converted(text: str) -> None:
    assert dates_in_tai(PropertyList({"DATE-OBS": text, "MJD-OBS": -9999.0})) == {}


def test_planes_are_named_in_both_ways(tmp_path: Path) -> None:
    exposure = small()
    exposure.mask.planes.add("MINE", 31)
    exposure.mask.array[0, 0] |= -(2**31)
    found = headers(exposure, tmp_path / "a.fits")["MASK"]
    bits = exposure.mask.planes.as_dict()
    assert {key[3:]: value for key, value in found.items() if key.startswith("MP_")} == bits
    theirs = {found[f"MSKN{bit:04d}"]: found[f"MSKM{bit:04d}"] for bit in bits.values()}
    renamed = {"SAT": "SATURATED", "INTRP": "INTERPOLATED", "CR": "COSMIC_RAY", "EDGE": "DETECTION_EDGE"}
    assert theirs == {renamed.get(name, name): exposure.mask.planes.bitmask(name) for name in bits}
    after = read_exposure(tmp_path / "a.fits").mask
    assert after.planes.names_of(after.array[0, 0]) == ["MINE"]


def edit(path: Path, change: Any) -> Path:
    with fits.open(path, mode="update") as hdus:
        change(hdus)
    return path


def test_planes_of_lsst_images_alone_are_read(tmp_path: Path) -> None:
    def without_mp(hdus: fits.HDUList) -> None:
        header = hdus["MASK"].header
        for key in [key for key in header if key.startswith("MP_")]:
            del header[key]
        header["MSKN0006"], header["MSKM0006"] = "OTHER", 64

    mask = read_exposure(edit(write_exposure(small(), tmp_path / "a.fits"), without_mp)).mask
    assert [mask.planes.names_of(value) for value in mask.array[0]] == [[], ["OTHER"]]
    assert mask.planes.names_of(mask.array[1, 1]) == ["SAT"]
    assert "INTRP" in mask.planes


def test_stale_cards_of_planes_that_lsst_images_moved(tmp_path: Path) -> None:
    """It hands MP cards on, and writes bits and MSKN cards anew; of the origin it writes the WCS "A" only."""

    def moved(hdus: fits.HDUList) -> None:
        hdus["MASK"].header["MP_SAT"], hdus["MASK"].header["MP_MINE"] = 20, 1
        for name in ("IMAGE", "MASK", "VARIANCE"):
            del hdus[name].header["LTV1"], hdus[name].header["LTV2"]

    exposure = small()
    exposure.masked_image = MaskedImage(exposure.image, exposure.mask, exposure.variance, (5, -7))
    after = read_exposure(edit(write_exposure(exposure, tmp_path / "a.fits"), moved))
    assert after.mask.planes.names_of(after.mask.array[1, 1]) == ["SAT"]
    assert after.bbox == exposure.bbox


def test_a_plane_of_lsst_images_with_two_bits_is_refused(tmp_path: Path) -> None:
    def two_bits(hdus: fits.HDUList) -> None:
        header = hdus["MASK"].header
        for key in [key for key in header if key.startswith("MP_")]:
            del header[key]
        header["MSKM0006"] = 65

    with pytest.raises(FrameError, match=r"MSKM0006.*one bit for each plane"):
        read_exposure(edit(write_exposure(small(), tmp_path / "a.fits"), two_bits))


def test_lsst_images_reads_all_planes(tmp_path: Path) -> None:
    """Of the MP cards alone it would refuse DETECTED_NEGATIVE."""
    lsst_images = pytest.importorskip("lsst.images", reason="lsst-images is not installed (it needs Python 3.12)")
    exposure = small()
    found = lsst_images.MaskedImage.read_legacy(str(write_exposure(exposure, tmp_path / "a.fits")))
    np.testing.assert_array_equal(found.image.array, exposure.image)
    np.testing.assert_array_equal(found.variance.array, exposure.variance)
    assert found.image.unit == units.adu
    for theirs, ours in (("SATURATED", "SAT"), ("DETECTED_NEGATIVE",) * 2, ("COSMIC_RAY", "CR"), ("BAD", "BAD")):
        flagged = exposure.mask.array & exposure.mask.planes.bitmask(ours) != 0
        np.testing.assert_array_equal(found.mask.get(theirs), flagged)


def compressed(path: Path, exposure: Exposure) -> Path:
    """The exposure as the stack of 2017 compressed it: all planes are COMPRESSED_IMAGE, EXTTYPE tells which."""
    options: dict[str, dict[str, Any]] = {
        "IMAGE": {"compression_type": "GZIP_2", "quantize_level": 0},
        "MASK": {"compression_type": "RICE_1"},
        "VARIANCE": {"compression_type": "GZIP_2", "quantize_level": 0},
    }
    with fits.open(write_exposure(exposure, path.with_name("plain.fits"))) as plain:
        hdus = [fits.PrimaryHDU(header=plain[0].header)]
        for name, how in options.items():
            header = plain[name].header.copy()
            for key in ("BSCALE", "BZERO"):
                header.remove(key, ignore_missing=True)
            data = plain[name].data
            hdus.append(fits.CompImageHDU(data, header=header, name=name, tile_shape=data.shape, **how))
        fits.HDUList(hdus).writeto(path, output_verify="ignore")
    content = path.read_bytes()
    for name in options:
        content, count = re.subn(
            rb"EXTNAME = '" + name.encode() + rb".{%d}" % (80 - 11 - len(name)),
            b"EXTNAME = 'COMPRESSED_IMAGE'".ljust(80),
            content,
            count=1,
        )
        assert count == 1
    path.write_bytes(content)
    return path


def test_planes_named_by_their_type_are_read(tmp_path: Path) -> None:
    exposure = small()
    after = read_exposure(compressed(tmp_path / "lsst.fits", exposure))
    np.testing.assert_array_equal(after.image, exposure.image)
    np.testing.assert_array_equal(after.variance, exposure.variance)
    np.testing.assert_array_equal(after.mask.array, exposure.mask.array)


def test_electrons_of_a_run(tmp_path: Path) -> None:
    """The unit in the file is that of the step list: ADU up to the gains, electron behind them."""
    frame, steps = tmp_path / "1257365o.fits.fz", tmp_path / "steps"
    recipe = SimulationRecipe(filter="i.MP9702", detectors=(3,), others="absent", stars=False)
    simulate_raw(recipe, frame)
    switches = ("doDefect=False", "doFlat=False", "doFringe=False", "doApplyGains=True")
    request = RunRequest(
        frame, 3, tmp_path / "out.fits", overrides=tuple(("value", text) for text in switches), steps_folder=steps
    )
    correct_detector(request, lambda text: None)
    assert fits.getheader(tmp_path / "out.fits", "IMAGE")["BUNIT"] == "electron"
    found = {path.stem[3:]: fits.getheader(path, "IMAGE")["BUNIT"] for path in sorted(steps.iterdir())}
    assert found["doAssembleCcd"] == "adu"
    assert found["doApplyGains"] == "electron"
