"""Read raw frames for requests; needs neither the chain nor its configuration, so that pixels can be seen before
those are imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from isrcore.data.raw import RawFrame, open_raw
from isrcore.image import Exposure
from isrviewer.runner.leaving import leavable
from isrviewer.runner.messages import Event, FrameFacts, Loading, Request

__all__ = ["FrameReader", "Input", "frame_title"]


@dataclass(frozen=True)
class Input:
    """What was read for one CCD of one frame.

    Attributes
    ----------
    frame : `RawFrame`
    facts : `FrameFacts`
    detector : int
    exposure : `Exposure`
    is_preview : bool
        The exposure lacks what `RawFrame.complete` adds.
    """

    frame: RawFrame
    facts: FrameFacts
    detector: int
    exposure: Exposure
    is_preview: bool


class FrameReader:
    """Keeps what it read last: a changed option reads nothing again."""

    def __init__(self) -> None:
        self._known: Input | None = None

    def preview(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> Input:
        """The pixels that a request is about.

        Raises
        ------
        OSError, ValueError, LookupError
            If they cannot be read.
        Cancelled
            When `cancel` says that nobody waits for them any more.
        """
        known = self._known
        if known is None or known.facts.path != request.frame or not _is_current(known.frame):
            emit(Loading(f"reading {Path(request.frame).name}"))
            frame = leavable(partial(open_raw, request.frame), cancel)
            known = None
        else:
            frame = known.frame
        detector = request.detector if request.detector is not None else frame.detectors[0]
        if known is not None and known.detector == detector:
            return known
        emit(Loading(f"reading CCD {detector}"))
        exposure = leavable(partial(frame.preview, detector), cancel)
        self._known = Input(frame, _facts(frame, request.frame), detector, exposure, True)
        return self._known

    def read(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> Input:
        """As `preview`, with everything that the header says about the pixels."""
        given = self.preview(request, emit, cancel)
        if given.is_preview:
            given = replace(given, exposure=given.frame.complete(given.exposure), is_preview=False)
            self._known = given
        return given


def _is_current(frame: RawFrame) -> bool:
    """Whether the file is still the one that was read."""
    try:
        stat = Path(frame.path).stat()
    except OSError:
        return False
    return frame.identity[1:] == (stat.st_size, stat.st_mtime_ns)


def _facts(frame: RawFrame, path: str) -> FrameFacts:
    names = tuple((number, f"ccd{number:02d}") for number in frame.detectors)
    headers = tuple(
        (header.text("EXTNAME") or ("" if number else "primary"), header) for number, header in enumerate(frame.headers)
    )
    return FrameFacts(path, frame_title(frame), names, headers)


def frame_title(frame: RawFrame) -> str:
    """One line: odometer number, type where it is no object, filter, exposure time."""
    facts = frame.exposure
    parts = [str(facts.exposure_id) if facts.exposure_id else Path(frame.path).name.partition(".")[0]]
    if facts.obs_type and facts.obs_type != "OBJECT":
        parts.append(facts.obs_type.lower())
    if facts.filter:
        parts.append(facts.filter)
    if facts.exposure_time is not None:
        parts.append(f"{facts.exposure_time:.4g} s")
    return " · ".join(parts)
