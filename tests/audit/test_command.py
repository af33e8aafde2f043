"""The audit without a window: files that are written, and what is refused."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from isrcore.audit import edits
from isrcore.audit.compare import compare_maps
from isrcore.audit.document import DefectDocument
from isrcore.audit.findings import find_problems
from isrcore.audit.history import DefectHistory
from isrcore.audit.pictures import cutout_box, flag_picture, grey_picture, png_bytes
from isrcore.audit.pixels import PixelSet
from isrcore.audit.provenance import provenance_of
from isrcore.audit.reading import MapForm, read_map
from isrcore.audit.report import report_page
from isrcore.audit.settings import DetectionSettings
from isrcore.audit.storage import load_history
from isrcore.audit.tables import audit_log, write_table
from isrcore.audit.writing import write_map
from isrcore.cli import main
from isrcore.geom import Box
from tests.audit.conftest import Night


def make_map(night: Night, path: Path) -> Path:
    """The simulator's mask without one trap, with a column that is good."""
    document = read_map(night.calibrations["mask"], night.data.detector).document
    trap = next(defect.id for defect in document if defect.bbox.x0 == 1527 - 32)
    document = document.apply(edits.reject(document, [trap]))
    document = document.apply(edits.add_box(document, Box(1500, 0, 1, 4612)))
    return write_map(document, path, MapForm.TABLE)


