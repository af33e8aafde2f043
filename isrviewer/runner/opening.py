"""A frame or CCD on its way: until its pixels are in memory, what was open stays open."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from isrcore.values import frozen
from isrviewer.runner.messages import Request
from isrviewer.runner.progress import RunView
from isrviewer.session import Session

__all__ = ["Age", "Opening", "inputs", "is_input"]


class Age(Enum):
    """How planes on hand stand to what is asked for; the value is what is said beside them."""

    CURRENT = ""
    BEFORE = "of the run before"
    OTHER = "not what is asked for"
    """Of another frame or CCD."""


@frozen
class Opening:
    """What is asked for and not there yet.

    Attributes
    ----------
    change : callable
        Makes the session that has it open from the present one.
    text : str
        Name of the change in the undo menu.
    before : `RunView`
        The run as it was, to return to when the file cannot be opened.
    asked : tuple
        `inputs` of that run.
    request : `Request` or None
        That it answers.
    """

    change: Callable[[Session], Session]
    text: str
    before: RunView
    asked: tuple[object, ...]
    request: Request | None


def inputs(session: Session) -> tuple[object, ...]:
    """What determines the planes."""
    return (session.frame, session.detector, session.config, session.calib_folder, session.calibs, session.other)


def is_input(session: Session, frame: str, detector: int | None) -> bool:
    """Whether a CCD of a frame is the one that a session has open; without a number the first one of its frame is."""
    return session.frame == frame and session.detector in (None, detector)
