"""Rows of the step list as a Qt model: one `Line` per step, made from what is known about the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from isrcore.status import Status
from isrviewer.runner.progress import Row, RunView
from isrviewer.session import RAW
from isrviewer.session.config import is_on

if TYPE_CHECKING:
    from isrcore.changes import PlaneChanges

__all__ = ["STEP", "SWITCH", "Line", "StepListModel", "time_text"]

STEP = Qt.ItemDataRole.UserRole
SWITCH = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Line:
    """What one row of the list says.

    Attributes
    ----------
    name, label : str
    status : `Status`
    right : str
        Time or word at the right end.
    below : str
        Small type: what changed, or why the step did not run.
    switch : bool or None
        State of the check box; None for a step that cannot be switched.
    field : str
        The config field of the switch.
    quiet : bool
        Did nothing, or is of an older run.
    breakpoint : bool
    tip : str
    """

    name: str
    label: str
    status: Status = Status.UNKNOWN
    right: str = ""
    below: str = ""
    switch: bool | None = None
    field: str = ""
    quiet: bool = False
    breakpoint: bool = False
    tip: str = ""


def time_text(seconds: float) -> str:
    """A duration in three digits: ``0.4 ms``, ``31 ms``, ``1.25 s``."""
    if seconds >= 0.9995:
        return f"{seconds:.3g} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"


def line_of(
    row: Row,
    config: Any,
    breakpoints: tuple[str, ...],
    describe: Callable[[PlaneChanges | None], str],
    panel: int | None = None,
) -> Line:
    """The line that tells about `row`, whose result always goes to `panel`."""
    step = row.step
    switch = is_on(config, step.switch) if step.switch and config is not None else None
    off = row.status is Status.SKIPPED and switch is False
    word = {Status.CACHED: "kept", Status.SKIPPED: "off" if off else "skipped"}.get(row.status, row.status.value)
    if row.status.has_run:
        right = time_text(row.seconds) if row.status is Status.DONE else f"kept · {time_text(row.seconds)}"
    else:
        right = f"{word} · {time_text(row.seconds)}" if row.seconds and row.status.is_awaited else word
    told = row.reason if row.status in (Status.SKIPPED, Status.FAILED) else describe(row.changes)
    if panel is not None:
        right = f"→ {panel + 1} · {right}" if right else f"→ {panel + 1}"
    return Line(
        name=step.name,
        label=step.label,
        status=row.status,
        right=right,
        below="" if off else told,
        switch=switch,
        field=step.switch or "",
        quiet=row.status in (Status.SKIPPED, Status.STALE, Status.WILL_RUN),
        breakpoint=step.name in breakpoints,
        tip=_tip(row, word, panel),
    )


def _tip(row: Row, word: str, panel: int | None) -> str:
    """Everything about a step in words."""
    step, changes = row.step, row.changes
    parts = [f"{step.label} · {step.name}\n{step.doc}"]
    if row.reason:
        parts.append(f"{word}: {row.reason}")
    facts = []
    if changes is not None and changes.pixels_changed:
        facts.append(
            f"{_grouped(changes.pixels_changed)} pixels changed: "
            f"median {changes.median_change:+.4g}, extreme {changes.extreme_change:+.4g}".replace("-", "−")
        )
    if changes is not None and changes.made_not_finite:
        facts.append(f"{_grouped(changes.made_not_finite)} pixels became NaN or infinite, in value or variance")
    if changes is not None and changes.bits_added:
        facts.append("flags added: " + ", ".join(f"{name} {_grouped(n)}" for name, n in changes.bits_added.items()))
    if changes is not None and changes.variance_changed:
        facts.append("the variance is another one")
    if row.seconds:
        facts.append(f"took {time_text(row.seconds)}")
    if row.nbytes:
        facts.append(f"its own planes take {row.nbytes / 1e6:.0f} MB")
    if panel is not None:
        facts.append(f"always goes to panel {panel + 1}")
    if facts:
        parts.append("\n".join(facts))
    if step.reads:
        parts.append(f"Reads {', '.join(step.reads)}")
    return "\n\n".join(parts)


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


class StepListModel(QAbstractListModel):
    """Raw planes first, then the steps in their order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        line = self.lines[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.label
            case Qt.ItemDataRole.ToolTipRole:
                return line.tip
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{line.label}, {line.status} {line.right} {line.below}"
        if role == STEP:
            return line
        if role == SWITCH:
            return line.field if line.switch is not None else None
        return None

    def index_of(self, name: str) -> QModelIndex:
        """Index of the row of a step; invalid when there is none."""
        row = next((number for number, line in enumerate(self.lines) if line.name == name), -1)
        return self.index(row, 0) if row >= 0 else QModelIndex()

    def update(
        self,
        view: RunView,
        config: Any,
        breakpoints: tuple[str, ...],
        routes: Mapping[str, int],
        describe: Callable[[PlaneChanges | None], str],
    ) -> None:
        """Show a run; only rows that differ are drawn again. `routes` are panels by the name of their step."""
        lines = tuple(line_of(row, config, breakpoints, describe, routes.get(row.step.name)) for row in view.rows)
        if lines or view.raw is not None:
            lines = (Line(RAW, "raw", Status.DONE, "as read", tip="The frame as it was read"), *lines)
        self._set(lines)

    def _set(self, lines: tuple[Line, ...]) -> None:
        old = self.lines
        if [line.name for line in old] != [line.name for line in lines]:
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()
            return
        self.lines = lines
        resized = False
        for number, (before, after) in enumerate(zip(old, lines, strict=True)):
            if before != after:
                self.dataChanged.emit(self.index(number, 0), self.index(number, 0))
                resized |= bool(before.below) != bool(after.below)
        if resized:
            self.layoutChanged.emit()
