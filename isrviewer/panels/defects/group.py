"""The audit of defect maps as one group: its panels, and how maps, panels, session and runs follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from isrviewer.actions.defects import DEFECTS
from isrviewer.audit.audit import Audit, reopen_audit
from isrviewer.audit.comparing import Comparing
from isrviewer.audit.focal_plane import FocalPlane
from isrviewer.audit.model import AuditModel
from isrviewer.audit.places import map_offset
from isrviewer.panels.defects.comparison import MapComparePanel
from isrviewer.panels.defects.focal_plane import FocalPlanePanel
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel
from isrviewer.shell.map_marks import MapMarks

if TYPE_CHECKING:
    from isrcore.geom import Box
    from isrviewer.shell.window import Window

__all__ = ["AUDITORS", "Auditing"]

AUDITORS: tuple[tuple[str, str, Qt.DockWidgetArea], ...] = (
    ("audit", "Audit", Qt.DockWidgetArea.BottomDockWidgetArea),
    ("defects", "Defects", Qt.DockWidgetArea.RightDockWidgetArea),
    ("maps", "Maps", Qt.DockWidgetArea.BottomDockWidgetArea),
    ("focal_plane", "Focal plane", Qt.DockWidgetArea.BottomDockWidgetArea),
    ("thresholds", "Thresholds", Qt.DockWidgetArea.RightDockWidgetArea),
)
"""Name, title and first place of the dock of every panel."""

_CLOSE = 4.0
"""Zoom from which single pixels are easy to see."""

_LONG = 64


class Auditing(QObject):
    """The panels of the audit and what they tell each other.

    Parameters
    ----------
    audits : `AuditModel`
    model : `SessionModel`
    runs : `RunModel`

    Attributes
    ----------
    panels : mapping of str to widget
        By the names in `AUDITORS`.
    """

    def __init__(self, audits: AuditModel, model: SessionModel, runs: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._audits = audits
        self._model = model
        self._runs = runs
        self._window: Window | None = None
        self._marks: MapMarks | None = None
        self._raised: set[Path] = set()
        self.queue = AuditQueuePanel(audits, model, runs)
        self.defects = DefectTablePanel(audits)
        self.comparing = Comparing(audits, self)
        self.maps = MapComparePanel(audits, self.comparing)
        self.plane = FocalPlane(audits, self)
        self.focal_plane = FocalPlanePanel(self.plane)
        self.thresholds = ThresholdsPanel(model)
        self.panels: Mapping[str, QWidget] = {
            "audit": self.queue,
            "defects": self.defects,
            "maps": self.maps,
            "focal_plane": self.focal_plane,
            "thresholds": self.thresholds,
        }

    def connect_window(self, window: Window) -> None:
        """From now on follow the run, the session and the choice of a defect."""
        self._window = window
        self._runs.loaded.connect(self._loaded)
        self._model.observe(self._session_changed)
        self._audits.failed.connect(window.strip.error)
        self.defects.menu_asked.connect(self._show_menu)
        self.maps.place_chosen.connect(self._look_at)
        self.maps.use_actions(window.actions_by_table.by_id)
        self.thresholds.use_actions(window.actions_by_table.by_id)
        self.focal_plane.use_actions(window.actions_by_table.by_id)
        self.focal_plane.said.connect(window.strip.note)
        self.focal_plane.ccd_chosen.connect(window.groups["maps"].go_to_ccd)
        self.comparing.choice_changed.connect(window.update_actions)
        self.queue.use_actions(window.actions_by_table)
        window.docks.by_name["audit"].visibilityChanged.connect(self.queue.set_in_front)
        self.queue.place_chosen.connect(self._show_place)
        self.queue.cure_asked.connect(self._cure)
        self._audits.opened.connect(self._feed)
        self._audits.opened.connect(self._raise_queue)
        self._audits.document_changed.connect(lambda *_: self._feed())
        self._marks = MapMarks(window)
        self._audits.selected.connect(lambda *_: self._look())
        for signal in (self._audits.opened, self._audits.document_changed, self._audits.selected):
            signal.connect(lambda *_: window.update_actions())
        audits = self._audits
        for signal in (audits.queue_changed, audits.tool_changed, audits.drawing_changed, audits.measured):
            signal.connect(lambda *_: window.update_actions())

    def close(self) -> None:
        """The window closes: all work is dropped, all edits are on the disk."""
        self.queue.close_background()
        self.comparing.close()
        self.plane.close()
        if self._marks is not None:
            self._marks.close()
        self._audits.close()

    def _raise_queue(self) -> None:
        """A map that was opened is there to be gone through; coming back to its CCD changes no docks."""
        audit, window = self._audits.current, self._window
        if audit is not None and window is not None and audit.path not in self._raised:
            self._raised.add(audit.path)
            if not window.docks.are_put_away:
                window.raise_panel("audit")

    def _cure(self, what: str) -> None:
        """Let edits reach the run: by an action, or by a step that is off."""
        assert self._window is not None
        if what in self._window.actions_by_table.by_id:
            self._window.actions_by_table.trigger(what)
        else:
            self._window.run_commands.toggle_field(what)

    def _show_menu(self, place: QPoint) -> None:
        """What can be done with the chosen defects."""
        if self._window is None:
            return
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        actions = self._window.actions_by_table.by_id
        kinds = menu
        for action in DEFECTS:
            if action.needs not in ("defect", "part"):
                continue
            if action.handler == "audit.kind":
                kinds = menu.addMenu("Kind") if kinds is menu else kinds
                kinds.addAction(actions[action.id])
            else:
                menu.addAction(actions[action.id])
        menu.popup(place)

    def _loaded(self) -> None:
        self.focal_plane.show_detector(self._runs.view.detector)
        self._audits.show_detector(self._runs.view.detector)

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.audit_feeds != new.audit_feeds:
            self._feed()
        open_files = {str(audit.path) for audit in self._audits.audits.values()}
        missing = [file for file in new.audits if file.path not in open_files]
        if old.audits != new.audits and missing and self._window is not None:
            strip = self._window.strip
            for file in missing:
                self._window.jobs.start(
                    f"Reading {Path(file.path).name}",
                    lambda check, path=file.path: reopen_audit(Path(path)),
                    self._restored,
                    lambda error, path=file.path: strip.error(
                        f"The audit of {path} cannot be continued: {error}. Put it back and open the session again"
                    ),
                )

    def _restored(self, audit: Audit) -> None:
        self._audits.adopt(audit)
        self._audits.show_detector(self._runs.view.detector)

    def _feed(self) -> None:
        """Let the next run take the maps as they are now."""
        is_on = self._model.session.audit_feeds
        audits = self._audits.audits.items() if is_on else ()
        self._runs.set_maps({number: audit.document for number, audit in audits})

    def _look(self) -> None:
        """Show the chosen defect in the focused panel, close enough to see its pixels."""
        is_in_view = self._marks is not None and self._marks.is_choosing
        if self._audits.defect is not None and not is_in_view:
            self._look_at(self._audits.defect.bbox)

    def _look_at(self, box: Box) -> None:
        """Show a place of the map in the focused panel."""
        # Of what is long the first row says most: a trap begins there.
        row = box.y0 if box.height > _LONG else (box.y0 + box.y1 - 1) / 2
        column = box.x0 if box.width > _LONG else (box.x0 + box.x1 - 1) / 2
        self._show_place(column, row)

    def _show_place(self, x: float, y: float) -> None:
        """Put a place of the map in the middle of the focused panel; who is close enough already keeps the zoom."""
        panel = self._window.grid.focused if self._window is not None else None
        offset = None if panel is None or panel.exposure is None else map_offset(panel.exposure)
        if panel is not None and offset is not None:
            zoom = max(panel.view.view.zoom, _CLOSE)
            panel.view.go_to(x - offset[0], y - offset[1], zoom)
