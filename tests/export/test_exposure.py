"""Exported exposures: the layout of the file, what comes back from it, and that a failure leaves nothing behind."""

from __future__ import annotations

import errno
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS

import isrcore.export.exposure as module
from isrcore.camera.megacam import megacam_camera
from isrcore.data.errors import FrameError
from isrcore.export import Provenance, read_exposure, write_exposure
from isrcore.geom import Box
from isrcore.image import Exposure, FilterLabel, Mask, MaskedImage, MaskPlanes, PhotoCalib, VisitInfo
from isrcore.metadata import PropertyList

HEIGHT, WIDTH = 70, 40


def sky(crpix1: float = 1000.0) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.1, 2.2]
    wcs.wcs.crpix = [crpix1, 2000.0]
    wcs.wcs.cd = [[-5.1e-5, 1e-8], [2e-8, 5.2e-5]]
    wcs.wcs.radesys = "FK5"
    wcs.wcs.equinox = 2000.0
    wcs.wcs.set()
    return wcs


def small_exposure() -> Exposure:
    rng = np.random.default_rng(3)
    image = rng.normal(1000, 30, (HEIGHT, WIDTH)).astype(np.float32)
    image[0, 0], image[1, 1] = np.nan, np.inf
    mask = Mask.zeros((HEIGHT, WIDTH))
    mask.planes.add("UNMASKEDNAN")
    mask.array[:] = rng.integers(0, 1 << 10, (HEIGHT, WIDTH))
    pixels = MaskedImage(image, mask, rng.uniform(1, 9, (HEIGHT, WIDTH)).astype(np.float32), (5, -7))
    metadata = PropertyList(
        {
            "OBJECT": "Abell 370",
            "GAINA": 1.62,
            "QID": "55700500000000068888",
            "SKYSIGMA": math.nan,
            "HIGH": math.inf,
            "LOW": -math.inf,
            "CRPIX1": 1032.0,
            "NAXIS1": 2112,
            "EMPTY": None,
            "FLAG": True,
            "ISR_OSCAN_LEVELA": 1183.25,
            "CMMTOBS": "x" * 150,
            "NAME": "Zürich\nobserver",
            "HISTORY": ["first", "second " * 20],
            "MP_BAD": 5,
        },
        comments={"GAINA": "Amp A gain", "OBJECT": "c" * 90},
    )
    return Exposure(
        pixels,
        metadata,
        filter_label=FilterLabel("i.MP9702", "i"),
        visit_info=VisitInfo(300.5, 301.25, 2281792, Time("2018-01-02T03:04:05.123456789", scale="tai")),
        photo_calib=PhotoCalib(0.125),
        valid_polygon=shapely.Polygon([(0, 0), (10, 0), (10, 20.5), (0, 20)]),
    )


def test_planes_and_components_come_back(tmp_path: Path) -> None:
    before = small_exposure()
    after = read_exposure(write_exposure(before, tmp_path / "a.fits"))
    np.testing.assert_array_equal(after.image, before.image)
    np.testing.assert_array_equal(after.variance, before.variance)
    np.testing.assert_array_equal(after.mask.array, before.mask.array)
    assert after.mask.planes == before.mask.planes
    assert after.bbox == before.bbox
    assert after.filter_label == before.filter_label
    assert after.photo_calib is not None
    assert after.photo_calib.calibration_mean == pytest.approx(0.125, rel=1e-14)
    assert after.visit_info is not None
    assert after.visit_info.exposure_time == 300.5
    assert after.visit_info.dark_time == 301.25
    assert after.visit_info.exposure_id == 2281792
    assert abs((after.visit_info.getDate() - before.visit_info.getDate()).sec) < 1e-8  # type: ignore[union-attr]
    assert after.valid_polygon.equals(before.valid_polygon)


def test_metadata_come_back(tmp_path: Path) -> None:
    before = small_exposure().metadata
    after = read_exposure(write_exposure(small_exposure(), tmp_path / "a.fits")).metadata
    for key in ("OBJECT", "GAINA", "QID", "HIGH", "LOW", "EMPTY", "FLAG", "ISR_OSCAN_LEVELA", "CMMTOBS"):
        assert after.getScalar(key) == before.getScalar(key), key
    assert math.isnan(after.getScalar("SKYSIGMA"))
    assert after.getScalar("NAME") == r"Z\xfcrich\nobserver"
    assert after.getArray("HISTORY")[0] == "first"
    assert not {"CRPIX1", "NAXIS1", "MP_BAD", "EXPTIME", "FLUXMAG0", "EXPINFO_V"} & set(after)
    assert after.comments["GAINA"] == "Amp A gain"


