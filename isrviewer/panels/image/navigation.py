"""Where an image panel looks and points: view, zoom, orientation, cursor, and places between image and widget."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QSizePolicy, QWidget

from isrcore.geom import Box
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.view import Grid, Orientation, View, fit_view

__all__ = ["NavigatedWidget"]

_DIVIDER_REACH = 5
_NOTCHES_PER_OCTAVE = 3
_TITLE_MARGIN = 3


class NavigatedWidget(QWidget):
    """A widget that looks at planes; what it shows and how is the business of `ImageView`.

    All coordinates are image coordinates of the planes (0-based, `ImagePlanes.xy0` included, pixel centres are
    integers). A view of None means: fitted, also when the panel changes its size.

    Signals
    -------
    view_changed(View or None)
        The user zoomed or panned; not sent for `set_view`.
    orientation_changed(Orientation)
        The user turned or mirrored the picture.
    moved()
        Another part of the planes is on the screen, whoever brought it there.
    cursor_moved(float, float), cursor_left()
    clicked(float, float), pinned(int, int)
    box_drawn(Box), line_drawn(float, float, float, float)
    entered()
        The panel was pressed: it should get the focus.
    title_clicked(QPoint), menu_asked(QPoint)
        Global positions.
    """

    view_changed = Signal(object)
    orientation_changed = Signal(object)
    moved = Signal()
    cursor_moved = Signal(float, float)
    cursor_left = Signal()
    clicked = Signal(float, float)
    pinned = Signal(int, int)
    box_drawn = Signal(object)
    line_drawn = Signal(float, float, float, float)
    entered = Signal()
    title_clicked = Signal(object)
    menu_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: View | None = None
        self._orientation = Orientation()
        self._curtain: float | None = None
        self._cursor: tuple[float, float] | None = None
        self._crosshair: tuple[float, float] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 80)

    @property
    def planes(self) -> ImagePlanes | None:
        """The planes on the screen now."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        return QSize(480, 480)

    @property
    def view(self) -> View:
        """The view on the screen, also when it is fitted."""
        return self._view or self._fit_for(self.planes)

    @property
    def is_fitted(self) -> bool:
        return self._view is None

    @property
    def grid(self) -> Grid | None:
        """Where the screen's pixels lie on the planes."""
        planes = self.planes
        return None if planes is None else Grid.of(self.view, self._screen_size(), planes.xy0)

    def set_view(self, view: View | None) -> None:
        """Show this part of the planes; None to fit."""
        if view is not None:
            self._orientation = view.orientation
        if view != self._view:
            self._view = view
            self._look()

    def set_orientation(self, orientation: Orientation) -> None:
        """Turn or mirror without telling `orientation_changed`."""
        self._orientation = orientation
        if self._view is not None:
            self._view = replace(self._view, orientation=orientation)
        self._look()

    def orient(self, orientation: Orientation) -> None:
        """Turn or mirror on behalf of the user."""
        if orientation != self._orientation:
            self.set_orientation(orientation)
            self.orientation_changed.emit(orientation)

    @property
    def orientation(self) -> Orientation:
        return self._orientation

    def fit(self) -> None:
        """Show the whole plane."""
        self._navigate(None)

    def one_to_one(self, center: tuple[float, float] | None = None) -> None:
        """One image pixel on one device pixel, around a place or the present centre."""
        self._navigate(replace(self.view, zoom=1.0, center=center or self.view.center))

    def zoom_in(self) -> None:
        self.zoom_by(2.0)

    def zoom_out(self) -> None:
        self.zoom_by(0.5)

    def zoom_by(self, factor: float, fixed: tuple[float, float] | None = None) -> None:
        """Zoom while the place `fixed` (default the centre) stays where it is on the screen."""
        old = self.view
        new = replace(old, zoom=old.zoom * factor)
        if fixed is not None:
            ratio = old.zoom / new.zoom
            x, y = (place + (middle - place) * ratio for place, middle in zip(fixed, old.center, strict=True))
            new = replace(new, center=(x, y))
        self._navigate(new)

    def zoom_notches(self, notches: int, fixed: tuple[float, float] | None = None) -> None:
        """Zoom by notches of the wheel, three to a factor of two, such that whole factors are met."""
        place = _NOTCHES_PER_OCTAVE * math.log2(self.view.zoom)
        place = (math.floor(place + 1e-6) if notches > 0 else math.ceil(place - 1e-6)) + notches
        self.zoom_by(2 ** (place / _NOTCHES_PER_OCTAVE) / self.view.zoom, fixed)

    def center_on(self, x: float, y: float) -> None:
        """Put this place in the middle."""
        self._navigate(replace(self.view, center=(x, y)))

    def show_box(self, box: Box) -> None:
        """Fill the screen with a box in image coordinates."""
        self._navigate(fit_view(box, self._screen_size(), self._orientation))

    def go_to(self, x: float, y: float, zoom: float | None = None) -> None:
        """Centre on this pixel and put the cursor there, at another zoom if one is given."""
        view = self.view
        self._navigate(replace(view, center=(x, y), zoom=view.zoom if zoom is None else zoom))
        self._set_cursor((x, y))
        self._crosshair = (x, y)

    @property
    def cursor_place(self) -> tuple[float, float] | None:
        """Where the cursor points, in image coordinates."""
        return self._cursor

    def to_image(self, place: QPointF) -> tuple[float, float]:
        """Image coordinates of a place in the widget; (0, 0) while nothing is shown."""
        grid, ratio = self.grid, self.devicePixelRatioF()
        return grid.to_image(place.x() * ratio, (place.y() - self._top()) * ratio) if grid else (0.0, 0.0)

    def to_widget(self, x: float, y: float) -> QPointF:
        """Place in the widget of image coordinates; the origin while nothing is shown."""
        grid, ratio = self.grid, self.devicePixelRatioF()
        across, down = grid.to_screen(x, y) if grid else (0.0, 0.0)
        return QPointF(across / ratio, down / ratio + self._top())

    def point_at(self, place: QPointF) -> None:
        """The mouse is here now."""
        if self._crosshair is not None:
            self._crosshair = None
            self.update()
        shape = Qt.CursorShape.SplitHCursor if self.on_divider(place) else Qt.CursorShape.CrossCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)
        if self.planes is not None and not self.in_title(place):
            self._set_cursor(self.to_image(place))

    def move_cursor(self, right: int, up: int) -> None:
        """Move the cursor by whole image pixels in directions of the screen, and the view after it if need be."""
        planes, grid = self.planes, self.grid
        if planes is None or grid is None:
            return
        x, y = (round(value) for value in self._cursor or self.view.center)
        along_x, along_y = self._orientation.screen_direction(1, 0), self._orientation.screen_direction(0, 1)
        x += round(right * along_x[0] + up * along_x[1])
        y += round(right * along_y[0] + up * along_y[1])
        height, width = planes.shape
        x = min(max(x, planes.xy0[0]), planes.xy0[0] + width - 1)
        y = min(max(y, planes.xy0[1]), planes.xy0[1] + height - 1)
        across, down = grid.to_screen(x, y)
        screen = self._screen_size()
        if not (0 <= across < screen[0] and 0 <= down < screen[1]):
            self.center_on(x, y)
        self._set_cursor((float(x), float(y)))
        self._crosshair = (x, y)
        self.update()

    def pin(self) -> None:
        """Tell `pinned` the pixel under the cursor."""
        if self._cursor is not None and self.planes is not None and self.planes.index(*self._cursor) is not None:
            self.pinned.emit(round(self._cursor[0]), round(self._cursor[1]))

    def in_title(self, place: QPointF) -> bool:
        return place.y() < self._top()

    def on_divider(self, place: QPointF) -> bool:
        """Whether a place is where the curtain can be taken."""
        if self._curtain is None or self.in_title(place):
            return False
        return abs(place.x() - self._curtain * self.width()) <= _DIVIDER_REACH

    def _navigate(self, view: View | None) -> None:
        if self.planes is None:
            return
        before = self._view
        self._view = view
        if view != before:
            self._look()
            self.view_changed.emit(view)

    def _look(self) -> None:
        self.update()
        self.moved.emit()

    def _set_cursor(self, place: tuple[float, float]) -> None:
        if place != self._cursor:
            self._cursor = place
            self.cursor_moved.emit(*place)

    def _top(self) -> float:
        """Height of the title, a whole number of device pixels so that the picture below is not resampled."""
        ratio = self.devicePixelRatioF()
        return math.ceil((QFontMetricsF(self.font()).height() + 2 * _TITLE_MARGIN) * ratio) / ratio

    def _screen_size(self) -> tuple[int, int]:
        """Device pixels that the picture covers."""
        ratio = self.devicePixelRatioF()
        width, height = round(self.width() * ratio), round(self.height() * ratio) - round(self._top() * ratio)
        return max(width, 1), max(height, 1)

    def _fit_for(self, planes: ImagePlanes | None) -> View:
        if planes is None:
            return View(orientation=self._orientation)
        height, width = planes.shape
        return fit_view(Box(*planes.xy0, width, height), self._screen_size(), self._orientation)
