"""Defect tables as other programs write them: every number is read for what it says, or the table is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from isrcore.audit.frames import TRIMMED_0, TRIMMED_1
from isrcore.audit.reading import MapForm, find_form, possible_frames, read_map
from isrcore.calib.defect_boxes import boxes_from_table
from isrcore.calib.defect_files import read_ds9_regions
from isrcore.calib.defect_tables import OtherDetectorError, read_defect_table, write_defect_table
from isrcore.calib.defects import Defects
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box

CCD = megacam_camera()[12]
SIMPLE = {"x0": [10, 100], "y0": [20, 200], "width": [1, 3], "height": [5, 2]}
REGION: dict[str, Any] = {"X": [11.0, 101.5], "Y": [23.0, 201.5], "R": [[1.0, 5.0], [2.0, 2.0]]}


def region(*shapes: str, **columns: Any) -> Table:
    return Table({**REGION, "SHAPE": list(shapes), **columns})


@pytest.mark.parametrize("suffix", [".fits", ".ecsv"])
@pytest.mark.parametrize("name", ["x0", "width"])
def test_an_undefined_number_is_refused(tmp_path: Path, suffix: str, name: str) -> None:
    table = Table({**SIMPLE, name: MaskedColumn(SIMPLE[name], mask=[False, True], dtype="i4")})
    path = tmp_path / f"ccd12{suffix}"
    table.write(path)
    for read in (read_defect_table, lambda p: read_map(p, CCD)):
        with pytest.raises(ValueError, match=rf"ccd12{suffix}: column {name} .* an undefined one in row 2"):
            read(path)


def test_scaled_columns_have_undefined_numbers_too(tmp_path: Path) -> None:
    columns = [fits.Column(name, "J", array=np.array(values)) for name, values in SIMPLE.items()]
    columns[2] = fits.Column("width", "I", array=np.array([1, 40000], "u2"), bzero=32768, null=7232)
    path = tmp_path / "ccd12.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    with pytest.raises(ValueError, match=r"column width .* an undefined one in row 2"):
        read_defect_table(path)


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e30, 0.5])
def test_numbers_that_are_no_pixels_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="column y0"):
        boxes_from_table(Table({**SIMPLE, "y0": [20.0, number]}))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"X": [11.0, np.nan]}, "column X .* undefined one in row 2"),
        ({"R": [[1.0, 5.0], [2.0, np.nan]]}, "column R .* undefined one in row 2"),
        ({"R": [[1.0, 5.0], [2.0, -1.0]]}, "negative"),
        ({"R": [1.0, 2.0]}, "column R .* undefined one in row 1"),
        ({"X": ["a", "b"]}, "column X .* found 'a'"),
        ({"ROTANG": [0.0, np.nan]}, "column ROTANG .* row 2"),
        ({"x": [1.0, 2.0]}, "expected one column X in a defect table, found X, x"),
        ({"X": [1e300, 2.0]}, "expected a box of pixels"),
    ],
)
def test_region_tables_that_cannot_be_used(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boxes_from_table(region("BOX", "ROTBOX", **columns))


def test_names_have_no_case(tmp_path: Path) -> None:
    path = tmp_path / "ccd12_a.fits"
    Table({name.upper(): values for name, values in SIMPLE.items()}).write(path)
    assert find_form(path) is MapForm.TABLE
    assert list(read_defect_table(path, normalize=False)) == [Box(10, 20, 1, 5), Box(100, 200, 3, 2)]
    path = tmp_path / "ccd12_b.fits"
    table = region("box", "point")
    table.rename_columns(table.colnames, [name.lower() for name in table.colnames])
    table.write(path)
    assert find_form(path) is MapForm.REGION
    assert [d.bbox for d in read_map(path, CCD).document] == [Box(10, 20, 1, 5), Box(101, 201, 1, 1)]


@pytest.mark.parametrize(
    ("x", "width", "columns"),
    [(11.5, 4.0, (9, 13)), (11.0, 4.0, (9, 13)), (11.0, 3.0, (9, 12)), (11.25, 3.0, (9, 12)), (11.5, 3.0, (10, 13))],
)
def test_halves_are_rounded_alike_in_all_forms(
    tmp_path: Path, x: float, width: float, columns: tuple[int, int]
) -> None:
    """Of two centres on the sides of a box, the upper one belongs: floor(centre - size/2 + 1) is the first pixel."""
    (box,) = boxes_from_table(Table({"X": [x], "Y": [5.0], "R": [[width, 1.0]], "SHAPE": ["BOX"]}))
    (turned,) = boxes_from_table(
        Table({"X": [5.0], "Y": [x], "R": [[width, 1.0]], "SHAPE": ["ROTBOX"], "ROTANG": [90.0]})
    )
    (tmp_path / "a.reg").write_text(f"image\nbox({x},5,{width},1,0)\n")
    (drawn,) = read_ds9_regions(tmp_path / "a.reg")
    assert (box.x0, box.x1) == (drawn.x0, drawn.x1) == (turned.y0, turned.y1) == columns
    (point,) = boxes_from_table(Table({"X": [x], "Y": [5.0], "R": [[0.0, 0.0]], "SHAPE": ["POINT"]}))
    (tmp_path / "b.reg").write_text(f"image\npoint({x},5)\n")
    assert list(read_ds9_regions(tmp_path / "b.reg")) == [point]


def test_the_table_of_a_ccd_in_any_hdu(tmp_path: Path) -> None:
    path = tmp_path / "all.fits"
    notes = fits.BinTableHDU(Table({"note": ["hello"]}), name="NOTES")
    tables = []
    for number in (11, 12):
        table = fits.BinTableHDU(Table({**SIMPLE, "x0": [number, number + 100]}), name=f"ccd{number}")
        tables.append(table)
    fits.HDUList([fits.PrimaryHDU(), notes, *tables]).writeto(path)
    assert find_form(path) is MapForm.TABLE
    found = read_defect_table(path, CCD.serial, name="ccd12")
    assert found[0].x0 == 12
    assert [d.bbox.x0 for d in read_map(path, CCD).document] == [12, 112]
    with pytest.raises(OtherDetectorError, match="no table has the name ccd13; the file has ccd11, ccd12"):
        read_defect_table(path, name="ccd13")
    with pytest.raises(ValueError, match="expected a map of ccd20, found one of ccd11"):
        read_map(path, megacam_camera()[20])


def test_an_ascii_table_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "ccd12.fits"
    columns = [fits.Column(name, "I6", array=np.array(values), ascii=True) for name, values in SIMPLE.items()]
    fits.TableHDU.from_columns(columns).writeto(path)
    assert [d.bbox for d in read_map(path, CCD).document] == [Box(10, 20, 1, 5), Box(100, 200, 3, 2)]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "ccd12.fits"
    table = Table(
        {"X": [5.0] * 4, "Y": [5.0] * 4, "R": [[2.0, 4.0]] * 4, "SHAPE": ["BOX", "!BOX", "CIRCLE", "ROTBOX"]}
    )
    table["ROTANG"] = [0.0, 0.0, 0.0, np.pi / 4]
    table["ROTANG"].unit = "rad"
    table.write(path)
    reading = read_map(path, CCD)
    assert len(reading.document) == 1
    assert "regions left out: 3, such as A defect is left out: its shape is '!BOX', it is excluded." in reading.notes


def test_tables_of_the_package_regions_count_from_0(tmp_path: Path) -> None:
    package = pytest.importorskip("regions")
    path = tmp_path / "ccd12.fits"
    box = package.RectanglePixelRegion(package.PixCoord(10.0, 22.0), 1.0, 5.0)
    package.Regions([box]).write(path, format="fits")
    reading = read_map(path, CCD)
    assert [d.bbox for d in reading.document] == [Box(10, 20, 1, 5)]
    assert (reading.frame, reading.is_verified) == (TRIMMED_0, True)
    assert possible_frames(path, CCD)[0] == TRIMMED_0
    assert list(read_defect_table(path)) == [Box(10, 20, 1, 5)]
    # Ours, made of it, counts from 1 again, and says nothing else.
    own = tmp_path / "own.fits"
    write_defect_table(read_defect_table(path), own, "region")
    assert list(read_defect_table(own)) == [Box(10, 20, 1, 5)]


def test_a_region_table_of_somebody_is_not_verified(tmp_path: Path) -> None:
    region("BOX", "BOX").write(tmp_path / "ccd12.fits")
    reading = read_map(tmp_path / "ccd12.fits", CCD)
    assert (reading.frame, reading.is_verified) == (TRIMMED_1, False)
    write_defect_table(Defects([Box(10, 20, 1, 5)]), tmp_path / "own.fits", "region")
    assert read_map(tmp_path / "own.fits", CCD).is_verified


def test_our_region_table_is_what_other_programs_load(tmp_path: Path) -> None:
    path = tmp_path / "own.fits"
    boxes = [Box(10, 20, 1, 5), Box(100, 200, 1, 1), Box(300, 0, 4, 40)]
    write_defect_table(Defects(boxes, normalize=False), path, "region")
    with fits.open(path) as hdus:
        assert hdus[1].name == "REGION"
        assert set(hdus[1].data["SHAPE"]) == {"ROTBOX"}
    package = pytest.importorskip("regions")
    found = package.Regions.read(path, format="fits")
    corners = [(r.center.x - (r.width + 1) / 2, r.center.y - (r.height + 1) / 2, r.width, r.height) for r in found]
    assert corners == [(box.x0, box.y0, box.width, box.height) for box in boxes]


def test_a_table_of_another_ccd_is_no_calibration(tmp_path: Path) -> None:
    path = tmp_path / "all.fits"
    table = Table(SIMPLE, meta={"SERIAL": megacam_camera()[7].serial})
    table.write(path)
    with pytest.raises(OtherDetectorError, match="no table has SERIAL"):
        read_defect_table(path, CCD.serial, name=CCD.name)


def test_compressed_tables_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ccd12.fits"
    table = fits.BinTableHDU(Table(SIMPLE))
    table.header["ZTABLE"] = True
    table.writeto(path)
    with pytest.raises(ValueError, match="compressed table; run funpack"):
        read_defect_table(path)
