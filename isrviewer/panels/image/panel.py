"""One image panel: the picture with its title, the colour bar, the menus that choose what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from isrviewer.panels.image.colour_bar import ColourBar
from isrviewer.panels.image.view import ImageView
from isrviewer.render.compose import PictureStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.runner.background import Background
from isrviewer.runner.shown import Source, is_derived, make_planes
from isrviewer.session import RAW, Shows
from isrviewer.session.readout import same_place
from isrviewer.session.state import CALIB, COMBINATIONS, PLANES, PREVIOUS

if TYPE_CHECKING:
    from isrcore.image import Exposure
    from isrviewer.render.view import View

__all__ = ["ImagePanel"]


@dataclass(frozen=True, eq=False)
class _Request:
    """What a panel was asked to show. Holds on to the exposures, so that no younger one can be taken for them."""

    shows: Shows
    expression: str
    exposure: Exposure
    other: Exposure | None
    is_stale: bool

    def is_same(self, before: _Request | None) -> bool:
        return (
            before is not None
            and (self.shows, self.expression, self.is_stale) == (before.shows, before.expression, before.is_stale)
            and self.exposure is before.exposure
            and self.other is before.other
        )


class ImagePanel(QFrame):
    """Shows the planes of one step, or the difference of two.

    Signals
    -------
    entered()
        The user works in this panel.
    cursor_moved()
    view_changed(View or None), style_changed(PictureStyle)
        By the user's gestures.
    shows_chosen(Shows), second_chosen(str)
        From the title's menu: what to show, and the step to blink with and to show behind the curtain.
    shown()
        New planes are on their way to the screen.
    failed(str)
        Why the planes asked for cannot be shown.
    """

    entered = Signal()
    cursor_moved = Signal()
    view_changed = Signal(object)
    style_changed = Signal(object)
    shows_chosen = Signal(object)
    second_chosen = Signal(str)
    shown = Signal()
    failed = Signal(str)

    def __init__(self, cache: LevelCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.exposure: Exposure | None = None
        self.planes: ImagePlanes | None = None
        self._shows = Shows()
        self._on_screen: Exposure | None = None
        self._steps: Sequence[tuple[str, str]] = ()
        self._second = PREVIOUS
        self._calibrations: Sequence[str] = ()
        self._request: _Request | None = None
        self._second_request: _Request | None = None
        self._deriving = Background(self)
        self._deriving_second = Background(self)
        self._is_deriving = False
        self.view = ImageView(cache)
        self.bar = ColourBar()
        self.bar.follow(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.bar)
        self.setFocusProxy(self.view)
        self.view.entered.connect(self.entered)
        self.view.cursor_moved.connect(lambda *_: self.cursor_moved.emit())
        self.view.cursor_left.connect(self.cursor_moved)
        self.view.view_changed.connect(self.view_changed)
        self.view.style_changed.connect(self.style_changed)
        self.view.title_clicked.connect(self._show_menu)
        self.view.menu_asked.connect(self._show_menu)
        self.bar.pressed.connect(self.entered)
        self.view.failed.connect(self.failed)
        self.view.shown.connect(self._arrived)

    @property
    def title(self) -> str:
        """What is shown."""
        return self.planes.title if self.planes is not None else ""

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Column and row, 0-based, under the cursor; None outside of the plane."""
        place = self.view.cursor_place
        index = self.planes.index(*place) if self.planes is not None and place is not None else None
        return None if index is None else (index[1], index[0])

    @property
    def is_settled(self) -> bool:
        """Whether what was asked for is on the screen."""
        return not self._is_deriving and not self.view.is_busy

    def show_planes(
        self, shows: Shows, source: Source, other: Source | None, is_stale: bool, expression: str = ""
    ) -> None:
        """Show planes; the picture before stays until they are ready. Nothing happens when they are shown already."""
        request = _Request(shows, expression, source.exposure, other.exposure if other else None, is_stale)
        if request.is_same(self._request):
            return
        self._request, self._shows = request, shows
        self._is_deriving = is_derived(shows, other, expression)
        if not self._is_deriving:
            self._adopt(make_planes(shows, source, other), source.exposure, is_stale)
            return

        def answer(planes: ImagePlanes | ValueError) -> None:
            if self._request is not request:
                return
            self._is_deriving = False
            if isinstance(planes, ValueError):
                self._request = None
                self.failed.emit(str(planes))
            else:
                self._adopt(planes, source.exposure, is_stale)

        self._deriving.compute(lambda: _attempt(shows, source, other, expression), answer)

    def set_second(self, source: Source | None, expression: str = "") -> None:
        """Have the same plane of another step ready to blink with, and for the curtain; None for no second picture."""
        shows = replace(self._shows, other="")
        request = None if source is None else _Request(shows, expression, source.exposure, None, False)
        before, self._second_request = self._second_request, request
        if request is None or source is None:
            if before is not None:
                self.view.set_second(None)
            return
        if request.is_same(before):
            self._second_request = before
            return

        def answer(planes: ImagePlanes | ValueError) -> None:
            if isinstance(planes, ValueError):
                self.failed.emit(str(planes))
            elif self._second_request is request:
                self.view.set_second(planes, self._shift_to(source.exposure))

        self._deriving_second.compute(lambda: _attempt(shows, source, None, expression), answer)

    def _shift_to(self, other: Exposure) -> tuple[float, float]:
        """What to add to a place on screen to be at the same pixel of the detector in another exposure."""
        center = self.view.view.center
        place = None if self.exposure is None else same_place(self.exposure, other, *center)
        return (0.0, 0.0) if place is None else (place[0] - center[0], place[1] - center[1])

    def _arrived(self, planes: ImagePlanes | None) -> None:
        """Stay at the same pixels of the detector when a step has cut its overscan off."""
        before, self._on_screen = self._on_screen, self.exposure
        if planes is not self.planes or before is None or self.exposure is None or self.view.is_fitted:
            return
        place = same_place(before, self.exposure, *self.view.view.center)
        if place is not None and place != self.view.view.center:
            self.view.center_on(*place)

    def offer(self, steps: Sequence[tuple[str, str]], calibrations: Sequence[str], second: str) -> None:
        """Steps (name, label), kinds of calibrations, and the second step chosen, for the title's menu."""
        self._steps, self._calibrations, self._second = steps, calibrations, second

    def set_style(self, style: PictureStyle) -> None:
        self.view.set_style(style)

    def set_view(self, view: View | None) -> None:
        """Show this part of the plane; None fits it into the panel."""
        self.view.set_view(view)

    def set_focused(self, on: bool) -> None:
        """Draw the thin frame of the panel that is steered."""
        self.view.set_accent(on)

    def close_view(self) -> None:
        """End all background work."""
        self._deriving.close()
        self._deriving_second.close()
        self.view.close_view()

    def _adopt(self, planes: ImagePlanes, exposure: Exposure, is_stale: bool) -> None:
        self.exposure = exposure
        self.planes = planes
        self.view.set_status("of the run before" if is_stale else "")
        self.view.set_planes(planes)
        self.shown.emit()

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def menu(self) -> QMenu:
        """What this panel can show: step, calibration, plane, comparisons, and the second picture."""
        menu = QMenu(self)
        shows = self._shows
        steps = menu.addMenu("Step")
        for name, label in self._steps:
            self._add(steps, label, replace(shows, step=name), name == shows.step)
        frames = menu.addMenu("Calibration")
        frames.setEnabled(bool(self._calibrations))
        for kind in self._calibrations:
            name = f"{CALIB}{kind}"
            self._add(frames, kind, replace(shows, step=name, other=""), name == shows.step)
        planes = menu.addMenu("Plane")
        for plane in PLANES:
            self._add(planes, plane, replace(shows, plane=plane), plane == shows.plane)
        menu.addSeparator()
        for combine in COMBINATIONS:
            self._add_comparisons(menu.addMenu(_COMPARISONS[combine]), combine)
        self._add(menu, "Compare with nothing", replace(shows, other=""), not shows.other)
        menu.addSeparator()
        second = menu.addMenu("Blink and curtain with")
        for name, label in ((PREVIOUS, "previous step"), *self._steps):
            action = second.addAction(label, lambda name=name: self.second_chosen.emit(name))
            action.setCheckable(True)
            action.setChecked(name == self._second)
        return menu

    def _add_comparisons(self, menu: QMenu, combine: str) -> None:
        shows = self._shows
        menu.setEnabled(shows.step != RAW)
        frames = ((f"{CALIB}{kind}", f"calibration: {kind}") for kind in self._calibrations)
        for name, label in ((PREVIOUS, "previous step"), *self._steps, *frames):
            if name != shows.step:
                is_on = name == shows.other and combine == shows.combine
                self._add(menu, label, replace(shows, other=name, combine=combine), is_on)

    def _add(self, menu: QMenu, text: str, shows: Shows, is_on: bool) -> None:
        action = menu.addAction(text, lambda: self.shows_chosen.emit(shows))
        action.setCheckable(True)
        action.setChecked(is_on)


_COMPARISONS = {"difference": "Difference to", "ratio": "Ratio to", "bits added": "Mask bits added since"}


def _attempt(shows: Shows, source: Source, other: Source | None, expression: str) -> ImagePlanes | ValueError:
    try:
        return make_planes(shows, source, other, expression)
    except ValueError as error:
        return error
