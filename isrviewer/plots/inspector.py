"""The base of panels with numbers of the present run: built when there are any, computed beside the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from isrcore import inspect as core_inspect
from isrcore.status import Status
from isrviewer.plots.elided import ElidedLabel
from isrviewer.runner.background import Background
from isrviewer.runner.identity import PlanesOf
from isrviewer.runner.model import RunModel
from isrviewer.runner.opening import Age
from isrviewer.runner.progress import RunView
from isrviewer.session import Override, Planes, Run, Session, SessionModel
from isrviewer.session.config import effective_config
from isrviewer.theme import GRID

__all__ = ["InspectorPanel", "is_check", "key_of", "planes_of", "result_names", "run_results"]

T = TypeVar("T")
_log = logging.getLogger(__name__)


def is_check(view: RunView, name: str) -> bool:
    """Whether a step only checks and so has no planes of its own."""
    row = view.row(name)
    return row is not None and row.step.is_check


def planes_of(view: RunView, name: str) -> str:
    """The step whose planes step `name` left: itself, or the one before if it was skipped or only checks."""
    row = view.row(name)
    while row is not None and (row.status is Status.SKIPPED or row.step.is_check):
        name = view.previous(name)
        row = view.row(name)
    return name


def key_of(view: RunView, planes: Planes) -> str:
    """Under which name `run_results` has planes."""
    return planes_of(view, planes.step) if planes.step else planes.key


def result_names(runs: RunModel) -> tuple[str, ...]:
    """Names of the raw planes and of every step of the present run that left planes."""
    return tuple(name for name, _, _ in runs.results() if not is_check(runs.view, name))


def run_results(runs: RunModel) -> core_inspect.results.RunResults | None:
    """What is on hand of the present run; None before a frame is loaded. Hold it only while computing."""
    raw = runs.view.raw
    if raw is None:
        return None
    steps = tuple(
        core_inspect.results.StepResult(name, label, runs.view.unit(name), exposure)
        for name, label, exposure in runs.results()
        if not is_check(runs.view, name)
    )
    state = runs.last_state()
    if state is None:
        return core_inspect.results.RunResults(steps, raw.detector)
    frames = (runs.result(Planes(kind, Run.CALIBRATION)) for kind in runs.calibrations())
    others = tuple(
        core_inspect.results.StepResult(each.of.planes.key, each.of.label, each.of.unit, each.exposure)
        for each in frames
        if each is not None
    )
    overscans = tuple(state.results.get("overscans", ()))
    return core_inspect.results.RunResults(steps, state.detector, state.calibs, overscans, others=others)


class _InterpolatedPlanes:
    """``maskListToInterpolate`` of the last config asked for: making a config takes longer than following a pixel."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Override, ...], tuple[str, ...]] | None = None

    def __call__(self, overrides: tuple[Override, ...]) -> tuple[str, ...]:
        known = self._known
        if known is None or known[0] != overrides:
            config, _ = effective_config(overrides)
            self._known = known = overrides, tuple(config.maskListToInterpolate)
        return known[1]


