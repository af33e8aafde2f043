"""Defects: normalisation, masks, tables, and the real tables of MegaCam in all their forms."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from isrcore.calib.defect_files import (
    defects_from_elixir_header,
    defects_from_mask_image,
    elixir_cards,
    elixir_rectangles,
    raw_from_trimmed,
    read_ds9_regions,
    read_elixir_mask,
    read_text_boxes,
    trimmed_from_raw,
    write_ds9_regions,
    write_text_boxes,
)
from isrcore.calib.defect_tables import read_defect_table, write_defect_table
from isrcore.calib.defects import Defects, as_boxes
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.image import MaskedImage
from isrcore.image.footprints import find_runs, footprint_boxes, paint_boxes
from isrcore.metadata import PropertyList
from tests.shared_data import shared_path
from tests.small_frame import make_detector

BOXES = st.lists(
    st.builds(Box, st.integers(-5, 20), st.integers(-5, 20), st.integers(1, 9), st.integers(1, 9)), max_size=8
)
SOME = Defects([Box(3, 4, 5, 6), Box(20, 0, 1, 40), Box(0, 30, 4, 1), Box(9, 9, 1, 1)])


@settings(max_examples=80)
@given(BOXES)
def test_normalising_is_what_painting_and_cutting_gives(boxes: list[Box]) -> None:
    """The grid of box edges must give the same boxes, in the same order, as single pixels."""
    frame = Box.around(boxes)
    expected = footprint_boxes(paint_boxes(boxes, frame), (frame.x0, frame.y0)) if boxes else []
    defects = Defects(boxes)
    assert list(defects) == expected
    assert list(Defects(defects)) == expected
    assert defects.area == paint_boxes(boxes, frame).sum()


def test_items_of_several_kinds() -> None:
    class Item:
        def getBBox(self) -> Box:
            return Box(7, 7, 2, 2)

    defects = Defects([Box(0, 0, 2, 1), (5, 6), (np.int64(5), np.int64(7)), Item()])
    assert list(defects) == [Box(0, 0, 2, 1), Box(5, 6, 1, 2), Box(7, 7, 2, 2)]
    assert as_boxes([(1, 2), Box(3, 3, 1, 1)]) == [Box(1, 2, 1, 1), Box(3, 3, 1, 1)]
    for wrong in ("box", 3, (1.5, 2), (1, 2, 3)):
        with pytest.raises(ValueError, match="a defect is a Box"):
            Defects([wrong])


def test_changes_normalise_at_once_or_at_the_end() -> None:
    defects = Defects([Box(0, 0, 2, 2)])
    defects.append(Box(2, 0, 2, 2))
    assert list(defects) == [Box(0, 0, 4, 2)]
    defects.insert(0, Box(0, 2, 4, 1))
    assert list(defects) == [Box(0, 0, 4, 3)]
    with defects.bulk_update():
        defects.append(Box(0, 0, 1, 1))
        assert len(defects) == 2
    assert list(defects) == [Box(0, 0, 4, 3)]
    defects[0] = Box(1, 1, 1, 1)
    assert defects[0] == Box(1, 1, 1, 1)
    del defects[0]
    assert len(defects) == 0


def test_boxes_without_pixels_vanish() -> None:
    assert list(Defects([Box()])) == []
    assert list(Defects([Box(), Box(1, 2, 3, 4), Box()])) == [Box(1, 2, 3, 4)]


def test_normalising_can_be_switched_off() -> None:
    twice = [Box(0, 0, 2, 2), Box(0, 0, 2, 2)]
    assert list(Defects(twice, normalize=False)) == twice


def test_mask_and_back() -> None:
    pixels = MaskedImage(np.zeros((40, 30), np.float32), xy0=(-5, -5))
    defects = Defects([Box(-10, -10, 8, 8), Box(3, 4, 5, 6), Box(24, 0, 50, 2)])
    defects.maskPixels(pixels, "CR")
    inside = [Box(-5, -5, 3, 3), Box(3, 4, 5, 6), Box(24, 0, 1, 2)]
    np.testing.assert_array_equal(pixels.mask.has("CR"), paint_boxes(inside, pixels.bbox))
    assert sorted(Defects.fromMask(pixels, "CR"), key=str) == sorted(inside, key=str)
    with pytest.raises(ValueError, match="no mask plane 'HOT'"):
        defects.maskPixels(pixels, "HOT")


def test_footprints_become_boxes() -> None:
    where = paint_boxes(list(SOME), Box(0, 0, 30, 40))
    assert Defects.fromFootprintList([find_runs(where)]).area == SOME.area


def test_transpose_twice_is_nothing() -> None:
    assert SOME.transpose().transpose() == SOME
    assert SOME.transpose() != SOME
    assert SOME.transpose().area == SOME.area


@pytest.mark.parametrize("form", ["simple", "region"])
def test_a_source_may_have_any_letters(tmp_path: Path, form: str) -> None:
    path = tmp_path / "defects.fits"
    written = SOME.copy()
    written.metadata.set("MAPSRC", "plane BAD of raw · image é.fits")
    write_defect_table(written, path, form)
    assert read_defect_table(path) == SOME
    assert read_defect_table(path).metadata["MAPSRC"] == "plane BAD of raw \\xb7 image \\xe9.fits"


@pytest.mark.parametrize("suffix", [".fits", ".ecsv"])
@pytest.mark.parametrize("form", ["simple", "region"])
@pytest.mark.parametrize("defects", [SOME, Defects()], ids=["some", "none"])
def test_tables_there_and_back(tmp_path: Path, form: str, suffix: str, defects: Defects) -> None:
    path = tmp_path / f"defects{suffix}"
    written = defects.copy()
    written.metadata.set("SERIAL", "8341174")
    written.metadata.set("DETECTOR", 4)
    write_defect_table(written, path, form)
    write_defect_table(written, path, form)
    found = read_defect_table(path)
    assert found == defects
    assert found.metadata["SERIAL"] == "8341174"
    assert found.metadata["DETECTOR"] == 4
    assert found.metadata["OBSTYPE"] == "defects"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_region_shapes(caplog: pytest.LogCaptureFixture) -> None:
    rows: list[tuple[Any, ...]] = [
        (6.0, 8.5, [3.0, 2.0], "BOX", 0.0),
        (1.0, 2.0, [0.0, 0.0], "point", 0.0),
        (10.0, 10.0, [1.0, 3.0], "ROTBOX", 90.0),
        (15.0, 15.0, [1.0, 3.0], "ROTBOX", 45.0),
        (20.0, 20.0, [5.0, 5.0], "CIRCLE", 0.0),
    ]
    table = Table(rows=rows, names=("X", "Y", "R", "SHAPE", "ROTANG"))
    with caplog.at_level(logging.WARNING):
        found = Defects.fromTable(table)
    assert sorted(found, key=str) == [Box(0, 1, 1, 1), Box(4, 7, 3, 2), Box(8, 9, 3, 1)]
    assert "45" in caplog.text
    assert "CIRCLE" in caplog.text


def test_table_of_several_detectors(tmp_path: Path) -> None:
    path = tmp_path / "all.fits"
    hdus: list[Any] = [fits.PrimaryHDU()]
    for serial, x0 in (("111", 1), ("222", 2)):
        hdu = fits.BinTableHDU(Table({"x0": [x0], "y0": [0], "width": [1], "height": [1]}))
        hdu.header["SERIAL"] = serial
        hdus.append(hdu)
    fits.HDUList(hdus).writeto(path)
    assert read_defect_table(path, serial="222")[0] == Box(2, 0, 1, 1)
    assert read_defect_table(path)[0] == Box(1, 0, 1, 1)
    with pytest.raises(ValueError, match="no table has SERIAL = '333'; the file has 111, 222"):
        read_defect_table(path, serial="333")


def test_tables_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found a, b"):
        Defects.fromTable(Table({"a": [1], "b": [2]}))
    with pytest.raises(ValueError, match=r"column width .* found 1.5"):
        Defects.fromTable(Table({"x0": [1], "y0": [1], "width": [1.5], "height": [1]}))
    for name in ("none.fits", "none.ecsv"):
        with pytest.raises(FileNotFoundError, match=f"(?i)no such.*{name}"):
            read_defect_table(tmp_path / name)
    for name in ("text.fits", "text.ecsv", "text.csv"):
        (tmp_path / name).write_text("no table\n")
        with pytest.raises(ValueError, match=name):
            read_defect_table(tmp_path / name)
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(tmp_path / "image.fits")
    with pytest.raises(ValueError, match="expected a table of defects, found none"):
        read_defect_table(tmp_path / "image.fits")
    with pytest.raises(ValueError, match=r"written as .fits or .ecsv"):
        write_defect_table(SOME, tmp_path / "defects.csv")
    with pytest.raises(ValueError, match="one of simple, region, found 'odd'"):
        write_defect_table(SOME, tmp_path / "defects.fits", "odd")


def test_text_and_ds9_there_and_back(tmp_path: Path) -> None:
    write_text_boxes(SOME, tmp_path / "boxes.txt")
    assert read_text_boxes(tmp_path / "boxes.txt") == SOME
    write_ds9_regions(SOME, tmp_path / "boxes.reg")
    assert read_ds9_regions(tmp_path / "boxes.reg") == SOME
    assert "box(6,7.5,5,6,0)" in (tmp_path / "boxes.reg").read_text()


def test_ds9_regions_as_people_draw_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "drawn.reg"
    path.write_text(
        "# Region file format: DS9\nglobal color=green\nimage\n"
        "box(10.2,20.4,3.1,1.9,0) # text={hot}\nphysical;box 30 30 2 4 90\npoint(5,6)\n"
        "circle(100,100,20)\n-box(1,1,1,1,0)\nbox(50,50,4,4,30)\n"
    )
    with caplog.at_level(logging.WARNING):
        found = read_ds9_regions(path)
    # A pixel belongs if its centre lies in the box: columns 9, 10, 11 (1-based), rows 20, 21. Of two centres on its
    # sides the upper one belongs, as in tables: columns 29 to 32, rows 30 and 31.
    assert sorted(found, key=str) == [Box(28, 29, 4, 2), Box(4, 5, 1, 1), Box(8, 19, 3, 2)]
    assert caplog.text.count("left out") == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('fk5\nbox(150,2,1",1",0)\n', "line 2: regions must be in image coordinates"),
        ('wcsa\nbox(150,2,1",1",0)\n', "line 2: regions must be in image, physical, .* found 'wcsa'"),
        ("12 # nothing\nbox(1,2,nan,4,0)\n", "line 2: expected pixel numbers or angles, found 'nan'"),
        ("box(10:20:30,-0:30:00,4,4,0)\n", "line 1: a position on the sky in the system physical"),
        ("box(1,2,3)\n", "line 1: expected box"),
    ],
)
def test_ds9_regions_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.reg").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_ds9_regions(tmp_path / "bad.reg")


@pytest.mark.parametrize("line", ["1 2 3", "1 2 3 4 5", "1 2 x 4", "1 2 0 4"])
def test_text_that_cannot_be_used(tmp_path: Path, line: str) -> None:
    path = tmp_path / "boxes.txt"
    path.write_text(f"# boxes\n1 1 1 1\n{line}\n")
    with pytest.raises(ValueError, match="line 3: expected 'x0 y0 width height'"):
        read_text_boxes(path)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        read_text_boxes(tmp_path / "none.txt")


def test_frames_are_converted_with_flips() -> None:
    detector = make_detector()
    a, b = detector
    flipped = detector.with_amplifiers([a.replace(raw_flip_y=True), b.replace(raw_flip_x=True)])
    box = Box(a.raw_data_bbox.x1 - 2, a.raw_data_bbox.y0 + 1, 4, 3)
    left, right = trimmed_from_raw([box], flipped)
    assert left == Box(a.bbox.x1 - 2, a.bbox.y1 - 4, 2, 3)
    assert right == Box(b.bbox.x1 - 2, 1, 2, 3)
    assert sorted(raw_from_trimmed([left, right], flipped), key=str) == sorted(
        [box.intersect(a.raw_data_bbox), box.intersect(b.raw_data_bbox)], key=str
    )
    # An overscan pixel is nowhere in the trimmed frame.
    assert trimmed_from_raw([Box(0, 0, 1, 1)], flipped) == []


def test_mask_images_of_both_sizes() -> None:
    detector = make_detector()
    a, b = detector
    flipped = detector.with_amplifiers([a.replace(raw_flip_y=True), b.replace(raw_flip_x=True)])
    raw_boxes = [Box(20, 3, 2, 30), Box(60, 0, 10, 1), Box(0, 0, 100, 2)]
    raw = 1 - paint_boxes(raw_boxes, flipped.raw_bbox).astype(np.int16)
    found = defects_from_mask_image(raw, flipped)
    expected = paint_boxes(trimmed_from_raw(raw_boxes, flipped), flipped.bbox)
    np.testing.assert_array_equal(paint_boxes(list(found), flipped.bbox), expected)
    assert defects_from_mask_image(1 - expected.astype(np.int16), flipped) == found
    with pytest.raises(ValueError, match=r"96 x 60 pixels .raw. or 80 x 56 .trimmed., found 5 x 4"):
        defects_from_mask_image(np.ones((4, 5)), flipped)


def test_elixir_rectangles() -> None:
    header = {"MASK_000": "[963:1,964:4644]", "MASK_001": "[2112:1,1:1]", "MASKFILE": "x", "OTHER": 1}
    assert elixir_rectangles(header) == [Box(962, 0, 2, 4644), Box(0, 0, 2112, 1)]
    with pytest.raises(ValueError, match="MASK_002: expected two corners"):
        elixir_rectangles({"MASK_002": "[1:2]"})


def test_elixir_files_that_cannot_be_used(tmp_path: Path) -> None:
    detector = make_detector()
    with pytest.raises(FileNotFoundError, match="No such file"):
        read_elixir_mask(tmp_path / "none.fits", detector)
    (tmp_path / "text.fits").write_text("no FITS\n")
    with pytest.raises(ValueError, match="this is no FITS file"):
        read_elixir_mask(tmp_path / "text.fits", detector)
    image = fits.ImageHDU(np.ones(detector.bbox.shape, np.int16), name="ccd07")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tmp_path / "mask.fits")
    with pytest.raises(ValueError, match="expected an extension ccd00, found CCD07"):
        read_elixir_mask(tmp_path / "mask.fits", detector)
    image.name = "ccd00"
    image.data[3, 4] = 0
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tmp_path / "pixels.fits")
    assert list(read_elixir_mask(tmp_path / "pixels.fits", detector)) == [Box(4, 3, 1, 1)]


@pytest.mark.parametrize(
    ("version", "count"), [("2004B.mask.0.36.01", 36), ("test.mask.0.40.00", 40)], ids=["2004B", "40 CCDs"]
)
def test_real_tables_and_masks_agree(version: str, count: int) -> None:
    """The LSST table and the Elixir mask of one version flag the same pixels of every CCD."""
    folder = shared_path("megacam", "defects")
    camera = megacam_camera()
    with fits.open(folder / f"{version}.fits.gz") as hdus:
        for number in range(count):
            detector = camera[number]
            table = read_defect_table(folder / f"{version}.nn" / f"{detector.name}.fits", serial=detector.serial)
            elixir = defects_from_elixir_header(hdus[detector.name].header, detector)
            pixels = paint_boxes(list(table), detector.bbox)
            np.testing.assert_array_equal(paint_boxes(list(elixir), detector.bbox), pixels, err_msg=detector.name)
            assert table.area == pixels.sum()
            cards = elixir_cards(elixir, detector)
            assert Defects(trimmed_from_raw(elixir_rectangles(cards), detector)) == elixir
            if number in (0, 12):
                found = defects_from_mask_image(hdus[detector.name].data, detector)
                np.testing.assert_array_equal(paint_boxes(list(found), detector.bbox), pixels)


def test_copy_is_independent() -> None:
    original = Defects([Box(1, 1, 1, 1)], PropertyList({"A": 1}))
    other = original.copy()
    other.append(Box(5, 5, 1, 1))
    other.metadata.set("A", 2)
    assert len(original) == 1
    assert original.metadata["A"] == 1
    assert repr(other) == "Defects(2 boxes, 2 pixels)"
