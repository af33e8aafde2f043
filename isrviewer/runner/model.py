"""Session in, planes out: asks the runner for what the session says, and tells the panels how the run goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal, Slot

from isrviewer.runner.compared import ComparedRun
from isrviewer.runner.messages import Compared, Engine, Event, Opened, Problem, Request, RunEnded, Stepped
from isrviewer.runner.progress import RunView, advance, begin
from isrviewer.runner.results import Results
from isrviewer.runner.shown import Source
from isrviewer.runner.worker import Runner
from isrviewer.session import RAW, Session, SessionModel
from isrviewer.session.state import CALIB, COMPARED

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrcore.checkpoints import StepReport
    from isrcore.image import Exposure
    from isrcore.steps.step import IsrState

__all__ = ["RunModel"]


class RunModel(QObject):
    """What is known about the run of the present session.

    Any change of frame, CCD, config or calibrations asks for a new run at once; the old pictures stay until the new
    ones come.

    Signals
    -------
    view_changed(RunView)
        After every event.
    planes_changed(str)
        The planes after the named step (or `RAW`) are new or are known to be what they were.
    loaded()
        Another frame or CCD is in memory.
    ended()
        The request is answered.
    problem(Problem)
    prepared()
        Once: the chain and its configuration are imported, and the steps of an open frame are known.
    """

    view_changed = Signal(object)
    planes_changed = Signal(str)
    loaded = Signal()
    ended = Signal()
    problem = Signal(object)
    prepared = Signal()

    def __init__(self, model: SessionModel, make_engine: Callable[[], Engine], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.view = RunView()
        self.is_prepared = False
        self._model = model
        self.compared = ComparedRun()
        self._results = Results()
        self._maps: Mapping[int, DefectDocument] = {}
        self._stop_after: frozenset[str] = frozenset()
        self._wanted: WeakKeyDictionary[QObject, tuple[str, ...]] = WeakKeyDictionary()
        self._runner = Runner(make_engine, self)
        self._runner.event.connect(self._advance)
        self._runner.prepared.connect(self._set_prepared)

    def follow_session(self) -> None:
        """From now on ask for a run whenever the session changes.

        To be called when all panels watch the session: they must have followed a change before they hear of its run.
        """
        self._model.observe(self._session_changed)

    @property
    def busy(self) -> bool:
        return self._runner.busy

    def exposure(self, name: str) -> Exposure | None:
        """Planes after a step, or before the first one for `RAW`; None when they have to be computed."""
        if name.startswith(COMPARED):
            return self.compared.exposure(name)
        return self._results.exposure(name, self.view)

    def source(self, name: str) -> Source | None:
        """Planes after a step with the words that belong to them; None when they have to be computed."""
        if name.startswith(CALIB):
            return self._calibration(name.removeprefix(CALIB))
        exposure = self.exposure(name)
        if exposure is None:
            return None
        side = self.compared.view if name.startswith(COMPARED) else self.view
        step = name.removeprefix(COMPARED)
        row = side.row(step)
        label = "raw" if row is None else row.step.label
        return Source(label if side is self.view else f"B · {label}", _unit(side, step), exposure)

    def calibrations(self) -> list[str]:
        """Kinds of the calibration frames in memory."""
        return [kind for kind in _FRAMES if self._calibration(kind) is not None]

    def _calibration(self, kind: str) -> Source | None:
        state = self.last_state()
        given = None if state is None else getattr(state.calibs, _FRAMES[kind], None)
        exposure = given.fringes if kind == "fringe" and given is not None else given
        if exposure is None:
            return None
        return Source(f"calibration: {kind}", str(exposure.metadata.get("BUNIT", "")), exposure)

    def results(self) -> list[tuple[str, str, Exposure | None]]:
        """Name, label and planes of the raw frame and of every step that ran."""
        ran = (row for row in self.view.rows if row.status in {"done", "cached"})
        rows = [(RAW, "raw", self.view.raw)]
        return rows + [(row.step.name, row.step.label, self.exposure(row.step.name)) for row in ran]

    def last_step(self) -> str:
        """Name of the last step that has planes, or `RAW`."""
        return next((row.step.name for row in reversed(self.view.rows) if row.has_planes), RAW)

    def last_state(self) -> IsrState | None:
        """What the last step that is on hand left besides its planes: detector, calibrations, overscan models."""
        for row in reversed(self.view.rows):
            checkpoint = self._results.checkpoint(row.step.name, self.view)
            if checkpoint is not None and row.status in {"done", "cached"}:
                return checkpoint.state
        return None

    def unit(self, name: str) -> str:
        """Unit of the image plane after a step."""
        return _unit(self.view, name)

    def prepare(self) -> None:
        """Import the chain before a frame is opened."""
        self._runner.prepare()

    def painted(self) -> None:
        """The first picture is on the screen: what takes long may begin."""
        self._runner.painted()

    def run(self, stop_after: frozenset[str] | None = None) -> None:
        """Ask for a run of the present session.

        Parameters
        ----------
        stop_after : frozenset of str, optional
            Steps after which to stop; default the session's breakpoints.
        """
        session = self._model.session
        if not session.frame:
            return
        self._stop_after = self._breakpoints(session) if stop_after is None else stop_after
        self._ask()

    def set_maps(self, maps: Mapping[int, DefectDocument]) -> None:
        """Run with these defect maps, by CCD, instead of those of the calibrations."""
        before, self._maps = self._maps, maps
        number = self.view.detector
        if self._model.session.frame and number is not None and maps.get(number) is not before.get(number):
            self._stop_after = self._breakpoints(self._model.session)
            self._ask()

    def want(self, asker: QObject, names: tuple[str, ...]) -> tuple[str, ...]:
        """Keep the planes of these steps for a panel with numbers, beyond the store's budget if need be.

        Parameters
        ----------
        asker : `QObject`
            As long as it lives or until it wants others.
        names : tuple of str

        Returns
        -------
        missing : tuple of str
            Steps whose planes were dropped; see `recompute`.
        """
        if self._wanted.get(asker, ()) != names:
            self._wanted[asker] = names
            self._hold(self._model.session)
        return tuple(name for name in names if self._is_dropped(name))

    def recompute(self) -> None:
        """Make the planes that are wanted again; `ended` tells when they are there."""
        self._ask()

    def next_step(self) -> str:
        """Name of the first step that has no result yet; empty when all have."""
        rows = (row for row in self.view.rows if row.status not in {"done", "cached", "skipped"})
        row = next(rows, None)
        return "" if row is None else row.step.name

    def proceed(self) -> None:
        """Run on from where the run stopped, to the next breakpoint that is not passed yet."""
        passed = {row.step.name for row in self.view.rows if row.status in {"done", "cached"}}
        views = {row.step.view_name for row in self.view.rows if row.step.name in passed}
        complete = all(row.status in {"done", "cached", "skipped"} for row in self.view.rows)
        stops = self._breakpoints(self._model.session)
        self.run(stops if complete else stops - passed - views)

    def stop(self) -> None:
        """End the run at the next step."""
        self._runner.stop()
        self.view = advance(self.view, RunEnded(False, self.view.seconds, 0))
        self.view_changed.emit(self.view)
        self.ended.emit()

    def close(self) -> None:
        """Stop for good; see `Runner.close`."""
        self._runner.close()

    def _breakpoints(self, session: Session) -> frozenset[str]:
        stops = set(session.breakpoints)
        if session.pause_at_views:
            stops |= {row.step.debug_view for row in self.view.rows if row.step.debug_view}
        return frozenset(stops)

    def _ask(self) -> None:
        self.view = begin(self.view)
        session, stops = self._model.session, self._stop_after
        wanted = self._needed(session)
        self._runner.request(lambda generation: Request.of(session, generation, stops, wanted, self._maps))
        self.view_changed.emit(self.view)

    def _session_changed(self, old: Session, new: Session) -> None:
        if not new.frame:
            return
        if old.compared != new.compared:
            self.compared.clear()
        if _inputs(old) != _inputs(new):
            self._stop_after = self._breakpoints(new)
            self._ask()
        elif _steps_shown(old, self.view) != _steps_shown(new, self.view):
            self._hold(new)
            if not self.busy and any(self._is_dropped(name) for name in _steps_shown(new, self.view)):
                self._ask()

    def _needed(self, session: Session) -> tuple[str, ...]:
        asked = (name for names in self._wanted.values() for name in names)
        return tuple(dict.fromkeys((*_steps_shown(session, self.view), *asked)))

    def _is_dropped(self, name: str) -> bool:
        if name.startswith(COMPARED):
            return self.compared.is_dropped(name)
        row = self.view.row(name)
        has_result = row is not None and row.status in {"done", "cached", "skipped"}
        return has_result and self.exposure(name) is None

    def _hold(self, session: Session) -> None:
        reached = [row.step.name for row in self.view.rows if row.status in {"done", "cached"}]
        shown = self._needed(session)
        self._results.hold([*(name for name in shown if not name.startswith(COMPARED)), *reached[-1:]], self.view)
        self.compared.hold(shown)

    @Slot(object)
    def _advance(self, event: Event) -> None:
        is_other = isinstance(event, Opened) and (event.facts.path, event.detector) != self._open()
        if is_other:
            self._results.clear()
            self.compared.clear()
            self.view = RunView(running=True)
        self.view = advance(self.view, event)
        if isinstance(event, Compared):
            self.compared.advance(event.event)
        if isinstance(event, Stepped):
            self._results.put(event.report)
        if isinstance(event, (Stepped, Compared)):
            self._hold(self._model.session)
        self.view_changed.emit(self.view)
        if is_other:
            self.loaded.emit()
        self._announce(event)
        if isinstance(event, Opened):
            self._opened(event)

    def _opened(self, event: Opened) -> None:
        if event.steps:
            self._set_prepared()
        elif RAW not in _steps_shown(self._model.session, self.view):
            self.painted()

    @Slot()
    def _set_prepared(self) -> None:
        if not self.is_prepared:
            self.is_prepared = True
            self.prepared.emit()

    def _open(self) -> tuple[str, int | None]:
        return (self.view.facts.path if self.view.facts else "", self.view.detector)

    def _announce(self, event: Event) -> None:
        match event:
            case Opened():
                self.planes_changed.emit(RAW)
            case Stepped(report):
                self._announce_step(report)
            case Problem():
                self.problem.emit(event)
            case Compared(Stepped(report)) if report.status in {"done", "cached", "skipped"}:
                self.planes_changed.emit(f"{COMPARED}{report.step.name}")
            case Compared(Stepped(report)) if report.error is not None:
                self.problem.emit(Problem.of(f"{COMPARED}{report.step.name}", report.error))
            case Compared(Problem() as found):
                self.problem.emit(replace(found, where=f"{COMPARED}{found.where}"))
            case RunEnded():
                self.ended.emit()

    def _announce_step(self, report: StepReport) -> None:
        if report.status in {"done", "cached", "skipped"}:
            self.planes_changed.emit(report.step.name)
        elif report.error is not None:
            self.problem.emit(Problem.of(report.step.name, report.error))


_FRAMES = {"bias": "bias", "dark": "dark", "flat": "flat", "fringe": "fringes"}
"""Kind of calibration frame -> its name among the calibrations of a run."""


def _unit(view: RunView, name: str) -> str:
    for row in view.rows:
        if row.step.name == "doApplyGains" and row.status in {"done", "cached"}:
            return "electron"
        if row.step.name == name:
            break
    return "ADU"


def _inputs(session: Session) -> tuple[object, ...]:
    """What determines the planes."""
    return (session.frame, session.detector, session.config, session.calib_folder, session.calibs, session.other)


def _steps_shown(session: Session, view: RunView) -> tuple[str, ...]:
    shown = [name for panel in session.panels for name in (panel.shows.step, view.other_of(panel.shows))]
    shown += [view.second_of(panel) for panel in session.panels]
    return tuple(dict.fromkeys(name for name in shown if name))
