"""The calibration folder: which file fits a frame, why, and what was missing.

A folder may hold anything; files are recognised by their headers, at any depth. For every kind the files that *can* be
used (right CCD, right filter) are ranked by the rules of `isrcore.data.calib_ranking`, the best is taken, and the
choice says why in one line. Nothing is taken that does not fit: a missing calibration is an error that names the
pattern which was looked for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from isrcore.calib.defects import Defects
from isrcore.camera.megacam import Flavour, detector_name, load_filters, megacam_camera
from isrcore.data.calib_file import CALIB_KINDS, CalibFile, describe_calibration
from isrcore.data.calib_ranking import rank_mask, rank_master, why_mask, why_master
from isrcore.data.errors import FrameError, MissingCalibration, raises_frame_errors
from isrcore.data.exposure_file import read_exposure
from isrcore.data.facts import ExposureFacts
from isrcore.data.fits_file import open_fits
from isrcore.data.kinds import Kind
from isrcore.data.masters import read_mask_boxes, read_master
from isrcore.image import Exposure

__all__ = ["CALIB_KINDS", "CalibChoice", "CalibrationFolder", "choose_file", "load_defects", "load_exposure"]

_LOG = logging.getLogger(__name__)

_SUFFIXES = (".fits", ".fits.fz", ".fits.gz", ".fit", ".fz")


@dataclass(frozen=True)
class CalibChoice:
    """The calibration to use for one kind.

    Attributes
    ----------
    kind : str
    path : `pathlib.Path`
    detector : int
    why : str
        One line for people.
    candidates : tuple of `pathlib.Path`
        All files that would do, best first.
    bias : `CalibChoice` or None
        For an Elixir dark: the bias to subtract from it.
    """

    kind: str
    path: Path
    detector: int
    why: str
    form: Kind
    candidates: tuple[Path, ...] = ()
    bias: CalibChoice | None = None


class CalibrationFolder:
    """Calibrations in a folder and below it.

    Headers are read when a choice is asked for, and again only for files whose size or time has changed.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    FrameError
        If there is no such folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            found = "a file" if self.path.exists() else "nothing"
            expected = "a calibration folder"
            raise FrameError(self.path, "no such folder", expected=expected, found=found, cure="name a folder")
        self._known: dict[Path, tuple[tuple[int, int], CalibFile | None]] = {}
        self.problems: dict[Path, FrameError] = {}

    def files(self) -> list[CalibFile]:
        """All calibration files, by path. Files that cannot be read are in `problems`, and in the log once."""
        current = {}
        for path in sorted(self.path.rglob("*")):
            if not path.name.endswith(_SUFFIXES) or not path.is_file():
                continue
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
            if path not in self._known or self._known[path][0] != stamp:
                self._known[path] = (stamp, self._describe(path))
            current[path] = self._known[path]
        self._known = current
        self.problems = {path: error for path, error in self.problems.items() if path in current}
        return [described for _, described in current.values() if described is not None]

    def _describe(self, path: Path) -> CalibFile | None:
        self.problems.pop(path, None)
        try:
            return describe_calibration(path)
        except FrameError as error:
            self.problems[path] = error
            _LOG.warning("left out of the calibrations: %s", error)
            return None

    def choose(self, kind: str, frame: ExposureFacts, detector: int, n_ccd: int | None = None) -> CalibChoice:
        """The best file of a kind for one CCD of a frame.

        Parameters
        ----------
        kind : str
            One of `CALIB_KINDS`.
        frame : `ExposureFacts`
        detector : int
        n_ccd : int, optional
            CCDs of the camera when the frame was taken (NCCDS), for the choice of a mask.

        Raises
        ------
        MissingCalibration
            If no file fits.
        ValueError
            For an unknown kind.
        """
        if kind not in CALIB_KINDS:
            raise ValueError(f"calibrations are {', '.join(CALIB_KINDS)}, found {kind!r}")
        of_kind = [file for file in self.files() if file.kind == kind]
        fitting = [file for file in of_kind if detector in file.detectors]
        if kind in ("flat", "fringe"):
            fitting = [file for file in fitting if file.fits_filter(frame.filter)]
        if not fitting:
            raise self._missing(kind, frame, detector, of_kind)
        rank = rank_mask(frame, n_ccd) if kind == "defects" else rank_master(kind, frame)
        ranked = sorted(fitting, key=lambda file: (*rank(file), file.path))
        best = ranked[0]
        why = why_mask(best, frame, n_ccd) if kind == "defects" else why_master(kind, best, frame)
        bias = None
        if kind == "dark" and best.form is Kind.DARK:
            bias, note = self._bias_of(best, detector)
            why = f"{why}; {note}"
        return CalibChoice(kind, best.path, detector, why, best.form, tuple(file.path for file in ranked), bias)

    def _bias_of(self, dark: CalibFile, detector: int) -> tuple[CalibChoice | None, str]:
        try:
            bias = self.choose("bias", dark.facts, detector)
        except MissingCalibration:
            return None, "it still contains the bias, and there is no master bias to subtract from it"
        return bias, f"{bias.path.name} is subtracted from it"

    def _missing(self, kind: str, frame: ExposureFacts, detector: int, of_kind: list[CalibFile]) -> MissingCalibration:
        name = detector_name(detector)
        elixir = {"bias": "bias.0", "dark": "dark.*", "defects": "mask.0"}.get(kind, f"{kind}.*")
        needed = name
        if kind in ("flat", "fringe"):
            row = load_filters().get(frame.filter_code or "")
            elixir = f"{kind}.{row['elixir'][0] if row else frame.filter}"
            needed = f"{name} in filter {frame.filter or 'NONE'}"
        pattern = f"{frame.camera_run or '*'}.{elixir}.*.fits.fz, or any {kind} with {needed}"
        found = ", ".join(f"{file.path.name} ({_offer(file)})" for file in of_kind[:5]) or f"no {kind} at all"
        if len(of_kind) > 5:
            found += f" and {len(of_kind) - 5} more"
        switch = "doDefect" if kind == "defects" else f"do{kind.capitalize()}"
        cure = f"put one there, name the file, or switch the step off ({switch})"
        return MissingCalibration(self.path, f"no {kind} fits", expected=pattern, found=found, cure=cure)


