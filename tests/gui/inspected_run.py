"""CFHT's chain on the small frame behind a run model, for panels that show numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from isrcore.cfht import CfhtIsrTask
from isrcore.chain import RunOptions
from isrcore.checkpoints import CheckpointStore
from isrcore.geom import Box
from isrcore.inspect.layout import ASSEMBLED
from isrcore.inspect.results import RunResults
from isrcore.steps.step import IsrState
from isrcore.task import calibrations
from isrviewer.panels.numbers.amplifiers import AmplifiersPanel
from isrviewer.panels.numbers.box_statistics import StatisticsPanel
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.group import Inspectors
from isrviewer.panels.numbers.histograms import HistogramsPanel
from isrviewer.panels.numbers.overscan_view import OverscanView
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.plots.inspector import InspectorPanel, run_results
from isrviewer.runner.messages import Event, FrameFacts, Opened, Planned, Request, RunEnded
from isrviewer.runner.model import RunModel
from isrviewer.runner.recompute import run_and_recompute
from isrviewer.session import Override, PanelState, Planes, Session, SessionModel, Shows
from isrviewer.session.config import effective_config
from isrviewer.session.drawn import DrawnBox
from tests.inspect.runs import small_raw

__all__ = ["InspectedRun"]


class _Engine:
    def __init__(self, flips: tuple[bool, bool], budget: float) -> None:
        self.store = CheckpointStore(budget)
        self.raw, self.arguments = small_raw(flips)

    def prepare(self) -> None:
        """There is nothing to import."""

    def run(self, request: Request, emit: Callable[[Event], None], cancel: Callable[[], bool]) -> None:
        config, problems = effective_config(request.config)
        assert not problems
        task = CfhtIsrTask(config=config)
        kinds = ("bias", "dark", "flat", "defects")
        state = IsrState(self.raw, calibrations(**{kind: self.arguments[kind] for kind in kinds}), self.raw.detector)
        emit(Opened(FrameFacts(request.frame, "small", ((0, "ccd00"),)), 0, self.raw, task.chain))
        emit(Planned((), tuple(step.why_not(task, state) for step in task.chain), state.calibs))

        run_and_recompute(request, task, state, RunOptions(self.store, "small", cancel=cancel), emit)
        emit(RunEnded(True, 0.1, self.store.nbytes()))


class InspectedRun:
    """A session whose run is complete.

    Attributes
    ----------
    model : `SessionModel`
    runs : `RunModel`
    """

    def __init__(
        self,
        qtbot: QtBot,
        step: str = "postISRCCD",
        flips: tuple[bool, bool] = (True, False),
        budget: float = math.inf,
    ) -> None:
        self._qtbot = qtbot
        on = tuple(Override(name, True) for name in ("doBias", "doDark", "doFlat", "doDefect"))
        config = (*on, Override("doLinearize", False))
        session = Session(frame="small.fits", config=config, panels=(PanelState(Shows(Planes(step))),))
        self.model = SessionModel(session)
        self.runs = RunModel(self.model, lambda: _Engine(flips, budget))
        self._panels: list[InspectorPanel] = []
        self.runs.follow_session()
        self.again()

    def again(self) -> None:
        """Run and wait."""
        self.runs.run()
        self.wait_run()

    def wait_run(self) -> None:
        self._qtbot.waitUntil(lambda: not self.runs.busy, timeout=10000)

    def results(self) -> RunResults:
        found = run_results(self.runs)
        assert found is not None
        return found

    def show(self, panel: InspectorPanel, size: tuple[int, int] = (900, 500)) -> None:
        """Put a panel on the screen and wait for its numbers."""
        self._panels.append(panel)
        self._qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        self._qtbot.waitExposed(panel)
        self.settle(panel)

    def settle(self, panel: InspectorPanel) -> None:
        self._qtbot.waitUntil(lambda: panel.is_settled, timeout=10000)

    def draw_box(self, box: Box, frame: str = ASSEMBLED) -> None:
        """Draw a box over the planes of a frame."""
        self.model.change(replace(self.model.session, box=DrawnBox(box, frame)), "box")

    def value(self, step: str, x: int, y: int) -> float:
        """The image after a step at a pixel of its own frame."""
        exposure = self.runs.exposure(step)
        assert exposure is not None
        return float(np.float64(exposure.image[y, x]))

    def close(self) -> None:
        for panel in self._panels:
            panel.close_background()
        self.runs.close()


class NumberPanels(Inspectors):
    """All panels with numbers, told together what the user points at."""

    def __init__(self, run: InspectedRun) -> None:
        self.pixel, self.cuts = TimeMachine(run.model, run.runs), CutsPanel(run.model, run.runs)
        self.statistics, self.surface = StatisticsPanel(run.model, run.runs), SurfacePanel(run.model, run.runs)
        super().__init__(run.model, run.runs, self.pixel, self.cuts, self.surface)
        self.panels: dict[str, InspectorPanel] = {
            "pixel": self.pixel,
            "statistics": self.statistics,
            "cuts": self.cuts,
            "overscan": OverscanView(run.model, run.runs),
            "amplifiers": AmplifiersPanel(run.model, run.runs),
            "histograms": HistogramsPanel(run.model, run.runs),
            "surface": self.surface,
        }

    def close(self) -> None:
        for panel in self.panels.values():
            panel.close_background()
