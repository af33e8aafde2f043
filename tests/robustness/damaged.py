"""Good small files of every kind that is read, and ways to damage them that are decided by a seed alone."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isrcore.audit import edits
from isrcore.audit.document import DefectDocument
from isrcore.audit.history import DefectHistory
from isrcore.audit.pixels import PixelSet
from isrcore.audit.reading import read_map
from isrcore.audit.storage import Journal, load_history
from isrcore.calib.crosstalk import CrosstalkCalib
from isrcore.calib.defect_files import write_ds9_regions, write_text_boxes
from isrcore.calib.defect_tables import write_defect_table
from isrcore.calib.defects import Defects
from isrcore.calib.linearizer import Linearizer
from isrcore.calib.transmission_curve import TransmissionCurve
from isrcore.calib.transmission_files import read_transmission_curve, write_transmission_curve
from isrcore.camera.megacam import megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.config.overrides import load_overrides
from isrcore.data.calib_file import describe_calibration
from isrcore.data.raw import open_raw
from isrcore.data.report import describe_frame
from isrcore.export import read_exposure, write_exposure
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrviewer.session.state import Pin, Region, Session
from isrviewer.session.store import load_session, save_session
from tests.header_files import made_headers, write_made
from tests.small_frame import make_detector

CHIP = megacam_camera()["ccd12"]
CARD, BLOCK = 80, 2880
NUMBERS = ("-1", "0", "3", "2147483647", "9223372036854775808", "1" + "0" * 40, "1.5", "1E400", "NaN", "T", "'x'", "")
TEXTS = ("\0", "[" * 5000, "9" * 5000, "nan", "1e400", "null", "{}", "é", "- " * 300, "!!python/object:os.x {}", "'")
KEYS = ("NAXIS", "NAXIS1", "NAXIS2", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "TFORM1", "TTYPE1", "ZNAXIS1", "ZTILE2")
FACTS = ("ZCMPTYPE", "BSCALE", "BZERO", "BLANK", "EXTNAME", "EXPTIME", "DATE-OBS", "GAINA", "EXPNUM", "CD1_1")


@dataclass(frozen=True)
class Kind:
    """A good file, what reads it, and the exceptions that are documented for that."""

    path: Path
    read: Callable[[Path], Any]
    errors: tuple[type[Exception], ...]


def _open_and_read(path: Path) -> None:
    frame = open_raw(path)
    frame.read(frame.detectors[0])


def _override(path: Path) -> None:
    load_overrides(CfhtIsrTask.ConfigClass(), path)


def _go_on(path: Path) -> None:
    history = load_history(path)
    history.document.mask()
    with Journal(history, path):
        if history.done:
            history.undo()


def good_files(folder: Path) -> dict[str, Kind]:
    """One file of every kind."""
    raw = write_made(folder / "raw.fits.fz", made_headers((12,), bytepix=2), bytepix=2).path
    boxes = [Box(0, 0, 2048, 1), Box(0, 4611, 2048, 1), Box(17, 5, 1, 1), Box(5, 9, 3, 2)]
    defects = Defects(boxes)
    defects.metadata.set("SERIAL", CHIP.serial)
    write_defect_table(defects, folder / "defects_ccd12.fits", "region")
    write_defect_table(defects, folder / "defects_ccd12.ecsv", "simple")
    write_ds9_regions(defects, folder / "map_ccd12.reg")
    write_text_boxes(defects, folder / "map_ccd12.txt")
    history = DefectHistory(DefectDocument.of(CHIP, [PixelSet.of([box]) for box in boxes], "map"), "anna")
    with Journal(history, folder / "audit.jsonl"):
        for row in (5, 9, 14):
            history.do(edits.add_box(history.document, Box(7, row, 2, 2)))
        history.undo()
    crosstalk = CrosstalkCalib()
    crosstalk.fromDetector(make_detector(), coeffVector=[0.0, 1.2e-3, -7e-4, 0.0])
    crosstalk.writeFits(folder / "crosstalk.fits")
    crosstalk.writeText(folder / "crosstalk.yaml")
    Linearizer(detector=make_detector()).writeText(folder / "linearizer.ecsv")
    curve = TransmissionCurve.makeRadial(np.full((3, 2), 0.5), np.array([4e3, 6e3, 9e3]), np.array([0.0, 100.0]))
    write_transmission_curve(curve, folder / "curve.fits")
    write_transmission_curve(curve, folder / "curve.ecsv")
    write_exposure(Exposure(MaskedImage(np.ones((20, 30), np.float32))), folder / "exposure.fits")
    save_session(
        Session(frame=str(raw), detector=12, pins=(Pin(3, 4),), regions=(Region("circle", ((1.0, 2.0),), (5.0,)),)),
        folder / "session.json",
    )
    (folder / "overrides.py").write_text("config.doBias = False\nconfig.fringe.filters = ['i', 'z']\n")

    def as_map(path: Path) -> None:
        read_map(path, CHIP)

    readers: dict[str, tuple[Callable[[Path], Any], tuple[type[Exception], ...]]] = {
        "raw.fits.fz": (_open_and_read, (OSError,)),
        "defects_ccd12.fits": (as_map, (OSError, ValueError)),
        "defects_ccd12.ecsv": (as_map, (OSError, ValueError)),
        "map_ccd12.reg": (as_map, (OSError, ValueError)),
        "map_ccd12.txt": (as_map, (OSError, ValueError)),
        "audit.jsonl": (_go_on, (OSError, ValueError)),
        "crosstalk.fits": (CrosstalkCalib.readFits, (RuntimeError,)),
        "crosstalk.yaml": (CrosstalkCalib.readText, (RuntimeError,)),
        "linearizer.ecsv": (Linearizer.readText, (RuntimeError,)),
        "curve.fits": (read_transmission_curve, (RuntimeError,)),
        "curve.ecsv": (read_transmission_curve, (RuntimeError,)),
        "exposure.fits": (read_exposure, (OSError,)),
        "session.json": (load_session, (ValueError,)),
        "overrides.py": (_override, (ValueError,)),
    }
    kinds = {name: Kind(folder / name, read, errors) for name, (read, errors) in readers.items()}
    kinds["info"] = Kind(raw, describe_frame, (OSError,))
    kinds["description"] = Kind(folder / "defects_ccd12.fits", describe_calibration, (OSError,))
    return kinds


def damaged(name: str, data: bytes, rng: random.Random) -> bytes:
    """The content with one thing wrong."""
    ways = [_bits, _cut]
    if ".fits" in name:
        ways += [_card, _card, _card, _lost_card]
    else:
        ways += [_word, _word]
    if name == "audit.jsonl":
        ways += [_signed, _signed]
    return rng.choice(ways)(data, rng)


def _bits(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        out[rng.randrange(min(len(out), 20_000))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def _places(data: bytes) -> list[int]:
    """First bytes of all cards."""
    starts = [at for at in range(0, len(data), BLOCK) if data[at : at + 9] in (b"SIMPLE  =", b"XTENSION=")]
    return [place for start in starts for place in range(start, min(start + 2 * BLOCK, len(data) - CARD), CARD)]


def _card(data: bytes, rng: random.Random) -> bytes:
    """A card with another value: one that is there already if there is one."""
    key = rng.choice(KEYS + FACTS)
    places = _places(data)
    there = [place for place in places if data[place : place + 8].decode("latin-1").rstrip() == key]
    at = rng.choice(there or places[1:])
    card = f"{key:8}= {rng.choice(NUMBERS):>20}".ljust(CARD)[:CARD].encode()
    return data[:at] + card + data[at + CARD :]


def _lost_card(data: bytes, rng: random.Random) -> bytes:
    at = rng.choice(_places(data))
    return data[:at] + b"COMMENT lost".ljust(CARD) + data[at + CARD :]


def _word(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(TEXTS).encode() + data[at + rng.randint(0, 12) :]


def _signed(data: bytes, rng: random.Random) -> bytes:
    """A number of a journal that makes no sense, with the right checksum."""
    lines = data.splitlines()
    row = rng.randrange(len(lines))
    value = json.loads(lines[row].rpartition(b"\t")[0])
    numbers: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(child, (dict, list)):
                walk(child)
            else:
                numbers.append((node, key))

    walk(value)
    node, key = rng.choice(numbers)
    node[key] = rng.choice([None, -1, 10**30, float("inf"), "x", [], {}, 4_294_967_296, -5])
    text = json.dumps(value, separators=(",", ":")).encode()
    lines[row] = text + b"\t%08x" % zlib.crc32(text)
    return b"\n".join(lines) + b"\n"
