"""What the panels show follows the session, the run and the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from isrviewer.panels.image.overview import OverviewPanel
from isrviewer.panels.log import ErrorsPanel
from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.group import Inspectors
from isrviewer.panels.parameters.calibs import CalibsPanel
from isrviewer.panels.parameters.editor import ConfigPanel
from isrviewer.panels.steps import StepsPanel
from isrviewer.session import Session
from isrviewer.session.settings import with_recent

if TYPE_CHECKING:
    from isrviewer.actions.panels import Panels
    from isrviewer.actions.toolbar import ToolBar
    from isrviewer.desk import Desk
    from isrviewer.runner.progress import RunView

__all__ = ["Following"]

_RUN_MS = 40


class Following(QObject):
    """Keeps panels, toolbar and status bar in line with what is open and how its run goes.

    Parameters
    ----------
    desk : `Desk`
    panels : `Panels`
    numbers : `Inspectors`
    tools : `ToolBar`
    parent : `QObject`
    """

    def __init__(self, desk: Desk, panels: Panels, numbers: Inspectors, tools: ToolBar, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._numbers, self._tools = desk, numbers, tools
        self._steps, self._config = panels[StepsPanel], panels[ConfigPanel]
        self._calibs, self._errors = panels[CalibsPanel], panels[ErrorsPanel]
        self._masks, self._overview = panels[MasksPanel], panels[OverviewPanel]
        self._timer = QTimer(self, singleShot=True, interval=_RUN_MS)
        self._timer.timeout.connect(self._show_run)
        self._is_running = False
        self._overview.follow(desk.grid.focused.view)
        desk.runs.view_changed.connect(self._run_changed)
        desk.runs.loaded.connect(self._loaded)
        desk.runs.ended.connect(self._show_detectors)
        desk.grid.cursor_moved.connect(self._cursor_moved)
        desk.grid.shown.connect(self._shown)
        desk.grid.failed.connect(desk.strip.error)
        desk.grid.box_drawn.connect(numbers.show_box)
        desk.grid.line_drawn.connect(numbers.show_line)
        numbers.raise_asked.connect(desk.docks.raise_dock)
        panels[CutsPanel].place_chosen.connect(lambda x, y: desk.grid.focused.view.go_to(x, y))

    def follow_session(self) -> None:
        """From now on, after all panels that watch the session by themselves."""
        self._desk.model.observe(self._session_changed)

    def close(self) -> None:
        """The window closes."""
        self._timer.stop()

    def show_config(self) -> None:
        """Show the config of the session, as soon as there is one."""
        if self._desk.runs.is_prepared:
            self._config.show_config(*self._desk.config.checked())
            self._steps.show_run(self._desk.runs.view, self._desk.config.known)

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.config != new.config:
            self.show_config()
        self._overview.follow(self._desk.grid.focused.view)
        if old.panel.shows != new.panel.shows or old.focused != new.focused:
            self._shown(new.focused)
        self._desk.requests.update_actions()

    def _run_changed(self, view: RunView) -> None:
        """Forty kept results come within milliseconds: show begin and end of a run, and how it goes now and then."""
        if view.running != self._is_running:
            self._show_run()
        elif not self._timer.isActive():
            self._timer.start()

    def _show_run(self) -> None:
        self._timer.stop()
        view = self._desk.runs.view
        self._is_running = view.running
        self._steps.show_run(view, self._desk.config.known)
        self._desk.readout.show_run(view)
        self._calibs.show_calibs(view.calibs)
        self._desk.requests.update_actions()

    def _loaded(self) -> None:
        view = self._desk.runs.view
        if view.facts is None or view.detector is None:
            return
        self._show_detectors()
        self._desk.header.show_frame(view.facts, dict(view.facts.detectors).get(view.detector, ""))
        self._errors.resolve("frame")
        self._desk.settings.change(recent=with_recent(self._desk.settings.value, view.facts.path).recent)

    def _show_detectors(self) -> None:
        """The CCD that is open, also when another one was chosen that could not be read."""
        view = self._desk.runs.view
        if view.facts is not None and view.detector is not None:
            self._tools.show_detectors(view.facts.detectors, view.detector)

    def _shown(self, index: int) -> None:
        if index == self._desk.model.session.focused:
            panel = self._desk.grid.panels[index]
            self._masks.show_planes(panel.title, panel.exposure)
            if panel.exposure is not None:
                self._desk.header.show_metadata(panel.exposure.metadata)
            self._cursor_moved(index)
        self._desk.requests.update_actions()

    def _cursor_moved(self, index: int) -> None:
        panel = self._desk.grid.panels[index]
        reading, planes = panel.reading(), panel.planes
        if planes is not None:
            self._desk.readout.show_reading(reading, planes.unit, planes.whose, panel.age)
        self._numbers.show_cursor(reading.raw if reading is not None else None)
