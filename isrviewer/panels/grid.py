"""One, two, four or six image panels, what each shows, and how they move together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from isrviewer.panels.panel import ImagePanel
from isrviewer.render.pyramid import LevelCache
from isrviewer.runner.model import RunModel
from isrviewer.session import RAW, Session, SessionModel
from isrviewer.session.changes import focus_panel, set_picture, set_view, show

if TYPE_CHECKING:
    from isrviewer.render.compose import PictureStyle
    from isrviewer.render.view import View

__all__ = ["PanelGrid"]

_COLUMNS = {1: 1, 2: 2, 4: 2, 6: 3}


class PanelGrid(QWidget):
    """The image panels of the session.

    Signals
    -------
    cursor_moved(int)
        The cursor moved in a panel: its index.
    shown(int)
        A panel shows new planes.
    failed(str)
        Why a panel cannot show what it should.
    """

    cursor_moved = Signal(int)
    shown = Signal(int)
    failed = Signal(str)

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._runs = runs
        self._cache = LevelCache()
        self._peeking = False
        self.panels: list[ImagePanel] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        runs.planes_changed.connect(self._planes_changed)
        runs.ended.connect(self.refresh)
        runs.loaded.connect(self.refresh)
        model.observe(self._session_changed)
        self._set_count(len(model.session.panels))

    @property
    def focused(self) -> ImagePanel:
        """The panel that keys and lists steer."""
        return self.panels[self._model.session.focused]

    @property
    def is_peeking(self) -> bool:
        return self._peeking

    def peek(self, on: bool) -> None:
        """Show the step before in the focused panel while it lasts, at the same view and with the same limits."""
        shows = self._model.session.panel.shows
        source = self._runs.source(self._runs.view.previous(shows.step)) if on else None
        self._peeking = source is not None
        self.focused.peek(source)

    @property
    def is_settled(self) -> bool:
        """Whether every panel has drawn what it was asked to show."""
        return all(panel.is_settled for panel in self.panels)

    def refresh(self) -> None:
        """Show in every panel what the session says, as far as it is on hand."""
        for index in range(len(self.panels)):
            self._show(index)

    def close_views(self) -> None:
        """The window closes: end all background work."""
        for panel in self.panels:
            panel.close_view()

    def _set_count(self, count: int) -> None:
        while len(self.panels) > count:
            panel = self.panels.pop()
            panel.close_view()
            self._layout.removeWidget(panel)
            panel.deleteLater()
        while len(self.panels) < count:
            self._add_panel(len(self.panels))
        for index, panel in enumerate(self.panels):
            columns = _COLUMNS.get(count, 3)
            self._layout.addWidget(panel, index // columns, index % columns)
        session = self._model.session
        for index, panel in enumerate(self.panels):
            panel.set_focused(index == session.focused and count > 1)
            panel.set_style(session.style(index))
            panel.set_view(session.panels[index].view)

    def _add_panel(self, index: int) -> None:
        panel = ImagePanel(self._cache, self)
        panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        panel.entered.connect(lambda: self._focus(index))
        panel.cursor_moved.connect(lambda: self.cursor_moved.emit(index))
        panel.view_changed.connect(lambda view: self._view_changed(index, view))
        panel.style_changed.connect(lambda style: self._style_changed(index, style))
        panel.shows_chosen.connect(lambda shows: self._model.change(show(self._model.session, index, shows)))
        panel.failed.connect(self.failed)
        panel.shown.connect(lambda: self.shown.emit(index))
        self.panels.append(panel)

    def _focus(self, index: int) -> None:
        self._model.change(focus_panel(self._model.session, index))

    def _view_changed(self, index: int, view: View | None) -> None:
        self._model.change(set_view(self._model.session, index, view))

    def _style_changed(self, index: int, style: PictureStyle) -> None:
        """Contrast dragged, limits pulled: the overlay is not the panel's own."""
        session = self._model.session
        picture = replace(style, overlay=session.panels[index].picture.overlay)
        self._model.change(set_picture(session, index, picture))

    def _show(self, index: int) -> None:
        shows = self._model.session.panels[index].shows
        source = self._runs.source(shows.step)
        minus = self._runs.source(shows.minus) if shows.minus else None
        if source is None or (shows.minus and minus is None):
            return
        row = self._runs.view.row(shows.step)
        is_stale = row is not None and row.status in {"stale", "running", "will run"}
        self.panels[index].show_planes(shows, source, minus, is_stale)
        self.panels[index].offer([(RAW, "raw"), *((r.step.name, r.step.label) for r in self._runs.view.rows)])

    def _planes_changed(self, step: str) -> None:
        for route in self._model.session.routes:
            if route.step == step and route.panel < len(self.panels):
                shows = replace(self._model.session.panels[route.panel].shows, step=step)
                self._model.change(show(self._model.session, route.panel, shows))
        for index in range(len(self.panels)):
            shows = self._model.session.panels[index].shows
            if step in (shows.step, shows.minus):
                self._show(index)

    def _session_changed(self, old: Session, new: Session) -> None:
        if len(old.panels) != len(new.panels):
            self._set_count(len(new.panels))
            self.refresh()
            return
        for index, (before, after) in enumerate(zip(old.panels, new.panels, strict=True)):
            if before.shows != after.shows:
                self._show(index)
            if old.style(index) != new.style(index):
                self.panels[index].set_style(new.style(index))
            if before.view != after.view:
                self.panels[index].set_view(after.view)
        if old.focused != new.focused:
            for index, panel in enumerate(self.panels):
                panel.set_focused(index == new.focused and len(self.panels) > 1)
