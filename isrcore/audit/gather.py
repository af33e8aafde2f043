"""The frames that bear witness, read and corrected: raw science frames and the calibrations that fit them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isrcore.audit.planes import AuditData, AuditPlane, PlaneKind
from isrcore.camera.megacam import megacam_camera
from isrcore.cfht import CfhtIsrTask
from isrcore.chain import run_chain
from isrcore.config.overrides import load_cfht_defaults
from isrcore.data.calibs import CalibrationFolder, load_exposure
from isrcore.data.errors import MissingCalibration
from isrcore.data.raw import open_raw
from isrcore.image import Exposure
from isrcore.task import calibrations

__all__ = ["correct_frame", "gather_planes"]

_CALIBS = ("bias", "dark", "flat")
_AT_ONCE = 4

_OFF = (
    "doDefect",
    "doFringe",
    "doInterpolate",
    "doNanInterpolation",
    "doSaturationInterpolation",
    "doSetBadRegions",
    "doVariance",
    "doWidenSaturationTrails",
    "doMeasureBackground",
)
"""Steps that hide or touch up what an audit wants to see, or that it does not need."""


def gather_planes(
    frames: Sequence[str | Path],
    calib_folder: str | Path | None,
    detector: int,
    say: Callable[[str], None] = lambda text: None,
) -> AuditData:
    """Read and correct what a CCD has been through.

    Parameters
    ----------
    frames : sequence of path
        Raw science frames; the calibrations are those that fit the first.
    calib_folder : path or None
    detector : int
    say : callable
        Told what is being read.

    Raises
    ------
    FrameError
        If a frame or calibration cannot be read.
    ValueError
        If there is no frame.
    """
    if not frames:
        raise ValueError("an audit needs at least one raw frame, found none")
    opened = [open_raw(path) for path in frames]
    folder = None if calib_folder is None else CalibrationFolder(calib_folder)
    calibs: dict[str, Exposure] = {}
    planes: list[AuditPlane] = []
    notes: list[str] = []
    for kind in _CALIBS if folder is not None else ():
        assert folder is not None
        try:
            choice = folder.choose(kind, opened[0].exposure, detector, opened[0].expected_detectors)
        except MissingCalibration as error:
            notes.append(f"without {kind}: {error}")
            continue
        say(f"{kind:8s}{choice.path.name}: {choice.why}")
        calibs[kind] = exposure = load_exposure(choice)
        seconds = exposure.visit_info.dark_time if kind == "dark" and exposure.visit_info else 0.0
        planes.append(AuditPlane(PlaneKind(kind), choice.path.name, exposure.image, seconds))
    if folder is None:
        notes.append("without bias, dark and flat: no calibration folder was named")
    for frame in opened:
        say(f"{'science':8s}{frame.path.name}")
    # Unpacking and assembling leave cores idle; a few frames at once fill them, at 100 MB each.
    with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1)) as pool:
        images = pool.map(lambda frame: correct_frame(frame.read(detector), calibs).image, opened)
        planes += [
            AuditPlane(PlaneKind.SCIENCE, frame.path.name, image) for frame, image in zip(opened, images, strict=True)
        ]
    return AuditData(megacam_camera()[detector], tuple(planes), tuple(notes))


def correct_frame(raw: Exposure, calibs: dict[str, Exposure]) -> Exposure:
    """A raw exposure after overscan, assembly and the given calibrations, with nothing interpolated or touched up."""
    config = CfhtIsrTask.ConfigClass()
    load_cfht_defaults(config)
    _switch(config, _OFF, on=False)
    for kind in _CALIBS:
        _switch(config, [f"do{kind.capitalize()}"], on=kind in calibs)
    # Runs of hundreds of frames need no word about each zero point.
    task = CfhtIsrTask(config=config, log=logging.getLogger("isrcore.audit.quiet"))
    task.log.setLevel(logging.ERROR)
    return run_chain(task, task.initial_state(raw, calibrations(**calibs))).exposure


def _switch(config: object, fields: Iterable[str], on: bool) -> None:
    for name in fields:
        setattr(config, name, on)
