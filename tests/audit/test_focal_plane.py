"""The maps of all CCDs in numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isrcore.audit.defect import DefectKind
from isrcore.audit.document import DefectDocument
from isrcore.audit.focal_plane import summarise_folder
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import MapForm, read_map
from isrcore.audit.storage import save_history
from isrcore.audit.writing import write_map
from isrcore.camera.megacam import megacam_camera
from isrcore.geom import Box
from isrcore.pipe import Cancelled
from tests.shared_data import shared_path

CAMERA = megacam_camera()
ROWS = [Box(0, 0, 2048, 1), Box(0, 4611, 2048, 1)]


def make(name: str, *boxes: Box) -> DefectDocument:
    return DefectDocument.of(CAMERA[name], [PixelSet.of([box]) for box in [*ROWS, *boxes]])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Maps of four CCDs in four forms, and files that are none."""
    write_map(make("ccd03", Box(70, 0, 1, 4612)), tmp_path / "ccd03.fits", MapForm.TABLE)
    write_map(make("ccd12", Box(1500, 1000, 1, 3612)), tmp_path / "ccd12.reg", MapForm.DS9)
    write_map(make("ccd30", Box(30, 50, 3, 3)), tmp_path / "mask.fits.gz", MapForm.ELIXIR)
    save_history(DefectHistory(make("ccd31")), tmp_path / "ccd31_audit.jsonl")
    (tmp_path / "README.md").write_text("not looked at")
    (tmp_path / "deeper").mkdir()
    return tmp_path


def test_every_map_of_a_folder_is_counted(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = summarise_folder(folder, progress=lambda done, total: seen.append((done, total)))
    assert [one.detector for one in found.maps] == ["ccd03", "ccd12", "ccd30", "ccd31"]
    assert found.problems == ()
    assert found.notes == {}
    flagged = 4 * 2 * 2048 + 4610 + 3611 + 9
    assert found.fraction == pytest.approx(flagged / (4 * 2048 * 4612))
    assert found.kinds == {DefectKind.EDGE: 8, DefectKind.UNKNOWN: 1, DefectKind.TRAP: 1, DefectKind.CLUSTER: 1}
    assert found.worst_columns(2) == (("ccd03", 70, 4612), ("ccd12", 1500, 3613))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_cannot_be_read_is_listed_and_the_others_are_counted(folder: Path) -> None:
    (folder / "ccd05.txt").write_text("hello\n")
    (folder / "anything.txt").write_text("1 2 3 4\n")
    (folder / "broken.fits").write_bytes(b"SIMPLE  =                    T")
    write_map(make("ccd12"), folder / "other_ccd12.txt", MapForm.TEXT)
    found = summarise_folder(folder)
    assert [one.detector for one in found.maps] == ["ccd03", "ccd12", "ccd30", "ccd31"]
    text = "\n".join(found.problems)
    assert len(found.problems) == 4
    for words in ("ccd05.txt: expected a defect map", "names its CCD", "broken.fits", "ccd12.reg already"):
        assert words in text


def test_a_folder_without_maps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected defect maps, found none"):
        summarise_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="found nothing"):
        summarise_folder(tmp_path / "none")


def test_it_can_be_cancelled(folder: Path) -> None:
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        summarise_folder(folder, is_cancelled=lambda: next(asked))


def test_the_real_tables_and_masks_have_equal_summaries() -> None:
    tables = summarise_folder(shared_path("megacam", "defects", "2004B.mask.0.36.01.nn"))
    masks = summarise_folder(shared_path("megacam", "defects", "2004B.mask.0.36.01.fits.gz"))
    assert [one.detector for one in masks.maps] == [f"ccd{number:02d}" for number in range(36)]
    assert tables.problems == masks.problems == ()
    assert [one.fractions for one in tables.maps] == [one.fractions for one in masks.maps]
    assert tables.fraction == masks.fraction
    assert max(tables.maps, key=lambda one: one.fraction).fraction > 0.4, "amplifiers were dead then"
    detector = CAMERA["ccd28"]
    where = read_map(shared_path("megacam", "defects", "2004B.mask.0.36.01.nn", "ccd28.fits"), detector)
    per_column = np.count_nonzero(where.document.mask(), axis=0)
    assert tables.maps[28].worst_columns[0][1] == per_column.max()