def test_the_command_writes_report_lists_map_and_audit(night: Night, tmp_path: Path) -> None:
    table = make_map(night, tmp_path / "map.fits")
    out = tmp_path / "out"
    frames = [str(path) for path in night.frames]
    arguments = ["audit", *frames, "--map", str(table), "--calib", str(night.folder), "-o", str(out)]
    assert main(arguments) == 0
    findings = Table.read(out / "ccd00_findings.ecsv")
    missed, over = (findings[findings["finding"] == kind] for kind in ("missed", "over-flagged"))
    assert any((missed["x0"] == 1527 - 32) & (missed["height"] > 3400))
    assert any((over["x0"] == 1500) & (over["pixels"] >= 4600))
    proposed = read_map(out / "ccd00_proposed.fits", night.data.detector).document.mask()
    assert proposed[1140:, 1527 - 32].all()
    assert not proposed[10:4600, 1500].any()
    history = load_history(out / "ccd00_audit.jsonl")
    assert np.array_equal(history.document.mask(), proposed)
    while history.done:
        history.undo()
    assert np.array_equal(history.document.mask(), read_map(table, night.data.detector).document.mask())
    log = Table.read(out / "ccd00_log.ecsv")
    assert {"add missed", "reject"} <= set(log["operation"])
    assert log.meta["AUDEX004"] == night.frames[0].name
    page = (out / "ccd00_report.html").read_text("utf-8")
    assert "Missed: " in page
    assert night.frames[4].name in page
    assert "false_pixels" in page
    assert not re.search(r'(src|href)="(?!data:)', page), "the page needs no other file"
    picture = base64.b64decode(re.findall(r"data:image/png;base64,([^\"]+)", page)[0])
    assert picture.startswith(b"\x89PNG")
    for name in ("findings", "log"):
        with pytest.raises(ValueError, match="choose the map that lies beside it"):
            read_map(out / f"ccd00_{name}.ecsv", night.data.detector)
    assert main(arguments) == 2, "an earlier result stays"
    quick = ["audit", frames[0], "--map", str(table), "-o", str(out), "--overwrite"]
    assert main(quick) == 0
    assert "without bias, dark and flat" in (out / "ccd00_report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, night, tmp: [*a, "--map", str(tmp / "none.fits")], "none.fits"),
        (lambda a, night, tmp: [*a, "--map", str(night.frames[0])], "found a raw frame"),
        (lambda a, night, tmp: [*a, "--detector", "3"], "ccd03"),
        (lambda a, night, tmp: a, "an audit needs a map: give --map FILE"),
    ],
)
def test_what_cannot_be_audited(
    change: object, message: str, night: Night, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["audit", str(night.frames[0]), "-o", str(tmp_path / "out")]
    if "ccd03" in message:
        arguments += ["--calib", str(night.folder)]
    assert main(change(arguments, night, tmp_path)) == 2  # type: ignore[operator]
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_log_has_every_change(tmp_path: Path, night: Night) -> None:
    document = DefectDocument.of(night.data.detector, [PixelSet.of([Box(5, 5, 2, 2)])], "map")
    history = DefectHistory(document, "anna", now=lambda: "2010-11-03T08:30:00+00:00")
    write_table(audit_log(history), tmp_path / "empty.ecsv")
    assert len(Table.read(tmp_path / "empty.ecsv")) == 0
    history.do(edits.confirm(history.document, [1], "hot"))
    history.do(edits.grow(history.document, 1))
    history.undo()
    history.do(edits.erase(history.document, PixelSet.of([Box(0, 0, 9, 9)])))
    write_table(audit_log(history, {"MAPSRC": "map"}), tmp_path / "log.ecsv")
    log = Table.read(tmp_path / "log.ecsv")
    assert list(log["operation"]) == ["confirm", "erase"]
    assert list(log["status_after"]) == ["confirmed", "none"]
    assert log["boxes_before"][0] == "[5,5,2,2]"
    assert (log["who"][0], log["note"][0], log.meta["MAPSRC"]) == ("anna", "hot", "map")


def test_the_report_has_the_decisions_and_can_be_signed_off(night: Night, tmp_path: Path) -> None:
    base = read_map(night.calibrations["mask"], night.data.detector).document
    history = DefectHistory(base, "anna <a@b>", now=lambda: "2010-11-03T08:30:00+00:00")
    history.do(edits.confirm(history.document, [5], "a trap & no star"))
    history.do(edits.reject(history.document, [6]))
    thresholds = DetectionSettings()
    findings = find_problems(base, night.detection, night.data, thresholds)
    cards = provenance_of(history, night.data.names).cards()
    comparison = compare_maps(base, history.document)
    page = report_page(base, findings, night.data, thresholds, cards, comparison, pictures=2)
    decided = page[page.index("Decisions: 2") : page.index("<h2>Missed")]
    for text in ("a trap &amp; no star", "anna &lt;a@b&gt;", "2010-11-03T08:30", "confirmed", "rejected"):
        assert text in decided
    assert decided.count("<img") == 2 * (1 + len(night.data.planes))
    counts = page[page.index("This map and the proposed one") : page.index("Decisions: 2")]
    assert re.search(r"<td>[AB]</td><td>removed</td><td>[a-z ]+</td><td class=number>1</td>", counts)
    fields = re.findall(r'<input type="(\w+)" name="(\w+)"', page)
    assert fields == [
        *[("radio", "decision")] * 3,
        *(("text", name) for name in ("remarks", "name", "date", "signature")),
    ]
    for name, setting in dataclasses.asdict(thresholds).items():
        assert name in page, f"the threshold {name} = {setting} is not stated"
    untouched = report_page(base, findings, night.data, thresholds, cards, compare_maps(base, base), pictures=0)
    assert "Decisions" not in untouched


def test_pictures_are_png(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    content = png_bytes(pixels)
    stream = io.BytesIO(content[8:])
    chunks = {}
    while head := stream.read(8):
        length, name = struct.unpack(">I4s", head)
        chunks[name] = stream.read(length)
        assert struct.unpack(">I", stream.read(4))[0] == zlib.crc32(name + chunks[name])
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (5, 4)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(4, 16)
    assert np.array_equal(rows[:, 1:].reshape(4, 5, 3), pixels)
    with pytest.raises(ValueError, match="found float64"):
        png_bytes(np.zeros((3, 3)))  # type: ignore[arg-type]


def test_cut_outs_show_the_place_and_what_lies_outside() -> None:
    image = np.zeros((100, 80), np.float32)
    image[2, 3] = 50.0
    spot = PixelSet.of([Box(3, 2, 1, 1)])
    box = cutout_box(spot)
    assert (box.width, box.height) == (41, 41)
    grey = grey_picture(image + np.random.default_rng(1).normal(size=image.shape).astype(np.float32), box)
    # The first row of a picture is the top one.
    assert grey[40 - 20, 20] == 255
    assert np.all(grey[-1] == 128)
    flags = flag_picture(image > 1000, spot, box)
    assert tuple(flags[40 - 20, 20]) == (230, 159, 0)
    assert cutout_box(PixelSet.of([Box(70, 500, 1, 4000)])).y0 == 480