def test_layout(tmp_path: Path) -> None:
    path = write_exposure(small_exposure(), tmp_path / "a.fits")
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert [hdu.header.get("EXTNAME") for hdu in hdus] == [None, "IMAGE", "MASK", "VARIANCE", "VALID_POLYGON"]
        primary, image, mask, variance = (hdu.header for hdu in hdus[:4])
        assert (primary["BITPIX"], primary["NAXIS"], primary["EXPINFO_V"]) == (8, 0, 2)
        assert (primary["SKYSIGMA"], primary["HIGH"], primary["LOW"]) == ("NAN", "+INFINITY", "-INFINITY")
        assert (primary["DATE-AVG"], primary["TIMESYS"]) == ("2018-01-02T03:04:05.123456789", "TAI")
        assert primary["FLUXMAG0"] == pytest.approx(3.6307805477010e12 / 0.125, rel=1e-12)
        assert not {"AR_HDU", "CRPIX1", "DETNAME"} & set(primary)
        for header, bitpix in ((image, -32), (mask, 32), (variance, -32)):
            assert header["BITPIX"] == bitpix
            assert header["INHERIT"] is True
            assert header["EXTTYPE"] == header["EXTNAME"]
            assert (header["LTV1"], header["LTV2"]) == (-5.0, 7.0)
            assert (header["CTYPE1A"], header["CRPIX1A"], header["CRVAL1A"], header["CRVAL2A"]) == ("LINEAR", 1, 5, -7)
            assert (header["CUNIT1A"], header["CUNIT2A"]) == ("PIXEL", "PIXEL")
        bits = {key: value for key, value in mask.items() if key.startswith("MP_")}
        assert bits["MP_DETECTED_NEGATIVE"] == 6
        assert bits["MP_UNMASKEDNAN"] == 9
        assert not [key for key in image if key.startswith("MP_")]
        np.testing.assert_array_equal(hdus["IMAGE"].data, small_exposure().image)
    assert path.stat().st_size % 2880 == 0
    raw = path.read_bytes()
    assert raw.count(b"BZERO   =                  0.0") == 2
    assert b"HIERARCH MP_DETECTED_NEGATIVE = 6" in raw


def test_sky_wcs_of_a_trimmed_frame_is_moved(tmp_path: Path) -> None:
    """Raw pixel x = trimmed x + 32: one place on the sky has one position, before and after trimming."""
    detector = megacam_camera()["ccd12"]
    pixels = MaskedImage.zeros(detector.bbox)
    exposure = Exposure(pixels, PropertyList({"GAINA": 1.7}), detector=detector, wcs=sky(1032.0))
    path = write_exposure(exposure, tmp_path / "a.fits")
    header = fits.getheader(path, "IMAGE")
    assert (header["CRPIX1"], header["CRPIX2"]) == (1000.0, 2000.0)
    assert header["CD1_1"] == -5.1e-5
    found = WCS(header).pixel_to_world_values(100, 200)
    expected = sky(1032.0).pixel_to_world_values(132, 200)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert any("(32, 0) pixels" in line for line in fits.getheader(path)["HISTORY"])
    after = read_exposure(path)
    assert after.detector is not None
    assert (after.detector.name, after.detector["A"].gain) == ("ccd12", 1.7)
    np.testing.assert_allclose(after.wcs.wcs.crpix, [1032.0, 2000.0])


def test_sky_wcs_of_an_untrimmed_frame_stays(tmp_path: Path) -> None:
    detector = megacam_camera()["ccd12"]
    raw = Exposure(MaskedImage.zeros(detector.raw_bbox, np.uint16), detector=detector, wcs=sky(1032.0))
    path = write_exposure(raw, tmp_path / "raw.fits")
    assert fits.getheader(path, "IMAGE")["CRPIX1"] == 1032.0
    assert read_exposure(path).wcs.wcs.crpix[0] == 1032.0


def test_sky_wcs_of_mirrored_amplifiers_is_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    detector = megacam_camera()["ccd12"]
    detector = detector.with_amplifiers([detector["A"], detector["B"].replace(raw_flip_x=True)])
    exposure = Exposure(MaskedImage.zeros(detector.bbox), detector=detector, wcs=sky())
    path = write_exposure(exposure, tmp_path / "a.fits")
    assert "CRPIX1" not in fits.getheader(path, "IMAGE")
    assert "No sky WCS is written" in caplog.text


