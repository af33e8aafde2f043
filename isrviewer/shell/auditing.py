"""The audit of defect maps in the window: how maps, panels, session and runs follow each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from isrviewer.actions.defects import DEFECTS
from isrviewer.audit.audit import Audit, reopen_audit
from isrviewer.audit.places import map_offset
from isrviewer.panels.defects.comparison import MapComparePanel
from isrviewer.panels.defects.focal_plane import FocalPlanePanel
from isrviewer.panels.defects.queue import AuditQueuePanel
from isrviewer.panels.defects.table import DefectTablePanel
from isrviewer.panels.defects.thresholds import ThresholdsPanel
from isrviewer.session import Session
from isrviewer.shell.map_marks import MapMarks

if TYPE_CHECKING:
    from isrcore.geom import Box
    from isrviewer.actions.menus import ActionSet
    from isrviewer.actions.panels import Panels
    from isrviewer.commands import Commands
    from isrviewer.desk import Desk

__all__ = ["Auditing"]

_CLOSE = 4.0
"""Zoom from which single pixels are easy to see."""

_LONG = 64


class Auditing(QObject):
    """What the panels of the audit, the pictures and the run tell each other.

    Parameters
    ----------
    desk : `Desk`
    commands : `Commands`
    actions : `ActionSet`
    panels : `Panels`
    parent : `QObject`
    """

    def __init__(self, desk: Desk, commands: Commands, actions: ActionSet, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._commands, self._actions = desk, commands, actions
        self._audits, self._model, self._runs = desk.audits, desk.model, desk.runs
        self._raised: set[Path] = set()
        self._marks = MapMarks(desk, parent)
        self._focal_plane = panels[FocalPlanePanel]
        self._runs.loaded.connect(self._loaded)
        self._model.observe(self._session_changed)
        self._connect_panels(panels)
        audits = self._audits
        audits.failed.connect(desk.strip.error)
        audits.opened.connect(self._feed)
        audits.opened.connect(self._raise_queue)
        audits.document_changed.connect(lambda *_: self._feed())
        audits.selected.connect(lambda *_: self._look())
        shown = (audits.opened, audits.document_changed, audits.selected, audits.queue_changed, audits.tool_changed)
        for signal in (*shown, audits.drawing_changed, audits.measured, desk.comparing.choice_changed):
            signal.connect(lambda *_: desk.requests.update_actions())

    def _connect_panels(self, panels: Panels) -> None:
        for panel in (panels[MapComparePanel], panels[ThresholdsPanel], self._focal_plane):
            panel.use_actions(self._actions.by_id)
        panels[MapComparePanel].place_chosen.connect(self._look_at)
        panels[DefectTablePanel].menu_asked.connect(self._show_menu)
        self._focal_plane.said.connect(self._desk.strip.note)
        self._focal_plane.ccd_chosen.connect(self._commands.maps.go_to_ccd)
        queue = panels[AuditQueuePanel]
        queue.use_actions(self._actions)
        queue.place_chosen.connect(self._show_place)
        queue.cure_asked.connect(self._cure)

    def close(self) -> None:
        """The window closes: all work is dropped, all edits are on the disk."""
        self._desk.comparing.close()
        self._desk.focal_plane.close()
        self._marks.close()
        self._audits.close()

    def _raise_queue(self) -> None:
        """A map that was opened is there to be gone through; coming back to its CCD changes no docks."""
        audit, docks = self._audits.current, self._desk.docks
        if audit is not None and audit.path not in self._raised:
            self._raised.add(audit.path)
            if not docks.are_put_away:
                docks.raise_dock("audit")

    def _cure(self, what: str) -> None:
        """Let edits reach the run: by an action, or by a step that is off."""
        if what in self._actions.by_id:
            self._actions.trigger(what)
        else:
            self._commands.run.toggle_field(what)

    def _show_menu(self, place: QPoint) -> None:
        """What can be done with the chosen defects."""
        menu = QMenu(self._desk.grid.window())
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        actions = self._actions.by_id
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
        self._focal_plane.show_detector(self._runs.view.detector)
        self._audits.show_detector(self._runs.view.detector)

    def _session_changed(self, old: Session, new: Session) -> None:
        if old.audit_feeds != new.audit_feeds:
            self._feed()
        if old.audits != new.audits:
            open_files = {str(audit.path) for audit in self._audits.audits.values()}
            for file in new.audits:
                if file.path not in open_files:
                    self._restore(file.path)

    def _restore(self, path: str) -> None:
        """Go on with an audit that the session names."""
        self._desk.jobs.start(
            f"Reading {Path(path).name}",
            lambda check: reopen_audit(Path(path)),
            self._restored,
            lambda error: self._desk.strip.error(
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
        if self._audits.defect is not None and not self._marks.is_choosing:
            self._look_at(self._audits.defect.bbox)

    def _look_at(self, box: Box) -> None:
        """Show a place of the map in the focused panel."""
        # Of what is long the first row says most: a trap begins there.
        row = box.y0 if box.height > _LONG else (box.y0 + box.y1 - 1) / 2
        column = box.x0 if box.width > _LONG else (box.x0 + box.x1 - 1) / 2
        self._show_place(column, row)

    def _show_place(self, x: float, y: float) -> None:
        """Put a place of the map in the middle of the focused panel; who is close enough already keeps the zoom."""
        panel = self._desk.grid.focused
        offset = None if panel.exposure is None else map_offset(panel.exposure)
        if offset is not None:
            zoom = max(panel.view.view.zoom, _CLOSE)
            panel.view.go_to(x - offset[0], y - offset[1], zoom)
