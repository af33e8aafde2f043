"""Session in, planes out: asks the runner for what the session says, and tells the panels how the run goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal, Slot

from isrviewer.runner.compared import ComparedRun
from isrviewer.runner.identity import FRAMES, PlanesOf, Recipe, Result, calibration, of_raw, of_step
from isrviewer.runner.messages import Compared, Engine, Event, Opened, Problem, Request, RunEnded, Stepped
from isrviewer.runner.opening import Age, Opening, inputs, is_input
from isrviewer.runner.progress import RunView, advance, begin
from isrviewer.runner.results import Results
from isrviewer.runner.worker import Runner
from isrviewer.session import RAW, Planes, Run, Session, SessionModel
from isrviewer.session.planes import RAW_PLANES

if TYPE_CHECKING:
    from isrcore.audit.document import DefectDocument
    from isrcore.checkpoints import StepReport
    from isrcore.image import Exposure
    from isrcore.steps.step import IsrState

__all__ = ["RunModel"]


class RunModel(QObject):
    """What is known about the run of the present session.

    Any change of frame, CCD, config or calibrations asks for a new run at once; the old pictures stay until the new
    ones come. Another frame or CCD asked for with `open` takes the place of what is open when its pixels are there.

    Signals
    -------
    view_changed(RunView)
        After every event.
    planes_changed(Planes)
        These planes are new or are known to be what they were.
    loaded()
        Another frame or CCD is in memory.
    ended()
        The request is answered.
    problem(Problem)
    prepared()
        Once: the chain and its configuration are imported, and the steps of an open frame are known.
    """

    view_changed = Signal(object)
    planes_changed = Signal(object)
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
        self._opening: Opening | None = None
        self._asked: tuple[object, ...] = ()
        self._request: Request | None = None
        self._wanted: WeakKeyDictionary[QObject, tuple[str, ...]] = WeakKeyDictionary()
        self._runner = Runner(make_engine, self)
        self._runner.told.connect(self._advance)
        self._runner.prepared.connect(self._set_prepared)

    def follow_session(self) -> None:
        """From now on ask for a run whenever the session changes.

        To be called when all panels watch the session: they must have followed a change before they hear of its run.
        """
        self._model.observe(self._session_changed)

    @property
    def busy(self) -> bool:
        return self._runner.busy

    @property
    def is_opening(self) -> bool:
        """Whether another frame or CCD is asked for and not there yet."""
        session = self._model.session
        return self._opening is not None or (bool(session.frame) and not is_input(session, *self._open()))

    @property
    def detector_asked(self) -> int | None:
        """Number of the CCD that is open, or on its way in the same frame."""
        session = self._session()
        is_on_its_way = self._opening is not None and session.frame == self._open()[0]
        return session.detector if is_on_its_way and session.detector is not None else self.view.detector

    def result(self, planes: Planes) -> Result | None:
        """Planes with their identity; None when they have to be computed, or there are none."""
        match planes.run:
            case Run.CALIBRATION:
                return calibration(self.view, planes.name)
            case Run.B:
                return self.compared.result(planes.name)
        return self._results.result(planes.name, self.view)

    def nearest(self, planes: Planes) -> Result | None:
        """What there is in place of planes that are missing: those of the step before, or else the raw ones."""
        return self.result(self._view_of(planes).before(planes)) or self.result(RAW_PLANES)

    def age(self, of: PlanesOf) -> Age:
        """Whether planes are of the frame and CCD that are asked for, and of the present run."""
        if self.is_opening or (of.detector, of.ccd) != (self.view.detector, self.view.ccd):
            return Age.OTHER
        if not of.planes.is_calibration and of.frame != self._open()[0]:
            return Age.OTHER
        row = self._view_of(of.planes).row(of.planes.name)
        return Age.BEFORE if row is not None and row.status.is_awaited else Age.CURRENT

    def why_missing(self, planes: Planes) -> str:
        """Why planes are not there when no run is under way."""
        if planes.is_calibration:
            return f"calibration {planes.name} is not in memory"
        return self._view_of(planes).why_missing(planes.name)

    def _view_of(self, planes: Planes) -> RunView:
        return self.compared.view if planes.run is Run.B else self.view

    def exposure(self, step: str) -> Exposure | None:
        """Planes after a step, or before the first one for `RAW`; None when they have to be computed."""
        result = self.result(Planes(step))
        return None if result is None else result.exposure

    def calibrations(self) -> list[str]:
        """Kinds of the calibration frames in memory."""
        return [kind for kind in FRAMES if calibration(self.view, kind) is not None]

    def results(self) -> list[tuple[str, str, Exposure | None]]:
        """Name, label and planes of the raw frame and of every step that ran."""
        ran = (row for row in self.view.rows if row.status.has_run)
        rows = [(RAW, "raw", self.view.raw)]
        return rows + [(row.step.name, row.step.label, self.exposure(row.step.name)) for row in ran]

    def made_of(self) -> PlanesOf | None:
        """Identity of the run on hand: its frame and CCD, with the parameters of the last request."""
        of = of_raw(self.view)
        return None if of is None else replace(of, recipe=Recipe.of(self._request, self.view))

    def last_step(self) -> str:
        """Name of the last step that has planes, or `RAW`."""
        return next((row.step.name for row in reversed(self.view.rows) if row.has_planes), RAW)

    def last_state(self) -> IsrState | None:
        """What the last step that is on hand left besides its planes: detector, calibrations, overscan models."""
        for row in reversed(self.view.rows):
            checkpoint = self._results.checkpoint(row.step.name, self.view)
            if checkpoint is not None and row.status.has_run:
                return checkpoint.state
        return None

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
        session = self._session()
        if not session.frame:
            return
        self._stop_after = self._breakpoints(session) if stop_after is None else stop_after
        self._ask()

    def open(self, change: Callable[[Session], Session], text: str) -> None:
        """Open another frame or CCD as soon as its pixels are there; when they cannot be read, nothing has changed.

        Parameters
        ----------
        change : callable
            Makes the session that has it open from the one of the moment.
        text : str
            Name of the change in the undo menu.
        """
        present = self._model.session
        known = self._opening or Opening(change, text, self.view, self._asked, self._request)
        self._opening = None if change(present) == present else replace(known, change=change, text=text)
        self.run()

    def _session(self) -> Session:
        """The session that is asked for."""
        session = self._model.session
        return session if self._opening is None else self._opening.change(session)

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
        return tuple(name for name in names if self.is_dropped(Planes(name)))

    def recompute(self) -> None:
        """Make the planes that are wanted again; `ended` tells when they are there."""
        self._ask()

    def next_step(self) -> str:
        """Name of the first step that has no result yet; empty when all have."""
        row = next((row for row in self.view.rows if not row.status.has_result), None)
        return "" if row is None else row.step.name

    def proceed(self) -> None:
        """Run on from where the run stopped, to the next breakpoint that is not passed yet."""
        passed = {row.step.name for row in self.view.rows if row.status.has_run}
        views = {row.step.view_name for row in self.view.rows if row.step.name in passed}
        complete = all(row.status.has_result for row in self.view.rows)
        stops = self._breakpoints(self._model.session)
        self.run(stops if complete else stops - passed - views)

    def stop(self) -> None:
        """End the run at the next step."""
        self._runner.stop()
        self.view = advance(self.view, RunEnded(False, self.view.seconds, 0))
        self._close_opening(goes_on=False)
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
        session, stops = self._session(), self._stop_after
        wanted = self._needed(session)
        self._asked = inputs(session)
        self._runner.request(lambda generation: self._make(Request.of(session, generation, stops, wanted, self._maps)))
        self.view_changed.emit(self.view)

    def _make(self, request: Request) -> Request:
        """What comes from now on answers this request: the runner drops the answers to those before it."""
        self._request = request
        self.compared.begin(request.of_other())
        return request

    def _session_changed(self, old: Session, new: Session) -> None:
        if (old.frame, old.detector) != (new.frame, new.detector):
            # Whoever restores or undoes no longer waits for what was on its way.
            self._opening = None
        if not self._session().frame:
            return
        if old.compared != new.compared:
            self.compared.clear()
        if inputs(old) != inputs(new) and inputs(self._session()) != self._asked:
            self._stop_after = self._breakpoints(new)
            self._ask()
        elif self.view.shown_in(old) != self.view.shown_in(new):
            self._hold(new)
            if not self.busy and any(self.is_dropped(planes) for planes in self.view.shown_in(new)):
                self._ask()

    def _needed(self, session: Session) -> tuple[Planes, ...]:
        asked = (Planes(name) for names in self._wanted.values() for name in names)
        return tuple(dict.fromkeys((*self.view.shown_in(session), *asked)))

    def is_dropped(self, planes: Planes) -> bool:
        """Whether planes were made and are no longer on hand: who needs them has them computed again."""
        if planes.run is Run.B:
            return self.compared.is_dropped(planes.name)
        row = self.view.row(planes.step)
        return row is not None and row.status.has_result and self.result(planes) is None

    def _hold(self, session: Session) -> None:
        reached = [row.step.name for row in self.view.rows if row.status.has_run]
        shown = self._needed(session)
        self._results.hold([*(planes.step for planes in shown if planes.step), *reached[-1:]], self.view)
        self.compared.hold(shown)

    @Slot(object)
    def _advance(self, event: Event) -> None:
        if isinstance(event, Opened):
            self._commit()
        is_other = isinstance(event, Opened) and (event.facts.path, event.detector) != self._open()
        if is_other:
            self._results.clear()
            self.compared.clear()
            self.view = RunView(running=True)
        self.view = advance(self.view, event)
        if isinstance(event, Compared):
            self.compared.advance(event.event)
        if isinstance(event, Stepped):
            of = of_step(self.view, event.report.step.name, Run.A, Recipe.of(self._request, self.view))
            self._results.put(event.report, of)
        if isinstance(event, (Stepped, Compared)):
            self._hold(self._model.session)
        if isinstance(event, RunEnded):
            self._close_opening(goes_on=True)
        self.view_changed.emit(self.view)
        if is_other:
            self.loaded.emit()
        self._announce(event)
        if isinstance(event, Opened):
            self._opened(event)

    def _commit(self) -> None:
        """The pixels are there: from now on the session has them open. The first frame cannot be undone: pixels
        without a frame could neither be run nor be exported."""
        opening, self._opening = self._opening, None
        if opening is not None:
            session = self._model.session
            self._model.change(opening.change(session), opening.text if session.frame else "")

    def _close_opening(self, goes_on: bool) -> None:
        """What was asked for did not come: stay with what is open, and let its run go on where it was interrupted."""
        opening, self._opening = self._opening, None
        session = self._model.session
        if opening is not None:
            self.view = replace(opening.before, running=False)
            self._asked, self._request = opening.asked, opening.request
            if goes_on and session.frame and (opening.before.running or inputs(session) != self._asked):
                self._stop_after = self._breakpoints(session)
                self._ask()
        elif self.view.facts is not None and not is_input(session, *self._open()):
            frame, detector = self._open()
            self._model.change(replace(session, frame=frame, detector=detector))

    def _opened(self, event: Opened) -> None:
        if event.steps:
            self._set_prepared()
        elif RAW_PLANES not in self.view.shown_in(self._model.session):
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
                self.planes_changed.emit(RAW_PLANES)
            case Stepped(report):
                self._announce_step(report)
            case Problem():
                self.problem.emit(event)
            case Compared(Stepped(report)) if report.status.has_result:
                self.planes_changed.emit(Planes(report.step.name, Run.B))
            case Compared(Stepped(report)) if report.error is not None:
                self.problem.emit(Problem.of(Planes(report.step.name, Run.B).key, report.error))
            case Compared(Problem() as found):
                self.problem.emit(replace(found, where=Planes(found.where, Run.B).key))
            case RunEnded():
                self.ended.emit()

    def _announce_step(self, report: StepReport) -> None:
        if report.status.has_result:
            self.planes_changed.emit(Planes(report.step.name))
        elif report.error is not None:
            self.problem.emit(Problem.of(report.step.name, report.error))
