"""The calibration folder: what is found, which file is taken and why, what is said when there is none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from isrcore.calib.defects import Defects
from isrcore.camera.megacam import megacam_camera
from isrcore.data.calib_file import CalibFile, describe_calibration, run_order
from isrcore.data.calibs import CalibrationFolder, choose_file, load_defects, load_exposure
from isrcore.data.errors import FrameError, MissingCalibration
from isrcore.data.facts import ExposureFacts
from isrcore.data.kinds import Kind
from isrcore.data.masters import read_mask_boxes, read_master
from isrcore.data.raw import open_raw
from isrcore.export import write_exposure
from isrcore.image import MaskedImage
from tests.header_files import HeaderFile, made_headers, write_made
from tests.shared_data import shared_path

STACKED = {"bias": "BIAS", "dark": "DARK", "flat": "SKYFLAT", "fringe": "FRINGE"}


def master(
    folder: Path,
    name: str,
    *,
    detectors: tuple[int, ...] = (12,),
    seed: int = 1,
    **values: str,
) -> HeaderFile:
    """An Elixir master named as in the archive; `values` are keywords of its headers."""
    kind = name.split(".")[1]
    changes = {"OBSTYPE": f"'{kind.upper()}              '", "CRUNID": f"'{name.split('.')[0]}'"}
    if kind in STACKED:
        changes["IMCMB_FT"] = f"'MASTER_DETREND_{STACKED[kind]}'"
    scale = {"flat": ("1e-4", "3.2"), "fringe": ("0.0503", "1648.9849"), "mask": ("1.0", "0.0")}.get(
        kind, ("1.0", "32668.0")
    )
    changes |= {"BSCALE": scale[0], "BZERO": scale[1]}
    changes |= {key.replace("_OBS", "-OBS"): value for key, value in values.items()}
    folder.mkdir(parents=True, exist_ok=True)
    headers = made_headers(detectors, bytepix=2, changes=changes)
    return write_made(folder / f"{name}.fits.fz", headers, bytepix=2, seed=seed)


def raw_frame(path: Path, **changes: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    return write_made(path, made_headers((12,), bytepix=2, changes=changes), bytepix=2).path


@pytest.fixture
def frame(tmp_path: Path) -> ExposureFacts:
    """A 30 s i.MP9702 exposure of camera run 10Bm03."""
    return open_raw(raw_frame(tmp_path / "raw" / "1000001o.fits.fz")).exposure


def chosen(
    folder: Path, kind: str, frame: ExposureFacts, detector: int = 12, n_ccd: int | None = None
) -> tuple[str, str]:
    choice = CalibrationFolder(folder).choose(kind, frame, detector, n_ccd)
    return choice.path.name.removesuffix(".fits.fz"), choice.why


def test_bias_of_the_own_run_wins_over_a_nearer_date(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm03.bias.0.36.00", DATE_OBS="'2010-10-20'")
    master(tmp_path / "c", "10Bm04.bias.0.36.00", DATE_OBS="'2010-11-03'")
    assert chosen(tmp_path / "c", "bias", frame) == (
        "10Bm03.bias.0.36.00",
        "camera run 10Bm03 is the frame's own, version 00",
    )


def test_bias_of_the_nearest_date_without_the_own_run(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm02.bias.0.36.00", DATE_OBS="'2010-10-20'")
    master(tmp_path / "c", "10Bm05.bias.0.36.00", DATE_OBS="'2010-11-10'")
    name, why = chosen(tmp_path / "c", "bias", frame)
    assert name == "10Bm05.bias.0.36.00"
    assert "7 days away" in why
    assert "the frame's is 10Bm03" in why


def test_bias_of_the_nearest_run_without_dates(tmp_path: Path, frame: ExposureFacts) -> None:
    for run in ("10Am06", "10Bm02", "11Am01"):
        master(tmp_path / "c", f"{run}.bias.0.36.00", DATE_OBS="'Null'")
    name, why = chosen(tmp_path / "c", "bias", frame)
    assert name == "10Bm02.bias.0.36.00"
    assert "nearest camera run to 10Bm03: 10Bm02" in why


def test_forty_ccd_part_of_a_run_is_the_same_run(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm03-40.bias.0.40.00", CRUNID="'10Bm03-40'", DATE_OBS="'2010-01-01'")
    assert "is the frame's own" in chosen(tmp_path / "c", "bias", frame)[1]


def test_highest_version_of_a_run(tmp_path: Path, frame: ExposureFacts) -> None:
    for version in ("00", "02", "01"):
        master(tmp_path / "c", f"10Bm03.flat.i2.36.{version}")
    folder = CalibrationFolder(tmp_path / "c")
    choice = folder.choose("flat", frame, 12)
    assert [path.name[:22] for path in choice.candidates] == [
        "10Bm03.flat.i2.36.02.f",
        "10Bm03.flat.i2.36.01.f",
        "10Bm03.flat.i2.36.00.f",
    ]
    assert choice.why == "filter i.MP9702, camera run 10Bm03 is the frame's own, version 02"


def test_bias_ignores_the_filter(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm03.bias.0.36.00", FILTER="'filter_name'")
    assert chosen(tmp_path / "c", "bias", frame)[0] == "10Bm03.bias.0.36.00"


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [
        ("10Bm03.flat.i2.36.00", "'i2.MP9702'", True),
        ("10Bm03.flat.i.36.00", "'i.MP9701'", False),
        ("10Bm03.flat.r.36.00", "'r.MP9601'", False),
        ("10Bm03.flat.i2.36.00", "'NONE'", True),
        ("10Bm03.flat.i.36.00", "'i'", False),
        ("10Bm03.flat.x.36.00", "'i2'", True),
    ],
)
def test_flats_go_by_filter_code_then_by_elixir_name(
    name: str, text: str, fits: bool, tmp_path: Path, frame: ExposureFacts
) -> None:
    master(tmp_path / "c", name, FILTER=text)
    folder = CalibrationFolder(tmp_path / "c")
    if fits:
        assert folder.choose("flat", frame, 12).path.name.startswith(name)
    else:
        with pytest.raises(MissingCalibration):
            folder.choose("flat", frame, 12)


def test_dark_of_the_nearest_exposure_time(tmp_path: Path, frame: ExposureFacts) -> None:
    for seconds in ("60", "300", "900"):
        master(tmp_path / "c", f"10Bm03.dark.{seconds}.36.00", DARKTIME=f"{seconds}.0")
    name, why = chosen(tmp_path / "c", "dark", frame)
    assert name == "10Bm03.dark.60.36.00"
    assert "60 s, the frame has 30 s" in why


def test_dark_loses_the_bias_that_elixir_left_in_it(tmp_path: Path, frame: ExposureFacts) -> None:
    dark = master(tmp_path / "c", "10Bm03.dark.900.36.00", seed=2, DARKTIME="900.0")
    with_bias = CalibrationFolder(tmp_path / "c").choose("dark", frame, 12)
    assert "still contains the bias" in with_bias.why
    bias = master(tmp_path / "c", "10Bm03.bias.0.36.00", seed=3)
    choice = CalibrationFolder(tmp_path / "c").choose("dark", frame, 12)
    assert "10Bm03.bias.0.36.00.fits.fz is subtracted" in choice.why
    expected = (dark.stored(1).astype(np.float32) - bias.stored(1))[:4612, 32:2080]
    loaded = load_exposure(choice)
    assert np.array_equal(loaded.image, expected)
    assert loaded.visit_info is not None
    assert loaded.visit_info.dark_time == 900.0


def test_only_files_with_the_ccd(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm03.bias.0.36.00", detectors=(3,))
    master(tmp_path / "c", "09Bm03.bias.0.36.00", detectors=(12,), DATE_OBS="'2009-11-03'")
    assert chosen(tmp_path / "c", "bias", frame)[0] == "09Bm03.bias.0.36.00"


def test_truncated_file_does_not_offer_the_lost_ccd(tmp_path: Path, frame: ExposureFacts) -> None:
    path = master(tmp_path / "c", "10Bm03.bias.0.36.00", detectors=(11, 12)).path
    os.truncate(path, path.stat().st_size - 20_000)
    folder = CalibrationFolder(tmp_path / "c")
    assert folder.choose("bias", frame, 11).path == path
    with pytest.raises(MissingCalibration):
        folder.choose("bias", frame, 12)


def test_missing_calibration_names_what_was_looked_for(tmp_path: Path, frame: ExposureFacts) -> None:
    master(tmp_path / "c", "10Bm03.flat.r.36.00", FILTER="'r.MP9601'")
    with pytest.raises(MissingCalibration) as caught:
        CalibrationFolder(tmp_path / "c").choose("flat", frame, 12)
    message = str(caught.value)
    for part in (
        str(tmp_path / "c"),
        "no flat fits",
        "expected 10Bm03.flat.i2.*.fits.fz, or any flat with ccd12 in filter i.MP9702",
        "found 10Bm03.flat.r.36.00.fits.fz (r.MP9601, ccd12)",
        "doFlat",
    ):
        assert part in message


def test_empty_folder(tmp_path: Path, frame: ExposureFacts) -> None:
    (tmp_path / "empty").mkdir()
    for kind in ("bias", "dark", "flat", "fringe", "defects"):
        with pytest.raises(MissingCalibration, match=f"found no {kind} at all"):
            CalibrationFolder(tmp_path / "empty").choose(kind, frame, 12)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="no such folder"):
        CalibrationFolder(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(FrameError, match="found a file"):
        CalibrationFolder(tmp_path / "file")


def test_unknown_kind(tmp_path: Path, frame: ExposureFacts) -> None:
    with pytest.raises(ValueError, match="found 'biass'"):
        CalibrationFolder(tmp_path).choose("biass", frame, 12)


def test_other_files_do_not_disturb(tmp_path: Path, frame: ExposureFacts, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "c"
    good = master(folder / "deep" / "er", "10Bm03.bias.0.36.00").path
    raw_frame(folder / "1000001b.fits.fz", OBSTYPE="'BIAS    '")
    (folder / "notes.txt").write_text("hello")
    (folder / "broken.fits").write_bytes(b"no FITS at all")
    found = CalibrationFolder(folder)
    assert found.choose("bias", frame, 12).path == good
    assert found.choose("bias", frame, 12).path == good
    assert list(found.problems) == [folder / "broken.fits"]
    assert caplog.text.count("broken.fits") == 1


def test_folder_is_read_again_only_where_it_changed(tmp_path: Path, frame: ExposureFacts) -> None:
    folder = tmp_path / "c"
    first = master(folder, "10Bm02.bias.0.36.00", DATE_OBS="'2010-10-20'").path
    found = CalibrationFolder(folder)
    described = found.files()
    assert found.files()[0] is described[0]
    better = master(folder, "10Bm03.bias.0.36.00").path
    assert found.choose("bias", frame, 12).path == better
    better.unlink()
    assert found.choose("bias", frame, 12).path == first


def test_explicit_file(tmp_path: Path) -> None:
    path = master(tmp_path / "c", "03Am02.bias.0.36.00", detectors=(3,)).path
    choice = choose_file("bias", path, 3)
    assert choice.why == "chosen by you"
    assert load_exposure(choice).image.shape == (4612, 2048)
    with pytest.raises(FrameError, match="expected ccd12, found ccd03"):
        choose_file("bias", path, 12)
    with pytest.raises(FrameError, match=r"cannot be used as flat.*expected a flat, found a bias"):
        choose_file("flat", path, 3)


def test_raw_frame_is_no_calibration(tmp_path: Path) -> None:
    path = raw_frame(tmp_path / "1000001b.fits.fz")
    assert describe_calibration(path) is None
    with pytest.raises(FrameError, match="found no calibration"):
        choose_file("bias", path, 12)


def test_flat_is_scaled(tmp_path: Path) -> None:
    file = master(tmp_path / "c", "10Bm03.flat.i2.36.00")
    flat = read_master(file.path, "ccd12")
    expected = (file.stored(1)[:4612, 32:2080] * 1e-4 + 3.2).astype(np.float32)
    assert np.array_equal(flat.image, expected)
    assert flat.filter_label is not None
    assert flat.filter_label.band == "i"


def test_runs_in_order() -> None:
    runs = ["02AE10", "03Am04n", "2003B", "08Bm04", "14Bm05", "14Bm06", "15Am01", "16Ae01", "19Bm03"]
    orders = [run_order(run) for run in runs]
    assert all(order is not None for order in orders)
    assert orders == sorted(orders, key=lambda order: order or 0)
    assert run_order("14Bm05-40") == run_order("14Bm05")
    assert run_order("AftSpc05") is None
    assert run_order(None) is None


def mask_frame(tmp_path: Path, date: str, filter_name: str = "r.MP9601") -> ExposureFacts:
    path = raw_frame(tmp_path / "raw" / "m.fits.fz", **{"DATE-OBS": f"'{date}'", "FILTER": f"'{filter_name}'"})
    return open_raw(path).exposure


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("2003-09-20", "2003B.mask.0.36.00"),
        ("2003-10-20", "2003A.mask.0.36.02"),
        ("2004-08-14", "2004B.mask.0.36.00"),
        ("2004-08-15", "2004B.mask.0.36.01"),
        ("2004-08-24", "2003A.mask.0.36.02"),
        ("2008-03-30", "2003A.mask.0.36.02"),
    ],
)
def test_masks_of_dead_ccds_count_in_their_time_only(date: str, name: str, tmp_path: Path) -> None:
    for mask in (
        "2003A.mask.0.36.02",
        "2003A.mask.0.36.01",
        "2003B.mask.0.36.00",
        "2004B.mask.0.36.00",
        "2004B.mask.0.36.01",
    ):
        master(tmp_path / "c", mask)
    assert chosen(tmp_path / "c", "defects", mask_frame(tmp_path, date), n_ccd=36)[0] == name


def test_mask_outside_its_time_says_so(tmp_path: Path) -> None:
    master(tmp_path / "c", "2004B.mask.0.36.01")
    why = chosen(tmp_path / "c", "defects", mask_frame(tmp_path, "2008-03-30"))[1]
    assert "valid from 2004-08-15 to 2004-08-24; NOT valid on the date of the frame" in why


def test_mask_for_as_many_ccds_as_the_frame_has(tmp_path: Path) -> None:
    master(tmp_path / "c", "2003A.mask.0.36.02")
    master(tmp_path / "c", "test.mask.0.40.00")
    for n_ccd, name in ((36, "2003A.mask.0.36.02"), (40, "test.mask.0.40.00")):
        assert chosen(tmp_path / "c", "defects", mask_frame(tmp_path, "2016-05-12"), n_ccd=n_ccd)[0] == name


def bad_pixels(defects: Defects) -> np.ndarray:
    image = MaskedImage(np.zeros((4612, 2048), np.float32))
    defects.maskPixels(image)
    return image.mask.has("BAD")


@pytest.mark.parametrize("detector", [0, 16, 28])
def test_real_mask_equals_the_real_defect_table(detector: int) -> None:
    """Rectangles in the header, pixels of the mask image, and the reference's table: three ways, one answer."""
    image = shared_path("megacam", "defects", "2004B.mask.0.36.01.fits.gz")
    table = shared_path("megacam", "defects", "2004B.mask.0.36.01.nn", f"ccd{detector:02d}.fits")
    expected = read_master(image, detector).image == 0
    assert expected.any()
    assert np.array_equal(bad_pixels(Defects(read_mask_boxes(image, detector))), expected)
    for path in (image, table):
        assert np.array_equal(bad_pixels(load_defects(choose_file("defects", path, detector))), expected)


