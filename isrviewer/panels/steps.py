"""The spine of the window: one row per step, its switch, state, time, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from isrcore.status import Status
from isrviewer.panels.step_model import STEP, SWITCH, Line, StepListModel
from isrviewer.runner.progress import GLYPHS, RunView
from isrviewer.session import RAW, Session, SessionModel
from isrviewer.session.changes import route, show_step, toggle_breakpoint
from isrviewer.theme import ACCENT, GRID, number_font, soft

if TYPE_CHECKING:
    from isrcore.changes import PlaneChanges

__all__ = ["StepsPanel", "changes_text"]

_FAILED = QColor("#D55E00")


def changes_text(changes: PlaneChanges | None, unit: str = "ADU") -> str:
    """What a step changed in one line: pixels made NaN or infinite, flags added, pixels changed, median change.

    Empty for nothing.
    """
    if changes is None:
        return ""
    parts = [f"{plane} +{count:,}".replace(",", "\u202f") for plane, count in changes.bits_added.items()]
    if changes.made_not_finite:
        parts.insert(0, f"not finite +{changes.made_not_finite:,}".replace(",", "\u202f"))
    if changes.resized:
        parts.append("new size")
    if changes.pixels_changed:
        parts.append(f"{changes.pixels_changed:,} px".replace(",", "\u202f"))
        parts.append(f"median {changes.median_change:+.4g}".replace("-", "−"))
    elif changes.variance_changed:
        parts.append("variance set")
    return " · ".join(parts)


class _Delegate(QStyledItemDelegate):
    """Draws a row: switch, sign, label, word or time; small type below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._small = number_font(1.5)
        self._numbers = number_font(0.5)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        line: Line = index.data(STEP)
        height = option.fontMetrics.height() + GRID
        if line.below:
            height += QFontMetrics(self._small).height()
        return QSize(100, height)

    def switch_rect(self, row: QRect) -> QRect:
        """Where the check box of a row is."""
        side = 14
        return QRect(row.left() + 4 * GRID, row.top() + GRID // 2 + 1, side, side)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        line: Line = index.data(STEP)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        rect, palette = option.rect, option.palette
        painter.save()
        if selected:
            painter.fillRect(rect, QColor(ACCENT.red(), ACCENT.green(), ACCENT.blue(), 60))
            painter.fillRect(QRect(rect.left(), rect.top(), GRID - 1, rect.height()), ACCENT)
        text = palette.color(QPalette.ColorRole.Text)
        quiet = soft(palette) if line.quiet else text
        first = QRect(rect.left(), rect.top(), rect.width() - GRID, option.fontMetrics.height() + GRID)
        if line.breakpoint:
            painter.setBrush(_FAILED)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPoint(rect.left() + 2 * GRID + 1, first.center().y()), 4, 4)
        if line.switch is not None:
            self._paint_switch(painter, self.switch_rect(rect), line.switch, palette)
        painter.setPen(_FAILED if line.status is Status.FAILED else quiet)
        x = rect.left() + 9 * GRID
        painter.drawText(
            QRect(x, first.top(), 4 * GRID, first.height()), Qt.AlignmentFlag.AlignCenter, GLYPHS[line.status]
        )
        right, name = line.right, option.fontMetrics.horizontalAdvance(line.label)
        painter.setFont(self._numbers)
        if name + painter.fontMetrics().horizontalAdvance(right) > first.right() - x - 6 * GRID:
            # The name comes first: of "kept · 12 ms" the word is enough.
            right = right.partition(" · ")[0]
        width = painter.fontMetrics().horizontalAdvance(right)
        painter.setPen(soft(palette))
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        painter.setFont(option.font)
        painter.setPen(quiet)
        room = first.right() - x - 5 * GRID - width - GRID
        label = painter.fontMetrics().elidedText(line.label, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QRect(x + 5 * GRID, first.top(), room, first.height()), Qt.AlignmentFlag.AlignVCenter, label)
        if line.below:
            painter.setFont(self._small)
            painter.setPen(_FAILED if line.status is Status.FAILED else soft(palette))
            below = QRect(
                x + 5 * GRID, first.bottom() - 2, rect.right() - x - 6 * GRID, rect.bottom() - first.bottom() + 2
            )
            shown = painter.fontMetrics().elidedText(line.below, Qt.TextElideMode.ElideRight, below.width())
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, shown)
        painter.restore()

    def _paint_switch(self, painter: QPainter, box: QRect, on: bool, palette: QPalette) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(soft(palette), 1.2))
        painter.setBrush(ACCENT if on else palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(box, 3, 3)
        if on:
            painter.setPen(QPen(QColor("white"), 1.8))
            left, top = box.left(), box.top()
            painter.drawPolyline([QPoint(left + 3, top + 7), QPoint(left + 6, top + 10), QPoint(left + 11, top + 4)])


class StepsPanel(QWidget):
    """List of steps; the selected row is what the focused image panel shows.

    Signals
    -------
    switched(str)
        The user clicked the check box of the config field named.
    cure_asked(str, str)
        The user chose a cure: what to do (``off``, ``calibration``, ``field``) and for which step.
    """

    switched = Signal(str)
    cure_asked = Signal(str, str)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._view = RunView()
        self._config: object | None = None
        self.lines = StepListModel(self)
        self.title = QLabel("No frame open")
        self.title.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.list = QListView()
        self.list.setModel(self.lines)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.selectionModel().currentChanged.connect(self._row_chosen)
        self.list.viewport().installEventFilter(self)
        self.setFocusProxy(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.title)
        layout.addWidget(self.list)
        model.observe(self._session_changed)

    def sizeHint(self) -> QSize:
        return QSize(270, 600)

    def show_run(self, view: RunView, config: object | None) -> None:
        """Show what is known about the run; `config` is the effective task config, for the check boxes."""
        self._view = view
        if view.facts is not None:
            self.title.setText(f"{view.facts.title} · {view.ccd}")
            self.title.setToolTip(f"{view.facts.path}\n{view.facts.title} · {view.ccd}")
        self._config = config
        self._update_lines(self._model.session)
        self._select(self._model.session)

    def _update_lines(self, session: Session) -> None:
        routes = {route.step: route.panel for route in session.routes}
        current = self.list.currentIndex()
        is_seen = current.isValid() and self.list.viewport().rect().intersects(self.list.visualRect(current))
        self.lines.update(self._view, self._config, session.breakpoints, routes, changes_text)
        if is_seen:
            # Rows grow by what their steps have changed; the one on screen shall not be pushed out of sight.
            self.list.scrollTo(self.list.currentIndex())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on a check box switches the step and does not select the row."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            index = self.list.indexAt(event.position().toPoint())
            field = index.data(SWITCH) if index.isValid() else None
            delegate = self.list.itemDelegate()
            if field and isinstance(delegate, _Delegate):
                box = delegate.switch_rect(self.list.visualRect(index)).adjusted(-GRID, -GRID, GRID, GRID)
                if box.contains(event.position().toPoint()):
                    if event.type() == QEvent.Type.MouseButtonPress:
                        self.switched.emit(field)
                    return True
        return False

    def _row_chosen(self, current: QModelIndex) -> None:
        line: Line | None = current.data(STEP)
        session = self._model.session
        if line is not None and line.name != session.panel.shows.step:
            self._model.change(show_step(session, line.name))

    def _select(self, session: Session) -> None:
        index = self.lines.index_of(session.panel.shows.step)
        if index.isValid() and index != self.list.currentIndex():
            self.list.setCurrentIndex(index)

    def _session_changed(self, old: Session, new: Session) -> None:
        if (old.breakpoints, old.routes) != (new.breakpoints, new.routes):
            self._update_lines(new)
        if old.panels != new.panels or old.focused != new.focused:
            self._select(new)

    def _show_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        line: Line | None = index.data(STEP) if index.isValid() else None
        if line is None or line.name == RAW:
            return
        menu = self.menu_for(line)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(position))

    def menu_for(self, line: Line) -> QMenu:
        """The context menu of a row: cures first, then breakpoint and routing."""
        menu = QMenu(self)
        row = self._view.row(line.name)
        if row is not None and line.status is Status.FAILED:
            if row.step.switch:
                menu.addAction(f"Switch {row.step.switch} off", lambda: self.cure_asked.emit("off", line.name))
            menu.addAction("Switch off what has no calibration", lambda: self.cure_asked.emit("missing", line.name))
            menu.addAction("Choose a calibration…", lambda: self.cure_asked.emit("calibration", line.name))
            menu.addSeparator()
        stop = menu.addAction(
            "Stop after this step",
            lambda: self._change(toggle_breakpoint(self._model.session, line.name), "breakpoint"),
        )
        stop.setCheckable(True)
        stop.setChecked(line.breakpoint)
        menu.addAction("Show its config fields", lambda: self.cure_asked.emit("field", line.name))
        panels = menu.addMenu("Always show in")
        current = next((r.panel for r in self._model.session.routes if r.step == line.name), None)
        for number in range(len(self._model.session.panels)):
            chosen = None if number == current else number
            entry = panels.addAction(f"Panel {number + 1}")
            entry.setCheckable(True)
            entry.setChecked(number == current)
            entry.triggered.connect(
                lambda _, n=chosen: self._change(route(self._model.session, line.name, n), "routing")
            )
        return menu

    def _change(self, session: Session, text: str) -> None:
        self._model.change(session, text)
