"""Frames corrected without a window: read, run, write, say what happened."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isrcore.atomic import refuse_inputs
from isrcore.audit.reading import read_map
from isrcore.camera.megacam import megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions, run_chain
from isrcore.checkpoints import CheckpointStore, StepReport
from isrcore.config.options import Override, apply_override_options
from isrcore.config.overrides import load_cfht_defaults
from isrcore.config.save import only_changed_text
from isrcore.data.calibs import CalibChoice, CalibrationFolder
from isrcore.data.errors import FrameError
from isrcore.data.gather import CALIB_SWITCHES, Gathered, gather_calibrations, is_wanted
from isrcore.data.kinds import Kind
from isrcore.data.raw import RawFrame, open_raw
from isrcore.export.exposure import check_target, write_exposure
from isrcore.export.provenance import Provenance
from isrcore.steps.gains import unit_after
from isrcore.steps.step import IsrState
from isrcore.task import calibrations

__all__ = ["IsrFailed", "RunRequest", "build_config", "correct_detector"]

Say = Callable[[str], None]


class IsrFailed(Exception):
    """A step of the chain failed; the message names it and says why."""


@dataclass(frozen=True)
class RunRequest:
    """One CCD to correct.

    Attributes
    ----------
    frame, output : `pathlib.Path`
    detector : int
    calib_folder : `pathlib.Path` or None
    overrides : tuple of `isrcore.config.options.Override`
        Fields and files of fields to set, in this order.
    steps_folder : `pathlib.Path` or None
        Where the exposure after every step is written too.
    overwrite : bool
        Replace an existing output, and existing files in the folder of steps.
    picks : mapping of str to str
        Kind of calibration -> file to take instead of the folder's best; an empty name goes without that kind.
    defects : `pathlib.Path` or None
        A defect map of any form, in place of the defects of folder and picks.
    """

    frame: Path
    detector: int
    output: Path
    calib_folder: Path | None = None
    overrides: tuple[Override, ...] = ()
    steps_folder: Path | None = None
    overwrite: bool = False
    picks: Mapping[str, str] = field(default_factory=dict)
    defects: Path | None = None

    def inputs(self, gathered: Gathered) -> tuple[Path, ...]:
        """Files that the run reads."""
        calibrations = (file.path for one in gathered.choices.values() for file in (one, one.bias) if file is not None)
        named = (*(value for kind, value in self.overrides if kind == "file"), *filter(None, self.picks.values()))
        maps = () if self.defects is None else (self.defects,)
        return (self.frame, *map(Path, named), *maps, *calibrations)


def build_config(overrides: Iterable[Override] = ()) -> Any:
    """The config of a run: defaults, the CFHT overrides, those given; validated.

    Raises
    ------
    OSError
        If an override file cannot be read.
    ValueError
        If an override is refused or the options contradict each other.
    """
    config = CfhtIsrTask.ConfigClass()
    load_cfht_defaults(config)
    apply_override_options(config, overrides)
    config.validate()
    return config


def correct_detector(request: RunRequest, say: Say, attach: Callable[[CfhtIsrTask], None] | None = None) -> None:
    """Run ISR on one CCD and write the result.

    Parameters
    ----------
    request : `RunRequest`
    say : callable
        Told in words what happens, line by line.
    attach : callable, optional
        Gets the task before it runs, to look at its debug views.

    Raises
    ------
    IsrFailed
        If a step fails. Nothing is written under the final name then.
    OSError, ValueError, LookupError
        If the input, a calibration or the config cannot be used.
    """
    start = time.perf_counter()
    _check_outputs(request)
    config = build_config(request.overrides)
    frame = open_raw(request.frame)
    gathered = _gather(request, config, frame, say)
    inputs = request.inputs(gathered)
    refuse_inputs(request.output, inputs)
    for written in request.steps_folder.glob("*.fits") if request.steps_folder is not None else ():
        refuse_inputs(written, inputs)
    exposure = frame.read(request.detector)
    for kind, choice in gathered.choices.items():
        say(f"{kind:9s} {choice.path.name}: {choice.why}")
    writer = _Writer(request, config, gathered)
    final = _run(request, config, exposure, gathered, say, writer, attach)
    writer.write(final, request.output, "postISRCCD", request.overwrite)
    say(f"wrote {request.output} ({time.perf_counter() - start:.1f} s in all)")


def _check_outputs(request: RunRequest) -> None:
    """Refuse, before anything is computed, what could not be written."""
    check_target(request.output, request.overwrite)
    steps = request.steps_folder
    if steps is None or not steps.exists():
        return
    if not steps.is_dir():
        raise FrameError(steps, "not a folder for the steps", found="a file", cure="name a folder")
    if any(steps.iterdir()) and not request.overwrite:
        cure = "name another folder or give --overwrite"
        raise FrameError(steps, "the folder for the steps is not empty", cure=cure)


def _gather(request: RunRequest, config: Any, frame: RawFrame, say: Say) -> Gathered:
    folder = None if request.calib_folder is None else CalibrationFolder(request.calib_folder)
    picks = dict(request.picks)
    unknown = picks.keys() - CALIB_SWITCHES.keys()
    if unknown:
        found = ", ".join(sorted(unknown))
        raise ValueError(f"--calibration: expected KIND=FILE with one of {', '.join(CALIB_SWITCHES)}, found {found}")
    if request.defects is not None:
        if "defects" in picks:
            raise ValueError("--defects and --calibration defects=FILE both name a defect map: give one of them")
        picks["defects"] = ""
    label = frame.exposure.filter_label()
    wanted = {kind: switch for kind, switch in CALIB_SWITCHES.items() if is_wanted(kind, config, label)}
    missing = [switch for kind, switch in wanted.items() if kind not in picks]
    if folder is None and missing:
        off = " ".join(f"-c {switch}=False" for switch in missing)
        give = "give --calib DIR or --calibration KIND=FILE"
        raise ValueError(f"{', '.join(missing)} need calibrations: {give}, or switch them off with {off}")
    for kind in picks.keys() - wanted.keys():
        say(f"{kind:9s} not used: {CALIB_SWITCHES[kind]} is off, or the filter of the frame needs none")
    gathered = gather_calibrations(config, frame, request.detector, folder, picks)
    if request.defects is not None and "defects" in wanted:
        _take_map(request.defects, request.detector, gathered, say)
    return gathered


def _take_map(path: Path, detector: int, gathered: Gathered, say: Say) -> None:
    """Add the defects of a map of any form to what was gathered."""
    reading = read_map(path, megacam_camera()[detector])
    for note in reading.notes:
        say(f"{'defects':9s} {path.name}: {note}")
    why = f"chosen by you; {reading.form}, {reading.frame}, {len(reading.document)} defects"
    gathered.choices["defects"] = CalibChoice("defects", path, detector, why, Kind.DEFECTS)
    gathered.arguments["defects"] = reading.document.to_defects()


def _run(
    request: RunRequest,
    config: Any,
    exposure: Any,
    gathered: Gathered,
    say: Say,
    writer: _Writer,
    attach: Callable[[CfhtIsrTask], None] | None,
) -> Any:
    task = CfhtIsrTask(config=config, log=logging.getLogger("isrcore.run"))
    if attach is not None:
        attach(task)
    width = len(str(len(task.chain)))

    def on_step(report: StepReport) -> None:
        if report.status == "running":
            return
        say(f"{report.index + 1:{width}d}/{len(task.chain)} {report.step.label:18s} {_outcome(report)}")
        if report.status == "done":
            writer.done.append(report.step.name)
        if request.steps_folder is not None and report.status == "done" and report.checkpoint is not None:
            name = f"{report.index:02d}-{report.step.name}.fits"
            writer.write(report.checkpoint.exposure, request.steps_folder / name, report.step.name, True)

    state = task.initial_state(exposure, calibrations(**gathered.arguments))
    # The runner frees what the next step no longer shares: one checkpoint is enough to measure the changes.
    options = RunOptions(store=CheckpointStore(0.0), on_step=on_step, measure=True)
    start = time.perf_counter()
    try:
        result: IsrState = run_chain(task, state, options)
    except Exception as error:
        raise IsrFailed(f"{request.frame}, CCD {request.detector}: {type(error).__name__}: {error}") from error
    say(f"ISR took {time.perf_counter() - start:.2f} s")
    return result.exposure


def _outcome(report: StepReport) -> str:
    if report.status in ("skipped", "failed"):
        return f"{report.status}: {report.reason}"
    flags = ""
    if report.changes is not None:
        flags = " ".join(f"{plane} +{count}" for plane, count in report.changes.bits_added.items())
        if report.changes.made_not_finite:
            flags = f"{flags} not finite +{report.changes.made_not_finite}".lstrip()
    return f"{report.seconds * 1e3:7.1f} ms  {flags}".rstrip()


class _Writer:
    """Writes exposures of one run with what is known about their making."""

    def __init__(self, request: RunRequest, config: Any, gathered: Gathered) -> None:
        self.source = str(request.frame)
        self.config = only_changed_text(config, CfhtIsrTask.ConfigClass())
        self.done: list[str] = []
        self.calibrations = {kind: f"{choice.path}: {choice.why}" for kind, choice in gathered.choices.items()}

    def write(self, exposure: Any, path: Path, step: str, overwrite: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        provenance = Provenance(
            source=self.source,
            step=step,
            config=self.config,
            calibrations=self.calibrations,
            unit=unit_after(self.done),
        )
        write_exposure(exposure, path, provenance, overwrite=overwrite)
