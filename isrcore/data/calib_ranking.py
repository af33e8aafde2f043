"""Which calibration fits a frame best, and the words that say so.

bias
    The frame's camera run (CRUNID) first, else the nearest in time; then the higher version. FILTER is ignored.
dark
    The same, then the exposure time nearest to the frame's. Elixir darks still contain the bias: the bias master
    nearest to the dark is subtracted on loading.
flat, fringe
    Only files of the frame's filter, compared by code MPnnnn; then run, time, version.
defects
    Masks and defect tables. A mask of a time when CCDs were dead counts in that time only. Then: made for as many CCDs
    as the frame has, enlarged tables for i and z as in the reference, and the higher version.

Validity ranges in headers (TVSTART, TVSTOP) are not used: several are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from isrcore.camera.megacam import filter_names, load_masks
from isrcore.data.calib_file import CalibFile, run_order
from isrcore.data.facts import ExposureFacts

__all__ = ["rank_mask", "rank_master", "why_mask", "why_master"]


def rank_master(kind: str, frame: ExposureFacts) -> Callable[[CalibFile], tuple[Any, ...]]:
    """The sort key of bias, dark, flat and fringe masters for a frame: smaller fits better."""

    def rank(file: CalibFile) -> tuple[Any, ...]:
        same = _same_run(file, frame)
        days, runs = (0.0, 0) if same else (_days(file, frame), _runs(file, frame))
        ratio = _time_ratio(file, frame) if kind == "dark" else 0.0
        return not same, days, runs, ratio, -int(file.version or 0)

    return rank


def rank_mask(frame: ExposureFacts, n_ccd: int | None) -> Callable[[CalibFile], tuple[Any, ...]]:
    """The sort key of masks and defect tables for a frame of a camera with `n_ccd` CCDs."""

    def rank(file: CalibFile) -> tuple[Any, ...]:
        window = _window(file)
        in_window = window is not None and _within(window, frame)
        wrong_size = n_ccd is not None and file.n_ccd is not None and file.n_ccd != n_ccd
        return (
            window is not None and not in_window,
            wrong_size,
            not in_window,
            file.enlarged != _wants_enlarged(frame),
            -int(file.version or 0),
        )

    return rank


def why_master(kind: str, file: CalibFile, frame: ExposureFacts) -> str:
    """What speaks for a master, in one line."""
    reasons = []
    if kind in ("flat", "fringe"):
        reasons.append(f"filter {file.filter_name}")
    days, runs = _days(file, frame), _runs(file, frame)
    if _same_run(file, frame):
        reasons.append(f"camera run {file.run} is the frame's own")
    elif math.isfinite(days):
        run = f", the frame's is {frame.camera_run}" if frame.camera_run else ""
        reasons.append(f"nearest in time, {days:.0f} days away (run {file.run or 'unknown'}{run})")
    elif math.isfinite(runs):
        reasons.append(f"nearest camera run to {frame.camera_run}: {file.run}")
    else:
        reasons.append("neither run nor date can be compared")
    if kind == "dark" and file.facts.dark_time:
        reasons.append(f"{file.facts.dark_time:g} s, the frame has {frame.dark_time or 0:g} s")
    if file.version:
        reasons.append(f"version {file.version}")
    return ", ".join(reasons)


def why_mask(file: CalibFile, frame: ExposureFacts, n_ccd: int | None) -> str:
    """What speaks for a mask or defect table, in one line."""
    reasons = [f"made for {file.n_ccd} CCDs" if file.n_ccd else "for this CCD"]
    if n_ccd and file.n_ccd and n_ccd != file.n_ccd:
        reasons.append(f"though the frame has {n_ccd}")
    window = _window(file)
    if window is not None:
        outside = "" if _within(window, frame) else "; NOT valid on the date of the frame, but there is no other"
        reasons.append(f"valid from {window[0]} to {window[1]}{outside}")
    if file.enlarged:
        reasons.append("enlarged" + (" as used in i and z" if _wants_enlarged(frame) else ""))
    if file.version:
        reasons.append(f"version {file.version}")
    return ", ".join(reasons)


def _same_run(file: CalibFile, frame: ExposureFacts) -> bool:
    """Whether CRUNID or the name says the frame's run; 14Bm05-40 is the 40-CCD part of 14Bm05."""
    own = {run.partition("-")[0] for run in (file.run, file.facts.camera_run or "")}
    return frame.camera_run is not None and frame.camera_run in own


def _days(file: CalibFile, frame: ExposureFacts) -> float:
    own, wanted = file.facts.mjd, frame.mjd
    return math.inf if own is None or wanted is None else abs(own - wanted)


def _runs(file: CalibFile, frame: ExposureFacts) -> float:
    own, wanted = run_order(file.run), run_order(frame.camera_run)
    return math.inf if own is None or wanted is None else abs(own - wanted)


def _time_ratio(file: CalibFile, frame: ExposureFacts) -> float:
    own, wanted = file.facts.dark_time, frame.dark_time
    return abs(math.log(own / wanted)) if own and wanted else math.inf


def _wants_enlarged(frame: ExposureFacts) -> bool:
    return filter_names(frame.filter)[1] in ("i", "z")


@cache
def _windows() -> dict[tuple[str, str], tuple[str, str]]:
    return {(row["run"], row["version"]): (row["start"], row["stop"]) for row in load_masks()["rows"]}


def _window(file: CalibFile) -> tuple[str, str] | None:
    """First and last date (ISO) of a mask of a time with dead CCDs; None for a mask that always holds."""
    return _windows().get((file.run, file.version))


def _within(window: tuple[str, str], frame: ExposureFacts) -> bool:
    return frame.day is not None and window[0] <= frame.day < window[1]
