"""All calibrations of one CCD: what the config asks for, from a folder or from files that the user named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isrcore.data.calibs import CALIB_KINDS, CalibChoice, CalibrationFolder, choose_file, load_defects, load_exposure
from isrcore.data.raw import RawFrame
from isrcore.image.components import FilterLabel
from isrcore.pipe import Struct

__all__ = [
    "CALIB_SWITCHES",
    "Gathered",
    "as_arguments",
    "choose_calibration",
    "gather_calibrations",
    "is_wanted",
    "load_choice",
]

CALIB_SWITCHES = {"bias": "doBias", "dark": "doDark", "flat": "doFlat", "fringe": "doFringe", "defects": "doDefect"}
"""Kind of calibration -> config field of the step that needs it."""


@dataclass
class Gathered:
    """Calibrations that were read, and why these.

    Attributes
    ----------
    arguments : dict
        Keyword arguments of ``IsrTask.run``.
    choices : dict
        Kind -> `CalibChoice`.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, CalibChoice] = field(default_factory=dict)


def is_wanted(kind: str, config: Any, label: FilterLabel | None) -> bool:
    """Whether a run with this config needs a calibration: its step is on and, for fringes, the filter is listed.

    The list names physical filters ("i.MP9702"); a band ("i") in it counts too, as in the step itself.
    """
    if not getattr(config, CALIB_SWITCHES[kind]):
        return False
    if kind != "fringe":
        return True
    return label is not None and not {label.physical, label.band}.isdisjoint(config.fringe.filters)


def choose_calibration(
    kind: str, frame: RawFrame, detector: int, folder: CalibrationFolder | None, pick: str | Path | None = None
) -> CalibChoice | None:
    """The file that the user named, else the best of the folder; None without both, or when the name is empty.

    Raises
    ------
    FrameError, MissingCalibration
        See `choose_file` and `CalibrationFolder.choose`.
    """
    if pick == "":
        return None
    if pick is not None:
        return choose_file(kind, pick, detector)
    if folder is None:
        return None
    return folder.choose(kind, frame.exposure, detector, frame.expected_detectors)


def as_arguments(found: Mapping[str, Any]) -> dict[str, Any]:
    """Calibrations by kind as arguments of ``IsrTask.run``, which takes fringes in a `Struct`."""
    return {
        "fringes" if kind == "fringe" else kind: Struct(fringes=value) if kind == "fringe" else value
        for kind, value in found.items()
    }


def load_choice(choice: CalibChoice) -> Any:
    """The argument of ``IsrTask.run`` for a choice: an exposure, or defects."""
    return load_defects(choice) if choice.kind == "defects" else load_exposure(choice)


def gather_calibrations(
    config: Any,
    frame: RawFrame,
    detector: int,
    folder: CalibrationFolder | None,
    picks: Mapping[str, str | Path] | None = None,
) -> Gathered:
    """Choose and read what a run needs.

    Parameters
    ----------
    config : `isrcore.config.IsrTaskConfig`
    frame : `RawFrame`
    detector : int
    folder : `CalibrationFolder` or None
        Without a folder only `picks` are used; the task then says what it misses.
    picks : mapping of str to path, optional
        Kind -> file to use instead of the folder's best; empty to go without.

    Raises
    ------
    FrameError, MissingCalibration
        If a needed file is missing from the folder or cannot be read.
    """
    gathered = Gathered()
    for kind in CALIB_KINDS:
        if not is_wanted(kind, config, frame.exposure.filter_label()):
            continue
        choice = choose_calibration(kind, frame, detector, folder, (picks or {}).get(kind))
        if choice is not None:
            gathered.choices[kind] = choice
            gathered.arguments[kind] = load_choice(choice)
    gathered.arguments = as_arguments(gathered.arguments)
    return gathered
