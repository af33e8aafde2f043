"""The pixel time machine: one pixel, or all pinned ones, after every step, and where the numbers come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QWidget

from isrcore import inspect as core_inspect
from isrviewer.plots.controls import tool_button
from isrviewer.plots.export import ExportButton
from isrviewer.plots.inspector import InspectorPanel, result_names
from isrviewer.plots.number_table import NumberTable
from isrviewer.plots.pixel_text import (
    compared_columns,
    compared_rows,
    facts_text,
    one_columns,
    one_rows,
    place_name,
)
from isrviewer.runner.model import RunModel
from isrviewer.session import Session, SessionModel
from isrviewer.session.changes import show_step, toggle_pin
from isrviewer.session.state import Pin
from isrviewer.theme import GRID

if TYPE_CHECKING:
    from astropy.table import Table

    from isrcore.inspect.history import PixelHistory
    from isrcore.inspect.results import RunResults

__all__ = ["TimeMachine"]

_QUANTITIES = ("value", "change", "S/N")


class TimeMachine(InspectorPanel):
    """Table and plot of one pixel over all steps, or of all pinned pixels side by side.

    Parameters
    ----------
    model : `SessionModel`
    runs : `RunModel`
    """

    def __init__(self, model: SessionModel, runs: RunModel, parent: QWidget | None = None) -> None:
        super().__init__(model, runs, parent)
        self._cursor: Pin | None = None
        self._histories: tuple[PixelHistory, ...] = ()
        self._wanted: tuple[Pin, ...] = ()
        self.choice = QComboBox()
        self.choice.addItem("Pixel under the cursor")
        self._offer_pins(model.session)

    def build(self) -> None:
        from isrviewer.plots.plot import Plot

        self.choice.currentIndexChanged.connect(self.refresh)
        self.choice.setToolTip("The pixel to follow; P pins the one under the cursor")
        self.unpin = tool_button("Unpin", "Forget this pinned pixel")
        self.unpin.clicked.connect(self._unpin)
        self.compare = tool_button("Compare", "One column for each pinned pixel, and the one under the cursor")
        self.compare.setCheckable(True)
        self.compare.toggled.connect(self.refresh)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = NumberTable(one_columns(()))
        self.table.itemActivated.connect(lambda item: self._show_step(self.table.indexOfTopLevelItem(item)))
        self.table.setToolTip("Double click shows the step")
        self.quantity = QComboBox()
        self.quantity.addItems(_QUANTITIES)
        self.quantity.setToolTip("What the plot shows")
        self.quantity.currentIndexChanged.connect(lambda *_: self._draw())
        self.plot = Plot(("step, by its number in the table", ""), ("value", "ADU"))
        self.export = ExportButton("pixels", self._table, self.about, self.plot)
        self.export.done.connect(self.say)
        self.column.addLayout(_row(self.choice, self.unpin, self.compare, stretch=self.choice))
        self.column.addWidget(self.facts)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.plot)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        self.column.addWidget(split, 1)
        self.column.addLayout(_row(QLabel("Plot of"), self.quantity, self.export, stretch=self.quantity))

    def show_cursor(self, raw: tuple[int, int] | None) -> None:
        """The cursor is on this raw pixel, or on none."""
        cursor = None if raw is None else Pin(*raw)
        # Leaving the image keeps the last pixel: the mouse is on its way to this table.
        if cursor is None or cursor == self._cursor:
            return
        self._cursor = cursor
        if self._is_built and (self.choice.currentIndex() <= 0 or self.compare.isChecked()):
            self.refresh()

    @property
    def pixel(self) -> Pin | None:
        """The pixel that is followed."""
        index = self.choice.currentIndex()
        return self._cursor if index <= 0 else self.model.session.pins[index - 1]

    def ask(self) -> None:
        self.unpin.setEnabled(self.choice.currentIndex() > 0)
        pins = [self.pixel]
        if self.compare.isChecked():
            pins = [*self.model.session.pins, self._cursor]
        wanted = tuple(dict.fromkeys(pin for pin in pins if pin is not None))
        if not wanted:
            self._show((), ())
            self.say("Move the cursor over the image, or pin a pixel with P.")
            return

        def job(run: RunResults) -> tuple[PixelHistory, ...]:
            return tuple(core_inspect.history.pixel_history(run, pin.x, pin.y) for pin in wanted)

        self.compute(job, lambda histories: self._show(wanted, histories), result_names(self.runs))

    def session_changed(self, old: Session, new: Session) -> None:
        if old.pins != new.pins:
            self._offer_pins(new)
            self.refresh()

    def _show(self, wanted: tuple[Pin, ...], histories: tuple[PixelHistory, ...]) -> None:
        self._wanted, self._histories = wanted, histories
        if self.compare.isChecked():
            self.table.set_columns(compared_columns(histories))
            self.table.fill(*compared_rows(histories))
            self.facts.setText("")
        else:
            self.table.set_columns(one_columns(histories))
            self.table.fill(*one_rows(histories))
            self.facts.setText(facts_text(histories[0]) if histories else "")
        self.facts.setVisible(bool(self.facts.text()))
        self._draw()

    def _draw(self) -> None:
        quantity = self.quantity.currentText()
        units = dict.fromkeys(row.unit for history in self._histories for row in history.rows if not row.status)
        self.plot.set_axis("left", quantity, "" if quantity == "S/N" else " / ".join(units))
        with self.plot.redraw():
            self._draw_pixels(quantity)

    def _draw_pixels(self, quantity: str) -> None:
        for number, history in enumerate(self._histories):
            rows = history.rows
            steps = list(range(len(rows)))
            values = [{"value": row.value, "change": row.change, "S/N": row.signal_to_noise}[quantity] for row in rows]
            name = place_name(history) if len(self._histories) > 1 else ""
            self.plot.curve(steps, values, number, name)
            self.plot.points(steps, values, number)
            if quantity == "value":
                self.plot.errors(steps, values, [row.sigma for row in rows], number)

    def _table(self) -> Table:
        return core_inspect.tables.history_table(self._histories)

    def _show_step(self, number: int) -> None:
        if self._histories and 0 <= number < len(self._histories[0].rows):
            self.model.change(show_step(self.model.session, self._histories[0].rows[number].step))

    def _unpin(self) -> None:
        index = self.choice.currentIndex()
        if index > 0:
            self.model.change(toggle_pin(self.model.session, self.model.session.pins[index - 1]), "unpin")

    def _offer_pins(self, session: Session) -> None:
        """List the pins; a new one is chosen at once, a kept choice stays."""
        self.choice.blockSignals(True)
        known = [self.choice.itemData(index) for index in range(1, self.choice.count())]
        chosen = self.choice.currentData()
        while self.choice.count() > 1:
            self.choice.removeItem(1)
        for pin in session.pins:
            self.choice.addItem(f"Pinned: raw {pin.x} {pin.y}", pin)
        fresh = [pin for pin in session.pins if pin not in known]
        goal = fresh[-1] if fresh else chosen
        self.choice.setCurrentIndex(session.pins.index(goal) + 1 if goal in session.pins else 0)
        self.choice.blockSignals(False)


def _row(*widgets: QWidget, stretch: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget, 1 if widget is stretch else 0)
    return row
