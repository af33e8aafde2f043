"""What a file is, in words: the text of ``isrcore info``."""

from __future__ import annotations

from pathlib import Path

from isrcore.camera.megacam import detector_name, load_geometry
from isrcore.data.calib_file import describe_calibration
from isrcore.data.errors import FrameError, NotARawFrame, raises_frame_errors
from isrcore.data.raw import RawFrame, open_raw

__all__ = ["describe_frame"]


@raises_frame_errors
def describe_frame(path: str | Path) -> str:
    """Facts of a raw frame, or of a calibration, as lines of text.

    Only headers are read, and the pixels of CCDs whose header says that some may be undefined, to count them.

    Raises
    ------
    FrameError
        If the file is neither, or cannot be read.
    """
    try:
        return _lines(_raw_rows(open_raw(path)))
    except NotARawFrame as error:
        described = describe_calibration(Path(path))
        if described is None:
            raise
        rows = [
            ("file", str(path)),
            ("kind", str(error.kind)),
            ("used as", described.kind),
            ("filter", described.filter_name if described.kind in ("flat", "fringe") else "does not matter"),
            ("camera run", described.run or "unknown"),
            ("version", described.version or "unknown"),
            ("CCDs", _numbers(described.detectors)),
        ]
        return _lines(rows)


def _raw_rows(frame: RawFrame) -> list[tuple[str, str]]:
    facts = frame.exposure
    times = [f"{facts.exposure_time:g} s" if facts.exposure_time is not None else "unknown"]
    if facts.exposure_time_requested is not None:
        times.append(f"requested {facts.exposure_time_requested:g} s")
    if facts.dark_time is not None:
        times.append(f"dark time {facts.dark_time:g} s")
    rows = [
        ("file", str(frame.path)),
        ("kind", str(frame.kind)),
        ("instrument", f"{frame.instrument} / {load_geometry()['instrument']['detector']}"),
        ("exposure", f"{facts.exposure_id or 'unknown'} ({facts.obs_type or 'type unknown'})"),
        ("object", facts.object_name or "unknown"),
        ("filter", facts.filter or "none"),
        ("exposure time", ", ".join(times)),
        ("begin (UTC)", facts.date_begin.isot if facts.date_begin is not None else "unknown"),
        ("end (UTC)", facts.date_end.isot if facts.date_end is not None else "unknown"),
        ("position", _place(facts.ra, facts.dec)),
        ("airmass", f"{facts.airmass:g}" if facts.airmass is not None else "unknown"),
        ("runs", f"program {facts.run_id or '-'}, camera {facts.camera_run or '-'}, queue {facts.queue_run or '-'}"),
        ("layout", str(frame.layout)),
        ("CCDs", _numbers(frame.detectors)),
    ]
    if frame.expected_detectors is not None and frame.expected_detectors > len(frame.detectors):
        rows.append(
            ("missing", f"{frame.expected_detectors - len(frame.detectors)} of {frame.expected_detectors} CCDs")
        )
    rows += [("times", note) for note in facts.notes]
    problems = [*frame.problems.values(), *([frame.damage] if frame.damage is not None else [])]
    for number in frame.detectors:
        try:
            count = frame.undefined_pixels(number)
        except FrameError as error:
            problems.append(error)
            continue
        if count is not None:
            what = " (NaN after conversion, NO_DATA in the mask)" if count else ""
            rows.append(("undefined", f"{detector_name(number)}: {count or 'no'} pixels{what}"))
    rows += [("problem", str(problem)) for problem in problems]
    return rows


def _place(ra: float | None, dec: float | None) -> str:
    return "none on the sky" if ra is None or dec is None else f"RA {ra:.6f}, Dec {dec:+.6f} deg"


def _numbers(detectors: tuple[int, ...] | list[int]) -> str:
    """``36: ccd00 to ccd35``, or the names one by one when there are gaps."""
    if not detectors:
        return "none"
    first, last = detectors[0], detectors[-1]
    if len(detectors) == last - first + 1 and len(detectors) > 2:
        return f"{len(detectors)}: {detector_name(first)} to {detector_name(last)}"
    names = ", ".join(detector_name(number) for number in detectors)
    return f"{len(detectors)}: {names}"


def _lines(rows: list[tuple[str, str]]) -> str:
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:<{width}}  {text}" for label, text in rows)