class InspectorPanel(QWidget):
    """Follows the run. What is shown stays until the new numbers are complete; nothing is computed while hidden.

    A subclass makes its widgets in `build` and asks for numbers in `ask`, by `compute`.

    Parameters
    ----------
    model : `SessionModel`
    runs : `RunModel`
    """

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.runs = runs
        self.whose = ElidedLabel()
        self.whose.hide()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GRID, GRID, GRID, GRID)
        self.column.setSpacing(GRID)
        self.column.addWidget(self.note)
        self._background = Background(self)
        self._interpolated = _InterpolatedPlanes()
        self._is_built = False
        self._is_behind = False
        self._is_stale = True
        self._is_computing = False
        self._missing: tuple[str, ...] = ()
        self._of: PlanesOf | None = None
        runs.view_changed.connect(self._show_whose)
        runs.ended.connect(self.refresh)
        runs.loaded.connect(self.refresh)
        model.observe(self.session_changed)

    # For subclasses

    def build(self) -> None:
        """Make the widgets; called once, when the panel is seen and there is a run."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask for the numbers of the present run."""
        raise NotImplementedError

    def session_changed(self, old: Session, new: Session) -> None:
        """Another step on screen, other pins, another box: what the numbers depend on besides the run."""
        if old.panels != new.panels or old.focused != new.focused:
            shown = [panel.shows for panel in new.panels]
            if shown != [panel.shows for panel in old.panels] or old.focused != new.focused:
                self.refresh()

    def compute(
        self, job: Callable[[core_inspect.results.RunResults], T], show: Callable[[T], None], steps: Iterable[str]
    ) -> None:
        """Show the result of ``job(results)``, which runs beside the GUI thread; a newer request drops it.

        Parameters
        ----------
        job : callable
            Raises `ValueError` for what the user can cure; its message is shown.
        show : callable
        steps : iterable of str
            Names of the steps whose planes the job reads. Those that were dropped are computed again first.
        """
        if self._recompute(tuple(dict.fromkeys(steps))):
            return
        results, of = run_results(self.runs), self.runs.made_of()
        if results is None or of is None:
            self.say("Open a frame to see its numbers.")
            return

        def work() -> T | Exception:
            try:
                return job(replace(results, interpolated=self._interpolated(of.recipe.config)))
            except Exception as error:
                # Any error becomes a message.
                return error

        def answer(result: Any) -> None:
            self._is_computing = False
            self._of = of
            self._show_whose()
            if isinstance(result, ValueError):
                self.say(str(result))
            elif isinstance(result, Exception):
                self.say(f"The numbers could not be computed: {result}")
                _log.error("%s failed", type(self).__name__, exc_info=result)
            else:
                self.say("")
                show(result)

        self._is_computing = True
        self._background.compute(work, answer)

    def _recompute(self, steps: tuple[str, ...]) -> bool:
        """Ask for planes that were dropped, but not twice for the same ones: a step may be unable to make them again.

        Returns
        -------
        asked : bool
            The end of the run will refresh the panel.
        """
        missing = self.runs.want(self, steps)
        before, self._missing = self._missing, missing
        if not missing or missing == before:
            return False
        self._is_computing = True
        number = "1 step" if len(missing) == 1 else f"{len(missing)} steps"
        self.say(f"Recomputing {number}: the planes were dropped to stay within the memory budget.")
        self.runs.recompute()
        return True

    # For everybody

    @property
    def is_settled(self) -> bool:
        """Whether what was asked for is shown."""
        return not self._is_computing and not (self._is_stale and self.is_seen)

    @property
    def is_seen(self) -> bool:
        """Whether the user can see it: Qt calls a panel in a tab behind others visible."""
        return self.isVisible() and not self._is_behind

    def set_in_front(self, in_front: bool) -> None:
        """The dock came to the front of its tabs, or went behind another one."""
        self._is_behind = not in_front
        if not in_front:
            self.runs.want(self, ())
        elif self._is_stale:
            self.refresh()

    def refresh(self) -> None:
        """Compute again if the panel is seen, else when it is."""
        if not self.is_seen or self.runs.busy:
            self._is_stale = True
            return
        self._is_computing = False
        self._is_stale = False
        if self.runs.view.raw is None:
            self.say("Open a frame to see its numbers.")
            return
        if not self._is_built:
            self._is_built = True
            self.build()
            self.column.insertWidget(0, self.whose)
            self.column.addWidget(self.note)
            self.say("")
        self.ask()

    def say(self, text: str) -> None:
        """One line at the lower edge: what is missing or wrong."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def focused_result(self) -> str:
        """Key of the planes that the focused panel is to show: for a step of the run, see `planes_of`."""
        return key_of(self.runs.view, self.model.session.panel.shows.of)

    def about(self) -> dict[str, Any]:
        """What the numbers shown belong to: exposure and CCD, file, config."""
        of = self._of
        if of is None:
            return {}
        changed = {override.field: repr(override.value) for override in of.recipe.config}
        return {"exposure": of.whose, "frame": of.frame, "detector": of.detector, "config": changed}

    def _show_whose(self) -> None:
        """Whose numbers these are, and that they are old as soon as another frame or CCD is asked for."""
        of = self._of
        if of is not None:
            age = self.runs.age(of)
            text = f"old: {of.whose} · {age.value}" if age is not Age.CURRENT else of.whose
            if text != self.whose.text():
                self.whose.setText(text)
        self.whose.setVisible(of is not None)

    def close_background(self) -> None:
        """The window closes: drop all work."""
        self._background.close()

    def hideEvent(self, event: QHideEvent) -> None:
        """What is not seen needs no memory."""
        super().hideEvent(event)
        self.runs.want(self, ())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()
