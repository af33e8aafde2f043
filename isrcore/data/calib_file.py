"""What one file of a calibration folder offers, read from its headers."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from isrcore.camera.megacam import filter_code, filter_names, load_filters, megacam_camera
from isrcore.data.errors import raises_frame_errors
from isrcore.data.extensions import exposure_detector, find_sources
from isrcore.data.facts import ExposureFacts, exposure_facts
from isrcore.data.fits_file import FitsFile, open_fits
from isrcore.data.kinds import Kind, classify

__all__ = ["CALIB_KINDS", "CalibFile", "describe_calibration", "run_order"]

_LOG = logging.getLogger(__name__)

CALIB_KINDS = ("bias", "dark", "flat", "fringe", "defects")

_KINDS = {
    Kind.BIAS: "bias",
    Kind.DARK: "dark",
    Kind.FLAT: "flat",
    Kind.FRINGE: "fringe",
    Kind.MASK: "defects",
    Kind.DEFECTS: "defects",
}
_NAME = re.compile(
    r"(?P<run>[^.]+)\.(?P<type>bias|dark|flat|fringe|mask)\.(?P<what>[^.]+)\.(?P<n_ccd>\d\d)\.(?P<version>\d\d)"
    r"(?P<enlarged>_enlarged)?"
)
_RUN = re.compile(r"(?:20)?(\d\d)([AB])(?:[A-Za-z]{1,2}(\d\d))?")
_TABLE_NAME = re.compile(r"ccd\d\d")


@dataclass(frozen=True)
class CalibFile:
    """A calibration file as far as choosing needs to know it.

    Attributes
    ----------
    path : `pathlib.Path`
    kind : str
        One of `CALIB_KINDS`.
    form : `Kind`
        Master, mask, defect table, or exposure of ours.
    detectors : tuple of int
    facts : `ExposureFacts`
        Of the first frame of the stack, whose header masters inherit.
    run : str
        Camera run: the part of the file name before the type where the name is an Elixir one, else CRUNID. Masks go by
        their name only, since copies of older masks keep the inner name.
    version : str
        Two digits; for flats 00 is the plain twilight flat and higher numbers carry corrections for scattered light.
    n_ccd : int or None
        CCDs of the camera that the file was made for, by name or NCCDS.
    enlarged : bool
        Defect tables grown to even sizes, which the reference uses in i and z.
    """

    path: Path
    kind: str
    form: Kind
    detectors: tuple[int, ...]
    facts: ExposureFacts
    run: str
    version: str
    n_ccd: int | None
    enlarged: bool
    elixir_filter: str

    def fits_filter(self, text: str | None) -> bool:
        """Whether it was made in the filter `text` (a FILTER value).

        Codes MPnnnn are compared. A file without a code (old masters state a letter, some state nothing) fits when its
        letter or the filter part of its name is what Elixir calls the filter; failing that, when the texts are equal.
        """
        code, own = filter_code(text), self.facts.filter_code
        if own is not None:
            return own == code
        names = {self.facts.filter, self.elixir_filter}
        if code in load_filters():
            return bool(names & set(load_filters()[code]["elixir"]))
        return text is not None and text in names

    @property
    def filter_name(self) -> str:
        return filter_names(self.facts.filter)[0] or self.elixir_filter or "no filter"


@raises_frame_errors
def describe_calibration(path: Path) -> CalibFile | None:
    """What `path` offers; None for a file that is no calibration (a raw frame, say).

    Raises
    ------
    FrameError
        If the file cannot be read.
    """
    file = open_fits(path)
    form = classify(file.hdus)
    headers = [hdu.header for hdu in file.hdus[:2]]
    facts = exposure_facts(headers)
    kind = _KINDS.get(form)
    if form is Kind.EXPOSURE and facts.obs_type.lower() in CALIB_KINDS:
        kind = facts.obs_type.lower()
    if kind is None:
        return None
    folder_name = path.parent.name if form is Kind.DEFECTS else ""
    named = _NAME.match(path.name) or _NAME.match(folder_name)
    n_ccd = int(named["n_ccd"]) if named else headers[0].integer("NCCDS")
    return CalibFile(
        path=path,
        kind=kind,
        form=form,
        detectors=_detectors(file, form),
        facts=facts,
        run=named["run"] if named else facts.camera_run or "",
        version=named["version"] if named else "",
        n_ccd=n_ccd,
        enlarged=bool(named and named["enlarged"]),
        elixir_filter=named["what"] if named and named["type"] in ("flat", "fringe") else "",
    )


def _detectors(file: FitsFile, form: Kind) -> tuple[int, ...]:
    """Numbers of the CCDs that the file holds completely.

    An exposure names its CCD in its primary header, a defect table by SERIAL in its headers or ``ccdNN`` in its name.
    """
    camera = megacam_camera()
    if form is Kind.EXPOSURE:
        number = exposure_detector(file)
        return () if number is None else (number,)
    if form is Kind.DEFECTS:
        serials = {text for hdu in file.hdus if (text := hdu.header.text("SERIAL"))}
        match = _TABLE_NAME.search(file.path.name)
        named = {match[0]} if match and not serials else set()
        return tuple(detector.id for detector in camera if detector.serial in serials or detector.name in named)
    sources = find_sources(file)
    for problem in sources.problems.values():
        _LOG.warning("%s", problem)
    whole = (source for source in sources.found.values() if not any(hdu.missing for hdu in source.hdus))
    return tuple(source.detector for source in whole)


def run_order(run: str | None) -> int | None:
    """A number that grows with time for a camera run such as 08Bm04, 02AE10, 14Bm05-40, 19BMfr or 2004B.

    Neighbouring runs differ by 1; a name without a run number stands in the middle of its semester. None for other
    names.
    """
    match = _RUN.match(run or "")
    if match is None:
        return None
    number = int(match[3]) if match[3] else 5
    return (int(match[1]) * 2 + (match[2] == "B")) * 12 + number