def test_mask_without_rectangles_is_read_from_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "2003A.mask.0.36.02.fits"
    good = (np.random.default_rng(1).random((4644, 2112)) > 0.001).astype(np.int16)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(good, name="ccd12")]).writeto(path)
    expected = good[:4612, 32:2080] == 0
    found = np.zeros_like(expected)
    for box in read_mask_boxes(path, 12):
        found[box.slices()] = True
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("filter_name", "enlarged"), [("r.MP9601", False), ("i.MP9702", True), ("z.MP9801", True)])
def test_enlarged_tables_for_i_and_z(filter_name: str, enlarged: bool, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    for name in ("2003A.mask.0.36.02", "2003A.mask.0.36.02_enlarged"):
        target = folder / f"{name}.nn"
        target.mkdir()
        source = shared_path("megacam", "defects", f"{name}.nn", "ccd12.fits")
        (target / "ccd12.fits").write_bytes(source.read_bytes())
    choice = CalibrationFolder(folder).choose("defects", mask_frame(tmp_path, "2008-03-30", filter_name), 12)
    assert ("enlarged" in choice.path.parent.name) == enlarged
    assert choice.form is Kind.DEFECTS
    assert len(load_defects(choice)) > 0


def test_defect_table_goes_by_the_serial_of_the_chip() -> None:
    path = shared_path("megacam", "defects", "test.mask.0.40.00.nn", "ccd39.fits")
    described = describe_calibration(path)
    assert isinstance(described, CalibFile)
    assert described.detectors == (39,)
    assert described.n_ccd == 40
    assert megacam_camera()[39].serial == "8261155"


def test_our_own_exposure_is_a_calibration(tmp_path: Path, frame: ExposureFacts) -> None:
    flat = read_master(master(tmp_path / "c", "10Bm03.flat.i2.36.00").path, 12)
    flat.variance[:] = 1e-4
    flat.mask.array[10, 20] = flat.mask.planes.bitmask("BAD")
    (tmp_path / "own").mkdir()
    path = write_exposure(flat, tmp_path / "own" / "flat12.fits")
    choice = CalibrationFolder(tmp_path / "own").choose("flat", frame, 12)
    assert choice.path == path
    assert choice.form is Kind.EXPOSURE
    loaded = load_exposure(choice)
    assert np.array_equal(loaded.image, flat.image)
    assert np.array_equal(loaded.variance, flat.variance)
    assert loaded.mask.has("BAD").sum() == 1
    assert loaded.detector is not None
    assert loaded.detector.id == 12
    with pytest.raises(MissingCalibration):
        CalibrationFolder(tmp_path / "own").choose("flat", frame, 13)
