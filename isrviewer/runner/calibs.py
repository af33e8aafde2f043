"""Calibrations for a request: what the folder offers, what the user picked instead, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from isrcore.data.calibs import CALIB_KINDS, CalibChoice, CalibrationFolder
from isrcore.data.gather import CALIB_SWITCHES, as_arguments, choose_calibration, is_wanted, load_choice
from isrcore.data.raw import RawFrame
from isrcore.image.components import FilterLabel
from isrcore.pipe import Struct
from isrcore.task import calibrations
from isrviewer.runner.leaving import leavable
from isrviewer.runner.messages import CalibInfo, Request

__all__ = ["CalibLoader"]

_KEPT = 2
Problems = list[tuple[str, Exception]]


class CalibLoader:
    """Loads the calibrations of steps that are on, and keeps those of the CCD on screen.

    An object that is kept is the same object in the next run: results keep their keys (`isrcore.checkpoints.identity`).
    """

    def __init__(self) -> None:
        self._folder: CalibrationFolder | None = None
        self._detector = -1
        self._loaded: dict[str, dict[tuple[Any, ...], Any]] = {}

    def load(
        self,
        request: Request,
        frame: RawFrame,
        detector: int,
        config: Any,
        announce: Callable[[str], None],
        cancel: Callable[[], bool],
    ) -> tuple[Struct, tuple[CalibInfo, ...], Problems]:
        """Choose and read.

        Parameters
        ----------
        request : `Request`
        frame : `RawFrame`
        detector : int
        config : config
            Only calibrations of steps that are on are read.
        announce : callable
            Told what is being read.
        cancel : callable
            True when nobody waits for them any more; `Cancelled` is raised then.

        Returns
        -------
        calibs : `Struct`
            Arguments of ``IsrTask.run``.
        infos : tuple of `CalibInfo`
        problems : list of (str, exception)
            Calibrations that are needed and cannot be had, by kind.
        """
        if detector != self._detector:
            self._loaded.clear()
            self._detector = detector
        found: dict[str, Any] = {}
        infos: list[CalibInfo] = []
        problems: Problems = []
        label = frame.exposure.filter_label()
        for kind in CALIB_KINDS:
            wanted = is_wanted(kind, config, label)
            switch = CALIB_SWITCHES[kind]
            if kind == "defects" and detector in request.maps:
                document = request.maps[detector]
                note = f"the map under audit: {len(document)} defects of {document.source or 'a new map'}"
                if wanted:
                    found[kind] = document.to_defects()
                infos.append(CalibInfo(kind, document.source or "new map", note, switch, bool(getattr(config, switch))))
                continue
            try:
                choice, why = self._choose(kind, request, frame, detector)
                if choice is not None and wanted:
                    found[kind] = self._read(choice, announce, cancel)
            except (OSError, ValueError, LookupError) as error:
                choice, why = None, str(error)
                if wanted:
                    problems.append((kind, error))
            note = why if wanted else f"{_not_needed(kind, config, label)} · {why}"
            path, candidates = ("", ()) if choice is None else (str(choice.path), tuple(map(str, choice.candidates)))
            infos.append(CalibInfo(kind, path, note, switch, bool(getattr(config, switch)), candidates))
        return calibrations(**as_arguments(found)), tuple(infos), problems

    def _choose(self, kind: str, request: Request, frame: RawFrame, detector: int) -> tuple[CalibChoice | None, str]:
        """The file to use, or None, and why."""
        pick = next((pick.path for pick in request.calibs if pick.kind == kind), None)
        if not request.calib_folder:
            self._folder = None
        elif self._folder is None or self._folder.path != Path(request.calib_folder):
            self._folder = CalibrationFolder(request.calib_folder)
        choice = choose_calibration(kind, frame, detector, self._folder, pick)
        if choice is not None:
            return choice, choice.why
        return None, "switched off by you" if pick == "" else "no calibration folder is chosen"

    def _read(self, choice: CalibChoice, announce: Callable[[str], None], cancel: Callable[[], bool]) -> Any:
        stamp = (choice.path, choice.path.stat().st_mtime_ns, choice.bias and choice.bias.path)
        kept = self._loaded.setdefault(choice.kind, {})
        if stamp not in kept:
            announce(f"reading {choice.path.name}")
            kept[stamp] = leavable(partial(load_choice, choice), cancel)
        # The latest stand last: two files of a kind are kept, because two configs can be compared.
        kept[stamp] = kept.pop(stamp)
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return kept[stamp]


def _not_needed(kind: str, config: Any, label: FilterLabel | None) -> str:
    """Why a run does without a calibration."""
    if not getattr(config, CALIB_SWITCHES[kind]):
        return f"{CALIB_SWITCHES[kind]} is off"
    return f"fringe.filters does not list {label.physical if label is not None else 'a frame without filter'}"
