"""The audit without a window: read, detect, compare, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isrcore.atomic import refuse_inputs, written_together
from isrcore.audit import edits
from isrcore.audit.compare import compare_maps
from isrcore.audit.detection import detect
from isrcore.audit.document import DefectDocument
from isrcore.audit.findings import Findings, add_missed, find_problems
from isrcore.audit.gather import gather_planes
from isrcore.audit.history import DefectHistory
from isrcore.audit.provenance import provenance_of
from isrcore.audit.reading import MapForm, epoch_problem, read_map
from isrcore.audit.report import report_page, write_report
from isrcore.audit.settings import DetectionSettings
from isrcore.audit.storage import save_history
from isrcore.audit.tables import audit_log, findings_table, write_table
from isrcore.audit.writing import write_map
from isrcore.camera.megacam import megacam_camera
from isrcore.data.calibs import CalibrationFolder
from isrcore.data.raw import RawFrame, open_raw

__all__ = ["AuditRequest", "propose", "run_audit"]


@dataclass(frozen=True)
class AuditRequest:
    """What to audit.

    Attributes
    ----------
    frames : tuple of `pathlib.Path`
        Raw science frames.
    output : `pathlib.Path`
        Folder for the results; made when it does not exist.
    map : `pathlib.Path` or None
        Map in any form; None takes the one that fits from the calibration folder.
    calib_folder : `pathlib.Path` or None
    detector : int or None
        None for the only CCD of the first frame.
    overwrite : bool
        Replace results of an earlier audit.
    """

    frames: tuple[Path, ...]
    output: Path
    map: Path | None = None
    calib_folder: Path | None = None
    detector: int | None = None
    overwrite: bool = False


def run_audit(
    request: AuditRequest, say: Callable[[str], None], settings: DetectionSettings | None = None
) -> dict[str, Path]:
    """Audit the map of one CCD and write what was found.

    Returns
    -------
    paths : dict
        ``report`` (HTML), ``findings`` and ``log`` (ECSV), ``map`` (the proposed map, LSST table), ``audit`` (to go on
        with in the window).

    Raises
    ------
    OSError, ValueError, LookupError
        If a frame, a calibration or the map cannot be used, or a result exists or is one of them. Nothing is written
        then; all five files appear together.
    """
    start = time.perf_counter()
    settings = DetectionSettings() if settings is None else settings
    if not request.frames:
        raise ValueError("an audit needs at least one raw frame, found none")
    first = open_raw(request.frames[0])
    number = _detector(first, request.detector)
    detector = megacam_camera()[number]
    paths = _paths(request, detector.name)
    map_path, why = _map_path(request, first, number)
    for path in paths.values():
        refuse_inputs(path, (*request.frames, map_path, *_calibrations(request)))
    reading = read_map(map_path, detector)
    problem = epoch_problem(map_path, first.exposure)
    if problem is not None:
        raise ValueError(f"{map_path}: {problem}")
    say(f"{'map':8s}{map_path.name}: {why}; {reading.form}, {reading.frame}, {len(reading.document)} defects")
    data = gather_planes(request.frames, request.calib_folder, number, say)
    detection = detect(data, settings)
    findings = find_problems(reading.document, detection, data, settings)
    history = DefectHistory(reading.document, who="isrcore audit")
    propose(history, findings)
    provenance = provenance_of(history, data.names)
    cards = provenance.cards()
    notes = (*reading.notes, *data.notes, *detection.notes)
    for note in notes:
        say(f"note    {note}")
    comparison = compare_maps(history.base, history.document)
    page = report_page(history.base, findings, data, settings, cards, comparison, notes)
    with written_together(request.output, request.overwrite) as folder:
        part = {what: folder / path.name for what, path in paths.items()}
        write_report(page, part["report"])
        write_table(findings_table(findings, cards), part["findings"])
        write_table(audit_log(history, cards), part["log"])
        write_map(history.document, part["map"], MapForm.TABLE, provenance)
        save_history(history, part["audit"])
    say(f"missed {len(findings.missed)}, over-flagged {len(findings.over_flagged)}: see {paths['report']}")
    say(f"done in {time.perf_counter() - start:.1f} s")
    return paths


def propose(history: DefectHistory, findings: Findings) -> DefectDocument:
    """Turn findings into edits: what is missed becomes a new defect, what is over-flagged is taken away.

    They are proposals like any edit: each can be seen in the history, and undone.
    """
    if findings.missed:
        history.do(add_missed(history.document, findings.missed, "add missed"))
    whole = [
        finding.defect
        for finding in findings.over_flagged
        if finding.defect is not None and finding.pixels == history.base[finding.defect].pixels
    ]
    if whole:
        history.do(edits.reject(history.document, whole, "indistinguishable from its neighbours"))
    for finding in findings.over_flagged:
        if finding.defect is not None and finding.defect not in whole:
            history.do(edits.erase(history.document, finding.pixels, finding.defect))
    return history.document


def _detector(frame: RawFrame, wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    if len(frame.detectors) == 1:
        return frame.detectors[0]
    raise ValueError(f"{frame.path} has {len(frame.detectors)} CCDs: choose one with --detector")


def _paths(request: AuditRequest, name: str) -> dict[str, Path]:
    endings = {
        "report": "report.html",
        "findings": "findings.ecsv",
        "log": "log.ecsv",
        "map": "proposed.fits",
        "audit": "audit.jsonl",
    }
    if request.output.exists() and not request.output.is_dir():
        raise ValueError(f"{request.output}: expected a folder for the results, found a file; name a folder")
    paths = {what: request.output / f"{name}_{ending}" for what, ending in endings.items()}
    there = [path for path in paths.values() if path.exists()]
    if there and not request.overwrite:
        raise FileExistsError(f"{there[0]} exists: name another folder, or give --overwrite")
    return paths


def _calibrations(request: AuditRequest) -> tuple[Path, ...]:
    folder = request.calib_folder
    return () if folder is None or not folder.is_dir() else tuple(folder.iterdir())


def _map_path(request: AuditRequest, frame: RawFrame, detector: int) -> tuple[Path, str]:
    if request.map is not None:
        return request.map, "chosen by you"
    if request.calib_folder is None:
        raise ValueError("an audit needs a map: give --map FILE, or --calib DIR with one in it")
    folder = CalibrationFolder(request.calib_folder)
    choice = folder.choose("defects", frame.exposure, detector, frame.expected_detectors)
    return choice.path, choice.why
