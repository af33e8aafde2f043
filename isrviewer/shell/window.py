"""The window: builds desk, panels and actions, and puts them together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QPalette
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from isrviewer.actions.help_text import help_html
from isrviewer.actions.menus import ActionSet
from isrviewer.actions.panels import Panels
from isrviewer.actions.state import checked_actions, facts_of, next_texts
from isrviewer.actions.table import ACTIONS, MOUSE
from isrviewer.actions.toolbar import ToolBar
from isrviewer.audit.comparing import Comparing
from isrviewer.audit.focal_plane import FocalPlane
from isrviewer.audit.histories import Histories
from isrviewer.audit.model import AuditModel
from isrviewer.commands import Commands
from isrviewer.desk import Desk, Models, Requests
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.panels.header import HeaderPanel
from isrviewer.panels.help import HelpPanel
from isrviewer.panels.image.grid import PanelGrid
from isrviewer.panels.keys import KeySheet
from isrviewer.panels.log import LogPanel
from isrviewer.panels.manual import ManualPanel
from isrviewer.panels.masks.masks import MasksPanel
from isrviewer.panels.messages import MessageStrip
from isrviewer.panels.numbers.cuts import CutsPanel
from isrviewer.panels.numbers.group import Inspectors
from isrviewer.panels.numbers.surface import SurfacePanel
from isrviewer.panels.numbers.time_machine import TimeMachine
from isrviewer.panels.palette import CommandPalette
from isrviewer.panels.parameters.calibs import CalibsPanel
from isrviewer.panels.parameters.compare import ComparePanel
from isrviewer.panels.parameters.editor import ConfigPanel
from isrviewer.panels.paths import Paths
from isrviewer.panels.progress import ProgressStrip
from isrviewer.panels.prompt import Prompt
from isrviewer.panels.readout import ReadoutBar
from isrviewer.panels.start import StartPage
from isrviewer.panels.steps import StepsPanel
from isrviewer.plots.inspector import InspectorPanel
from isrviewer.runner.jobs import Jobs
from isrviewer.runner.messages import Engine
from isrviewer.runner.model import RunModel
from isrviewer.runner.watch import FolderWatch
from isrviewer.session import Session, SessionModel
from isrviewer.session.config import CurrentConfig
from isrviewer.session.settings import Settings, UserSettings
from isrviewer.shell.auditing import Auditing
from isrviewer.shell.docks import Docks
from isrviewer.shell.following import Following
from isrviewer.shell.inputs import Inputs
from isrviewer.shell.legend import picture_with_legend
from isrviewer.shell.marks import Marks
from isrviewer.shell.problems import Problems
from isrviewer.shell.recovery import Recovery
from isrviewer.shell.startup import Startup
from isrviewer.shell.undoing import Undoing

__all__ = ["Window"]


class Window(QMainWindow):
    """One session on screen.

    Parameters
    ----------
    make_engine : callable
        Makes what answers requests, in the worker thread.
    fresh_layout : bool
        Neither restore nor save the user's layout; for screenshots and tests.

    Attributes
    ----------
    desk : `Desk`
    panels : `Panels`
    commands : `Commands`
    """

    def __init__(self, make_engine: Callable[[Settings], Engine], fresh_layout: bool = False) -> None:
        super().__init__()
        self._fresh_layout = fresh_layout
        self.strip, self.prompt, self.progress, self.start = MessageStrip(), Prompt(), ProgressStrip(), StartPage()
        models = self._make_models(make_engine)
        self.model, self.runs, self.audits, self.jobs = models.model, models.runs, models.audits, models.jobs
        self.grid = PanelGrid(self.model, self.runs)
        self.panels = Panels(models)
        self.steps, self.masks = self.panels[StepsPanel], self.panels[MasksPanel]
        self.config_panel, self.calibs = self.panels[ConfigPanel], self.panels[CalibsPanel]
        self._lay_out()
        self.docks = Docks(self, self.panels.by_name)
        self.inspectors = Inspectors(
            self.model,
            self.runs,
            self.panels[TimeMachine],
            self.panels[CutsPanel],
            self.panels[SurfacePanel],
            self,
        )
        self.desk = self._make_desk(models)
        self.commands = Commands.of(self.desk)
        settings = models.settings.value
        self.actions_by_table = ActionSet(self, self.commands.handler, settings.shortcuts)
        self.menus = self.actions_by_table.fill_menus(self)
        self.menus["View"].addMenu("Docks").addActions(self.docks.toggle_actions())
        self.actions_by_table.bind(self, self.grid)
        self.tools = ToolBar(self.actions_by_table, self)
        self.addToolBar(self.tools)
        self._palette = CommandPalette(self)
        self.panels[KeySheet].show_actions(ACTIONS, MOUSE, settings.shortcuts)
        self.desk.help.show_page(help_html, lambda: models.settings.value.shortcuts)
        self.problems = Problems(self.desk, self.commands, self.panels)
        self.auditing = Auditing(self.desk, self.commands, self.actions_by_table, self.panels, self)
        self.marks = Marks(self.desk)
        self.undoing = Undoing(self.desk, self.panels, self)
        self._inputs = Inputs(self.desk)
        self.recovery = Recovery(self.desk, self.commands.file, self.start, self)
        self.following = Following(self.desk, self.panels, self.inspectors, self.tools, self)
        self.startup = Startup(self.desk, self.following.show_config, self)
        self._connect()
        self.setAcceptDrops(True)
        self.setWindowTitle("isrviewer")
        self.resize(1600, 1000)
        if not fresh_layout:
            self.docks.restore(settings.geometry, settings.layout)
        self._update_actions()
        self.start.show_lists(settings.recent, self.recovery.left_behind())
        self.runs.follow_session()
        self.following.follow_session()
        self.model.observe(self._session_changed)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    # Building

    def _make_models(self, make_engine: Callable[[Settings], Engine]) -> Models:
        settings = UserSettings(self.strip.warn)
        start = settings.value
        model = SessionModel(Session(calib_folder=start.calib_folder, overlay=start.overlay))
        runs = RunModel(model, lambda: make_engine(start), self)
        audits = AuditModel(model, self)
        return Models(
            model=model,
            runs=runs,
            audits=audits,
            histories=Histories(model, audits, self),
            comparing=Comparing(audits, self),
            focal_plane=FocalPlane(audits, self),
            config=CurrentConfig(model),
            settings=settings,
            jobs=Jobs(self),
            watch=FolderWatch(self),
        )

    def _make_desk(self, models: Models) -> Desk:
        return Desk(
            **vars(models),
            strip=self.strip,
            prompt=self.prompt,
            paths=Paths(self),
            grid=self.grid,
            readout=self.readout,
            header=self.panels[HeaderPanel],
            help=self.panels[HelpPanel],
            manual=self.panels[ManualPanel],
            docks=self.docks,
            masks=self.masks,
            numbers=self.inspectors,
            editor=self.config_panel,
            cutouts=self.panels[AuditQueuePanel],
            requests=Requests(
                close=self.close,
                find_action=lambda: self._palette.open_for(self.actions_by_table.enabled()),
                draw_icons=self._draw_icons,
                update_actions=self._update_actions,
                picture=lambda: picture_with_legend(self, self.desk),
            ),
        )

    def _lay_out(self) -> None:
        self.readout = ReadoutBar()
        self.setStatusBar(self.readout)
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
        self.jobs.announced.connect(self.progress.show_text)
        self.progress.cancelled.connect(self.jobs.cancel)
        self.jobs.cancelled.connect(lambda text: self.strip.note(f"Cancelled: {text}. Nothing has changed."))
        self.runs.loaded.connect(lambda: self._stack.setCurrentWidget(self.grid))
        for name, panel in self.panels.all(InspectorPanel).items():
            self.docks.by_name[name].visibilityChanged.connect(panel.set_in_front)
        commands, trigger = self.commands, self.actions_by_table.trigger
        self.actions_by_table.connect_ticks(self._update_actions)
        self.steps.switched.connect(commands.run.toggle_field)
        self.config_panel.tools.asked.connect(trigger)
        self.config_panel.tools.preset_chosen.connect(commands.edit.load_preset)
        self.config_panel.tools.state_chosen.connect(commands.edit.recall_named)
        self.config_panel.tools.state_forgotten.connect(commands.edit.forget_named)
        self.calibs.switched.connect(commands.run.toggle_field)
        self.calibs.folder_asked.connect(commands.file.calib_folder)
        self.calibs.file_asked.connect(commands.file.calib_file)
        self.masks.place_chosen.connect(commands.masks.go_to_region)
        self.panels[ComparePanel].asked.connect(trigger)
        self.panels[ComparePanel].field_chosen.connect(self.problems.go_to)
        self.desk.header.compare_asked.connect(commands.file.compare_headers)
        self.panels[KeySheet].changed.connect(self._change_keys)
        self.tools.detector_chosen.connect(commands.run.choose_ccd)
        self.start.asked.connect(trigger)
        self.start.recent_chosen.connect(commands.file.open_path)
        self._recent = QMenu("Recent frames", self)
        self.menus["File"].insertMenu(self.actions_by_table.by_id["file.calib_folder"], self._recent)
        self._recent.aboutToShow.connect(self._fill_recent)

    def begin(self) -> None:
        """After the first paint: run what the session has open, and complete the window."""
        if self.model.session.frame or self.runs.is_opening:
            self._stack.setCurrentWidget(self.grid)
            if not self.runs.busy:
                self.runs.run()
        self.startup.begin()

    # Actions

    def _draw_icons(self) -> None:
        """Draw the icons in the colour of the text, and tick what is on."""
        self.actions_by_table.draw_icons(self.palette().color(QPalette.ColorRole.ButtonText).name())
        self._update_actions()

    def _update_actions(self) -> None:
        self.actions_by_table.update(facts_of(self.desk), checked_actions(self.desk), next_texts(self.desk))
        self.tools.show_session(self.model.session)

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.desk.settings.value.recent:
            self._offer_recent(path)
        self._recent.setToolTipsVisible(True)

    def _offer_recent(self, path: str) -> None:
        self._recent.addAction(path, lambda: self.commands.file.open_path(path))

    def _change_keys(self, action_id: str, keys: str) -> None:
        self.actions_by_table.set_keys(action_id, keys.split())
        settings = self.desk.settings
        settings.change(shortcuts={**settings.value.shortcuts, action_id: keys})

    # Events

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.frame != new.frame and new.frame:
            self.setWindowFilePath(new.frame)
            self.setWindowTitle(f"{Path(new.frame).name} — isrviewer")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The peek key works while it is held, so it is no shortcut; a click on what takes no focus turns there too."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget):
            self.undoing.follow(watched)
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
                self.commands.file.open_path(url.toLocalFile())
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.following.close()
        self.startup.close()
        if not self._fresh_layout:
            self.desk.settings.change(**self.docks.layout(), overlay=self.model.session.overlay.lasting())
        self.runs.close()
        self.jobs.close()
        self.desk.watch.stop()
        self.grid.close_views()
        for panel in self.panels.all(InspectorPanel).values():
            panel.close_background()
        self.auditing.close()
        self.masks.close_background()
        self.panels[LogPanel].detach()
        self.recovery.close()
        event.accept()