def test_provenance(tmp_path: Path) -> None:
    config = "config.doFlat=True\nconfig.overscan.fitType='POLY'\n"
    provenance = Provenance(
        source="/data/2281792o.fits.fz",
        step="doFlat",
        config=config,
        calibrations={"flat": "18Am01.flat.i.fits (newest master before the exposure, same filter)"},
        edits=("box (3, 4) 5 x 6 set BAD by hand",),
    )
    path = write_exposure(small_exposure(), tmp_path / "a.fits", provenance)
    with fits.open(path) as hdus:
        header = hdus[0].header
        assert (header["ISRINPUT"], header["ISRSTEP"]) == ("2281792o.fits.fz", "doFlat")
        assert header["ISRVERS"].startswith("isrviewer ")
        history = " ".join(header["HISTORY"])
        assert "ISR flat: 18Am01.flat.i.fits (newest master" in history
        assert "box (3, 4) 5 x 6 set BAD by hand" in history
        assert list(hdus["ISR_CONFIG"].data["LINE"]) == config.splitlines()


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"a\.fits exists"):
        write_exposure(small_exposure(), path)
    assert path.read_bytes() == b"precious"
    write_exposure(small_exposure(), path, overwrite=True)
    assert read_exposure(path).bbox == small_exposure().bbox


def test_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_exposure(small_exposure(), tmp_path / "a.fits")
    before = path.read_bytes()
    written = []

    def fail_in_the_mask(out: io.BufferedWriter, data: np.ndarray) -> None:
        written.append(out.write(b"part of the data"))
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write_data", fail_in_the_mask)
    with pytest.raises(FrameError, match=r"a\.fits: the exposure was not written: No space left on device; free"):
        write_exposure(small_exposure(), path, overwrite=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match=r"nowhere/a\.fits: .*check the folder"):
        write_exposure(small_exposure(), tmp_path / "nowhere" / "a.fits")


def test_other_file_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.fits"):
        write_exposure(small_exposure(), tmp_path / "a.fits.gz")


def edited(tmp_path: Path, edit: Any) -> Path:
    path = write_exposure(small_exposure(), tmp_path / "a.fits")
    with fits.open(path, mode="update") as hdus:
        edit(hdus)
    return path


def test_planes_are_moved_by_name(tmp_path: Path) -> None:
    mask = Mask(np.array([[1, 2, 4]], np.int32), MaskPlanes({"SAT": 0, "BAD": 1, "GHOST": 2}))
    path = write_exposure(Exposure(MaskedImage(np.zeros((1, 3), np.float32), mask)), tmp_path / "a.fits")
    after = read_exposure(path).mask
    assert after.planes.bit("BAD") == 0
    assert [after.planes.names_of(value) for value in after.array[0]] == [["SAT"], ["BAD"], ["GHOST"]]


def test_two_planes_with_one_bit(tmp_path: Path) -> None:
    def edit(hdus: fits.HDUList) -> None:
        hdus["MASK"].header["MP_CR"] = 0

    with pytest.raises(FrameError, match="two mask planes share a bit"):
        read_exposure(edited(tmp_path, edit))


def test_one_plane_with_two_bits(tmp_path: Path) -> None:
    def edit(hdus: fits.HDUList) -> None:
        hdus["MASK"].header.append(("MP_CR", 12), end=True)

    with pytest.raises(FrameError, match=r"MP_CR.*one bit for each plane"):
        read_exposure(edited(tmp_path, edit))


def test_set_bits_need_a_name(tmp_path: Path) -> None:
    def edit(hdus: fits.HDUList) -> None:
        hdus["MASK"].data[2, 2] = 1 << 20

    with pytest.raises(FrameError, match="20"):
        read_exposure(edited(tmp_path, edit))


def test_a_file_without_mask_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2), np.float32), name="IMAGE")]).writeto(path)
    with pytest.raises(FrameError, match="an image extension MASK"):
        read_exposure(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = write_exposure(small_exposure(), tmp_path / "a.fits")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FrameError, match="truncated"):
        read_exposure(path)


def test_second_write_changes_nothing(tmp_path: Path) -> None:
    first = read_exposure(write_exposure(small_exposure(), tmp_path / "a.fits"))
    second = read_exposure(write_exposure(first, tmp_path / "b.fits"))
    np.testing.assert_array_equal(second.image, first.image)
    assert second.visit_info == first.visit_info
    assert second.filter_label == first.filter_label
    assert second.metadata.getArray("ISRVERS") == first.metadata.getArray("ISRVERS")
    assert Box(5, -7, WIDTH, HEIGHT) == second.bbox
