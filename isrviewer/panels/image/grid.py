"""One, two, four or six image panels, what each shows, and how they move together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QGridLayout, QWidget

from isrviewer.panels.image.panel import ImagePanel
from isrviewer.render.pyramid import LevelCache
from isrviewer.runner.model import RunModel
from isrviewer.runner.opening import Age
from isrviewer.session import RAW, Planes, Run, Session, SessionModel
from isrviewer.session.changes import (
    focus_panel,
    orient,
    set_curtain,
    set_picture,
    set_second,
    set_view,
    show,
)
from isrviewer.session.readout import same_place

if TYPE_CHECKING:
    from isrviewer.render.compose import PictureStyle
    from isrviewer.render.view import View

__all__ = ["PanelGrid"]

_BLINK_MS = 500
_PATIENCE_MS = 300
"""A run that is over sooner leaves no trace on the pictures of the run before."""

_COLUMNS = {1: 1, 2: 2, 4: 2, 6: 3}


class PanelGrid(QWidget):
    """The image panels of the session.

    Signals
    -------
    cursor_moved(int)
        The cursor moved in a panel: its index.
    shown(int)
        A panel shows new planes.
    painted()
        A panel has painted its first picture.
    failed(str)
        Why a panel cannot show what it should.
    box_drawn(Box, Exposure), line_drawn(float, float, float, float, Exposure)
        The user drew over these planes, in their coordinates.
    clicked(int, float, float)
        A place in a panel, in the coordinates of its planes.
    stroke_drawn(Stroke), tool_put_away()
        With a tool of the audit.
    """

    cursor_moved = Signal(int)
    shown = Signal(int)
    painted = Signal()
    failed = Signal(str)
    box_drawn = Signal(object, object)
    line_drawn = Signal(float, float, float, float, object)
    clicked = Signal(int, float, float)
    stroke_drawn = Signal(object)
    tool_put_away = Signal()

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._runs = runs
        self._cache = LevelCache()
        self._peeking = False
        self._flipped = False
        self._blink = QTimer(self, interval=_BLINK_MS)
        self._blink.timeout.connect(lambda: self._flip(not self._flipped))
        self.panels: list[ImagePanel] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._waiting = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._waiting.timeout.connect(self._show_ages)
        runs.view_changed.connect(self._run_changed)
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

    @property
    def is_blinking(self) -> bool:
        return self._blink.isActive()

    def peek(self, on: bool) -> None:
        """Show the step before in the focused panel while it lasts, at the same view and with the same limits."""
        self._peeking = on
        self._flip(on)

    def flip(self) -> None:
        """Show the second picture of the focused panel, or the first one again."""
        self._flip(not self._flipped)

    def blink(self) -> None:
        """Swap the two pictures of the focused panel twice a second, or no longer."""
        if self._blink.isActive():
            self._blink.stop()
            self._flip(False)
        else:
            self._blink.start()
            self._flip(True)

    def _flip(self, on: bool) -> None:
        self._flipped = on
        self._show_second(self._model.session.focused)

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
        self._blink.stop()
        self._waiting.stop()
        for panel in self.panels:
            panel.close_view()

    def _set_count(self, count: int) -> None:
        while len(self.panels) > count:
            panel = self.panels.pop()
            panel.close_view()
            self._layout.removeWidget(panel)
            panel.blockSignals(True)
            panel.hide()
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
            panel.view.set_orientation(session.panels[index].orientation)
            panel.set_view(session.panels[index].view)

    def _drawn(self, panel: ImagePanel, signal: SignalInstance, *shape: object) -> None:
        """Pass on what the user drew, with the exposure under it; nothing for planes without one."""
        if panel.exposure is not None:
            signal.emit(*shape, panel.exposure)

    def _add_panel(self, index: int) -> None:
        panel = ImagePanel(self._cache, self)
        panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        panel.entered.connect(lambda: self._focus(index))
        panel.cursor_moved.connect(lambda: self._cursor_moved(index))
        panel.view_changed.connect(lambda view: self._view_changed(index, view))
        panel.view.orientation_changed.connect(
            lambda orientation: self._model.change(orient(self._model.session, index, orientation))
        )
        panel.view.curtain_moved.connect(lambda part: self._model.change(set_curtain(self._model.session, index, part)))
        panel.view.scale_changed.connect(self._share_limits)
        panel.style_changed.connect(lambda style: self._style_changed(index, style))
        panel.shows_chosen.connect(lambda shows: self._model.change(show(self._model.session, index, shows)))
        panel.second_chosen.connect(lambda planes: self._model.change(set_second(self._model.session, index, planes)))
        panel.failed.connect(self.failed)
        panel.view.box_drawn.connect(lambda box: self._drawn(panel, self.box_drawn, box))
        panel.view.line_drawn.connect(lambda *ends: self._drawn(panel, self.line_drawn, *ends))
        panel.view.clicked.connect(lambda x, y: self.clicked.emit(index, x, y))
        panel.view.pen.drawn.connect(self.stroke_drawn)
        panel.view.pen.put_away.connect(self.tool_put_away)
        panel.shown.connect(lambda: self._shown(index))
        panel.view.painted.connect(self.painted)
        self.panels.append(panel)

    def _focus(self, index: int) -> None:
        self._model.change(focus_panel(self._model.session, index))

    def _cursor_moved(self, index: int) -> None:
        """Show the place under the cursor in the linked panels too, though their frame may be cut differently."""
        mine = self.panels[index]
        place = mine.view.cursor_place if self._model.session.link != "off" else None
        for panel in self.panels:
            if panel is mine:
                continue
            if place is None or mine.exposure is None or panel.exposure is None:
                panel.view.set_crosshair(None)
            else:
                panel.view.set_crosshair(same_place(mine.exposure, panel.exposure, *place))
        self.cursor_moved.emit(index)

    def _view_changed(self, index: int, view: View | None) -> None:
        shifts = [] if view is None else [self._shift(index, number, view) for number in range(len(self.panels))]
        self._model.change(set_view(self._model.session, index, view, shifts))

    def _shift(self, index: int, number: int, view: View) -> tuple[float, float]:
        source, target = self.panels[index].exposure, self.panels[number].exposure
        place = None if source is None or target is None else same_place(source, target, *view.center)
        return (0.0, 0.0) if place is None else (place[0] - view.center[0], place[1] - view.center[1])

    def _share_limits(self) -> None:
        """Let each panel follow the first one that shows the same kind of values, if limits are the same everywhere."""
        on = self._model.session.same_limits
        layers = [panel.view.layer for panel in self.panels]
        for panel, layer in zip(self.panels, layers, strict=True):
            leader = next((other for other in layers if layer and other and layer.is_like(other.planes)), None)
            panel.view.follow_limits(leader.limits if on and leader is not None and leader is not layer else None)

    def _style_changed(self, index: int, style: PictureStyle) -> None:
        """Contrast dragged, limits pulled: the overlay is not the panel's own."""
        session = self._model.session
        picture = replace(style, overlay=session.panels[index].picture.overlay)
        self._model.change(set_picture(session, index, picture))

    def _show(self, index: int) -> None:
        """Show what the session says; what is missing when the run is over is said, and the step before it shown."""
        state, view, panel = self._model.session.panels[index], self._runs.view, self.panels[index]
        shows, other_of = state.shows, view.other_of(state.shows)
        steps = [(Planes(RAW), "raw"), *((Planes(row.step.name), row.step.label) for row in view.rows)]
        if self._model.session.other is not None:
            rows = self._runs.compared.view.rows
            steps += [(Planes(row.step.name, Run.B), f"B · {row.step.label}") for row in rows if row.has_planes]
        panel.offer(shows, steps, self._runs.calibrations(), state.second)
        result = self._runs.result(shows.of)
        other = None if other_of is None else self._runs.result(other_of)
        missing = [of for of, found in ((shows.of, result), (other_of, other)) if of is not None and found is None]
        is_coming = self._runs.busy or self._runs.is_opening or any(map(self._runs.is_dropped, missing))
        if missing and is_coming:
            return
        panel.set_note(", ".join(map(self._runs.why_missing, missing)) if view.raw is not None else "")
        result = result or self._runs.nearest(shows.of)
        if result is not None:
            shown = replace(shows, other=None) if missing else shows
            panel.show_planes(shown, result, None if missing else other, self._model.session.overlay.expression)
            self._show_second(index)

    def _shown(self, index: int) -> None:
        self._show_age(index)
        self.shown.emit(index)

    def _run_changed(self) -> None:
        """Pixels of another frame or CCD are marked at once, those of the run before when the new one takes long."""
        if not self._runs.busy:
            self._waiting.stop()
            self._show_ages()
            return
        if not self._waiting.isActive() and all(panel.age is Age.CURRENT for panel in self.panels):
            self._waiting.start()
        for index, panel in enumerate(self.panels):
            shown = panel.on_screen
            if shown is not None and (panel.age is not Age.CURRENT or self._runs.age(shown.result.of) is Age.OTHER):
                self._show_age(index)

    def _show_ages(self) -> None:
        for index in range(len(self.panels)):
            self._show_age(index)

    def _show_age(self, index: int) -> None:
        shown = self.panels[index].on_screen
        results = [] if shown is None else [each for each in (shown.result, shown.other) if each is not None]
        ages = {self._runs.age(result.of) for result in results}
        self.panels[index].set_age(next((age for age in (Age.OTHER, Age.BEFORE) if age in ages), Age.CURRENT))

    def _show_second(self, index: int) -> None:
        """Have the second picture ready where one is wanted: to peek, to blink, behind the curtain."""
        panel, curtain = self.panels[index], self._model.session.panels[index].curtain
        expression = self._model.session.overlay.expression
        panel.set_second(self._runs.result(self._second_of(index)) if self._wants_second(index) else None, expression)
        panel.view.set_curtain(curtain)
        panel.view.show_second(self._flipped and index == self._model.session.focused)

    def _wants_second(self, index: int) -> bool:
        session = self._model.session
        is_swapping = self._flipped or self._blink.isActive()
        return session.panels[index].curtain is not None or (is_swapping and index == session.focused)

    def _second_of(self, index: int) -> Planes:
        session, view = self._model.session, self._runs.view
        if self._peeking and index == session.focused:
            return view.before(session.panels[index].shows.of)
        return view.second_of(session.panels[index])

    def _planes_changed(self, planes: Planes) -> None:
        row = self._runs.view.row(planes.step)
        for route in self._model.session.routes:
            if route.step == planes.step and row is not None and row.has_planes and route.panel < len(self.panels):
                shows = replace(self._model.session.panels[route.panel].shows, of=planes)
                self._model.change(show(self._model.session, route.panel, shows))
        for index in range(len(self.panels)):
            shows = self._model.session.panels[index].shows
            if planes in (shows.of, self._runs.view.other_of(shows)):
                self._show(index)
            elif self._wants_second(index) and planes == self._second_of(index):
                self._show_second(index)

    def _session_changed(self, old: Session, new: Session) -> None:
        if len(old.panels) != len(new.panels):
            self._set_count(len(new.panels))
            self.refresh()
            return
        for index, (before, after) in enumerate(zip(old.panels, new.panels, strict=True)):
            if before.shows != after.shows or old.overlay.expression != new.overlay.expression:
                self._show(index)
            elif (before.second, before.curtain) != (after.second, after.curtain):
                self._show_second(index)
            if old.style(index) != new.style(index):
                self.panels[index].set_style(new.style(index))
            if before.orientation != after.orientation:
                self.panels[index].view.set_orientation(after.orientation)
            if before.view != after.view:
                self.panels[index].set_view(after.view)
        if old.same_limits != new.same_limits:
            self._share_limits()
        if old.focused != new.focused:
            self._focus_moved(old.focused, new.focused)

    def _focus_moved(self, old: int, new: int) -> None:
        for index, panel in enumerate(self.panels):
            panel.set_focused(index == new and len(self.panels) > 1)
        self._show_second(old)
        self._show_second(new)
