"""Documents as maps of every form, with their provenance in the header; rejected defects are left out."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits

from isrcore.atomic import written_atomically
from isrcore.audit.document import DefectDocument
from isrcore.audit.frames import RAW_0, RAW_1
from isrcore.audit.provenance import MapProvenance
from isrcore.audit.reading import MapForm
from isrcore.calib.defect_files import write_ds9_regions, write_text_boxes
from isrcore.calib.defect_tables import write_defect_table
from isrcore.calib.defects import Defects
from isrcore.export.exposure import write_exposure
from isrcore.export.header import add_card
from isrcore.geom import Box
from isrcore.image import Exposure, MaskedImage
from isrcore.metadata import PropertyList

__all__ = ["SUFFIXES", "write_map"]

SUFFIXES = {
    MapForm.TABLE: (".fits", ".ecsv"),
    MapForm.REGION: (".fits", ".ecsv"),
    MapForm.ELIXIR: (".fits", ".fits.gz"),
    MapForm.DS9: (".reg",),
    MapForm.TEXT: (".txt",),
    MapForm.PLANE: (".fits",),
}
"""Endings of the files that can be written, by form."""


def write_map(
    document: DefectDocument,
    path: str | Path,
    form: MapForm,
    provenance: MapProvenance | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the map of a document: everything that is not rejected, normalised as the pipeline does it.

    Parameters
    ----------
    document : `DefectDocument`
    path : path-like
        Ends as `SUFFIXES` says. An existing file is replaced only when the new one is complete.
    form : `MapForm`
    provenance : `MapProvenance`, optional
    overwrite : bool

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False.
    OSError
        If it cannot be written.
    ValueError
        For another ending, or a form that cannot be written.
    """
    path = Path(path)
    if form not in SUFFIXES:
        raise ValueError(f"{path}: a map is written as {', '.join(SUFFIXES)}, found {form}; save an audit instead")
    if not path.name.lower().endswith(SUFFIXES[form]):
        raise ValueError(f"{path}: a file of form {form!r} ends in {' or '.join(SUFFIXES[form])}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: choose another name, or allow to overwrite it")
    cards = {} if provenance is None else provenance.cards()
    defects = document.to_defects()
    if form is MapForm.TABLE or form is MapForm.REGION:
        detector = document.camera_detector
        named = {"SERIAL": detector.serial, "NAME": detector.name}
        defects.metadata.update(PropertyList({**named, **cards}))
        write_defect_table(defects, path, "simple" if form is MapForm.TABLE else "region")
    elif form is MapForm.ELIXIR:
        _write_elixir(document, defects, path, cards)
    elif form is MapForm.PLANE:
        exposure = Exposure(MaskedImage.zeros(document.frame), PropertyList(cards), document.camera_detector)
        defects.maskPixels(exposure.masked_image, "BAD")
        write_exposure(exposure, path, overwrite=True)
    else:
        _write_text(document, defects, path, form, cards)
    return path


def _write_text(
    document: DefectDocument, defects: Defects, path: Path, form: MapForm, cards: dict[str, str | int]
) -> None:
    """Text forms, with the cards as comments after the first line."""
    with written_atomically(path) as temporary:
        if form is MapForm.DS9:
            write_ds9_regions(defects, temporary, kinds_of=_kinds(document))
        else:
            write_text_boxes(defects, temporary)
        first, *others = temporary.read_text("utf-8").splitlines()
        comments = [f"# {key} = {value}" for key, value in {"NAME": document.detector, **cards}.items()]
        temporary.write_text("\n".join([first, *comments, *others]) + "\n", "utf-8")


def _kinds(document: DefectDocument) -> Callable[[Box], list[str]]:
    """The kinds of the defects that have pixels in a box: normalising may have joined several."""
    flagged = [defect for defect in document if defect.flags]
    xy0 = document.frame.x0, document.frame.y0
    owner = np.zeros(document.frame.shape, np.int32)
    for number, defect in enumerate(flagged, start=1):
        for box in defect.pixels.boxes:
            owner[box.slices(xy0)] = number
    return lambda box: sorted({str(flagged[n - 1].kind) for n in np.unique(owner[box.slices(xy0)]).tolist()})


def _write_elixir(document: DefectDocument, defects: Defects, path: Path, cards: dict[str, str | int]) -> None:
    """One extension in Elixir's form: 0 = bad in the raw frame, overscan bad, and the rectangles MASK_nnn."""
    detector = document.camera_detector
    raw = detector.raw_bbox
    good = np.zeros(raw.shape, np.int16)
    for amp in detector:
        good[amp.raw_data_bbox.slices()] = 1
    overscan = Defects.fromMask(_as_plane(good == 0), "BAD")
    boxes = RAW_0.from_boxes(defects, detector)
    for box in boxes:
        good[box.slices()] = 0
    primary = fits.PrimaryHDU()
    for key, value, comment in (
        ("OBJECT", "Bad Pixels Map", "Frame type"),
        ("OBSTYPE", "MASK", "Frame definition"),
        ("DETECTOR", "MegaCam", "Camera name"),
        ("INSTRUME", "MegaPrime", "Instrument"),
    ):
        primary.header[key] = (value, comment)
    image = fits.ImageHDU(good, name=detector.name)
    for key in ("OBSTYPE", "DETECTOR", "INSTRUME"):
        image.header[key] = primary.header[key]
    image.header["EXTVER"] = (detector.id, "Matches the CCD number in the mosaic")
    shift = RAW_1.first_pixel
    for number, box in enumerate([*overscan, *boxes]):
        low, high = f"{box.x0 + shift}:{box.y0 + shift}", f"{box.x1}:{box.y1}"
        image.header[f"MASK_{number:03d}"] = (f"[{low},{high}]", "Bad pixels area definition")
    for header in (primary.header, image.header):
        for key, content in cards.items():
            add_card(header, key, content)
    with written_atomically(path) as temporary:
        # The ending tells astropy whether to compress.
        with temporary.open("wb") as plain:
            fits.HDUList([primary, image]).writeto(plain)
        if path.name.lower().endswith(".gz"):
            temporary.write_bytes(gzip.compress(temporary.read_bytes(), 6, mtime=0))


def _as_plane(where: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> MaskedImage:
    image = MaskedImage(np.zeros(where.shape, np.float32))
    image.mask.set_where(where, "BAD")
    return image
