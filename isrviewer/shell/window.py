"""The window: puts panels and actions together, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from isrviewer.actions.menus import ActionSet
from isrviewer.actions.state import checked_actions, facts_of
from isrviewer.audit.model import AuditModel
from isrviewer.commands import command_groups
from isrviewer.commands.edit import EditCommands
from isrviewer.commands.files import FileCommands
from isrviewer.commands.run import RunCommands
from isrviewer.commands.watch import WatchCommands
from isrviewer.panels.bookmarks import BookmarksPanel
from isrviewer.panels.defects.group import Auditing
from isrviewer.panels.header import HeaderPanel
from isrviewer.panels.help import HelpPanel
from isrviewer.panels.image.grid import PanelGrid
from isrviewer.panels.image.overview import OverviewPanel
from isrviewer.panels.keys import KeySheet
from isrviewer.panels.log import ErrorsPanel, LogPanel
from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.panels.messages import MessageStrip
from isrviewer.panels.numbers.group import Inspectors
from isrviewer.panels.palette import CommandPalette
from isrviewer.panels.parameters.calibs import CalibsPanel
from isrviewer.panels.parameters.compare import ComparePanel
from isrviewer.panels.parameters.editor import ConfigPanel
from isrviewer.panels.progress import ProgressStrip
from isrviewer.panels.prompt import Prompt
from isrviewer.panels.readout import ReadoutBar
from isrviewer.panels.start import StartPage
from isrviewer.panels.steps import StepsPanel
from isrviewer.panels.toolbar import ToolBar
from isrviewer.runner.jobs import Jobs
from isrviewer.runner.messages import Engine
from isrviewer.runner.model import RunModel
from isrviewer.runner.progress import RunView
from isrviewer.session import Session, SessionModel
from isrviewer.session.config import effective_config
from isrviewer.session.readout import read_pixel
from isrviewer.session.settings import (
    Settings,
    load_settings,
    save_settings,
    settings_folder,
    with_recent,
)
from isrviewer.shell.docks import Docks
from isrviewer.shell.marks import Marks
from isrviewer.shell.problems import Problems
from isrviewer.shell.recovery import Recovery
from isrviewer.shell.startup import Startup

__all__ = ["Window"]

_RUN_MS = 40


class Window(QMainWindow):
    """One session on screen.

    Parameters
    ----------
    make_engine : callable
        Makes what answers requests, in the worker thread.
    fresh_layout : bool
        Neither restore nor save the user's layout; for screenshots and tests.
    """

    def __init__(self, make_engine: Callable[[Settings], Engine], fresh_layout: bool = False) -> None:
        super().__init__()
        self._fresh_layout = fresh_layout
        self.settings = load_settings(settings_folder())
        self.model = SessionModel(Session(calib_folder=self.settings.calib_folder, overlay=self.settings.overlay))
        self.runs = RunModel(self.model, lambda settings=self.settings: make_engine(settings), self)
        self._config: Any = None
        self.audits = AuditModel(self.model, self)
        self._run_timer = QTimer(self, singleShot=True, interval=_RUN_MS)
        self._run_timer.timeout.connect(self._show_run)
        self._is_running = False
        self._build_panels()
        self.groups = command_groups(self)
        self.actions_by_table = ActionSet(self, self.groups, self.settings.shortcuts)
        self.menus = self.actions_by_table.fill_menus(self)
        self.actions_by_table.bind(self, self.grid)
        self.tools = ToolBar(self.actions_by_table, self)
        self.addToolBar(self.tools)
        panels: dict[str, QWidget] = {
            "steps": self.steps,
            "overview": self.overview,
            "config": self.config_panel,
            "masks": self.masks,
            **self.inspectors.panels,
            **self.auditing.panels,
            "calibs": self.calibs,
            "compare": self.compare,
            "bookmarks": BookmarksPanel(self.model),
            "help": self.help,
            "log": self.log,
            "errors": self.errors,
            "header": self.header,
            "keys": self.keys,
        }
        self.docks = Docks(self, panels)
        self.menus["View"].addMenu("Docks").addActions(self.docks.toggle_actions())
        self.problems = Problems(self)
        self.auditing.connect_window(self)
        self.marks = Marks(self)
        self.recovery = Recovery(self)
        self.startup = Startup(self)
        self._connect()
        self.setAcceptDrops(True)
        self.setWindowTitle("isrviewer")
        self.resize(1600, 1000)
        if not fresh_layout:
            self.docks.restore(self.settings.geometry, self.settings.layout)
        self.update_actions()
        self.start.show_lists(self.settings.recent, self.recovery.left_behind())
        self.runs.follow_session()
        self.model.observe(self._session_changed)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    @property
    def files(self) -> FileCommands:
        """What the command line, drops and recent files need."""
        found = self.groups["file"]
        assert isinstance(found, FileCommands)
        return found

    @property
    def edit(self) -> EditCommands:
        found = self.groups["edit"]
        assert isinstance(found, EditCommands)
        return found

    @property
    def watch_commands(self) -> WatchCommands:
        found = self.groups["watch"]
        assert isinstance(found, WatchCommands)
        return found

    @property
    def run_commands(self) -> RunCommands:
        found = self.groups["run"]
        assert isinstance(found, RunCommands)
        return found

    # Building

    def _build_panels(self) -> None:
        self.strip = MessageStrip()
        self.prompt = Prompt()
        self.progress = ProgressStrip()
        self.jobs = Jobs(self)
        self.jobs.announced.connect(self.progress.show_text)
        self.progress.cancelled.connect(self.jobs.cancel)
        self.jobs.cancelled.connect(lambda text: self.strip.note(f"Cancelled: {text}. Nothing has changed."))
        self.start = StartPage()
        self.grid = PanelGrid(self.model, self.runs)
        self.steps = StepsPanel(self.model)
        self.overview = OverviewPanel()
        self.overview.follow(self.grid.focused.view)
        self.config_panel = ConfigPanel(self.model)
        self.masks = MasksPanel(self.model)
        self.inspectors = Inspectors(self.model, self.runs, self)
        self.auditing = Auditing(self.audits, self.model, self.runs, self)
        self.calibs = CalibsPanel(self.model)
        self.header = HeaderPanel()
        self.log = LogPanel()
        self.errors = ErrorsPanel()
        self.compare = ComparePanel(self.model)
        self.help = HelpPanel(lambda: self.settings.shortcuts)
        self.keys = KeySheet(self.settings.shortcuts)
        self.readout = ReadoutBar()
        self.setStatusBar(self.readout)
        self._palette = CommandPalette(self)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.start)
        self._stack.addWidget(self.grid)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.prompt)
        column.addWidget(self.progress)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        self.runs.view_changed.connect(self._run_changed)
        self.runs.loaded.connect(self._loaded)
        self.grid.cursor_moved.connect(self._cursor_moved)
        self.grid.shown.connect(self._shown)
        self.grid.failed.connect(self.strip.error)
        self.grid.box_drawn.connect(self.inspectors.show_box)
        self.grid.line_drawn.connect(self.inspectors.show_line)
        self.inspectors.raise_asked.connect(self.raise_panel)
        for name, panel in self.inspectors.panels.items():
            self.docks.by_name[name].visibilityChanged.connect(panel.set_in_front)
        self.inspectors.place_chosen.connect(lambda x, y: self.grid.focused.view.go_to(x, y))
        self.steps.switched.connect(self.run_commands.toggle_field)
        self.actions_by_table.connect_ticks(self.update_actions)
        trigger = self.actions_by_table.trigger
        self.config_panel.tools.asked.connect(trigger)
        self.config_panel.tools.preset_chosen.connect(self.edit.load_preset)
        self.config_panel.tools.state_chosen.connect(self.edit.recall_named)
        self.config_panel.tools.state_forgotten.connect(self.edit.forget_named)
        self.calibs.switched.connect(self.run_commands.toggle_field)
        self.calibs.folder_asked.connect(self.files.calib_folder)
        self.masks.place_chosen.connect(self.groups["masks"].go_to_region)
        self.compare.asked.connect(trigger)
        self.compare.field_chosen.connect(self.problems.go_to)
        self.header.compare_asked.connect(self.files.compare_headers)
        self.keys.changed.connect(self._change_keys)
        self.tools.detector_chosen.connect(self.run_commands.choose_ccd)
        self.start.asked.connect(trigger)
        self.start.recent_chosen.connect(self.files.open_path)
        self._recent = QMenu("Recent frames", self)
        self.menus["File"].insertMenu(self.actions_by_table.by_id["file.calib_folder"], self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)

    # What panels and commands ask of the window

    def begin(self) -> None:
        """After the first paint: run what the session has open, and complete the window."""
        if self.model.session.frame:
            self._stack.setCurrentWidget(self.grid)
            if not self.runs.busy:
                self.runs.run()
        self.startup.begin()

    @property
    def config(self) -> Any:
        """The task config of the session. Takes long when nothing was opened yet: the chain has to be imported."""
        if self._config is None:
            self._config, _ = effective_config(self.model.session.config)
        return self._config

    def show_config(self) -> None:
        """Show the config of the session, as soon as there is one."""
        if not self.runs.is_prepared:
            self._config = None
            return
        self._config, problems = effective_config(self.model.session.config)
        self.config_panel.show_config(self._config, problems)
        self.steps.show_run(self.runs.view, self._config)

    def update_icons(self) -> None:
        """Draw the icons in the colour of the text, and tick what is on."""
        self.actions_by_table.draw_icons(self.palette().color(QPalette.ColorRole.ButtonText).name())
        self.update_actions()

    def raise_panel(self, name: str) -> None:
        """Bring a dock to the front."""
        self.docks.raise_dock(name)

    def toggle_docks(self) -> None:
        """Show only the image panels, or everything again."""
        self.docks.toggle(self.tools)
        self.update_actions()

    def open_palette(self) -> None:
        self._palette.open_for(self.actions_by_table.enabled())

    def remember(self, **changes: Any) -> None:
        """Change the user's settings and write them."""
        self.settings = replace(self.settings, **changes)
        try:
            save_settings(self.settings, settings_folder())
        except OSError as error:
            self.strip.error(f"Settings could not be written to {settings_folder()}: {error.strerror or error}")

    # Following session and run

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.config != new.config:
            self.show_config()
        self.overview.follow(self.grid.focused.view)
        if old.panel.shows != new.panel.shows or old.focused != new.focused:
            self._shown(new.focused)
        if old.frame != new.frame and new.frame:
            self.setWindowFilePath(new.frame)
            self.setWindowTitle(f"{Path(new.frame).name} — isrviewer")
        self.update_actions()

    def _run_changed(self, view: RunView) -> None:
        """Forty kept results come within milliseconds: show begin and end of a run, and how it goes now and then."""
        if view.running != self._is_running:
            self._show_run()
        elif not self._run_timer.isActive():
            self._run_timer.start()

    def _show_run(self) -> None:
        self._run_timer.stop()
        view = self.runs.view
        self._is_running = view.running
        self.steps.show_run(view, self._config)
        self.readout.show_run(view)
        self.calibs.show_calibs(view.calibs)
        self.update_actions()

    def _loaded(self) -> None:
        view = self.runs.view
        if view.facts is None or view.detector is None:
            return
        self._stack.setCurrentWidget(self.grid)
        self.tools.show_detectors(view.facts.detectors, view.detector)
        self.header.show_frame(view.facts, dict(view.facts.detectors).get(view.detector, ""))
        self.errors.resolve("frame")
        self.remember(recent=with_recent(self.settings, view.facts.path).recent)
        self.problems.note_missing_step()

    def _shown(self, index: int) -> None:
        if index == self.model.session.focused:
            panel = self.grid.panels[index]
            self.masks.show_planes(panel.title, panel.exposure)
            if panel.exposure is not None:
                self.header.show_metadata(panel.exposure.metadata)
            self._cursor_moved(index)
        self.update_actions()

    def _cursor_moved(self, index: int) -> None:
        panel = self.grid.panels[index]
        reading = None
        if panel.exposure is not None and panel.cursor is not None:
            reading = read_pixel(panel.exposure, *panel.cursor)
        if reading is not None and panel.planes is not None:
            x, y = panel.cursor or (0, 0)
            reading = replace(reading, value=float(panel.planes.image[y, x]))
        self.readout.show_reading(reading, panel.planes.unit if panel.planes is not None else "")
        self.inspectors.show_cursor(reading.raw if reading is not None else None)

    def update_actions(self) -> None:
        self.actions_by_table.update(facts_of(self), checked_actions(self))
        self.tools.show_session(self.model.session)

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.settings.recent:
            self._recent.addAction(path, lambda chosen=path: self.files.open_path(chosen))
        self._recent.setToolTipsVisible(True)

    def _change_keys(self, action_id: str, keys: str) -> None:
        self.actions_by_table.set_keys(action_id, keys.split())
        self.remember(shortcuts={**self.settings.shortcuts, action_id: keys})

    # Events

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The peek key works while it is held, so it is no shortcut."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            keys = self.actions_by_table.by_id["view.peek"].shortcuts()
            if QKeySequence(event.keyCombination()) in keys and self.isActiveWindow():
                if event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat() and self.grid.is_peeking:
                    self.grid.peek(False)
                return False
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.files.open_path(url.toLocalFile())
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._run_timer.stop()
        self.startup.close()
        if not self._fresh_layout:
            self.remember(**self.docks.layout(), overlay=self.model.session.overlay.lasting())
        self.runs.close()
        self.jobs.close()
        self.watch_commands.close()
        self.grid.close_views()
        self.inspectors.close()
        self.auditing.close()
        self.masks.close_background()
        self.log.detach()
        self.recovery.close()
        event.accept()
