"""The maps of a whole camera in numbers: one summary for each CCD, totals, and what could not be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from isrcore.audit.defect import DefectKind
from isrcore.audit.reading import read_map
from isrcore.audit.summary import MapSummary, summarise
from isrcore.camera.megacam import megacam_camera
from isrcore.data.calib_file import describe_calibration
from isrcore.pipe import Cancelled

__all__ = ["FocalPlaneSummary", "summarise_folder"]

_FITS = (".fits", ".fits.gz", ".fits.fz", ".fit", ".fz")
_OTHERS = (".ecsv", ".reg", ".txt", ".jsonl")


@dataclass(frozen=True)
class FocalPlaneSummary:
    """Maps of several CCDs in numbers.

    Attributes
    ----------
    maps : tuple of `MapSummary`
        By number of the CCD.
    notes : dict of str to tuple of str
        What was odd about maps that were read, by name of the CCD.
    problems : tuple of str
        Files that were left out, and why.
    """

    maps: tuple[MapSummary, ...]
    notes: dict[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()

    @cached_property
    def fraction(self) -> float:
        """Flagged part of the imaging area of the CCDs that have a map; 0 without any."""
        camera = megacam_camera()
        areas = [camera[one.detector].bbox.area for one in self.maps]
        flagged = sum(one.fraction * area for one, area in zip(self.maps, areas, strict=True))
        return flagged / sum(areas) if areas else 0.0

    @cached_property
    def kinds(self) -> dict[DefectKind, int]:
        """Flagged defects of all CCDs."""
        counts: Counter[DefectKind] = Counter()
        for one in self.maps:
            counts.update(one.kinds)
        return dict(counts)

    def worst_columns(self, n_columns: int = 10) -> tuple[tuple[str, int, int], ...]:
        """CCD, column and number of its flagged pixels, the worst first; among equals by CCD and from left to right.

        At most as many of one CCD as its summary has.
        """
        columns = [(one.detector, x, count) for one in self.maps for x, count in one.worst_columns]
        return tuple(sorted(columns, key=lambda column: -column[2])[:n_columns])


def summarise_folder(
    path: str | Path,
    is_cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> FocalPlaneSummary:
    """Summarise the maps of one version: all files of a folder, or all CCDs of one file.

    Parameters
    ----------
    path : path-like
        A folder with one map of any form for each CCD (the CCD stands in the headers, or as ``ccdNN`` in the name), or
        an Elixir mask with many extensions. Files that end unlike a map, and folders in it, are not looked at.
    is_cancelled : callable
        Asked before each map.
    progress : callable
        Told how many maps are done, and how many there are.

    Returns
    -------
    summary : `FocalPlaneSummary`
        A map that cannot be read, and a second one of the same CCD, is left out and stands in its problems.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError
        If it has no map at all; the message has the first problem.
    Cancelled
        If `is_cancelled` says so.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected a folder of defect maps or a mask file, found nothing")
    files = sorted(filter(_may_be_map, path.iterdir())) if path.is_dir() else [path]
    problems: list[str] = []
    places = _places(files, problems)
    summaries: dict[int, MapSummary] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for done, (number, file) in enumerate(sorted(places.items())):
        if is_cancelled():
            raise Cancelled
        progress(done, len(places))
        detector = megacam_camera()[number]
        try:
            reading = read_map(file, detector)
        except (OSError, ValueError) as error:
            problems.append(str(error))
            continue
        summaries[number] = summarise(reading.document)
        if reading.notes:
            notes[detector.name] = reading.notes
    progress(len(places), len(places))
    if not summaries:
        raise ValueError(f"{path}: expected defect maps, found none; {problems[0] if problems else 'choose another'}")
    return FocalPlaneSummary(tuple(summaries.values()), notes, tuple(problems))


def _may_be_map(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(_FITS + _OTHERS)


def _places(files: list[Path], problems: list[str]) -> dict[int, Path]:
    """Where the map of each CCD is, by number of the CCD."""
    places: dict[int, Path] = {}
    for file in files:
        try:
            numbers = list(_detectors(file))
        except (OSError, ValueError) as error:
            problems.append(str(error))
            continue
        for number in numbers:
            if number in places:
                problems.append(f"{file}: ccd{number:02d} has a map in {places[number].name} already; this is left out")
            else:
                places[number] = file
    return places


def _detectors(file: Path) -> Iterator[int]:
    described = describe_calibration(file) if file.name.lower().endswith(_FITS) else None
    if described is not None and described.kind == "defects":
        yield from described.detectors
        return
    named = re.search(r"ccd(\d\d)(?!\d)", file.name)
    if named is None or int(named[1]) >= len(megacam_camera()):
        raise ValueError(f"{file}: expected a map that names its CCD, found none; give it a name with ccdNN")
    yield int(named[1])
