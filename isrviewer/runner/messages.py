"""What the window asks of the runner and what it hears back: values only, so neither thread sees the other's state."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from isrcore.values import frozen
from isrviewer.session import CalibPick, Override, Planes, Run, Session
from isrviewer.session.state import NamedState

if TYPE_CHECKING:
    # Importing the engine takes longer than showing the window.
    from isrcore.audit.document import DefectDocument
    from isrcore.checkpoints import StepReport
    from isrcore.data.cards import CardHeader
    from isrcore.image import Exposure
    from isrcore.pipe import Struct
    from isrcore.steps.step import Step

__all__ = [
    "CalibInfo",
    "Compared",
    "Engine",
    "Event",
    "FrameFacts",
    "Loading",
    "Opened",
    "Planned",
    "Problem",
    "Request",
    "RunEnded",
    "Stepped",
]


@dataclass(frozen=True)
class Request:
    """A copy of what determines the result, and how far to go.

    Attributes
    ----------
    generation : int
        Grows with every request; answers carry it, so that late ones can be dropped.
    frame, detector, config, calib_folder, calibs
        From the `Session`; without a detector the frame's first one is taken.
    stop_after : frozenset of str
        Steps or debug views after which the run ends.
    wanted : tuple of `Planes`
        What is on screen; planes dropped from the store are computed again.
    other : `NamedState` or None
        Config and calibrations to run with as well, for comparison.
    maps : mapping of int to `DefectDocument`
        Defect maps under audit, by CCD; they take the place of the calibration. The run to compare with has none.
    """

    generation: int
    frame: str
    detector: int | None = None
    config: tuple[Override, ...] = ()
    calib_folder: str = ""
    calibs: tuple[CalibPick, ...] = ()
    stop_after: frozenset[str] = frozenset()
    wanted: tuple[Planes, ...] = ()
    other: NamedState | None = None
    maps: Mapping[int, DefectDocument] = field(default_factory=dict)

    def of_other(self) -> Request | None:
        """The same for the parameters to compare with; None when there are none."""
        if self.other is None:
            return None
        wanted = tuple(Planes(planes.name) for planes in self.wanted if planes.run is Run.B)
        return replace(self, config=self.other.config, calibs=self.other.calibs, wanted=wanted, other=None, maps={})

    @classmethod
    def of(
        cls,
        session: Session,
        generation: int,
        stop_after: frozenset[str] = frozenset(),
        wanted: tuple[Planes, ...] = (),
        maps: Mapping[int, DefectDocument] | None = None,
    ) -> Request:
        return cls(
            generation=generation,
            frame=session.frame,
            detector=session.detector,
            config=session.config,
            calib_folder=session.calib_folder,
            calibs=session.calibs,
            stop_after=stop_after,
            wanted=wanted,
            other=session.other,
            maps=maps or {},
        )


@dataclass(frozen=True)
class FrameFacts:
    """What the headers of a frame say.

    Attributes
    ----------
    path, title : str
        `title` is one line: run number, filter, exposure time.
    detectors : tuple of (int, str)
        Number and name of every CCD that can be read.
    headers : tuple of (str, `CardHeader`)
        Name of each HDU with its header, whose cards are parsed when they are looked at.
    """

    path: str
    title: str
    detectors: tuple[tuple[int, str], ...]
    headers: tuple[tuple[str, CardHeader], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class CalibInfo:
    """The calibration used for one kind.

    Attributes
    ----------
    kind : str
    path : str
        Empty when there is none.
    why : str
        Why it was chosen, or why there is none.
    switch : str
        Config field of the step that needs it.
    is_on : bool
        Whether that step is on.
    candidates : tuple of str
        Files of the folder that would do, best first.
    """

    kind: str
    path: str
    why: str
    switch: str = ""
    is_on: bool = True
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Loading:
    """The runner reads something: one line for the status bar."""

    text: str


@dataclass(frozen=True)
class Opened:
    """The raw pixels are in memory.

    Attributes
    ----------
    facts : `FrameFacts`
    detector : int
    exposure : `Exposure`
        Nobody changes it.
    steps : tuple of `Step`
        Empty as long as the chain is not imported; the same frame is opened again when it is.
    """

    facts: FrameFacts
    detector: int
    exposure: Exposure
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Planned:
    """The calibrations are in memory too, the chain begins.

    Attributes
    ----------
    calibs : tuple of `CalibInfo`
    plan : tuple of (str or None)
        For each step why it will not run, or None.
    frames : `Struct` or None
        What was read, under the names of the arguments of ``IsrTask.run``; nobody changes it.
    """

    calibs: tuple[CalibInfo, ...]
    plan: tuple[str | None, ...]
    frames: Struct | None = None


@dataclass(frozen=True)
class Stepped:
    """A step began or ended."""

    report: StepReport


@frozen
class RunEnded:
    """The request is answered.

    Attributes
    ----------
    complete : bool
        Whether the last step was reached (else a breakpoint or a failed step).
    seconds : float
    store_bytes : int
        Memory of all kept results.
    """

    complete: bool
    seconds: float
    store_bytes: int


@dataclass(frozen=True)
class Problem:
    """Something failed.

    Attributes
    ----------
    where : str
        The step's LSST name, a config field, or what was being read; in words for the run to compare with.
    text : str
        What, where, expected, found, what to do.
    details : str
        Traceback for the log.
    """

    where: str
    text: str
    details: str = field(default="", compare=False)

    @classmethod
    def of(cls, where: str, error: BaseException) -> Problem:
        text = str(error) or type(error).__name__
        return cls(where, text, "".join(traceback.format_exception(error)))


@dataclass(frozen=True)
class Compared:
    """An event of the run with the parameters to compare with."""

    event: Event


Event = Loading | Opened | Planned | Stepped | RunEnded | Problem | Compared


class Engine(Protocol):
    """What answers requests; used by one thread only."""

    def prepare(self) -> None:
        """Import what runs need, before the first request; that request does it otherwise."""

    def run(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> None:
        """Answer a request with events; raises `isrcore.pipe.Cancelled` when `cancel` says so."""
