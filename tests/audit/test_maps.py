"""Maps of every form: the same pixels come back, and what is wrong with a map is said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from isrcore.audit import edits
from isrcore.audit.defect import DefectKind
from isrcore.audit.document import DefectDocument
from isrcore.audit.frames import RAW_0, RAW_1, TRIMMED_0, TRIMMED_1, MapFrame, check_frame
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.provenance import provenance_of
from isrcore.audit.reading import MapForm, document_from_plane, epoch_problem, find_form, possible_frames, read_map
from isrcore.audit.storage import save_history
from isrcore.audit.writing import SUFFIXES, write_map
from isrcore.calib.defect_files import write_ds9_regions, write_text_boxes
from isrcore.calib.defect_tables import write_defect_table
from isrcore.calib.defects import Defects
from isrcore.camera.megacam import megacam_camera
from isrcore.data.facts import ExposureFacts
from isrcore.data.raw import open_raw
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.image.footprints import paint_boxes
from isrcore.regions.reading import read_regions
from isrcore.simulate import SimulationRecipe, simulate_raw
from tests.shared_data import shared_path

CAMERA = megacam_camera()
CCD = CAMERA["ccd12"]
ROWS = [Box(0, 0, 2048, 1), Box(0, 4611, 2048, 1)]
BOXES = [*ROWS, Box(1858, 1406, 2, 3206), Box(1339, 381, 4, 3), Box(1022, 5, 4, 1), Box(2047, 700, 1, 1)]


def make_document(boxes: list[Box] = BOXES) -> DefectDocument:
    return DefectDocument.of(CCD, [PixelSet.of([box]) for box in boxes], "map")


def write_text(path: Path, boxes: list[Box]) -> Path:
    path.write_text("\n".join(f"{b.x0} {b.y0} {b.width} {b.height}" for b in boxes) + "\n")
    return path


@pytest.mark.parametrize("mask", ["2004B.mask.0.36.01", "test.mask.0.40.00"])
def test_table_and_elixir_mask_of_a_version_are_the_same_pixels(mask: str) -> None:
    tables, image = shared_path("megacam", "defects", f"{mask}.nn"), shared_path(
        "megacam", "defects", f"{mask}.fits.gz"
    )
    for detector in list(CAMERA)[:36]:
        table = read_map(tables / f"{detector.name}.fits", detector)
        other = read_map(image, detector)
        assert (table.form, other.form) == (MapForm.TABLE, MapForm.ELIXIR)
        assert np.array_equal(table.document.mask(), other.document.mask()), detector.name
        assert not any("verified" in note for note in (*table.notes, *other.notes))


@pytest.mark.parametrize("version", ["2003A.mask.0.36.01", "2003A.mask.0.36.02", "2003A.mask.0.36.02_enlarged"])
def test_real_tables_survive_every_table_form(version: str, tmp_path: Path) -> None:
    folder = shared_path("megacam", "defects", f"{version}.nn")
    for detector in list(CAMERA)[:36]:
        document = read_map(folder / f"{detector.name}.fits", detector).document
        boxes = list(document.to_defects())
        for form, name in SMALL_FORMS:
            again = read_map(write_map(document, tmp_path / name, form, overwrite=True), detector)
            assert again.form is form
            # Normalising what is normalised changes nothing: the boxes are the same, in the same order.
            assert list(again.document.to_defects()) == boxes, detector.name
            # Columns cut the edges of a normalised map to pieces; they are the same defects all the same.
            assert edges(again.document) == edges(document)


SMALL_FORMS = (
    (MapForm.TABLE, "a.fits"),
    (MapForm.REGION, "b.fits"),
    (MapForm.DS9, "c.reg"),
    (MapForm.TEXT, "d.txt"),
)


def edges(document: DefectDocument) -> list[Box]:
    return sorted((d.bbox for d in document if d.kind is DefectKind.EDGE), key=lambda box: box.y0)


def test_real_tables_survive_as_ecsv(tmp_path: Path) -> None:
    folder = shared_path("megacam", "defects", "2003A.mask.0.36.02.nn")
    for detector in list(CAMERA)[:36]:
        boxes = list(read_map(folder / f"{detector.name}.fits", detector).document.to_defects())
        document = DefectDocument.of(detector, [PixelSet.of([box]) for box in boxes])
        for form in (MapForm.TABLE, MapForm.REGION):
            again = read_map(write_map(document, tmp_path / "a.ecsv", form, overwrite=True), detector)
            assert (again.form, list(again.document.to_defects())) == (form, boxes), detector.name


def test_real_maps_survive_as_elixir_masks(tmp_path: Path) -> None:
    folder = shared_path("megacam", "defects", "2004B.mask.0.36.01.nn")
    for detector in list(CAMERA)[:36]:
        document = read_map(folder / f"{detector.name}.fits", detector).document
        copy = write_map(document, tmp_path / "a.fits", MapForm.ELIXIR, overwrite=True)
        good = np.zeros(detector.raw_bbox.shape, np.int16)
        good[:4612, 32:2080] = ~document.mask()
        assert np.array_equal(fits.getdata(copy, 1), good), detector.name
        assert np.array_equal(read_map(copy, detector).document.mask(), document.mask()), detector.name


def test_a_real_elixir_mask_survives_pixel_for_pixel(tmp_path: Path) -> None:
    path = shared_path("megacam", "defects", "2004B.mask.0.36.01.fits.gz")
    with fits.open(path) as real:
        for detector in (CAMERA["ccd00"], CAMERA["ccd07"]):
            document = read_map(path, detector).document
            copy = write_map(document, tmp_path / f"{detector.name}.fits.gz", MapForm.ELIXIR)
            assert np.array_equal(fits.getdata(copy, 1), real[detector.id + 1].data)
            plane = write_map(document, tmp_path / f"{detector.name}.fits", MapForm.PLANE)
            assert np.array_equal(read_map(plane, detector).document.mask(), document.mask())


@pytest.mark.parametrize(("form", "suffix"), [(form, suffix) for form in SUFFIXES for suffix in SUFFIXES[form]])
def test_every_form_comes_back_with_its_provenance(form: MapForm, suffix: str, tmp_path: Path) -> None:
    history = DefectHistory(make_document(), "anna", now=lambda: "2010-11-03T08:30:00+00:00")
    history.do(edits.reject(history.document, [4]))
    history.do(edits.grow(history.document, 6))
    path = tmp_path / f"map{suffix}"
    write_map(history.document, path, form, provenance_of(history, ["/data/1257365o.fits.fz"]))
    reading = read_map(path, CCD)
    assert reading.form is form is find_form(path)
    assert np.array_equal(reading.document.mask(), history.document.mask())
    if suffix in (".reg", ".txt"):
        content = path.read_text()
    elif suffix == ".ecsv":
        content = str(Table.read(path, format="ascii.ecsv").meta)
    else:
        content = repr(fits.getheader(path, 0 if form is MapForm.PLANE else 1))
    for text in ("AUDWHO", "anna", "1 grow, 1 reject", "AUDEX001", "1257365o.fits.fz", "MAPSRC", "NREJECT"):
        assert text in content
    with pytest.raises(FileExistsError, match="choose another name"):
        write_map(history.document, path, form)


def test_a_saved_audit_is_a_map(tmp_path: Path) -> None:
    save_history(DefectHistory(make_document()), tmp_path / "a.jsonl")
    assert read_map(tmp_path / "a.jsonl", CCD).document == make_document()
    with pytest.raises(ValueError, match="expected a map of ccd13, found one of ccd12"):
        read_map(tmp_path / "a.jsonl", CAMERA["ccd13"])
    with pytest.raises(ValueError, match="save an audit instead"):
        write_map(make_document(), tmp_path / "b.jsonl", MapForm.AUDIT)
    with pytest.raises(ValueError, match=r"ends in \.reg"):
        write_map(make_document(), tmp_path / "b.fits", MapForm.DS9)


@pytest.mark.parametrize("frame", [TRIMMED_0, TRIMMED_1, RAW_0, RAW_1])
@pytest.mark.parametrize("claimed", [TRIMMED_0, TRIMMED_1, RAW_0, RAW_1])
def test_the_fixed_rows_tell_the_frame(frame: MapFrame, claimed: MapFrame, tmp_path: Path) -> None:
    path = write_text(tmp_path / "map.txt", frame.from_boxes(BOXES, CCD))
    if frame == claimed:
        reading = read_map(path, CCD, claimed)
        assert np.array_equal(reading.document.mask(), make_document().mask())
        assert reading.notes == ("pixels in more than one box: 2",)
    else:
        with pytest.raises(ValueError, match=f"expected a map in the {claimed}, found one in the {frame}.*read it as"):
            read_map(path, CCD, claimed)


@pytest.mark.parametrize(("shift", "side"), [(32, "right"), (-32, "left")])
def test_a_map_shifted_by_32_columns_is_refused(shift: int, side: str, tmp_path: Path) -> None:
    shifted = [box.shift(shift, 0) for box in BOXES]
    clipped = [box.intersect(CCD.bbox) for box in shifted if not box.intersect(CCD.bbox).is_empty]
    hint = f"32 columns too far {side}|read it as a map in the raw frame"
    for number, boxes in enumerate((shifted, clipped)):
        path = write_text(tmp_path / f"map{number}.txt", boxes)
        with pytest.raises(ValueError, match=hint):
            read_map(path, CCD)


def test_an_elixir_mask_in_the_trimmed_frame_is_refused(tmp_path: Path) -> None:
    path = write_map(make_document(), tmp_path / "mask.fits", MapForm.ELIXIR)
    with fits.open(path, mode="update") as file:
        header = file[1].header
        for key in [key for key in header if key.startswith("MASK_")]:
            del header[key]
        for number, box in enumerate(BOXES):
            header[f"MASK_{number:03d}"] = f"[{box.x0 + 1}:{box.y0 + 1},{box.x1}:{box.y1}]"
    with pytest.raises(ValueError, match="32 columns too far left"):
        read_map(path, CCD)


def test_a_map_without_fixed_rows_says_that_its_frame_is_unverified(tmp_path: Path) -> None:
    path = write_text(tmp_path / "map.txt", BOXES[2:])
    assert "could not be verified" in read_map(path, CCD).notes[0]
    assert not check_frame([], TRIMMED_0, CCD)


def test_odd_boxes_are_said(tmp_path: Path) -> None:
    rows = [(b.x0, b.y0, b.width, b.height) for b in ROWS]
    odd = [(5, 5, 0, 3), (2040, 9, 20, 2), (9000, 9, 1, 1), (70, 70, 2, 2), (70, 70, 2, 2), (71, 71, 2, 2)]
    path = tmp_path / "map.ecsv"
    Table(rows=[*rows, *odd], names=("x0", "y0", "width", "height")).write(path, format="ascii.ecsv")
    reading = read_map(path, CCD)
    assert reading.notes == (
        "boxes without pixels left out: 1",
        "boxes outside the chip left out: 1",
        "boxes clipped to the chip: 1",
        "duplicate boxes left out: 1",
        "pixels in more than one box: 1",
    )
    assert [defect.pixels.area for defect in reading.document] == [2048, 2048, 16, 7], "overlapping spots are one"
    assert max(defect.bbox.x1 for defect in reading.document) == 2048


def test_a_map_of_another_ccd_is_refused(tmp_path: Path) -> None:
    path = write_map(make_document(), tmp_path / "map.fits", MapForm.TABLE)
    fits.setval(path, "SERIAL", value=CCD.serial, ext=1)
    with pytest.raises(ValueError, match=r"expected a map of ccd13 .*found one of ccd12"):
        read_map(path, CAMERA["ccd13"])
    fits.delval(path, "SERIAL", ext=1)
    named = path.rename(tmp_path / "ccd12.fits")
    with pytest.raises(ValueError, match="expected a map of ccd13, found one of ccd12"):
        read_map(named, CAMERA["ccd13"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.dat", b"\0\1\2\3", "expected a defect map .*found none of these forms"),
        ("a.txt", b"hello world\n", "expected a defect map"),
        ("b.txt", b"1 2 3 4\n1 2 three 4\n", "line 2: expected 'x0 y0 width height'"),
        ("b.txt", b"1 2 3 4\n1 2 -3 4\n", "line 2: expected 'x0 y0 width height'"),
        ("b.txt", b"99999999999999999999999 1 1 1\n", "expected boxes on the chip or near it"),
        ("c.reg", b"fk5\nbox(1,2,3,4,0)\n", "must be in image coordinates"),
        ("c.reg", b"image\nbox(nan,2,3,4,0)\n", "line 2: expected pixel numbers"),
        ("d.ecsv", b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n", "a defect table has"),
    ],
)
def test_what_is_no_map_is_refused(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_map(path, CCD)


def test_a_text_map_is_known_by_its_first_line(tmp_path: Path) -> None:
    history = DefectHistory(make_document().replace_source("my_ds9.reg"))
    exposures = [f"{number}o.fits.fz" for number in range(1257365, 1257465)]
    path = write_map(history.document, tmp_path / "map.txt", MapForm.TEXT, provenance_of(history, exposures))
    assert path.stat().st_size > 3000
    assert np.array_equal(read_map(path, CCD).document.mask(), history.document.mask())


def test_regions_that_cannot_be_defects_are_said(tmp_path: Path) -> None:
    path = tmp_path / "map.reg"
    path.write_text("image\nbox(10,10,2,2,45)\ncircle(5,5,3)\nbox(100,100,3,3,0)\n")
    reading = read_map(path, CCD)
    assert [defect.bbox for defect in reading.document] == [Box(98, 98, 3, 3)]
    assert "regions left out: 2, such as line 2: the box is left out: it is rotated" in reading.notes[0]


def test_ds9_maps_of_all_systems_and_chips(tmp_path: Path) -> None:
    path = tmp_path / "map.reg"
    path.write_text("# tile 13\nbox(10,10,2,2,0)\n# tile 14\nphysical;box(20,10,2,2,0)\n# tile 13\n-box(10,10,1,1,0)\n")
    reading = read_map(path, CCD)
    assert reading.form is MapForm.DS9
    # Of two centres on the sides the upper one belongs.
    assert [defect.bbox for defect in reading.document] == [Box(9, 9, 2, 2)]
    left = "line 4: 'box(20,10,2,2,0)' is left out: of tile 14 of a mosaic"
    assert f"regions left out: 2, such as {left}" in reading.notes[0]
    path.write_text("wcsa\nbox(30,0,1,1,0)\n")
    with pytest.raises(ValueError, match=r"map.reg, line 2: regions must be in .* found 'wcsa'"):
        read_map(path, CCD)


def test_ds9_maps_say_the_kinds_of_their_defects(tmp_path: Path) -> None:
    sets = [PixelSet.of([Box(100, 200, 1, 4000)]), PixelSet.of([Box(5, 5, 1, 1)])]
    document = DefectDocument.of(CCD, sets)
    write_map(document, tmp_path / "map.reg", MapForm.DS9)
    shapes = read_regions(tmp_path / "map.reg").shapes
    kinds = {shape.size: shape.tags for shape in shapes}
    assert kinds == {tuple(map(float, (d.bbox.width, d.bbox.height))): (str(d.kind),) for d in document}
    assert {shape.colour for shape in shapes} == {"red"}


@pytest.mark.parametrize(("form", "suffix"), [(form, suffixes[0]) for form, suffixes in SUFFIXES.items()])
def test_an_empty_map_comes_back_empty(form: MapForm, suffix: str, tmp_path: Path) -> None:
    path = write_map(DefectDocument.of(CCD), tmp_path / f"map{suffix}", form)
    reading = read_map(path, CCD)
    assert len(reading.document) == 0
    assert reading.notes == (() if form is MapForm.PLANE else ("the map is empty",))


def test_a_raw_frame_is_no_map(tmp_path: Path) -> None:
    path = tmp_path / "1257365o.fits.fz"
    simulate_raw(SimulationRecipe(detectors=(12,), others="absent", stars=False), path)
    with pytest.raises(ValueError, match="found a raw frame"):
        read_map(path, CCD)
    raw = open_raw(path).read(12)
    raw.mask.set_box(Box(32, 0, 2048, 1), "BAD")
    raw.mask.set_box(Box(40, 90, 3, 2), "BAD")
    document = document_from_plane(raw, "BAD", CCD)
    assert [defect.bbox for defect in document] == [Box(0, 0, 2048, 1), Box(8, 90, 3, 2)]


def test_a_plane_of_another_size_or_name_is_refused() -> None:
    small = Exposure(MaskedImage.zeros(Box(0, 0, 5, 4)))
    with pytest.raises(ValueError, match="found 5 x 4"):
        document_from_plane(small, "BAD", CCD)
    with pytest.raises(ValueError, match="there is no mask plane 'HOT'"):
        document_from_plane(Exposure(MaskedImage.zeros(CCD.bbox)), "HOT", CCD)


def test_a_map_of_another_epoch_is_named(tmp_path: Path) -> None:
    path = write_map(make_document(), tmp_path / "2004B.mask.0.36.01.fits", MapForm.ELIXIR)
    unknown = dict.fromkeys((field.name for field in dataclasses.fields(ExposureFacts)), None)
    wrong, right = (
        ExposureFacts(**{**unknown, "begin": f"{day}T08:30:00"})  # type: ignore[arg-type]
        for day in ("2010-11-03", "2004-08-20")
    )
    assert "holds from 2004-08-15 to 2004-08-24, the exposure is of 2010-11-03" in str(epoch_problem(path, wrong))
    assert epoch_problem(path, right) is None
    assert epoch_problem(write_text(tmp_path / "map.txt", BOXES), wrong) is None


def test_frames_count_from_0_or_1() -> None:
    with pytest.raises(ValueError, match="counted from 0 or 1, found 2"):
        MapFrame(True, 2)


def test_frames_in_which_a_file_can_be_read(tmp_path: Path) -> None:
    by_hand = write_text(tmp_path / "by_hand.txt", [Box(133, 501, 2, 3)])
    assert not read_map(by_hand, CCD).is_verified
    assert possible_frames(by_hand, CCD) == (TRIMMED_0, TRIMMED_1, RAW_0, RAW_1)
    raw = write_text(tmp_path / "raw.txt", [box.shift(33, 1) for box in BOXES])
    assert possible_frames(raw, CCD) == (RAW_1,)
    shifted = write_text(tmp_path / "shifted.txt", [box.shift(-32, 0) for box in BOXES])
    assert possible_frames(shifted, CCD) == ()
    assert read_map(write_text(tmp_path / "usual.txt", BOXES), CCD).is_verified
    # Our own file has the frame of its form, even without the rows that would prove it.
    history = DefectHistory(make_document([Box(5, 6, 1, 1)]))
    own = write_map(history.document, tmp_path / "own.reg", MapForm.DS9, provenance_of(history, ()))
    assert read_map(own, CCD).is_verified


@pytest.mark.parametrize("form", [MapForm.TABLE, MapForm.REGION, MapForm.DS9, MapForm.TEXT])
def test_a_map_of_sixty_thousand_boxes_keeps_every_pixel(form: MapForm, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    low = random.integers(0, [CCD.bbox.width - 3, CCD.bbox.height - 3], (60_000, 2))
    boxes = [Box(*row) for row in np.concatenate([low, random.integers(1, 4, low.shape)], axis=1).tolist()]
    path = tmp_path / f"map{SUFFIXES[form][0]}"
    defects = Defects(boxes, normalize=False)
    if form is MapForm.DS9:
        write_ds9_regions(defects, path)
    elif form is MapForm.TEXT:
        write_text_boxes(defects, path)
    else:
        write_defect_table(defects, path, "simple" if form is MapForm.TABLE else "region")
    reading = read_map(path, CCD)
    assert np.array_equal(reading.document.mask(), paint_boxes(boxes, CCD.bbox))
    several = sum(box.area for box in dict.fromkeys(boxes)) - int(reading.document.mask().sum())
    assert f"duplicate boxes left out: {60_000 - len(set(boxes))}" in reading.notes
    assert f"pixels in more than one box: {several}" in reading.notes
