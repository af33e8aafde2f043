"""Buttons with menus: which steps to compare, which masked pixels to leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from isrviewer.plots.inspector import key_of, result_names
from isrviewer.runner.model import RunModel
from isrviewer.runner.progress import RunView
from isrviewer.session import Planes, Session

__all__ = ["ALL", "SHOWN", "PlanesButton", "StepsButton"]

SHOWN, ALL = "on screen", "all"


class StepsButton(QToolButton):
    """Chooses steps: those on screen with the one before the selected, all, or a list.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, runs: RunModel, mode: str = SHOWN, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._mode = mode
        self._chosen: set[str] = set()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Steps to compare")
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self._name()

    def names(self, session: Session) -> tuple[str, ...]:
        """LSST names of the steps to show, in their order; skipped steps stand for what was before them."""
        order = result_names(self._runs)
        if self._mode == ALL:
            return order
        view = self._runs.view
        on_screen = () if self._chosen else _on_screen(session, view)
        wanted = self._chosen or {key_of(view, planes) for planes in on_screen}
        frames = (planes.key for planes in on_screen if planes.is_calibration)
        return (*(name for name in order if name in wanted), *frames)

    def choose(self, names: Iterable[str], mode: str = "") -> None:
        """Show a list of steps, or a mode: `SHOWN` or `ALL`."""
        self._chosen, self._mode = set(names), mode
        self._name()
        self.changed.emit()

    def _name(self) -> None:
        self.setText(f"Steps: {self._mode or len(self._chosen)}")

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        for mode, text in ((SHOWN, "On screen, and the one before"), (ALL, "All")):
            action = menu.addAction(text, partial(self.choose, (), mode))
            action.setCheckable(True)
            action.setChecked(self._mode == mode)
        menu.addSeparator()
        offered = result_names(self._runs)
        for name, label in ((name, label) for name, label, _ in self._runs.results() if name in offered):
            action = menu.addAction(label, partial(self._toggle, name))
            action.setCheckable(True)
            action.setChecked(name in self._chosen)

    def _toggle(self, name: str) -> None:
        chosen = self._chosen ^ {name}
        self.choose(chosen, "" if chosen else SHOWN)


def _on_screen(session: Session, view: RunView) -> tuple[Planes, ...]:
    """What the panels show, and the step before the selected one."""
    shown = [planes for panel in session.panels for planes in (panel.shows.of, view.other_of(panel.shows)) if planes]
    selected = session.panel.shows.of
    if selected.step:
        shown.append(Planes(view.previous(key_of(view, selected))))
    return tuple(dict.fromkeys(shown))


class PlanesButton(QToolButton):
    """Chooses the mask planes whose pixels are left out.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, planes: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all = tuple(planes)
        self.planes = tuple(planes)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Pixels with any of the checked mask planes are left out")
        menu = QMenu(self)
        for plane in planes:
            action = menu.addAction(plane, partial(self.toggle_plane, plane))
            action.setCheckable(True)
            action.setChecked(True)
        menu.addSeparator()
        menu.addAction("None", lambda: self.choose(()))
        menu.addAction("All of these", lambda: self.choose(self._all))
        self.setMenu(menu)
        self._name()

    def toggle_plane(self, plane: str) -> None:
        """Leave a plane out, or no longer."""
        self.choose(each for each in self._all if (each in self.planes) != (each == plane))

    def choose(self, planes: Iterable[str]) -> None:
        """Leave these planes out."""
        self.planes = tuple(planes)
        for action in self.menu().actions():
            if action.isCheckable():
                action.setChecked(action.text() in self.planes)
        self._name()
        self.changed.emit()

    def _name(self) -> None:
        number = len(self.planes)
        some = " ".join(self.planes) if number <= 3 else f"{number} planes"
        left_out = {0: "none", len(self._all): "all flagged"}.get(number, some)
        self.setText(f"Left out: {left_out}")
