"""One image panel: the picture with its title, the colour bar, the menus that choose what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from isrviewer.panels.image.colour_bar import ColourBar
from isrviewer.panels.image.view import ImageView
from isrviewer.render.compose import PictureStyle
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.runner.background import Background
from isrviewer.runner.identity import Result
from isrviewer.runner.opening import Age
from isrviewer.runner.shown import is_derived, make_planes, with_not_finite
from isrviewer.runner.uncertainty import sigma_of
from isrviewer.session import Planes, Run, Shows
from isrviewer.session.planes import PREVIOUS
from isrviewer.session.readout import Reading, read_pixel, same_place
from isrviewer.session.state import COMBINATIONS, PLANES

if TYPE_CHECKING:
    from isrcore.image import Exposure
    from isrviewer.render.view import View

__all__ = ["ImagePanel", "OnScreen"]


@dataclass(frozen=True, eq=False)
class _Request:
    """What a panel was asked to show. Holds on to the exposures, so that no younger one can be taken for them."""

    shows: Shows
    expression: str
    result: Result
    other: Result | None

    def has_pixels_of(self, before: _Request | None) -> bool:
        """Whether the picture is the same, title included; the recipe may be another one: later steps have changed."""
        return (
            before is not None
            and (self.shows, self.expression) == (before.shows, before.expression)
            and _is_same(self.result, before.result)
            and _is_same(self.other, before.other)
        )


def _is_same(one: Result | None, other: Result | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.exposure is other.exposure and one.of.heading == other.of.heading


@dataclass(frozen=True, eq=False)
class OnScreen:
    """Pixels that a panel shows, with their identity.

    Attributes
    ----------
    shows : `Shows`
    result : `Result`
    other : `Result` or None
        What it is compared with.
    planes : `ImagePlanes`
        Made of the two.
    """

    shows: Shows
    result: Result
    other: Result | None
    planes: ImagePlanes


class ImagePanel(QFrame):
    """Shows the planes of one step, or the difference of two.

    Signals
    -------
    entered()
        The user works in this panel.
    cursor_moved()
    view_changed(View or None), style_changed(PictureStyle)
        By the user's gestures.
    shows_chosen(Shows), second_chosen(Planes)
        From the title's menu: what to show, and what to blink with and to show behind the curtain.
    shown()
        New planes are on the screen.
    failed(str)
        Why the planes asked for cannot be shown.
    """

    entered = Signal()
    cursor_moved = Signal()
    view_changed = Signal(object)
    style_changed = Signal(object)
    shows_chosen = Signal(object)
    second_chosen = Signal(object)
    shown = Signal()
    failed = Signal(str)

    def __init__(self, cache: LevelCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.on_screen: OnScreen | None = None
        self._shows = Shows()
        self._coming: OnScreen | None = None
        self._note = ""
        self._age = Age.CURRENT
        self._steps: Sequence[tuple[Planes, str]] = ()
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
    def exposure(self) -> Exposure | None:
        """What the pixels on the screen are of; of a comparison the first one."""
        return None if self.on_screen is None else self.on_screen.result.exposure

    @property
    def planes(self) -> ImagePlanes | None:
        """The pixels on the screen."""
        return None if self.on_screen is None else self.on_screen.planes

    @property
    def title(self) -> str:
        """Whose pixels are on the screen, and what is shown of them."""
        return self.planes.name if self.planes is not None else ""

    @property
    def pixel(self) -> tuple[int, int] | None:
        """Column and row, 0-based, under the cursor; None outside of the plane."""
        place = self.view.cursor_place
        index = self.planes.index(*place) if self.planes is not None and place is not None else None
        return None if index is None else (index[1], index[0])

    @property
    def is_settled(self) -> bool:
        """Whether what was asked for is on the screen."""
        return not self._is_deriving and not self.view.is_busy

    def reading(self) -> Reading | None:
        """The number under the cursor, with the error that belongs to it; None outside of the plane."""
        shown, pixel = self.on_screen, self.pixel
        found = None if shown is None or pixel is None else read_pixel(shown.result.exposure, *pixel)
        if shown is None or pixel is None or found is None:
            return None
        column, row = pixel
        sigma, note = sigma_of(shown.shows, shown.result, shown.other, column, row)
        return replace(found, value=float(shown.planes.image[row, column]), sigma=sigma, note=note)

    def show_planes(self, shows: Shows, result: Result, other: Result | None, expression: str = "") -> None:
        """Show planes; the picture before stays until they are ready. Nothing happens when they are shown already."""
        request = _Request(shows, expression, result, other)
        before, self._request = self._request, request
        if request.has_pixels_of(before):
            self._rename(request)
            return
        self._is_deriving = is_derived(shows, other, expression)
        if not self._is_deriving:
            plain = make_planes(shows, result, other)
            self._adopt(OnScreen(shows, result, other, plain))
            self._add_not_finite(request, plain)
            return

        def answer(planes: ImagePlanes | ValueError) -> None:
            present = self._request
            if present is None or not present.has_pixels_of(request):
                return
            self._is_deriving = False
            if not isinstance(planes, ValueError):
                self._adopt(OnScreen(shows, present.result, present.other, planes))
                return
            self._request = None
            self.failed.emit(str(planes))
            if self.on_screen is None or self.on_screen.result.of.whose != result.of.whose:
                # The picture before is of another exposure: the first of the two says more about this one.
                alone = replace(shows, other=None)
                self._adopt(OnScreen(alone, result, None, make_planes(alone, result, None)))

        self._deriving.compute(lambda: _attempt(shows, result, other, expression), answer)

    def _add_not_finite(self, request: _Request, plain: ImagePlanes) -> None:
        """Look for pixels that are not finite while the picture is shown already, and add them to its mask."""

        def answer(planes: ImagePlanes) -> None:
            present = self._request
            if planes is not plain and present is not None and present.has_pixels_of(request):
                self._adopt(OnScreen(request.shows, present.result, present.other, planes))

        self._deriving.compute(lambda: with_not_finite(plain, request.shows, request.result, request.other), answer)

    def _rename(self, request: _Request) -> None:
        """The pixels stay; what is known about them is new."""
        if self._coming is not None:
            self._coming = replace(self._coming, result=request.result, other=request.other)
        elif self.on_screen is not None and not self._is_deriving:
            self.on_screen = replace(self.on_screen, result=request.result, other=request.other)

    def set_note(self, text: str) -> None:
        """What is missing of what was asked for."""
        self._note = text
        self._show_status()

    def set_age(self, age: Age) -> None:
        """How the pixels on the screen stand to what is asked for; older ones are hatched."""
        is_other, self._age = age is not self._age, age
        self._show_status()
        if is_other and self.pixel is not None:
            # The same is to be said of the pixel under the cursor.
            self.cursor_moved.emit()

    @property
    def age(self) -> Age:
        return self._age

    def _show_status(self) -> None:
        self.view.set_status(" · ".join(word for word in (self._age.value, self._note) if word))
        self.view.set_hatched(self._age is not Age.CURRENT)

    def set_second(self, result: Result | None, expression: str = "") -> None:
        """Have the same plane of another step ready to blink with, and for the curtain; None for no second picture."""
        shows = replace(self._shows, other=None)
        request = None if result is None else _Request(shows, expression, result, None)
        before, self._second_request = self._second_request, request
        if request is None or result is None:
            if before is not None:
                self.view.set_second(None)
            return
        if request.has_pixels_of(before):
            self._second_request = before
            return

        def answer(planes: ImagePlanes | ValueError) -> None:
            if isinstance(planes, ValueError):
                self.failed.emit(str(planes))
            elif self._second_request is request:
                self.view.set_second(planes, self._shift_to(result.exposure))

        self._deriving_second.compute(lambda: _attempt(shows, result, None, expression), answer)

    def _shift_to(self, other: Exposure) -> tuple[float, float]:
        """What to add to a place on screen to be at the same pixel of the detector in another exposure."""
        center = self.view.view.center
        place = None if self.exposure is None else same_place(self.exposure, other, *center)
        return (0.0, 0.0) if place is None else (place[0] - center[0], place[1] - center[1])

    def _arrived(self, planes: ImagePlanes | None) -> None:
        """Take the identity with the pixels, and stay at the same ones when a step has cut its overscan off."""
        coming, before = self._coming, self.exposure
        if coming is None or planes is not coming.planes:
            return
        self._coming, self.on_screen = None, coming
        if before is not None and not self.view.is_fitted:
            place = same_place(before, coming.result.exposure, *self.view.view.center)
            if place is not None and place != self.view.view.center:
                self.view.center_on(*place)
        self.shown.emit()

    def offer(
        self, shows: Shows, steps: Sequence[tuple[Planes, str]], calibrations: Sequence[str], second: Planes
    ) -> None:
        """What was chosen to show, planes of steps and their labels, kinds of calibrations, and what was chosen as
        second, for the menu."""
        self._shows, self._steps, self._calibrations, self._second = shows, steps, calibrations, second

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

    def _adopt(self, coming: OnScreen) -> None:
        self._coming = coming
        self.view.set_planes(coming.planes)

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def menu(self) -> QMenu:
        """What this panel can show: step, calibration, plane, comparisons, and the second picture."""
        menu = QMenu(self)
        shows = self._shows
        steps = menu.addMenu("Step")
        for of, label in self._steps:
            self._add(steps, label, replace(shows, of=of), of == shows.of)
        frames = menu.addMenu("Calibration")
        frames.setEnabled(bool(self._calibrations))
        for kind in self._calibrations:
            of = Planes(kind, Run.CALIBRATION)
            self._add(frames, kind, replace(shows, of=of, other=None), of == shows.of)
        planes = menu.addMenu("Plane")
        for plane in PLANES:
            self._add(planes, plane, replace(shows, plane=plane), plane == shows.plane)
        menu.addSeparator()
        for combine in COMBINATIONS:
            self._add_comparisons(menu.addMenu(_COMPARISONS[combine]), combine)
        self._add(menu, "Compare with nothing", replace(shows, other=None), shows.other is None)
        menu.addSeparator()
        second = menu.addMenu("Blink and curtain with")
        for of, label in ((PREVIOUS, "previous step"), *self._steps):
            action = second.addAction(label, partial(self.second_chosen.emit, of))
            action.setCheckable(True)
            action.setChecked(of == self._second)
        return menu

    def _add_comparisons(self, menu: QMenu, combine: str) -> None:
        shows = self._shows
        menu.setEnabled(not shows.of.is_raw)
        frames = ((Planes(kind, Run.CALIBRATION), f"calibration: {kind}") for kind in self._calibrations)
        for of, label in ((PREVIOUS, "previous step"), *self._steps, *frames):
            if of != shows.of:
                is_on = of == shows.other and combine == shows.combine
                self._add(menu, label, replace(shows, other=of, combine=combine), is_on)

    def _add(self, menu: QMenu, text: str, shows: Shows, is_on: bool) -> None:
        action = menu.addAction(text, lambda: self.shows_chosen.emit(shows))
        action.setCheckable(True)
        action.setChecked(is_on)


_COMPARISONS = {"difference": "Difference to", "ratio": "Ratio to", "bits added": "Mask bits added since"}


def _attempt(shows: Shows, result: Result, other: Result | None, expression: str) -> ImagePlanes | ValueError:
    try:
        return with_not_finite(make_planes(shows, result, other, expression), shows, result, other)
    except ValueError as error:
        return error