def choose_file(kind: str, path: str | Path, detector: int) -> CalibChoice:
    """The choice that a user made: this file, whatever it says about run and filter.

    Raises
    ------
    FrameError
        If it cannot be read, is no calibration of this kind, or lacks the CCD.
    """
    described = describe_calibration(Path(path))
    name = detector_name(detector)
    if described is None or described.kind != kind:
        found = "no calibration" if described is None else f"a {described.kind}"
        raise FrameError(
            path, f"cannot be used as {kind}", expected=f"a {kind}", found=found, cure="choose another file"
        )
    if detector not in described.detectors:
        cure = "choose another file"
        found = ", ".join(detector_name(number) for number in described.detectors) or "none"
        raise FrameError(path, f"has no {name}", keyword="EXTNAME", expected=name, found=found, cure=cure)
    return CalibChoice(kind, described.path, detector, "chosen by you", described.form, (described.path,))


@raises_frame_errors
def load_exposure(choice: CalibChoice, flavour: Flavour = "cfht") -> Exposure:
    """The calibration frame of a choice: float32, trimmed, 2048 x 4612; see `isrcore.data.masters.read_master`.

    A dark master loses the bias that it still contains when the choice names one.

    Raises
    ------
    FrameError
    """
    if choice.form is Kind.EXPOSURE:
        return read_exposure(choice.path)
    exposure = read_master(choice.path, choice.detector, flavour)
    if choice.bias is not None:
        exposure.masked_image -= load_exposure(choice.bias, flavour).masked_image
    return exposure


@raises_frame_errors
def load_defects(choice: CalibChoice) -> Defects:
    """The defects of a choice in the trimmed frame.

    Raises
    ------
    FrameError
    """
    if choice.form is Kind.MASK:
        return Defects(read_mask_boxes(choice.path, choice.detector))
    return _read_defect_table(choice)


def _read_defect_table(choice: CalibChoice) -> Defects:
    """Defects from a table file: from the table of the CCD, or from one that says nothing of whose it is."""
    from isrcore.calib.defect_tables import read_defect_table  # Slow to import, and most calibrations are images.

    file, chip = open_fits(choice.path), megacam_camera()[choice.detector]
    for hdu in file.hdus:
        if hdu.columns:
            file.check(hdu)
    try:
        return read_defect_table(choice.path, chip.serial, name=chip.name)
    except (ValueError, KeyError, OSError) as error:
        reason = str(error).removeprefix(f"{choice.path}: ")
        raise FrameError(file.path, f"not a defect table: {reason}", cure="choose another defect file") from error


def _offer(file: CalibFile) -> str:
    numbers = file.detectors
    ccds = f"{len(numbers)} CCDs" if len(numbers) != 1 else detector_name(numbers[0])
    return f"{file.filter_name}, {ccds}" if file.kind in ("flat", "fringe") else ccds
