"""The image panel's widget: planes in, picture out, and the user's hands in between.

It paints one picture of the size of the screen, made from the visible pixels, and what lies over it, all in one go:
title and pixels always belong together. Preparing planes goes on beside the GUI thread while the old picture stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from isrviewer.panels.image.defects import DefectLayer
from isrviewer.panels.image.gestures import Gestures
from isrviewer.panels.image.navigation import NavigatedWidget
from isrviewer.panels.image.overlay import (
    Shape,
    ToWidget,
    paint_crosshair,
    paint_hatching,
    paint_pixel_grid,
    paint_shapes,
    paint_title,
)
from isrviewer.panels.image.pen import DefectPen
from isrviewer.panels.image.words import facts_text, title_text
from isrviewer.render.compose import Picture, PictureStyle
from isrviewer.render.layer import Layer
from isrviewer.render.limits import Limits
from isrviewer.render.planes import ImagePlanes
from isrviewer.render.pyramid import LevelCache
from isrviewer.render.view import Grid
from isrviewer.scene.slot import PlaneSlot
from isrviewer.theme import ACCENT

__all__ = ["ImageView"]


class ImageView(NavigatedWidget):
    """Shows planes; zooms, pans, and lets the user point at pixels. Coordinates and views: see `NavigatedWidget`.

    Parameters
    ----------
    cache : `LevelCache`, optional
        Share one among all panels.

    Signals
    -------
    style_changed(PictureStyle)
        The user changed contrast or limits here; not sent for `set_style`.
    curtain_moved(float)
        The user dragged the curtain to this part of the width.
    scale_changed()
        Limits, colours or planes on the screen are others: for colour bars.
    refined()
        A level was built: pictures of the same planes can be drawn sharper.
    shown(ImagePlanes or None)
        These planes are on the screen now.
    painted()
        Once: there is a picture.
    failed(str)
        Planes could not be drawn; the picture before stays.
    """

    style_changed = Signal(object)
    curtain_moved = Signal(float)
    scale_changed = Signal()
    refined = Signal()
    shown = Signal(object)
    painted = Signal()
    failed = Signal(str)

    def __init__(self, cache: LevelCache | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cache = cache or LevelCache()
        self._slot = PlaneSlot(self.cache, self)
        self._other = PlaneSlot(self.cache, self)
        self._slot.swapped.connect(self._swapped)
        self._other.swapped.connect(self._swapped)
        for slot in (self._slot, self._other):
            slot.improved.connect(self.update)
            slot.improved.connect(self.refined)
            slot.failed.connect(self.failed)
        self._planes: ImagePlanes | None = None
        self._other_planes: ImagePlanes | None = None
        self._other_shift = (0.0, 0.0)
        self._announced: ImagePlanes | None = None
        self._style = PictureStyle()
        self._shows_other = False
        self._highlight: tuple[float, float] | None = None
        self._shapes: tuple[Shape, ...] = ()
        self._rubber: Shape | None = None
        self._status = ""
        self._is_hatched = False
        self._hint = ""
        self._accent = False
        self._has_painted = False
        self._follows = False
        self.defects = DefectLayer()
        self.pen = DefectPen(self)
        self._gestures = Gestures(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Image panel")

    @property
    def layer(self) -> Layer | None:
        """What is on the screen now: planes, measurements, limits and style."""
        return self._slot.layer

    @property
    def planes(self) -> ImagePlanes | None:
        """The planes on the screen now."""
        return self._slot.layer.planes if self._slot.layer else None

    @property
    def style_wanted(self) -> PictureStyle:
        """The style as it was set; `layer.style` is what these planes made of it."""
        return self._style

    @property
    def is_busy(self) -> bool:
        """Whether the screen is behind what was asked for."""
        return self._slot.is_busy or self._other.is_busy

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, not even work ahead."""
        return self._slot.is_idle and self._other.is_idle

    def set_planes(self, planes: ImagePlanes | None) -> None:
        """Show these planes as soon as they are prepared; until then the old picture stays. None empties the panel."""
        self._planes = planes
        self._slot.show(planes, self._style, self._zoom_for(planes))

    def set_second(self, planes: ImagePlanes | None, shift: tuple[float, float] = (0.0, 0.0)) -> None:
        """Have other planes ready for `show_second` and the curtain, with the limits of the first.

        Parameters
        ----------
        planes : `ImagePlanes` or None
        shift : (float, float)
            What to add to a place in the first planes to be at the same pixel of the detector in these.
        """
        self._other_planes, self._other_shift = planes, shift
        if planes is None:
            self._shows_other, self._curtain = False, None
        # What was second before must not stand in for these while they are prepared.
        self._other.show(None, self._style, 1.0)
        self._other.show(planes, self._style, self._zoom_for(planes))

    def show_second(self, on: bool) -> None:
        """Show the second planes instead of the first, at the same view: one half of a blink."""
        self._shows_other = on
        self.update()

    def set_curtain(self, part: float | None) -> None:
        """Show the first planes left of this part of the width and the second right of it; None for no curtain."""
        self._curtain = None if part is None else min(max(part, 0.02), 0.98)
        self.update()

    def drag_curtain(self, part: float) -> None:
        """`set_curtain` on behalf of the user: also tells `curtain_moved`."""
        self.set_curtain(part)
        self.curtain_moved.emit(self._curtain)

    def set_style(self, style: PictureStyle) -> None:
        """Draw in another style; what has to be measured or reduced anew appears when it is there."""
        if style == self._style:
            return
        self._style = style
        if self._planes is not None:
            self._slot.show(self._planes, style, self._zoom_for(self._planes))
        if self._other_planes is not None:
            self._other.show(self._other_planes, style, self._zoom_for(self._other_planes))

    def change_style(self, style: PictureStyle) -> None:
        """`set_style` on behalf of the user: also tells `style_changed`."""
        if style != self._style:
            self.set_style(style)
            self.style_changed.emit(style)

    def set_limits(self, low: float, high: float) -> None:
        """Manual limits chosen by the user here, for values or for changes, whichever is shown."""
        centred = self.planes is not None and self.planes.zero_centred
        old = self._style.change_limits if centred else self._style.limits
        self.change_style(self._style.with_limits(replace(old, mode="manual", low=low, high=high), centred))

    def reset_limits(self) -> None:
        """Back from manual limits to zscale."""
        centred = self.planes is not None and self.planes.zero_centred
        old = self._style.change_limits if centred else self._style.limits
        new = Limits("zscale", old.percent, exclude_masked=old.exclude_masked, sticky=old.sticky)
        self.change_style(self._style.with_limits(new, centred))

    def follow_limits(self, limits: tuple[float, float] | None) -> None:
        """Draw with the limits of another panel, whatever the style says; None for its own again."""
        layer = self._slot.layer
        if layer is None or (limits is None and not self._follows):
            return
        self._follows = limits is not None
        self._slot.relimit(limits or layer.style.limits.resolve(layer.stats, layer.planes.zero_centred))

    def set_highlight(self, values: tuple[float, float] | None) -> None:
        """Light up the pixels with values in this range."""
        if values != self._highlight:
            self._highlight = values
            self.update()

    def set_status(self, text: str) -> None:
        """A word beside the title, such as what is being computed."""
        if text != self._status:
            self._status = text
            self.update()

    def set_hatched(self, on: bool) -> None:
        """Hatch the picture: its pixels are not what is asked for."""
        if on != self._is_hatched:
            self._is_hatched = on
            self.update()

    def set_hint(self, text: str) -> None:
        """What the tool in hand does, behind the title."""
        if text != self._hint:
            self._hint = text
            self.update()

    def set_accent(self, on: bool) -> None:
        """Mark the panel as the one that keys and lists steer."""
        if on != self._accent:
            self._accent = on
            self.update()

    def set_shapes(self, shapes: Iterable[Shape]) -> None:
        """Marks over the picture: regions, pins, bookmarks."""
        self._shapes = tuple(shapes)
        self.update()

    def show_rubber(self, ends: tuple[tuple[float, float], tuple[float, float]] | None, is_box: bool = True) -> None:
        """The box or line that is being drawn."""
        self._rubber = None if ends is None else Shape("box" if is_box else "line", ends, dashed=True)
        self.update()

    def set_crosshair(self, at: tuple[float, float] | None) -> None:
        """Cross-hair at the place the cursor has in a linked panel."""
        if at != self._crosshair:
            self._crosshair = at
            self.update()

    def close_view(self) -> None:
        """End all background work; the widget shows what it has."""
        self._slot.close()
        self._other.close()

    def _swapped(self) -> None:
        mine, other = self._slot.layer, self._other.layer
        if mine is not None and other is not None and mine.shares_values(other):
            self._other.relimit(mine.limits)
        self.update()
        self.scale_changed.emit()
        if self.planes is not self._announced:
            self._announced = self.planes
            self.setAccessibleDescription(self.planes.name if self.planes else "")
            self.shown.emit(self.planes)

    def _zoom_for(self, planes: ImagePlanes | None) -> float:
        return (self._view or self._fit_for(planes)).zoom

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            ratio, top = self.devicePixelRatioF(), self._top()
            area = QRectF(0, top, self.width(), self.height() - top)
            painter.fillRect(area, QColor(self._style.background))
            slot = self._other if self._shows_other and self._other.layer else self._slot
            picture = self._paint_slot(painter, slot, area)
            if self._curtain is not None and self._other.layer is not None:
                divider = self._curtain * self.width()
                right = QRectF(divider, top, self.width() - divider, area.height())
                painter.setClipRect(right)
                self._paint_slot(painter, self._other, area)
                painter.setClipping(False)
                painter.fillRect(QRectF(divider - 1, top, 2, area.height()), ACCENT)
            if self._is_hatched:
                paint_hatching(painter, area)
            if picture is not None:
                self._paint_marks(painter, picture, ToWidget(picture, ratio, top), area)
            elif not self.is_busy:
                painter.setPen(QColor("#9A9DA1"))
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Nothing to show")
            paint_title(painter, QRectF(0, 0, self.width(), top), self.title, self.facts, self.palette())
            if self._accent:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(ACCENT, 2, j=Qt.PenJoinStyle.MiterJoin))
                painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))
        if picture is not None and not self._has_painted:
            self._has_painted = True
            self.painted.emit()

    def _paint_slot(self, painter: QPainter, slot: PlaneSlot, area: QRectF) -> Picture | None:
        ratio, view = self.devicePixelRatioF(), self.view
        if slot is self._other:
            (x, y), (dx, dy) = view.center, self._other_shift
            view = replace(view, center=(x + dx, y + dy))
        picture = slot.draw(view, self._screen_size(), self._highlight, max(1, round(ratio)))
        if picture is None:
            return None
        height, width = picture.pixels.shape
        image = QImage(picture.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        grid = Grid.of(view, self._screen_size(), picture.request.planes.xy0)
        if picture.grid == grid:
            image.setDevicePixelRatio(ratio)
            painter.drawImage(area.topLeft(), image)
            return picture
        # Not enough is there yet to draw this view: show the last picture where it belongs.
        corners = [grid.to_screen(*picture.grid.to_image(*corner)) for corner in ((0, 0), (width, height))]
        ends = [QPointF(across / ratio, down / ratio + area.top()) for across, down in corners]
        painter.setClipRect(area)
        painter.drawImage(QRectF(*ends), image)
        painter.setClipping(False)
        return None

    def _paint_marks(self, painter: QPainter, picture: Picture, to_widget: ToWidget, area: QRectF) -> None:
        painter.save()
        painter.setClipRect(area)
        paint_pixel_grid(painter, picture, to_widget)
        first = self._slot.picture
        shift = (0.0, 0.0) if picture is first else self._other_shift
        place = self.defects.place_of(first.request.planes if first else None, shift)
        if place is not None:
            self.defects.paint(painter, picture.grid, place, to_widget.ratio, to_widget.top)
        paint_shapes(painter, (*self._shapes, *([self._rubber] if self._rubber else ())), to_widget)
        if self._crosshair is not None:
            paint_crosshair(painter, to_widget(*self._crosshair), area, to_widget.scale)
        painter.restore()

    @property
    def title(self) -> str:
        """What the pictures that were painted last show, not what may come."""
        first, second = (slot.picture.request.planes if slot.picture else None for slot in (self._slot, self._other))
        shown = [second] if second and self._shows_other else [first]
        if second and self._curtain is not None:
            shown = [first, second]
        return title_text([planes for planes in shown if planes], self._status, self._hint)

    @property
    def facts(self) -> str:
        """How it is shown: zoom, reduction, limits."""
        layer = self._slot.layer
        second = self._other.layer if self._shows_other or self._curtain is not None else None
        return "" if layer is None else facts_text(layer, self.view.zoom, self._follows, second)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and self.pen.claims(event):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._gestures.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._gestures.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._gestures.key(event):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.moved.emit()
        super().resizeEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._cursor = None
        self.cursor_left.emit()
        super().leaveEvent(event)
